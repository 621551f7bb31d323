// The coverage profile runtime of a --coverage module: host code inside the module, kept apart from the driver's own
// C library, whose memcpy has the Windows calling convention.
#pragma once

#include "drivertools/toolchain.h"

#include <filesystem>
#include <set>
#include <string>

namespace openportcls::drivertools {

struct ProfileRuntime {
    std::filesystem::path object;
    std::set<std::string, std::less<>> imports; // of the host's C library
    std::set<std::string> adapted;              // functions it takes from the driver's runtime, through adapters
};

// `defined_by_driver`: names that would capture the runtime's calls to the host's C library.
Result<ProfileRuntime> prepare_profile_runtime(const Toolchain& toolchain,
                                               const std::set<std::string>& defined_by_driver,
                                               const std::filesystem::path& work_directory);

// Assembler source that lets host code call these driver-side functions, and what the runtime needs at start.
std::string profile_assembly(const ProfileRuntime& runtime, const std::filesystem::path& module);

} // namespace openportcls::drivertools
