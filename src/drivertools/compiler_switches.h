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

// Takes over what means something for a driver that is built here: definitions, folders, forced includes, language and
// standard, packing, the sign of char, precompiled headers. Optimisation, warnings, output files and what the kernel
// has switched off anyway is passed over. The answer is what is neither, as it is written.
std::vector<std::string> take_compiler_switches(std::string_view line, const std::filesystem::path& folder,
                                                SourceUnit& unit);

} // namespace openportcls::drivertools
