// Rtl…Registry…: the registry by well-known places instead of handles.
#include <algorithm>
#include <cstring>
#include <optional>
#include <span>
#include <string>

#include <ntddk.h>

#include "executive/ex/pool_copy.h"
#include "executive/irql_check.h"
#include "executive/kernel.h"
#include "executive/registry/registry.h"
#include "executive/rtl/counted_text.h"
#include "executive/rtl/environment.h"

using namespace openportcls;
using namespace openportcls::executive;

namespace {

std::u16string_view zero_terminated(PCWSTR text) {
    return text == nullptr ? std::u16string_view{} : std::u16string_view(text);
}

// Where RelativeTo and Path lead: a base key (for RTL_REGISTRY_HANDLE) and the path from it.
struct Place {
    std::shared_ptr<RegistryKey> base;
    std::u16string path;
};

NTSTATUS resolve(ULONG relative_to, PCWSTR path, Place& place) {
    const ULONG kind = relative_to & ~static_cast<ULONG>(RTL_REGISTRY_OPTIONAL);
    if ((kind & RTL_REGISTRY_HANDLE) != 0) {
        // The path itself is the handle.
        return Registry::current().key_of(const_cast<PWSTR>(path), 0, &place.base);
    }
    switch (kind) {
    case RTL_REGISTRY_ABSOLUTE:
        break;
    case RTL_REGISTRY_SERVICES:
        place.path = registry_paths::services;
        break;
    case RTL_REGISTRY_CONTROL:
        place.path = registry_paths::control;
        break;
    case RTL_REGISTRY_WINDOWS_NT:
        place.path = u"\\Registry\\Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion";
        break;
    case RTL_REGISTRY_DEVICEMAP:
        place.path = u"\\Registry\\Machine\\Hardware\\DeviceMap";
        break;
    case RTL_REGISTRY_USER:
        place.path = u"\\Registry\\User\\.Default";
        break;
    default:
        return STATUS_INVALID_PARAMETER;
    }
    const std::u16string_view rest = zero_terminated(path);
    if (!rest.empty() && !place.path.empty() && !rest.starts_with(u'\\')) {
        place.path += u'\\';
    }
    place.path += rest;
    return STATUS_SUCCESS;
}

NTSTATUS find_key(ULONG relative_to, PCWSTR path, std::shared_ptr<RegistryKey>* key) {
    Place place;
    NTSTATUS status = resolve(relative_to, path, place);
    if (NT_SUCCESS(status)) {
        if (place.base != nullptr) {
            *key = place.base;
            return STATUS_SUCCESS;
        }
        status = Registry::current().open_key(place.path, nullptr, key);
    }
    return status;
}

NTSTATUS find_or_create_key(ULONG relative_to, PCWSTR path, std::shared_ptr<RegistryKey>* key) {
    Place place;
    const NTSTATUS status = resolve(relative_to, path, place);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (place.base != nullptr) {
        *key = place.base;
        return STATUS_SUCCESS;
    }
    bool created = false;
    return Registry::current().create_key(place.path, nullptr, false, key, &created);
}

// What RtlQueryRegistryValues carries through its table.
class RegistryQuery {
public:
    RegistryQuery(std::shared_ptr<RegistryKey> top, PRTL_QUERY_REGISTRY_TABLE table, PVOID context, PVOID environment)
        : top_(std::move(top)), current_(top_), table_(table), context_(context), environment_(environment) {}

