// IRPs of drivers: stack locations, completion routines, cancellation, requests that the I/O manager builds.
#include "executive/tests/io_fixture.h"

namespace openportcls::executive {
namespace {

struct Filter {
    DEVICE_OBJECT* lower = nullptr;
    int completions = 0;
    bool keep = false;
    BOOLEAN pending_returned = FALSE;
    DEVICE_OBJECT* completion_device = nullptr;
};
Filter* filter_of(DEVICE_OBJECT* object) {
    return *static_cast<Filter**>(object->DeviceExtension);
}

NTSTATUS NTAPI filter_completed(PDEVICE_OBJECT object, PIRP irp, PVOID context) {
    auto* filter = static_cast<Filter*>(context);
    ++filter->completions;
    filter->pending_returned = irp->PendingReturned;
    filter->completion_device = object;
    if (filter->keep) {
        return STATUS_MORE_PROCESSING_REQUIRED;
    }
    if (irp->PendingReturned) {
        IoMarkIrpPending(irp);
    }
    return STATUS_CONTINUE_COMPLETION;
}

NTSTATUS NTAPI filter_dispatch(PDEVICE_OBJECT object, PIRP irp) {
    Filter* filter = filter_of(object);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, &filter_completed, filter, TRUE, TRUE, TRUE);
    return IoCallDriver(filter->lower, irp);
}

// IoCreateDevice, IoAttachDeviceToDeviceStack, IoDetachDevice
TEST_F(Io, CompletionRoutinesRunUpTheStack) {
    TestDriver filter_driver(&filter_dispatch);
    Filter filter;
    inside([&] {
        DEVICE_OBJECT* top;
        ASSERT_EQ(IoCreateDevice(&filter_driver.object, sizeof(Filter*), nullptr, FILE_DEVICE_KS, 0, FALSE, &top), 0);
        *static_cast<Filter**>(top->DeviceExtension) = &filter;
        filter.lower = IoAttachDeviceToDeviceStack(top, object);
        top->Flags &= ~static_cast<ULONG>(DO_DEVICE_INITIALIZING);
        EXPECT_EQ(filter.lower, object);
        EXPECT_EQ(top->StackSize, object->StackSize + 1);
        EXPECT_EQ(top_of_stack(object), top);
        EXPECT_EQ(bottom_of_stack(top), object);

        FILE_OBJECT* file = open();
        ULONG number = 5;
        ULONG_PTR information = 0;
        filter.completions = 0;
        EXPECT_EQ(device_control(file, buffered_code, &number, 4, &number, 4, &information), STATUS_SUCCESS);
        EXPECT_EQ(number, 6U);
        EXPECT_EQ(filter.completions, 1);
        EXPECT_FALSE(filter.pending_returned);
        EXPECT_EQ(filter.completion_device, top);
        EXPECT_EQ(device_control(file, pend_code, &number, 4, &number, 4, &information), STATUS_SUCCESS);
        EXPECT_EQ(filter.completions, 2);
        EXPECT_TRUE(filter.pending_returned);
        close_file(file);
        IoDetachDevice(object);
        IoDeleteDevice(top);
        EXPECT_EQ(object->AttachedDevice, nullptr);
        EXPECT_EQ(kernel().devices().size(), 1U);
    });
}

// IoAllocateIrp: an IRP that was given back can be had again, as new; giving it back twice ends the guest.
TEST_F(Io, IoFreeIrpGivesAnIrpBackOnce) {
    inside([&] {
        IRP* first = IoAllocateIrp(2, FALSE);
        ASSERT_NE(first, nullptr);
        first->IoStatus.Status = STATUS_DATA_ERROR;
        first->Cancel = TRUE;
        IoFreeIrp(first);
        IRP* second = IoAllocateIrp(2, FALSE);
        ASSERT_NE(second, nullptr);
        EXPECT_EQ(second->IoStatus.Status, STATUS_SUCCESS);
        EXPECT_FALSE(second->Cancel);
        EXPECT_EQ(second->StackCount, 2);
        EXPECT_EQ(second->CurrentLocation, 3);
        IoFreeIrp(second);
    });
    expect_bugcheck(0x44, "was freed already", [] {
        IRP* irp = IoAllocateIrp(1, FALSE);
        IoFreeIrp(irp);
        IoFreeIrp(irp);
    });
}

TEST_F(Io, IrpOfADriverComesBackThroughItsCompletionRoutine) {
    inside([&] {
        Filter sender;
        sender.keep = true;
        IRP* irp = IoAllocateIrp(object->StackSize, FALSE);
        ASSERT_NE(irp, nullptr);
        ULONG number = 9;
        irp->AssociatedIrp.SystemBuffer = &number;
        IO_STACK_LOCATION* stack = IoGetNextIrpStackLocation(irp);
        stack->MajorFunction = IRP_MJ_DEVICE_CONTROL;
        stack->Parameters.DeviceIoControl.IoControlCode = buffered_code;
        stack->Parameters.DeviceIoControl.InputBufferLength = 4;
        stack->Parameters.DeviceIoControl.OutputBufferLength = 4;
        IoSetCompletionRoutine(irp, &filter_completed, &sender, TRUE, TRUE, TRUE);
        EXPECT_EQ(IoCallDriver(object, irp), STATUS_SUCCESS);
        EXPECT_EQ(sender.completions, 1);
        EXPECT_EQ(sender.completion_device, nullptr) << "the sender has no stack location";
        EXPECT_EQ(number, 10U);
        EXPECT_EQ(irp->IoStatus.Information, 4U);
        IoReuseIrp(irp, STATUS_UNSUCCESSFUL);
        EXPECT_EQ(irp->IoStatus.Status, STATUS_UNSUCCESSFUL);
        EXPECT_EQ(irp->CurrentLocation, irp->StackCount + 1);
        IoFreeIrp(irp);
        EXPECT_EQ(kernel().irps.living(), 0U);
    });
    expect_bugcheck(0xC9, "STATUS_MORE_PROCESSING_REQUIRED", [&] {
        IRP* irp = IoAllocateIrp(object->StackSize, FALSE);
        IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_SHUTDOWN;
        IoCallDriver(object, irp);
    });
}

TEST_F(Io, CompletingTwiceIsABugcheck) {
    expect_bugcheck(0x44, "completed once", [&] {
        ULONG number = 0;
        device_control(open(), twice_code, &number, 4, &number, 4, nullptr);
    });
}

NTSTATUS NTAPI read_after_completion(PDEVICE_OBJECT, PIRP irp) {
    complete(irp, STATUS_SUCCESS);
    return irp->IoStatus.Status;
}

// Bug check 0xC4: on Windows it reads whatever the next request has written there.
TEST_F(Io, StatusReadFromACompletedIrpIsABugcheck) {
    expect_bugcheck(0xC4, "was not its own any more", [&] {
        object->DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = &read_after_completion;
        ULONG number = 0;
        device_control(open(), buffered_code, &number, 4, &number, 4, nullptr);
    });
}

TEST_F(Io, StatusReadFromACompletedIrpThatIsFreedIsABugcheck) {
    if (asan_present()) {
        GTEST_SKIP() << "AddressSanitizer reports the read";
    }
    expect_bugcheck(0xC4, "was not its own any more", [&] {
        object->DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = &read_after_completion;
        KEVENT event;
        IO_STATUS_BLOCK result{};
        KeInitializeEvent(&event, NotificationEvent, FALSE);
        IoCallDriver(object, IoBuildDeviceIoControlRequest(neither_code, object, nullptr, 0, nullptr, 0, FALSE, &event,
                                                           &result));
    });
}

TEST_F(Io, NoStackLocationLeftIsABugcheck) {
    expect_bugcheck(0x35, "StackSize", [&] {
        IRP* irp = IoAllocateIrp(0, FALSE);
        IoCallDriver(object, irp);
    });
}

TEST_F(Io, BuiltRequestsAreFinishedByTheIoManager) {
    inside([&] {
        KEVENT event;
        IO_STATUS_BLOCK result{};
        ULONG in = 1;
        ULONG out = 0;
        KeInitializeEvent(&event, NotificationEvent, FALSE);
        IRP* irp = IoBuildDeviceIoControlRequest(buffered_code, object, &in, 4, &out, 4, FALSE, &event, &result);
        EXPECT_EQ(IoCallDriver(object, irp), STATUS_SUCCESS);
        EXPECT_EQ(out, 2U);
        EXPECT_EQ(result.Information, 4U);
        EXPECT_EQ(KeReadStateEvent(&event), 1);

        KeResetEvent(&event);
        irp = IoBuildDeviceIoControlRequest(pend_code, object, &in, 4, &out, 4, FALSE, &event, &result);
        EXPECT_EQ(IoCallDriver(object, irp), STATUS_PENDING);
        EXPECT_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(result.Status, STATUS_SUCCESS);

        char buffer[8] = {};
        LARGE_INTEGER offset{};
        irp = IoBuildSynchronousFsdRequest(IRP_MJ_READ, object, buffer, 8, &offset, &event, &result);
        EXPECT_EQ(IoCallDriver(object, irp), STATUS_SUCCESS);
        EXPECT_EQ(result.Information, 4U);
        EXPECT_EQ(std::string(buffer), "rrrr");
        EXPECT_EQ(kernel().irps.living(), 0U);
    });
}

struct CompletionCase {
    NTSTATUS status;
    bool cancelled;
    // What the routine asks to be called for.
    BOOLEAN on_success;
    BOOLEAN on_error;
    BOOLEAN on_cancel;
    bool called;
};

CompletionCase outcome;
int outcome_calls = 0;

NTSTATUS NTAPI count_outcome(PDEVICE_OBJECT, PIRP, PVOID) {
    ++outcome_calls;
    return STATUS_CONTINUE_COMPLETION;
}
NTSTATUS NTAPI complete_with_outcome(PDEVICE_OBJECT, PIRP irp) {
    irp->Cancel = outcome.cancelled;
    irp->IoStatus.Status = outcome.status;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return outcome.status;
}
NTSTATUS NTAPI ask_for_outcome(PDEVICE_OBJECT object, PIRP irp) {
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, &count_outcome, nullptr, outcome.on_success, outcome.on_error, outcome.on_cancel);
    return IoCallDriver(*static_cast<DEVICE_OBJECT**>(object->DeviceExtension), irp);
}
NTSTATUS NTAPI keep_irp(PDEVICE_OBJECT, PIRP, PVOID) {
    return STATUS_MORE_PROCESSING_REQUIRED;
}

