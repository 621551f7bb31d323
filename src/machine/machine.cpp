#include "machine/machine.h"

#include <algorithm>
#include <pthread.h>

#include "machine/faults.h"

namespace openportcls::machine {

constinit thread_local Machine* Machine::current_ = nullptr;

Machine::Machine(const MachineConfig& config) : config_(config), clock_(config.paced), memory_(config.memory_bytes) {
    config_.processors = std::clamp(config_.processors, 1U, 32U);
    policy_ = Policy::create(config_.policy, config_.seed, config_.pct_depth, config_.processors);
    exploring_ = policy_->explores();
    attention_ = exploring_;
    processors_ = std::make_unique<Processor[]>(config_.processors);
    for (unsigned number = 0; number < config_.processors; ++number) {
        Processor& processor = processors_[number];
        processor.number = number;
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
    // The layers above may still run guest code while they are taken down, the newest first.
    for (auto id = creation_order_.rbegin(); id != creation_order_.rend(); ++id) {
        auto& slot = subsystems_[static_cast<std::size_t>(*id)];
        Machine* previous = current_;
        current_ = this;
        slot.reset();
        current_ = previous;
    }
    // The next machine's driver may use the same globals.
    tsan::acquire(&threads_);
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

void Machine::begin_entry(EntryFrame& frame) {
    frame.outer = entry_;
    frame.previous = current_;
    frame.tsan_fiber = tsan::current_fiber();
    entry_ = &frame;
    current_ = this;
    if (frame.outer == nullptr) {
        const auto host_thread = static_cast<std::uint64_t>(pthread_self());
        if (client_host_thread_ != host_thread) [[unlikely]] {
            client_host_thread_ = host_thread;
            client_.fiber.adopt_host_stack();
            if (tsan::is_watching() && contexts_ == nullptr) {
                contexts_ = std::make_unique<tsan::Contexts>();
            }
            install_fault_handlers();
            arm_watchdog();
        }
    }
}

void Machine::end_entry(EntryFrame& frame) {
    entry_ = frame.outer;
    current_ = frame.previous;
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
    BugcheckReport report;
    report.code = code;
    report.parameters[0] = p1;
    report.parameters[1] = p2;
    report.parameters[2] = p3;
    report.parameters[3] = p4;
    report.rule = rule;
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
    report.thread = at.thread;
    report_ = std::move(report);
    abandon_guest();
}

// The guest's stacks are left as they are: nothing can be unwound through a driver's frames.
void Machine::abandon_guest() {
    halted_ = true;
    if (processor_->running != &client_) {
        Fiber& from = processor_->running->fiber;
        for (Processor& candidate : processors()) {
            if (candidate.running == &client_) {
                candidate.running = &candidate.idle;
            }
        }
        processor_->running = &client_;
        from.will_end();
        Fiber::switch_to(from, client_.fiber);
    }
    escape();
}

void Machine::escape() {
    tsan::switch_to(entry_->tsan_fiber); // whose interceptor of longjmp knows the frame
    _longjmp(entry_->escape, 1);
}

void Machine::remove_observer(Observer& observer) {
    observers_.erase(std::remove(observers_.begin(), observers_.end(), &observer), observers_.end());
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
        "interrupt enter", "interrupt leave", "dpc enter",     "dpc leave",   "thread switch",
        "timer expired",   "signalled",       "wait begin",    "wait end",    "line raised",
        "line lowered",    "irp dispatched",  "irp completed", "service",     "stream state",
        "stream position", "notification",    "glitch",        "power state", "log",
    };
    return names[static_cast<std::size_t>(kind)];
}

} // namespace openportcls::machine
