// Delivery of interrupts and DPCs.
#include "machine/machine.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "machine/spin_locks.h"

namespace openportcls::machine {

namespace {

// A line that interrupts this often in a row without anybody's help is stuck.
constexpr std::uint32_t storm_limit = 100'000;

const void* routine_of(const InterruptHandler& handler) {
    return handler.routine != nullptr ? handler.routine : reinterpret_cast<const void*>(handler.service);
}

// "Bug Check 0xF2": the parameters are about the first routine of the line, the fourth says whether there are others.
// The stack begins with all that were asked, in the order they were: of a shared line, the parameters alone do not tell
// whose card it is.
[[noreturn, gnu::cold, gnu::noinline]] void NTAPI interrupt_storm(Machine& machine, const InterruptLine& line,
                                                                  const InterruptHandler* claimant) {
    constexpr std::uint64_t not_chained = 1;
    constexpr std::uint64_t chained = 2;
    BugcheckReport report;
    const std::span<InterruptHandler* const> handlers = line.handlers();
    std::size_t claiming_frame = handlers.size();
    for (std::size_t number = 0; number < handlers.size(); ++number) {
        // Frames hold return addresses, of which the symbols are looked up one byte earlier.
        report.stack.push_back(frame_at(reinterpret_cast<std::uint64_t>(routine_of(*handlers[number])) + 1));
        claiming_frame = handlers[number] == claimant ? number : claiming_frame;
    }
    const bool is_shared = handlers.size() > 1;
    report.code = 0xF2; // HARDWARE_INTERRUPT_STORM
    if (!handlers.empty()) {
        const InterruptHandler& first = *handlers.front();
        report.parameters[0] = reinterpret_cast<std::uint64_t>(routine_of(first));
        report.parameters[1] = reinterpret_cast<std::uint64_t>(first.routine_context);
        report.parameters[2] = reinterpret_cast<std::uint64_t>(&first);
        report.parameters[3] = is_shared ? chained : not_chained;
    }
    report.rule = fmt::format(
        "The interrupt line of vector {:#x} stays asserted although {}: the device must be told that it was served. "
        "{} {}.",
        line.vector(),
        is_shared ? fmt::format("its {} service routines keep being asked", handlers.size())
                  : std::string("its service routine keeps running"),
        is_shared ? fmt::format("Frames #0 to #{} below are the routines that share it, in the order they are asked;",
                                handlers.size() - 1)
                  : std::string("Frame #0 below is the routine; it"),
        claiming_frame == handlers.size()
            ? (is_shared ? std::string("none claims the interrupt") : std::string("does not claim the interrupt"))
        : is_shared ? fmt::format("that of #{} claims the interrupt", claiming_frame)
                    : std::string("claims the interrupt"));
    for (StackFrame& frame : capture_stack(0)) {
        report.stack.push_back(std::move(frame));
    }
    machine.bugcheck_with_stack(std::move(report));
}

} // namespace

InterruptLine::InterruptLine(Machine& machine, std::uint32_t vector, KIRQL irql, TriggerMode mode)
    : machine_(machine), vector_(vector), irql_(irql), mode_(mode) {}

void NTAPI InterruptLine::raise(unsigned source) {
    const bool was_asserted = asserted_by_ != 0;
    asserted_by_ |= 1U << source;
    if (!was_asserted) {
        edge_ = true;
        machine_.trace(EventKind::line_raised, vector_);
        machine_.line_pending(*this);
    }
}

void NTAPI InterruptLine::lower(unsigned source) {
    if (asserted_by_ == 0) {
        return;
    }
    asserted_by_ &= ~(1U << source);
    unhandled_ = 0;
    if (asserted_by_ == 0) {
        machine_.trace(EventKind::line_lowered, vector_);
    }
}

void InterruptLine::pulse() {
    edge_ = true;
    machine_.trace(EventKind::line_raised, vector_);
    machine_.line_pending(*this);
}

void InterruptLine::unmask() {
    masked_ = false;
    machine_.line_pending(*this);
}

void InterruptLine::connect(InterruptHandler& handler) {
    if (handler.lock == nullptr) {
        handler.lock = &handler.own_lock;
    }
    if (handler.serial == 0) {
        handler.serial = machine_.next_serial();
    }
    tsan::release(handler.lock); // what the driver did until now is there for its routine
    handlers_.push_back(&handler);
    machine_.line_pending(*this);
}

void InterruptLine::disconnect(InterruptHandler& handler) {
    // The last service call may still be suspended on another processor.
    while (in_service_ && *handler.lock != 0) {
        machine_.stall(1000);
    }
    const auto place = std::find(handlers_.begin(), handlers_.end(), &handler);
    if (place != handlers_.end()) {
        // Another processor may be going through them: nobody behind this one loses its turn.
        turn_ -= place - handlers_.begin() < static_cast<std::ptrdiff_t>(turn_) ? 1 : 0;
        handlers_.erase(place);
    }
    tsan::acquire(handler.lock);
}

InterruptLine& Machine::interrupt_line(std::uint32_t vector, KIRQL irql, TriggerMode mode) {
    return lines_.try_emplace(vector, *this, vector, irql, mode).first->second;
}

void Machine::line_pending(InterruptLine& line) {
    if (line.queued_ || !line.needs_service()) {
        return;
    }
    line.queued_ = true;
    line.next_pending_ = nullptr;
    InterruptLine** slot = &pending_lines_[line.irql_];
    while (*slot != nullptr) {
        slot = &(*slot)->next_pending_;
    }
    *slot = &line;
    pending_irqls_ |= 1U << line.irql_;
    // An idle processor whose time passes delivers next of all. A DPC that runs meanwhile is interrupted.
    if (passes_time_ != processor_ || processor_->irql >= irql::dispatch) {
        draw_attention();
    }
}

void Machine::enable_interrupts() {
    processor_->interrupts_disabled = false;
    if (has_deliverable(*processor_)) {
        deliver();
    }
}

// Something waited for this processor's IRQL to be low enough.
[[gnu::hot]] void Machine::deliver() noexcept {
    if (processor_->interrupts_disabled) {
        return;
    }
    deliver_interrupts();
    if (processor_->irql < irql::dispatch && processor_->dpc_head != nullptr) {
        drain_dpcs();
    }
}

[[gnu::hot]] void Machine::deliver_interrupts() {
    while ((pending_irqls_ >> (processor_->irql + 1)) != 0 && !processor_->interrupts_disabled) {
        const unsigned level = 31U - static_cast<unsigned>(std::countl_zero(pending_irqls_));
        InterruptLine& line = *pending_lines_[level];
        pending_lines_[level] = line.next_pending_;
        if (pending_lines_[level] == nullptr) {
            pending_irqls_ &= ~(1U << level);
        }
        line.queued_ = false;
        if (line.needs_service()) {
            service_line(line);
        }
    }
}

[[gnu::hot]] void Machine::service_line(InterruptLine& line) {
    const KIRQL old = raise_irql(line.irql_);
    line.edge_ = false;
    line.in_service_ = true;
    const InterruptHandler* claimant = nullptr;
    trace(EventKind::interrupt_enter, line.vector_);
    // A level line asks routine after routine until one claims it and is asked again while it is still asserted;
    // on a latched line every routine gets its turn, because edges merge.
    for (line.turn_ = 0; line.turn_ < line.handlers_.size();) {
        InterruptHandler& handler = *line.handlers_[line.turn_++];
        const KIRQL before = raise_irql(std::max(line.irql_, handler.synchronize_irql));
        const auto ask = [this, &handler]() __attribute__((always_inline)) {
            tsan::acquire(&lines_);
            acquire_lock(*handler.lock);
            const bool mine = handler.service(handler);
            release_lock(*handler.lock);
            return mine;
        };
        bool mine = false;
        if (contexts_ == nullptr) [[likely]] { // beside run_as(), which would have everything that `ask` uses in memory
            mine = ask();
        } else {
            run_as(tsan::Kind::interrupt, [&] { mine = ask(); });
        }
        processor_->irql = before;
        claimant = mine ? &handler : claimant;
        if (mine && line.mode_ == TriggerMode::level) {
            break;
        }
    }
    trace(EventKind::interrupt_leave, line.vector_, claimant != nullptr);
    line.in_service_ = false;
    line.unhandled_ = line.mode_ == TriggerMode::level && line.asserted_by_ != 0 ? line.unhandled_ + 1 : 0;
    if (line.unhandled_ > storm_limit) {
        interrupt_storm(*this, line, claimant);
    }
    processor_->irql = old;
    if (old < irql::dispatch) {
        processor_->dispatch_since = Processor::not_watched;
    }
    line_pending(line);
}

bool Machine::synchronize(InterruptHandler& handler, bool (*routine)(void* context), void* context) {
    const KIRQL old = raise_irql(handler.synchronize_irql);
    acquire_lock(*handler.lock);
    const bool result = routine(context);
    release_lock(*handler.lock);
    lower_irql(old);
    return result;
}

[[gnu::hot]] bool Machine::queue_dpc(KDPC& dpc, void* argument1, void* argument2) {
    tsan::release(&dpc); // also for the run that an earlier request has queued already
    if (dpc.DpcData != nullptr) {
        return false; // already queued: the first arguments stay
    }
    Processor& target = dpc.Number == 0 ? *processor_ : processors_[(dpc.Number - 1U) % config_.processors];
    dpc.SystemArgument1 = argument1;
    dpc.SystemArgument2 = argument2;
    dpc.DpcData = &target;
    auto& link = reinterpret_cast<KDPC*&>(dpc.DpcListEntry.Next);
    link = nullptr;
    if (target.dpc_head == nullptr) {
        target.dpc_head = target.dpc_tail = &dpc;
    } else if (dpc.Importance == HighImportance) {
        link = target.dpc_head;
        target.dpc_head = &dpc;
    } else {
        reinterpret_cast<KDPC*&>(target.dpc_tail->DpcListEntry.Next) = &dpc;
        target.dpc_tail = &dpc;
    }
    ++target.dpcs_queued;
    if (&target == processor_ && processor_->irql < irql::dispatch) {
        deliver();
    } else if (&target != processor_) {
        draw_attention(); // here it runs as soon as the IRQL allows
    }
    return true;
}

std::vector<const KDPC*> Machine::queued_dpcs() const {
    std::vector<const KDPC*> queued;
    for (unsigned number = 0; number < config_.processors; ++number) {
        for (const KDPC* entry = processors_[number].dpc_head; entry != nullptr;
             entry = reinterpret_cast<const KDPC*>(entry->DpcListEntry.Next)) {
            queued.push_back(entry);
        }
    }
    return queued;
}

bool Machine::remove_dpc(KDPC& dpc) {
    auto* target = static_cast<Processor*>(dpc.DpcData);
    if (target == nullptr) {
        return false;
    }
    KDPC* previous = nullptr;
    for (KDPC* entry = target->dpc_head; entry != nullptr; entry = reinterpret_cast<KDPC*>(entry->DpcListEntry.Next)) {
        if (entry == &dpc) {
            auto* next = reinterpret_cast<KDPC*>(dpc.DpcListEntry.Next);
            (previous == nullptr ? target->dpc_head : reinterpret_cast<KDPC*&>(previous->DpcListEntry.Next)) = next;
            if (target->dpc_tail == &dpc) {
                target->dpc_tail = previous;
            }
            --target->dpcs_queued;
            dpc.DpcData = nullptr;
            tsan::acquire(&dpc);
            return true;
        }
        previous = entry;
    }
    return false;
}

[[gnu::hot]] void Machine::drain_dpcs() {
    const KIRQL old = raise_irql(irql::dispatch);
    Processor* here = processor_;
    while (KDPC* dpc = here->dpc_head) {
        here->dpc_head = reinterpret_cast<KDPC*>(dpc->DpcListEntry.Next);
        if (here->dpc_head == nullptr) {
            here->dpc_tail = nullptr;
        }
        --here->dpcs_queued;
        // The routine may queue its own object again, with other arguments, or free it.
        const PKDEFERRED_ROUTINE routine = dpc->DeferredRoutine;
        void* const context = dpc->DeferredContext;
        void* const argument1 = dpc->SystemArgument1;
        void* const argument2 = dpc->SystemArgument2;
        const bool has_target = dpc->Number != 0;
        dpc->DpcData = nullptr;
        here->in_dpc = true;
        here->dpc_since = Processor::not_watched;
        trace(EventKind::dpc_enter, here->number);
        if (here->dpc_head != nullptr) {
            __builtin_prefetch(here->dpc_head->DeferredContext); // with many streams each one is cold
        }
        if (contexts_ == nullptr) [[likely]] {
            routine(dpc, context, argument1, argument2);
        } else {
            run_as(tsan::Kind::dpc, [=] {
                tsan::acquire(dpc);
                // Nothing orders the runs of DPCs, not even of one DPC, unless all are bound to one processor.
                if (has_target) {
                    tsan::acquire(here);
                }
                routine(dpc, context, argument1, argument2);
                tsan::release(&here->dpcs_delivered);
                if (has_target) {
                    tsan::release(here);
                }
            });
        }
        if (here->held_spin_locks != 0) [[unlikely]] { // a processor that goes through its DPCs held none
            spin_lock_kept(*this, "A DPC routine", reinterpret_cast<const void*>(routine));
        }
        // DPCs come only while interrupts are enabled.
        if (here->interrupts_disabled) [[unlikely]] {
            bugcheck(driver_verifier_detected_violation, 0xC1 /* returned with interrupts disabled */,
                     reinterpret_cast<std::uint64_t>(routine), 0, 0,
                     "A DPC routine returns with interrupts enabled; this one called _disable() without _enable().");
        }
        if (here->irql != irql::dispatch) [[unlikely]] {
            constexpr std::uint32_t callout = 2; // the third part of parameter 1 says what the others are
            bugcheck(0xC8 /* IRQL_UNEXPECTED_VALUE */,
                     static_cast<std::uint32_t>(here->irql) << 16 | irql::dispatch << 8 | callout,
                     reinterpret_cast<std::uint64_t>(routine), reinterpret_cast<std::uint64_t>(context), 0,
                     "A DPC routine returns at the IRQL it was called at, DISPATCH_LEVEL.");
        }
        trace(EventKind::dpc_leave, here->number);
        here->in_dpc = false;
        ++here->dpcs_delivered;
        deliver_interrupts();
    }
    here->irql = old;
    here->dispatch_since = Processor::not_watched;
}

void Machine::flush_dpcs() {
    const auto busy = [this] {
        return std::any_of(processors_.get(), processors_.get() + config_.processors, [this](const Processor& each) {
            return &each != processor_ && (each.dpc_head != nullptr || each.in_dpc);
        });
    };
    if (has_deliverable(*processor_)) {
        deliver();
    }
    while (busy()) {
        Processor* other = other_runnable(*processor_);
        if (other == nullptr) {
            break;
        }
        switch_processor(*other);
    }
    for (const Processor& each : processors()) {
        tsan::acquire(&each.dpcs_delivered);
    }
}

} // namespace openportcls::machine
