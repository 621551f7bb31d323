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

extern "C" [[gnu::visibility("hidden")]] int opc_guarded_touch(const void* address, int write);

// The same, quickly where it can be: in every request stand structures of a client's, mostly within a page.
inline bool is_accessible(const void* begin, std::size_t bytes, Access access) {
    constexpr std::uintptr_t page_bytes = 4096;
    const auto first = reinterpret_cast<std::uintptr_t>(begin);
    if (first >= lowest_valid_address && bytes - 1 < page_bytes && (first ^ (first + bytes - 1)) < page_bytes)
        [[likely]] {
        return opc_guarded_touch(begin, access == Access::write ? 1 : 0) != 0;
    }
    return is_range_accessible(begin, bytes, access);
}

// For the fault handler: where to continue when `instruction` was such an access; null when it was not.
const void* guarded_access_failed(const void* instruction);

} // namespace openportcls::machine
