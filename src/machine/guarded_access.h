// Touching memory that may not be there: what a kernel does with the pointers of an application. A fault on the way is
// no crash of the guest but the answer; without one it costs a load for each page.
#pragma once

#include <cstddef>
#include <cstdint>

namespace openportcls::machine {

enum class Access : bool { read, write };

inline constexpr std::uintptr_t lowest_valid_address = 0x10000; // Windows never maps the first 64 KiB

// Whether every page of the range can be read, or read and written. Inside a machine, whose fault handler it needs.
bool is_range_accessible(const void* begin, std::size_t bytes, Access access);

// They leave every register but that of their result as it is, which not every compiler can be told.
#if defined(__has_attribute) && __has_attribute(preserve_all)
#define OPC_PRESERVES_REGISTERS __attribute__((preserve_all))
#else
#define OPC_PRESERVES_REGISTERS
#endif
extern "C" {
[[gnu::visibility("hidden")]] OPC_PRESERVES_REGISTERS int opc_guarded_touch(const void* address, int write);
[[gnu::visibility("hidden")]] OPC_PRESERVES_REGISTERS int opc_guarded_read_both(const void* address, const void* other);
}

// Whether the range is of one page, which can be touched. Not an empty one: nothing need be there.
inline bool lies_in_a_page(const void* begin, std::size_t bytes) {
    constexpr std::uintptr_t page_bytes = 4096;
    const auto first = reinterpret_cast<std::uintptr_t>(begin);
    return first >= lowest_valid_address && bytes - 1 < page_bytes && (first ^ (first + bytes - 1)) < page_bytes;
}

// The same, quickly where it can be: in every request stand structures of a client's, mostly within a page.
inline bool is_accessible(const void* begin, std::size_t bytes, Access access) {
    if (lies_in_a_page(begin, bytes)) [[likely]] {
        return opc_guarded_touch(begin, access == Access::write ? 1 : 0) != 0;
    }
    return is_range_accessible(begin, bytes, access);
}

// Two ranges at once.
inline bool are_readable(const void* begin, std::size_t bytes, const void* other, std::size_t other_bytes) {
    if (lies_in_a_page(begin, bytes) && lies_in_a_page(other, other_bytes)) [[likely]] {
        return opc_guarded_read_both(begin, other) != 0;
    }
    return is_accessible(begin, bytes, Access::read) && is_accessible(other, other_bytes, Access::read);
}

// For the fault handler: where to continue when `instruction` was such an access; null when it was not.
const void* guarded_access_failed(const void* instruction);

} // namespace openportcls::machine
