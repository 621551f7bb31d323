// What MSBuild makes of the text of a value: escapes, references to metadata.
// https://learn.microsoft.com/visualstudio/msbuild/special-characters-to-escape
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace openportcls::drivertools {

// `%3B` becomes `;`. The last step, when a list has been taken apart.
std::string without_escapes(std::string_view text);

// Replaces each `%(reference)`.
std::string with_metadata(std::string_view text, const std::function<std::string(std::string_view reference)>& value);

// Metadata that every item has from its file: `Filename`, `FullPath` …
// https://learn.microsoft.com/visualstudio/msbuild/msbuild-well-known-item-metadata
bool is_metadata_of_files(std::string_view name);
std::string metadata_of_file(std::string_view name, const std::filesystem::path& file,
                             const std::filesystem::path& project_folder);

} // namespace openportcls::drivertools
