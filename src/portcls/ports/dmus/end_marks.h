// Where streams end among the events of a pool (R-EVENT-12). Every event belongs to the part of the stream that was
// being unpacked when it was handed out; a part has ended when all of its events, and all parts before it, are back.
#pragma once

#include <dmusicks.h>

namespace openportcls::portcls {

class EndMarks {
public:
    using Part = BYTE;
    static constexpr Part none = 0; // the first part is 1

    Part current() const { return current_; }
    bool is_full() const { return after(current_) == first_; }

    // An end: of the events handed out so far, so many are out. How many ends have been reached with it, if any.
    ULONG close(ULONG events_out) {
        ULONG& left = out_[current_];
        left = events_out;
        for (Part part = first_; part != current_; part = after(part)) {
            left -= out_[part];
        }
        is_wanted_[current_] = true;
        current_ = after(current_);
        return pass_ended();
    }
    // An event of a part that is closed has come back. How many ends have been reached with it.
    ULONG returned(Part part) {
        --out_[part];
        return pass_ended();
    }
    // The ends that have not been reached are none.
    void forget() {
        for (bool& each : is_wanted_) {
            each = false;
        }
    }

private:
    static constexpr Part parts = 8;
    static constexpr Part after(Part part) { return part == parts ? Part{1} : static_cast<Part>(part + 1); }

    ULONG pass_ended() {
        ULONG reached = 0;
        for (; first_ != current_ && out_[first_] == 0; first_ = after(first_)) {
            reached += is_wanted_[first_] ? 1 : 0;
        }
        return reached;
    }

    Part first_ = 1; // the earliest that has not ended
    Part current_ = 1;
    ULONG out_[parts + 1] = {}; // of those that are closed
    bool is_wanted_[parts + 1] = {};
};

} // namespace openportcls::portcls
