// The end of the machine by the driver's own wish, and what it wants to be told then.
#include <wdm.h>

#include "executive/ex/exceptions.h"
#include "executive/irql_check.h"
#include "executive/kernel.h"

using namespace openportcls;
using machine::Machine;

namespace {

enum BugcheckCallbackState : UCHAR {
    buffer_empty,
    buffer_inserted,
    buffer_started,
    buffer_finished,
    buffer_incomplete
};

void call_bugcheck_callbacks(Machine& machine) {
    machine.raise_irql(machine::irql::high);
    for (LIST_ENTRY& head = machine.subsystem<executive::Kernel>().bugcheck_callbacks; head.Flink != &head;) {
        auto* record = CONTAINING_RECORD(head.Flink, KBUGCHECK_CALLBACK_RECORD, Entry);
        head.Flink = record->Entry.Flink; // each once, even when one of them bugchecks
        head.Flink->Blink = &head;
        record->State = buffer_started;
        record->CallbackRoutine(record->Buffer, record->Length);
        record->State = buffer_finished;
    }
}

} // namespace

extern "C" {

void NTAPI KeBugCheckEx(ULONG code, ULONG_PTR p1, ULONG_PTR p2, ULONG_PTR p3, ULONG_PTR p4) {
    Machine& machine = Machine::current();
    const KIRQL at = machine.irql();
    call_bugcheck_callbacks(machine);
    machine.raise_irql(at); // the report shows where the driver was
    machine.bugcheck(code, p1, p2, p3, p4, "The driver stopped the machine itself (KeBugCheckEx).");
}

void NTAPI KeBugCheck(ULONG code) {
    KeBugCheckEx(code, 0, 0, 0, 0);
}

BOOLEAN NTAPI KeRegisterBugCheckCallback(PKBUGCHECK_CALLBACK_RECORD record, PKBUGCHECK_CALLBACK_ROUTINE routine,
                                         PVOID buffer, ULONG length, PUCHAR component) {
    if (record->State != buffer_empty) {
        return FALSE;
    }
    record->CallbackRoutine = routine;
    record->Buffer = buffer;
    record->Length = length;
    record->Component = component;
    record->State = buffer_inserted;
    LIST_ENTRY& head = Machine::current().subsystem<executive::Kernel>().bugcheck_callbacks;
    record->Entry = {&head, head.Blink};
    head.Blink->Flink = &record->Entry;
    head.Blink = &record->Entry;
    return TRUE;
}

BOOLEAN NTAPI KeDeregisterBugCheckCallback(PKBUGCHECK_CALLBACK_RECORD record) {
    if (record->State != buffer_inserted) {
        return FALSE;
    }
    record->State = buffer_empty;
    record->Entry.Blink->Flink = record->Entry.Flink;
    record->Entry.Flink->Blink = record->Entry.Blink;
    return TRUE;
}

// No kernel debugger is attached, ever; a host debugger sees the driver directly.
void NTAPI KeEnterKernelDebugger() {}
BOOLEAN NTAPI KeRefreshKdDebuggerNotPresent() {
    return TRUE;
}

} // extern "C"
