// Feeds any bytes to the INF reader, asks it everything the PnP manager would ask, and applies what it says to a
// registry in which another driver's device is.
#include "pnp/inf/install.h"
#include "pnp/inf/registry_apply.h"

#include "executive/registry/paths.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

using namespace openportcls;
using executive::RegistryKey;
namespace paths = executive::registry_paths;

std::u16string below(std::u16string_view path, std::u16string_view more) {
    return std::u16string(path.substr(std::u16string_view(u"\\Registry").size())) + u"\\" + std::u16string(more);
}

constexpr std::u16string_view class_name = u"{4d36e96c-e325-11ce-bfc1-08002be10318}";

// What the PnP manager has made before it applies an INF, and looks at afterwards.
struct Keys {
    std::u16string software = below(paths::classes, std::u16string(class_name) + u"\\0001");
    std::u16string hardware = below(paths::enumerated, u"ROOT\\FUZZ\\0000\\Device Parameters");
    std::u16string service = below(paths::services, u"fuzz");
    std::u16string interface = below(paths::device_classes, u"{c}\\##?#ROOT#FUZZ#0000#{c}\\#Wave\\Device Parameters");
    std::u16string other_software = below(paths::classes, std::u16string(class_name) + u"\\0000");
    std::u16string other_hardware = below(paths::enumerated, u"ROOT\\OTHER\\0000\\Device Parameters");
    std::u16string other_service = below(paths::services, u"other");
};

std::u16string full(const std::u16string& path) {
    return u"\\Registry" + path;
}

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

void apply_all(const pnp::InfDeviceInstall& install) {
    const Keys keys;
    const auto root = RegistryKey::make_root(u"REGISTRY");
    for (const std::u16string* path : {&keys.software, &keys.hardware, &keys.service, &keys.interface,
                                       &keys.other_software, &keys.other_hardware, &keys.other_service}) {
        root->create(*path);
    }
    root->find(below(paths::enumerated, u"ROOT\\OTHER\\0000"))->set_string(u"Service", u"other");
    const std::u16string kept[] = {full(keys.service)};
    const auto apply = [&](const std::vector<pnp::InfRegistryOperation>& operations, const std::u16string& relative) {
        const std::u16string relative_root = full(relative);
        const auto refused = pnp::apply_registry_operations(
            {.root = *root, .relative_root = relative_root, .kept = kept, .now = 1}, operations);
        for (const pnp::InfWarning& warning : refused) {
            require(warning.line > 0 && !warning.message.empty());
        }
    };
    for (const pnp::InfService& service : install.services) {
        apply(service.registry, keys.service);
    }
    apply(install.driver_key, keys.software);
    apply(install.hardware_key, keys.hardware);
    for (const pnp::InfInterface& interface : install.interfaces) {
        apply(interface.registry, keys.interface);
    }
    for (const std::u16string* path :
         {&keys.software, &keys.hardware, &keys.service, &keys.interface, &keys.other_software, &keys.other_hardware}) {
        require(root->find(*path) != nullptr);
    }
    // An INF may write another value there; then it is another service that has to stay.
    const auto name = root->find(below(paths::enumerated, u"ROOT\\OTHER\\0000"))->string(u"Service");
    require(name != u"other" || root->find(keys.other_service) != nullptr);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace openportcls::pnp;
    const auto file = InfFile::parse({data, size}, "fuzz.inf");
    if (!file) {
        return 0;
    }
    for (const char* architecture : {"amd64", "x86"}) {
        const InfTarget target{.architecture = architecture};
        const auto models = inf_models(*file, target);
        if (!models) {
            continue;
        }
        for (const InfModel& model : *models) {
            inf_best_match(*models, model.hardware_ids, model.compatible_ids);
            // The file includes itself: cycles must end.
            const auto include_self = [&](std::string_view) { return &*file; };
            if (const auto install = inf_device_install(*file, model, target, include_self)) {
                (void)install->function_driver();
                apply_all(*install);
            }
        }
    }
    return 0;
}