    NTSTATUS run() {
        NTSTATUS status = STATUS_SUCCESS;
        for (; table_->QueryRoutine != nullptr ||
               (table_->Flags & (RTL_QUERY_REGISTRY_SUBKEY | RTL_QUERY_REGISTRY_DIRECT)) != 0;
             ++table_) {
            status = process_entry();
            if (!NT_SUCCESS(status)) {
                break;
            }
        }
        return status;
    }

private:
    NTSTATUS process_entry() {
        const ULONG flags = table_->Flags;
        if ((flags & RTL_QUERY_REGISTRY_DIRECT) != 0 &&
            (table_->Name == nullptr || table_->QueryRoutine != nullptr || (flags & RTL_QUERY_REGISTRY_SUBKEY) != 0)) {
            return STATUS_INVALID_PARAMETER;
        }
        if ((flags & (RTL_QUERY_REGISTRY_TOPKEY | RTL_QUERY_REGISTRY_SUBKEY)) != 0) {
            current_ = top_;
        }
        if ((flags & RTL_QUERY_REGISTRY_SUBKEY) != 0) {
            if (table_->Name == nullptr) {
                return STATUS_INVALID_PARAMETER;
            }
            const auto subkey = Registry::current().find(table_->Name, top_.get());
            if (subkey == nullptr) {
                current_ = nullptr; // the entries that follow find nothing
                return (flags & RTL_QUERY_REGISTRY_REQUIRED) != 0 ? STATUS_OBJECT_NAME_NOT_FOUND : STATUS_SUCCESS;
            }
            current_ = subkey;
            // A routine here is called for every value of the subkey.
            return table_->QueryRoutine != nullptr ? enumerate_values() : STATUS_SUCCESS;
        }
        if ((flags & RTL_QUERY_REGISTRY_NOVALUE) != 0 && table_->Name == nullptr) {
            return call_routine({}, REG_NONE, nullptr, 0);
        }
        if (table_->Name == nullptr) {
            return enumerate_values();
        }
        return process_named_value();
    }

    NTSTATUS enumerate_values() {
        if (current_ == nullptr) {
            return STATUS_SUCCESS;
        }
        const auto key = current_;
        if ((table_->Flags & RTL_QUERY_REGISTRY_NOVALUE) != 0) {
            return call_routine({}, REG_NONE, nullptr, 0);
        }
        NTSTATUS status = key->values().empty() && (table_->Flags & RTL_QUERY_REGISTRY_REQUIRED) != 0
                              ? STATUS_OBJECT_NAME_NOT_FOUND
                              : STATUS_SUCCESS;
        // The routine may change the key: walk a copy.
        const std::vector<RegistryValue> values = key->values();
        for (const RegistryValue& value : values) {
            status = deliver_value(value.name, value.type, value.data);
            if (!NT_SUCCESS(status)) {
                break;
            }
            if ((table_->Flags & RTL_QUERY_REGISTRY_DELETE) != 0) {
                key->delete_value(value.name);
            }
        }
        return status;
    }

    NTSTATUS process_named_value() {
        const std::u16string name(table_->Name);
        const auto key = current_;
        const RegistryValue* value = key != nullptr ? key->value(name) : nullptr;
        if (value == nullptr) {
            return process_missing_value(name);
        }
        const RegistryValue copy = *value;
        const NTSTATUS status = deliver_value(name, copy.type, copy.data);
        if (NT_SUCCESS(status) && (table_->Flags & RTL_QUERY_REGISTRY_DELETE) != 0) {
            key->delete_value(name);
        }
        return status;
    }

    NTSTATUS process_missing_value(const std::u16string& name) {
        if ((table_->Flags & RTL_QUERY_REGISTRY_REQUIRED) != 0) {
            return STATUS_OBJECT_NAME_NOT_FOUND;
        }
        const ULONG type = table_->DefaultType & 0x00FFFFFF; // the top byte is the expected type of TYPECHECK
        if (type == REG_NONE) {
            return STATUS_SUCCESS;
        }
        ULONG length = table_->DefaultLength;
        const auto* data = static_cast<const std::uint8_t*>(table_->DefaultData);
        if (length == 0 && data != nullptr) {
            length = default_string_length(type, static_cast<PCWSTR>(table_->DefaultData));
        }
        if (data == nullptr) {
            length = 0;
        }
        return deliver_value(name, type, std::vector<std::uint8_t>(data, data + length));
    }

    // A default string's length is counted when it is not given.
    static ULONG default_string_length(ULONG type, PCWSTR text) {
        ULONG units = 0;
        if (type == REG_SZ || type == REG_EXPAND_SZ) {
            while (text[units] != 0) {
                ++units;
            }
            ++units;
        } else if (type == REG_MULTI_SZ) {
            while (text[units] != 0 || text[units + 1] != 0) {
                ++units;
            }
            units += 2;
        }
        return units * sizeof(WCHAR);
    }

