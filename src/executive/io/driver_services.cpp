// Driver object extensions, error log entries, share access and other small services of the I/O manager.
#include <wdm.h>

#include <fmt/format.h>

#include "executive/callers.h"
#include "executive/irql_check.h"
#include "executive/kernel.h"
#include "executive/not_done.h"
#include "executive/objects/object_manager.h"
#include "executive/rtl/counted_text.h"

using namespace openportcls;
using executive::Kernel;
using executive::ObjectManager;
using machine::Machine;

namespace {

constexpr ULONG extension_tag = 0x78447249;    // 'IrDx'
constexpr ULONG error_log_tag = 0x4C457249;    // 'IrEL'
constexpr ULONG reinitialize_tag = 0x69527249; // 'IrRi'

struct Reinitialization {
    WORK_QUEUE_ITEM item;
    DRIVER_OBJECT* driver;
    PDRIVER_REINITIALIZE routine;
    void* context;
};

void NTAPI reinitialize(PVOID parameter) {
    const Reinitialization work = *static_cast<Reinitialization*>(parameter);
    Kernel::current().pool.free(parameter, reinitialize_tag, "IoRegisterDriverReinitialization");
    const ULONG count = ++work.driver->DriverExtension->Count;
    work.routine(work.driver, work.context, count);
}

KEVENT* open_event(UNICODE_STRING* name, HANDLE* handle, EVENT_TYPE type, const void* caller) {
    ObjectManager& objects = ObjectManager::current();
    KEVENT* event = nullptr;
    if (name != nullptr) {
        const auto found = objects.lookup(executive::text_of(name));
        if (NT_SUCCESS(found.status) && found.remaining.empty()) {
            const auto* header = objects.find(found.body);
            if (header == nullptr || header->type != &executive::object_types::event) {
                return nullptr;
            }
            event = static_cast<KEVENT*>(found.body);
            *handle = objects.open_handle(event, EVENT_ALL_ACCESS);
            return event;
        }
    }
    event = objects.create_event(type, true, caller);
    if (name != nullptr && !NT_SUCCESS(objects.insert_name(executive::text_of(name), event, false))) {
        objects.dereference(event);
        return nullptr;
    }
    *handle = objects.open_handle(event, EVENT_ALL_ACCESS);
    objects.dereference(event); // the handle holds it
    return event;
}

} // namespace

void executive::free_driver_extensions(DRIVER_OBJECT* driver) {
    Kernel& kernel = Kernel::current();
    std::erase_if(kernel.driver_extensions, [&](const Kernel::DriverExtension& each) {
        if (each.driver != driver) {
            return false;
        }
        kernel.pool.free(each.memory, extension_tag, "IoAllocateDriverObjectExtension");
        return true;
    });
}

OPC_BEGIN_REMEMBERING_CALLERS

extern "C" {

// Freed with the driver object.
NTSTATUS NTAPI IoAllocateDriverObjectExtension(PDRIVER_OBJECT driver, PVOID id, ULONG bytes, PVOID* extension) {
    OPC_REQUIRE_APC_OR_BELOW();
    Kernel& kernel = Kernel::current();
    *extension = nullptr;
    if (IoGetDriverObjectExtension(driver, id) != nullptr) {
        return STATUS_OBJECT_NAME_COLLISION;
    }
    void* memory = kernel.pool.allocate(bytes, extension_tag, executive::PoolKind::non_paged, true, nullptr);
    if (memory == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    kernel.driver_extensions.push_back({driver, id, memory});
    *extension = memory;
    return STATUS_SUCCESS;
}

PVOID NTAPI IoGetDriverObjectExtension(PDRIVER_OBJECT driver, PVOID id) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    for (const Kernel::DriverExtension& each : Kernel::current().driver_extensions) {
        if (each.driver == driver && each.id == id) {
            return each.memory;
        }
    }
    return nullptr;
}

void NTAPI IoRegisterDriverReinitialization(PDRIVER_OBJECT driver, PDRIVER_REINITIALIZE routine, PVOID context) {
    OPC_REQUIRE_PASSIVE();
    Kernel& kernel = Kernel::current();
    auto* work = static_cast<Reinitialization*>(kernel.pool.allocate(sizeof(Reinitialization), reinitialize_tag,
                                                                     executive::PoolKind::non_paged, true, nullptr));
    if (work == nullptr) {
        return;
    }
    work->item.WorkerRoutine = &reinitialize;
    work->item.Parameter = work;
    work->driver = driver;
    work->routine = routine;
    work->context = context;
    kernel.work.queue(work->item, DelayedWorkQueue);
}

PVOID NTAPI IoAllocateErrorLogEntry(PVOID, UCHAR bytes) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    if (bytes < sizeof(IO_ERROR_LOG_PACKET) || bytes > ERROR_LOG_MAXIMUM_SIZE) {
        return nullptr;
    }
    return Kernel::current().pool.allocate(bytes, error_log_tag, executive::PoolKind::non_paged, true,
                                           __builtin_return_address(0));
}

