// Statuses of Windows that layers without its headers answer with. Each has its Windows name in lower case: base has a
// test that compares them with ntstatus.h.
#pragma once

#include <cstdint>

namespace openportcls {

inline constexpr auto status_unsuccessful = static_cast<std::int32_t>(0xC0000001);
inline constexpr auto status_invalid_parameter = static_cast<std::int32_t>(0xC000000D);
inline constexpr auto status_no_such_device = static_cast<std::int32_t>(0xC000000E);
inline constexpr auto status_no_such_file = static_cast<std::int32_t>(0xC000000F);
inline constexpr auto status_object_name_not_found = static_cast<std::int32_t>(0xC0000034);
inline constexpr auto status_object_path_not_found = static_cast<std::int32_t>(0xC000003A);
inline constexpr auto status_data_error = static_cast<std::int32_t>(0xC000003E);
inline constexpr auto status_disk_full = static_cast<std::int32_t>(0xC000007F);
inline constexpr auto status_invalid_image_format = static_cast<std::int32_t>(0xC000007B);
inline constexpr auto status_insufficient_resources = static_cast<std::int32_t>(0xC000009A);
inline constexpr auto status_file_is_a_directory = static_cast<std::int32_t>(0xC00000BA);
inline constexpr auto status_not_supported = static_cast<std::int32_t>(0xC00000BB);
inline constexpr auto status_unexpected_io_error = static_cast<std::int32_t>(0xC00000E9);
inline constexpr auto status_entrypoint_not_found = static_cast<std::int32_t>(0xC0000139);
inline constexpr auto status_registry_corrupt = static_cast<std::int32_t>(0xC000014C);
inline constexpr auto status_not_found = static_cast<std::int32_t>(0xC0000225);
inline constexpr auto status_no_match = static_cast<std::int32_t>(0xC0000272);

} // namespace openportcls
