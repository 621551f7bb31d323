// The sequencer's order: events by time, those of equal time as they came (R-DMUS-07). A heap of fixed room: nothing is
// allocated once it is reserved.
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
    LONGLONG first_time() const { return static_cast<LONGLONG>(entries_.front().key >> 64); }

    // False: no room.
    bool push(LONGLONG time, DMUS_KERNEL_EVENT* event) {
        if (is_full()) {
            return false;
        }
        const Entry entry = {static_cast<Key>(time) << 64 | next_order_++, event};
        entries_.push_back(entry);
        rise(entries_.size() - 1, entry);
        return true;
    }
    DMUS_KERNEL_EVENT* pop() {
        DMUS_KERNEL_EVENT* const event = entries_.front().event;
        const Entry last = entries_.back();
        entries_.pop_back();
        if (!entries_.empty()) {
            rise(hole_at_the_bottom(), last);
        }
        return event;
    }

private:
    // Time, then order: compared as one number, since a branch on them would be mispredicted every other time.
    using Key = __int128;
    struct Entry {
        Key key;
        DMUS_KERNEL_EVENT* event;
    };
    static constexpr std::size_t children = 4; // half the levels of a binary heap, and those of a node are neighbours

    std::size_t earlier(std::size_t a, std::size_t b) const { return entries_[b].key < entries_[a].key ? b : a; }

    std::size_t earliest(std::size_t first) const {
        if (first + children <= entries_.size()) [[likely]] {
            return earlier(earlier(first, first + 1), earlier(first + 2, first + 3));
        }
        std::size_t best = first;
        for (std::size_t child = first + 1; child < entries_.size(); ++child) {
            best = earlier(best, child);
        }
        return best;
    }

    // What the first entry leaves behind sinks; the last entry, which goes there, hardly ever belongs further up.
    std::size_t hole_at_the_bottom() {
        std::size_t hole = 0;
        for (std::size_t first = 1; first < entries_.size(); first = hole * children + 1) {
            const std::size_t best = earliest(first);
            entries_[hole] = entries_[best];
            hole = best;
        }
        return hole;
    }
    void rise(std::size_t hole, const Entry& entry) {
        while (hole > 0) {
            const std::size_t parent = (hole - 1) / children;
            if (entries_[parent].key <= entry.key) {
                break;
            }
            entries_[hole] = entries_[parent];
            hole = parent;
        }
        entries_[hole] = entry;
    }

    std::vector<Entry> entries_;
    ULONGLONG next_order_ = 0;
};

} // namespace openportcls::portcls
