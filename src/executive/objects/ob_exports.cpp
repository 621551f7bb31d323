// Ob…: references and handles of objects.
#include <algorithm>
#include <cstring>

#include <ntddk.h>

#include "executive/callers.h"
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

void dereference_later(PVOID object, const void* caller) {
    ObjectManager& objects = ObjectManager::current();
    objects.note_dereference(object, caller);
    objects.dereference_deferred(object);
}

struct WantedObject {
    HANDLE handle;
    ACCESS_MASK access;
    POBJECT_TYPE type;
    KPROCESSOR_MODE mode;
};

NTSTATUS reference_by_handle(const WantedObject& wanted, PVOID* object, POBJECT_HANDLE_INFORMATION information,
                             const void* caller) {
    ACCESS_MASK granted = 0;
    const NTSTATUS status = ObjectManager::current().find_by_handle(wanted.handle, wanted.type, wanted.access,
                                                                    wanted.mode, object, &granted);
    if (NT_SUCCESS(status)) {
        reference(*object, caller);
        if (information != nullptr) {
            *information = {0, granted};
        }
    }
    return status;
}

NTSTATUS reference_by_pointer(PVOID object, POBJECT_TYPE type, KPROCESSOR_MODE mode, const void* caller) {
    const ObjectHeader* header = ObjectManager::current().find(object);
    // Kernel mode may leave the type out; a symbolic link is never referenced this way.
    if (header == nullptr || (type != header->type && (mode != KernelMode || type != nullptr))) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    reference(object, caller);
    return STATUS_SUCCESS;
}

} // namespace

OPC_BEGIN_REMEMBERING_CALLERS

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
    dereference_later(Object, __builtin_return_address(0));
}

NTSTATUS NTAPI ObReferenceObjectByHandle(HANDLE Handle, ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType,
                                         KPROCESSOR_MODE AccessMode, PVOID* Object,
                                         POBJECT_HANDLE_INFORMATION HandleInformation) {
    OPC_REQUIRE_PASSIVE();
    return reference_by_handle({Handle, DesiredAccess, ObjectType, AccessMode}, Object, HandleInformation,
                               __builtin_return_address(0));
}

NTSTATUS NTAPI ObReferenceObjectByPointer(PVOID Object, ACCESS_MASK, POBJECT_TYPE ObjectType,
                                          KPROCESSOR_MODE AccessMode) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return reference_by_pointer(Object, ObjectType, AccessMode, __builtin_return_address(0));
}

// Tags tell whose reference it is; a debugger shows them, nothing depends on them.
NTSTATUS NTAPI ObReferenceObjectByHandleWithTag(HANDLE Handle, ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType,
                                                KPROCESSOR_MODE AccessMode, ULONG, PVOID* Object,
                                                POBJECT_HANDLE_INFORMATION HandleInformation) {
    OPC_REQUIRE_PASSIVE();
    return reference_by_handle({Handle, DesiredAccess, ObjectType, AccessMode}, Object, HandleInformation,
                               __builtin_return_address(0));
}

NTSTATUS NTAPI ObReferenceObjectByPointerWithTag(PVOID Object, ACCESS_MASK, POBJECT_TYPE ObjectType,
                                                 KPROCESSOR_MODE AccessMode, ULONG) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return reference_by_pointer(Object, ObjectType, AccessMode, __builtin_return_address(0));
}

VOID NTAPI ObDereferenceObjectDeferDeleteWithTag(PVOID Object, ULONG) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    dereference_later(Object, __builtin_return_address(0));
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

OPC_END_REMEMBERING_CALLERS
