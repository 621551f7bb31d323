// The compiler's command line for one unit of a driver.
#pragma once

#include "drivertools/drivertools.h"
#include "drivertools/toolchain.h"

#include <string>
#include <vector>

namespace openportcls::drivertools {

enum class Instrumented { no, yes }; // the runtime library is built without sanitizers

// Flags that are the same for every unit: target, dialect, code generation, instrumentation.
std::vector<std::string> common_flags(const BuildRequest& request, Instrumented instrumented);

// Flags of this unit, without overlay, input and output.
std::vector<std::string> unit_flags(const SourceUnit& unit, const BuildRequest& request,
                                    const std::filesystem::path& wdk_include_directory,
                                    const std::filesystem::path& trace_folder);

} // namespace openportcls::drivertools
