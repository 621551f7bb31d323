// Sanitizers, coverage and fuzzers are host libraries with the host's calling convention; compiled driver code calls
// them with the Windows one. Each such call goes through a generated thunk.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace openportcls::drivertools {

// Functions of the host's runtimes that instrumented code calls. Their data symbols are used directly.
bool is_host_function(std::string_view symbol);
// Symbols a module may leave to the sanitizer runtime in the process.
bool is_host_symbol(std::string_view symbol);

// The name calls are redirected to: the thunk.
std::string bridged_name(std::string_view host_function);

// Assembler source of thunks for these functions.
std::string bridge_assembly(const std::set<std::string>& host_functions);

} // namespace openportcls::drivertools
