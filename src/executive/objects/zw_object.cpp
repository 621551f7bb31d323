// Zw…: handles, events, directories, symbolic links, sections.
#include <algorithm>
#include <cstring>

#include <ntddk.h>

#include "executive/callers.h"
#include "executive/irql_check.h"
#include "executive/not_done.h"
#include "executive/objects/object_manager.h"
#include "executive/rtl/counted_text.h"
#include "executive/rtl/guest_enum.h"

using namespace openportcls;
using namespace openportcls::executive;

namespace {

bool are_valid(const OBJECT_ATTRIBUTES* attributes) {
    return attributes != nullptr && attributes->Length == sizeof(OBJECT_ATTRIBUTES);
}

ULONG flags_of(const OBJECT_ATTRIBUTES* attributes) {
    return attributes != nullptr ? attributes->Attributes : 0;
}

// The object's full name; RootDirectory is the handle of a directory object.
NTSTATUS full_name(const OBJECT_ATTRIBUTES* attributes, std::u16string* name) {
    if (!are_valid(attributes)) {
        return STATUS_INVALID_PARAMETER;
    }
    *name = text_of(attributes->ObjectName);
    if (attributes->RootDirectory == nullptr) {
        return STATUS_SUCCESS;
    }
    void* directory = nullptr;
    ObjectManager& objects = ObjectManager::current();
    const NTSTATUS status =
        objects.find_by_handle(attributes->RootDirectory, &object_types::directory, 0, KernelMode, &directory);
    if (NT_SUCCESS(status)) {
        *name = objects.find(directory)->name + u"\\" + *name;
    }
    return status;
}

// Opens a named object of one type.
NTSTATUS open_named(const OBJECT_ATTRIBUTES* attributes, const _OBJECT_TYPE& type, ACCESS_MASK access, PHANDLE handle) {
    std::u16string name;
    const NTSTATUS status = full_name(attributes, &name);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    ObjectManager& objects = ObjectManager::current();
    const bool is_link = &type == &object_types::symbolic_link;
    const NamespaceLookup found = objects.names().lookup(name, !is_link);
    if (!NT_SUCCESS(found.status)) {
        return found.status;
    }
    if (!found.remaining.empty() || objects.find(found.body)->type != &type) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    *handle = objects.open_handle(found.body, type.map(access), attributes->Attributes);
    return STATUS_SUCCESS;
}

NTSTATUS event_of(HANDLE handle, ACCESS_MASK access, KEVENT** event) {
    void* body = nullptr;
    const NTSTATUS status =
        ObjectManager::current().find_by_handle(handle, &object_types::event, access, ExGetPreviousMode(), &body);
    *event = static_cast<KEVENT*>(body);
    return status;
}

} // namespace

OPC_BEGIN_REMEMBERING_CALLERS

