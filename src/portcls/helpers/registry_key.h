// IRegistryKey: a thin object over one open key.
#pragma once

#include <string_view>

#include "portcls/helpers/com_object.h"

namespace openportcls::portcls {

class RegistryKey final : public ComObject<RegistryKey, IRegistryKey> {
public:
    // Takes over the handle, also when it fails.
    static NTSTATUS create(HANDLE handle, ACCESS_MASK access, IRegistryKey** result);
    // The key of a device interface, for IPort::NewRegistryKey(DeviceInterfaceRegistryKey); `symbolic_link` names it.
    static NTSTATUS open_interface(std::u16string_view symbolic_link, ACCESS_MASK access, IRegistryKey** result);
    ~RegistryKey();

    void* find_interface(const GUID& id);

    NTSTATUS NTAPI QueryKey(KEY_INFORMATION_CLASS information_class, PVOID information, ULONG length,
                            PULONG result_length) override;
    NTSTATUS NTAPI EnumerateKey(ULONG index, KEY_INFORMATION_CLASS information_class, PVOID information, ULONG length,
                                PULONG result_length) override;
    NTSTATUS NTAPI QueryValueKey(PUNICODE_STRING name, KEY_VALUE_INFORMATION_CLASS information_class, PVOID information,
                                 ULONG length, PULONG result_length) override;
    NTSTATUS NTAPI EnumerateValueKey(ULONG index, KEY_VALUE_INFORMATION_CLASS information_class, PVOID information,
                                     ULONG length, PULONG result_length) override;
    NTSTATUS NTAPI SetValueKey(PUNICODE_STRING name, ULONG type, PVOID data, ULONG data_size) override;
    NTSTATUS NTAPI QueryRegistryValues(PRTL_QUERY_REGISTRY_TABLE table, PVOID context) override;
    NTSTATUS NTAPI NewSubKey(IRegistryKey** sub_key, PUNKNOWN outer, ACCESS_MASK access, PUNICODE_STRING name,
                             ULONG create_options, PULONG disposition) override;
    NTSTATUS NTAPI DeleteKey() override;

private:
    RegistryKey(HANDLE handle, ACCESS_MASK access) : handle_(handle), access_(access) {}

    HANDLE handle_;
    ACCESS_MASK access_;
};

} // namespace openportcls::portcls
