// Names for symbols: MSVC's mangled names hold '@', which ELF linkers take for a version separator.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openportcls::drivertools {

// True for symbols that cannot stay as they are.
bool needs_new_name(std::string_view symbol);

// `CMiniport::NewStream.opc0123456789abcdef` for a mangled symbol and what llvm-undname says of it (empty: nothing).
// Different symbols get different names, whichever object they are in.
std::string linker_safe_name(std::string_view mangled, std::string_view demangled);

// The readable part of a name made above: what a stack trace shows.
std::string_view readable_part(std::string_view name);

// What llvm-undname prints for a list of symbols, in pairs (symbol, demangled).
std::vector<std::pair<std::string, std::string>> parse_undname_output(std::string_view output);

} // namespace openportcls::drivertools
