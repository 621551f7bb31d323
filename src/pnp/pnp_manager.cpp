#include "pnp/pnp_manager.h"

#include <algorithm>
#include <dlfcn.h>
#include <fstream>
#include <link.h>

#include <fmt/format.h>

#include "executive/io/device_record.h"
#include "executive/io/devices.h"
#include "executive/io/io_manager.h"
#include "executive/objects/object_manager.h"
#include "pnp/bus.h"
#include "pnp/device/manager_state.h"
#include "pnp/device/status_text.h"
#include "pnp/exports.h"
#include "pnp/loader/driver_module.h"

namespace openportcls::pnp {

namespace {

void* look_up_export(std::u16string_view name) {
    const Export* found = find_export(utf16_to_utf8(name));
    return found != nullptr ? found->address : nullptr;
}

executive::Kernel& kernel_of(machine::Machine& machine) {
    auto* kernel = machine.find_subsystem<executive::Kernel>();
    return kernel != nullptr ? *kernel : executive::install(machine);
}

Error crashed(const machine::Machine& machine) {
    const machine::BugcheckReport* report = machine.bugcheck_report();
    if (report == nullptr) {
        return {STATUS_UNSUCCESSFUL, "the machine has stopped"};
    }
    // One line; the report itself, with its stack, is machine.bugcheck_report().
    std::string text = fmt::format("the machine has crashed: {} (0x{:X}, 0x{:X}, 0x{:X}, 0x{:X})",
                                   machine::bugcheck_name(report->code), report->parameters[0], report->parameters[1],
                                   report->parameters[2], report->parameters[3]);
    if (!report->rule.empty()) {
        text += ": " + report->rule;
    }
    return {STATUS_UNSUCCESSFUL, std::move(text)};
}

// Runs `function` (which returns a Result) inside the machine, wherever the caller is, while nobody else changes the
// device tree.
template<class Function>
auto inside(ManagerState& manager, Function&& function) -> decltype(function()) {
    using Answer = decltype(function());
    machine::Machine& machine = manager.machine;
    if (machine.is_halted()) {
        return crashed(machine);
    }
    const bool on_another_thread =
        machine::Machine::current_or_null() == &machine && !machine.current_thread().is_client;
    if (on_another_thread) {
        const ManagerState::Tree tree(manager);
        return function();
    }
    std::optional<Answer> answer;
    const bool survived = machine.enter([&] {
        const ManagerState::Tree tree(manager);
        answer.emplace(function());
    });
    if (!survived) {
        return crashed(machine);
    }
    return std::move(*answer);
}

Result<std::unique_ptr<InfFile>> read_inf(const std::filesystem::path& path) {
    std::error_code problem;
    if (std::filesystem::is_directory(path, problem)) {
        return Error{STATUS_FILE_IS_A_DIRECTORY, fmt::format("{}: a folder, not an INF file", path.string())};
    }
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return Error{STATUS_OBJECT_NAME_NOT_FOUND,
                     fmt::format("{}: no such INF file, or it cannot be read", path.string())};
    }
    const std::vector<std::uint8_t> bytes((std::istreambuf_iterator<char>(file)), {});
    auto parsed = InfFile::parse(bytes, path.string());
    if (!parsed) {
        return parsed.error();
    }
    return std::make_unique<InfFile>(std::move(*parsed));
}

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

struct ChosenModel {
    InfModel model;
    InfDeviceInstall install;
};

std::string known_ids(const std::vector<InfModel>& models) {
    std::string text;
    for (const InfModel& model : models) {
        for (const std::string& id : model.hardware_ids) {
            text += (text.empty() ? "" : ", ") + id;
        }
    }
    return text;
}

// PortCls adapters are devices of the MEDIA class; an INF for something else would only fail later, and darkly.
Result<void> check_class(const InfFile& inf) {
    const auto name = inf.version_value("Class");
    if (name && !equal_ignoring_ascii_case(*name, "MEDIA")) {
        return Error{STATUS_PNP_DRIVER_CONFIGURATION_NOT_FOUND,
                     fmt::format("{}: installs devices of the class {}, not audio devices (MEDIA)", inf.name(), *name)};
    }
    return {};
}

Result<ChosenModel> choose_model(const InfFile& inf, const DeviceSpec& spec) {
    if (auto audio = check_class(inf); !audio) {
        return audio.error();
    }
    auto models = inf_models(inf);
    if (!models) {
        return models.error();
    }
    if (models->empty()) {
        return Error{STATUS_PNP_DRIVER_CONFIGURATION_NOT_FOUND,
                     fmt::format("{}: names no device for this system (64-bit Windows)", inf.name())};
    }
    const InfModel* model = &models->front();
    if (!spec.hardware_id.empty()) {
        const std::vector<std::string> wanted{spec.hardware_id};
        model = inf_best_match(*models, wanted, spec.compatible_ids);
        if (model == nullptr) {
            return Error{STATUS_PNP_DRIVER_CONFIGURATION_NOT_FOUND,
                         fmt::format("{}: does not know the device {}; it knows {}", inf.name(), spec.hardware_id,
                                     known_ids(*models))};
        }
    }
    auto install = inf_device_install(inf, *model);
    if (!install) {
        return install.error();
    }
    return ChosenModel{*model, std::move(*install)};
}

// The service an INF installs for its first device; what the driver is called.
const InfService* service_of(const InfFile* inf, std::optional<InfDeviceInstall>& install) {
    if (inf == nullptr) {
        return nullptr;
    }
    auto chosen = choose_model(*inf, {});
    if (!chosen) {
        return nullptr;
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

std::string_view device_state_name(DeviceState state) {
    constexpr std::string_view names[] = {
        "not started", "started", "about to be stopped", "stopped", "about to be removed", "gone by surprise",
        "removed",     "failed"};
    return names[static_cast<std::size_t>(state)];
}

LoadedDriver::LoadedDriver() = default;
LoadedDriver::~LoadedDriver() = default;
DeviceNode::DeviceNode() = default;
DeviceNode::~DeviceNode() = default;
DEVICE_OBJECT* DeviceNode::top() const {
    return executive::top_of_stack(pdo_);
}

ManagerState::ManagerState(machine::Machine& the_machine)
    : machine(the_machine), kernel(kernel_of(the_machine)), registry(executive::Registry::of(the_machine)) {
    KeInitializeEvent(&tree_free, SynchronizationEvent, TRUE);
}
ManagerState::~ManagerState() = default;

PnpManager::PnpManager(machine::Machine& machine) : state_(std::make_unique<ManagerState>(machine)) {
    state_->kernel.export_lookup = &look_up_export;
    state_->kernel.device_request_hook = &ManagerState::device_requested;
    executive::device_closed_hook = &ManagerState::device_closed;
    state_->bus_driver = state_->make_bus_driver();
}

PnpManager::~PnpManager() {
    ManagerState& state = *state_;
    // The order in which a system shuts its devices down; what cannot be asked nicely goes by surprise.
    (void)inside(state, [&]() -> Result<void> {
        while (!state.devices.empty()) {
            DeviceNode& node = *state.devices.back();
            if (!state.remove(node) && state.is_alive(node)) {
                (void)state.surprise_remove(node);
                if (state.is_alive(node)) {
                    (void)state.finish_removal(node); // handles that nobody will close any more
                }
            }
        }
        while (!state.drivers.empty()) {
            LoadedDriver& driver = *state.drivers.back();
            if (driver.object_->DriverUnload != nullptr) {
                driver.object_->DriverUnload(driver.object_);
            }
            release(driver);
        }
        state.forget_driver_object(*state.bus_driver);
        return {};
    });
    state.kernel.export_lookup = nullptr;
    state.kernel.device_request_hook = nullptr;
}

machine::Machine& PnpManager::machine() const {
    return state_->machine;
}
SYSTEM_POWER_STATE PnpManager::system_power_state() const {
    return state_->system_state;
}

Result<LoadedDriver*> PnpManager::load_driver(const std::filesystem::path& path, const DriverOptions& options) {
    auto module = DriverModule::load(path);
    if (!module) {
        return module.error();
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
    const InfService* service = service_of(driver->inf_.get(), install);
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
            return Error{STATUS_OBJECT_NAME_COLLISION,
                         fmt::format("a driver named {} is loaded already; give this one another service name",
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
        auto body = state.make_driver_object(utf8_to_utf16(loading.service_name_), code, code_size);
        loading.object_ = &body->object;
        loading.object_->DriverInit = driver_entry;
        state.bodies[&loading] = std::move(body);
        state.baselines[&loading] = std::move(baseline);
        state.drivers.push_back(std::move(driver));

        std::u16string& path = loading.registry_path_; // not a copy: a crash abandons this stack
        const auto bytes = static_cast<USHORT>(path.size() * sizeof(char16_t));
        UNICODE_STRING registry_path{bytes, static_cast<USHORT>(bytes + sizeof(char16_t)), path.data()};
        const NTSTATUS status = driver_entry(loading.object_, &registry_path);
        if (!NT_SUCCESS(status)) {
            const std::string name = loading.service_name_;
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
    executive::free_driver_extensions(driver.object_);
    state.forget_driver_object(*state.bodies[&driver]);
    state.bodies.erase(&driver);
    state.baselines.erase(&driver);
    std::erase_if(state.drivers, [&](const auto& candidate) { return candidate.get() == &driver; });
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
        driver.object_->DriverUnload(driver.object_);
        state.machine.settle();
        executive::free_driver_extensions(driver.object_);
        LeakReport report = find_leaks(state.kernel, driver, state.baselines.at(&driver));
        release(driver);
        return report;
    });
}

Result<DeviceNode*> PnpManager::add_device(LoadedDriver& driver, const DeviceSpec& spec) {
    ManagerState& state = *state_;
    std::unique_ptr<InfFile> own_inf;
    const InfFile* inf = driver.inf();
    if (!spec.inf.empty()) {
        auto read = read_inf(spec.inf);
        if (!read) {
            return read.error();
        }
        own_inf = std::move(*read);
        inf = own_inf.get();
    }
    std::optional<ChosenModel> chosen;
    if (inf != nullptr) {
        auto model = choose_model(*inf, spec);
        if (!model) {
            return model.error();
        }
        chosen = std::move(*model);
    }
    std::unique_ptr<DeviceNode> made(new DeviceNode);
    DeviceNode& node = *made;
    node.manager_ = &state;
    node.driver_ = &driver;
    node.bus_ = spec.bus;
    node.address_ = spec.address;
    if (!spec.hardware_id.empty()) {
        node.hardware_ids_.push_back(spec.hardware_id);
    } else if (chosen && !chosen->model.hardware_ids.empty()) {
        node.hardware_ids_.push_back(chosen->model.hardware_ids.front());
    } else {
        node.hardware_ids_.push_back("ROOT\\" + driver.service_name_);
    }
    node.compatible_ids_ = spec.compatible_ids;
    node.resources_ = spec.bus != nullptr ? spec.bus->resources(spec.address) : spec.resources;
    if (node.resources_.empty() && spec.bus == nullptr && chosen) {
        const InfDeviceInstall& install = chosen->install;
        if (install.factory_default) {
            node.resources_ = resources_of(*install.factory_default);
        } else if (!install.log_configs.empty()) {
            node.resources_ = resources_of(install.log_configs.front());
        }
    }
    const std::string enumerator(spec.bus != nullptr ? spec.bus->enumerator() : "ROOT");
    const std::string& id = node.hardware_ids_.front();
    const auto slash = id.find('\\');
    std::string device = slash == std::string::npos ? id : id.substr(slash + 1);
    std::ranges::replace(device, '\\', '#');
    std::ranges::transform(device, device.begin(), [](char character) {
        return character >= 'a' && character <= 'z' ? static_cast<char>(character - 'a' + 'A') : character;
    });
    const auto path_with = [&](std::string_view instance) {
        return fmt::format("{}\\{}\\{}", enumerator, device, instance);
    };
    if (!spec.instance_id.empty()) {
        node.instance_path_ = path_with(spec.instance_id);
        if (find_device(node.instance_path_) != nullptr) {
            return Error{STATUS_OBJECT_NAME_COLLISION, node.instance_path_ + ": there is such a device already"};
        }
    } else {
        for (unsigned number = 0; number == 0 || find_device(node.instance_path_) != nullptr; ++number) {
            node.instance_path_ = path_with(fmt::format("{:04}", number));
        }
    }
    return inside(state, [&]() -> Result<DeviceNode*> {
        node.serial_ = ++state.last_serial;
        if (auto created = state.make_physical_device(node); !created) {
            return created.error();
        }
        state.devices.push_back(std::move(made));
        const auto give_up = [&](const Error& error) -> Result<DeviceNode*> {
            if (state.open_handles(node) == 0) {
                (void)state.finish_removal(node);
            }
            return error;
        };
        if (auto installed = state.install_device(node, chosen ? &chosen->install : nullptr, spec); !installed) {
            return give_up(installed.error());
        }
        if (auto added = state.add_to_stack(node); !added) {
            return give_up(added.error());
        }
        if (spec.start) {
            if (auto started = state.start(node); !started) {
                return give_up(started.error());
            }
        }
        return &node;
    });
}

namespace {

Error unknown_device() {
    return {STATUS_NO_SUCH_DEVICE, "the device does not exist any more"};
}

} // namespace

template<class Function>
Result<void> PnpManager::on_device(DeviceNode& device, Function&& function) {
    ManagerState& state = *state_;
    return inside(state, [&]() -> Result<void> { return state.is_alive(device) ? function(state) : unknown_device(); });
}

Result<void> PnpManager::start(DeviceNode& device) {
    return on_device(device, [&](ManagerState& state) { return state.start(device); });
}
Result<void> PnpManager::stop(DeviceNode& device) {
    return on_device(device, [&](ManagerState& state) { return state.stop(device); });
}
Result<void> PnpManager::query_stop(DeviceNode& device) {
    return on_device(device, [&](ManagerState& state) { return state.query_stop(device); });
}
Result<void> PnpManager::cancel_stop(DeviceNode& device) {
    return on_device(device, [&](ManagerState& state) { return state.cancel_stop(device); });
}
Result<void> PnpManager::rebalance(DeviceNode& device, std::vector<Resource> resources) {
    return on_device(device, [&](ManagerState& state) -> Result<void> {
        if (auto stopped = state.stop(device); !stopped) {
            return stopped;
        }
        device.resources_ = std::move(resources);
        return state.start(device);
    });
}
Result<void> PnpManager::query_remove(DeviceNode& device) {
    return on_device(device, [&](ManagerState& state) { return state.query_remove(device); });
}
Result<void> PnpManager::cancel_remove(DeviceNode& device) {
    return on_device(device, [&](ManagerState& state) { return state.cancel_remove(device); });
}
Result<void> PnpManager::remove(DeviceNode& device) {
    return on_device(device, [&](ManagerState& state) { return state.remove(device); });
}
Result<void> PnpManager::surprise_remove(DeviceNode& device) {
    return on_device(device, [&](ManagerState& state) { return state.surprise_remove(device); });
}
Result<void> PnpManager::set_device_power(DeviceNode& device, DEVICE_POWER_STATE target, bool query_first) {
    return on_device(device, [&](ManagerState& state) { return state.set_device_power(device, target, query_first); });
}

void PnpManager::finish_pending_removals() {
    ManagerState& state = *state_;
    (void)inside(state, [&]() -> Result<void> {
        for (std::size_t index = state.devices.size(); index-- > 0;) {
            if (index < state.devices.size()) {
                state.finish_pending_removal(*state.devices[index]);
            }
        }
        return {};
    });
}

Result<void> PnpManager::sleep(SYSTEM_POWER_STATE target, bool forced) {
    return inside(*state_, [&] { return state_->sleep(target, forced); });
}
Result<void> PnpManager::wake() {
    return inside(*state_, [&] { return state_->wake(); });
}

std::vector<DeviceNode*> PnpManager::devices() const {
    std::vector<DeviceNode*> result;
    for (const auto& node : state_->devices) {
        result.push_back(node.get());
    }
    return result;
}

std::vector<LoadedDriver*> PnpManager::drivers() const {
    std::vector<LoadedDriver*> result;
    for (const auto& driver : state_->drivers) {
        result.push_back(driver.get());
    }
    return result;
}

DeviceNode* PnpManager::find_device(std::string_view instance_path) const {
    for (const auto& node : state_->devices) {
        if (equal_ignoring_ascii_case(node->instance_path_, instance_path)) {
            return node.get();
        }
    }
    return nullptr;
}

DeviceNode* PnpManager::node_of(const DEVICE_OBJECT* physical_device_object) const {
    return state_->node_of(physical_device_object);
}

} // namespace openportcls::pnp
