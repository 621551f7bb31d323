// Kernel timers. They tick with the clock interrupt; the machine does the rounding.
#include <wdm.h>

#include "executive/callers.h"
#include "executive/ex/asan.h"
#include "executive/irql_check.h"
#include "executive/ke/time_units.h"

using namespace openportcls;
using machine::Machine;
using machine::Nanoseconds;

namespace {

// A timer whose time has come already expires while it is being set.
void NTAPI expire_now(Machine& machine, KTIMER& timer) {
    machine::tsan::release(&timer);
    timer.Header.SignalState = 1;
    machine.wake_waiters(timer.Header);
    if (timer.Dpc != nullptr) {
        machine.queue_dpc(*timer.Dpc, nullptr, nullptr);
    }
}

bool NTAPI set(KTIMER& timer, LARGE_INTEGER due_time, ULONG period_milliseconds, KDPC* dpc, const void* caller) {
    Machine& machine = Machine::current();
    executive::require_own_memory(&timer, sizeof timer, "KeSetTimer");
    machine.preemption_point();
    const Nanoseconds period = static_cast<Nanoseconds>(period_milliseconds) * machine::nanoseconds_per_millisecond;
    const Nanoseconds due = executive::due_to_machine_time(machine, due_time.QuadPart);
    timer.Period = period_milliseconds;
    if (due > machine.now()) {
        return machine.set_timer(timer, due, period, dpc, caller);
    }
    bool was_set;
    if (period > 0) {
        was_set = machine.set_timer(timer, machine.now() + period, period, dpc, caller);
    } else {
        was_set = machine.cancel_timer(timer);
        timer.Dpc = dpc;
    }
    expire_now(machine, timer);
    return was_set;
}

} // namespace

OPC_BEGIN_REMEMBERING_CALLERS

extern "C" {

void NTAPI KeInitializeTimerEx(PKTIMER timer, TIMER_TYPE type) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    executive::require_own_memory(timer, sizeof *timer, __func__);
    *timer = {};
    timer->Header.Type =
        type == NotificationTimer ? machine::TimerNotificationObject : machine::TimerSynchronizationObject;
    timer->Header.Size = sizeof(KTIMER) / sizeof(LONG);
    timer->Header.WaitListHead = {&timer->Header.WaitListHead, &timer->Header.WaitListHead};
}

void NTAPI KeInitializeTimer(PKTIMER timer) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    KeInitializeTimerEx(timer, NotificationTimer);
}

BOOLEAN NTAPI KeSetTimer(PKTIMER timer, LARGE_INTEGER due_time, PKDPC dpc) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return set(*timer, due_time, 0, dpc, __builtin_return_address(0));
}

BOOLEAN NTAPI KeSetTimerEx(PKTIMER timer, LARGE_INTEGER due_time, LONG period, PKDPC dpc) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return set(*timer, due_time, period > 0 ? static_cast<ULONG>(period) : 0, dpc, __builtin_return_address(0));
}

// The tolerable delay lets Windows merge expirations; expiring at the earliest allowed moment honours it, too.
BOOLEAN NTAPI KeSetCoalescableTimer(PKTIMER timer, LARGE_INTEGER due_time, ULONG period, ULONG, PKDPC dpc) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return set(*timer, due_time, period, dpc, __builtin_return_address(0));
}

BOOLEAN NTAPI KeCancelTimer(PKTIMER timer) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Machine& machine = Machine::current();
    machine.preemption_point();
    return machine.cancel_timer(*timer);
}

BOOLEAN NTAPI KeReadStateTimer(PKTIMER timer) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Machine::current().poll();
    return timer->Header.SignalState != 0;
}

} // extern "C"

OPC_END_REMEMBERING_CALLERS
