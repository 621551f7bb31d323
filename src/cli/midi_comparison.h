// The messages that were sent beside the bytes that came through.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <openportcls/midi.hpp>

namespace openportcls::cli {

// One byte from a MIDI cable and when its first bit was there.
struct CableByte {
    std::chrono::nanoseconds time{};
    std::byte value{};
    bool is_timed = true; // false: the time is what a cable without a break would have given it
};

inline constexpr std::chrono::nanoseconds cable_byte_time{320'000}; // ten bits at 31,250 baud

struct MidiComparison {
    std::uint64_t sent = 0;
    std::uint64_t arrived = 0;                     // whole and in order, before the first difference
    std::optional<std::uint64_t> first_difference; // the message that did not come as it was sent
    bool has_more = false;                         // bytes that nobody sent
    // Of a message's first byte, from the time it was to be played; of those whose time is known.
    std::chrono::nanoseconds longest_delay{};
    std::chrono::nanoseconds mean_delay{};
    // The same, from the time that a cable without a break would have had it: a MIDI cable takes a millisecond for a
    // note, so that those of a chord come one after another.
    std::chrono::nanoseconds farthest_off{};

    bool is_in_order() const { return arrived == sent && !has_more; }
};

// `sent` in order of time. Times of both have the same origin. Real-time messages are compared among themselves: they
// may come in the middle of others.
MidiComparison compare_midi(std::span<const MidiMessage> sent, std::span<const CableByte> heard);

// When a cable has carried the last byte of what is sent in order of time.
std::chrono::nanoseconds cable_end(std::span<const MidiMessage> sent);
// How many bytes it takes at least: a status byte that is that of the message before may be left out (running status).
std::size_t least_bytes(std::span<const MidiMessage> sent);

// What a capture stream gave, as the cable must have brought it; each message's time is that of its first byte.
void append_cable_bytes(const MidiMessage& message, std::chrono::nanoseconds time, std::vector<CableByte>& bytes);

} // namespace openportcls::cli
