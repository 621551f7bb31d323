// Links a driver's objects into its module and checks what the module leaves open.
#pragma once

#include "drivertools/drivertools.h"
#include "drivertools/kernel_imports.h"
#include "drivertools/toolchain.h"
#include "drivertools/unit_compiler.h"

#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace openportcls::drivertools {

// What a module may import.
struct Exports {
    std::set<std::string, std::less<>> names;
    KernelVariables variables; // those of the names that are variables
};

struct LinkRequest {
    std::filesystem::path output;
    std::vector<CompiledUnit> units;            // of the driver
    std::vector<std::filesystem::path> runtime; // objects taken as far as they are needed
    Exports exports;
    ModuleNote note;
    std::filesystem::path work_directory;
};

Result<void> link_module(const BuildRequest& request, const Toolchain& toolchain, const LinkRequest& link);

// The symbols a library offers.
Result<Exports> exports_of(const std::filesystem::path& library);

} // namespace openportcls::drivertools
