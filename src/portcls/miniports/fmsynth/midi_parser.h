// Raw MIDI bytes to messages, with running status; a message may come in pieces.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace openportcls::portcls::fmsynth {

// `Sink` has channel_message(status, first, second), system_reset() and exclusive(bytes, count), the last without F0h
// and F7h; longer ones than the parser keeps are not reported.
template<class Sink>
class MidiParser {
public:
    explicit MidiParser(Sink& sink) : sink_(sink) {}

    void parse(std::uint8_t byte) {
        if (byte >= first_real_time) {
            if (byte == 0xFF) {
                status_ = 0;
                sink_.system_reset();
            }
            return; // real-time bytes come between others' and end nothing
        }
        if (byte >= 0x80) {
            begin(byte);
        } else if (status_ == exclusive_start) {
            keep_exclusive(byte);
        } else if (status_ != 0) {
            add_data(byte);
        }
    }

private:
    static constexpr std::uint8_t exclusive_start = 0xF0;
    static constexpr std::uint8_t exclusive_end = 0xF7;
    static constexpr std::uint8_t first_real_time = 0xF8;
    static constexpr std::size_t longest_exclusive = 16;

    void begin(std::uint8_t byte) {
        if (byte == exclusive_end && status_ == exclusive_start && exclusive_bytes_ <= longest_exclusive) {
            sink_.exclusive(exclusive_.data(), exclusive_bytes_);
        }
        // System common messages end running status; nothing here listens to them.
        status_ = byte <= exclusive_start ? byte : 0;
        data_count_ = 0;
        exclusive_bytes_ = 0;
    }
    void keep_exclusive(std::uint8_t byte) {
        if (exclusive_bytes_ < longest_exclusive) {
            exclusive_[exclusive_bytes_] = byte;
        }
        if (exclusive_bytes_ <= longest_exclusive) {
            ++exclusive_bytes_;
        }
    }
    void add_data(std::uint8_t byte) {
        const std::uint8_t kind = status_ & 0xF0;
        const bool has_one = kind == 0xC0 || kind == 0xD0;
        if (has_one) {
            sink_.channel_message(status_, byte, 0);
        } else if (data_count_ == 0) {
            first_ = byte;
            data_count_ = 1;
        } else {
            data_count_ = 0;
            sink_.channel_message(status_, first_, byte);
        }
    }

    Sink& sink_;
    std::uint8_t status_ = 0;
    std::uint8_t data_count_ = 0;
    std::uint8_t first_ = 0;
    std::size_t exclusive_bytes_ = 0;
    std::array<std::uint8_t, longest_exclusive> exclusive_{};
};

} // namespace openportcls::portcls::fmsynth
