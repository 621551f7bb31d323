// What a driver uses of the kernel beyond calls: addresses of its functions, and its variables. The compiler believes
// for this target that both lie in the driver's own module; they lie in another one, out of reach of its instructions.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace openportcls::drivertools {

// Has the code of an object fetch the address of everything it does not define itself from the module's table of
// addresses. The linker turns what the driver's other objects define back. Returns how many places changed.
Result<std::size_t> fetch_addresses_from_table(std::string& object, const std::string& name);

// The kernel's variables never change once it is loaded: a module has copies of those it uses, made before anything of
// it runs. Size by name.
using KernelVariables = std::map<std::string, std::uint64_t, std::less<>>;
std::string copied_variables_assembly(const KernelVariables& variables);
std::vector<std::string> copied_variables_linker_options(const KernelVariables& variables);

// The linker's messages on uses that neither of the two covers, as a compiler would say it, with the driver's own
// file and line; other text stays as it is.
std::string explained_link_errors(std::string_view text);

} // namespace openportcls::drivertools