extern "C" {

NTSTATUS NTAPI ZwClose(HANDLE Handle) {
    OPC_REQUIRE_PASSIVE();
    return ObjectManager::current().close_handle(Handle, KernelMode);
}

NTSTATUS NTAPI NtClose(HANDLE Handle) {
    OPC_REQUIRE_PASSIVE();
    return ObjectManager::current().close_handle(Handle, ExGetPreviousMode());
}

NTSTATUS NTAPI ZwMakeTemporaryObject(HANDLE Handle) {
    OPC_REQUIRE_PASSIVE();
    ObjectManager& objects = ObjectManager::current();
    void* body = nullptr;
    const NTSTATUS status = objects.find_by_handle(Handle, nullptr, 0, KernelMode, &body);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    ObjectHeader* header = objects.find(body);
    if (header->permanent) {
        // The name's own reference goes; the handle keeps the object until it is closed.
        header->permanent = false;
        objects.dereference(body);
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwDuplicateObject(HANDLE, HANDLE SourceHandle, HANDLE, PHANDLE TargetHandle, ACCESS_MASK DesiredAccess,
                                 ULONG HandleAttributes, ULONG Options) {
    OPC_REQUIRE_PASSIVE();
    constexpr ULONG duplicate_close_source = 1;
    constexpr ULONG duplicate_same_access = 2;
    ObjectManager& objects = ObjectManager::current();
    void* body = nullptr;
    ACCESS_MASK granted = 0;
    const NTSTATUS status = objects.find_by_handle(SourceHandle, nullptr, 0, KernelMode, &body, &granted);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (TargetHandle != nullptr) {
        const ACCESS_MASK access =
            (Options & duplicate_same_access) != 0 ? granted : objects.find(body)->type->map(DesiredAccess);
        *TargetHandle = objects.open_handle(body, access, HandleAttributes);
    }
    return (Options & duplicate_close_source) != 0 ? objects.close_handle(SourceHandle) : STATUS_SUCCESS;
}

// ---- events -------------------------------------------------------------------------------------------------

NTSTATUS NTAPI ZwCreateEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
                             EVENT_TYPE EventType, BOOLEAN InitialState) {
    OPC_REQUIRE_PASSIVE();
    const int type = guest_value(EventType);
    if (type != NotificationEvent && type != SynchronizationEvent) {
        return STATUS_INVALID_PARAMETER;
    }
    ObjectManager& objects = ObjectManager::current();
    const bool named = ObjectAttributes != nullptr && ObjectAttributes->ObjectName != nullptr;
    std::u16string name;
    if (named) {
        const NTSTATUS status = full_name(ObjectAttributes, &name);
        if (!NT_SUCCESS(status)) {
            return status;
        }
    }
    KEVENT* event = objects.create_event(EventType, InitialState != FALSE, __builtin_return_address(0));
    NTSTATUS status = named ? objects.insert_name(name, event, false) : STATUS_SUCCESS;
    if (NT_SUCCESS(status)) {
        *EventHandle = objects.open_handle(event, object_types::event.map(DesiredAccess), flags_of(ObjectAttributes));
    } else if (status == STATUS_OBJECT_NAME_COLLISION && (flags_of(ObjectAttributes) & OBJ_OPENIF) != 0) {
        status = open_named(ObjectAttributes, object_types::event, DesiredAccess, EventHandle);
        status = NT_SUCCESS(status) ? STATUS_OBJECT_NAME_EXISTS : status;
    }
    objects.dereference(event);
    return status;
}

NTSTATUS NTAPI ZwOpenEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes) {
    OPC_REQUIRE_PASSIVE();
    return open_named(ObjectAttributes, object_types::event, DesiredAccess, EventHandle);
}

NTSTATUS NTAPI ZwSetEvent(HANDLE EventHandle, PLONG PreviousState) {
    OPC_REQUIRE_PASSIVE();
    KEVENT* event = nullptr;
    const NTSTATUS status = event_of(EventHandle, EVENT_MODIFY_STATE, &event);
    if (NT_SUCCESS(status)) {
        const LONG previous = KeSetEvent(event, 0, FALSE);
        if (PreviousState != nullptr) {
            *PreviousState = previous;
        }
    }
    return status;
}

NTSTATUS NTAPI ZwClearEvent(HANDLE EventHandle) {
    OPC_REQUIRE_PASSIVE();
    KEVENT* event = nullptr;
    const NTSTATUS status = event_of(EventHandle, EVENT_MODIFY_STATE, &event);
    if (NT_SUCCESS(status)) {
        KeClearEvent(event);
    }
    return status;
}

NTSTATUS NTAPI ZwWaitForSingleObject(HANDLE Handle, BOOLEAN Alertable, PLARGE_INTEGER Timeout) {
    OPC_REQUIRE_PASSIVE();
    ObjectManager& objects = ObjectManager::current();
    void* body = nullptr;
    const NTSTATUS status = objects.find_by_handle(Handle, nullptr, SYNCHRONIZE, ExGetPreviousMode(), &body);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    const _OBJECT_TYPE* type = objects.find(body)->type;
    PVOID waitable = type == &object_types::file ? &static_cast<FILE_OBJECT*>(body)->Event : body;
    const bool can_wait = type == &object_types::file || type == &object_types::event ||
                          type == &object_types::thread || type == &object_types::semaphore ||
                          type == &object_types::mutant || type == &object_types::timer;
    if (!can_wait) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    objects.reference(body);
    const NTSTATUS waited = KeWaitForSingleObject(waitable, UserRequest, KernelMode, Alertable, Timeout);
    objects.dereference(body);
    return waited;
}

// ---- names --------------------------------------------------------------------------------------------------

NTSTATUS NTAPI ZwCreateDirectoryObject(PHANDLE DirectoryHandle, ACCESS_MASK DesiredAccess,
                                       POBJECT_ATTRIBUTES ObjectAttributes) {
    OPC_REQUIRE_PASSIVE();
    std::u16string name;
    NTSTATUS status = full_name(ObjectAttributes, &name);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    ObjectManager& objects = ObjectManager::current();
    status = objects.names().create_directory(name);
    const bool existed = status == STATUS_OBJECT_NAME_COLLISION && (ObjectAttributes->Attributes & OBJ_OPENIF) != 0;
    if (!NT_SUCCESS(status) && !existed) {
        return status;
    }
    status = open_named(ObjectAttributes, object_types::directory, DesiredAccess, DirectoryHandle);
    if (NT_SUCCESS(status) && !existed && (ObjectAttributes->Attributes & OBJ_PERMANENT) == 0) {
        ZwMakeTemporaryObject(*DirectoryHandle);
    }
    return status;
}

NTSTATUS NTAPI ZwOpenSymbolicLinkObject(PHANDLE LinkHandle, ACCESS_MASK DesiredAccess,
                                        POBJECT_ATTRIBUTES ObjectAttributes) {
    OPC_REQUIRE_PASSIVE();
    return open_named(ObjectAttributes, object_types::symbolic_link, DesiredAccess, LinkHandle);
}

NTSTATUS NTAPI ZwQuerySymbolicLinkObject(HANDLE LinkHandle, PUNICODE_STRING LinkTarget, PULONG ReturnedLength) {
    OPC_REQUIRE_PASSIVE();
    void* body = nullptr;
    const NTSTATUS status = ObjectManager::current().find_by_handle(LinkHandle, &object_types::symbolic_link,
                                                                    SYMBOLIC_LINK_QUERY, KernelMode, &body);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    const std::u16string& target =
        ObjectManager::current().state_of<ObjectSymbolicLink>(body, object_types::symbolic_link)->target;
    const auto bytes = static_cast<ULONG>(target.size() * sizeof(WCHAR));
    if (ReturnedLength != nullptr) {
        *ReturnedLength = bytes;
    }
    if (bytes > LinkTarget->MaximumLength) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    std::copy(target.begin(), target.end(), LinkTarget->Buffer);
    LinkTarget->Length = static_cast<USHORT>(bytes);
    return STATUS_SUCCESS;
}

// The one section there is: \Device\PhysicalMemory (mm/sections.cpp maps it).
NTSTATUS NTAPI ZwOpenSection(PHANDLE SectionHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes) {
    OPC_REQUIRE_PASSIVE();
    return open_named(ObjectAttributes, object_types::section, DesiredAccess, SectionHandle);
}

// ---- not here ------------------------------------------------------------------------------------------------

NTSTATUS NTAPI ZwCreateSection(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, PLARGE_INTEGER, ULONG, ULONG, HANDLE) {
    OPC_REQUIRE_PASSIVE();
    OPC_RETURN_NOT_IMPLEMENTED();
}

NTSTATUS NTAPI ZwAllocateVirtualMemory(HANDLE, PVOID*, ULONG_PTR, PSIZE_T, ULONG, ULONG) {
    OPC_REQUIRE_PASSIVE();
    OPC_RETURN_NOT_IMPLEMENTED();
}

NTSTATUS NTAPI ZwFreeVirtualMemory(HANDLE, PVOID*, PSIZE_T, ULONG) {
    OPC_REQUIRE_PASSIVE();
    OPC_RETURN_NOT_IMPLEMENTED();
}

NTSTATUS NTAPI ZwCreateTimer(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, TIMER_TYPE) {
    OPC_REQUIRE_PASSIVE();
    OPC_RETURN_NOT_IMPLEMENTED();
}

NTSTATUS NTAPI ZwCancelTimer(HANDLE, PBOOLEAN) {
    OPC_REQUIRE_PASSIVE();
    OPC_RETURN_NOT_IMPLEMENTED();
}

NTSTATUS NTAPI ZwSetInformationThread(HANDLE, ULONG, PVOID, ULONG) {
    OPC_REQUIRE_PASSIVE();
    OPC_RETURN_NOT_IMPLEMENTED();
}

} // extern "C"

OPC_END_REMEMBERING_CALLERS
