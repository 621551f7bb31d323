// IRPs, device stacks, files, requests, cancellation, work items, device interfaces, properties, notifications.
#include "executive/tests/fixture.h"

#include "executive/io/device_properties.h"
#include "executive/objects/object_manager.h"

namespace openportcls::executive {
namespace {

constexpr ULONG buffered_code = CTL_CODE(0x22, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS);
constexpr ULONG neither_code = CTL_CODE(0x22, 0x802, METHOD_NEITHER, FILE_ANY_ACCESS);
constexpr ULONG direct_code = CTL_CODE(0x22, 0x803, METHOD_OUT_DIRECT, FILE_ANY_ACCESS);
constexpr ULONG pend_code = CTL_CODE(0x22, 0x804, METHOD_BUFFERED, FILE_ANY_ACCESS);
constexpr ULONG write_code = CTL_CODE(0x22, 0x805, METHOD_BUFFERED, FILE_WRITE_ACCESS);
constexpr ULONG broken_code = CTL_CODE(0x22, 0x806, METHOD_BUFFERED, FILE_ANY_ACCESS);
constexpr ULONG twice_code = CTL_CODE(0x22, 0x808, METHOD_BUFFERED, FILE_ANY_ACCESS);
constexpr ULONG queue_code = CTL_CODE(0x22, 0x807, METHOD_BUFFERED, FILE_ANY_ACCESS);

struct Device {
    std::vector<int> majors;
    std::u16string file_name;
    KTIMER timer;
    KDPC dpc;
    IRP* pending = nullptr;
    LIST_ENTRY queue{};
    KSPIN_LOCK queue_lock = 0;
    IO_CSQ csq{};
    KPROCESSOR_MODE previous_mode = KernelMode;
};

Device& device_of(DEVICE_OBJECT* object) {
    return **static_cast<Device**>(object->DeviceExtension);
}

void NTAPI complete_later(PKDPC, PVOID context, PVOID, PVOID) {
    auto* device = static_cast<Device*>(context);
    complete(device->pending, STATUS_SUCCESS, 4);
}

NTSTATUS control(Device& device, IRP* irp) {
    IO_STACK_LOCATION* stack = IoGetCurrentIrpStackLocation(irp);
    const auto& parameters = stack->Parameters.DeviceIoControl;
    device.previous_mode = ExGetPreviousMode();
    switch (parameters.IoControlCode) {
    case buffered_code:
    case write_code: {
        auto* number = static_cast<ULONG*>(irp->AssociatedIrp.SystemBuffer);
        if (parameters.InputBufferLength < 4 || parameters.OutputBufferLength < 4) {
            return complete(irp, STATUS_BUFFER_TOO_SMALL);
        }
        *number += 1;
        return complete(irp, STATUS_SUCCESS, 4);
    }
    case neither_code:
        *static_cast<ULONG*>(irp->UserBuffer) = *static_cast<ULONG*>(parameters.Type3InputBuffer) * 2;
        return complete(irp, STATUS_SUCCESS, 4);
    case direct_code: {
        auto* memory = static_cast<char*>(MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority));
        memset(memory, 'x', MmGetMdlByteCount(irp->MdlAddress));
        return complete(irp, STATUS_SUCCESS, MmGetMdlByteCount(irp->MdlAddress));
    }
    case pend_code:
        IoMarkIrpPending(irp);
        device.pending = irp;
        KeInitializeTimer(&device.timer);
        KeInitializeDpc(&device.dpc, &complete_later, &device);
        KeSetTimer(&device.timer, milliseconds(20), &device.dpc);
        return STATUS_PENDING;
    case queue_code:
        IoCsqInsertIrp(&device.csq, irp, nullptr);
        return STATUS_PENDING;
    case twice_code:
        complete(irp, STATUS_SUCCESS);
        return complete(irp, STATUS_SUCCESS);
    case broken_code:
        return STATUS_SUCCESS; // forgets to complete
    default:
        return complete(irp, STATUS_INVALID_DEVICE_REQUEST);
    }
}

NTSTATUS NTAPI dispatch_all(PDEVICE_OBJECT object, PIRP irp) {
    Device& device = device_of(object);
    IO_STACK_LOCATION* stack = IoGetCurrentIrpStackLocation(irp);
    device.majors.push_back(stack->MajorFunction);
    switch (stack->MajorFunction) {
    case IRP_MJ_DEVICE_CONTROL:
        return control(device, irp);
    case IRP_MJ_CREATE:
        device.file_name.assign(stack->FileObject->FileName.Buffer, stack->FileObject->FileName.Length / 2);
        return complete(irp, device.file_name == u"\\refused" ? STATUS_ACCESS_DENIED : STATUS_SUCCESS);
    case IRP_MJ_READ: {
        auto* buffer = static_cast<char*>(irp->AssociatedIrp.SystemBuffer);
        memset(buffer, 'r', stack->Parameters.Read.Length);
        return complete(irp, STATUS_SUCCESS, stack->Parameters.Read.Length / 2);
    }
    default:
        return complete(irp, STATUS_SUCCESS);
    }
}

class Io : public ExecutiveTest {
protected:
    Io() : driver(&dispatch_all) {
        machine.enter([&] {
            UNICODE_STRING name = unicode(u"\\Device\\OpcTest");
            IoCreateDevice(&driver.object, sizeof(Device*), &name, FILE_DEVICE_KS, 0, FALSE, &object);
            *static_cast<Device**>(object->DeviceExtension) = &device;
            object->Flags |= DO_BUFFERED_IO;
            object->Flags &= ~static_cast<ULONG>(DO_DEVICE_INITIALIZING);
            device.queue = {&device.queue, &device.queue};
            IoCsqInitialize(&device.csq, &insert, &remove, &peek, &lock, &unlock, &canceled);
        });
    }

