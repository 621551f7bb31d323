// Threads, processors and the choice of what runs next.
#include "machine/doorbell_service.h"
#include "machine/machine.h"
#include "machine/sanitizer_reports.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace openportcls::machine {

namespace {

constexpr std::size_t stack_bytes = 512 * 1024; // untouched pages cost nothing; sanitizers triple a frame
constexpr std::size_t spare_stack_limit = 64;

// How long a thread that does not wait keeps others of its priority from its own processor: two ticks of the clock, the
// quantum of a client edition of Windows.
constexpr Nanoseconds quantum = 2 * default_clock_interval;

} // namespace

// After every switch: a fiber that comes back into a crashed machine can only be the client, on its way out.
[[gnu::hot]] void Machine::switch_fiber(Fiber& from, Fiber& to) {
    Fiber::switch_to(from, to);
    if (halted_) [[unlikely]] {
        escape();
    }
    if (!terminated_.empty()) [[unlikely]] {
        reap_threads();
    }
}

FiberStack Machine::take_stack() {
    if (spare_stacks_.empty()) {
        return FiberStack(stack_bytes);
    }
    FiberStack stack = std::move(spare_stacks_.back());
    spare_stacks_.pop_back();
    return stack;
}

// A processor that falls idle for the first time needs a stack to do so.
[[gnu::hot]] void Machine::prepare_idle(Processor& processor) {
    Thread& idle = processor.idle;
    if (idle.fiber.stack()) [[likely]] {
        return;
    }
    FiberStack stack = take_stack();
    if (!stack) {
        bugcheck(0x3F /* NO_MORE_SYSTEM_PTES */, 0, 0, 0, 0, no_room_for_a_stack);
    }
    idle.fiber.prepare(std::move(stack), &Machine::idle_entry, &idle, "idle");
}

void Machine::prepare_every_idle() {
    for (Processor& each : processors()) {
        prepare_idle(each);
    }
    every_idle_prepared_ = true;
}

// A terminated thread cannot free the stack it stands on; whoever runs next does.
void Machine::reap_threads() {
    // ThreadSanitizer would take the next owner of a stack for a racer of this one; a new mapping has no past.
    const std::size_t limit = tsan::is_watching() ? 0 : spare_stack_limit;
    for (Thread* thread : terminated_) {
        if (thread->fiber.stack() && spare_stacks_.size() < limit) {
            spare_stacks_.push_back(thread->fiber.release_stack());
        }
        release_thread(*thread);
    }
    terminated_.clear();
}

Thread* Machine::create_thread(std::string_view name, Thread::Routine routine, void* context, std::uint8_t priority) {
    FiberStack stack = take_stack();
    if (!stack) {
        return nullptr;
    }
    auto owned = std::make_unique<Thread>();
    Thread* thread = owned.get();
    thread->header.Type = ThreadObject;
    thread->header.WaitListHead = {&thread->header.WaitListHead, &thread->header.WaitListHead};
    thread->serial = next_serial();
    thread->name = name;
    thread->priority = std::min<std::uint8_t>(priority, 31);
    thread->machine = this;
    thread->routine = routine;
    thread->context = context;
    thread->timeout.bind(&Machine::wait_timed_out, thread);
    thread->references = 2;
    thread->fiber.prepare(std::move(stack), &Machine::thread_entry, thread, thread->name.c_str(), thread->serial);
    threads_.push_back(owned.release());
    make_ready(*thread);
    return thread;
}

void Machine::release_thread(Thread& thread) {
    if (--thread.references == 0) {
        threads_.erase(std::remove(threads_.begin(), threads_.end(), &thread), threads_.end());
        delete &thread;
    }
}

void Machine::thread_entry(void* argument) {
    auto* thread = static_cast<Thread*>(argument);
    thread->routine(thread->context);
    thread->machine->exit_thread(0);
}

void Machine::exit_thread(std::int32_t status) {
    Thread& thread = current_thread();
    thread.exit_status = status;
    thread.header.SignalState = 1;
    tsan::release(&thread.header);
    tsan::release(&threads_);
    wake_waiters(thread.header);
    thread.state = ThreadState::terminated;
    terminated_.push_back(&thread);
    thread.fiber.will_end();
    block();
    std::abort(); // nobody continues a terminated thread
}

