// Small functions of the I/O manager that the larger tests do not come by.
#include "executive/tests/fixture.h"

#include <cstring>

#include <ntddk.h>
#include <wmilib.h>

#include "executive/etw/debug_log.h"

namespace openportcls::executive {
namespace {

NTSTATUS (*on_request)(DEVICE_OBJECT*, IRP*);
NTSTATUS NTAPI dispatch(PDEVICE_OBJECT device, PIRP irp) {
    return on_request(device, irp);
}

class IoSmall : public ExecutiveTest {
protected:
    IoSmall() {
        on_request = [](DEVICE_OBJECT*, IRP* irp) { return complete(irp, STATUS_SUCCESS, 7); };
    }

    template<class Function>
    void with_device(Function&& function) {
        inside([&] {
            UNICODE_STRING name = unicode(u"\\Device\\IoSmall");
            ASSERT_EQ(IoCreateDevice(&driver_.object, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device_),
                      STATUS_SUCCESS);
            device_->Flags &= ~static_cast<ULONG>(DO_DEVICE_INITIALIZING);
            function();
            IoDeleteDevice(device_);
        });
    }

    TestDriver driver_{&dispatch};
    DEVICE_OBJECT* device_ = nullptr;
};

TEST_F(IoSmall, DriversHaveExtensionsById) {
    inside([&] {
        int id = 0;
        int other = 0;
        void* memory = nullptr;
        ASSERT_EQ(IoAllocateDriverObjectExtension(&driver_.object, &id, 64, &memory), STATUS_SUCCESS);
        EXPECT_EQ(IoGetDriverObjectExtension(&driver_.object, &id), memory);
        EXPECT_EQ(IoGetDriverObjectExtension(&driver_.object, &other), nullptr);
        void* again = nullptr;
        EXPECT_EQ(IoAllocateDriverObjectExtension(&driver_.object, &id, 64, &again), STATUS_OBJECT_NAME_COLLISION);
        free_driver_extensions(&driver_.object);
    });
}

TEST_F(IoSmall, IrpsInTheDriversOwnMemory) {
    with_device([&] {
        alignas(16) UCHAR memory[1024];
        std::memset(memory, 0xEE, sizeof memory);
        IRP* irp = reinterpret_cast<IRP*>(memory);
        IoInitializeIrp(irp, IoSizeOfIrp(2), 2);
        EXPECT_EQ(irp->StackCount, 2);
        EXPECT_EQ(irp->CurrentLocation, 3);
        EXPECT_EQ(irp->MdlAddress, nullptr);
        IRP* allocated = IoAllocateIrpEx(device_, 3, FALSE);
        ASSERT_NE(allocated, nullptr);
        EXPECT_EQ(allocated->StackCount, 3);
        IRP* associated = IoMakeAssociatedIrp(allocated, 1);
        ASSERT_NE(associated, nullptr);
        EXPECT_EQ(associated->AssociatedIrp.MasterIrp, allocated);
        EXPECT_NE(associated->Flags & IRP_ASSOCIATED_IRP, 0u);
        IoFreeIrp(associated);
        IoFreeIrp(allocated);
    });
}

// The requestor of everything is the system process.
TEST_F(IoSmall, RequestsKnowWhoseTheyAre) {
    inside([&] {
        IRP* irp = IoAllocateIrp(1, FALSE);
        EXPECT_EQ(IoGetRequestorProcess(irp), PsGetCurrentProcess());
        EXPECT_EQ(IoGetRequestorProcessId(irp), 4u);
        ULONG session = 9;
        EXPECT_EQ(IoGetRequestorSessionId(irp, &session), STATUS_SUCCESS);
        EXPECT_EQ(session, 0u);
        EXPECT_FALSE(IoIs32bitProcess(irp));
        EXPECT_EQ(IoGetIoPriorityHint(irp), IoPriorityNormal);
        GUID activity;
        EXPECT_EQ(IoGetActivityIdIrp(irp, &activity), STATUS_NOT_FOUND);
        KIRQL irql = 99;
        IoAcquireCancelSpinLock(&irql);
        EXPECT_EQ(irql, PASSIVE_LEVEL);
        EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
        IoReleaseCancelSpinLock(irql);
        IoFreeIrp(irp);
        ULONG_PTR low = 0;
        ULONG_PTR high = 0;
        IoGetStackLimits(&low, &high);
        // A local variable may lie on a sanitizer's fake stack.
        const auto here = reinterpret_cast<ULONG_PTR>(__builtin_frame_address(0));
        EXPECT_LT(low, here);
        EXPECT_GT(high, here);
        EXPECT_GT(reinterpret_cast<ULONG_PTR>(IoGetInitialStack()), here);
    });
}

TEST_F(IoSmall, WorkItemsInTheDriversOwnMemory) {
    with_device([&] {
        auto* item = static_cast<PIO_WORKITEM>(ExAllocatePoolWithTag(NonPagedPoolNx, IoSizeofWorkItem(), 'tseT'));
        IoInitializeWorkItem(device_, item);
        struct Run {
            PVOID object = nullptr;
            PIO_WORKITEM item = nullptr;
            static VOID NTAPI work(PVOID object, PVOID context, PIO_WORKITEM item) {
                *static_cast<Run*>(context) = {object, item};
            }
        } run;
        IoQueueWorkItemEx(item, &Run::work, DelayedWorkQueue, &run);
        machine.settle();
        EXPECT_EQ(run.object, device_);
        EXPECT_EQ(run.item, item);
        IoUninitializeWorkItem(item);
        ExFreePoolWithTag(item, 'tseT');
    });
}

struct Uninitializing {
    bool done = false;
    static VOID NTAPI work(PVOID, PVOID context, PIO_WORKITEM item) {
        IoUninitializeWorkItem(item);
        static_cast<Uninitializing*>(context)->done = true;
    }
};

// "IoUninitializeWorkItem": only one that is not currently queued. Its own routine may do it.
TEST_F(IoSmall, AWorkItemThatIsQueuedIsNotUninitialized) {
    Uninitializing run;
    const auto queue_one = [&] {
        auto* item = static_cast<PIO_WORKITEM>(ExAllocatePoolWithTag(NonPagedPoolNx, IoSizeofWorkItem(), 'tseT'));
        IoInitializeWorkItem(device_, item);
        IoQueueWorkItemEx(item, &Uninitializing::work, DelayedWorkQueue, &run);
        return item;
    };
    with_device([&] {
        auto* const item = queue_one();
        machine.settle();
        EXPECT_TRUE(run.done);
        ExFreePoolWithTag(item, 'tseT');
    });
    expect_bugcheck(0x96, "IoUninitializeWorkItem", [&] {
        IoCreateDevice(&driver_.object, 0, nullptr, FILE_DEVICE_UNKNOWN, 0, FALSE, &device_);
        IoUninitializeWorkItem(queue_one());
    });
}

// IoCheckShareAccess, IoSetShareAccess, IoRemoveShareAccess
TEST_F(IoSmall, ShareAccessIsCountedAndRefused) {
    inside([&] {
        SHARE_ACCESS state{};
        FILE_OBJECT first{};
        FILE_OBJECT second{};
        IoSetShareAccess(FILE_READ_DATA, FILE_SHARE_READ, &first, &state);
        EXPECT_EQ(state.OpenCount, 1u);
        EXPECT_EQ(state.Readers, 1u);
        EXPECT_EQ(IoCheckShareAccess(FILE_WRITE_DATA, FILE_SHARE_READ, &second, &state, TRUE),
                  STATUS_SHARING_VIOLATION);
        EXPECT_EQ(state.OpenCount, 1u);
        EXPECT_EQ(IoCheckShareAccess(FILE_READ_DATA, FILE_SHARE_READ, &second, &state, TRUE), STATUS_SUCCESS);
        EXPECT_EQ(state.OpenCount, 2u);
        IoRemoveShareAccess(&second, &state);
        IoRemoveShareAccess(&first, &state);
        EXPECT_EQ(state.OpenCount, 0u);
        EXPECT_EQ(state.Readers, 0u);
    });
}

// The IRP is the caller's: his completion routine frees it.
TEST_F(IoSmall, IoBuildAsynchronousFsdRequestIsFreedByItsRoutine) {
    with_device([&] {
        UCHAR buffer[16];
        LARGE_INTEGER offset{};
        IO_STATUS_BLOCK status{};
        IRP* irp = IoBuildAsynchronousFsdRequest(IRP_MJ_WRITE, device_, buffer, sizeof buffer, &offset, &status);
        ASSERT_NE(irp, nullptr);
        EXPECT_EQ(IoGetNextIrpStackLocation(irp)->MajorFunction, IRP_MJ_WRITE);
        static ULONG_PTR information;
        information = 0;
        ASSERT_EQ(IoSetCompletionRoutineEx(
                      device_, irp,
                      +[](DEVICE_OBJECT*, IRP* done, void*) NTAPI -> NTSTATUS {
                          information = done->IoStatus.Information;
                          IoFreeIrp(done);
                          return STATUS_MORE_PROCESSING_REQUIRED;
                      },
                      nullptr, TRUE, TRUE, TRUE),
                  STATUS_SUCCESS);
        EXPECT_EQ(IoCallDriver(device_, irp), STATUS_SUCCESS);
        EXPECT_EQ(information, 7u);
    });
}

TEST_F(IoSmall, IoForwardIrpSynchronouslyComesBackWithTheIrp) {
    with_device([&] {
        DEVICE_OBJECT* upper = nullptr;
        ASSERT_EQ(IoCreateDevice(&driver_.object, 0, nullptr, FILE_DEVICE_UNKNOWN, 0, FALSE, &upper), STATUS_SUCCESS);
        static DEVICE_OBJECT* lower;
        static bool forwarded;
        lower = IoAttachDeviceToDeviceStack(upper, device_);
        forwarded = false;
        upper->Flags &= ~static_cast<ULONG>(DO_DEVICE_INITIALIZING);
        on_request = [](DEVICE_OBJECT* device, IRP* irp) {
            if (device == lower) {
                return complete(irp, STATUS_SUCCESS, 7);
            }
            forwarded = IoForwardIrpSynchronously(lower, irp) != FALSE;
            EXPECT_EQ(irp->IoStatus.Information, 7u);
            return complete(irp, STATUS_NO_MORE_FILES);
        };
        ULONG_PTR information = 0;
        EXPECT_EQ(call_synchronously(upper, build_request(upper, IRP_MJ_PNP, IRP_MN_QUERY_CAPABILITIES), &information),
                  STATUS_NO_MORE_FILES);
        EXPECT_TRUE(forwarded);
        IoDetachDevice(lower);
        IoDeleteDevice(upper);
    });
}

TEST_F(IoSmall, IoAttachDeviceFindsItsTargetByName) {
    with_device([&] {
        DEVICE_OBJECT* upper = nullptr;
        ASSERT_EQ(IoCreateDevice(&driver_.object, 0, nullptr, FILE_DEVICE_UNKNOWN, 0, FALSE, &upper), STATUS_SUCCESS);
        upper->Flags &= ~static_cast<ULONG>(DO_DEVICE_INITIALIZING);
        UNICODE_STRING name = unicode(u"\\Device\\Nobody");
        DEVICE_OBJECT* attached = nullptr;
        EXPECT_FALSE(NT_SUCCESS(IoAttachDevice(upper, &name, &attached)));
        name = unicode(u"\\Device\\IoSmall");
        ASSERT_EQ(IoAttachDevice(upper, &name, &attached), STATUS_SUCCESS);
        EXPECT_EQ(attached, device_);
        EXPECT_EQ(device_->AttachedDevice, upper);
        IoDetachDevice(attached);
        IoDeleteDevice(upper);
    });
}

TEST_F(IoSmall, FilesAreOpenedAndControlledByHandle) {
    with_device([&] {
        UNICODE_STRING name = unicode(u"\\Device\\IoSmall");
        OBJECT_ATTRIBUTES attributes;
        InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, nullptr, nullptr);
        IO_STATUS_BLOCK status{};
        HANDLE handle = nullptr;
        ASSERT_EQ(IoCreateFile(&handle, GENERIC_READ, &attributes, &status, nullptr, 0, 0, FILE_OPEN, 0, nullptr, 0,
                               CreateFileTypeNone, nullptr, 0),
                  STATUS_SUCCESS);
        ULONG value = 0;
        EXPECT_EQ(ZwDeviceIoControlFile(handle, nullptr, nullptr, nullptr, &status,
                                        CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_NEITHER, FILE_ANY_ACCESS), &value,
                                        sizeof value, &value, sizeof value),
                  STATUS_SUCCESS);
        EXPECT_EQ(status.Information, 7u);
        EXPECT_EQ(ZwClose(handle), STATUS_SUCCESS);
    });
}

