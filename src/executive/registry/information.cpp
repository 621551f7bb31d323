#include "executive/registry/information.h"

#include <algorithm>
#include <cstring>

namespace openportcls::executive {
namespace {

ULONG byte_length(std::u16string_view text) {
    return static_cast<ULONG>(text.size() * sizeof(WCHAR));
}

struct Totals {
    ULONG longest_subkey_name = 0;
    ULONG longest_value_name = 0;
    ULONG longest_value_data = 0;
};

Totals totals_of(const RegistryKey& key) {
    Totals totals;
    for (const auto& [name, subkey] : key.subkeys()) {
        totals.longest_subkey_name = std::max(totals.longest_subkey_name, byte_length(name));
    }
    for (const RegistryValue& value : key.values()) {
        totals.longest_value_name = std::max(totals.longest_value_name, byte_length(value.name));
        totals.longest_value_data = std::max(totals.longest_value_data, static_cast<ULONG>(value.data.size()));
    }
    return totals;
}

constexpr ULONG no_class_name = 0xFFFFFFFF;

InformationRecord full_information(const RegistryKey& key) {
    const Totals totals = totals_of(key);
    KEY_FULL_INFORMATION full{};
    full.LastWriteTime.QuadPart = key.last_write_time();
    full.ClassOffset = no_class_name;
    full.SubKeys = static_cast<ULONG>(key.subkeys().size());
    full.MaxNameLen = totals.longest_subkey_name;
    full.Values = static_cast<ULONG>(key.values().size());
    full.MaxValueNameLen = totals.longest_value_name;
    full.MaxValueDataLen = totals.longest_value_data;
    auto record = InformationRecord::with_fixed_part(FIELD_OFFSET(KEY_FULL_INFORMATION, Class));
    std::memcpy(record.bytes.data(), &full, record.bytes.size());
    return record;
}

// KEY_CACHED_INFORMATION: the counts of the full record and the length of the key's own name.
InformationRecord cached_information(const RegistryKey& key) {
    const Totals totals = totals_of(key);
    auto record = InformationRecord::with_fixed_part(40);
    record.put(0, key.last_write_time());
    record.put(12, static_cast<ULONG>(key.subkeys().size()));
    record.put(16, totals.longest_subkey_name);
    record.put(20, static_cast<ULONG>(key.values().size()));
    record.put(24, totals.longest_value_name);
    record.put(28, totals.longest_value_data);
    record.put(32, byte_length(key.name()));
    return record;
}

} // namespace

void InformationRecord::append(std::u16string_view text) {
    const auto* data = reinterpret_cast<const std::uint8_t*>(text.data());
    bytes.insert(bytes.end(), data, data + byte_length(text));
}

void InformationRecord::append(std::span<const std::uint8_t> data) {
    bytes.insert(bytes.end(), data.begin(), data.end());
}

void InformationRecord::align(std::size_t alignment) {
    bytes.resize((bytes.size() + alignment - 1) / alignment * alignment);
}

NTSTATUS deliver(const InformationRecord& record, void* buffer, ULONG length, ULONG* result_length) {
    const auto needed = static_cast<ULONG>(record.bytes.size());
    if (result_length != nullptr) {
        *result_length = needed;
    }
    if (buffer == nullptr || length < record.fixed_length) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    std::memcpy(buffer, record.bytes.data(), std::min(length, needed));
    return length < needed ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

NTSTATUS key_information(const RegistryKey& key, int information_class, InformationRecord& record) {
    switch (information_class) {
    case KeyBasicInformation:
        record = InformationRecord::with_fixed_part(FIELD_OFFSET(KEY_BASIC_INFORMATION, Name));
        record.put(FIELD_OFFSET(KEY_BASIC_INFORMATION, LastWriteTime), key.last_write_time());
        record.put(FIELD_OFFSET(KEY_BASIC_INFORMATION, NameLength), byte_length(key.name()));
        record.append(key.name());
        return STATUS_SUCCESS;
    case KeyNodeInformation:
        record = InformationRecord::with_fixed_part(FIELD_OFFSET(KEY_NODE_INFORMATION, Name));
        record.put(FIELD_OFFSET(KEY_NODE_INFORMATION, LastWriteTime), key.last_write_time());
        record.put(FIELD_OFFSET(KEY_NODE_INFORMATION, ClassOffset), no_class_name);
        record.put(FIELD_OFFSET(KEY_NODE_INFORMATION, NameLength), byte_length(key.name()));
        record.append(key.name());
        return STATUS_SUCCESS;
    case KeyFullInformation:
        record = full_information(key);
        return STATUS_SUCCESS;
    case KeyNameInformation: {
        const std::u16string path = key.full_path();
        record = InformationRecord::with_fixed_part(FIELD_OFFSET(KEY_NAME_INFORMATION, Name));
        record.put(FIELD_OFFSET(KEY_NAME_INFORMATION, NameLength), byte_length(path));
        record.append(path);
        return STATUS_SUCCESS;
    }
    case KeyCachedInformation:
        record = cached_information(key);
        return STATUS_SUCCESS;
    case KeyVirtualizationInformation:
        record = InformationRecord::with_fixed_part(sizeof(ULONG)); // nothing is virtualised
        return STATUS_SUCCESS;
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

NTSTATUS value_information(const RegistryValue& value, int information_class, InformationRecord& record) {
    const auto data_length = static_cast<ULONG>(value.data.size());
    switch (information_class) {
    case KeyValueBasicInformation:
        record = InformationRecord::with_fixed_part(FIELD_OFFSET(KEY_VALUE_BASIC_INFORMATION, Name));
        record.put(FIELD_OFFSET(KEY_VALUE_BASIC_INFORMATION, Type), value.type);
        record.put(FIELD_OFFSET(KEY_VALUE_BASIC_INFORMATION, NameLength), byte_length(value.name));
        record.append(value.name);
        return STATUS_SUCCESS;
    case KeyValueFullInformation:
    case KeyValueFullInformationAlign64:
        record = InformationRecord::with_fixed_part(FIELD_OFFSET(KEY_VALUE_FULL_INFORMATION, Name));
        record.put(FIELD_OFFSET(KEY_VALUE_FULL_INFORMATION, Type), value.type);
        record.put(FIELD_OFFSET(KEY_VALUE_FULL_INFORMATION, NameLength), byte_length(value.name));
        record.put(FIELD_OFFSET(KEY_VALUE_FULL_INFORMATION, DataLength), data_length);
        record.append(value.name);
        record.align(information_class == KeyValueFullInformation ? sizeof(ULONG) : sizeof(ULONGLONG));
        record.put(FIELD_OFFSET(KEY_VALUE_FULL_INFORMATION, DataOffset), static_cast<ULONG>(record.bytes.size()));
        record.append(std::span(value.data));
        return STATUS_SUCCESS;
    case KeyValuePartialInformation:
        record = InformationRecord::with_fixed_part(FIELD_OFFSET(KEY_VALUE_PARTIAL_INFORMATION, Data));
        record.put(FIELD_OFFSET(KEY_VALUE_PARTIAL_INFORMATION, Type), value.type);
        record.put(FIELD_OFFSET(KEY_VALUE_PARTIAL_INFORMATION, DataLength), data_length);
        record.append(std::span(value.data));
        return STATUS_SUCCESS;
    case KeyValuePartialInformationAlign64:
        record = InformationRecord::with_fixed_part(2 * sizeof(ULONG)); // type, length, then the data
        record.put(0, value.type);
        record.put(sizeof(ULONG), data_length);
        record.append(std::span(value.data));
        return STATUS_SUCCESS;
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

} // namespace openportcls::executive
