// Bytes of a MIDI cable as messages.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace openportcls::endpoints {

// MIDI 1.0, "Data Format": running status, real-time bytes inside of messages, system exclusive messages of any length.
class MidiMessages {
public:
    // The message that this byte completes, with its status byte; valid until the next call. Empty: none.
    std::span<const std::uint8_t> take(std::uint8_t byte);

private:
    std::span<const std::uint8_t> take_status(std::uint8_t status);
    std::span<const std::uint8_t> take_data(std::uint8_t data);

    std::vector<std::uint8_t> exclusive_; // not empty: one is under way
    std::vector<std::uint8_t> finished_;
    std::array<std::uint8_t, 3> message_{}; // its status is the running one
    unsigned wanted_ = 0;                   // data bytes of it; with no status: none
    unsigned have_ = 0;
    std::uint8_t real_time_ = 0;
};

} // namespace openportcls::endpoints
