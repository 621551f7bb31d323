// Finds files by the names Windows projects use for them: backslashes, any case.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace openportcls::drivertools {

// Forward slashes, no doubled separators.
std::string with_forward_slashes(std::string_view windows_path);

// The existing file or folder `windows_path` names, seen from `base`; its spelling is the one on disk.
std::optional<std::filesystem::path> find_ignoring_case(const std::filesystem::path& base,
                                                        std::string_view windows_path);

// The longest leading part of `windows_path` that exists, seen from `base`.
std::filesystem::path deepest_existing(const std::filesystem::path& base, std::string_view windows_path);

// Files that match a pattern with `*` and `?` in its last component, or `**` for any depth.
std::vector<std::filesystem::path> files_matching(const std::filesystem::path& base, std::string_view windows_pattern);

bool matches_wildcard(std::string_view name, std::string_view pattern);

} // namespace openportcls::drivertools