// IoSetCompletionRoutine: called for success, for errors, for cancelled requests, each only when asked for. A warning
// is no success (NT_SUCCESS).
TEST_F(Io, CompletionRoutinesAreCalledForWhatTheyAskedFor) {
    TestDriver lower_driver(&complete_with_outcome);
    TestDriver upper_driver(&ask_for_outcome);
    const CompletionCase cases[] = {
        {STATUS_SUCCESS, false, TRUE, FALSE, FALSE, true},
        {STATUS_SUCCESS, false, FALSE, TRUE, TRUE, false},
        {STATUS_UNSUCCESSFUL, false, FALSE, TRUE, FALSE, true},
        {STATUS_UNSUCCESSFUL, false, TRUE, FALSE, TRUE, false},
        {STATUS_BUFFER_OVERFLOW, false, TRUE, FALSE, FALSE, false},
        {STATUS_BUFFER_OVERFLOW, false, FALSE, TRUE, FALSE, true},
        {STATUS_CANCELLED, true, FALSE, FALSE, TRUE, true},
        {STATUS_CANCELLED, true, TRUE, FALSE, FALSE, false},
        {STATUS_SUCCESS, true, FALSE, FALSE, TRUE, true},
    };
    inside([&] {
        DEVICE_OBJECT* lower;
        DEVICE_OBJECT* upper;
        IoCreateDevice(&lower_driver.object, 0, nullptr, FILE_DEVICE_KS, 0, FALSE, &lower);
        IoCreateDevice(&upper_driver.object, sizeof lower, nullptr, FILE_DEVICE_KS, 0, FALSE, &upper);
        *static_cast<DEVICE_OBJECT**>(upper->DeviceExtension) = IoAttachDeviceToDeviceStack(upper, lower);
        int number = 0;
        for (const CompletionCase& each : cases) {
            outcome = each;
            outcome_calls = 0;
            IRP* irp = IoAllocateIrp(static_cast<CCHAR>(upper->StackSize), FALSE);
            IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_DEVICE_CONTROL;
            IoSetCompletionRoutine(irp, &keep_irp, nullptr, TRUE, TRUE, TRUE);
            EXPECT_EQ(IoCallDriver(upper, irp), each.status);
            EXPECT_EQ(outcome_calls, each.called ? 1 : 0) << "case " << number;
            EXPECT_EQ(irp->IoStatus.Status, each.status);
            IoFreeIrp(irp);
            ++number;
        }
        IoDetachDevice(lower);
        IoDeleteDevice(upper);
        IoDeleteDevice(lower);
    });
}

