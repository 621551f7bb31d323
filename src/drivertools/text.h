// Text as it is found in Windows projects: UTF-8 with or without a byte order mark, UTF-16, CRLF, names in any case.
#pragma once

#include "base/result.h"
#include "base/status.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace openportcls::drivertools {

std::string to_utf8(std::string_view bytes);

std::string lower(std::string_view text);
bool equals_ignoring_case(std::string_view left, std::string_view right);
bool ends_with_ignoring_case(std::string_view text, std::string_view ending);
std::string_view trim(std::string_view text);
std::vector<std::string> split(std::string_view text, std::string_view separators);
std::vector<std::string_view> lines_of(std::string_view text);
std::string replace_all(std::string text, std::string_view from, std::string_view to);

// The regular file, there or not yet, that writing to `named` means: what a link names, as it is renamed into place.
// An error for devices, pipes and folders, which a rename would replace.
Result<std::filesystem::path> file_to_write(const std::filesystem::path& named);
Result<std::string> read_file(const std::filesystem::path& file);
// Replaces the file in one step, and leaves it alone when it already holds this text.
Result<void> write_file(const std::filesystem::path& file, std::string_view content);

} // namespace openportcls::drivertools