TEST_F(IoSmall, ErrorLogEntriesAreWrittenOrFreed) {
    with_device([&] {
        auto* entry = static_cast<PIO_ERROR_LOG_PACKET>(IoAllocateErrorLogEntry(device_, sizeof(IO_ERROR_LOG_PACKET)));
        ASSERT_NE(entry, nullptr);
        entry->ErrorCode = static_cast<NTSTATUS>(0xC0040001);
        IoWriteErrorLogEntry(entry);
        EXPECT_EQ(kernel().error_log_entries, 1u);
        void* other = IoAllocateErrorLogEntry(device_, sizeof(IO_ERROR_LOG_PACKET));
        ASSERT_NE(other, nullptr);
        IoFreeErrorLogEntry(other);
        EXPECT_EQ(kernel().error_log_entries, 1u) << "not written";
        EXPECT_EQ(IoAllocateErrorLogEntry(device_, 255), nullptr) << "longer than ERROR_LOG_MAXIMUM_SIZE";
    });
}

TEST_F(IoSmall, WmiEventsAreLoggedAndTheirMemoryIsWmis) {
    with_device([&] {
        IoWMIRegistrationControl(device_, WMIREG_ACTION_REGISTER);
        EXPECT_NE(IoWMIDeviceObjectToProviderId(device_), 0u);
        const std::size_t before = Etw::current().records().size();
        auto* item = static_cast<WNODE_HEADER*>(ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(WNODE_HEADER), 'tseT'));
        *item = {};
        item->BufferSize = sizeof *item;
        EXPECT_EQ(IoWMIWriteEvent(item), STATUS_SUCCESS);
        EXPECT_EQ(IoWMIWriteEvent(nullptr), STATUS_INVALID_PARAMETER);
        const GUID id{5, 0, 0, {}};
        void* data = ExAllocatePoolWithTag(NonPagedPoolNx, 8, 'tseT');
        EXPECT_EQ(WmiFireEvent(device_, &id, 0, 8, data), STATUS_SUCCESS);
        EXPECT_EQ(WmiFireEvent(device_, nullptr, 0, 0, nullptr), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(Etw::current().records().size(), before + 2);
        IoWMIRegistrationControl(device_, WMIREG_ACTION_DEREGISTER);
    });
}

} // namespace
} // namespace openportcls::executive
