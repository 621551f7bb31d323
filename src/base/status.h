// Statuses of Windows that layers without its headers answer with.
#pragma once

#include <cstdint>

namespace openportcls {

inline constexpr auto status_unsuccessful = static_cast<std::int32_t>(0xC0000001);
inline constexpr auto status_invalid_parameter = static_cast<std::int32_t>(0xC000000D);
inline constexpr auto status_not_found = static_cast<std::int32_t>(0xC0000034);
inline constexpr auto status_invalid_image_format = static_cast<std::int32_t>(0xC000007B);
inline constexpr auto status_entry_point_not_found = static_cast<std::int32_t>(0xC0000139);

} // namespace openportcls
