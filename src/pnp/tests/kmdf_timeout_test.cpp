// Requests that are sent with a time-out (ns-wdfrequest-_wdf_request_send_options), and sent while they are at a
// target.
#include "kmdf_fixture.h"

namespace openportcls::pnp::kmdf {
namespace {

constexpr ULONG cancellable_code = CTL_CODE(0x2F, 0x20, METHOD_BUFFERED, FILE_ANY_ACCESS);
constexpr ULONG stubborn_code = CTL_CODE(0x2F, 0x21, METHOD_BUFFERED, FILE_ANY_ACCESS);
constexpr LONGLONG answer_in_milliseconds = 60;
constexpr ULONG answer = 77;

// A device that answers after a while, whether or not the request can be cancelled until then.
struct SlowDevice {
    IRP* irp = nullptr;
    KTIMER timer{};
    KDPC dpc{};
};
SlowDevice slow;

VOID NTAPI answer_slowly(PKDPC, PVOID, PVOID, PVOID) {
    IRP* irp = std::exchange(slow.irp, nullptr);
    if (irp != nullptr) {
        IoSetCancelRoutine(irp, nullptr);
        void* output = irp->MdlAddress != nullptr ? MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority)
                                                  : irp->AssociatedIrp.SystemBuffer;
        *static_cast<ULONG*>(output) = answer;
        executive::complete(irp, STATUS_SUCCESS, sizeof answer);
    }
}

VOID NTAPI cancel_slow(PDEVICE_OBJECT, PIRP irp) {
    IoReleaseCancelSpinLock(irp->CancelIrql);
    slow.irp = nullptr;
    KeCancelTimer(&slow.timer);
    executive::complete(irp, STATUS_CANCELLED);
}

NTSTATUS NTAPI dispatch_slowly(PDEVICE_OBJECT, PIRP irp) {
    const IO_STACK_LOCATION* stack = IoGetCurrentIrpStackLocation(irp);
    if (stack->MajorFunction != IRP_MJ_DEVICE_CONTROL) {
        return executive::complete(irp, STATUS_SUCCESS);
    }
    IoMarkIrpPending(irp);
    slow.irp = irp;
    if (stack->Parameters.DeviceIoControl.IoControlCode == cancellable_code) {
        IoSetCancelRoutine(irp, cancel_slow);
    }
    KeSetTimer(&slow.timer, executive::milliseconds(answer_in_milliseconds), &slow.dpc);
    return STATUS_PENDING;
}

struct TimedCompletion {
    KEVENT event{};
    int calls = 0;
    NTSTATUS status = 0;
    ULONG_PTR information = 0;
};
VOID NTAPI on_timed_completion(WDFREQUEST, WDFIOTARGET, PWDF_REQUEST_COMPLETION_PARAMS parameters, PVOID context) {
    auto& completion = *static_cast<TimedCompletion*>(context);
    ++completion.calls;
    completion.status = parameters->IoStatus.Status;
    completion.information = parameters->IoStatus.Information;
    KeSetEvent(&completion.event, IO_NO_INCREMENT, FALSE);
}

WDF_REQUEST_SEND_OPTIONS limited_to(LONGLONG timeout, ULONG flags = 0) {
    WDF_REQUEST_SEND_OPTIONS options;
    WDF_REQUEST_SEND_OPTIONS_INIT(&options, flags);
    WDF_REQUEST_SEND_OPTIONS_SET_TIMEOUT(&options, timeout);
    return options;
}

class KmdfTimeouts : public Kmdf {
protected:
    void SetUp() override {
        Kmdf::SetUp();
        inside([&] {
            slow.irp = nullptr;
            KeInitializeTimer(&slow.timer);
            KeInitializeDpc(&slow.dpc, answer_slowly, nullptr);
            UNICODE_STRING name = executive::unicode(u"\\Device\\KmdfSlow");
            ASSERT_EQ(IoCreateDevice(&slow_driver_.object, 0, &name, FILE_DEVICE_SOUND, 0, FALSE, &slow_object_),
                      STATUS_SUCCESS);
            slow_object_->Flags &= ~static_cast<ULONG>(DO_DEVICE_INITIALIZING);
            ASSERT_EQ(WdfIoTargetCreate(device_, WDF_NO_OBJECT_ATTRIBUTES, &target_), STATUS_SUCCESS);
            WDF_IO_TARGET_OPEN_PARAMS parameters;
            WDF_IO_TARGET_OPEN_PARAMS_INIT_OPEN_BY_NAME(&parameters, &name, GENERIC_READ);
            ASSERT_EQ(WdfIoTargetOpen(target_, &parameters), STATUS_SUCCESS);
            ASSERT_EQ(WdfRequestCreate(nullptr, target_, &request_), STATUS_SUCCESS);
            ASSERT_EQ(WdfMemoryCreate(nullptr, NonPagedPoolNx, 0, sizeof answer, &memory_, &buffer_), STATUS_SUCCESS);
            WDF_MEMORY_DESCRIPTOR_INIT_BUFFER(&output_, &out_, sizeof out_);
            KeInitializeEvent(&completion_.event, NotificationEvent, FALSE);
        });
    }
    void TearDown() override {
        inside([&] {
            WdfObjectDelete(request_);
            WdfObjectDelete(memory_);
            WdfIoTargetClose(target_);
            IoDeleteDevice(slow_object_);
        });
        Kmdf::TearDown();
    }

