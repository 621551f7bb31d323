#include "machine/clock.h"
#include "machine/doorbell.h"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <sys/prctl.h>

namespace openportcls::machine {

namespace {

constexpr std::uint32_t arity = 4;

// Wake-ups a second in the long run, and how many may come as close together as they like before that counts.
constexpr Nanoseconds wake_interval = nanoseconds_per_second / 1'100;
constexpr Nanoseconds wakes_in_a_burst = 16;

void sleep_until(std::int64_t host_time) {
    // The default slack lets the host be 50 us late for the sake of its own coalescing.
    thread_local const bool is_exact = prctl(PR_SET_TIMERSLACK, 1UL) == 0;
    (void)is_exact;
    const timespec until{host_time / nanoseconds_per_second, host_time % nanoseconds_per_second};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
    }
}

} // namespace

ClockEvent::~ClockEvent() {
    if (is_scheduled()) {
        clock_->cancel(*this);
    }
}

Clock::Clock(bool paced) : paced_(paced) {
    heap_.resize(64);
    heap_.front().due = never;
    resynchronise();
}

Clock::~Clock() {
    fill_top();
    for (std::uint32_t index = 0; index < count_; ++index) {
        heap_[index].event->heap_index_ = ClockEvent::not_scheduled;
    }
}

[[gnu::hot]] void Clock::schedule(ClockEvent& event, Nanoseconds due) {
    const Entry entry{std::max(due, now_), sequence_++, &event};
    event.due_ = entry.due;
    if (event.is_scheduled()) {
        const std::uint32_t index = event.heap_index_;
        if (entry.before(heap_[index])) {
            sift_up(index, entry);
        } else {
            sift_down(index, entry);
        }
        return;
    }
    event.clock_ = this;
    if (is_top_vacant_) {
        is_top_vacant_ = false;
        sift_down(0, entry);
        return;
    }
    if (count_ == heap_.size()) [[unlikely]] {
        grow();
    }
    sift_up(count_++, entry);
}

void Clock::grow() {
    heap_.resize(2 * heap_.size());
}

[[gnu::hot]] bool Clock::cancel(ClockEvent& event) {
    if (!event.is_scheduled()) {
        return false;
    }
    remove_at(event.heap_index_);
    event.heap_index_ = ClockEvent::not_scheduled;
    return true;
}

[[gnu::hot]] bool Clock::fire_next_due() {
    if (heap_.front().due > now_ || next_due() > now_) {
        return false;
    }
    ClockEvent& event = *heap_.front().event;
    event.heap_index_ = ClockEvent::not_scheduled;
    is_top_vacant_ = true;
    event.fire_(event);
    return true;
}

[[gnu::hot]] void Clock::advance_to(Nanoseconds target) {
    if (target <= now_) {
        return;
    }
    if (paced_ && target > awake_until_) {
        // A wake-up costs more than most of what there is to do. Once they come too often, what falls due waits for the
        // next one that the budget allows, which then serves all of it.
        const Nanoseconds wake = std::max(target, next_budgeted_wake_ - wakes_in_a_burst * wake_interval);
        next_budgeted_wake_ = std::max(next_budgeted_wake_, wake) + wake_interval;
        sleep_until(host_origin_ + wake);
        awake_until_ = host_monotonic() - host_origin_;
    }
    now_ = target;
}

Nanoseconds Clock::lateness() const {
    return paced_ ? host_monotonic() - host_origin_ - now_ : 0;
}

void Clock::resynchronise() {
    if (paced_) {
        host_origin_ = host_monotonic() - now_;
        awake_until_ = INT64_MIN;
    }
}

[[gnu::hot]] void Clock::sift_up(std::uint32_t index, const Entry& entry) {
    while (index > 0) {
        const std::uint32_t parent = (index - 1) / arity;
        if (!entry.before(heap_[parent])) {
            break;
        }
        place(index, heap_[parent]);
        index = parent;
    }
    place(index, entry);
}

[[gnu::hot]] void Clock::sift_down(std::uint32_t index, const Entry& entry) {
    for (;;) {
        const std::uint32_t first = index * arity + 1;
        if (first >= count_) {
            break;
        }
        std::uint32_t best = first;
        const std::uint32_t last = std::min(first + arity, count_);
        for (std::uint32_t child = first + 1; child < last; ++child) {
            if (heap_[child].before(heap_[best])) {
                best = child;
            }
        }
        if (!heap_[best].before(entry)) {
            break;
        }
        place(index, heap_[best]);
        index = best;
    }
    place(index, entry);
}

[[gnu::hot]] void Clock::remove_at(std::uint32_t index) {
    const Entry last = heap_[--count_];
    if (index == count_) {
        heap_.front().due = count_ != 0 ? heap_.front().due : never;
        return;
    }
    if (index > 0 && last.before(heap_[(index - 1) / arity])) {
        sift_up(index, last);
    } else {
        sift_down(index, last);
    }
}

} // namespace openportcls::machine
