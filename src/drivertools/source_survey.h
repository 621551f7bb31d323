// What the compiler has to be told about a driver's files before it sees them: which folders its include directives
// reach in any spelling, which trace headers (.tmh) it expects a preprocessor to have made.
#pragma once

#include "drivertools/project.h"

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace openportcls::drivertools {

struct SourceSurvey {
    std::set<std::filesystem::path> folders;
    std::vector<std::filesystem::path> files; // sources and headers in them, sorted
    // Those of them that the compiler reads in a changed copy: encodings that Clang does not know (source_text.h),
    // exception blocks with a loop's jumps in them (exception_blocks.h).
    std::set<std::filesystem::path> changed_files;
    std::set<std::string> included_names; // last components of include directives, lower case
    std::set<std::string> trace_headers;  // names of .tmh files that are included
    // FUNC lines of WPP configuration blocks: the function, and what it is given ("LEVEL", "FLAGS", "MSG", "...").
    std::map<std::string, std::vector<std::string>> trace_functions;
    bool packs_structures = false; // of the driver's; those of the kit keep their layout
};

bool is_header(const std::filesystem::path& file);

SourceSurvey survey_sources(const DriverProject& project);

// The names in #include lines, as written.
std::vector<std::string> include_directives(std::string_view text);
std::map<std::string, std::vector<std::string>> wpp_functions(std::string_view text);

// A header that stands for every .tmh: the driver's trace functions become calls of OpcTraceMessage (opc/wpp.h).
std::string trace_header(std::map<std::string, std::vector<std::string>> functions);

} // namespace openportcls::drivertools
