// The variable-length records that key and value queries return.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include <ntddk.h>

#include "executive/registry/key.h"

namespace openportcls::executive {

// A record with a fixed part and a variable one behind it.
struct InformationRecord {
    std::vector<std::uint8_t> bytes;
    ULONG fixed_length = 0; // a buffer below this size gets nothing at all

    static InformationRecord with_fixed_part(ULONG length) { return {std::vector<std::uint8_t>(length), length}; }
    void append(std::u16string_view text);
    void append(std::span<const std::uint8_t> data);
    void align(std::size_t alignment);
    template<class T>
    void put(std::size_t offset, T value) {
        static_assert(std::is_trivially_copyable_v<T>);
        __builtin_memcpy(bytes.data() + offset, &value, sizeof value);
    }
};

// STATUS_BUFFER_TOO_SMALL with nothing written, STATUS_BUFFER_OVERFLOW with what fits, or STATUS_SUCCESS; the length
// needed in each case (R-REG-03).
NTSTATUS deliver(const InformationRecord& record, void* buffer, ULONG length, ULONG* result_length);

// By KEY_INFORMATION_CLASS and KEY_VALUE_INFORMATION_CLASS; STATUS_INVALID_PARAMETER for one that does not exist.
NTSTATUS key_information(const RegistryKey& key, int information_class, InformationRecord& record);
NTSTATUS value_information(const RegistryValue& value, int information_class, InformationRecord& record);

} // namespace openportcls::executive
