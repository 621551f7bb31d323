// Zw…Key. Everything here runs at PASSIVE_LEVEL (R-REG-08).
#include <ntddk.h>

#include "executive/irql_check.h"
#include "executive/not_done.h"
#include "executive/objects/object_manager.h"
#include "executive/registry/information.h"
#include "executive/registry/registry.h"
#include "executive/rtl/counted_text.h"
#include "executive/rtl/guest_enum.h"

using namespace openportcls;
using namespace openportcls::executive;

namespace {

constexpr ACCESS_MASK delete_access = 0x00010000;

// The key that OBJECT_ATTRIBUTES.RootDirectory names, or null for an absolute name.
NTSTATUS root_of(const OBJECT_ATTRIBUTES* attributes, std::shared_ptr<RegistryKey>* root) {
    if (attributes == nullptr || attributes->Length != sizeof(OBJECT_ATTRIBUTES)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (attributes->RootDirectory == nullptr) {
        return attributes->ObjectName == nullptr ? STATUS_OBJECT_PATH_SYNTAX_BAD : STATUS_SUCCESS;
    }
    return Registry::current().key_of(attributes->RootDirectory, 0, root);
}

NTSTATUS open_key(PHANDLE handle, ACCESS_MASK access, const OBJECT_ATTRIBUTES* attributes) {
    if (handle == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    std::shared_ptr<RegistryKey> root;
    NTSTATUS status = root_of(attributes, &root);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    std::shared_ptr<RegistryKey> key;
    status = Registry::current().open_key(text_of(attributes->ObjectName), root.get(), &key);
    if (NT_SUCCESS(status)) {
        *handle = Registry::current().open_handle(key, access, attributes->Attributes);
    }
    return status;
}

std::u16string_view value_name(PCUNICODE_STRING name) {
    return text_of(name);
}

} // namespace

extern "C" {

NTSTATUS NTAPI ZwOpenKey(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes) {
    OPC_REQUIRE_PASSIVE();
    return open_key(KeyHandle, DesiredAccess, ObjectAttributes);
}

NTSTATUS NTAPI ZwOpenKeyEx(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
                           ULONG OpenOptions) {
    OPC_REQUIRE_PASSIVE();
    constexpr ULONG known_options = 0x4 | 0x8; // REG_OPTION_BACKUP_RESTORE, REG_OPTION_OPEN_LINK
    if ((OpenOptions & ~known_options) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    return open_key(KeyHandle, DesiredAccess, ObjectAttributes);
}

NTSTATUS NTAPI ZwCreateKey(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes, ULONG,
                           PUNICODE_STRING, ULONG CreateOptions, PULONG Disposition) {
    OPC_REQUIRE_PASSIVE();
    constexpr ULONG option_volatile = 0x1;
    constexpr ULONG known_options = 0x1 | 0x2 | 0x4 | 0x8;
    constexpr ULONG created_new_key = 1;
    constexpr ULONG opened_existing_key = 2;
    if (KeyHandle == nullptr || (CreateOptions & ~known_options) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    std::shared_ptr<RegistryKey> root;
    NTSTATUS status = root_of(ObjectAttributes, &root);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    std::shared_ptr<RegistryKey> key;
    bool created = false;
    Registry& registry = Registry::current();
    if (root != nullptr && registry.find(text_of(ObjectAttributes->ObjectName), root.get()) == nullptr) {
        status = registry.key_of(ObjectAttributes->RootDirectory, KEY_CREATE_SUB_KEY, &root);
        if (!NT_SUCCESS(status)) {
            return status;
        }
    }
    status = registry.create_key(text_of(ObjectAttributes->ObjectName), root.get(),
                                 (CreateOptions & option_volatile) != 0, &key, &created);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (Disposition != nullptr) {
        *Disposition = created ? created_new_key : opened_existing_key;
    }
    *KeyHandle = registry.open_handle(key, DesiredAccess, ObjectAttributes->Attributes);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwDeleteKey(HANDLE KeyHandle) {
    OPC_REQUIRE_PASSIVE();
    std::shared_ptr<RegistryKey> key;
    Registry& registry = Registry::current();
    const NTSTATUS status = registry.key_of(KeyHandle, delete_access, &key);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (!key->subkeys().empty() || key->parent() == nullptr) {
        return STATUS_CANNOT_DELETE;
    }
    registry.changed(*key->parent());
    key->remove();
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwDeleteValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName) {
    OPC_REQUIRE_PASSIVE();
    std::shared_ptr<RegistryKey> key;
    Registry& registry = Registry::current();
    const NTSTATUS status = registry.key_of(KeyHandle, KEY_SET_VALUE, &key);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (!key->delete_value(value_name(ValueName))) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    registry.changed(*key);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwEnumerateKey(HANDLE KeyHandle, ULONG Index, KEY_INFORMATION_CLASS KeyInformationClass,
                              PVOID KeyInformation, ULONG Length, PULONG ResultLength) {
    OPC_REQUIRE_PASSIVE();
    std::shared_ptr<RegistryKey> key;
    NTSTATUS status = Registry::current().key_of(KeyHandle, KEY_ENUMERATE_SUB_KEYS, &key);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    const auto subkey = key->subkey_at(Index);
    if (subkey == nullptr) {
        return STATUS_NO_MORE_ENTRIES; // R-REG-04
    }
    const int kind = guest_value(KeyInformationClass);
    const bool known = kind == KeyBasicInformation || kind == KeyNodeInformation || kind == KeyFullInformation;
    InformationRecord record;
    status = known ? key_information(*subkey, kind, record) : STATUS_INVALID_PARAMETER;
    return NT_SUCCESS(status) ? deliver(record, KeyInformation, Length, ResultLength) : status;
}

NTSTATUS NTAPI ZwEnumerateValueKey(HANDLE KeyHandle, ULONG Index, KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass,
                                   PVOID KeyValueInformation, ULONG Length, PULONG ResultLength) {
    OPC_REQUIRE_PASSIVE();
    std::shared_ptr<RegistryKey> key;
    NTSTATUS status = Registry::current().key_of(KeyHandle, KEY_QUERY_VALUE, &key);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (Index >= key->values().size()) {
        return STATUS_NO_MORE_ENTRIES; // R-REG-04
    }
    InformationRecord record;
    status = value_information(key->values()[Index], guest_value(KeyValueInformationClass), record);
    return NT_SUCCESS(status) ? deliver(record, KeyValueInformation, Length, ResultLength) : status;
}

NTSTATUS NTAPI ZwQueryKey(HANDLE KeyHandle, KEY_INFORMATION_CLASS KeyInformationClass, PVOID KeyInformation,
                          ULONG Length, PULONG ResultLength) {
    OPC_REQUIRE_PASSIVE();
    // The name may be asked for with any right.
    const ACCESS_MASK needed = guest_value(KeyInformationClass) == KeyNameInformation ? 0 : KEY_QUERY_VALUE;
    std::shared_ptr<RegistryKey> key;
    NTSTATUS status = Registry::current().key_of(KeyHandle, needed, &key);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    InformationRecord record;
    status = key_information(*key, guest_value(KeyInformationClass), record);
    return NT_SUCCESS(status) ? deliver(record, KeyInformation, Length, ResultLength) : status;
}

NTSTATUS NTAPI ZwQueryValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName,
                               KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass, PVOID KeyValueInformation,
                               ULONG Length, PULONG ResultLength) {
    OPC_REQUIRE_PASSIVE();
    std::shared_ptr<RegistryKey> key;
    NTSTATUS status = Registry::current().key_of(KeyHandle, KEY_QUERY_VALUE, &key);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    const RegistryValue* value = key->value(value_name(ValueName));
    if (value == nullptr) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    InformationRecord record;
    status = value_information(*value, guest_value(KeyValueInformationClass), record);
    return NT_SUCCESS(status) ? deliver(record, KeyValueInformation, Length, ResultLength) : status;
}

NTSTATUS NTAPI ZwSetValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName, ULONG, ULONG Type, PVOID Data,
                             ULONG DataSize) {
    OPC_REQUIRE_PASSIVE();
    constexpr ULONG largest_data = 0x7FFFFFFF - 16;
    std::shared_ptr<RegistryKey> key;
    Registry& registry = Registry::current();
    const NTSTATUS status = registry.key_of(KeyHandle, KEY_SET_VALUE, &key);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    const std::u16string_view name = value_name(ValueName);
    if (name.size() > RegistryKey::longest_value_name || DataSize > largest_data ||
        (Data == nullptr && DataSize != 0)) {
        return STATUS_INVALID_PARAMETER;
    }
    key->set_value(name, Type, {static_cast<const std::uint8_t*>(Data), DataSize});
    registry.changed(*key);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwFlushKey(HANDLE KeyHandle) {
    OPC_REQUIRE_PASSIVE();
    std::shared_ptr<RegistryKey> key;
    const NTSTATUS status = Registry::current().key_of(KeyHandle, 0, &key);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    return Registry::current().save().error().status;
}

// A change notification would have to outlive the call; no driver of the surveyed families asks for one.
NTSTATUS NTAPI ZwNotifyChangeKey(HANDLE, HANDLE, PIO_APC_ROUTINE, PVOID, PIO_STATUS_BLOCK, ULONG, BOOLEAN, PVOID, ULONG,
                                 BOOLEAN) {
    OPC_REQUIRE_PASSIVE();
    OPC_RETURN_NOT_IMPLEMENTED();
}

} // extern "C"
