// A device that answers every way a driver can: at once, later, never, twice, from a cancel-safe queue.
#pragma once

#include "executive/objects/object_manager.h"
#include "executive/tests/fixture.h"

namespace openportcls::executive {

inline constexpr ULONG buffered_code = CTL_CODE(0x22, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS);
inline constexpr ULONG neither_code = CTL_CODE(0x22, 0x802, METHOD_NEITHER, FILE_ANY_ACCESS);
inline constexpr ULONG direct_code = CTL_CODE(0x22, 0x803, METHOD_OUT_DIRECT, FILE_ANY_ACCESS);
inline constexpr ULONG pend_code = CTL_CODE(0x22, 0x804, METHOD_BUFFERED, FILE_ANY_ACCESS);
inline constexpr ULONG write_code = CTL_CODE(0x22, 0x805, METHOD_BUFFERED, FILE_WRITE_ACCESS);
inline constexpr ULONG broken_code = CTL_CODE(0x22, 0x806, METHOD_BUFFERED, FILE_ANY_ACCESS);
inline constexpr ULONG twice_code = CTL_CODE(0x22, 0x808, METHOD_BUFFERED, FILE_ANY_ACCESS);
inline constexpr ULONG queue_code = CTL_CODE(0x22, 0x807, METHOD_BUFFERED, FILE_ANY_ACCESS);

struct IoDevice {
    std::vector<int> majors;
    std::u16string file_name;
    KTIMER timer;
    KDPC dpc;
    IRP* pending = nullptr;
    LIST_ENTRY queue{};
    KSPIN_LOCK queue_lock = 0;
    IO_CSQ csq{};
    KPROCESSOR_MODE previous_mode = KernelMode;
    KPROCESSOR_MODE requestor_mode = UserMode;
};

inline IoDevice& device_of(DEVICE_OBJECT* object) {
    return **static_cast<IoDevice**>(object->DeviceExtension);
}

inline void NTAPI complete_later(PKDPC, PVOID context, PVOID, PVOID) {
    auto* device = static_cast<IoDevice*>(context);
    complete(device->pending, STATUS_SUCCESS, 4);
}

inline NTSTATUS control(IoDevice& device, IRP* irp) {
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

inline NTSTATUS NTAPI dispatch_all(PDEVICE_OBJECT object, PIRP irp) {
    IoDevice& device = device_of(object);
    IO_STACK_LOCATION* stack = IoGetCurrentIrpStackLocation(irp);
    device.majors.push_back(stack->MajorFunction);
    device.requestor_mode = irp->RequestorMode;
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
            ObjectManager::current().add(&driver.object, object_types::driver, {});
            UNICODE_STRING name = unicode(u"\\Device\\OpcTest");
            IoCreateDevice(&driver.object, sizeof(IoDevice*), &name, FILE_DEVICE_KS, 0, FALSE, &object);
            *static_cast<IoDevice**>(object->DeviceExtension) = &device;
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

    static IoDevice& owner(IO_CSQ* csq) { return *CONTAINING_RECORD(csq, IoDevice, csq); }
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
    IoDevice device;
    DEVICE_OBJECT* object = nullptr;
};

} // namespace openportcls::executive
