#include <cstdlib>
#include <dlfcn.h>
#include <system_error>

#include <openportcls/machine.hpp>

namespace openportcls {

namespace {

struct Known {
    const char* name;
    const char* description;
    const char* binds_to;
};
constexpr Known known_drivers[] = {
    {"cable", "WaveRT virtual audio cable: what is played into it can be recorded from it", "software"},
    {"ac97", "WavePci driver of AC'97 controllers (Intel ICH): bus masters, full duplex, mixer", "ac97"},
    {"sb16", "WaveCyclic driver of the Sound Blaster 16: slave DMA, full duplex, mixer", "sb16"},
};

// Beside the installed library, or in the build tree.
std::filesystem::path driver_folder() {
    if (const char* given = std::getenv("OPENPORTCLS_DRIVERS")) {
        return given;
    }
    Dl_info information;
    if (dladdr(reinterpret_cast<void*>(&driver_folder), &information) != 0 && information.dli_fname != nullptr) {
        std::error_code ignored;
        const auto library = std::filesystem::canonical(information.dli_fname, ignored);
        const auto installed = library.parent_path() / "openportcls" / "drivers";
        if (std::error_code ignored; std::filesystem::exists(installed, ignored)) {
            return installed;
        }
    }
    return OPENPORTCLS_BUILD_DRIVERS_DIR;
}

} // namespace

std::vector<BuiltinDriver> builtin_drivers() {
    const std::filesystem::path folder = driver_folder();
    std::vector<BuiltinDriver> drivers;
    for (const Known& known : known_drivers) {
        BuiltinDriver driver;
        driver.name = known.name;
        driver.description = known.description;
        driver.binds_to = known.binds_to;
        driver.module = folder / (driver.name + ".so");
        driver.inf = folder / (driver.name + ".inx");
        if (std::error_code ignored; !std::filesystem::exists(driver.inf, ignored)) {
            driver.inf = std::filesystem::path(OPENPORTCLS_SOURCE_DRIVERS_DIR) / driver.name / (driver.name + ".inx");
        }
        drivers.push_back(std::move(driver));
    }
    return drivers;
}

} // namespace openportcls
