// Loops that never end: those that let the machine's time pass, and those that do not even do that.
#include "machine/machine.h"

#include <fmt/format.h>

namespace openportcls::machine {

namespace {

// What Windows allows by default, in clock ticks, as the reports in "Bug Check 0x133: DPC_WATCHDOG_VIOLATION" show it.
constexpr std::int64_t dpc_allotment_ticks = 0x500;
constexpr std::int64_t watchdog_period_ticks = 0x1E00;

constexpr std::uint32_t dpc_watchdog_violation = 0x133;
constexpr std::uint32_t thread_stuck_in_device_driver = 0xEA;

// How long a watched call may take: as long as the PnP manager waits for a driver (bug check 0x1D5). One that keeps the
// host busy does so in much less of the machine's time.
constexpr Nanoseconds longest_call = 300 * nanoseconds_per_second;
constexpr Nanoseconds longest_busy_call = 10 * nanoseconds_per_second;

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

WatchedCall::WatchedCall(Machine& machine, Describe describe, const void* context)
    : machine_(machine),
      facts_{describe, context, &machine.current_thread(), machine.now(), machine.watchdog_all_ticks_},
      older_(machine.watched_calls_) {
    if (older_ != nullptr) {
        older_->newer_ = this;
    }
    machine_.watched_calls_ = this;
}

WatchedCall::~WatchedCall() {
    if (machine_.is_halted()) { // others of its list may lie on stacks that have been left
        return;
    }
    (newer_ != nullptr ? newer_->older_ : machine_.watched_calls_) = older_;
    if (older_ != nullptr) {
        older_->newer_ = newer_;
    }
}

// Of the call that the host has entered the machine with.
WatchedCall::Facts Machine::facts_of_call() const {
    const bool is_seen = watchdog_last_entry_ == entries_;
    return {is_entered_ ? call_.describe : nullptr, call_.argument, &client_, call_.since,
            is_seen ? ticks_before_entry_ : watchdog_all_ticks_};
}

// The newest of them.
WatchedCall::Facts Machine::call_without_end() const {
    const auto is_too_long = [this](const WatchedCall::Facts& call) {
        const bool is_busy = watchdog_all_ticks_ - call.ticks_before >= config_.watchdog_seconds;
        return now() - call.since > (is_busy ? longest_busy_call : longest_call);
    };
    for (const WatchedCall* call = watched_calls_; call != nullptr; call = call->older_) {
        if (is_too_long(call->facts_)) {
            return call->facts_;
        }
    }
    const WatchedCall::Facts call = facts_of_call();
    return call.describe != nullptr && is_too_long(call) ? call : WatchedCall::Facts{};
}

// At a preemption point, so that no structure of the machine's is half changed, whoever runs there.
void Machine::report_call_without_end() {
    is_call_without_end_ = false;
    const WatchedCall::Facts call = call_without_end();
    BugcheckReport report{.code = thread_stuck_in_device_driver};
    {
        const std::string what = call.describe != nullptr ? call.describe(call.context) : std::string();
        if (what.empty()) { // it has come back since, or may take that long
            return;
        }
        report.rule =
            fmt::format("A driver has not come back from a request for {:.0f} seconds of the machine's time: {}.",
                        static_cast<double>(now() - call.since) / nanoseconds_per_second, what);
    } // nothing below comes back
    report.parameters[0] = reinterpret_cast<std::uint64_t>(call.thread);
    report.thread = call.thread->name;
    report.stack = stack_of(*call.thread);
    bugcheck_with_stack(std::move(report));
}

// Once a second of the thread's CPU time. Three ways to hang: without a preemption point; with them, but nothing waits
// or takes time meanwhile; at DISPATCH_LEVEL. In a fourth one time passes, but a watched call does not come back.
bool Machine::watchdog_expired() {
    const std::uint32_t limit = config_.watchdog_seconds;
    ++watchdog_all_ticks_;
    const bool has_moved = watchdog_last_step_ != step();
    watchdog_last_step_ = step();
    watchdog_ticks_ = has_moved ? 0 : watchdog_ticks_ + 1;
    const Nanoseconds time = now() - spent_in_laps_;
    const bool has_waited =
        watchdog_last_wait_ != waits_ || watchdog_last_entry_ != entries_ || watchdog_last_time_ != time;
    watchdog_last_time_ = time;
    watchdog_last_wait_ = waits_;
    if (watchdog_last_entry_ != entries_) {
        ticks_before_entry_ = watchdog_all_ticks_ - 1;
    }
    watchdog_last_entry_ = entries_;
    watchdog_busy_ticks_ = has_waited ? 0 : watchdog_busy_ticks_ + 1;
    Processor& here = *processor_;
    if (limit == 0) {
        return false;
    }
    if (call_without_end().describe != nullptr) {
        is_call_without_end_ = true; // seen where the lap ends: what counts steps is not a signal handler's to change
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
