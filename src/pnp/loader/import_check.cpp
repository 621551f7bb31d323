#include "pnp/loader/import_check.h"

#include <algorithm>
#include <dlfcn.h>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <wdm.h>

#include "drivertools/drivertools.h"
#include "pnp/exports.h"
#include "pnp/pnp_manager.h"

namespace openportcls::pnp {

namespace {

constexpr std::string_view instrumentation_prefixes[] = {"__asan_",   "__ubsan_",        "__tsan_",    "__sanitizer_",
                                                         "__sancov_", "__llvm_profile_", "llvm_gcda_", "llvm_gcov_",
                                                         "__gcov_",   "__lsan_"};
// The linker's own; without a meaning for a driver.
constexpr std::string_view linker_symbols[] = {"__cxa_atexit", "__cxa_finalize", "__gmon_start__"};

bool is_instrumentation(std::string_view name) {
    return std::ranges::any_of(instrumentation_prefixes, [&](auto prefix) { return name.starts_with(prefix); });
}

bool is_linker_symbol(std::string_view name) {
    return std::ranges::find(linker_symbols, name) != std::end(linker_symbols) || name.starts_with("_ITM_");
}

std::string_view file_name_of(const char* path) {
    const std::string_view text = path != nullptr ? path : "";
    return text.substr(text.rfind('/') + 1);
}

// The library of this process that would answer; empty when none would.
std::string_view provider_of(const std::string& name) {
    Dl_info information{};
    void* address = dlsym(RTLD_DEFAULT, name.c_str());
    if (address == nullptr || dladdr(address, &information) == 0) {
        return {};
    }
    return file_name_of(information.dli_fname);
}

// Why a symbol cannot be bound; empty when it can.
std::string objection(const ModuleImport& import, const drivertools::ModuleNote& note) {
    const Export* known = find_export(import.name);
    if (known != nullptr && known->is_implemented()) {
        return {};
    }
    if (is_linker_symbol(import.name) || is_instrumentation(import.name)) {
        return {}; // missing run-times are reported apart
    }
    if (known != nullptr) {
        return import.weak ? "" : fmt::format("{} (declared in {}, not implemented yet)", import.name, known->header);
    }
    const auto provider = provider_of(import.name);
    if (provider.empty()) {
        return import.weak ? "" : fmt::format("{} (no kernel function of that name is known here)", import.name);
    }
    // The profile writer inside a coverage module is host code and calls the C library, or a sanitizer in front of it.
    const bool c_library = provider.starts_with("libc.so") || provider.starts_with("libc-") ||
                           (!note.sanitizers.empty() && provider.starts_with("libclang_rt."));
    if (note.coverage && c_library) {
        return {};
    }
    return fmt::format("{} (not a kernel function; the host's {} would answer, with another calling convention)",
                       import.name, provider);
}

} // namespace

Result<void> check_imports(const std::filesystem::path& path, const ModuleImage& image,
                           const drivertools::ModuleNote& note) {
    std::vector<std::string> objections;
    std::vector<std::string> instrumentation_missing;
    for (const ModuleImport& import : image.imports) {
        if (auto why = objection(import, note); !why.empty()) {
            objections.push_back(std::move(why));
        } else if (!import.weak && is_instrumentation(import.name) && provider_of(import.name).empty()) {
            instrumentation_missing.push_back(import.name);
        }
    }
    if (!objections.empty()) {
        return Error{STATUS_DRIVER_ENTRYPOINT_NOT_FOUND,
                     fmt::format("{}: imports what the simulated kernel does not export: {}", path.string(),
                                 fmt::join(objections, ", "))};
    }
    if (instrumentation_missing.empty()) {
        return {};
    }
    const auto runtime = drivertools::sanitizer_runtime(note);
    const auto preloads = required_preloads(path);
    if (preloads && !preloads->empty()) {
        return Error{
            STATUS_DLL_NOT_FOUND,
            fmt::format("{}: built with -fsanitize={}, whose run-time has to be in the process from its start: "
                        "run it with LD_PRELOAD={}",
                        path.string(), fmt::join(note.sanitizers, ","), fmt::join(*preloads, ":"))};
    }
    return Error{STATUS_DLL_NOT_FOUND,
                 fmt::format("{}: needs a run-time library for {} that is not in this process{}{}", path.string(),
                             instrumentation_missing.front(), runtime ? "" : ": ",
                             runtime ? "" : runtime.error().message)};
}

Result<void> check_releases(const std::filesystem::path& path, std::span<const ModuleImport> imports,
                            const executive::SystemVersion& windows) {
    std::vector<std::string> missing;
    for (const ModuleImport& import : imports) {
        const Export* const known = find_export(import.name);
        if (known != nullptr && !known->is_in(windows)) {
            missing.push_back(
                fmt::format("{} ({}, since Windows {})", import.name, known->release->module, known->release->windows));
        }
    }
    if (missing.empty()) {
        return {};
    }
    return Error{STATUS_DRIVER_ENTRYPOINT_NOT_FOUND,
                 fmt::format("{}: imports what Windows {}.{}.{} does not export: {}", path.string(), windows.major,
                             windows.minor, windows.build, fmt::join(missing, ", "))};
}

} // namespace openportcls::pnp
