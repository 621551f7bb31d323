// One simulated computer: processors, time, interrupts, memory and everything the layers above hang on it.
// All of it runs on one host thread; kernel threads are fibers. No globals: two machines never meet.
#pragma once

#include <array>
#include <csetjmp>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "machine/bugcheck.h"
#include "machine/clock.h"
#include "machine/device.h"
#include "machine/explanations.h"
#include "machine/guest_heap.h"
#include "machine/interrupts.h"
#include "machine/observer.h"
#include "machine/physical_memory.h"
#include "machine/policy.h"
#include "machine/processor.h"
#include "machine/thread.h"
#include "machine/thread_sanitizer.h"
#include "machine/watched_call.h"

namespace openportcls::machine {

struct MachineConfig {
    unsigned processors = 2; // 1..32
    PolicyKind policy = PolicyKind::first_come;
    std::uint64_t seed = 1;
    unsigned pct_depth = 3;
    bool paced = false;
    std::uint64_t memory_bytes = 512ULL << 20; // address space; only touched pages cost
    std::uint32_t watchdog_seconds = 10;       // host CPU time without a preemption point; 0 = off
};

// Where in its run a machine is.
struct RunPosition {
    std::uint64_t seed = 0;
    std::uint64_t step = 0;
    Nanoseconds time = 0;
    unsigned processor = 0;
    KIRQL irql = irql::passive;
    std::string_view thread;
};

// Layers above the machine keep their per-machine state in one Subsystem each.
enum class SubsystemId : std::uint8_t {
    hardware,
    executive,
    objects,
    registry,
    files,
    etw,
    pnp,
    kmdf,
    ks,
    portcls,
    client,
    drivers,
    count
};

class Subsystem {
public:
    virtual ~Subsystem() = default;
};

// What exports and the methods of ports call on the way of a period is NTAPI, too: the Windows convention preserves ten
// vector registers that they would otherwise have to save, all ten, for a single call of a System V function anywhere
// in them. Clean-up for exceptions is such a call: hence noexcept in the scope of guards.
class Machine {
public:
    explicit Machine(const MachineConfig& config = {});
    ~Machine();
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;

    // The machine that the calling host thread is inside of. Kernel exports have no other way to find it.
    static Machine& current() { return *current_; }
    static Machine* current_or_null() { return current_; }

    const MachineConfig& config() const { return config_; }
    Clock& clock() { return clock_; }
    PhysicalMemory& memory() { return memory_; }
    GuestHeap& guest_heap() { return guest_heap_; }
    AddressSpace& ports() { return ports_; }
    AddressSpace& registers() { return registers_; } // memory-mapped, by physical address
    ConfigSpace& pci_config() { return pci_config_; }
    Nanoseconds now() const { return clock_.now(); }
    Nanoseconds clock_interval() const { return clock_interval_; }
    // ExSetTimerResolution: timers that wait for the clock interrupt are re-rounded.
    void set_clock_interval(Nanoseconds interval);

    // ---- entering -------------------------------------------------------------------------------------------
    // Runs `function` inside the machine as the client thread: the host thread stands still meanwhile, since the client
    // has a stack of its own that a driver cannot run out of, nor write past, unnoticed. False when the guest has
    // crashed, before or during the call; then bugcheck_report() tells why. C++ objects of `function`'s frames are not
    // destroyed in that case. From inside it is a plain call.
    template<class Function>
    bool enter(Function&& function) {
        using Callable = std::remove_reference_t<Function>;
        return enter([](void* argument) { (*static_cast<Callable*>(argument))(); },
                     const_cast<void*>(static_cast<const void*>(&function)), nullptr);
    }
    // The same for function(argument). With `describe` the call is watched (WatchedCall): it gets the argument.
    bool enter(void (*function)(void* argument), void* argument, WatchedCall::Describe describe) {
        return run_as_client(function, argument, describe);
    }
    bool is_halted() const { return halted_; }
    const BugcheckReport* bugcheck_report() const { return halted_ ? &report_ : nullptr; }

    // From inside: lets time pass for the client (everything else runs); from outside use enter().
    void run_for(Nanoseconds duration);
    // From inside: lets every ready thread, DPC and due event run without moving time to a later event.
    void settle();