    NTSTATUS deliver_value(const std::u16string& name, ULONG type, std::vector<std::uint8_t> data) {
        const bool expands = (table_->Flags & RTL_QUERY_REGISTRY_NOEXPAND) == 0;
        if (type == REG_MULTI_SZ && expands && (table_->Flags & RTL_QUERY_REGISTRY_DIRECT) == 0) {
            return deliver_each_string(name, data);
        }
        if (type == REG_EXPAND_SZ && expands) {
            const std::u16string text = expand_environment(string_of(data), environment_);
            const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.c_str());
            data.assign(bytes, bytes + (text.size() + 1) * sizeof(WCHAR));
            type = REG_SZ;
        }
        if ((table_->Flags & RTL_QUERY_REGISTRY_DIRECT) != 0) {
            return store_directly(type, data);
        }
        return call_routine(name, type, data.data(), static_cast<ULONG>(data.size()));
    }

    NTSTATUS deliver_each_string(const std::u16string& name, const std::vector<std::uint8_t>& data) {
        const std::size_t units = data.size() / sizeof(WCHAR);
        std::u16string text(units, 0);
        std::memcpy(text.data(), data.data(), units * sizeof(WCHAR));
        for (std::size_t at = 0; at < units && text[at] != 0;) {
            std::u16string part(text.c_str() + at);
            at += part.size() + 1;
            const NTSTATUS status =
                call_routine(name, REG_SZ, part.data(), static_cast<ULONG>((part.size() + 1) * sizeof(WCHAR)));
            if (!NT_SUCCESS(status)) {
                return status;
            }
        }
        return STATUS_SUCCESS;
    }

    NTSTATUS call_routine(const std::u16string& name, ULONG type, const void* data, ULONG length) {
        if (table_->QueryRoutine == nullptr) {
            return STATUS_SUCCESS;
        }
        Pool& pool = Kernel::current().pool;
        const PoolCopy own_name(pool, "registry value's name", std::u16string_view(name));
        const PoolCopy own_data(pool, "registry value", std::span(static_cast<const std::uint8_t*>(data), length));
        // The name of a key's default value is empty. Where there is no value the entry's own name is given.
        const bool is_value = (table_->Flags & RTL_QUERY_REGISTRY_NOVALUE) == 0;
        const NTSTATUS status = table_->QueryRoutine(is_value ? static_cast<PWSTR>(own_name.data()) : table_->Name,
                                                     type, own_data.data(), length, context_, table_->EntryContext);
        return status == STATUS_BUFFER_TOO_SMALL ? STATUS_SUCCESS : status;
    }

    static std::u16string string_of(const std::vector<std::uint8_t>& data) {
        std::u16string text(data.size() / sizeof(WCHAR), 0);
        std::memcpy(text.data(), data.data(), text.size() * sizeof(WCHAR));
        return text.substr(0, text.find(u'\0'));
    }

    NTSTATUS store_directly(ULONG type, const std::vector<std::uint8_t>& data) {
        if ((table_->Flags & RTL_QUERY_REGISTRY_TYPECHECK) != 0) {
            const ULONG expected = table_->DefaultType >> RTL_QUERY_REGISTRY_TYPECHECK_SHIFT;
            // An expanded REG_EXPAND_SZ counts as either kind of string.
            const bool string_wanted = expected == REG_EXPAND_SZ && type == REG_SZ;
            if (expected != type && !string_wanted) {
                return STATUS_OBJECT_TYPE_MISMATCH;
            }
        }
        PVOID target = table_->EntryContext;
        const bool is_string = type == REG_SZ || type == REG_EXPAND_SZ || type == REG_MULTI_SZ;
        if (is_string && (table_->Flags & RTL_QUERY_REGISTRY_NOSTRING) != 0) {
            return STATUS_OBJECT_TYPE_MISMATCH;
        }
        if (is_string) {
            return store_string(*static_cast<UNICODE_STRING*>(target), data);
        }
        if (data.size() <= sizeof(ULONG)) {
            std::memcpy(target, data.data(), data.size());
            return STATUS_SUCCESS;
        }
        return store_long_data(target, type, data);
    }

    static NTSTATUS store_string(UNICODE_STRING& target, const std::vector<std::uint8_t>& data) {
        std::size_t bytes = std::min<std::size_t>(data.size() & ~std::size_t{1}, UNICODE_STRING_MAX_BYTES);
        if (target.Buffer == nullptr) {
            target.Buffer = static_cast<PWCH>(
                ExAllocatePoolWithTag(PagedPool, std::max<std::size_t>(bytes, sizeof(WCHAR)), string_pool_tag));
            if (target.Buffer == nullptr) {
                return STATUS_NO_MEMORY;
            }
            target.MaximumLength = static_cast<USHORT>(bytes);
        } else if (bytes > target.MaximumLength) {
            return STATUS_BUFFER_TOO_SMALL;
        }
        std::memcpy(target.Buffer, data.data(), bytes);
        // Length counts no terminating zero, MaximumLength does. A list counts all but its last zero.
        const bool terminated = bytes >= sizeof(WCHAR) && data[bytes - 1] == 0 && data[bytes - 2] == 0;
        target.Length = static_cast<USHORT>(terminated ? bytes - sizeof(WCHAR) : bytes);
        return STATUS_SUCCESS;
    }

