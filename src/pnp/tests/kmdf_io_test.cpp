// KMDF I/O targets and requests.
#include "kmdf_fixture.h"

namespace openportcls::pnp::kmdf {
namespace {

TEST_F(Kmdf, TargetsSendSynchronously) {
    inside([&] {
        WDFIOTARGET target = open_target();
        EXPECT_EQ(WdfIoTargetGetState(target), WdfIoTargetStarted);
        ULONG in = 21;
        ULONG out = 0;
        WDF_MEMORY_DESCRIPTOR input;
        WDF_MEMORY_DESCRIPTOR output;
        WDF_MEMORY_DESCRIPTOR_INIT_BUFFER(&input, &in, sizeof in);
        WDF_MEMORY_DESCRIPTOR_INIT_BUFFER(&output, &out, sizeof out);
        ULONG_PTR returned = 0;
        EXPECT_EQ(WdfIoTargetSendIoctlSynchronously(target, nullptr, neither_code, &input, &output, nullptr, &returned),
                  STATUS_SUCCESS);
        EXPECT_EQ(out, 42u);
        EXPECT_EQ(returned, 4u);
        EXPECT_EQ(WdfIoTargetSendIoctlSynchronously(target, nullptr, buffered_code, &input, &output, nullptr, nullptr),
                  STATUS_SUCCESS);
        EXPECT_EQ(out, 22u);
        EXPECT_EQ(WdfIoTargetSendIoctlSynchronously(target, nullptr, 0x1234, &input, &output, nullptr, nullptr),
                  STATUS_INVALID_DEVICE_REQUEST);
        WDF_REQUEST_SEND_OPTIONS options;
        WDF_REQUEST_SEND_OPTIONS_INIT(&options, WDF_REQUEST_SEND_OPTION_TIMEOUT);
        WDF_REQUEST_SEND_OPTIONS_SET_TIMEOUT(&options, WDF_REL_TIMEOUT_IN_MS(5));
        EXPECT_EQ(WdfIoTargetSendIoctlSynchronously(target, nullptr, pending_code, &input, &output, &options, nullptr),
                  STATUS_IO_TIMEOUT);
        WdfIoTargetStop(target, WdfIoTargetWaitForSentIoToComplete);
        EXPECT_EQ(WdfIoTargetSendIoctlSynchronously(target, nullptr, neither_code, &input, &output, &options, nullptr),
                  STATUS_IO_TIMEOUT)
            << "nobody starts it";
        EXPECT_EQ(WdfIoTargetStart(target), STATUS_SUCCESS);
        WdfIoTargetClose(target);
        EXPECT_EQ(WdfIoTargetStart(target), STATUS_INVALID_DEVICE_STATE);
        WDF_IO_TARGET_OPEN_PARAMS parameters;
        WDF_IO_TARGET_OPEN_PARAMS_INIT_REOPEN(&parameters);
        EXPECT_EQ(WdfIoTargetOpen(target, &parameters), STATUS_SUCCESS);
        EXPECT_EQ(WdfIoTargetWdmGetTargetPhysicalDevice(target), device_object_);
        UNICODE_STRING name = executive::unicode(u"\\Device\\Nothing");
        WDFIOTARGET nothing = nullptr;
        ASSERT_EQ(WdfIoTargetCreate(device_, nullptr, &nothing), STATUS_SUCCESS);
        WDF_IO_TARGET_OPEN_PARAMS_INIT_OPEN_BY_NAME(&parameters, &name, GENERIC_READ);
        EXPECT_EQ(WdfIoTargetOpen(nothing, &parameters), STATUS_OBJECT_NAME_NOT_FOUND);
    });
}

struct Completion {
    int calls = 0;
    NTSTATUS status = 0;
    ULONG_PTR information = 0;
    WDFMEMORY output = nullptr;
};
VOID NTAPI on_completed(WDFREQUEST, WDFIOTARGET, PWDF_REQUEST_COMPLETION_PARAMS parameters, PVOID context) {
    auto& completion = *static_cast<Completion*>(context);
    ++completion.calls;
    completion.status = parameters->IoStatus.Status;
    completion.information = parameters->IoStatus.Information;
    completion.output = parameters->Parameters.Ioctl.Output.Buffer;
}

TEST_F(Kmdf, RequestsAreSentCompletedCancelledAndReused) {
    inside([&] {
        WDFIOTARGET target = open_target();
        WDFREQUEST request = nullptr;
        WDFMEMORY memory = nullptr;
        PVOID buffer = nullptr;
        ASSERT_EQ(WdfRequestCreate(nullptr, target, &request), STATUS_SUCCESS);
        ASSERT_EQ(WdfMemoryCreate(nullptr, NonPagedPoolNx, 0, 4, &memory, &buffer), STATUS_SUCCESS);
        EXPECT_FALSE(WdfRequestSend(request, target, nullptr)) << "it is not formatted";
        EXPECT_EQ(WdfRequestGetStatus(request), STATUS_WDF_REQUEST_INVALID_STATE);
        *static_cast<ULONG*>(buffer) = 5;
        WDFMEMORY_OFFSET outside = {3, 4};
        EXPECT_EQ(WdfIoTargetFormatRequestForIoctl(target, request, buffered_code, memory, &outside, memory, nullptr),
                  STATUS_INTEGER_OVERFLOW);
        ASSERT_EQ(WdfIoTargetFormatRequestForIoctl(target, request, buffered_code, memory, nullptr, memory, nullptr),
                  STATUS_SUCCESS);
        Completion completion;
        WdfRequestSetCompletionRoutine(request, on_completed, &completion);
        EXPECT_TRUE(WdfRequestSend(request, target, nullptr));
        EXPECT_EQ(completion.calls, 1);
        EXPECT_EQ(completion.status, STATUS_SUCCESS);
        EXPECT_EQ(completion.output, memory);
        EXPECT_EQ(*static_cast<ULONG*>(buffer), 6u);
        EXPECT_EQ(WdfRequestGetInformation(request), 4u);

        WDF_REQUEST_REUSE_PARAMS reuse;
        WDF_REQUEST_REUSE_PARAMS_INIT(&reuse, WDF_REQUEST_REUSE_NO_FLAGS, STATUS_SUCCESS);
        ASSERT_EQ(WdfRequestReuse(request, &reuse), STATUS_SUCCESS);
        ASSERT_EQ(WdfIoTargetFormatRequestForIoctl(target, request, pending_code, memory, nullptr, memory, nullptr),
                  STATUS_SUCCESS);
        WdfRequestSetCompletionRoutine(request, on_completed, &completion);
        EXPECT_TRUE(WdfRequestSend(request, target, nullptr));
        EXPECT_EQ(WdfRequestGetStatus(request), STATUS_PENDING);
        EXPECT_EQ(WdfRequestReuse(request, &reuse), STATUS_WDF_REQUEST_ALREADY_PENDING);
        EXPECT_FALSE(WdfRequestSend(request, target, nullptr));
        EXPECT_TRUE(WdfRequestCancelSentRequest(request));
        EXPECT_EQ(completion.calls, 2);
        EXPECT_EQ(completion.status, STATUS_CANCELLED);
        EXPECT_FALSE(WdfRequestCancelSentRequest(request));

        // Purging cancels what was sent.
        WdfRequestReuse(request, &reuse);
        WdfIoTargetFormatRequestForIoctl(target, request, pending_code, memory, nullptr, memory, nullptr);
        WdfRequestSetCompletionRoutine(request, on_completed, &completion);
        EXPECT_TRUE(WdfRequestSend(request, target, nullptr));
        WdfIoTargetPurge(target, WdfIoTargetPurgeIoAndWait);
        EXPECT_EQ(completion.calls, 3);
        EXPECT_FALSE(WdfRequestSend(request, target, nullptr));
        EXPECT_EQ(WdfRequestGetStatus(request), STATUS_INVALID_DEVICE_STATE);
    });
}

// "nf-wdfrequest-wdfrequestreuse": only a request of WdfRequestCreateFromIrp takes another IRP.
TEST_F(Kmdf, ARequestTakesNoOtherIrp) {
    inside([&] {
        WDFIOTARGET target = open_target();
        WDFREQUEST request = nullptr;
        ASSERT_EQ(WdfRequestCreate(nullptr, target, &request), STATUS_SUCCESS);
        WDF_REQUEST_REUSE_PARAMS reuse;
        WDF_REQUEST_REUSE_PARAMS_INIT(&reuse, WDF_REQUEST_REUSE_SET_NEW_IRP, STATUS_SUCCESS);
        reuse.NewIrp = IoAllocateIrp(1, FALSE);
        EXPECT_EQ(WdfRequestReuse(request, &reuse), STATUS_WDF_REQUEST_INVALID_STATE);
        IoFreeIrp(reuse.NewIrp);
        reuse.Size = 0;
        EXPECT_EQ(WdfRequestReuse(request, &reuse), STATUS_INFO_LENGTH_MISMATCH);
        EXPECT_EQ(WdfRequestReuse(request, nullptr), STATUS_INVALID_PARAMETER);
    });
    expect_bugcheck(0x10D, "no living object", [&] {
        WDF_REQUEST_REUSE_PARAMS reuse;
        WDF_REQUEST_REUSE_PARAMS_INIT(&reuse, WDF_REQUEST_REUSE_SET_NEW_IRP, STATUS_SUCCESS);
        WdfRequestReuse(reinterpret_cast<WDFREQUEST>(this), &reuse);
    });
}

TEST_F(Kmdf, DeletingASentRequestWaitsForItsCompletion) {
    inside([&] {
        WDFIOTARGET target = open_target();
        WDFREQUEST request = nullptr;
        WDFMEMORY memory = nullptr;
        ASSERT_EQ(WdfRequestCreate(nullptr, target, &request), STATUS_SUCCESS);
        ASSERT_EQ(WdfMemoryCreate(nullptr, NonPagedPoolNx, 0, 4, &memory, nullptr), STATUS_SUCCESS);
        WdfIoTargetFormatRequestForIoctl(target, request, pending_code, memory, nullptr, memory, nullptr);
        EXPECT_TRUE(WdfRequestSend(request, target, nullptr));
        WdfObjectDelete(request);
        WdfObjectDelete(memory); // the request still needs it
        ASSERT_NE(held_request, nullptr);
        IRP* irp = held_request;
        IoSetCancelRoutine(irp, nullptr);
        executive::complete(irp, STATUS_SUCCESS, 4);
    });
}

// WdfRequestGetCompletionParams: the same as the completion routine is given, once the request is completed.
TEST_F(Kmdf, CompletionParametersStayWithTheRequest) {
    inside([&] {
        WDFIOTARGET target = open_target();
        WDFREQUEST request = nullptr;
        WDFMEMORY memory = nullptr;
        PVOID buffer = nullptr;
        ASSERT_EQ(WdfRequestCreate(nullptr, target, &request), STATUS_SUCCESS);
        ASSERT_EQ(WdfMemoryCreate(nullptr, NonPagedPoolNx, 0, 4, &memory, &buffer), STATUS_SUCCESS);
        *static_cast<ULONG*>(buffer) = 7;
        WdfIoTargetFormatRequestForIoctl(target, request, buffered_code, memory, nullptr, memory, nullptr);
        Completion completion;
        WdfRequestSetCompletionRoutine(request, on_completed, &completion);
        ASSERT_TRUE(WdfRequestSend(request, target, nullptr));
        WDF_REQUEST_COMPLETION_PARAMS parameters;
        WDF_REQUEST_COMPLETION_PARAMS_INIT(&parameters);
        WdfRequestGetCompletionParams(request, &parameters);
        EXPECT_EQ(parameters.Type, WdfRequestTypeDeviceControl);
        EXPECT_EQ(parameters.IoStatus.Status, STATUS_SUCCESS);
        EXPECT_EQ(parameters.IoStatus.Information, 4u);
        EXPECT_EQ(parameters.Parameters.Ioctl.IoControlCode, buffered_code);
        EXPECT_EQ(parameters.Parameters.Ioctl.Output.Buffer, memory);
        EXPECT_EQ(parameters.Parameters.Ioctl.Output.Length, 4u);
    });
}

// WdfIoTargetGetDevice, WdfIoTargetWdmGetTargetFileObject, WdfIoTargetCloseForQueryRemove: closed for a removal that
// may yet be refused, a target keeps its name and opens again.
TEST_F(Kmdf, TargetsLetGoForAQueriedRemoval) {
    inside([&] {
        const LONG references = device_object_->ReferenceCount;
        WDFIOTARGET target = open_target();
        EXPECT_EQ(WdfIoTargetGetDevice(target), device_);
        FILE_OBJECT* file = WdfIoTargetWdmGetTargetFileObject(target);
        ASSERT_NE(file, nullptr);
        EXPECT_EQ(file->DeviceObject, device_object_);
        WDFREQUEST request = nullptr;
        WDFMEMORY memory = nullptr;
        ASSERT_EQ(WdfRequestCreate(nullptr, target, &request), STATUS_SUCCESS);
        ASSERT_EQ(WdfMemoryCreate(nullptr, NonPagedPoolNx, 0, 4, &memory, nullptr), STATUS_SUCCESS);
        WdfIoTargetFormatRequestForIoctl(target, request, pending_code, memory, nullptr, memory, nullptr);
        Completion completion;
        WdfRequestSetCompletionRoutine(request, on_completed, &completion);
        ASSERT_TRUE(WdfRequestSend(request, target, nullptr));
        WdfIoTargetCloseForQueryRemove(target);
        EXPECT_EQ(completion.calls, 1) << "what was sent is cancelled and waited for";
        EXPECT_EQ(completion.status, STATUS_CANCELLED);
        EXPECT_EQ(WdfIoTargetGetState(target), WdfIoTargetClosedForQueryRemove);
        EXPECT_EQ(WdfIoTargetWdmGetTargetFileObject(target), nullptr);
        EXPECT_EQ(device_object_->ReferenceCount, references) << "nothing holds the removal back";
        EXPECT_EQ(WdfIoTargetStart(target), STATUS_INVALID_DEVICE_STATE);
        EXPECT_EQ(WdfIoTargetGetDevice(target), device_);
        WDF_IO_TARGET_OPEN_PARAMS parameters;
        WDF_IO_TARGET_OPEN_PARAMS_INIT_REOPEN(&parameters);
        EXPECT_EQ(WdfIoTargetOpen(target, &parameters), STATUS_SUCCESS);
        EXPECT_EQ(WdfIoTargetGetState(target), WdfIoTargetStarted);
        EXPECT_NE(WdfIoTargetWdmGetTargetFileObject(target), nullptr);
    });
}

// WdfRequestComplete: for requests from a queue, and this one is the driver's own.
TEST_F(Kmdf, OwnRequestsAreNotForTheDriverToComplete) {
    expect_bugcheck(0x10D, "WdfRequestComplete", [&] {
        WDFREQUEST request = nullptr;
        ASSERT_EQ(WdfRequestCreate(nullptr, open_target(), &request), STATUS_SUCCESS);
        WdfRequestComplete(request, STATUS_SUCCESS);
    });
    EXPECT_EQ(machine.bugcheck_report()->parameters[0], 8u);
}

struct AnsweredInterface {
    INTERFACE header;
    int answer;
};
constexpr GUID answered_interface{0x11223344, 5, 6, {7, 8}};

NTSTATUS NTAPI answer_query(PDEVICE_OBJECT, PIRP irp) {
    const IO_STACK_LOCATION* stack = IoGetCurrentIrpStackLocation(irp);
    if (stack->MajorFunction != IRP_MJ_PNP || stack->MinorFunction != IRP_MN_QUERY_INTERFACE) {
        return executive::complete(irp, STATUS_SUCCESS);
    }
    const auto& query = stack->Parameters.QueryInterface;
    if (*query.InterfaceType != answered_interface || query.Version != 2) {
        return executive::complete(irp, irp->IoStatus.Status);
    }
    reinterpret_cast<AnsweredInterface*>(query.Interface)->answer = 42;
    return executive::complete(irp, STATUS_SUCCESS);
}

TEST_F(Kmdf, TargetsAreAskedForInterfaces) {
    executive::TestDriver other{answer_query};
    inside([&] {
        UNICODE_STRING name = executive::unicode(u"\\Device\\KmdfInterface");
        DEVICE_OBJECT* object = nullptr;
        ASSERT_EQ(IoCreateDevice(&other.object, 0, &name, FILE_DEVICE_SOUND, 0, FALSE, &object), STATUS_SUCCESS);
        object->Flags &= ~DO_DEVICE_INITIALIZING;
        WDFIOTARGET target = nullptr;
        ASSERT_EQ(WdfIoTargetCreate(device_, nullptr, &target), STATUS_SUCCESS);
        AnsweredInterface given{};
        const auto query = [&](const GUID* type, USHORT version) {
            return WdfIoTargetQueryForInterface(target, type, &given.header, sizeof given, version, nullptr);
        };
        EXPECT_EQ(query(&answered_interface, 2), STATUS_INVALID_DEVICE_STATE) << "the target is not open";
        WDF_IO_TARGET_OPEN_PARAMS parameters;
        WDF_IO_TARGET_OPEN_PARAMS_INIT_OPEN_BY_NAME(&parameters, &name, GENERIC_READ);
        ASSERT_EQ(WdfIoTargetOpen(target, &parameters), STATUS_SUCCESS);
        EXPECT_EQ(query(&answered_interface, 2), STATUS_SUCCESS);
        EXPECT_EQ(given.answer, 42);
        EXPECT_EQ(query(&answered_interface, 3), STATUS_NOT_SUPPORTED) << "nobody on the stack has this version";
        EXPECT_EQ(query(nullptr, 2), STATUS_INVALID_PARAMETER);
        WdfIoTargetClose(target);
        IoDeleteDevice(object);
    });
}

} // namespace
} // namespace openportcls::pnp::kmdf