    // ---- crashing -------------------------------------------------------------------------------------------
    [[noreturn]] void NTAPI bugcheck(std::uint32_t code, std::uint64_t p1, std::uint64_t p2, std::uint64_t p3,
                                     std::uint64_t p4, std::string_view rule);
    // Called by fault handlers with the stack already captured.
    [[noreturn]] void bugcheck_with_stack(BugcheckReport report);
    // AddressSanitizer has reported an error of the driver.
    [[noreturn]] void stop_at_memory_error();
    // A fault (page fault, divide error …) on a guest stack: asked first; true = resumed elsewhere (SEH).
    using FaultHook = bool (*)(Machine& machine, int signal_number, void* signal_information, void* signal_context);
    void set_fault_hook(FaultHook hook) { fault_hook_ = hook; }
    FaultHook fault_hook() const { return fault_hook_; }
    // Asked once per second of host CPU time: has the guest gone too long without a preemption point, or without going
    // below DISPATCH_LEVEL? A watched call that does not come back is reported at the next preemption point.
    bool watchdog_expired();
    // A set KTIMER, or a queued KDPC, that lies in this memory; null when there is none.
    const KTIMER* set_timer_in(const void* begin, std::size_t bytes) const;
    const KDPC* queued_dpc_in(const void* begin, std::size_t bytes) const;
    // Of any thread of the machine, innermost first.
    std::vector<StackFrame> stack_of(const Thread& thread) const;

    // ---- processors and IRQL --------------------------------------------------------------------------------
    Processor& processor() { return *processor_; }
    std::span<Processor> processors() { return {processors_.get(), config_.processors}; }
    KIRQL irql() const { return processor_->irql; }
    // Unchecked (the executive checks direction): raising never delivers anything, lowering delivers what waited.
    KIRQL raise_irql(KIRQL level) {
        const KIRQL old = processor_->irql;
        processor_->irql = level;
        return old;
    }
    void lower_irql(KIRQL level) {
        Processor& here = *processor_;
        here.irql = level;
        here.dispatch_since = level < irql::dispatch ? Processor::not_watched : here.dispatch_since;
        if (has_deliverable(here)) [[unlikely]] {
            deliver();
        }
    }

    bool are_interrupts_enabled() const { return !processor_->interrupts_disabled; }
    // `cli` and `sti`, on the processor that runs. A thread that waits nevertheless takes the flag along, as the
    // processor's flags are its own.
    void disable_interrupts() { processor_->interrupts_disabled = true; }
    void enable_interrupts();

    // Where the scheduler may interfere: kernel API calls and hardware accesses pass through here.
    void preemption_point() {
        if (counts_as_look()) [[unlikely]] {
            preempt_current();
        }
    }
    // A preemption point in two parts. The first counts it; true: the second has to follow, and so it has to whenever
    // ThreadSanitizer watches, which others then need not ask. Unsigned: one instruction counts and compares.
    bool counts_as_look() { return static_cast<std::int64_t>(--steps_before_look_) < 0; }
    void look() {
        if (static_cast<std::int64_t>(steps_before_look_) < 0) {
            preempt();
        }
    }
    std::uint64_t step() const { return look_at_step_ - 1 - (steps_before_look_ + held_back_); }
    RunPosition run_position() const {
        return {config_.seed, step(), now(), processor_->number, processor_->irql, processor_->running->name};
    }
    // Makes the next preemption point look around.
    void draw_attention() { look_at(step() + 1); }
    // An operation that takes time on real hardware; also a preemption point.
    void spend(Nanoseconds cost) {
        clock_.spend(cost);
        if (clock_.may_be_due() || now() >= look_around_at_) [[unlikely]] {
            heed_time();
        }
        preemption_point();
    }
    // What asks again and again for something to happen takes as long as a `pause`, so that it does happen.
    static constexpr Nanoseconds poll_cost = 40;
    void poll() { spend(poll_cost); }
    // A busy-wait by design (KeStallExecutionProcessor): others get to run.
    void stall(Nanoseconds duration);