[[gnu::hot]] void Machine::make_ready(Thread& thread, QueueEnd end) {
    thread.state = ThreadState::ready;
    ReadyQueue& queue = ready_[thread.priority];
    if (queue.head == nullptr) {
        queue.head = queue.tail = &thread;
        thread.next_ready = nullptr;
        ready_mask_ |= 1U << thread.priority;
    } else if (end == QueueEnd::tail) {
        queue.tail->next_ready = &thread;
        queue.tail = &thread;
        thread.next_ready = nullptr;
    } else {
        thread.next_ready = queue.head;
        queue.head = &thread;
    }
    ready_with_affinity_ += thread.affinity != Thread::every_processor ? 1 : 0;
}

[[gnu::hot]] Thread* Machine::pop_ready(const Processor& taker) {
    if (ready_mask_ == 0) {
        return nullptr;
    }
    if (ready_with_affinity_ != 0) [[unlikely]] {
        return pop_ready_for(taker);
    }
    const unsigned level = 31U - static_cast<unsigned>(std::countl_zero(ready_mask_));
    ReadyQueue& queue = ready_[level];
    Thread* thread = queue.head;
    queue.head = thread->next_ready;
    if (queue.head == nullptr) {
        queue.tail = nullptr;
        ready_mask_ &= ~(1U << level);
    }
    return thread;
}

// Some threads may not run everywhere: the first of the highest level that this processor may take.
Thread* Machine::pop_ready_for(const Processor& taker) {
    for (std::size_t level = ready_.size(); level-- > 0;) {
        ReadyQueue& queue = ready_[level];
        Thread* before = nullptr;
        for (Thread* thread = queue.head; thread != nullptr; before = thread, thread = thread->next_ready) {
            if ((thread->affinity >> taker.number & 1U) == 0) {
                continue;
            }
            (before == nullptr ? queue.head : before->next_ready) = thread->next_ready;
            queue.tail = queue.tail == thread ? before : queue.tail;
            ready_mask_ &= queue.head == nullptr ? ~(1U << level) : ~0U;
            ready_with_affinity_ -= thread->affinity != Thread::every_processor ? 1 : 0;
            return thread;
        }
    }
    return nullptr;
}

// Asked only while there are ready threads with an affinity.
bool Machine::has_ready_for(const Processor& taker) const {
    for (const ReadyQueue& queue : ready_) {
        for (const Thread* thread = queue.head; thread != nullptr; thread = thread->next_ready) {
            if ((thread->affinity >> taker.number & 1U) != 0) {
                return true;
            }
        }
    }
    return false;
}

void Machine::set_affinity(std::uint32_t processors) {
    Thread& thread = current_thread();
    thread.affinity = processors;
    if ((processors >> processor_->number & 1U) != 0) {
        return;
    }
    may_stray_ = true;
    if (processor_->irql < irql::dispatch) {
        move_to_own_processor();
    }
}

void Machine::move_to_own_processor() {
    if (processor_->irql >= irql::dispatch || processor_->in_dpc) {
        return;
    }
    may_stray_ = false;
    Thread& thread = current_thread();
    if ((thread.affinity >> processor_->number & 1U) == 0) {
        make_ready(thread);
        block();
    }
}

// The current processor leaves its thread (waiting, terminated or back in the ready queue) for another one.
[[gnu::hot]] void Machine::run_thread(Thread& next) {
    Thread& previous = *processor_->running;
    processor_->running = &next;
    processor_->running_since = now();
    next.state = ThreadState::running;
    if (!next.is_idle) {
        trace(EventKind::thread_switch, next.serial, 0, next.name);
    }
    if (&previous != &next) {
        switch_fiber(previous.fiber, next.fiber);
    }
}

[[gnu::hot]] void Machine::block() {
    ++waits_;
    Thread* next = pop_ready(*processor_);
    if (next == nullptr) {
        prepare_idle(*processor_);
        next = &processor_->idle;
    }
    // APC_LEVEL belongs to the thread: it waits, and goes on, at its own level, maybe on another processor.
    const KIRQL level = processor_->irql;
    processor_->irql = irql::passive;
    processor_->dispatch_since = Processor::not_watched;
    const bool interrupts_disabled = std::exchange(processor_->interrupts_disabled, false);
    run_thread(*next);
    processor_->irql = level;
    processor_->interrupts_disabled = interrupts_disabled;
}

bool Machine::yield_thread() {
    Thread& thread = current_thread();
    if (has_ready() && (ready_with_affinity_ == 0 || has_ready_for(*processor_))) {
        make_ready(thread);
        block();
        return true;
    }
    if (Processor* other = other_runnable(*processor_)) {
        switch_processor(*other);
        return true;
    }
    return false;
}

