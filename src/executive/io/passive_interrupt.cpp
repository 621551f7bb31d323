#include "executive/io/passive_interrupt.h"

#include <vector>

#include "executive/io/interrupts.h"

namespace openportcls::executive {

namespace {

constexpr std::uint8_t realtime_priority = 27; // above every worker; below what the clock drives

} // namespace

PassiveInterrupt::PassiveInterrupt(KINTERRUPT& interrupt, Routine routine) : interrupt_(interrupt), routine_(routine) {
    KeInitializeEvent(&lock_, SynchronizationEvent, TRUE);
    KeInitializeEvent(&requested_, SynchronizationEvent, FALSE);
    KeInitializeDpc(&dpc_, &PassiveInterrupt::wake, this);
    thread_ = machine::Machine::current().create_thread("interrupt", &PassiveInterrupt::run, this, realtime_priority);
}

PassiveInterrupt::~PassiveInterrupt() {
    if (thread_ == nullptr) {
        return;
    }
    machine::Machine& machine = machine::Machine::current();
    is_ending_ = true;
    machine.remove_dpc(dpc_);
    machine.flush_dpcs();
    machine.set_event(requested_);
    machine.wait_one(&thread_->header);
    machine.release_thread(*thread_);
    interrupt_.line->unmask(); // of a request that nobody serves any more
}

void PassiveInterrupt::request() {
    // A level stays until the routine has told the device; an edge is gone once it is seen.
    if (interrupt_.line->mode() == machine::TriggerMode::level) {
        interrupt_.line->mask();
    }
    machine::Machine::current().queue_dpc(dpc_, nullptr, nullptr);
}

VOID NTAPI PassiveInterrupt::wake(PKDPC, PVOID context, PVOID, PVOID) {
    machine::Machine::current().set_event(static_cast<PassiveInterrupt*>(context)->requested_);
}

void PassiveInterrupt::run(void* argument) {
    auto& self = *static_cast<PassiveInterrupt*>(argument);
    machine::Machine& machine = machine::Machine::current();
    for (;;) {
        machine.wait_one(&self.requested_);
        if (self.is_ending_) {
            return;
        }
        self.service();
    }
}

// Only the first of those that share a level line is woken: it asks them one after the other until one claims it.
void PassiveInterrupt::service() {
    machine::InterruptLine& line = *interrupt_.line;
    if (line.mode() == machine::TriggerMode::level) {
        const std::vector<machine::InterruptHandler*> handlers(line.handlers().begin(), line.handlers().end());
        for (machine::InterruptHandler* handler : handlers) {
            auto& interrupt = static_cast<KINTERRUPT&>(*handler);
            if (interrupt.passive->call_routine()) {
                break;
            }
        }
    } else {
        (void)call_routine();
    }
    line.unmask();
}

bool PassiveInterrupt::call_routine() {
    machine::Machine& machine = machine::Machine::current();
    machine.wait_one(&lock_);
    const bool mine = routine_(&interrupt_);
    machine.set_event(lock_);
    return mine;
}

BOOLEAN PassiveInterrupt::synchronize(PKSYNCHRONIZE_ROUTINE routine, void* context) {
    machine::Machine& machine = machine::Machine::current();
    machine.wait_one(&lock_);
    const BOOLEAN result = routine(context);
    machine.set_event(lock_);
    return result;
}

} // namespace openportcls::executive