void NTAPI IoFreeErrorLogEntry(PVOID entry) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Kernel::current().pool.free(entry, error_log_tag, __func__);
}

void NTAPI IoWriteErrorLogEntry(PVOID entry) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Kernel& kernel = Kernel::current();
    const auto& packet = *static_cast<const IO_ERROR_LOG_PACKET*>(entry);
    kernel.machine.trace(machine::EventKind::log, 0, packet.ErrorCode,
                         fmt::format("error log: code {:#x}, status {:#x}, value {:#x}",
                                     static_cast<std::uint32_t>(packet.ErrorCode),
                                     static_cast<std::uint32_t>(packet.FinalStatus), packet.UniqueErrorValue));
    ++kernel.error_log_entries;
    kernel.pool.free(entry, error_log_tag, __func__);
}

BOOLEAN NTAPI IoIsWdmVersionAvailable(UCHAR major, UCHAR minor) {
    OPC_REQUIRE_PASSIVE();
    // The table of the function's page: 1.10 for Windows 2000, 1.20 for XP, 1.30 for Server 2003, 6.00 since Vista.
    const Kernel& kernel = Kernel::current();
    const int available = kernel.os_major >= 6 ? 0x0600 : 0x0110 + 0x10 * static_cast<int>(kernel.os_minor);
    return (major << 8 | minor) <= available;
}

NTSTATUS NTAPI IoCheckShareAccess(ACCESS_MASK access, ULONG share, PFILE_OBJECT file, PSHARE_ACCESS state,
                                  BOOLEAN update) {
    OPC_REQUIRE_PASSIVE();
    const bool read = (access & (FILE_EXECUTE | FILE_READ_DATA)) != 0;
    const bool write = (access & (FILE_WRITE_DATA | FILE_APPEND_DATA)) != 0;
    const bool remove = (access & DELETE) != 0;
    file->ReadAccess = read;
    file->WriteAccess = write;
    file->DeleteAccess = remove;
    if (!read && !write && !remove) {
        return STATUS_SUCCESS;
    }
    const bool share_read = (share & FILE_SHARE_READ) != 0;
    const bool share_write = (share & FILE_SHARE_WRITE) != 0;
    const bool share_delete = (share & FILE_SHARE_DELETE) != 0;
    const ULONG open = state->OpenCount;
    if ((read && state->SharedRead < open) || (write && state->SharedWrite < open) ||
        (remove && state->SharedDelete < open) || (state->Readers != 0 && !share_read) ||
        (state->Writers != 0 && !share_write) || (state->Deleters != 0 && !share_delete)) {
        return STATUS_SHARING_VIOLATION;
    }
    if (update) {
        ++state->OpenCount;
        state->Readers += read;
        state->Writers += write;
        state->Deleters += remove;
        state->SharedRead += share_read;
        state->SharedWrite += share_write;
        state->SharedDelete += share_delete;
        file->SharedRead = share_read;
        file->SharedWrite = share_write;
        file->SharedDelete = share_delete;
    }
    return STATUS_SUCCESS;
}

void NTAPI IoSetShareAccess(ACCESS_MASK access, ULONG share, PFILE_OBJECT file, PSHARE_ACCESS state) {
    OPC_REQUIRE_PASSIVE();
    *state = {};
    IoCheckShareAccess(access, share, file, state, TRUE);
}

