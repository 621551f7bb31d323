// What an application's memory is, for those that probe it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "machine/guarded_access.h"

namespace openportcls::executive {

inline constexpr std::uintptr_t end_of_user_half = 0x0000'8000'0000'0000;

inline bool is_user_accessible(const void* begin, std::size_t bytes, machine::Access access) {
    const auto first = reinterpret_cast<std::uintptr_t>(begin);
    return bytes == 0 || (first < end_of_user_half && bytes <= end_of_user_half - first &&
                          machine::is_accessible(begin, bytes, access));
}

} // namespace openportcls::executive
