#include "machine/machine.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>

#include "machine/faults.h"
#include "machine/host_code.h"

namespace openportcls::machine {

constinit thread_local Machine* Machine::current_ = nullptr;

namespace {

constexpr std::uint32_t no_more_system_ptes = 0x3F;

} // namespace

Machine::Machine(const MachineConfig& config) : config_(config), clock_(config.paced), memory_(config.memory_bytes) {
    config_.processors = std::clamp(config_.processors, 1U, 32U);
    policy_ = Policy::create(config_.policy, config_.seed, config_.pct_depth, config_.processors);
    exploring_ = policy_->explores();
    if (tsan::is_watching()) {
        held_back_ = 1ULL << 62;
        steps_before_look_ -= held_back_;
    }
    look_at(exploring_ ? 1 : lap_ends_at_);
    processors_ = std::make_unique<Processor[]>(config_.processors);
    for (unsigned number = 0; number < config_.processors; ++number) {
        Processor& processor = processors_[number];
        processor.number = number;
        processor.lock_word = number + 1;
        processor.idle.is_idle = true;
        processor.idle.name = "idle";
        processor.idle.machine = this;
        processor.running = &processor.idle;
    }
    processor_ = &processors_[0];

    client_.is_client = true;
    client_.name = "client";
    client_.machine = this;
    client_.serial = next_serial();
    client_.state = ThreadState::running;
    client_.header.Type = ThreadObject;
    client_.header.WaitListHead = {&client_.header.WaitListHead, &client_.header.WaitListHead};
    client_.timeout.bind(&Machine::wait_timed_out, &client_);
    processor_->running = &client_;
}

Machine::~Machine() {
    // The layers above may still run guest code while they are taken down, the newest first; what that brings back goes
    // next.
    while (!creation_order_.empty()) {
        auto& slot = subsystems_[static_cast<std::size_t>(creation_order_.back())];
        creation_order_.pop_back();
        Machine* previous = current_;
        current_ = this;
        slot.reset();
        current_ = previous;
    }
    // The next machine's driver may use the same globals.
    tsan::acquire(&threads_);
    tsan::join(client_.fiber.tsan_fiber());
    for (const Thread* thread : threads_) {
        tsan::join(thread->fiber.tsan_fiber());
    }
    contexts_.reset();
    for (Thread* thread : terminated_) {
        delete thread;
    }
    for (Thread* thread : threads_) {
        delete thread;
    }
}

bool Machine::run_as_client(void (*function)(void*), void* argument, WatchedCall::Describe describe) {
    if (halted_) [[unlikely]] {
        return false;
    }
    if (is_entered_) [[unlikely]] {
        return run_nested(function, argument, describe);
    }
    if (client_host_thread_ != &current_) [[unlikely]] {
        use_host_thread();
        if (!client_.fiber.stack() && !prepare_client()) {
            return false;
        }
    }
    if (clock_.is_paced()) [[unlikely]] {
        clock_.catch_up();
    }
    Machine* const previous = current_;
    current_ = this;
    is_entered_ = true;
    ++entries_;
    begin_lap();
    call_ = {function, argument, describe, now()};
    tsan::release(&call_); // the host's thread and the client are one
    Fiber::switch_to(host_, client_.fiber);
    tsan::acquire(&call_);
    is_entered_ = false;
    current_ = previous;
    if (thrown_ != nullptr) [[unlikely]] {
        std::rethrow_exception(std::exchange(thrown_, nullptr));
    }
    return !halted_;
}

void Machine::client_entry(void* argument) {
    Machine& machine = *static_cast<Machine*>(argument);
    for (;;) {
        tsan::acquire(&machine.call_);
        try {
            machine.call_.function(machine.call_.argument);
        } catch (...) {
            machine.thrown_ = std::current_exception();
        }
        if (machine.client_.critical_region_depth != 0) [[unlikely]] {
            machine.report_open_region();
        }
        tsan::release(&machine.call_);
        Fiber::switch_to(machine.client_.fiber, machine.host_);
    }
}

// Bug check 0x1, which Windows raises when a system call returns. A thread counts upwards what Windows counts
// downwards.
void Machine::report_open_region() {
    bugcheck(0x01 /* APC_INDEX_MISMATCH */, 0, 0, static_cast<std::uint32_t>(-client_.critical_region_depth), 0,
             "A request has come back to the client inside of a critical or guarded region, or with a mutex held "
             "(KeLeaveCriticalRegion, KeLeaveGuardedRegion, KeReleaseMutex).");
}

// Only what the client's thread called can be gone back to: any other thread belongs to the guest.
bool Machine::run_nested(void (*function)(void*), void* argument, WatchedCall::Describe describe) {
    const HostCode::Pause pause;
    Machine* const previous = current_;
    current_ = this;
    std::optional<WatchedCall> watched;
    if (describe != nullptr) {
        watched.emplace(*this, describe, argument);
    }
    bool survived = true;
    if (!current_thread().is_client) {
        function(argument);
    } else {
        NestedEntry entry;
        entry.outer = nested_;
        entry.tsan_fiber = tsan::current_fiber();
        nested_ = &entry;
        survived = _setjmp(entry.escape) == 0;
        if (survived) {
            function(argument);
        }
        nested_ = entry.outer;
    }
    current_ = previous;
    return survived;
}

void Machine::use_host_thread() {
    client_host_thread_ = &current_;
    if (tsan::is_watching() && contexts_ == nullptr) {
        contexts_ = std::make_unique<tsan::Contexts>();
    }
    install_fault_handlers();
    arm_watchdog();
}

// False: the machine has no stack to run on, and says so in its report.
bool Machine::prepare_client() {
    FiberStack stack = take_stack();
    if (!stack) {
        report_.code = no_more_system_ptes;
        report_.rule = no_room_for_a_stack;
        report_.seed = config_.seed;
        report_.thread = client_.name;
        halted_ = true;
        return false;
    }
    client_.fiber.prepare(std::move(stack), &Machine::client_entry, this, client_.name.c_str(), client_.serial);
    return true;
}

void Machine::run_for(Nanoseconds duration) {
    wait({}, false, now() + duration);
}

void Machine::settle() {
    process_due_events();
    while (yield_thread() || clock_.is_due()) {
        process_due_events();
    }
}

void Machine::bugcheck(std::uint32_t code, std::uint64_t p1, std::uint64_t p2, std::uint64_t p3, std::uint64_t p4,
                       std::string_view rule) {
    BugcheckReport report{.code = code, .parameters = {p1, p2, p3, p4}, .rule = std::string(rule)};
    report.stack = capture_stack(1);
    bugcheck_with_stack(std::move(report));
}

void Machine::bugcheck_with_stack(BugcheckReport report) {
    const RunPosition at = run_position();
    report.seed = at.seed;
    report.step = at.step;
    report.time = at.time;
    report.irql = at.irql;
    report.processor = at.processor;
    if (report.thread.empty()) { // else it is about another one
        report.thread = at.thread;
    }
    report_ = std::move(report);
    abandon_guest();
}

// The guest's stacks are left as they are: nothing can be unwound through a driver's frames.
void Machine::abandon_guest() {
    halted_ = true;
    HostCode::forget();
    if (!is_entered_) {
        std::fputs(report_.to_text().c_str(), stderr); // there is nobody to return to
        std::abort();
    }
    Fiber& from = processor_->running->fiber;
    for (Processor& candidate : processors()) {
        if (candidate.running == &client_) {
            candidate.running = &candidate.idle;
        }
    }
    processor_->running = &client_;
    if (nested_ != nullptr && &from != &client_.fiber) {
        from.will_end();
        Fiber::switch_to(from, client_.fiber);
    } else if (nested_ == nullptr) {
        leave_for_host(from);
    }
    escape();
}

void Machine::leave_for_host(Fiber& from) {
    from.will_end();
    Fiber::switch_to(from, host_);
    std::abort(); // nobody continues a crashed guest
}

void Machine::escape() {
    if (nested_ == nullptr) {
        leave_for_host(client_.fiber);
    }
    tsan::switch_to(nested_->tsan_fiber); // whose interceptor of longjmp knows the frame
    _longjmp(nested_->escape, 1);
}

void Machine::remove_observer(Observer& observer) {
    observers_.erase(std::remove(observers_.begin(), observers_.end(), &observer), observers_.end());
    is_observed_ = !observers_.empty();
}

void Machine::report_event(EventKind kind, std::uint32_t subject, std::int64_t value, std::string_view detail) {
    const TraceEvent event{now(), kind,  static_cast<std::uint8_t>(processor_->number), processor_->irql, subject,
                           value, detail};
    for (Observer* observer : observers_) {
        observer->on_event(event);
    }
}

std::string_view event_kind_name(EventKind kind) {
    static constexpr std::string_view names[] = {
        "interrupt enter", "interrupt leave", "dpc enter",     "dpc leave",    "thread switch",   "timer expired",
        "signalled",       "wait begin",      "wait end",      "line raised",  "line lowered",    "irp dispatched",
        "irp completed",   "service",         "stream opened", "stream state", "stream position", "notification",
        "glitch",          "power state",     "log",
    };
    return names[static_cast<std::size_t>(kind)];
}

} // namespace openportcls::machine