    // ---- spin locks -----------------------------------------------------------------------------------------
    // IRQL is the caller's business.
    void acquire_lock(KSPIN_LOCK& lock) {
        if (counts_as_look() || !is_found(lock, 0)) [[unlikely]] {
            acquire_lock_in_turn(lock);
        } else {
            lock = processor_->lock_word;
        }
    }
    bool try_acquire_lock(KSPIN_LOCK& lock);
    void release_lock(KSPIN_LOCK& lock) {
        if (counts_as_look() || !is_found(lock, processor_->lock_word)) [[unlikely]] {
            release_lock_in_turn(lock);
        } else {
            lock = 0;
        }
    }
    // A branch of its own after the one of the preemption point: made one condition, they take twice the instructions.
    static bool is_found(const KSPIN_LOCK& lock, KSPIN_LOCK word) {
        asm volatile("");
        return lock == word;
    }
    // The same, once their preemption point has been counted.
    [[gnu::cold, gnu::noinline]] void NTAPI acquire_lock_in_turn(KSPIN_LOCK& lock) noexcept;
    [[gnu::cold, gnu::noinline]] void NTAPI release_lock_in_turn(KSPIN_LOCK& lock) noexcept;

    // ---- DPCs -----------------------------------------------------------------------------------------------
    bool NTAPI queue_dpc(KDPC& dpc, void* argument1, void* argument2);
    bool remove_dpc(KDPC& dpc);
    std::vector<const KDPC*> queued_dpcs() const;
    // Returns when every DPC queued before the call has run on every processor. PASSIVE_LEVEL.
    void flush_dpcs();

    // ---- threads --------------------------------------------------------------------------------------------
    Thread& current_thread() { return *processor_->running; }
    bool is_entered() const { return is_entered_; } // a stack of the machine's is in use
    Thread& client_thread() { return client_; }
    // The new thread is ready; the caller holds one reference besides the one the running thread has on itself. Null
    // when the host has no room for its stack.
    Thread* create_thread(std::string_view name, Thread::Routine routine, void* context, std::uint8_t priority = 8);
    void reference_thread(Thread& thread) { ++thread.references; }
    void release_thread(Thread& thread);

    // The listener takes the signals of a synchronisation event, at the level they are made.
    void listen(KEVENT& event, SignalListener& listener);
    void stop_listening(SignalListener& listener);
    // The running thread sleeps until it is unparked. Whoever does that knows that it sleeps: between a look at what
    // there is to do and park() there is no preemption point.
    void park();
    void unpark(Thread& thread) {
        thread.is_parked = false;
        if (thread.state == ThreadState::waiting) [[unlikely]] { // as a rule it lets time pass itself
            wake_parked(thread);
        }
    }
    bool explores() const { return exploring_; } // interleavings, by its policy
    [[noreturn]] void exit_thread(std::int32_t status);
    std::span<Thread* const> threads() const { return threads_; } // living, in order of creation
    // Lets another ready thread run; false when there was none.
    bool yield_thread();
    // The running thread runs on these processors from now on, and is on one of them on return. From DISPATCH_LEVEL
    // up, where a thread cannot leave its processor, follow_affinity() does that afterwards.
    void set_affinity(std::uint32_t processors);
    void follow_affinity() {
        if (may_stray_) [[unlikely]] {
            move_to_own_processor();
        }
    }

    // ---- waiting --------------------------------------------------------------------------------------------
    // `deadline` is machine time, `never` waits for ever; it is exact. Returns STATUS_WAIT_0 + index, STATUS_TIMEOUT,
    // or STATUS_POSSIBLE_DEADLOCK to a client thread when nothing is left that could ever happen.
    NTSTATUS wait(std::span<DISPATCHER_HEADER* const> objects, bool wait_all, Nanoseconds deadline);
    NTSTATUS wait_one(void* object, Nanoseconds deadline = never);
    LONG NTAPI set_event(KEVENT& event);
    LONG pulse_event(KEVENT& event);
    LONG release_semaphore(KSEMAPHORE& semaphore, LONG adjustment);
    LONG release_mutex(KMUTEX& mutex);
    // After SignalState of any object has been raised by hand.
    void wake_waiters(DISPATCHER_HEADER& object) {
        if (object.WaitListHead.Flink != &object.WaitListHead) {
            wake_all_waiters(object);
        }
    }

    // The clock interrupt at which a kernel wait or timer that is due then ends.
    Nanoseconds NTAPI round_to_clock(Nanoseconds due) const;

