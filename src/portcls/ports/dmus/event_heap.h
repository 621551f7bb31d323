// The sequencer's order: events by time, those of equal time as they came (R-DMUS-07). A binary heap of fixed room:
// nothing is allocated once it is reserved.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <dmusicks.h>

namespace openportcls::portcls {

class EventHeap {
public:
    void reserve(std::size_t events) { entries_.reserve(events); }
    bool is_empty() const { return entries_.empty(); }
    bool is_full() const { return entries_.size() == entries_.capacity(); }
    std::size_t size() const { return entries_.size(); }
    LONGLONG first_time() const { return entries_.front().time; }

    // False: no room.
    bool push(LONGLONG time, DMUS_KERNEL_EVENT* event) {
        if (is_full()) {
            return false;
        }
        entries_.push_back({time, next_order_++, event});
        std::push_heap(entries_.begin(), entries_.end(), later);
        return true;
    }
    DMUS_KERNEL_EVENT* pop() {
        std::pop_heap(entries_.begin(), entries_.end(), later);
        DMUS_KERNEL_EVENT* const event = entries_.back().event;
        entries_.pop_back();
        return event;
    }

private:
    struct Entry {
        LONGLONG time;
        ULONGLONG order;
        DMUS_KERNEL_EVENT* event;
    };
    static bool later(const Entry& a, const Entry& b) { return a.time != b.time ? a.time > b.time : a.order > b.order; }

    std::vector<Entry> entries_;
    ULONGLONG next_order_ = 0;
};

} // namespace openportcls::portcls
