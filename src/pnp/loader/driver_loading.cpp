// A driver's code becomes a running driver, and goes.
#include <algorithm>
#include <link.h>

#include <fmt/format.h>

#include "executive/irql_check.h"
#include "executive/rtl/system_version.h"
#include "pnp/device/inside.h"
#include "pnp/device/status_text.h"
#include "pnp/inf/model_choice.h"
#include "pnp/kmdf/object.h"
#include "pnp/loader/driver_module.h"
#include "pnp/loader/import_check.h"
#include "pnp/pnp_manager.h"

namespace openportcls::pnp {

namespace {

// The INF that came with a module: beside it, or in its project.
std::filesystem::path inf_of_module(const std::filesystem::path& module, const drivertools::ModuleNote& note) {
    std::error_code ignored;
    for (const char* extension : {".inf", ".inx"}) {
        auto beside = module;
        beside.replace_extension(extension);
        if (std::filesystem::exists(beside, ignored)) {
            return beside;
        }
    }
    for (const auto& candidate : note.inf_files) {
        if (std::filesystem::exists(candidate, ignored)) {
            return candidate;
        }
    }
    return {};
}

// The service an INF installs for its first device; what the driver is called.
Result<const InfService*> service_of(const InfFile* inf, const InfTarget& target,
                                     std::optional<InfDeviceInstall>& install) {
    if (inf == nullptr) {
        return nullptr;
    }
    auto chosen = choose_model(*inf, {}, {}, target);
    if (!chosen) {
        return chosen.error();
    }
    install = std::move(chosen->install);
    return install->function_driver();
}

Result<void> check_service_name(std::string_view name) {
    if (name.empty() || name.find_first_of("\\/") != std::string_view::npos || name.size() > 200) {
        return Error{STATUS_OBJECT_NAME_INVALID, fmt::format("'{}' is no name for a driver's service", name)};
    }
    return {};
}

struct CodeRange {
    void* begin = nullptr;
    std::size_t size = 0;
};

// The loaded file that contains an address.
CodeRange range_around(void* address) {
    CodeRange range;
    struct Search {
        std::uintptr_t address;
        CodeRange* range;
    } search{reinterpret_cast<std::uintptr_t>(address), &range};
    dl_iterate_phdr(
        [](dl_phdr_info* information, std::size_t, void* context) {
            const Search& search = *static_cast<Search*>(context);
            std::uintptr_t begin = UINTPTR_MAX;
            std::uintptr_t end = 0;
            for (unsigned index = 0; index < information->dlpi_phnum; ++index) {
                const auto& segment = information->dlpi_phdr[index];
                if (segment.p_type == PT_LOAD) {
                    begin = std::min<std::uintptr_t>(begin, information->dlpi_addr + segment.p_vaddr);
                    end = std::max<std::uintptr_t>(end, information->dlpi_addr + segment.p_vaddr + segment.p_memsz);
                }
            }
            if (search.address < begin || search.address >= end) {
                return 0;
            }
            *search.range = {reinterpret_cast<void*>(begin), end - begin};
            return 1;
        },
        &search);
    return range;
}

} // namespace

void LoadedDriver::take_warnings(const InfFile& inf, const std::vector<InfWarning>& warnings) {
    for (const InfWarning& warning : warnings) {
        std::string text = inf.text_of(warning);
        if (warning.severity == InfSeverity::warning &&
            std::find(inf_warnings_->begin(), inf_warnings_->end(), text) == inf_warnings_->end()) {
            inf_warnings_->push_back(std::move(text));
        }
    }
}

std::vector<std::string> PnpManager::load_warnings() const {
    return state_->load_warnings != nullptr ? *state_->load_warnings : std::vector<std::string>();
}

Result<LoadedDriver*> PnpManager::load_driver(const std::filesystem::path& path, const DriverOptions& options) {
    state_->load_warnings.reset(); // of another driver
    auto module = DriverModule::load(path);
    if (!module) {
        return module.error();
    }
    // Machines of different releases share the modules of the process: not the module's check but this loading's.
    if (auto known = check_releases(path, (*module)->imports(), executive::system_version(state_->machine)); !known) {
        return known.error();
    }
    std::unique_ptr<LoadedDriver> driver(new LoadedDriver);
    driver->path_ = path;
    driver->module_ = std::move(*module);
    DriverOptions complete = options;
    if (complete.inf.empty()) {
        complete.inf = inf_of_module(path, driver->module_->note());
    }
    const DriverModule& loaded = *driver->module_;
    return start_driver(std::move(driver), loaded.driver_entry(), loaded.begin(), loaded.size(), complete);
}

Result<LoadedDriver*> PnpManager::load_static_driver(PDRIVER_INITIALIZE driver_entry, const DriverOptions& options) {
    if (driver_entry == nullptr) {
        return Error{STATUS_INVALID_PARAMETER, "a driver without DriverEntry cannot be started"};
    }
    std::unique_ptr<LoadedDriver> driver(new LoadedDriver);
    const CodeRange code = range_around(reinterpret_cast<void*>(driver_entry));
    return start_driver(std::move(driver), driver_entry, code.begin, code.size, options);
}

Result<LoadedDriver*> PnpManager::start_driver(std::unique_ptr<LoadedDriver> driver, PDRIVER_INITIALIZE driver_entry,
                                               void* code, std::size_t code_size, const DriverOptions& options) {
    ManagerState& state = *state_;
    state.load_warnings = driver->inf_warnings_;
    if (state.machine.is_halted()) {
        return crashed(state.machine);
    }
    if (!options.inf.empty()) {
        auto inf = read_inf(options.inf);
        if (!inf) {
            return inf.error();
        }
        driver->inf_ = std::move(*inf);
    }
    std::optional<InfDeviceInstall> install;
    driver->inf_architecture_ = options.inf_architecture;
    const auto found = service_of(driver->inf_.get(), state.inf_target(options.inf_architecture), install);
    if (!found) {
        driver->take_warnings(*driver->inf_, driver->inf_->warnings());
        return found.error();
    }
    if (install) {
        driver->take_warnings(*driver->inf_, driver->inf_->warnings());
    }
    const InfService* service = *found;
    driver->service_name_ = options.service_name;
    if (driver->service_name_.empty()) {
        driver->service_name_ = service != nullptr      ? service->name
                                : driver->path_.empty() ? "driver"
                                                        : driver->path_.stem().string();
    }
    if (auto named = check_service_name(driver->service_name_); !named) {
        return named.error();
    }
    for (const auto& other : state.drivers) {
        if (equal_ignoring_ascii_case(other->service_name_, driver->service_name_)) {
            return Error{
                STATUS_OBJECT_NAME_COLLISION,
                fmt::format(
                    "a driver named {} is loaded already; give this one another name, DriverOptions::service_name",
                    driver->service_name_)};
        }
    }
    return inside(state, [&]() -> Result<LoadedDriver*> {
        LoadedDriver& loading = *driver;
        LeakBaseline baseline = take_leak_baseline(state.kernel);
        if (code != nullptr) {
            baseline.pool_owner =
                state.kernel.pool.register_module(loading.service_name_, code, static_cast<char*>(code) + code_size);
            baseline.code_begin = code;
        }
        state.install_service(loading, service, options);
        DriverBody& body = state.bodies[&loading];
        body = state.make_driver_object(utf8_to_utf16(loading.service_name_), loading.registry_path_, code, code_size);
        loading.object_ = body.object;
        loading.object_->DriverInit = driver_entry;
        state.baselines[&loading] = std::move(baseline);
        state.drivers.push_back(std::move(driver));

        UNICODE_STRING registry_path = body.registry_path;
        state.watchdog.blame(loading.service_name_);
        state.call_constructors(loading);
        const executive::CalledAt before(state.machine);
        const NTSTATUS status = driver_entry(loading.object_, &registry_path);
        executive::require_kept(state.machine, before, "DriverEntry", driver_entry);
        state.forget_registry_path(body);
        if (!NT_SUCCESS(status)) {
            const std::string name = loading.service_name_;
            state.call_destructors(loading);
            state.wait_for_work(loading, executive::WorkItemsOf::every_object);
            release(loading);
            return Error{status, fmt::format("{}: DriverEntry failed with {}", name, status_text(status))};
        }
        // The I/O manager does this for device objects made in DriverEntry; AddDevice has to do it itself.
        for (DEVICE_OBJECT* device = loading.object_->DeviceObject; device != nullptr; device = device->NextDevice) {
            device->Flags &= ~static_cast<ULONG>(DO_DEVICE_INITIALIZING);
        }
        return &loading;
    });
}

// Forgets a driver whose code will not run any more.
void PnpManager::release(LoadedDriver& driver) {
    ManagerState& state = *state_;
    if (const void* code = state.baselines[&driver].code_begin) {
        state.kernel.pool.unregister_module(code);
    }
    state.kernel.notifications.remove_all_of(driver.object_);
    executive::free_driver_extensions(driver.object_);
    if (auto* framework = state.machine.find_subsystem<kmdf::Framework>()) {
        framework->disown(driver.object_);
    }
    state.forget_driver_object(state.bodies[&driver]);
    state.bodies.erase(&driver);
    state.baselines.erase(&driver);
    std::erase_if(state.drivers, [&](const auto& candidate) { return candidate.get() == &driver; });
}

// Queued or running, they keep their driver. "Unload Routine Environment": no references remain to the devices that it
// has deleted before DriverUnload is called; what DriverUnload itself deletes, or ends, goes before the code does.
void ManagerState::wait_for_work(LoadedDriver& driver, executive::WorkItemsOf which) {
    watchdog.blame(driver.service_name());
    watchdog.waits_for_work(baselines.at(&driver).pool_owner);
    executive::wait_for_work_items(kernel, driver.object(), which);
    watchdog.waits_for_work(0);
}

// Of static objects; a driver that is part of the program has none of its own.
void ManagerState::call_constructors(LoadedDriver& driver) {
    if (driver.module_ != nullptr) {
        const executive::CalledAt before(machine);
        driver.module_->make_static_objects();
        executive::require_kept(machine, before, "A constructor of a static object", driver.module_->driver_entry());
    }
}

void ManagerState::call_destructors(LoadedDriver& driver) {
    if (driver.module_ != nullptr) {
        const executive::CalledAt before(machine);
        driver.module_->destroy_static_objects();
        executive::require_kept(machine, before, "A destructor of a static object", driver.module_->driver_entry());
    }
}

void PnpManager::call_unload(LoadedDriver& driver) {
    machine::Machine& machine = state_->machine;
    const PDRIVER_UNLOAD unload = driver.object_->DriverUnload;
    state_->wait_for_work(driver, executive::WorkItemsOf::deleted_devices);
    const executive::CalledAt before(machine);
    unload(driver.object_);
    executive::require_kept(machine, before, "DriverUnload", unload);
    state_->call_destructors(driver);
    state_->wait_for_work(driver, executive::WorkItemsOf::every_object);
}

Result<LeakReport> PnpManager::unload(LoadedDriver& driver) {
    ManagerState& state = *state_;
    return inside(state, [&]() -> Result<LeakReport> {
        for (std::size_t index = state.devices.size(); index-- > 0;) {
            if (index < state.devices.size() && &state.devices[index]->driver() == &driver) {
                if (auto removed = state.remove(*state.devices[index]); !removed) {
                    return removed.error();
                }
            }
        }
        if (driver.object_->DriverUnload == nullptr) {
            return Error{STATUS_INVALID_DEVICE_REQUEST,
                         fmt::format("{}: has no DriverUnload routine, so Windows keeps it until the system shuts down",
                                     driver.service_name_)};
        }
        call_unload(driver);
        state.machine.settle();
        state.kernel.check_memory("Noticed when the driver was unloaded");
        executive::free_driver_extensions(driver.object_);
        LeakReport report = find_leaks(state.kernel, driver, state.baselines.at(&driver), state.drivers.size() == 1);
        release(driver);
        return report;
    });
}

} // namespace openportcls::pnp
