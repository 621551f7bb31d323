// What stands between `$(` and `)` in MSBuild: a property, functions of its text, functions of MSBuild's own.
// https://learn.microsoft.com/visualstudio/msbuild/property-functions
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace openportcls::drivertools {

struct PropertyScope {
    std::function<std::string(const std::string& name)> property;
    std::function<std::string(std::string_view text)> expand; // of `$(…)` within arguments
    std::filesystem::path folder;                             // what relative paths mean
};

// Nothing when it is not an expression this understands, or has an argument that makes no sense.
std::optional<std::string> evaluate_property_expression(std::string_view expression, const PropertyScope& scope);

// The text that follows a `(` up to the bracket that closes it; all of it when none does. Brackets in quotes are text.
std::string_view bracketed(std::string_view text);

// The nearest folder with this file, from `folder` upwards.
std::optional<std::filesystem::path> folder_of_file_above(const std::filesystem::path& folder, std::string_view name);

} // namespace openportcls::drivertools
