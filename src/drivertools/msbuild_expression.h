// MSBuild's condition language: comparisons, and, or, !, parentheses, exists(), HasTrailingSlash().
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

namespace openportcls::drivertools {

// `condition` has its properties already expanded. Nothing when it is not a condition this understands.
std::optional<bool> evaluate_condition(std::string_view condition, const std::filesystem::path& folder);

} // namespace openportcls::drivertools
