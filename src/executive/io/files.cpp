// File objects: opening and closing.
#include <new>
#include <string>
#include <utility>
#include <vector>

#include <wdm.h>

#include "executive/io/completion.h"
#include "executive/io/device_record.h"
#include "executive/io/devices.h"
#include "executive/io/file_record.h"
#include "executive/io/io_manager.h"
#include "executive/irql_check.h"
#include "executive/objects/object_manager.h"

namespace openportcls::executive {

namespace {

constexpr CSHORT io_type_file = 5;

constexpr ULONG file_tag = 0x656C6946; // 'File'

NTSTATUS send(FILE_OBJECT* file, UCHAR major, KPROCESSOR_MODE mode) {
    Kernel& kernel = Kernel::current();
    DEVICE_OBJECT* device = top_of_stack(file->DeviceObject);
    IRP* irp = build_request(device, major, 0);
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->RequestorMode = mode;
    irp->Tail.Overlay.OriginalFileObject = file;
    irp->Flags |= major == IRP_MJ_CLOSE ? IRP_CLOSE_OPERATION | IRP_SYNCHRONOUS_API : IRP_SYNCHRONOUS_API;
    IoGetNextIrpStackLocation(irp)->FileObject = file;
    (void)kernel;
    return call_synchronously(device, irp);
}

void clean_up(FILE_OBJECT* file) {
    FileRecord& open = FileRecord::of(file);
    if (open.opened && !open.cleaned_up) {
        open.cleaned_up = true;
        send(file, IRP_MJ_CLEANUP, UserMode);
        file->Flags |= FO_CLEANUP_COMPLETE;
    }
}

void finish_close(FILE_OBJECT* file) {
    FileRecord& open = FileRecord::of(file);
    DEVICE_OBJECT* device = file->DeviceObject;
    if (open.opened) {
        clean_up(file);
        send(file, IRP_MJ_CLOSE, KernelMode);
    }
    release_device_for_file(device);
    Kernel& kernel = Kernel::current();
    open.~FileRecord();
    kernel.pool.free(&open, file_tag, __func__);
}

void NTAPI close_later(PVOID parameter) {
    finish_close(static_cast<FILE_OBJECT*>(parameter));
}

void finish_close_later(FILE_OBJECT* file) {
    FileRecord& record = FileRecord::of(file);
    record.close_item.WorkerRoutine = &close_later;
    record.close_item.Parameter = file;
    Kernel::current().work.queue(record.close_item, DelayedWorkQueue);
}

// What the end of the thread that sent them does on Windows: nobody is left who would.
void cancel_requests(FILE_OBJECT* file) {
    std::vector<std::pair<IRP*, std::uint32_t>> outstanding;
    for (IrpSlot* const slot : Kernel::current().irps.list()) {
        const bool is_applications = slot->kind != IrpKind::driver && slot->kind != IrpKind::threaded;
        if (is_applications && slot->irp()->Tail.Overlay.OriginalFileObject == file) {
            outstanding.emplace_back(slot->irp(), slot->serial);
        }
    }
    for (const auto& [irp, serial] : outstanding) {
        if (IrpPool::is_living(irp, serial)) {
            cancel_request(irp);
        }
    }
}

// The last reference may go at DISPATCH_LEVEL; IRP_MJ_CLOSE is for PASSIVE_LEVEL.
void destroy_file(machine::Machine& machine, void* body) {
    auto* file = static_cast<FILE_OBJECT*>(body);
    FileRecord& record = FileRecord::of(file);
    if (record.requests != 0) {
        cancel_requests(file);
    }
    if (record.requests != 0) {
        record.awaits_requests = true;
    } else if (machine.irql() == machine::irql::passive) {
        finish_close(file);
    } else {
        finish_close_later(file);
    }
}

void last_handle_closed(machine::Machine&, void* body) {
    clean_up(static_cast<FILE_OBJECT*>(body));
}

FILE_OBJECT* new_file(DEVICE_OBJECT* device, std::u16string_view name, FILE_OBJECT* related,
                      const OpenOptions& options) {
    // One block of pool with the name behind: it goes with the machine when the machine ends in a bugcheck.
    const auto bytes = static_cast<USHORT>(name.size() * sizeof(char16_t));
    void* memory = Kernel::current().pool.allocate(sizeof(FileRecord) + bytes + sizeof(char16_t), file_tag,
                                                   PoolKind::non_paged, true, nullptr);
    auto* open = new (memory) FileRecord;
    auto* text = reinterpret_cast<char16_t*>(open + 1);
    name.copy(text, name.size());
    FILE_OBJECT* file = &open->body;
    file->Type = io_type_file;
    file->Size = sizeof(FILE_OBJECT);
    file->DeviceObject = device;
    file->RelatedFileObject = related;
    const ACCESS_MASK access = object_types::file.map(options.desired_access);
    file->ReadAccess = (access & FILE_READ_DATA) != 0;
    file->WriteAccess = (access & (FILE_WRITE_DATA | FILE_APPEND_DATA)) != 0;
    file->DeleteAccess = (access & DELETE) != 0;
    file->FileName = {bytes, static_cast<USHORT>(bytes + sizeof(char16_t)), text};
    file->Lock.Header = {};
    KeInitializeEvent(&file->Lock, SynchronizationEvent, FALSE);
    KeInitializeEvent(&file->Event, NotificationEvent, FALSE);
    file->IrpList = {&file->IrpList, &file->IrpList};
    if ((options.create_options & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT)) != 0) {
        file->Flags |= FO_SYNCHRONOUS_IO;
    }
    return file;
}

// A device that the PnP manager knows can be opened once its START_DEVICE has completed
// (nf-wdm-iosetdeviceinterfacestate); others, once their driver says so.
bool is_openable(DEVICE_OBJECT* top) {
    const DeviceRecord* const record = find_device_record(bottom_of_stack(top));
    return (top->Flags & DO_DEVICE_INITIALIZING) == 0 && !extra_of(top).delete_pending &&
           (record == nullptr || record->start_completed);
}

} // namespace

