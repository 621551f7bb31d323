#include "endpoints/midi_messages.h"

namespace openportcls::endpoints {

namespace {

constexpr std::uint8_t exclusive_begin = 0xF0;
constexpr std::uint8_t exclusive_end = 0xF7;
constexpr std::uint8_t first_real_time = 0xF8;
constexpr std::uint8_t first_system = 0xF0;

unsigned data_bytes(std::uint8_t status) {
    switch (status) {
    case 0xF1: // time code
    case 0xF3: // song select
        return 1;
    case 0xF2: // song position
        return 2;
    default:
        break;
    }
    if (status >= first_system) {
        return 0;
    }
    const unsigned kind = status & 0xF0U;
    return kind == 0xC0 || kind == 0xD0 ? 1 : 2;
}

} // namespace

std::span<const std::uint8_t> MidiMessages::take(std::uint8_t byte) {
    if (byte >= first_real_time) {
        real_time_ = byte;
        return {&real_time_, 1};
    }
    return (byte & 0x80) != 0 ? take_status(byte) : take_data(byte);
}

// Any status but a real-time one ends a system exclusive message; one that is cut off is forgotten.
std::span<const std::uint8_t> MidiMessages::take_status(std::uint8_t status) {
    if (status == exclusive_end && !exclusive_.empty()) {
        exclusive_.push_back(status);
        finished_.swap(exclusive_);
        exclusive_.clear();
        return finished_;
    }
    exclusive_.clear();
    message_[0] = status;
    have_ = 0;
    wanted_ = data_bytes(status);
    if (status == exclusive_begin) {
        exclusive_.push_back(status);
    } else if (wanted_ == 0 && status != exclusive_end) {
        return {message_.data(), 1};
    }
    return {};
}

std::span<const std::uint8_t> MidiMessages::take_data(std::uint8_t data) {
    if (!exclusive_.empty()) {
        exclusive_.push_back(data);
        return {};
    }
    if (wanted_ == 0) {
        return {}; // without a status
    }
    message_[++have_] = data;
    if (have_ < wanted_) {
        return {};
    }
    const std::size_t length = have_ + 1U;
    have_ = 0;
    if (message_[0] >= first_system) {
        wanted_ = 0; // system common messages have no running status
    }
    return {message_.data(), length};
}

} // namespace openportcls::endpoints