    // ---- timers that tick with the clock interrupt (KTIMER) --------------------------------------------------
    // due: machine time; period 0 = once. Returns whether the timer was set before.
    // `caller`: the code on whose behalf, for set_timers().
    bool NTAPI set_timer(KTIMER& timer, Nanoseconds due, Nanoseconds period, KDPC* dpc, const void* caller = nullptr);
    bool NTAPI cancel_timer(KTIMER& timer);
    // Who has timers set, one entry each, the latest first. The timers' own memory may be gone.
    std::vector<const void*> set_timers() const;

    // ---- interrupts -----------------------------------------------------------------------------------------
    // The line for a vector, made on first use.
    InterruptLine& interrupt_line(std::uint32_t vector, KIRQL irql = irql::device_lowest,
                                  TriggerMode mode = TriggerMode::level);
    void NTAPI line_pending(InterruptLine& line);
    // What the processor did before it spoke to hardware has happened when the hardware interrupts.
    void ordered_before_interrupts() { tsan::release(&lines_); }
    // Runs `routine` as KeSynchronizeExecution does: at the handler's synchronisation IRQL, under its lock.
    bool synchronize(InterruptHandler& handler, bool (*routine)(void* context), void* context);

    // ---- observers and subsystems ---------------------------------------------------------------------------
    void add_observer(Observer& observer) {
        observers_.push_back(&observer);
        is_observed_ = true;
    }
    void remove_observer(Observer& observer);
    bool is_observed() const { return is_observed_; }
    void trace(EventKind kind, std::uint32_t subject, std::int64_t value = 0, std::string_view detail = {}) {
        if (is_observed()) [[unlikely]] {
            report_event(kind, subject, value, detail);
        }
    }
    // A line of the log that is also kept, observed or not.
    void NTAPI explain(Explanations::Kind kind, std::uint32_t subject, std::int64_t value, std::string_view sentence);
    const Explanations& explanations() const { return explanations_; }
    std::uint32_t next_serial() { return ++last_serial_; }

    template<class T>
    T& subsystem() {
        return static_cast<T&>(*subsystems_[static_cast<std::size_t>(T::subsystem_id)]);
    }
    template<class T>
    T* find_subsystem() {
        return static_cast<T*>(subsystems_[static_cast<std::size_t>(T::subsystem_id)].get());
    }
    template<class T, class... Arguments>
    T& add_subsystem(Arguments&&... arguments) {
        auto owned = std::make_unique<T>(*this, std::forward<Arguments>(arguments)...);
        T& result = *owned;
        auto& slot = subsystems_[static_cast<std::size_t>(T::subsystem_id)];
        slot = std::move(owned);
        creation_order_.push_back(T::subsystem_id);
        return result;
    }

private:
    friend class InterruptLine;
    friend class WatchedCall;

    // Of enter() from the host.
    struct Call {
        void (*function)(void* argument);
        void* argument;
        WatchedCall::Describe describe; // null: not watched
        Nanoseconds since;
    };
    // An enter() from inside.
    struct NestedEntry {
        jmp_buf escape;
        NestedEntry* outer;
        void* tsan_fiber;
    };

    struct ReadyQueue {
        Thread* head = nullptr;
        Thread* tail = nullptr;
    };

    struct TimerRecord {
        ClockEvent event;
        Machine* machine;
        KTIMER* timer;
        const void* caller;
        Nanoseconds nominal; // unrounded due time
        Nanoseconds period;
        Nanoseconds rounding;    // what it expires after `nominal`, while the clock's interval is the one below
        Nanoseconds rounded_for; // 0: none
        TimerRecord* next;       // in the active list or the free list
        TimerRecord* previous;
    };

    bool run_as_client(void (*function)(void* argument), void* argument, WatchedCall::Describe describe);
    [[gnu::cold]] bool run_nested(void (*function)(void* argument), void* argument, WatchedCall::Describe describe);
    [[gnu::cold]] bool prepare_client();
    [[gnu::cold]] void use_host_thread();
    static void client_entry(void* argument);
    [[noreturn]] void report_open_region();
    [[noreturn]] void abandon_guest();
    [[noreturn]] void leave_for_host(Fiber& from);
    [[noreturn]] void escape(); // to the innermost enter() from inside, or to the host
    void arm_watchdog();
    void watch_stay_at_dispatch();
    WatchedCall::Facts facts_of_call() const;
    WatchedCall::Facts call_without_end() const;
    [[gnu::cold]] void report_call_without_end();

