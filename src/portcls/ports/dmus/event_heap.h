// The sequencer's order: events by time, those of equal time as they came (R-DMUS-07). A heap of fixed room: nothing is
// allocated once it is reserved.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>

#include <dmusicks.h>

namespace openportcls::portcls {

class EventHeap {
public:
    // What a key has room to tell apart.
    static constexpr std::size_t most_events = std::size_t{1} << 20;

    // For the events of an array, at most most_events.
    void reserve(DMUS_KERNEL_EVENT* events, std::size_t count) {
        events_ = events;
        groups_ = std::make_unique_for_overwrite<Siblings[]>((root + count) / children + 1);
        first_ = end_ = groups_[0].keys + root;
        limit_ = first_ + count;
    }
    bool is_empty() const { return end_ == first_; }
    bool is_full() const { return end_ == limit_; }
    LONGLONG first_time() const { return static_cast<LONGLONG>(*first_ >> 64); }

    // False: no room.
    bool push(LONGLONG time, DMUS_KERNEL_EVENT* event) {
        if (is_full()) {
            return false;
        }
        Key* const place = end_++;
        if ((place - first_ + root) % children == 0) {
            std::fill_n(place, children, behind_all);
        }
        const auto index = static_cast<ULONGLONG>(event - events_);
        rise(place, static_cast<Key>(time) << 64 | (next_order_++ << index_bits | index));
        return true;
    }
    DMUS_KERNEL_EVENT* pop() {
        DMUS_KERNEL_EVENT* const event = &events_[static_cast<ULONGLONG>(*first_) & index_mask];
        Key* const end = --end_;
        const Key last = std::exchange(*end, behind_all);
        if (!is_empty()) {
            rise(hole_at_the_bottom(end), last);
        }
        return event;
    }

private:
    // Time, then order, then which event it is: compared as one number, since a branch on them would be mispredicted
    // every other time.
    using Key = __int128;
    static constexpr unsigned index_bits = 20;
    static_assert(most_events == std::size_t{1} << index_bits);
    static constexpr ULONGLONG index_mask = (ULONGLONG{1} << index_bits) - 1;
    static constexpr Key behind_all = static_cast<Key>(~static_cast<unsigned __int128>(0) >> 1);

    // Half the levels of a binary heap. The children of a node share a line of the cache, since the root has a place
    // that makes them: those of place p begin at 4 (p - 2). Behind the last entry its group is filled up.
    static constexpr std::ptrdiff_t children = 4;
    static constexpr std::ptrdiff_t root = 3;
    struct alignas(children * sizeof(Key)) Siblings {
        Key keys[children];
    };

    static const Key* earliest(const Key* siblings) {
        const Key* const a = siblings[1] < siblings[0] ? siblings + 1 : siblings;
        const Key* const b = siblings[3] < siblings[2] ? siblings + 3 : siblings + 2;
        return *b < *a ? b : a;
    }
    // What the first entry leaves behind sinks; the last entry, which goes there, hardly ever belongs further up.
    Key* hole_at_the_bottom(const Key* end) {
        Key* hole = first_;
        Key* const keys = hole - root;
        for (Key* first = keys + children; first < end; first = keys + children * (hole - keys - 2)) {
            const Key* const best = earliest(first);
            *hole = *best;
            hole = keys + (best - keys);
        }
        return hole;
    }
    void rise(Key* hole, Key key) {
        Key* const keys = first_ - root;
        while (hole != first_) {
            Key* const parent = keys + static_cast<std::size_t>(hole - keys) / children + 2;
            if (*parent <= key) {
                break;
            }
            *hole = *parent;
            hole = parent;
        }
        *hole = key;
    }

    DMUS_KERNEL_EVENT* events_ = nullptr;
    std::unique_ptr<Siblings[]> groups_;
    Key* first_ = nullptr; // the root, whose place is `root`
    Key* end_ = nullptr;
    Key* limit_ = nullptr;
    ULONGLONG next_order_ = 0;
};

} // namespace openportcls::portcls
