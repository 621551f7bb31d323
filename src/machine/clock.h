// Time as a value: a clock that jumps to the next event (virtual) or sleeps until it (paced), and the events on it.
#pragma once

#include <cstdint>
#include <vector>

#include "machine/types.h"

namespace openportcls::machine {

class Clock;

// Something that will happen at a given time. Owned by whoever schedules it; the clock only links it.
// `fire` runs at hardware level on whatever stack is current: it must not block.
class ClockEvent {
public:
    using Fire = void (*)(ClockEvent& event);

    explicit ClockEvent(Fire fire = nullptr, void* context = nullptr) : fire_(fire), context_(context) {}
    ClockEvent(const ClockEvent&) = delete;
    ClockEvent& operator=(const ClockEvent&) = delete;
    ~ClockEvent();

    void bind(Fire fire, void* context) {
        fire_ = fire;
        context_ = context;
    }
    bool is_scheduled() const { return heap_index_ != not_scheduled; }
    Nanoseconds due() const { return due_; }
    void* context() const { return context_; }

private:
    friend class Clock;
    static constexpr std::uint32_t not_scheduled = UINT32_MAX;

    Fire fire_;
    void* context_;
    Clock* clock_ = nullptr;
    Nanoseconds due_ = 0;
    std::uint32_t heap_index_ = not_scheduled;
};

class Clock {
public:
    // A paced clock keeps step with the host's monotonic clock; a virtual one never looks at it.
    explicit Clock(bool paced);
    ~Clock();
    Clock(const Clock&) = delete;
    Clock& operator=(const Clock&) = delete;

    Nanoseconds now() const { return now_; }
    bool is_paced() const { return paced_; }

    // Events due at the same time fire in the order they were scheduled. A due time in the past means "now".
    void NTAPI schedule(ClockEvent& event, Nanoseconds due);
    bool NTAPI cancel(ClockEvent& event);

    bool has_events() {
        fill_top();
        return count_ != 0;
    }
    Nanoseconds next_due() {
        fill_top();
        return heap_.front().due;
    }
    bool is_due() { return may_be_due() && next_due() <= now_; }
    bool may_be_due() const { return heap_.front().due <= now_; } // false: nothing is

    // Fires one event that is due; false when there is none.
    bool fire_next_due();

    // Moves time on by what an operation costs on real hardware (a register access, a stall).
    void spend(Nanoseconds cost) { now_ += cost; }

    // Goes to time `target`; a paced clock sleeps until then, or up to a millisecond longer when it is woken too often.
    void advance_to(Nanoseconds target);

    // How far the host's clock is beyond now(): how late what happens now is. 0 for a virtual clock.
    Nanoseconds lateness() const;

    // A paced clock that has been stopped (in a debugger, between two runs) starts again from now.
    void resynchronise();
    // What the host took a little longer for is caught up with. After more than that the machine has stood still, as
    // between two runs, and goes on from now.
    void catch_up() {
        if (lateness() > longest_catch_up) {
            resynchronise();
        }
    }
    static constexpr Nanoseconds longest_catch_up = 100 * nanoseconds_per_millisecond;

private:
    struct Entry {
        Nanoseconds due;
        std::uint64_t sequence;
        ClockEvent* event;
        bool before(const Entry& other) const { return due != other.due ? due < other.due : sequence < other.sequence; }
    };

    // Field by field: an entry that has just been made would have to reach the cache before it is copied as a vector.
    void place(std::uint32_t index, const Entry& entry) {
        Entry& slot = heap_[index];
        slot.due = entry.due;
        slot.sequence = entry.sequence;
        slot.event = entry.event;
        entry.event->heap_index_ = index;
    }
    [[gnu::noinline]] void NTAPI grow();
    void NTAPI sift_up(std::uint32_t index, const Entry& entry);
    void NTAPI sift_down(std::uint32_t index, const Entry& entry);
    void NTAPI remove_at(std::uint32_t index);
    void fill_top() {
        if (is_top_vacant_) [[unlikely]] {
            is_top_vacant_ = false;
            remove_at(0);
        }
    }

    Nanoseconds now_ = 0;
    std::uint64_t sequence_ = 0;
    // Four-ary: fewer levels, one cache line per level. The first count_ are in use; the first is due never when none
    // is.
    std::vector<Entry> heap_;
    std::uint32_t count_ = 0;
    // The first is being fired, or has been: as a rule it is scheduled again, which then goes where it was without the
    // heap being put in order twice. Until then its key stays, which nothing comes before.
    bool is_top_vacant_ = false;
    bool paced_;
    std::int64_t host_origin_ = 0;        // host monotonic time at machine time 0
    Nanoseconds awake_until_ = INT64_MIN; // the host's clock when it last woke us: what is due by then needs no sleep
    Nanoseconds next_budgeted_wake_ = 0;
};

} // namespace openportcls::machine