    bool has_deliverable(const Processor& here) const {
        return ((here.irql < irql::dispatch && here.dpc_head != nullptr) || (pending_irqls_ >> (here.irql + 1)) != 0) &&
               !here.interrupts_disabled;
    }
    [[gnu::noinline]] void NTAPI preempt() noexcept; // not in line, as what it calls does not keep to the convention
    // Of the current machine: without an argument there is nothing to find a register for.
    [[gnu::cold, gnu::noinline]] OPC_KEEPS_REGISTERS static void preempt_current() noexcept;
    [[gnu::cold, gnu::noinline]] OPC_KEEPS_REGISTERS static void heed_time() noexcept;
    [[gnu::noinline]] void NTAPI deliver() noexcept;
    void NTAPI deliver_interrupts();
    void NTAPI service_line(InterruptLine& line);
    void NTAPI drain_dpcs();
    void process_due_events();
    template<class Function>
    static void NTAPI call(void* function) {
        (*static_cast<Function*>(function))();
    }
    // Calls function() right here, unless ThreadSanitizer watches: then in an execution context of its own.
    template<class Function>
    [[gnu::always_inline]] void run_as(tsan::Kind kind, Function&& function) {
        if (contexts_ == nullptr) [[likely]] {
            function();
        } else {
            contexts_->run(kind, &call<std::remove_reference_t<Function>>, &function);
        }
    }

    void switch_fiber(Fiber& from, Fiber& to);
    void switch_processor(Processor& to);
    void run_thread(Thread& next);
    void block();
    enum class QueueEnd : std::uint8_t { head, tail };
    [[gnu::noinline]] void NTAPI wake_parked(Thread& thread) noexcept;
    void NTAPI make_ready(Thread& thread, QueueEnd end = QueueEnd::tail);
    Thread* pop_ready(const Processor& taker);
    Thread* pop_ready_for(const Processor& taker);
    bool has_ready() const { return ready_mask_ != 0; }
    bool has_ready_for(const Processor& taker) const;
    [[gnu::cold]] void NTAPI move_to_own_processor();
    bool is_runnable(const Processor& candidate) const;
    std::uint32_t runnable_mask() const;
    void hand_out_ready_threads();
    void let_others_run();
    void look_at(std::uint64_t step_to_look_at) {
        steps_before_look_ += step_to_look_at - look_at_step_;
        look_at_step_ = step_to_look_at;
    }
    void begin_lap() {
        lap_ends_at_ = step() + steps_per_lap;
        lap_began_ = now();
    }
    void end_lap();
    void give_way(Thread& thread);
    Processor* other_runnable(const Processor& except);
    void wait_for_lock(KSPIN_LOCK& lock);
    [[noreturn]] void lock_not_owned(const KSPIN_LOCK& lock);
    void idle_loop();
    bool pass_idle_time();
    bool let_time_pass();
    static void idle_entry(void* argument);
    static void thread_entry(void* argument);
    FiberStack take_stack();
    void prepare_idle(Processor& processor);
    [[gnu::cold, gnu::noinline]] void prepare_every_idle();
    void reap_threads();

    void NTAPI wake_all_waiters(DISPATCHER_HEADER& object);
    static bool NTAPI is_signalled(const DISPATCHER_HEADER& object, const Thread& thread);
    static void NTAPI satisfy(DISPATCHER_HEADER& object, Thread& thread);
    void NTAPI finish_wait(Thread& thread, NTSTATUS status);
    static void wait_timed_out(ClockEvent& event);
    static void timer_due(ClockEvent& event);
    TimerRecord* NTAPI timer_record(const KTIMER& timer) const;
    TimerRecord* NTAPI new_timer_record();
    Nanoseconds NTAPI expiry_of(TimerRecord& record) const;
    void NTAPI unlink_timer(TimerRecord& record);