// Whoever completes a request may hold locks of its own.
void NTAPI last_request_ended(FILE_OBJECT* file) noexcept {
    FileRecord::of(file).awaits_requests = false;
    finish_close_later(file);
}

NTSTATUS open_device(DEVICE_OBJECT* device, std::u16string_view name, FILE_OBJECT* related, FILE_OBJECT** result,
                     const OpenOptions& options) {
    OPC_REQUIRE_PASSIVE();
    Kernel& kernel = Kernel::current();
    *result = nullptr;
    DEVICE_OBJECT* top = top_of_stack(device);
    if (!is_openable(top)) {
        return STATUS_NO_SUCH_DEVICE;
    }
    if ((device->Flags & DO_EXCLUSIVE) != 0 && device->ReferenceCount != 0) {
        return STATUS_ACCESS_DENIED;
    }
    reference_device_for_file(device);
    FILE_OBJECT* file = new_file(device, name, related, options);
    ObjectCallbacks callbacks;
    callbacks.last_handle_closed = &last_handle_closed;
    callbacks.destroy = &destroy_file;
    ObjectManager& objects = ObjectManager::current();
    objects.add(file, object_types::file, callbacks);

    ACCESS_STATE access_state{};
    access_state.OriginalDesiredAccess = options.desired_access;
    access_state.PreviouslyGrantedAccess = object_types::file.map(options.desired_access);
    IO_SECURITY_CONTEXT security{};
    security.AccessState = &access_state;
    security.DesiredAccess = object_types::file.map(options.desired_access);

    const KPROCESSOR_MODE before = kernel.client_mode;
    kernel.client_mode = options.mode;
    IRP* irp = build_request(top, IRP_MJ_CREATE, 0);
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->RequestorMode = options.mode;
    irp->Flags |= IRP_CREATE_OPERATION | IRP_SYNCHRONOUS_API | IRP_DEFER_IO_COMPLETION;
    irp->Tail.Overlay.OriginalFileObject = file;
    IO_STACK_LOCATION* stack = IoGetNextIrpStackLocation(irp);
    stack->FileObject = file;
    stack->Parameters.Create.SecurityContext = &security;
    stack->Parameters.Create.Options = options.create_options | FILE_OPEN << 24;
    stack->Parameters.Create.ShareAccess = FILE_SHARE_READ | FILE_SHARE_WRITE;
    const NTSTATUS status = call_synchronously(top, irp);
    kernel.client_mode = before;

    file->RelatedFileObject = nullptr; // valid while IRP_MJ_CREATE is processed only
    if (!NT_SUCCESS(status)) {         // STATUS_DEVICE_BUSY, a warning, too
        objects.dereference(file);
        return status;
    }
    FileRecord::of(file).opened = true;
    file->Flags |= FO_FILE_OPEN;
    *result = file;
    return status;
}

NTSTATUS open_file(std::u16string_view path, FILE_OBJECT* related, FILE_OBJECT** file, const OpenOptions& options) {
    OPC_REQUIRE_PASSIVE();
    *file = nullptr;
    if (related != nullptr) {
        return open_device(related->DeviceObject, path, related, file, options);
    }
    std::u16string kernel_path(path);
    if (kernel_path.starts_with(u"\\\\?\\") || kernel_path.starts_with(u"\\\\.\\")) {
        kernel_path.replace(0, 4, u"\\??\\");
    }
    ObjectManager& objects = ObjectManager::current();
    const NamespaceLookup found = objects.lookup(kernel_path);
    if (!NT_SUCCESS(found.status)) {
        return found.status;
    }
    const ObjectHeader* header = objects.find(found.body);
    if (header == nullptr || header->type != &object_types::device) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    return open_device(static_cast<DEVICE_OBJECT*>(found.body), found.remaining, nullptr, file, options);
}

void close_file(FILE_OBJECT* file) {
    OPC_REQUIRE_PASSIVE();
    clean_up(file);
    ObjectManager::current().dereference(file);
}

} // namespace openportcls::executive

using namespace openportcls;

extern "C" {

// The file object, not the device object, holds the reference that the caller gives back.
NTSTATUS NTAPI IoGetDeviceObjectPointer(PUNICODE_STRING name, ACCESS_MASK access, PFILE_OBJECT* file,
                                        PDEVICE_OBJECT* device) {
    OPC_REQUIRE_PASSIVE();
    executive::OpenOptions options;
    options.desired_access = access;
    options.mode = KernelMode;
    options.create_options = FILE_NON_DIRECTORY_FILE;
    const NTSTATUS status = executive::open_file({name->Buffer, name->Length / sizeof(WCHAR)}, nullptr, file, options);
    if (NT_SUCCESS(status)) {
        *device = executive::top_of_stack((*file)->DeviceObject);
    }
    return status;
}

} // extern "C"
