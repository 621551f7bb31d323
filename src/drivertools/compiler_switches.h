// A command line for Microsoft's compiler, as projects keep pieces of one.
#pragma once

#include "drivertools/project.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace openportcls::drivertools {

// The words a Windows program gets: double quotes hold one together and vanish, unless a backslash stands before them.
std::vector<std::string> command_line_words(std::string_view line);

// Takes `/DNAME`, `-D NAME=VALUE`, `/UNAME`, `/FIfile` and `-Ifolder`; what else stands there is passed over.
void take_compiler_switches(std::string_view line, const std::filesystem::path& folder, SourceUnit& unit);

} // namespace openportcls::drivertools