bool Machine::is_runnable(const Processor& candidate) const {
    // An idle processor above PASSIVE_LEVEL was left in the middle of an interrupt or DPC, say to wait for a lock.
    return !candidate.running->is_idle || candidate.irql != irql::passive || has_deliverable(candidate) ||
           (ready_with_affinity_ != 0 && has_ready_for(candidate));
}

std::uint32_t Machine::runnable_mask() const {
    std::uint32_t mask = 0;
    for (unsigned number = 0; number < config_.processors; ++number) {
        if (is_runnable(processors_[number])) {
            mask |= 1U << number;
        }
    }
    return mask;
}

[[gnu::hot]] Processor* Machine::other_runnable(const Processor& except) {
    // No division: this runs before every step of time.
    unsigned number = except.number;
    for (unsigned others = config_.processors - 1; others != 0; --others) {
        number = number + 1 == config_.processors ? 0 : number + 1;
        if (is_runnable(processors_[number])) {
            return &processors_[number];
        }
    }
    return nullptr;
}

// While a policy explores, ready threads go to idle processors at once, so that they can interleave.
void Machine::hand_out_ready_threads() {
    for (unsigned number = 0; number < config_.processors && has_ready(); ++number) {
        Processor& candidate = processors_[number];
        if (&candidate != processor_ && candidate.running->is_idle && candidate.irql < irql::dispatch) {
            if (Thread* thread = pop_ready(candidate)) {
                thread->state = ThreadState::running;
                candidate.running = thread;
                candidate.running_since = now();
            }
        }
    }
}

// Whoever spends time without ever waiting (he polls a clock, a register, an event) does so on his own processor.
void Machine::let_others_run() {
    look_around_at_ = now() + patience;
    hand_out_ready_threads();
    Processor& here = *processor_;
    if (Processor* other = other_runnable(here)) {
        switch_processor(*other);
    } else if (has_ready() && here.irql < irql::dispatch && !here.in_dpc && !here.running->is_idle) {
        give_way(*here.running);
    }
}

// To a thread of a higher priority at once, before others of the own one; to one of these when the quantum has ended.
void Machine::give_way(Thread& thread) {
    const int highest = 31 - std::countl_zero(ready_mask_);
    const bool is_higher = highest > thread.priority;
    const bool has_had_quantum = highest == thread.priority && now() - processor_->running_since >= quantum;
    if ((is_higher || has_had_quantum) && (ready_with_affinity_ == 0 || has_ready_for(*processor_))) {
        make_ready(thread, is_higher ? QueueEnd::head : QueueEnd::tail);
        block();
    }
}

void Machine::switch_processor(Processor& to) {
    Processor& from = *processor_;
    if (to.running->is_idle) {
        prepare_idle(to);
    }
    processor_ = &to;
    trace(EventKind::thread_switch, to.running->serial, 0, to.running->name);
    switch_fiber(from.running->fiber, to.running->fiber);
}

[[gnu::hot]] void Machine::process_due_events() {
    const tsan::ClockScope scope(contexts_.get());
    while (clock_.fire_next_due()) {
    }
}

// A loop of calls that succeed at once (a lock that is free, an event that is set) would keep others away for ever.
void Machine::end_lap() {
    if (now() == lap_began_) {
        constexpr Nanoseconds cost = static_cast<Nanoseconds>(steps_per_lap) * step_cost;
        clock_.spend(cost);
        spent_in_laps_ += cost;
    }
    begin_lap();
}

[[gnu::hot]] void Machine::preempt() noexcept {
    if (static_cast<std::int64_t>(steps_before_look_ + held_back_) >= 0) [[unlikely]] {
        return;
    }
    if (step() >= lap_ends_at_) {
        end_lap();
    }
    look_at(exploring_ ? step() + 1 : lap_ends_at_);
    if (memory_error_reported) [[unlikely]] {
        stop_at_memory_error();
    }
    if (is_call_without_end_) [[unlikely]] {
        report_call_without_end();
    }
    process_due_events();
    Processor& here = *processor_;
    if (here.irql >= irql::dispatch) {
        watch_stay_at_dispatch();
    }
    if (has_deliverable(here) && (!exploring_ || policy_->deliver_now())) {
        deliver();
    }
    if (exploring_) {
        hand_out_ready_threads();
        const std::uint32_t runnable = runnable_mask() | 1U << here.number;
        const unsigned chosen = policy_->choose_processor(runnable, here.number, step());
        if (chosen != here.number) {
            switch_processor(processors_[chosen]);
        }
    } else if (now() >= look_around_at_) {
        let_others_run();
    }
}

