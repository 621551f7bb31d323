// Where in the buffer the client has said that its stream ends: what its listeners hear of once it is played
// (R-EVENT-12).
#pragma once

#include <portcls.h>

namespace openportcls::portcls {

// Positions of the device, in order. Under the queue's lock.
class StreamEnds {
public:
    // So many within the 40 ms that lie ahead of the device are told apart: requests of 2 or 3 ms each. Those beyond,
    // and only then, are signalled together, when the last of them is played.
    static constexpr ULONG capacity = 16;

    void add(ULONGLONG position) {
        count_ += count_ < capacity ? 1 : 0;
        positions_[(first_ + count_ - 1) % capacity] = position;
    }
    // The device has played the oldest one, which is forgotten. To be asked again: one after another.
    bool pass(ULONGLONG device) {
        if (count_ == 0 || device < positions_[first_]) [[likely]] {
            return false;
        }
        first_ = (first_ + 1) % capacity;
        --count_;
        return true;
    }
    // The data behind `position` have been taken back.
    void discard_beyond(ULONGLONG position) {
        while (count_ != 0 && positions_[(first_ + count_ - 1) % capacity] > position) {
            --count_;
        }
    }
    void clear() { count_ = 0; }

private:
    ULONG first_ = 0;
    ULONG count_ = 0;
    ULONGLONG positions_[capacity] = {};
};

} // namespace openportcls::portcls