    NTSTATUS send_ioctl(ULONG code, WDF_REQUEST_SEND_OPTIONS options, WDFREQUEST request = nullptr) {
        returned_ = 99;
        return WdfIoTargetSendIoctlSynchronously(target_, request, code, nullptr, &output_, &options, &returned_);
    }
    bool send(ULONG code, WDF_REQUEST_SEND_OPTIONS options) {
        EXPECT_EQ(WdfIoTargetFormatRequestForIoctl(target_, request_, code, nullptr, nullptr, memory_, nullptr),
                  STATUS_SUCCESS);
        WdfRequestSetCompletionRoutine(request_, on_timed_completion, &completion_);
        return WdfRequestSend(request_, target_, &options) != FALSE;
    }
    void wait_for_completion() { KeWaitForSingleObject(&completion_.event, Executive, KernelMode, FALSE, nullptr); }

    executive::TestDriver slow_driver_{dispatch_slowly};
    DEVICE_OBJECT* slow_object_ = nullptr;
    WDFIOTARGET target_ = nullptr;
    WDFREQUEST request_ = nullptr;
    WDFMEMORY memory_ = nullptr;
    PVOID buffer_ = nullptr;
    ULONG out_ = 0;
    WDF_MEMORY_DESCRIPTOR output_{};
    ULONG_PTR returned_ = 0;
    TimedCompletion completion_;
};

// A time-out of zero: the framework does not time the request out.
TEST_F(KmdfTimeouts, ZeroIsNoTimeout) {
    inside([&] {
        EXPECT_EQ(send_ioctl(cancellable_code, limited_to(0)), STATUS_SUCCESS);
        EXPECT_EQ(out_, answer);
        EXPECT_EQ(returned_, sizeof answer);
        EXPECT_TRUE(send(cancellable_code, limited_to(0, WDF_REQUEST_SEND_OPTION_SYNCHRONOUS)));
        EXPECT_EQ(WdfRequestGetStatus(request_), STATUS_SUCCESS);
        EXPECT_EQ(*static_cast<ULONG*>(buffer_), answer);
        EXPECT_EQ(completion_.calls, 0) << "whoever waits needs no completion routine";
        EXPECT_TRUE(send(cancellable_code, limited_to(0)));
        wait_for_completion();
        EXPECT_EQ(completion_.status, STATUS_SUCCESS);
    });
}

TEST_F(KmdfTimeouts, SynchronousRequestsTimeOut) {
    inside([&] {
        const auto begin = machine.now();
        EXPECT_EQ(send_ioctl(cancellable_code, limited_to(WDF_REL_TIMEOUT_IN_MS(5))), STATUS_IO_TIMEOUT);
        EXPECT_EQ(returned_, 0u);
        EXPECT_EQ(slow.irp, nullptr) << "it was cancelled";
        EXPECT_TRUE(send(cancellable_code, limited_to(WDF_REL_TIMEOUT_IN_MS(5), WDF_REQUEST_SEND_OPTION_SYNCHRONOUS)));
        EXPECT_EQ(WdfRequestGetStatus(request_), STATUS_IO_TIMEOUT);
        EXPECT_LT(machine.now() - begin, answer_in_milliseconds * 1'000'000);
        LARGE_INTEGER now;
        KeQuerySystemTime(&now);
        EXPECT_EQ(send_ioctl(cancellable_code, limited_to(now.QuadPart + WDF_ABS_TIMEOUT_IN_MS(5))), STATUS_IO_TIMEOUT)
            << "a positive time-out is a system time";
    });
}

TEST_F(KmdfTimeouts, AsynchronousRequestsTimeOut) {
    inside([&] {
        const auto begin = machine.now();
        EXPECT_TRUE(send(cancellable_code, limited_to(WDF_REL_TIMEOUT_IN_MS(5))));
        EXPECT_EQ(WdfRequestGetStatus(request_), STATUS_PENDING);
        wait_for_completion();
        EXPECT_LT(machine.now() - begin, answer_in_milliseconds * 1'000'000);
        EXPECT_EQ(completion_.status, STATUS_IO_TIMEOUT);
        EXPECT_EQ(completion_.calls, 1);
        EXPECT_EQ(WdfRequestGetStatus(request_), STATUS_IO_TIMEOUT);
    });
}

// The driver's own cancellation is told as one, and a request that came back in time is not touched by its time-out,
// even once it is sent again or gone.
TEST_F(KmdfTimeouts, OnlyATimeoutIsToldAsOne) {
    inside([&] {
        EXPECT_TRUE(send(cancellable_code, limited_to(WDF_REL_TIMEOUT_IN_MS(40))));
        EXPECT_TRUE(WdfRequestCancelSentRequest(request_));
        EXPECT_EQ(completion_.status, STATUS_CANCELLED);
        EXPECT_TRUE(send(cancellable_code, limited_to(0)));
        KeClearEvent(&completion_.event);
        wait_for_completion();
        EXPECT_EQ(completion_.status, STATUS_SUCCESS) << "the time-out was the first sending's";
        EXPECT_EQ(completion_.calls, 2);
        const auto objects = Framework::current().object_count();
        WDFREQUEST other = nullptr;
        ASSERT_EQ(WdfRequestCreate(nullptr, target_, &other), STATUS_SUCCESS);
        EXPECT_EQ(send_ioctl(cancellable_code, limited_to(WDF_REL_TIMEOUT_IN_MS(1000)), other), STATUS_SUCCESS);
        WdfObjectDelete(other);
        EXPECT_EQ(Framework::current().object_count(), objects) << "no time-out holds the request";
    });
}

// The target may complete what was to be cancelled: then its status is not STATUS_IO_TIMEOUT.
TEST_F(KmdfTimeouts, WhatIsCompletedAfterItsTimeoutKeepsItsResult) {
    inside([&] {
        EXPECT_EQ(send_ioctl(stubborn_code, limited_to(WDF_REL_TIMEOUT_IN_MS(5))), STATUS_SUCCESS);
        EXPECT_EQ(out_, answer);
        EXPECT_EQ(returned_, sizeof answer);
        EXPECT_TRUE(send(stubborn_code, limited_to(WDF_REL_TIMEOUT_IN_MS(5), WDF_REQUEST_SEND_OPTION_SYNCHRONOUS)));
        EXPECT_EQ(WdfRequestGetStatus(request_), STATUS_SUCCESS);
        EXPECT_EQ(WdfRequestGetInformation(request_), sizeof answer);
        EXPECT_TRUE(send(stubborn_code, limited_to(WDF_REL_TIMEOUT_IN_MS(5))));
        wait_for_completion();
        EXPECT_EQ(completion_.status, STATUS_SUCCESS);
        EXPECT_EQ(completion_.information, sizeof answer);
    });
}

// "nf-wdfiotarget-wdfiotargetsendioctlsynchronously", "nf-wdfiotarget-wdfiotargetformatrequestforioctl": what is at a
// target cannot be sent to one, and nothing happens to it.
TEST_F(KmdfTimeouts, ARequestIsAtOneTargetAtATime) {
    inside([&] {
        EXPECT_TRUE(send(cancellable_code, limited_to(0)));
        const IRP* sent = slow.irp;
        EXPECT_EQ(send_ioctl(cancellable_code, limited_to(0), request_), STATUS_INVALID_DEVICE_REQUEST);
        EXPECT_EQ(returned_, 0u);
        EXPECT_EQ(
            WdfIoTargetFormatRequestForIoctl(target_, request_, cancellable_code, nullptr, nullptr, memory_, nullptr),
            STATUS_INVALID_DEVICE_REQUEST);
        EXPECT_EQ(slow.irp, sent);
        EXPECT_EQ(WdfRequestGetStatus(request_), STATUS_PENDING);
        WDF_REQUEST_SEND_OPTIONS options = limited_to(WDF_REL_TIMEOUT_IN_MS(5));
        EXPECT_FALSE(WdfRequestSend(request_, target_, &options));
        EXPECT_FALSE(NT_SUCCESS(WdfRequestGetStatus(request_)));
        EXPECT_EQ(slow.irp, sent);
        wait_for_completion();
        EXPECT_EQ(completion_.calls, 1);
        EXPECT_EQ(completion_.status, STATUS_SUCCESS) << "the time-out was not set for it";
        EXPECT_EQ(*static_cast<ULONG*>(buffer_), answer);
    });
}

VOID NTAPI cancel_after_a_while(PVOID request) {
    LARGE_INTEGER delay = executive::milliseconds(5);
    KeDelayExecutionThread(KernelMode, FALSE, &delay);
    EXPECT_EQ(WdfRequestGetStatus(static_cast<WDFREQUEST>(request)), STATUS_PENDING);
    EXPECT_TRUE(WdfRequestCancelSentRequest(static_cast<WDFREQUEST>(request)));
}

// Another thread may cancel what a driver waits for, if it waits with a request of its own; closing the target does so
// without one.
TEST_F(KmdfTimeouts, WhatIsWaitedForCanBeCancelled) {
    inside([&] {
        WORK_QUEUE_ITEM item;
        ExInitializeWorkItem(&item, cancel_after_a_while, request_);
        ExQueueWorkItem(&item, DelayedWorkQueue);
        EXPECT_EQ(send_ioctl(cancellable_code, limited_to(0), request_), STATUS_CANCELLED);
        EXPECT_EQ(WdfRequestGetStatus(request_), STATUS_CANCELLED);
        ExInitializeWorkItem(
            &item,
            [](PVOID target) NTAPI { WdfIoTargetPurge(static_cast<WDFIOTARGET>(target), WdfIoTargetPurgeIoAndWait); },
            target_);
        ExQueueWorkItem(&item, DelayedWorkQueue);
        EXPECT_EQ(send_ioctl(cancellable_code, limited_to(0)), STATUS_CANCELLED);
        EXPECT_EQ(send_ioctl(cancellable_code, limited_to(0)), STATUS_INVALID_DEVICE_STATE);
        EXPECT_EQ(returned_, 0u);
    });
}

constexpr ULONG direct_code = CTL_CODE(0x2F, 0x22, METHOD_OUT_DIRECT, FILE_ANY_ACCESS);

// Memory of each kind, through each method; afterwards the request keeps no address of the caller's.
TEST_F(KmdfTimeouts, WaitingTakesAnyMemory) {
    inside([&] {
        const auto locked = kernel().locked_mdls;
        EXPECT_EQ(send_ioctl(direct_code, limited_to(0)), STATUS_SUCCESS);
        EXPECT_EQ(out_, answer);
        EXPECT_EQ(kernel().locked_mdls, locked);
        WDF_MEMORY_DESCRIPTOR_INIT_HANDLE(&output_, memory_, nullptr);
        EXPECT_EQ(send_ioctl(direct_code, limited_to(0), request_), STATUS_SUCCESS);
        EXPECT_EQ(*static_cast<ULONG*>(buffer_), answer);
        WDF_REQUEST_COMPLETION_PARAMS parameters;
        WDF_REQUEST_COMPLETION_PARAMS_INIT(&parameters);
        WdfRequestGetCompletionParams(request_, &parameters);
        EXPECT_EQ(parameters.Type, WdfRequestTypeDeviceControl);
        EXPECT_EQ(parameters.Parameters.Ioctl.IoControlCode, direct_code);
        EXPECT_EQ(parameters.Parameters.Ioctl.Output.Buffer, memory_);
        EXPECT_EQ(parameters.Parameters.Ioctl.Output.Length, sizeof answer);
    });
}

// Its code may be gone when the request ends: the framework ends it alone.
TEST_F(KmdfTimeouts, NoRoutineOfADriverThatIsGoneIsCalled) {
    inside([&] {
        ASSERT_TRUE(send(cancellable_code, limited_to(WDF_REL_TIMEOUT_IN_MS(5))));
        Framework::current().disown(&driver_.object);
        machine.run_for(100 * machine::nanoseconds_per_millisecond);
        EXPECT_EQ(completion_.calls, 0);
        EXPECT_EQ(WdfRequestGetStatus(request_), STATUS_IO_TIMEOUT);
    });
}

} // namespace
} // namespace openportcls::pnp::kmdf
