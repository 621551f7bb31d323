#include "pnp/pnp_manager.h"

#include <dlfcn.h>

#include "drivertools/drivertools.h"
#include "pnp/loader/module_image.h"

namespace openportcls::pnp {

namespace {

bool has_runtime(const drivertools::ModuleNote& note) {
    return (!note.has_sanitizer("address") || dlsym(RTLD_DEFAULT, "__asan_init") != nullptr) &&
           (!note.has_sanitizer("thread") || dlsym(RTLD_DEFAULT, "__tsan_init") != nullptr) &&
           (!note.has_sanitizer("undefined") || dlsym(RTLD_DEFAULT, "__ubsan_handle_type_mismatch_v1") != nullptr);
}

// The run-times ask this library for their options and tell it of reports, which takes its names coming before theirs.
std::string this_library() {
    Dl_info information{};
    if (dladdr(reinterpret_cast<const void*>(&required_preloads), &information) == 0 ||
        information.dli_fname == nullptr) {
        return {};
    }
    const std::filesystem::path file = std::filesystem::absolute(information.dli_fname);
    // LD_PRELOAD is a list separated by these, without a way to quote them.
    return file.string().find_first_of(" :") == std::string::npos ? file.string() : file.filename().string();
}

} // namespace

Result<std::vector<std::string>> required_preloads(const std::filesystem::path& module) {
    auto image = ModuleImage::read(module);
    if (!image) {
        return image.error();
    }
    auto note = drivertools::parse_note_text(image->note);
    if (!note) {
        return Error{note.status(), module.string() + ": " + note.error().message};
    }
    std::vector<std::string> preloads;
    if (has_runtime(*note)) {
        return preloads;
    }
    auto runtime = drivertools::sanitizer_runtime(*note);
    if (!runtime) {
        return runtime.error();
    }
    if (*runtime) {
        preloads = {this_library(), (*runtime)->string()};
    }
    return preloads;
}

} // namespace openportcls::pnp