    [[gnu::cold, gnu::noinline]] void NTAPI report_event(EventKind kind, std::uint32_t subject, std::int64_t value,
                                                         std::string_view detail);

    static constinit thread_local Machine* current_; // constinit: no check for a first use in every export

    MachineConfig config_;
    Clock clock_;
    PhysicalMemory memory_;
    GuestHeap guest_heap_;
    AddressSpace ports_;
    AddressSpace registers_;
    ConfigSpace pci_config_;
    Nanoseconds clock_interval_ = default_clock_interval;
    std::unique_ptr<Policy> policy_;

    std::unique_ptr<Processor[]> processors_;
    Processor* processor_ = nullptr;
    Thread client_;
    std::array<ReadyQueue, 32> ready_;
    std::uint32_t ready_mask_ = 0;
    std::uint32_t ready_with_affinity_ = 0; // ready threads that not every processor may take
    bool may_stray_ = false;                // a thread's affinity changed while it could not move
    // The next preemption point that looks around is this one: the end of the lap, or the very next. Those before it,
    // one at every lock and every call, are counted down.
    std::uint64_t look_at_step_ = steps_per_lap;
    std::uint64_t steps_before_look_ = steps_per_lap - 1;
    // Of these, where ThreadSanitizer watches: so many that each seems to be one to look at.
    std::uint64_t held_back_ = 0;
    // Even a processor that never asks the time takes some for so many calls.
    static constexpr std::uint64_t steps_per_lap = 4096;
    static constexpr Nanoseconds step_cost = 10;
    std::uint64_t lap_ends_at_ = steps_per_lap;
    Nanoseconds lap_began_ = 0;
    Nanoseconds spent_in_laps_ = 0;
    // How long one who does not wait keeps others from a processor that idles.
    static constexpr Nanoseconds patience = 20'000;
    Nanoseconds look_around_at_ = patience; // when whoever spends time looks next whether somebody else waits to run
    bool every_idle_prepared_ = false;
    bool exploring_ = false;
    bool settling_ = false;
    const Processor* passes_time_ = nullptr; // lets time pass, being idle, and looks for interrupts next
    std::vector<Thread*> terminated_;
    std::vector<Thread*> threads_; // living, in order of creation
    std::vector<FiberStack> spare_stacks_;
    std::unique_ptr<tsan::Contexts> contexts_; // null unless ThreadSanitizer watches
    std::uint32_t last_serial_ = 0;

    std::map<std::uint32_t, InterruptLine> lines_;
    std::array<InterruptLine*, 16> pending_lines_{};
    std::uint32_t pending_irqls_ = 0;

    TimerRecord* active_timers_ = nullptr;
    TimerRecord* free_timers_ = nullptr;
    std::vector<std::unique_ptr<TimerRecord>> timer_records_;

    std::vector<Observer*> observers_;
    bool is_observed_ = false;
    std::array<std::unique_ptr<Subsystem>, static_cast<std::size_t>(SubsystemId::count)> subsystems_;
    std::vector<SubsystemId> creation_order_;

    Fiber host_; // the stack that called enter()
    Call call_{};
    bool is_entered_ = false;
    std::uint64_t entries_ = 0; // from the host
    std::exception_ptr thrown_; // by what was called
    NestedEntry* nested_ = nullptr;
    const void* client_host_thread_ = nullptr; // by an address that each has of its own
    bool halted_ = false;
    BugcheckReport report_;
    FaultHook fault_hook_ = nullptr;
    std::uint64_t watchdog_last_step_ = 0;
    std::uint32_t watchdog_ticks_ = 0;
    std::uint64_t waits_ = 0; // for which a thread left its processor
    std::uint64_t watchdog_last_wait_ = 0;
    Nanoseconds watchdog_last_time_ = 0; // without what laps cost
    std::uint64_t watchdog_last_entry_ = 0;
    std::uint64_t ticks_before_entry_ = 0; // of the watchdog, before the latest entry that it has seen
    std::uint32_t watchdog_busy_ticks_ = 0;
    std::uint64_t watchdog_all_ticks_ = 0;
    WatchedCall* watched_calls_ = nullptr;      // the newest first
    volatile bool is_call_without_end_ = false; // set by the watchdog's signal
    Explanations explanations_;
};

} // namespace openportcls::machine
