// Deferred procedure calls, APC-disabling regions and inter-processor calls.
#include <wdm.h>

#include "executive/ex/asan.h"
#include "executive/irql_check.h"
#include "executive/ke/apcs.h"
#include "executive/ke/regions.h"
#include "executive/sentence.h"

using namespace openportcls;
using machine::Machine;

namespace {

constexpr UCHAR dpc_object = 19;
constexpr UCHAR threaded_dpc_object = 24;

void initialise(KDPC& dpc, UCHAR type, PKDEFERRED_ROUTINE routine, void* context) {
    executive::require_own_memory(&dpc, sizeof dpc, "KeInitializeDpc");
    dpc = {};
    dpc.Type = type;
    dpc.Importance = MediumImportance;
    dpc.DeferredRoutine = routine;
    dpc.DeferredContext = context;
}

// The machine counts targets from 1; 0 means "the processor that queues it".
void set_target(KDPC& dpc, ULONG processor) {
    dpc.Number = static_cast<USHORT>(processor + 1);
}

void leave_region(Machine& machine, std::int32_t kind, const char* function) {
    auto& depth = machine.current_thread().critical_region_depth;
    depth -= kind;
    if (depth < 0) [[unlikely]] {
        machine.bugcheck(0x20 /* KERNEL_APC_PENDING_DURING_EXIT */, 0, 0, machine.irql(), 0,
                         executive::Sentence("{} without the matching call that entered the region.", function));
    }
    executive::deliver_apcs(machine);
}

} // namespace

extern "C" {

void NTAPI KeInitializeDpc(PRKDPC dpc, PKDEFERRED_ROUTINE routine, PVOID context) {
    initialise(*dpc, dpc_object, routine, context);
}

// Drivers must be ready to be called at DISPATCH_LEVEL, where a threaded DPC runs when threading is off.
void NTAPI KeInitializeThreadedDpc(PRKDPC dpc, PKDEFERRED_ROUTINE routine, PVOID context) {
    OPC_REQUIRE_PASSIVE();
    initialise(*dpc, threaded_dpc_object, routine, context);
}

BOOLEAN NTAPI KeInsertQueueDpc(PRKDPC dpc, PVOID argument1, PVOID argument2) {
    Machine& machine = Machine::current();
    machine.preemption_point();
    if (dpc->DeferredRoutine == nullptr) [[unlikely]] {
        machine.bugcheck(0xC7 /* TIMER_OR_DPC_INVALID */, 0, reinterpret_cast<std::uint64_t>(dpc), 0, 0,
                         "A DPC is initialised with KeInitializeDpc before it is queued.");
    }
    return machine.queue_dpc(*dpc, argument1, argument2);
}

BOOLEAN NTAPI KeRemoveQueueDpc(PRKDPC dpc) {
    Machine& machine = Machine::current();
    machine.preemption_point();
    return machine.remove_dpc(*dpc);
}

void NTAPI KeSetImportanceDpc(PRKDPC dpc, KDPC_IMPORTANCE importance) {
    dpc->Importance = static_cast<UCHAR>(importance);
}

void NTAPI KeSetTargetProcessorDpc(PRKDPC dpc, CCHAR number) {
    set_target(*dpc, static_cast<UCHAR>(number));
}

NTSTATUS NTAPI KeSetTargetProcessorDpcEx(PKDPC dpc, PPROCESSOR_NUMBER number) {
    if (number->Group != 0 || number->Reserved != 0 || number->Number >= Machine::current().processors().size()) {
        return STATUS_INVALID_PARAMETER;
    }
    set_target(*dpc, number->Number);
    return STATUS_SUCCESS;
}

void NTAPI KeFlushQueuedDpcs() {
    OPC_REQUIRE_PASSIVE();
    Machine::current().flush_dpcs();
}

BOOLEAN NTAPI KeIsExecutingDpc() {
    return Machine::current().processor().in_dpc;
}

// Somebody else wants this processor at DISPATCH_LEVEL.
LOGICAL NTAPI KeShouldYieldProcessor() {
    return Machine::current().processor().dpcs_queued != 0;
}

// Limits of zero: no time limit is set for DPCs. (The machine's watchdog counts host time, which is nobody's business.)
NTSTATUS NTAPI KeQueryDpcWatchdogInformation(PKDPC_WATCHDOG_INFORMATION information) {
    *information = {};
    return Machine::current().processor().in_dpc ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}

void NTAPI KeEnterCriticalRegion() {
    OPC_REQUIRE_APC_OR_BELOW();
    ++Machine::current().current_thread().critical_region_depth;
}

void NTAPI KeLeaveCriticalRegion() {
    OPC_REQUIRE_APC_OR_BELOW();
    leave_region(Machine::current(), 1, __func__);
}

void NTAPI KeEnterGuardedRegion() {
    OPC_REQUIRE_APC_OR_BELOW();
    Machine::current().current_thread().critical_region_depth += executive::guarded_region;
}

void NTAPI KeLeaveGuardedRegion() {
    OPC_REQUIRE_APC_OR_BELOW();
    leave_region(Machine::current(), executive::guarded_region, __func__);
}

BOOLEAN NTAPI KeAreApcsDisabled() {
    Machine& machine = Machine::current();
    return machine.irql() >= machine::irql::apc || machine.current_thread().critical_region_depth > 0;
}

BOOLEAN NTAPI KeAreAllApcsDisabled() {
    Machine& machine = Machine::current();
    return machine.irql() >= machine::irql::apc ||
           machine.current_thread().critical_region_depth >= executive::guarded_region;
}

// Every processor runs the function at IPI_LEVEL at the same time; one after the other is one of the orders that
// can happen, because nothing can run in between.
ULONG_PTR NTAPI KeIpiGenericCall(PKIPI_BROADCAST_WORKER function, ULONG_PTR context) {
    Machine& machine = Machine::current();
    const KIRQL old = machine.raise_irql(IPI_LEVEL);
    ULONG_PTR result = 0;
    for (std::size_t i = 0; i < machine.processors().size(); ++i) {
        result = function(context);
    }
    machine.lower_irql(old);
    return result;
}

} // extern "C"
