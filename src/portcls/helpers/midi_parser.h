// Raw MIDI bytes as messages: running status is written out, real-time messages pass through others, system exclusive
// ones of any length leave in parts (MIDI 1.0, "Data Format").
#pragma once

#include <cstdint>

namespace openportcls::portcls {

class MidiParser {
public:
    static constexpr std::uint32_t most_part_bytes = 1024;

    struct Part {
        const std::uint8_t* bytes;
        std::uint32_t count;
        bool goes_on; // of a system exclusive message that has not ended
        std::int64_t time;
    };

    // Calls emit(const Part&) up to twice.
    template<class Emit>
    void put(std::uint8_t byte, std::int64_t time, Emit&& emit) {
        if (byte >= first_real_time) {
            if (byte != 0xF9 && byte != 0xFD) { // undefined
                emit(Part{&byte, 1, false, time});
            }
            return;
        }
        if (byte >= 0x80) {
            put_status(byte, time, emit);
        } else if (in_exclusive_) {
            add(byte, time);
            if (count_ == most_part_bytes) {
                emit_held(true, emit);
            }
        } else if (wanted_ != 0) {
            put_data(byte, time, emit);
        } // else: data of a message whose beginning was lost
    }

    // What there is of a system exclusive message leaves as a part of it.
    template<class Emit>
    void flush_exclusive(Emit&& emit) {
        if (in_exclusive_) {
            emit_held(true, emit);
        }
    }

    void reset() {
        status_ = 0;
        wanted_ = 0;
        count_ = 0;
        in_exclusive_ = false;
    }

private:
    static constexpr std::uint8_t first_real_time = 0xF8;

    static std::uint32_t data_bytes(std::uint8_t status) {
        switch (status & 0xF0) {
        case 0xC0:
        case 0xD0:
            return 1;
        case 0xF0:
            return status == 0xF2 ? 2 : status == 0xF1 || status == 0xF3 ? 1 : 0;
        default:
            return 2;
        }
    }

    void add(std::uint8_t byte, std::int64_t time) {
        if (count_ == 0) {
            time_ = time;
        }
        held_[count_++] = byte;
    }
    template<class Emit>
    void emit_held(bool goes_on, Emit&& emit) {
        const std::uint32_t count = count_;
        count_ = 0;
        if (count != 0) {
            emit(Part{held_, count, goes_on, time_});
        }
    }

    template<class Emit>
    void put_status(std::uint8_t byte, std::int64_t time, Emit&& emit) {
        if (in_exclusive_) { // any status ends it, F7 as its last byte
            in_exclusive_ = false;
            if (byte == 0xF7 || count_ == 0) { // cut short behind parts that have left: they still need an end
                add(0xF7, time);
            }
            emit_held(false, emit);
        }
        count_ = 0;
        status_ = 0;
        wanted_ = 0;
        if (byte == 0xF0) {
            in_exclusive_ = true;
            add(byte, time);
        } else if (byte < 0xF0) {
            status_ = byte;
            wanted_ = data_bytes(byte);
            add(byte, time);
        } else if (byte == 0xF6) {
            emit(Part{&byte, 1, false, time});
        } else if (data_bytes(byte) != 0) { // a system common message ends running status
            wanted_ = data_bytes(byte);
            add(byte, time);
        }
    }

    template<class Emit>
    void put_data(std::uint8_t byte, std::int64_t time, Emit&& emit) {
        if (count_ == 0) {
            add(status_, time); // running status
        }
        add(byte, time);
        if (count_ == wanted_ + 1) {
            emit_held(false, emit);
            if (status_ == 0) {
                wanted_ = 0;
            }
        }
    }

    std::uint8_t status_ = 0; // the running one, 0: none
    std::uint32_t wanted_ = 0;
    std::uint32_t count_ = 0;
    bool in_exclusive_ = false;
    std::int64_t time_ = 0;
    std::uint8_t held_[most_part_bytes];
};

} // namespace openportcls::portcls
