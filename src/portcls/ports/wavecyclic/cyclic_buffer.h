// What is where in a cyclic DMA buffer. Positions are bytes since STOP, or since a reset; the buffer holds the last lap
// of them.
#pragma once

#include <algorithm>
#include <bit>

#include <portcls.h>

namespace openportcls::portcls {

class CyclicBuffer {
public:
    // Before anything has moved.
    void set_size(ULONG bytes) { bytes_ = bytes; }
    // `interval_bytes`: what the device moves between two notifications; `ten_milliseconds`: bytes of sound;
    // `block_bytes`: one sample of all channels.
    void set_pace(ULONG interval_bytes, ULONG ten_milliseconds, ULONG block_bytes) {
        interval_ = std::max(interval_bytes, block_bytes);
        block_ = block_bytes;
        blocks_begin_ = device_; // which goes on in another format where it is
        is_block_power_of_two_ = std::has_single_bit(block_bytes);
        most_ahead_ = std::min(4 * ten_milliseconds, bytes_ - std::min(interval_, bytes_ / 2));
        enough_ = std::min(3 * ten_milliseconds, most_ahead_ - std::min(interval_, most_ahead_) / 2);
        least_ahead_ = std::min(ten_milliseconds, most_ahead_ / 4);
    }
    void reset() {
        device_ = 0;
        device_offset_ = 0;
        blocks_begin_ = 0;
        data_begin_ = 0;
        data_end_ = 0;
        silence_end_ = 0;
        moved_ = 0;
        first_offset_ = 0;
    }
    // Positions count from the block that the device is in. It goes on from there; while it `moves`, data that come now
    // go as far ahead of it as those that come late.
    void begin_anew(bool moves) {
        const auto begun = static_cast<ULONG>((device_ - blocks_begin_) % block_);
        const ULONGLONG begin = device_ - begun;
        const ULONGLONG silent = std::max({silence_end_, data_end_, begin});
        first_offset_ = offset_of(begin);
        device_ = begun;
        blocks_begin_ = 0;
        data_begin_ = data_end_ = block_behind(begun + (moves ? least_ahead_ : 0));
        silence_end_ = silent - begin;
        moved_ = 0;
    }

    ULONG bytes() const { return bytes_; }
    ULONGLONG device() const { return device_; } // as heard or sampled (R-WCYC-11)
    ULONGLONG moved() const { return moved_; }   // of the client's
    // Most that is asked for is within a lap of the device: no division.
    ULONG offset_of(ULONGLONG position) const {
        const LONGLONG offset = device_offset_ + static_cast<LONGLONG>(position - device_);
        if (offset >= 0 && offset < bytes_) {
            return static_cast<ULONG>(offset);
        }
        if (offset >= bytes_ && offset < 2LL * bytes_) {
            return static_cast<ULONG>(offset - bytes_);
        }
        return static_cast<ULONG>((position + first_offset_) % bytes_);
    }

    // The device has reached this offset; it is asked more often than once a lap.
    void device_at(ULONG offset) {
        const ULONG before = device_offset_;
        const ULONG now = offset < bytes_ ? offset : offset % bytes_; // "never larger": its end is its beginning
        device_ += now >= before ? now - before : bytes_ - before + now;
        device_offset_ = now;
    }

    // ---- render: the client's data ends at data_end(), silence behind it at silence_end() --------------------------
    ULONGLONG data_end() const { return data_end_; }
    ULONG data_ahead() const { return data_end_ > device_ ? static_cast<ULONG>(data_end_ - device_) : 0; }
    // Of the client's bytes; the silence in front of data that have come late is not among them (R-WCYC-12).
    ULONGLONG heard() const {
        const ULONGLONG next = std::max(device_, data_begin_);
        return data_end_ > next ? moved_ - (data_end_ - next) : moved_;
    }

    // Where new data goes: behind the data, or 10 ms ahead of a device that has overtaken it.
    ULONGLONG next_data() const { return data_end_ >= device_ ? data_end_ : block_behind(device_ + least_ahead_); }
    // What the device plays now was written a lap ago.
    bool is_overtaken() const { return data_end_ < device_ && silence_end_ < device_; }
    // How much: up to 40 ms ahead of the device, and never over what is still to be heard (R-WCYC-07).
    ULONG room_for_data() const {
        const auto ahead = static_cast<ULONG>(next_data() - device_);
        return most_ahead_ > ahead ? whole_blocks(most_ahead_ - ahead) : 0;
    }
    // The first that the device has not begun to read.
    ULONGLONG next_block() const { return block_behind(device_); }
    // What lies further ahead than `keep` is to be written anew.
    void discard_ahead(ULONG keep) {
        if (const ULONGLONG kept = std::max(device_ + keep, data_begin_); data_end_ > kept) {
            moved_ -= data_end_ - kept;
            data_end_ = kept;
        }
    }
    ULONG interval() const { return interval_; }
    void data_written(ULONG bytes) {
        const ULONGLONG begin = next_data();
        if (begin != data_end_) {
            data_begin_ = begin;
        }
        data_end_ = begin + bytes;
        moved_ += bytes;
    }
    // R-WCYC-09: with 30 ms left, silence follows the data up to the same 40 ms.
    ULONG room_for_silence() {
        if (data_ahead() > enough_) {
            return 0;
        }
        silence_end_ = std::max({silence_end_, data_end_, device_});
        const ULONGLONG wanted = device_ + most_ahead_;
        return wanted > silence_end_ ? static_cast<ULONG>(wanted - silence_end_) : 0;
    }
    ULONGLONG silence_end() const { return silence_end_; }
    void silence_written(ULONG bytes) { silence_end_ += bytes; }

    // ---- capture: the client has what lies before moved() ----------------------------------------------------------
    ULONG captured() const { return static_cast<ULONG>(std::min<ULONGLONG>(device_ - moved_, bytes_)); }
    // What the device has written over before the client took it is lost, oldest first. Bytes.
    ULONGLONG drop_overwritten() {
        if (device_ - moved_ <= bytes_) {
            return 0;
        }
        const ULONGLONG kept = (bytes_ - std::min(interval_, bytes_ / 2)) / block_ * block_;
        const ULONGLONG lost = device_ - moved_ - kept;
        moved_ += lost;
        return lost;
    }
    void data_taken(ULONG bytes) { moved_ += bytes; }

private:
    ULONGLONG block_behind(ULONGLONG position) const {
        const ULONGLONG since = position > blocks_begin_ ? position - blocks_begin_ : 0;
        return blocks_begin_ + (since + block_ - 1) / block_ * block_;
    }
    // As a rule without a division.
    ULONG whole_blocks(ULONG bytes) const {
        return is_block_power_of_two_ ? bytes & ~(block_ - 1) : bytes / block_ * block_;
    }

    ULONG bytes_ = 1;
    ULONG interval_ = 1;
    ULONG block_ = 1;
    bool is_block_power_of_two_ = true;
    ULONG most_ahead_ = 1;
    ULONG enough_ = 1;
    ULONG least_ahead_ = 1;
    ULONG device_offset_ = 0;
    ULONG first_offset_ = 0; // of position 0
    ULONGLONG device_ = 0;
    ULONGLONG blocks_begin_ = 0;
    ULONGLONG data_begin_ = 0; // of what is to be played: the device has overtaken what lies before the last gap
    ULONGLONG data_end_ = 0;
    ULONGLONG silence_end_ = 0;
    ULONGLONG moved_ = 0;
};

} // namespace openportcls::portcls