void Machine::preempt_current() noexcept {
    current().preempt();
}

// Time has been spent: is something due now, or have others waited long enough?
void Machine::heed_time() noexcept {
    Machine& machine = current();
    if (machine.clock_.is_due() || machine.now() >= machine.look_around_at_) {
        machine.draw_attention();
    }
}

void Machine::stall(Nanoseconds duration) {
    spend(duration);
    if (processor_->irql >= irql::dispatch) {
        watch_stay_at_dispatch();
    }
    hand_out_ready_threads();
    if (Processor* other = other_runnable(*processor_)) {
        switch_processor(*other);
    }
}

bool Machine::try_acquire_lock(KSPIN_LOCK& lock) {
    preemption_point();
    if (lock != 0) {
        poll();
        return false;
    }
    lock = processor_->lock_word;
    tsan::acquire(&lock);
    return true;
}

void Machine::acquire_lock_in_turn(KSPIN_LOCK& lock) noexcept {
    look();
    if (lock != 0) {
        wait_for_lock(lock);
    }
    lock = processor_->lock_word;
    tsan::acquire(&lock);
}

void Machine::release_lock_in_turn(KSPIN_LOCK& lock) noexcept {
    if (lock != processor_->lock_word) {
        lock_not_owned(lock);
    }
    tsan::release(&lock);
    lock = 0;
    look();
}

void Machine::lock_not_owned(const KSPIN_LOCK& lock) {
    bugcheck(0x10 /* SPIN_LOCK_NOT_OWNED */, reinterpret_cast<std::uint64_t>(&lock), lock, processor_->number, 0,
             "A spin lock is released by the processor that acquired it (KeReleaseSpinLock).");
}

void Machine::wait_for_lock(KSPIN_LOCK& lock) {
    while (lock != 0) {
        if (lock == processor_->lock_word) {
            bugcheck(0x0F /* SPIN_LOCK_ALREADY_OWNED */, reinterpret_cast<std::uint64_t>(&lock), 0, 0, 0,
                     "A spin lock may not be acquired again by its owner (KeAcquireSpinLock).");
        }
        Processor* other = other_runnable(*processor_);
        if (other == nullptr) {
            bugcheck(0x133 /* DPC_WATCHDOG_VIOLATION */, reinterpret_cast<std::uint64_t>(&lock), lock, 0, 0,
                     "A processor spins on a lock that nobody is left to release.");
        }
        switch_processor(*other);
    }
}

void Machine::idle_entry(void* argument) {
    static_cast<Thread*>(argument)->machine->idle_loop();
}

[[gnu::hot]] void Machine::idle_loop() {
    for (;;) {
        Processor& here = *processor_;
        if (has_deliverable(here)) {
            deliver();
        } else if (Thread* next = pop_ready(here)) {
            run_thread(*next);
        } else if (Processor* other = other_runnable(here)) {
            switch_processor(*other);
        } else if (!let_time_pass()) {
            // Nothing can ever happen again: the client is told instead of waiting for ever.
            finish_wait(client_, STATUS_POSSIBLE_DEADLOCK);
        }
    }
}

// What an idle processor would do, on the stack of a thread that has nothing to do: no switch there and back. False
// when that is not enough, because somebody else has to run.
[[gnu::hot]] bool Machine::pass_idle_time() {
    Processor& here = *processor_;
    if (exploring_ || here.interrupts_disabled) {
        return false;
    }
    if (has_deliverable(here)) {
        deliver();
        return true;
    }
    if (has_ready() || other_runnable(here) != nullptr || !let_time_pass()) {
        return false;
    }
    if (has_deliverable(*processor_)) { // whether there is more time to pass or not
        deliver();
    }
    return true;
}

[[gnu::hot]] bool Machine::let_time_pass() {
    if (settling_) {
        return false;
    }
    if (auto* service = find_subsystem<DoorbellService>(); service != nullptr && service->is_active()) [[unlikely]] {
        clock_.advance_to(service->sleep_until(clock_.next_due()));
        if (service->take_ring()) {
            set_event(service->event());
        }
    } else if (clock_.has_events()) {
        clock_.advance_to(clock_.next_due());
    } else {
        return false;
    }
    look_around_at_ = now() + patience;
    passes_time_ = processor_;
    process_due_events();
    passes_time_ = nullptr;
    return true;
}

} // namespace openportcls::machine