void NTAPI IoRemoveShareAccess(PFILE_OBJECT file, PSHARE_ACCESS state) {
    OPC_REQUIRE_PASSIVE();
    if (!file->ReadAccess && !file->WriteAccess && !file->DeleteAccess) {
        return;
    }
    --state->OpenCount;
    state->Readers -= file->ReadAccess;
    state->Writers -= file->WriteAccess;
    state->Deleters -= file->DeleteAccess;
    state->SharedRead -= file->SharedRead;
    state->SharedWrite -= file->SharedWrite;
    state->SharedDelete -= file->SharedDelete;
}

PKEVENT NTAPI IoCreateNotificationEvent(PUNICODE_STRING name, PHANDLE handle) {
    OPC_REQUIRE_PASSIVE();
    return open_event(name, handle, NotificationEvent, __builtin_return_address(0));
}
PKEVENT NTAPI IoCreateSynchronizationEvent(PUNICODE_STRING name, PHANDLE handle) {
    OPC_REQUIRE_PASSIVE();
    return open_event(name, handle, SynchronizationEvent, __builtin_return_address(0));
}

// Drivers without a driver file: their objects are the PnP manager's to make, and it makes them from modules only.
NTSTATUS NTAPI IoCreateDriver(PUNICODE_STRING, PDRIVER_INITIALIZE) {
    OPC_REQUIRE_PASSIVE();
    OPC_RETURN_NOT_IMPLEMENTED();
}
void NTAPI IoDeleteDriver(PDRIVER_OBJECT) {
    OPC_REQUIRE_PASSIVE();
    OPC_NOT_DONE();
}

IO_PRIORITY_HINT NTAPI IoGetIoPriorityHint(PIRP) {
    return IoPriorityNormal;
}
ULONG NTAPI IoGetRequestorProcessId(PIRP) {
    return 4;
}
PEPROCESS NTAPI IoGetRequestorProcess(PIRP) {
    return IoGetCurrentProcess();
}
NTSTATUS NTAPI IoGetRequestorSessionId(PIRP, PULONG session) {
    *session = 0;
    return STATUS_SUCCESS;
}
BOOLEAN NTAPI IoIs32bitProcess(PIRP) {
    return FALSE;
}
NTSTATUS NTAPI IoGetActivityIdIrp(PIRP, GUID*) {
    return STATUS_NOT_FOUND;
}

// What the code itself demands (its bits 14 and 15) was checked when the request came in. At any IRQL.
NTSTATUS NTAPI IoValidateDeviceIoControlAccess(PIRP irp, ULONG required) {
    const IO_STACK_LOCATION& location = *IoGetCurrentIrpStackLocation(irp);
    if ((location.MajorFunction != IRP_MJ_DEVICE_CONTROL && location.MajorFunction != IRP_MJ_FILE_SYSTEM_CONTROL) ||
        (required & ~static_cast<ULONG>(FILE_READ_ACCESS | FILE_WRITE_ACCESS)) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    const FILE_OBJECT* file = location.FileObject;
    if (irp->RequestorMode == KernelMode || file == nullptr) {
        return STATUS_SUCCESS;
    }
    const bool allowed = ((required & FILE_READ_ACCESS) == 0 || file->ReadAccess) &&
                         ((required & FILE_WRITE_ACCESS) == 0 || file->WriteAccess);
    return allowed ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
}

void NTAPI IoGetStackLimits(PULONG_PTR low, PULONG_PTR high) {
    const machine::FiberStack& stack = Machine::current().current_thread().fiber.stack();
    *low = reinterpret_cast<ULONG_PTR>(stack.bottom());
    *high = reinterpret_cast<ULONG_PTR>(stack.top());
}

ULONG_PTR NTAPI IoGetRemainingStackSize() {
    ULONG_PTR low;
    ULONG_PTR high;
    IoGetStackLimits(&low, &high);
    return reinterpret_cast<ULONG_PTR>(__builtin_frame_address(0)) - low;
}

LOGICAL NTAPI IoWithinStackLimits(ULONG_PTR start, SIZE_T bytes) {
    ULONG_PTR low;
    ULONG_PTR high;
    IoGetStackLimits(&low, &high);
    return start >= low && start <= high && bytes <= high - start;
}

PVOID NTAPI IoGetInitialStack() {
    ULONG_PTR low;
    ULONG_PTR high;
    IoGetStackLimits(&low, &high);
    return reinterpret_cast<PVOID>(high);
}

} // extern "C"

OPC_END_REMEMBERING_CALLERS
