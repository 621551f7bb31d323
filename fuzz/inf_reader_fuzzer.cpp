// Feeds any bytes to the INF reader and asks it everything the PnP manager would ask.
#include "pnp/inf/install.h"

#include <cstddef>
#include <cstdint>

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
            }
        }
    }
    return 0;
}