    FILE_OBJECT* open(const char16_t* path = u"\\Device\\OpcTest") {
        FILE_OBJECT* file = nullptr;
        EXPECT_EQ(open_file(path, nullptr, &file), STATUS_SUCCESS);
        return file;
    }

    static Device& owner(IO_CSQ* csq) { return *CONTAINING_RECORD(csq, Device, csq); }
    static void NTAPI insert(IO_CSQ* csq, IRP* irp) { InsertTailList(&owner(csq).queue, &irp->Tail.Overlay.ListEntry); }
    static void NTAPI remove(IO_CSQ*, IRP* irp) { RemoveEntryList(&irp->Tail.Overlay.ListEntry); }
    static IRP* NTAPI peek(IO_CSQ* csq, IRP* after, PVOID) {
        LIST_ENTRY* next = after == nullptr ? owner(csq).queue.Flink : after->Tail.Overlay.ListEntry.Flink;
        return next == &owner(csq).queue ? nullptr : CONTAINING_RECORD(next, IRP, Tail.Overlay.ListEntry);
    }
    static void NTAPI lock(IO_CSQ* csq, KIRQL* old) { KeAcquireSpinLock(&owner(csq).queue_lock, old); }
    static void NTAPI unlock(IO_CSQ* csq, KIRQL old) { KeReleaseSpinLock(&owner(csq).queue_lock, old); }
    static void NTAPI canceled(IO_CSQ*, IRP* irp) { complete(irp, STATUS_CANCELLED); }

