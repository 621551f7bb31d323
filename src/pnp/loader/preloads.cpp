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
        preloads.push_back((*runtime)->string());
    }
    return preloads;
}

} // namespace openportcls::pnp
