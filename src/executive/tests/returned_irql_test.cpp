// "Bug Check 0xC8: IRQL_UNEXPECTED_VALUE" and its kin: a driver's routine returns at the IRQL it was called at.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "executive/tests/fixture.h"

namespace openportcls::executive {
namespace {

// Routines that raise the IRQL, or lower it, and leave it so.
void raise() {
    KeRaiseIrqlToDpcLevel();
}
void NTAPI lowering_dpc(PKDPC, PVOID, PVOID, PVOID) {
    KeLowerIrql(APC_LEVEL);
}
void NTAPI raising_dpc(PKDPC, PVOID, PVOID, PVOID) {
    KIRQL old;
    KeRaiseIrql(5, &old);
}
void NTAPI raising_worker(PVOID) {
    raise();
}
void NTAPI raising_work_item(PDEVICE_OBJECT, PVOID) {
    raise();
}
void NTAPI raising_thread(PVOID) {
    raise();
}
BOOLEAN NTAPI raising_isr(PKINTERRUPT, PVOID) {
    KIRQL old;
    KeRaiseIrql(9, &old);
    return TRUE;
}
BOOLEAN NTAPI calm_isr(PKINTERRUPT, PVOID) {
    return TRUE;
}
BOOLEAN NTAPI raising_synchronised(PVOID) {
    KIRQL old;
    KeRaiseIrql(9, &old);
    return TRUE;
}
NTSTATUS NTAPI raising_dispatch(PDEVICE_OBJECT, PIRP irp) {
    raise();
    return complete(irp, STATUS_SUCCESS);
}
NTSTATUS NTAPI calm_dispatch(PDEVICE_OBJECT, PIRP irp) {
    return complete(irp, STATUS_SUCCESS);
}
NTSTATUS NTAPI raising_completion(PDEVICE_OBJECT, PIRP, PVOID) {
    raise();
    return STATUS_MORE_PROCESSING_REQUIRED;
}
NTSTATUS NTAPI keeping_completion(PDEVICE_OBJECT, PIRP, PVOID) {
    return STATUS_MORE_PROCESSING_REQUIRED;
}
void NTAPI raising_ex_timer(PEX_TIMER, PVOID) {
    KIRQL old;
    KeRaiseIrql(5, &old);
}

// Routines that return with a spin lock that they acquired.
KSPIN_LOCK spin_lock;

void keep_lock() {
    KIRQL old;
    KeAcquireSpinLock(&spin_lock, &old);
}
void NTAPI locking_dpc(PKDPC, PVOID, PVOID, PVOID) {
    KeAcquireSpinLockAtDpcLevel(&spin_lock);
}
void NTAPI locking_worker(PVOID) {
    keep_lock();
}
BOOLEAN NTAPI locking_isr(PKINTERRUPT, PVOID) {
    KeAcquireSpinLockAtDpcLevel(&spin_lock);
    return TRUE;
}
BOOLEAN NTAPI locking_synchronised(PVOID) {
    KeAcquireSpinLockAtDpcLevel(&spin_lock);
    return TRUE;
}
NTSTATUS NTAPI locking_dispatch(PDEVICE_OBJECT, PIRP irp) {
    keep_lock();
    return complete(irp, STATUS_SUCCESS);
}
NTSTATUS NTAPI locking_completion(PDEVICE_OBJECT, PIRP, PVOID) {
    KeTryToAcquireSpinLockAtDpcLevel(&spin_lock);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

KDPC dpc;
KTIMER timer;
WORK_QUEUE_ITEM item;

void wait() {
    LARGE_INTEGER interval = milliseconds(100);
    KeDelayExecutionThread(KernelMode, FALSE, &interval);
}

void run_dpc(PKDEFERRED_ROUTINE routine) {
    KeInitializeDpc(&dpc, routine, nullptr);
    KeInsertQueueDpc(&dpc, nullptr, nullptr);
}

void interrupt_with(PKSERVICE_ROUTINE service, PKSYNCHRONIZE_ROUTINE synchronised) {
    constexpr ULONG vector = 0x51;
    PKINTERRUPT interrupt = nullptr;
    IoConnectInterrupt(&interrupt, service, nullptr, nullptr, vector, 5, 5, Latched, FALSE, 1, FALSE);
    if (synchronised != nullptr) {
        KeSynchronizeExecution(interrupt, synchronised, nullptr);
    } else {
        machine::Machine::current().interrupt_line(vector).pulse();
        wait();
    }
}

void send_irp(PDRIVER_DISPATCH dispatch, PIO_COMPLETION_ROUTINE completion, KIRQL level = PASSIVE_LEVEL) {
    static TestDriver driver(dispatch);
    driver = TestDriver(dispatch);
    driver.object.DriverExtension = &driver.extension;
    driver.extension.DriverObject = &driver.object;
    DEVICE_OBJECT* device = nullptr;
    IoCreateDevice(&driver.object, 0, nullptr, FILE_DEVICE_KS, 0, FALSE, &device);
    IRP* irp = IoAllocateIrp(device->StackSize, FALSE);
    IoSetCompletionRoutine(irp, completion, nullptr, TRUE, TRUE, TRUE);
    KIRQL old;
    KeRaiseIrql(level, &old);
    IoCallDriver(device, irp);
}

struct Case {
    const char* name;
    std::uint32_t code;
    std::uint64_t first_parameter; // current << 16 | expected << 8 | kind of routine; 0: not compared
    const char* rule;
    void (*act)();
};

void PrintTo(const Case& each, std::ostream* out) {
    *out << each.name;
}

const Case cases[] = {
    {"Dpc", 0xC8, 0x10202, "A DPC routine returns", [] { run_dpc(&lowering_dpc); }},
    {"DpcRaised", 0xC8, 0x50202, "A DPC routine returns", [] { run_dpc(&raising_dpc); }},
    {"TimerDpc", 0xC8, 0x10202, "A DPC routine returns",
     [] {
         KeInitializeTimer(&timer);
         KeInitializeDpc(&dpc, &lowering_dpc, nullptr);
         KeSetTimer(&timer, milliseconds(1), &dpc);
         wait();
     }},
    {"ExTimer", 0xC8, 0x50202, "returns at the IRQL",
     [] {
         PEX_TIMER ex_timer = ExAllocateTimer(&raising_ex_timer, nullptr, EX_TIMER_HIGH_RESOLUTION);
         ExSetTimer(ex_timer, -10000, 0, nullptr);
         wait();
     }},
    {"WorkQueueItem", 0xE1, 0, "A work item returns",
     [] {
         ExInitializeWorkItem(&item, &raising_worker, nullptr);
         ExQueueWorkItem(&item, DelayedWorkQueue);
         wait();
     }},
    {"IoWorkItem", 0xE1, 0, "A work item returns",
     [] {
         static TestDriver driver(&calm_dispatch);
         DEVICE_OBJECT* device = nullptr;
         IoCreateDevice(&driver.object, 0, nullptr, FILE_DEVICE_KS, 0, FALSE, &device);
         IoQueueWorkItem(IoAllocateWorkItem(device), &raising_work_item, DelayedWorkQueue, nullptr);
         wait();
     }},
    {"SystemThread", 0x0A, 0, "PsTerminateSystemThread may be called at PASSIVE_LEVEL",
     [] {
         HANDLE thread = nullptr;
         PsCreateSystemThread(&thread, 0, nullptr, nullptr, nullptr, &raising_thread, nullptr);
         wait();
     }},
    {"InterruptServiceRoutine", 0xC8, 0x90503, "An interrupt service routine returns",
     [] { interrupt_with(&raising_isr, nullptr); }},
    {"SynchronisedRoutine", 0xC8, 0x90502, "A routine of KeSynchronizeExecution returns",
     [] { interrupt_with(&calm_isr, &raising_synchronised); }},
    {"DispatchRoutine", 0xC8, 0x20002, "A dispatch routine (of major function 0x0) returns",
     [] { send_irp(&raising_dispatch, &keeping_completion); }},
    {"CompletionRoutine", 0xC8, 0x20002, "A completion routine returns",
     [] { send_irp(&calm_dispatch, &raising_completion); }},
};

class ReturnedIrql : public ExecutiveTest, public testing::WithParamInterface<Case> {};

TEST_P(ReturnedIrql, MustBeTheOneItWasCalledAt) {
    expect_bugcheck(GetParam().code, GetParam().rule, GetParam().act);
    if (machine.is_halted() && GetParam().first_parameter != 0) {
        EXPECT_EQ(machine.bugcheck_report()->parameters[0], GetParam().first_parameter);
    }
}

INSTANTIATE_TEST_SUITE_P(Table, ReturnedIrql, testing::ValuesIn(cases),
                         [](const auto& info) { return std::string(info.param.name); });

// ---- spin locks
// -------------------------------------------------------------------------------------------------------

struct LockCase {
    const char* name;
    std::uint64_t violation; // the first parameter of bug check 0xC4
    const char* rule;
    void (*act)();
};

void PrintTo(const LockCase& each, std::ostream* out) {
    *out << each.name;
}

constexpr std::uint64_t spin_lock_rule = 0x00040009;
KSPIN_LOCK inner_lock;

const LockCase lock_cases[] = {
    {"Dpc", spin_lock_rule, "A DPC routine returned without releasing the spin lock at 0x",
     [] { run_dpc(&locking_dpc); }},
    {"WorkQueueItem", spin_lock_rule, "A work item returned without releasing the spin lock at 0x",
     [] {
         ExInitializeWorkItem(&item, &locking_worker, nullptr);
         ExQueueWorkItem(&item, DelayedWorkQueue);
         wait();
     }},
    {"SystemThread", spin_lock_rule, "A system thread's routine returned without releasing the spin lock at 0x",
     [] {
         HANDLE thread = nullptr;
         PsCreateSystemThread(&thread, 0, nullptr, nullptr, nullptr, &locking_worker, nullptr);
         wait();
     }},
    {"InterruptServiceRoutine", spin_lock_rule, "An interrupt service routine returned without releasing",
     [] { interrupt_with(&locking_isr, nullptr); }},
    {"SynchronisedRoutine", spin_lock_rule, "A routine of KeSynchronizeExecution returned without releasing",
     [] { interrupt_with(&calm_isr, &locking_synchronised); }},
    {"DispatchRoutine", spin_lock_rule, "A dispatch routine (of major function 0x0) returned without releasing",
     [] { send_irp(&locking_dispatch, &keeping_completion); }},
    {"DispatchRoutineAtDispatchLevel", spin_lock_rule,
     "A dispatch routine (of major function 0x0) returned without releasing",
     [] { send_irp(&locking_dispatch, &keeping_completion, DISPATCH_LEVEL); }},
    {"CompletionRoutine", spin_lock_rule, "A completion routine returned without releasing the spin lock at 0x",
     [] { send_irp(&calm_dispatch, &locking_completion, DISPATCH_LEVEL); }},
    {"KeLowerIrql", 0x31, "KeLowerIrql goes to IRQL 0 while the processor holds the spin lock at 0x",
     [] {
         keep_lock();
         KeLowerIrql(PASSIVE_LEVEL);
     }},
    {"ReleaseWithTheOtherIrql", spin_lock_rule, "goes to IRQL 0 while the processor holds the spin lock at 0x",
     [] {
         KIRQL outer;
         KIRQL inner;
         KeAcquireSpinLock(&inner_lock, &outer);
         KeAcquireSpinLock(&spin_lock, &inner);
         KeReleaseSpinLock(&inner_lock, outer);
     }},
};

class KeptSpinLock : public ExecutiveTest, public testing::WithParamInterface<LockCase> {};

TEST_P(KeptSpinLock, IsReportedWithTheLock) {
    spin_lock = inner_lock = 0;
    expect_bugcheck(0xC4, GetParam().rule, GetParam().act);
    if (machine.is_halted()) {
        EXPECT_EQ(machine.bugcheck_report()->parameters[0], GetParam().violation);
        EXPECT_THAT(machine.bugcheck_report()->rule,
                    testing::HasSubstr(fmt::format("{:#x}", reinterpret_cast<std::uint64_t>(&spin_lock))));
    }
}

INSTANTIATE_TEST_SUITE_P(Table, KeptSpinLock, testing::ValuesIn(lock_cases),
                         [](const auto& info) { return std::string(info.param.name); });

// The locks of the other kinds, by the words of their reports.
EX_SPIN_LOCK reader_writer;
void NTAPI sharing_dpc(PKDPC, PVOID, PVOID, PVOID) {
    ExAcquireSpinLockSharedAtDpcLevel(&reader_writer);
}
void NTAPI excluding_worker(PVOID) {
    ExAcquireSpinLockExclusive(&reader_writer);
}
void NTAPI cancel_locking_worker(PVOID) {
    KIRQL old;
    IoAcquireCancelSpinLock(&old);
}
void NTAPI keeping_cancel(PDEVICE_OBJECT, PIRP) {}

const LockCase other_lock_cases[] = {
    {"SharedByDpc", spin_lock_rule, "A DPC routine returned without releasing the reader-writer spin lock at 0x",
     [] { run_dpc(&sharing_dpc); }},
    {"ExclusiveByWorkItem", spin_lock_rule, "ExReleaseSpinLockShared or ExReleaseSpinLockExclusive before the routine",
     [] {
         ExInitializeWorkItem(&item, &excluding_worker, nullptr);
         ExQueueWorkItem(&item, DelayedWorkQueue);
         wait();
     }},
    {"SharedAndLowered", 0x31, "KeLowerIrql goes to IRQL 0 while the processor holds the reader-writer spin lock",
     [] { KeLowerIrql(ExAcquireSpinLockShared(&reader_writer)); }},
    {"SharedAndAnotherReleased", spin_lock_rule, "KeReleaseSpinLock of the spin lock at 0x",
     [] {
         KIRQL old;
         KeAcquireSpinLock(&inner_lock, &old);
         ExAcquireSpinLockShared(&reader_writer);
         KeReleaseSpinLock(&inner_lock, old);
     }},
    {"CancelLockByWorkItem", spin_lock_rule,
     "the cancel spin lock that it acquired (rule SpinLock of Driver Verifier: IoReleaseCancelSpinLock",
     [] {
         ExInitializeWorkItem(&item, &cancel_locking_worker, nullptr);
         ExQueueWorkItem(&item, DelayedWorkQueue);
         wait();
     }},
    {"CancelLockAndLowered", 0x31, "while the processor holds the cancel spin lock",
     [] {
         KIRQL old;
         IoAcquireCancelSpinLock(&old);
         KeLowerIrql(old);
     }},
    {"CancelRoutine", spin_lock_rule, "A cancel routine returned without releasing the cancel spin lock",
     [] {
         IRP* irp = IoAllocateIrp(1, FALSE);
         IoSetCancelRoutine(irp, &keeping_cancel);
         IoCancelIrp(irp);
     }},
};

class KeptOtherLock : public ExecutiveTest, public testing::WithParamInterface<LockCase> {};

TEST_P(KeptOtherLock, IsReportedWithItsKind) {
    inner_lock = 0;
    reader_writer = 0;
    expect_bugcheck(0xC4, GetParam().rule, GetParam().act);
    if (machine.is_halted()) {
        EXPECT_EQ(machine.bugcheck_report()->parameters[0], GetParam().violation);
    }
}

INSTANTIATE_TEST_SUITE_P(Table, KeptOtherLock, testing::ValuesIn(other_lock_cases),
                         [](const auto& info) { return std::string(info.param.name); });

using ReleasedLock = ExecutiveTest;

TEST_F(ReleasedLock, LeavesNothingBehind) {
    inside([] {
        reader_writer = 0;
        KIRQL old = ExAcquireSpinLockShared(&reader_writer);
        EXPECT_TRUE(ExTryConvertSharedSpinLockExclusive(&reader_writer));
        ExReleaseSpinLockExclusive(&reader_writer, old);
        IoAcquireCancelSpinLock(&old);
        IoReleaseCancelSpinLock(old);
        KeLowerIrql(PASSIVE_LEVEL);
    });
}

// Nested locks that are not released in the reverse order, but with the right levels, are nobody's mistake; neither is
// KeLowerIrql between device levels and DISPATCH_LEVEL.
class SpinLockOrder : public ExecutiveTest {};

TEST_F(SpinLockOrder, ThatKeepsTheLevelIsAllowed) {
    inside([] {
        KSPIN_LOCK first = 0;
        KSPIN_LOCK second = 0;
        KIRQL outer;
        KIRQL inner;
        KeAcquireSpinLock(&first, &outer);
        KeAcquireSpinLock(&second, &inner);
        KIRQL device;
        KeRaiseIrql(7, &device);
        KeLowerIrql(device);
        KeReleaseSpinLock(&first, inner);
        EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
        KeReleaseSpinLock(&second, outer);
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
        KeLowerIrql(PASSIVE_LEVEL);
    });
}

// Driver Verifier's DRIVER_VERIFIER_DETECTED_VIOLATION 0xC0, 0xC1: neither does it leave interrupts disabled.
void NTAPI disabling_dpc(PKDPC, PVOID, PVOID, PVOID) {
    OpcDisableInterrupts();
}
void NTAPI disabling_worker(PVOID) {
    OpcDisableInterrupts();
}
void NTAPI disabling_thread(PVOID) {
    OpcDisableInterrupts();
}
BOOLEAN NTAPI disabling_isr(PKINTERRUPT, PVOID) {
    OpcDisableInterrupts();
    return TRUE;
}
BOOLEAN NTAPI disabling_synchronised(PVOID) {
    OpcDisableInterrupts();
    return TRUE;
}
NTSTATUS NTAPI disabling_dispatch(PDEVICE_OBJECT, PIRP irp) {
    OpcDisableInterrupts();
    return complete(irp, STATUS_SUCCESS);
}
NTSTATUS NTAPI disabling_completion(PDEVICE_OBJECT, PIRP, PVOID) {
    OpcDisableInterrupts();
    return STATUS_MORE_PROCESSING_REQUIRED;
}
NTSTATUS NTAPI careful_dispatch(PDEVICE_OBJECT, PIRP irp) {
    OpcDisableInterrupts();
    OpcEnableInterrupts();
    return complete(irp, STATUS_SUCCESS);
}

const Case disabling_cases[] = {
    {"Dpc", 0xC4, 0xC1, "A DPC routine returns with interrupts enabled", [] { run_dpc(&disabling_dpc); }},
    {"WorkQueueItem", 0xC4, 0xC1, "A work item returns with interrupts enabled",
     [] {
         ExInitializeWorkItem(&item, &disabling_worker, nullptr);
         ExQueueWorkItem(&item, DelayedWorkQueue);
         wait();
     }},
    {"SystemThread", 0xC4, 0xC1, "A system thread's routine returns with interrupts enabled",
     [] {
         HANDLE thread = nullptr;
         PsCreateSystemThread(&thread, 0, nullptr, nullptr, nullptr, &disabling_thread, nullptr);
         wait();
     }},
    {"InterruptServiceRoutine", 0xC4, 0xC1, "An interrupt service routine returns with interrupts enabled",
     [] { interrupt_with(&disabling_isr, nullptr); }},
    {"SynchronisedRoutine", 0xC4, 0xC1, "A routine of KeSynchronizeExecution returns with interrupts enabled",
     [] { interrupt_with(&calm_isr, &disabling_synchronised); }},
    {"DispatchRoutine", 0xC4, 0xC1, "A dispatch routine (of major function 0x0) returns with interrupts enabled",
     [] { send_irp(&disabling_dispatch, &keeping_completion); }},
    {"CompletionRoutine", 0xC4, 0xC1, "A completion routine returns with interrupts enabled",
     [] { send_irp(&calm_dispatch, &disabling_completion); }},
    {"IoCallDriver", 0xC4, 0xC0, "IoCallDriver is called with interrupts enabled",
     [] {
         OpcDisableInterrupts();
         send_irp(&calm_dispatch, &keeping_completion);
     }},
};

INSTANTIATE_TEST_SUITE_P(Interrupts, ReturnedIrql, testing::ValuesIn(disabling_cases),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_F(ExecutiveTest, InterruptsDisabledForAWhileAreNoFault) {
    inside([] {
        send_irp(&careful_dispatch, &keeping_completion);
        // A routine that finds them disabled leaves them so.
        PKINTERRUPT interrupt = nullptr;
        IoConnectInterrupt(&interrupt, &calm_isr, nullptr, nullptr, 0x51, 5, 5, Latched, FALSE, 1, FALSE);
        OpcDisableInterrupts();
        KeSynchronizeExecution(interrupt, &disabling_synchronised, nullptr);
        OpcEnableInterrupts();
        IoDisconnectInterrupt(interrupt);
    });
    EXPECT_FALSE(machine.is_halted());
}

} // namespace
} // namespace openportcls::executive