TEST_F(Io, RequestsAreCompletedAtDispatchLevelAtMost) {
    expect_bugcheck(0x0A, "IofCompleteRequest may be called at DISPATCH_LEVEL or below", [&] {
        IRP* irp = IoAllocateIrp(1, FALSE);
        KIRQL old;
        KeRaiseIrql(DISPATCH_LEVEL + 1, &old);
        irp->IoStatus.Status = STATUS_SUCCESS;
        IoCompleteRequest(irp, IO_SOUND_INCREMENT);
    });
}

TEST_F(Io, CompletingWithPendingIsABugcheck) {
    expect_bugcheck(0xC9, "STATUS_PENDING", [&] {
        IRP* irp = IoAllocateIrp(1, FALSE);
        irp->IoStatus.Status = STATUS_PENDING;
        IoCompleteRequest(irp, IO_NO_INCREMENT);
    });
}

VOID NTAPI cancel_nothing(PDEVICE_OBJECT, PIRP irp) {
    IoReleaseCancelSpinLock(irp->CancelIrql);
}

TEST_F(Io, CancelRoutinesRunOnceUnderTheCancelLock) {
    static int calls;
    static KIRQL irql;
    calls = 0;
    inside([&] {
        IRP* irp = IoAllocateIrp(1, FALSE);
        EXPECT_EQ(IoSetCancelRoutine(irp,
                                     [](PDEVICE_OBJECT, PIRP which) NTAPI {
                                         ++calls;
                                         irql = KeGetCurrentIrql();
                                         IoReleaseCancelSpinLock(which->CancelIrql);
                                     }),
                  nullptr);
        EXPECT_TRUE(IoCancelIrp(irp));
        EXPECT_EQ(calls, 1);
        EXPECT_EQ(irql, DISPATCH_LEVEL);
        EXPECT_TRUE(irp->Cancel);
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
        EXPECT_FALSE(IoCancelIrp(irp)) << "the routine was taken out before it was called";
        EXPECT_EQ(IoSetCancelRoutine(irp, nullptr), nullptr);
        IoFreeIrp(irp);
    });
    expect_bugcheck(0xC9, "cancel routine is set", [&] {
        IRP* irp = IoAllocateIrp(1, FALSE);
        IoSetCancelRoutine(irp, &cancel_nothing);
        irp->IoStatus.Status = STATUS_SUCCESS;
        IoCompleteRequest(irp, IO_NO_INCREMENT);
    });
}

} // namespace
} // namespace openportcls::executive
