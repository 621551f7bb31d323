// Links a driver's objects into its module and checks what the module leaves open.
#pragma once

#include "drivertools/drivertools.h"
#include "drivertools/toolchain.h"
#include "drivertools/unit_compiler.h"

#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace openportcls::drivertools {

struct LinkRequest {
    std::filesystem::path output;
    std::vector<CompiledUnit> units;            // of the driver
    std::vector<std::filesystem::path> runtime; // objects taken as far as they are needed
    std::set<std::string, std::less<>> exports; // what the module may import
    ModuleNote note;
    std::filesystem::path work_directory;
};

Result<void> link_module(const BuildRequest& request, const Toolchain& toolchain, const LinkRequest& link);

// The symbols a library offers.
Result<std::set<std::string, std::less<>>> exports_of(const std::filesystem::path& library);

} // namespace openportcls::drivertools
