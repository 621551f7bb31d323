// Ob…: references and handles of objects.
#include <algorithm>
#include <cstring>

#include <ntddk.h>

#include "executive/irql_check.h"
#include "executive/objects/object_manager.h"

using namespace openportcls;
using namespace openportcls::executive;

namespace {

LONG_PTR reference(PVOID object, const void* caller) {
    ObjectManager& objects = ObjectManager::current();
    objects.reference_living(object);
    objects.note_reference(object, caller);
    return objects.find(object)->references;
}

LONG_PTR dereference(PVOID object, const void* caller) {
    ObjectManager& objects = ObjectManager::current();
    objects.note_dereference(object, caller);
    return objects.dereference(object);
}

} // namespace

// Whoever calls is remembered. In line, as link-time optimisation would have it, these would name somebody else.
#pragma clang attribute push(__attribute__((noinline)), apply_to = function)

extern "C" {

LONG_PTR NTAPI ObfReferenceObject(PVOID Object) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return reference(Object, __builtin_return_address(0));
}

LONG_PTR NTAPI ObReferenceObjectWithTag(PVOID Object, ULONG) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return reference(Object, __builtin_return_address(0));
}

LONG_PTR NTAPI ObfDereferenceObject(PVOID Object) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return dereference(Object, __builtin_return_address(0));
}

LONG_PTR NTAPI ObDereferenceObjectWithTag(PVOID Object, ULONG) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return dereference(Object, __builtin_return_address(0));
}

VOID NTAPI ObDereferenceObjectDeferDelete(PVOID Object) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    ObjectManager& objects = ObjectManager::current();
    objects.note_dereference(Object, __builtin_return_address(0));
    objects.dereference_deferred(Object);
}

NTSTATUS NTAPI ObReferenceObjectByHandle(HANDLE Handle, ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType,
                                         KPROCESSOR_MODE AccessMode, PVOID* Object,
                                         POBJECT_HANDLE_INFORMATION HandleInformation) {
    OPC_REQUIRE_PASSIVE();
    ObjectManager& objects = ObjectManager::current();
    ACCESS_MASK granted = 0;
    const NTSTATUS status = objects.find_by_handle(Handle, ObjectType, DesiredAccess, AccessMode, Object, &granted);
    if (NT_SUCCESS(status)) {
        reference(*Object, __builtin_return_address(0));
        if (HandleInformation != nullptr) {
            *HandleInformation = {0, granted};
        }
    }
    return status;
}

NTSTATUS NTAPI ObReferenceObjectByPointer(PVOID Object, ACCESS_MASK, POBJECT_TYPE ObjectType,
                                          KPROCESSOR_MODE AccessMode) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    const ObjectHeader* header = ObjectManager::current().find(Object);
    // Kernel mode may leave the type out; a symbolic link is never referenced this way.
    if (header == nullptr || (ObjectType != header->type && (AccessMode != KernelMode || ObjectType != nullptr))) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    reference(Object, __builtin_return_address(0));
    return STATUS_SUCCESS;
}

// Tags tell whose reference it is; a debugger shows them, nothing depends on them.
NTSTATUS NTAPI ObReferenceObjectByHandleWithTag(HANDLE Handle, ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType,
                                                KPROCESSOR_MODE AccessMode, ULONG, PVOID* Object,
                                                POBJECT_HANDLE_INFORMATION HandleInformation) {
    OPC_REQUIRE_PASSIVE();
    return ObReferenceObjectByHandle(Handle, DesiredAccess, ObjectType, AccessMode, Object, HandleInformation);
}

NTSTATUS NTAPI ObReferenceObjectByPointerWithTag(PVOID Object, ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType,
                                                 KPROCESSOR_MODE AccessMode, ULONG) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return ObReferenceObjectByPointer(Object, DesiredAccess, ObjectType, AccessMode);
}

VOID NTAPI ObDereferenceObjectDeferDeleteWithTag(PVOID Object, ULONG) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    ObjectManager::current().dereference_deferred(Object);
}

NTSTATUS NTAPI ObOpenObjectByPointer(PVOID Object, ULONG HandleAttributes, PVOID, ACCESS_MASK DesiredAccess,
                                     POBJECT_TYPE ObjectType, KPROCESSOR_MODE, PHANDLE Handle) {
    OPC_REQUIRE_PASSIVE();
    ObjectManager& objects = ObjectManager::current();
    const ObjectHeader* header = objects.find(Object);
    if (header == nullptr || (ObjectType != nullptr && ObjectType != header->type)) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    *Handle = objects.open_handle(Object, header->type->map(DesiredAccess), HandleAttributes);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ObQueryNameString(PVOID Object, POBJECT_NAME_INFORMATION ObjectNameInfo, ULONG Length,
                                 PULONG ReturnLength) {
    OPC_REQUIRE_PASSIVE();
    const ObjectHeader* header = ObjectManager::current().find(Object);
    const std::u16string_view name = header != nullptr ? std::u16string_view(header->name) : std::u16string_view{};
    const auto text_bytes = static_cast<ULONG>(name.size() * sizeof(WCHAR));
    const ULONG needed = static_cast<ULONG>(sizeof(OBJECT_NAME_INFORMATION)) +
                         (name.empty() ? 0 : text_bytes + static_cast<ULONG>(sizeof(WCHAR)));
    *ReturnLength = needed;
    if (Length < needed) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    ObjectNameInfo->Name = {};
    if (!name.empty()) {
        auto* text = reinterpret_cast<PWCH>(ObjectNameInfo + 1);
        std::copy(name.begin(), name.end(), text);
        text[name.size()] = 0;
        ObjectNameInfo->Name = {static_cast<USHORT>(text_bytes), static_cast<USHORT>(text_bytes + sizeof(WCHAR)), text};
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ObCloseHandle(HANDLE Handle, KPROCESSOR_MODE PreviousMode) {
    OPC_REQUIRE_PASSIVE();
    return ObjectManager::current().close_handle(Handle, PreviousMode);
}

} // extern "C"

#pragma clang attribute pop
