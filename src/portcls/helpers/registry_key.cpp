#include "portcls/helpers/registry_key.h"

#include "executive/irql_check.h"
#include "portcls/device_context.h"
#include "portcls/portcls_system.h"

namespace openportcls::portcls {

NTSTATUS RegistryKey::create(HANDLE handle, ACCESS_MASK access, IRegistryKey** result) {
    auto* key = new RegistryKey(handle, access);
    *result = key;
    if (key == nullptr) {
        ZwClose(handle);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    return STATUS_SUCCESS;
}

NTSTATUS RegistryKey::open_interface(std::u16string_view symbolic_link, ACCESS_MASK access, IRegistryKey** result) {
    UNICODE_STRING name;
    name.Buffer = const_cast<PWSTR>(symbolic_link.data());
    name.Length = name.MaximumLength = static_cast<USHORT>(symbolic_link.size() * sizeof(WCHAR));
    HANDLE handle = nullptr;
    const NTSTATUS status = IoOpenDeviceInterfaceRegistryKey(&name, access, &handle);
    return NT_SUCCESS(status) ? create(handle, access, result) : status;
}

RegistryKey::~RegistryKey() {
    if (handle_ != nullptr) {
        ZwClose(handle_); // R-REG-06
    }
}

void* RegistryKey::find_interface(const GUID& id) {
    return id == IID_IRegistryKey ? static_cast<IRegistryKey*>(this) : nullptr;
}

// After DeleteKey the handle is null (R-REG-05) and the Zw functions answer STATUS_INVALID_HANDLE.

NTSTATUS NTAPI RegistryKey::QueryKey(KEY_INFORMATION_CLASS information_class, PVOID information, ULONG length,
                                     PULONG result_length) {
    OPC_REQUIRE_PASSIVE();
    return ZwQueryKey(handle_, information_class, information, length, result_length);
}

NTSTATUS NTAPI RegistryKey::EnumerateKey(ULONG index, KEY_INFORMATION_CLASS information_class, PVOID information,
                                         ULONG length, PULONG result_length) {
    OPC_REQUIRE_PASSIVE();
    return ZwEnumerateKey(handle_, index, information_class, information, length, result_length);
}

NTSTATUS NTAPI RegistryKey::QueryValueKey(PUNICODE_STRING name, KEY_VALUE_INFORMATION_CLASS information_class,
                                          PVOID information, ULONG length, PULONG result_length) {
    OPC_REQUIRE_PASSIVE();
    return ZwQueryValueKey(handle_, name, information_class, information, length, result_length);
}

NTSTATUS NTAPI RegistryKey::EnumerateValueKey(ULONG index, KEY_VALUE_INFORMATION_CLASS information_class,
                                              PVOID information, ULONG length, PULONG result_length) {
    OPC_REQUIRE_PASSIVE();
    return ZwEnumerateValueKey(handle_, index, information_class, information, length, result_length);
}

NTSTATUS NTAPI RegistryKey::SetValueKey(PUNICODE_STRING name, ULONG type, PVOID data, ULONG data_size) {
    OPC_REQUIRE_PASSIVE();
    UNICODE_STRING default_value = {};
    return ZwSetValueKey(handle_, name != nullptr ? name : &default_value, 0, type, data, data_size);
}

NTSTATUS NTAPI RegistryKey::QueryRegistryValues(PRTL_QUERY_REGISTRY_TABLE table, PVOID context) {
    OPC_REQUIRE_PASSIVE();
    if (handle_ == nullptr) {
        return STATUS_INVALID_HANDLE;
    }
    return RtlQueryRegistryValues(RTL_REGISTRY_HANDLE, static_cast<PCWSTR>(handle_), table, context, nullptr);
}

[[gnu::noinline]] NTSTATUS NTAPI RegistryKey::NewSubKey(IRegistryKey** sub_key, PUNKNOWN, ACCESS_MASK access,
                                                        PUNICODE_STRING name, ULONG create_options,
                                                        PULONG disposition) {
    OPC_REQUIRE_PASSIVE();
    if (sub_key == nullptr || name == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    if (handle_ == nullptr) {
        return STATUS_INVALID_HANDLE; // a null root would make the name absolute
    }
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, handle_, nullptr);
    HANDLE handle = nullptr;
    NTSTATUS status = ZwCreateKey(&handle, access, &attributes, 0, nullptr, create_options, disposition);
    if (NT_SUCCESS(status)) {
        status = create(handle, access, sub_key);
    }
    return made_for(status, NT_SUCCESS(status) ? *sub_key : nullptr, "registry key", "IRegistryKey::NewSubKey",
                    __builtin_return_address(0));
}

NTSTATUS NTAPI RegistryKey::DeleteKey() {
    OPC_REQUIRE_PASSIVE();
    if (handle_ == nullptr) {
        return STATUS_INVALID_HANDLE;
    }
    if ((access_ & KEY_ALL_ACCESS) != KEY_ALL_ACCESS) {
        return STATUS_ACCESS_DENIED; // R-REG-05
    }
    const NTSTATUS status = ZwDeleteKey(handle_);
    if (NT_SUCCESS(status)) {
        ZwClose(handle_);
        handle_ = nullptr;
    }
    return status;
}

} // namespace openportcls::portcls

namespace {

// The flags of IoOpenDeviceRegistryKey for a key type, or 0.
ULONG plug_and_play_key(ULONG type) {
    switch (type) {
    case DeviceRegistryKey:
        return PLUGPLAY_REGKEY_DEVICE;
    case DriverRegistryKey:
        return PLUGPLAY_REGKEY_DRIVER;
    case HwProfileRegistryKey:
        return PLUGPLAY_REGKEY_DRIVER | PLUGPLAY_REGKEY_CURRENT_HWPROFILE;
    default:
        return 0;
    }
}

} // namespace

// R-REG-01, R-REG-02. DeviceInterfaceRegistryKey exists on IPort::NewRegistryKey only.
extern "C" [[gnu::noinline]] NTSTATUS NTAPI PcNewRegistryKey(PREGISTRYKEY* OutRegistryKey, PUNKNOWN,
                                                             ULONG RegistryKeyType, ACCESS_MASK DesiredAccess,
                                                             PVOID DeviceObject, PVOID SubDevice,
                                                             POBJECT_ATTRIBUTES ObjectAttributes, ULONG CreateOptions,
                                                             PULONG Disposition) {
    using openportcls::portcls::RegistryKey;
    OPC_REQUIRE_PASSIVE();
    if (OutRegistryKey == nullptr || SubDevice != nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    HANDLE handle = nullptr;
    NTSTATUS status;
    if (RegistryKeyType == GeneralRegistryKey) {
        if (ObjectAttributes == nullptr || ObjectAttributes->ObjectName == nullptr) {
            return STATUS_INVALID_PARAMETER;
        }
        status = ZwCreateKey(&handle, DesiredAccess, ObjectAttributes, 0, nullptr, CreateOptions, Disposition);
    } else {
        const ULONG key = plug_and_play_key(RegistryKeyType);
        if (key == 0 || DeviceObject == nullptr) {
            return STATUS_INVALID_PARAMETER;
        }
        const auto* device = openportcls::portcls::DeviceContext::from(static_cast<PDEVICE_OBJECT>(DeviceObject));
        if (device == nullptr) {
            return STATUS_INVALID_PARAMETER;
        }
        status = IoOpenDeviceRegistryKey(&device->physical_device(), key, DesiredAccess, &handle);
    }
    if (NT_SUCCESS(status)) {
        status = RegistryKey::create(handle, DesiredAccess, OutRegistryKey);
    }
    return openportcls::portcls::made_for(status, NT_SUCCESS(status) ? *OutRegistryKey : nullptr, "registry key",
                                          __func__, __builtin_return_address(0));
}
