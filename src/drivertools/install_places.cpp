#include "drivertools/drivertools.h"

#include "drivertools/text.h"
#include "drivertools/toolchain.h"

#include <array>
#include <cstdlib>
#include <dlfcn.h>
#include <fmt/format.h>

namespace openportcls::drivertools {

namespace fs = std::filesystem;

namespace {

// The folder of the library or program this code is in.
fs::path own_folder() {
    Dl_info here{};
    if (::dladdr(reinterpret_cast<void*>(&default_wdk_include_directory), &here) == 0 || !here.dli_fname)
        return {};
    std::error_code ignored;
    return fs::canonical(here.dli_fname, ignored).parent_path();
}

// PREFIX/share/openportcls/NAME of an installed library, then the source tree's folder.
Result<fs::path> place_of(const char* name, const char* source_folder, const char* proof) {
    std::error_code ignored;
    auto folder = own_folder();
    for (const char* up : {"..", "../..", "../../.."}) { // lib, lib/x86_64-linux-gnu, libexec/openportcls/bin
        auto candidate = folder / up / "share" / "openportcls" / name;
        if (!folder.empty() && fs::exists(candidate / proof, ignored))
            return fs::canonical(candidate, ignored);
    }
    if (fs::exists(fs::path(source_folder) / proof, ignored))
        return fs::path(source_folder);
    return Error{status_object_name_not_found,
                 fmt::format("the {} folder that belongs to OpenPortCls is missing: neither in "
                             "share/openportcls of its installation nor in {}",
                             name, source_folder)};
}

// What tells the folders from others.
constexpr const char* wdk_proof = "ntdef.h";
constexpr const char* runtime_proof = "stdunk";

Result<fs::path> checked(const fs::path& folder, const char* what, const char* proof) {
    std::error_code ignored;
    if (!fs::is_directory(folder, ignored))
        return Error{status_object_path_not_found, folder.string() + ": no such folder"};
    if (!fs::exists(folder / proof, ignored))
        return Error{status_object_name_not_found,
                     fmt::format("{}: {} are not here: {} is missing", folder.string(), what, proof)};
    return fs::absolute(folder);
}

} // namespace

Result<fs::path> default_wdk_include_directory() {
    return place_of("wdk", OPENPORTCLS_SOURCE_FOLDER "/include/wdk", wdk_proof);
}

Result<fs::path> default_runtime_directory() {
    return place_of("runtime", OPENPORTCLS_SOURCE_FOLDER "/drivers/runtime", runtime_proof);
}

Result<fs::path> checked_wdk_include_directory(const fs::path& folder) {
    return checked(folder, "the headers that drivers include", wdk_proof);
}

Result<fs::path> checked_runtime_directory(const fs::path& folder) {
    return checked(folder, "the sources of the runtime for drivers", runtime_proof);
}

Result<std::optional<fs::path>> sanitizer_runtime(const ModuleNote& note) {
    const char* library = note.has_sanitizer("address")     ? "asan-x86_64.so"
                          : note.has_sanitizer("thread")    ? "tsan-x86_64.so"
                          : note.has_sanitizer("undefined") ? "ubsan_standalone-x86_64.so"
                                                            : nullptr;
    if (!library)
        return std::optional<fs::path>();
    auto toolchain = find_toolchain();
    if (!toolchain)
        return toolchain.error();
    auto file = toolchain->runtime_library(library);
    std::error_code ignored;
    if (!fs::exists(file, ignored))
        return Error{status_object_name_not_found,
                     fmt::format("{}: the sanitizer's runtime is missing. On Debian: apt install "
                                 "libclang-rt-19-dev",
                                 file.string())};
    return std::optional(file);
}

} // namespace openportcls::drivertools
