// Sending and receiving MIDI through a filter of a MIDI or DirectMusic driver.
//
// Times are the stream's: zero when it first runs, standing still while it is paused, zero again after a stop. Both
// kinds of pin carry the same messages: legacy ones as KSMUSICFORMAT, to the millisecond and strictly in the order they
// were sent; DirectMusic ones to 100 ns, and put in order by the driver's sequencer.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <openportcls/filter.hpp>
#include <openportcls/result.hpp>

namespace openportcls {

namespace client {
class MidiOutputState;
class MidiInputState;
} // namespace client

// One message with its status byte, or a system exclusive one of any length, or a part of such a one: each is played at
// its own time.
struct MidiMessage {
    std::chrono::nanoseconds time{};
    std::vector<std::byte> bytes;
    std::uint32_t channel_group = 1; // DirectMusic: sixteen channels each
    // Received: messages were lost before this one because nobody took them in time.
    bool follows_a_loss = false;
    // Received: a part of a system exclusive message, of which more comes.
    bool goes_on = false;
};

enum class MidiPinKind : std::uint8_t {
    any,    // the first there is: the legacy one (R-DMUS-21)
    legacy, // KSDATAFORMAT_SUBTYPE_MIDI
    direct_music,
};

struct MidiOptions {
    MidiPinKind kind = MidiPinKind::any;
    std::uint32_t pin = UINT32_MAX;    // UINT32_MAX: the first of that kind
    std::uint32_t buffer_bytes = 4096; // of an input's requests; at least 1
    std::uint32_t buffer_count = 4;    // how many of them wait at the driver; at least 1, 256 MiB in all at most
};

struct MidiPinInfo {
    std::uint32_t id = 0;
    PinFlow flow = PinFlow::in;
    MidiPinKind kind = MidiPinKind::legacy;
    Guid technology; // KSMUSIC_TECHNOLOGY_xxx
};

// The pins of a filter that carry MIDI, in its order.
Result<std::vector<MidiPinInfo>> midi_pins(const Filter& filter);

class MidiOutput : public KsObject {
public:
    static Result<MidiOutput> open(Filter& filter, const MidiOptions& options = {});
    MidiOutput(MidiOutput&&) noexcept;
    MidiOutput& operator=(MidiOutput&&) noexcept;
    ~MidiOutput(); // stops and closes

    MidiPinKind kind() const;
    std::uint32_t pin() const;

    Result<void> start();
    Result<void> pause();
    Result<void> stop(); // what has not been played is forgotten
    std::chrono::nanoseconds time() const;

    // Hands messages to the driver, which plays each at its time, or at once when that is past. Starts the stream at
    // the first call. What an earlier message failed with is reported here, too.
    Result<void> send(std::span<const MidiMessage> messages);
    Result<void> send(const MidiMessage& message) { return send(std::span(&message, 1)); }
    // Now.
    Result<void> send_now(std::span<const std::byte> bytes);
    // Lets time pass until everything has been handed to the device; STATUS_TIMEOUT when it has not by then.
    Result<void> drain(std::chrono::nanoseconds timeout = std::chrono::hours(24));

private:
    explicit MidiOutput(std::unique_ptr<client::MidiOutputState> state);
    std::unique_ptr<client::MidiOutputState> state_;
};

class MidiInput : public KsObject {
public:
    static Result<MidiInput> open(Filter& filter, const MidiOptions& options = {});
    MidiInput(MidiInput&&) noexcept;
    MidiInput& operator=(MidiInput&&) noexcept;
    ~MidiInput(); // stops and closes

    MidiPinKind kind() const;
    std::uint32_t pin() const;

    Result<void> start();
    Result<void> stop(); // what nobody has received is forgotten
    std::chrono::nanoseconds time() const;

    // The next message; starts the stream at the first call and lets time pass while there is none. Empty when none
    // came within `timeout`.
    Result<std::optional<MidiMessage>> receive(std::chrono::nanoseconds timeout = std::chrono::seconds(1));

private:
    explicit MidiInput(std::unique_ptr<client::MidiInputState> state);
    std::unique_ptr<client::MidiInputState> state_;
};

} // namespace openportcls
