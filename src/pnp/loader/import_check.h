// May a module be bound to this process? Every symbol it imports has to be a kernel export, or belong to the run-time
// library of the sanitizer it was built with. Anything else the dynamic linker would bind to whatever the process
// happens to have: a host `operator delete`, with the host's heap and calling convention.
#pragma once

#include <filesystem>
#include <span>

#include "base/result.h"
#include "drivertools/module_note.h"
#include "executive/rtl/system_version.h"
#include "pnp/loader/module_image.h"

namespace openportcls::pnp {

Result<void> check_imports(const std::filesystem::path& path, const ModuleImage& image,
                           const drivertools::ModuleNote& note);

// Is all that it imports in this Windows? Drivers ask MmGetSystemRoutineAddress for what they can do without.
Result<void> check_releases(const std::filesystem::path& path, std::span<const ModuleImport> imports,
                            const executive::SystemVersion& windows);

} // namespace openportcls::pnp
