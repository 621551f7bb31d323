// Loops that never end: those that let the machine's time pass, and those that do not even do that.
#include "machine/machine.h"

namespace openportcls::machine {

namespace {

// What Windows allows by default, in clock ticks, as the reports in "Bug Check 0x133: DPC_WATCHDOG_VIOLATION" show it.
constexpr std::int64_t dpc_allotment_ticks = 0x500;
constexpr std::int64_t watchdog_period_ticks = 0x1E00;

constexpr std::uint32_t dpc_watchdog_violation = 0x133;

} // namespace

// Called while time passes at DISPATCH_LEVEL or above.
void Machine::watch_stay_at_dispatch() {
    Processor& here = *processor_;
    if (here.dispatch_since == Processor::not_watched) {
        here.dispatch_since = now();
        here.seconds_at_dispatch = 0;
    }
    if (here.in_dpc && here.dpc_since == Processor::not_watched) {
        here.dpc_since = now();
    }
    const std::int64_t in_dpc_ticks = here.in_dpc ? (now() - here.dpc_since) / default_clock_interval : 0;
    if (in_dpc_ticks > dpc_allotment_ticks) {
        bugcheck(dpc_watchdog_violation, 0, static_cast<std::uint64_t>(in_dpc_ticks), dpc_allotment_ticks, 0,
                 "A DPC routine has run for 20 seconds of the machine's time: an endless loop, or a wait for hardware "
                 "that does not answer.");
    }
    if ((now() - here.dispatch_since) / default_clock_interval > watchdog_period_ticks) {
        bugcheck(dpc_watchdog_violation, 1, watchdog_period_ticks, 0, 0,
                 "A processor has stayed at DISPATCH_LEVEL or above for 120 seconds of the machine's time.");
    }
}

// Once a second of the thread's CPU time. Three ways to hang: without a preemption point; with them, but nothing waits
// or takes time meanwhile; at DISPATCH_LEVEL.
bool Machine::watchdog_expired() {
    const std::uint32_t limit = config_.watchdog_seconds;
    const bool has_moved = watchdog_last_step_ != step_;
    watchdog_last_step_ = step_;
    watchdog_ticks_ = has_moved ? 0 : watchdog_ticks_ + 1;
    const Nanoseconds time = now() - spent_in_laps_;
    const bool has_waited =
        watchdog_last_wait_ != waits_ || watchdog_last_entry_ != entries_ || watchdog_last_time_ != time;
    watchdog_last_time_ = time;
    watchdog_last_wait_ = waits_;
    watchdog_last_entry_ = entries_;
    watchdog_busy_ticks_ = has_waited ? 0 : watchdog_busy_ticks_ + 1;
    Processor& here = *processor_;
    if (limit == 0) {
        return false;
    }
    if (here.irql < irql::dispatch) {
        return watchdog_ticks_ >= limit || watchdog_busy_ticks_ >= limit;
    }
    if (here.dispatch_since == Processor::not_watched) {
        here.dispatch_since = now();
        here.seconds_at_dispatch = 0;
    } else {
        ++here.seconds_at_dispatch;
    }
    return watchdog_ticks_ >= limit || here.seconds_at_dispatch >= limit;
}

std::vector<StackFrame> Machine::stack_of(const Thread& thread) const {
    if (&thread == processor_->running) {
        return capture_stack(1);
    }
    const Fiber& fiber = thread.fiber;
    const Fiber::Place place = fiber.suspended_at();
    return capture_stack_at({.instruction = place.instruction - 1,
                             .frame_pointer = place.frame_pointer,
                             .stack_pointer = place.stack_pointer,
                             .low = reinterpret_cast<std::uint64_t>(fiber.stack().bottom()),
                             .high = reinterpret_cast<std::uint64_t>(fiber.stack().top())});
}

} // namespace openportcls::machine