    TestDriver driver;
    Device device;
    DEVICE_OBJECT* object = nullptr;
};

TEST_F(Io, OpenAndCloseSendCreateCleanupAndClose) {
    inside([&] {
        FILE_OBJECT* file = open(u"\\Device\\OpcTest\\Wave\\x");
        EXPECT_EQ(device.file_name, u"\\Wave\\x");
        EXPECT_EQ(object->ReferenceCount, 1);
        ObReferenceObject(file);
        close_file(file);
        EXPECT_EQ(device.majors, (std::vector<int>{IRP_MJ_CREATE, IRP_MJ_CLEANUP}));
        ObDereferenceObject(file);
        EXPECT_EQ(device.majors.back(), IRP_MJ_CLOSE);
        EXPECT_EQ(object->ReferenceCount, 0);
        FILE_OBJECT* refused = nullptr;
        EXPECT_EQ(open_file(u"\\Device\\OpcTest\\refused", nullptr, &refused), STATUS_ACCESS_DENIED);
        EXPECT_EQ(refused, nullptr);
        EXPECT_EQ(device.majors.back(), IRP_MJ_CREATE) << "a file that was never open is not closed";
        EXPECT_EQ(object->ReferenceCount, 0);
        EXPECT_EQ(open_file(u"\\Device\\Nothing", nullptr, &refused), STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(kernel().irps.living(), 0U);
    });
}

TEST_F(Io, ControlMethods) {
    inside([&] {
        FILE_OBJECT* file = open();
        ULONG in = 41;
        ULONG out = 0;
        ULONG_PTR information = 0;
        EXPECT_EQ(device_control(file, buffered_code, &in, 4, &out, 4, &information), STATUS_SUCCESS);
        EXPECT_EQ(out, 42U);
        EXPECT_EQ(information, 4U);
        EXPECT_EQ(in, 41U) << "the driver works on a copy";
        EXPECT_EQ(device.previous_mode, UserMode);
        EXPECT_EQ(ExGetPreviousMode(), KernelMode);
        EXPECT_EQ(device_control(file, neither_code, &in, 4, &out, 4, &information), STATUS_SUCCESS);
        EXPECT_EQ(out, 82U);
        std::vector<char> buffer(10'000, ' ');
        EXPECT_EQ(device_control(file, direct_code, nullptr, 0, buffer.data() + 3, 9'000, &information),
                  STATUS_SUCCESS);
        EXPECT_EQ(information, 9'000U);
        EXPECT_EQ(buffer[2], ' ');
        EXPECT_EQ(buffer[3], 'x');
        EXPECT_EQ(buffer[9'002], 'x');
        EXPECT_EQ(buffer[9'003], ' ');
        out = 7;
        EXPECT_EQ(device_control(file, buffered_code, &in, 1, &out, 4, &information), STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(out, 7U) << "an error carries no data";
        EXPECT_EQ(device_control(file, 0x12345678 & ~0xC000U, nullptr, 0, nullptr, 0, &information),
                  STATUS_INVALID_DEVICE_REQUEST);
        close_file(file);
        EXPECT_EQ(kernel().irps.living(), 0U);
        EXPECT_EQ(kernel().mdls.living(), 0U);
        EXPECT_EQ(kernel().locked_mdls, 0U);
    });
}

TEST_F(Io, ControlCodeAccessBitsAreChecked) {
    inside([&] {
        FILE_OBJECT* file = nullptr;
        OpenOptions options;
        options.desired_access = GENERIC_READ;
        ASSERT_EQ(open_file(u"\\Device\\OpcTest", nullptr, &file, options), STATUS_SUCCESS);
        ULONG number = 1;
        EXPECT_EQ(device_control(file, write_code, &number, 4, &number, 4, nullptr), STATUS_ACCESS_DENIED);
        EXPECT_EQ(device_control(file, write_code, &number, 4, &number, 4, nullptr, KernelMode), STATUS_SUCCESS);
        close_file(file);
    });
}

TEST_F(Io, PendingControlIsWaitedFor) {
    inside([&] {
        FILE_OBJECT* file = open();
        ULONG number = 0;
        ULONG_PTR information = 0;
        const auto before = machine.now();
        EXPECT_EQ(device_control(file, pend_code, &number, 4, &number, 4, &information), STATUS_SUCCESS);
        EXPECT_EQ(information, 4U);
        EXPECT_GE(machine.now() - before, 20'000'000);
        close_file(file);
    });
}

TEST_F(Io, DispatchThatForgetsToCompleteIsReported) {
    expect_bugcheck(0xC9, "has completed the request", [&] {
        ULONG number = 0;
        device_control(open(), broken_code, &number, 4, &number, 4, nullptr);
    });
}

struct Completion {
    int calls = 0;
    NTSTATUS status = 0;
};
void on_completed(void* context, NTSTATUS status, ULONG_PTR) {
    auto* completion = static_cast<Completion*>(context);
    ++completion->calls;
    completion->status = status;
}

TEST_F(Io, AsynchronousControlCanBeCancelled) {
    inside([&] {
        FILE_OBJECT* file = open();
        Completion completion;
        IRP* request = nullptr;
        ULONG number = 0;
        EXPECT_EQ(start_device_control(file, queue_code, &number, 4, &number, 4, &on_completed, &completion, &request),
                  STATUS_PENDING);
        ASSERT_NE(request, nullptr);
        EXPECT_EQ(completion.calls, 0);
        EXPECT_EQ(kernel().irps.living(), 1U);
        EXPECT_TRUE(cancel_request(request));
        EXPECT_EQ(completion.calls, 1);
        EXPECT_EQ(completion.status, STATUS_CANCELLED);
        EXPECT_EQ(kernel().irps.living(), 0U);
        EXPECT_EQ(
            start_device_control(file, buffered_code, &number, 4, &number, 4, &on_completed, &completion, &request),
            STATUS_SUCCESS);
        EXPECT_EQ(request, nullptr);
        EXPECT_EQ(completion.calls, 2);
        EXPECT_EQ(number, 1U);
        close_file(file);
    });
}

TEST_F(Io, CancelSafeQueueHandsOutIrpsInOrder) {
    inside([&] {
        FILE_OBJECT* file = open();
        Completion completions[2];
        ULONG number = 0;
        IRP* requests[2];
        for (int i = 0; i < 2; ++i) {
            start_device_control(file, queue_code, &number, 4, &number, 4, &on_completed, &completions[i],
                                 &requests[i]);
        }
        IRP* first = IoCsqRemoveNextIrp(&device.csq, nullptr);
        EXPECT_EQ(first, requests[0]);
        EXPECT_FALSE(IoCancelIrp(first)) << "no longer cancellable";
        EXPECT_TRUE(first->Cancel);
        complete(first, STATUS_SUCCESS);
        EXPECT_EQ(completions[0].calls, 1);
        EXPECT_EQ(completions[1].calls, 0);
        complete(IoCsqRemoveNextIrp(&device.csq, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(IoCsqRemoveNextIrp(&device.csq, nullptr), nullptr);
        close_file(file);
    });
}

TEST_F(Io, BufferedReadCopiesWhatInformationSays) {
    inside([&] {
        FILE_OBJECT* file = open();
        char buffer[8] = "-------";
        ULONG_PTR information = 0;
        EXPECT_EQ(read_file(file, buffer, 8, 0, &information), STATUS_SUCCESS);
        EXPECT_EQ(information, 4U);
        EXPECT_EQ(std::string(buffer, 7), "rrrr---");
        close_file(file);
    });
}

// ---- stacks and completion routines
// -----------------------------------------------------------------------------------

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

TEST_F(Io, RemoveLockHoldsRemovalBack) {
    inside([&] {
        IO_REMOVE_LOCK lock;
        IoInitializeRemoveLock(&lock, 'kcoL', 0, 0);
        EXPECT_EQ(IoAcquireRemoveLock(&lock, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(IoAcquireRemoveLock(&lock, &lock), STATUS_SUCCESS);
        IoReleaseRemoveLock(&lock, &lock);
        IoReleaseRemoveLockAndWait(&lock, nullptr);
        EXPECT_EQ(IoAcquireRemoveLock(&lock, nullptr), STATUS_DELETE_PENDING);
    });
}

void NTAPI work(PDEVICE_OBJECT, PVOID context) {
    KeSetEvent(static_cast<PKEVENT>(context), 0, FALSE);
}

TEST_F(Io, WorkItemsRunAndKeepTheirDevice) {
    inside([&] {
        KEVENT done;
        KeInitializeEvent(&done, NotificationEvent, FALSE);
        PIO_WORKITEM item = IoAllocateWorkItem(object);
        const auto references = ObjectManager::current().find(object)->references;
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        IoQueueWorkItem(item, &work, DelayedWorkQueue, &done);
        EXPECT_EQ(ObjectManager::current().find(object)->references, references + 1);
        KeLowerIrql(old);
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, nullptr);
        machine.settle();
        EXPECT_EQ(ObjectManager::current().find(object)->references, references);
        IoFreeWorkItem(item);
    });
}

TEST_F(Io, DeletedDeviceLivesUntilItsLastFileIsClosed) {
    inside([&] {
        FILE_OBJECT* file = open();
        IoDeleteDevice(object);
        EXPECT_EQ(kernel().devices().size(), 1U);
        FILE_OBJECT* other = nullptr;
        EXPECT_EQ(open_file(u"\\Device\\OpcTest", nullptr, &other), STATUS_OBJECT_NAME_NOT_FOUND);
        close_file(file);
        EXPECT_EQ(kernel().devices().size(), 0U);
        EXPECT_EQ(driver.object.DeviceObject, nullptr);
    });
}

// ---- interfaces
// -------------------------------------------------------------------------------------------------------

constexpr GUID render_class = {0x65E8773E, 0x8F56, 0x11D0, {0xA3, 0xB9, 0x00, 0xA0, 0xC9, 0x22, 0x31, 0x96}};
constexpr GUID audio_class = {0x6994AD04, 0x93EF, 0x11D0, {0xA3, 0xCC, 0x00, 0xA0, 0xC9, 0x22, 0x31, 0x96}};

std::u16string text(const UNICODE_STRING& string) {
    return {string.Buffer, string.Length / 2U};
}

TEST_F(Io, InterfacesAreNamedEnabledOpenedAndEnumerated) {
    std::vector<std::pair<std::u16string, bool>> changes;
    kernel().interfaces.subscribe(
        [&](const DeviceInterface& entry, bool enabled) { changes.emplace_back(entry.symbolic_link, enabled); });
    inside([&] {
        device_record(object).instance_path = u"ROOT\\MEDIA\\0000";
        UNICODE_STRING reference = unicode(u"Wave");
        UNICODE_STRING link;
        UNICODE_STRING audio_link;
        ASSERT_EQ(IoRegisterDeviceInterface(object, &render_class, &reference, &link), STATUS_SUCCESS);
        ASSERT_EQ(IoRegisterDeviceInterface(object, &audio_class, &reference, &audio_link), STATUS_SUCCESS);
        EXPECT_EQ(text(link), u"\\??\\ROOT#MEDIA#0000#{65e8773e-8f56-11d0-a3b9-00a0c9223196}\\Wave");
        FILE_OBJECT* file = nullptr;
        EXPECT_EQ(open_file(text(link), nullptr, &file), STATUS_OBJECT_PATH_NOT_FOUND) << "not enabled yet";
        EXPECT_EQ(IoSetDeviceInterfaceState(&link, TRUE), STATUS_SUCCESS);
        EXPECT_EQ(IoSetDeviceInterfaceState(&link, TRUE), STATUS_OBJECT_NAME_EXISTS);
        ASSERT_EQ(open_file(text(link), nullptr, &file), STATUS_SUCCESS);
        EXPECT_EQ(device.file_name, u"\\Wave");
        close_file(file);
        std::u16string user = text(link);
        user.replace(0, 4, u"\\\\?\\");
        ASSERT_EQ(open_file(user, nullptr, &file), STATUS_SUCCESS);
        close_file(file);

        PZZWSTR list;
        EXPECT_EQ(IoGetDeviceInterfaces(&render_class, nullptr, 0, &list), STATUS_SUCCESS);
        EXPECT_EQ(std::u16string(list), text(link));
        EXPECT_EQ(list[text(link).size() + 1], 0);
        ExFreePool(list);
        UNICODE_STRING alias;
        ASSERT_EQ(IoGetDeviceInterfaceAlias(&link, &audio_class, &alias), STATUS_SUCCESS);
        EXPECT_EQ(text(alias), text(audio_link));
        HANDLE key;
        EXPECT_EQ(IoOpenDeviceInterfaceRegistryKey(&link, KEY_ALL_ACCESS, &key), STATUS_SUCCESS);
        ZwClose(key);
        EXPECT_EQ(IoSetDeviceInterfaceState(&link, FALSE), STATUS_SUCCESS);
        EXPECT_EQ(open_file(text(link), nullptr, &file), STATUS_OBJECT_PATH_NOT_FOUND);
        for (UNICODE_STRING* each : {&link, &audio_link, &alias}) {
            RtlFreeUnicodeString(each);
        }
        UNICODE_STRING bad = unicode(u"a\\b");
        EXPECT_EQ(IoRegisterDeviceInterface(object, &render_class, &bad, &link), STATUS_INVALID_DEVICE_REQUEST);
    });
    ASSERT_EQ(changes.size(), 2U);
    EXPECT_TRUE(changes[0].second);
    EXPECT_FALSE(changes[1].second);
}

struct Arrival {
    int count = 0;
    GUID event{};
};
NTSTATUS NTAPI arrived(PVOID structure, PVOID context) {
    auto* arrival = static_cast<Arrival*>(context);
    ++arrival->count;
    arrival->event = static_cast<DEVICE_INTERFACE_CHANGE_NOTIFICATION*>(structure)->Event;
    return STATUS_SUCCESS;
}

TEST_F(Io, InterfaceNotificationsTellOfOldAndNewOnes) {
    inside([&] {
        device_record(object).instance_path = u"ROOT\\MEDIA\\0001";
        DeviceInterface& first = kernel().interfaces.add(object, audio_class, u"Topology");
        kernel().interfaces.set_state(first, true);
        Arrival arrival;
        PVOID handle;
        ASSERT_EQ(IoRegisterPlugPlayNotification(
                      EventCategoryDeviceInterfaceChange, PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES,
                      const_cast<GUID*>(&audio_class), &driver.object, &arrived, &arrival, &handle),
                  STATUS_SUCCESS);
        EXPECT_EQ(arrival.count, 1);
        DeviceInterface& second = kernel().interfaces.add(object, audio_class, u"Wave");
        kernel().interfaces.set_state(second, true);
        EXPECT_EQ(arrival.count, 2);
        EXPECT_TRUE(IsEqualGUID(arrival.event, GUID_DEVICE_INTERFACE_ARRIVAL));
        kernel().interfaces.set_state(second, false);
        EXPECT_TRUE(IsEqualGUID(arrival.event, GUID_DEVICE_INTERFACE_REMOVAL));
        EXPECT_EQ(IoUnregisterPlugPlayNotificationEx(handle), STATUS_SUCCESS);
        kernel().interfaces.set_state(second, true);
        EXPECT_EQ(arrival.count, 3);
    });
}

TEST_F(Io, PropertiesOfDevicesAndInterfaces) {
    inside([&] {
        DeviceRecord& record = device_record(object);
        record.instance_path = u"ROOT\\MEDIA\\0002";
        record.friendly_name = u"Cable";
        record.hardware_ids = {u"ROOT\\cable", u"cable"};
        ULONG length = 0;
        WCHAR buffer[64] = {};
        EXPECT_EQ(IoGetDeviceProperty(object, DevicePropertyFriendlyName, 0, nullptr, &length),
                  STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(length, 12U);
        EXPECT_EQ(IoGetDeviceProperty(object, DevicePropertyFriendlyName, sizeof buffer, buffer, &length), 0);
        EXPECT_EQ(std::u16string(buffer), u"Cable");
        EXPECT_EQ(IoGetDeviceProperty(object, DevicePropertyHardwareID, sizeof buffer, buffer, &length), 0);
        EXPECT_EQ(length, (11 + 6 + 1) * 2U);

        DEVPROPKEY key{audio_class, 5};
        ULONG value = 77;
        ULONG required = 0;
        DEVPROPTYPE type = 0;
        EXPECT_EQ(IoSetDevicePropertyData(object, &key, 0, 0, DEVPROP_TYPE_UINT32, 4, &value), STATUS_SUCCESS);
        value = 0;
        EXPECT_EQ(IoGetDevicePropertyData(object, &key, 0, 0, 2, &value, &required, &type), STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(IoGetDevicePropertyData(object, &key, 0, 0, 4, &value, &required, &type), STATUS_SUCCESS);
        EXPECT_EQ(value, 77U);
        EXPECT_EQ(type, static_cast<ULONG>(DEVPROP_TYPE_UINT32));
        EXPECT_EQ(IoSetDevicePropertyData(object, &key, 0, 0, DEVPROP_TYPE_EMPTY, 0, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(IoGetDevicePropertyData(object, &key, 0, 0, 4, &value, &required, &type),
                  STATUS_OBJECT_NAME_NOT_FOUND);
    });
}

// ---- StartIo
// ------------------------------------------------------------------------------------------------------------

std::vector<int>* started = nullptr;
void NTAPI start_io(PDEVICE_OBJECT, PIRP irp) {
    started->push_back(static_cast<int>(irp->IoStatus.Information));
}

TEST_F(Io, StartPacketSerialises) {
    std::vector<int> order;
    started = &order;
    driver.object.DriverStartIo = &start_io;
    inside([&] {
        IRP* irps[3];
        for (int i = 0; i < 3; ++i) {
            irps[i] = IoAllocateIrp(1, FALSE);
            irps[i]->IoStatus.Information = static_cast<ULONG_PTR>(i);
            IoStartPacket(object, irps[i], nullptr, nullptr);
        }
        EXPECT_EQ(order, (std::vector<int>{0}));
        EXPECT_EQ(object->CurrentIrp, irps[0]);
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        IoStartNextPacket(object, FALSE);
        IoStartNextPacket(object, TRUE);
        IoStartNextPacket(object, FALSE);
        KeLowerIrql(old);
        EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
        EXPECT_EQ(object->CurrentIrp, nullptr);
        for (IRP* irp : irps) {
            IoFreeIrp(irp);
        }
    });
}

int timer_ticks = 0;
void NTAPI device_timer(PDEVICE_OBJECT, PVOID) {
    ++timer_ticks;
}

TEST_F(Io, DeviceTimerTicksEverySecond) {
    timer_ticks = 0;
    inside([&] {
        IoInitializeTimer(object, &device_timer, nullptr);
        IoStartTimer(object);
        machine.run_for(5'100'000'000);
        EXPECT_EQ(timer_ticks, 5);
        IoStopTimer(object);
        machine.run_for(2'000'000'000);
        EXPECT_EQ(timer_ticks, 5);
    });
}

} // namespace
} // namespace openportcls::executive
