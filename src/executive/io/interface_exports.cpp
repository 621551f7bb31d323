// IoRegisterDeviceInterface and what drivers do with interfaces afterwards.
#include <wdm.h>

#include "executive/callers.h"
#include "executive/io/device_properties.h"
#include "executive/io/devices.h"
#include "executive/irql_check.h"
#include "executive/kernel.h"
#include "executive/objects/object_manager.h"
#include "executive/registry/registry.h"
#include "executive/rtl/counted_text.h"

using namespace openportcls;
using executive::DeviceInterface;
using executive::Kernel;
using executive::Registry;

namespace {

constexpr ULONG interface_name_tag = 0x66496F49; // 'IoIf'

// A string for the driver to free with RtlFreeUnicodeString (or ExFreePool on its buffer).
NTSTATUS give_string(std::u16string_view text, UNICODE_STRING* string, const void* caller) {
    const auto bytes = static_cast<USHORT>(text.size() * sizeof(WCHAR));
    auto* buffer = static_cast<WCHAR*>(Kernel::current().pool.allocate(bytes + sizeof(WCHAR), interface_name_tag,
                                                                       executive::PoolKind::paged, true, caller));
    if (buffer == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    memcpy(buffer, text.data(), bytes);
    *string = {bytes, static_cast<USHORT>(bytes + sizeof(WCHAR)), buffer};
    return STATUS_SUCCESS;
}

DeviceInterface* find(const UNICODE_STRING* link) {
    return Kernel::current().interfaces.find(executive::text_of(link));
}

bool is_physical_device(DEVICE_OBJECT* device) {
    return executive::find_device_record(device) != nullptr;
}

} // namespace

OPC_BEGIN_REMEMBERING_CALLERS

extern "C" {

NTSTATUS NTAPI IoRegisterDeviceInterface(PDEVICE_OBJECT device, const GUID* interface_class, PUNICODE_STRING reference,
                                         PUNICODE_STRING link) {
    OPC_REQUIRE_PASSIVE();
    if (!is_physical_device(device)) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    const std::u16string_view text = executive::text_of(reference);
    if (text.find_first_of(u"/\\") != std::u16string_view::npos) {
        return STATUS_INVALID_DEVICE_REQUEST; // path separators are not allowed in a reference string
    }
    DeviceInterface& entry = Kernel::current().interfaces.add(device, *interface_class, text);
    return link == nullptr ? STATUS_SUCCESS : give_string(entry.symbolic_link, link, __builtin_return_address(0));
}

NTSTATUS NTAPI IoSetDeviceInterfaceState(PUNICODE_STRING link, BOOLEAN enable) {
    OPC_REQUIRE_PASSIVE();
    DeviceInterface* entry = find(link);
    if (entry == nullptr) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    return Kernel::current().interfaces.set_state(*entry, enable != FALSE);
}

NTSTATUS NTAPI IoGetDeviceInterfaces(const GUID* interface_class, PDEVICE_OBJECT device, ULONG flags, PZZWSTR* list) {
    OPC_REQUIRE_PASSIVE();
    *list = nullptr;
    if (device != nullptr && !is_physical_device(device)) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    Kernel& kernel = Kernel::current();
    std::u16string names;
    const bool enabled_only = (flags & DEVICE_INTERFACE_INCLUDE_NONACTIVE) == 0;
    for (const DeviceInterface* entry : kernel.interfaces.enumerate(interface_class, enabled_only)) {
        if (device == nullptr || entry->physical_device == device) {
            names += entry->symbolic_link;
            names += u'\0';
        }
    }
    names += u'\0';
    const std::size_t bytes = names.size() * sizeof(WCHAR);
    auto* buffer = static_cast<WCHAR*>(kernel.pool.allocate(bytes, interface_name_tag, executive::PoolKind::paged,
                                                            false, __builtin_return_address(0)));
    if (buffer == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    memcpy(buffer, names.data(), bytes);
    *list = buffer;
    return STATUS_SUCCESS;
}

// The alias of an interface: the same device and reference string in another class.
NTSTATUS NTAPI IoGetDeviceInterfaceAlias(PUNICODE_STRING link, const GUID* alias_class, PUNICODE_STRING alias_link) {
    OPC_REQUIRE_PASSIVE();
    const DeviceInterface* entry = find(link);
    if (entry == nullptr) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    for (const DeviceInterface* other : Kernel::current().interfaces.enumerate(alias_class, false)) {
        if (other->physical_device == entry->physical_device && other->reference == entry->reference) {
            return give_string(other->symbolic_link, alias_link, __builtin_return_address(0));
        }
    }
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

NTSTATUS NTAPI IoOpenDeviceInterfaceRegistryKey(PUNICODE_STRING link, ACCESS_MASK access, PHANDLE handle) {
    OPC_REQUIRE_PASSIVE();
    const DeviceInterface* entry = find(link);
    if (entry == nullptr) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    Registry& registry = Registry::current();
    *handle = registry.open_handle(registry.create(entry->registry_key + u"\\Device Parameters"), access);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoSetDeviceInterfacePropertyData(PUNICODE_STRING link, const DEVPROPKEY* key, LCID locale, ULONG,
                                                DEVPROPTYPE type, ULONG bytes, PVOID data) {
    OPC_REQUIRE_APC_OR_BELOW();
    DeviceInterface* entry = find(link);
    return entry == nullptr ? STATUS_OBJECT_NAME_NOT_FOUND
                            : executive::set_property(entry->properties, *key, locale, type, bytes, data);
}

NTSTATUS NTAPI IoGetDeviceInterfacePropertyData(PUNICODE_STRING link, const DEVPROPKEY* key, LCID locale, ULONG,
                                                ULONG bytes, PVOID data, PULONG required, PDEVPROPTYPE type) {
    OPC_REQUIRE_PASSIVE();
    const DeviceInterface* entry = find(link);
    return entry == nullptr ? STATUS_OBJECT_NAME_NOT_FOUND
                            : executive::get_property(entry->properties, *key, locale, bytes, data, required, type);
}

} // extern "C"

OPC_END_REMEMBERING_CALLERS