    // A buffer of more than four bytes starts with its size: negative when the data alone are wanted, positive when
    // size and type come first.
    static NTSTATUS store_long_data(PVOID target, ULONG type, const std::vector<std::uint8_t>& data) {
        LONG size = 0;
        std::memcpy(&size, target, sizeof size);
        auto* bytes = static_cast<std::uint8_t*>(target);
        if (size < 0) {
            if (data.size() > static_cast<ULONG>(-static_cast<LONGLONG>(size))) {
                return STATUS_BUFFER_TOO_SMALL;
            }
            std::memcpy(bytes, data.data(), data.size());
            return STATUS_SUCCESS;
        }
        constexpr std::size_t header = 2 * sizeof(ULONG);
        if (data.size() + header > static_cast<ULONG>(size)) {
            return STATUS_BUFFER_TOO_SMALL;
        }
        const auto length = static_cast<ULONG>(data.size());
        std::memcpy(bytes, &length, sizeof length);
        std::memcpy(bytes + sizeof length, &type, sizeof type);
        std::memcpy(bytes + header, data.data(), data.size());
        return STATUS_SUCCESS;
    }

    std::shared_ptr<RegistryKey> top_;
    std::shared_ptr<RegistryKey> current_; // null below a subkey that does not exist
    PRTL_QUERY_REGISTRY_TABLE table_;
    PVOID context_;
    PVOID environment_;
};

} // namespace

extern "C" {

NTSTATUS NTAPI RtlQueryRegistryValues(ULONG RelativeTo, PCWSTR Path, PRTL_QUERY_REGISTRY_TABLE QueryTable,
                                      PVOID Context, PVOID Environment) {
    OPC_REQUIRE_PASSIVE();
    std::shared_ptr<RegistryKey> key;
    const NTSTATUS status = find_key(RelativeTo, Path, &key);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    return RegistryQuery(key, QueryTable, Context, Environment).run();
}

NTSTATUS NTAPI RtlQueryRegistryValuesEx(ULONG RelativeTo, PCWSTR Path, PRTL_QUERY_REGISTRY_TABLE QueryTable,
                                        PVOID Context, PVOID Environment) {
    return RtlQueryRegistryValues(RelativeTo, Path, QueryTable, Context, Environment);
}

// A missing key is created, though not the path to it (nf-wdm-rtlwriteregistryvalue).
NTSTATUS NTAPI RtlWriteRegistryValue(ULONG RelativeTo, PCWSTR Path, PCWSTR ValueName, ULONG ValueType, PVOID ValueData,
                                     ULONG ValueLength) {
    OPC_REQUIRE_PASSIVE();
    std::shared_ptr<RegistryKey> key;
    const NTSTATUS status = find_or_create_key(RelativeTo, Path, &key);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    key->set_value(zero_terminated(ValueName), ValueType, {static_cast<const std::uint8_t*>(ValueData), ValueLength});
    Registry::current().changed(*key);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlDeleteRegistryValue(ULONG RelativeTo, PCWSTR Path, PCWSTR ValueName) {
    OPC_REQUIRE_PASSIVE();
    std::shared_ptr<RegistryKey> key;
    const NTSTATUS status = find_key(RelativeTo, Path, &key);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (!key->delete_value(zero_terminated(ValueName))) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    Registry::current().changed(*key);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlCheckRegistryKey(ULONG RelativeTo, PWSTR Path) {
    OPC_REQUIRE_PASSIVE();
    std::shared_ptr<RegistryKey> key;
    return find_key(RelativeTo, Path, &key);
}

NTSTATUS NTAPI RtlCreateRegistryKey(ULONG RelativeTo, PWSTR Path) {
    OPC_REQUIRE_PASSIVE();
    std::shared_ptr<RegistryKey> key;
    return find_or_create_key(RelativeTo, Path, &key);
}

} // extern "C"
