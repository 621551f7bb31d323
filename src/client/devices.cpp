// Drivers and devices.
#include <algorithm>
#include <system_error>

#include <fmt/format.h>

#include "client/cards.h"
#include "client/state.h"

namespace openportcls {

using client::DeviceState;
using client::DriverState;

namespace {

Result<std::vector<pnp::RegistryParameter>> parse_parameters(const std::vector<std::string>& texts) {
    std::vector<pnp::RegistryParameter> parameters;
    for (const std::string& text : texts) {
        auto parameter = pnp::RegistryParameter::parse(text);
        if (!parameter) {
            return parameter.error();
        }
        if (std::ranges::any_of(parameters, [&](const auto& each) { return each.is_same_value(*parameter); })) {
            return Error{STATUS_INVALID_PARAMETER, fmt::format("the parameter {} is given twice", parameter->name)};
        }
        parameters.push_back(std::move(*parameter));
    }
    return parameters;
}

// A bare name means a driver that came with the library.
Result<BuiltinDriver> resolve_module(const std::filesystem::path& module, const std::filesystem::path& inf) {
    BuiltinDriver driver;
    if (module.has_parent_path() || module.has_extension()) {
        driver.module = module;
        driver.inf = inf;
        if (inf.empty()) {
            for (const char* extension : {".inf", ".inx"}) {
                std::filesystem::path beside = module;
                beside.replace_extension(extension);
                if (std::error_code ignored; std::filesystem::exists(beside, ignored)) {
                    driver.inf = beside;
                    break;
                }
            }
        }
        return driver;
    }
    const std::vector<BuiltinDriver> known = builtin_drivers();
    const auto found = std::find_if(known.begin(), known.end(),
                                    [&](const BuiltinDriver& each) { return each.name == module.string(); });
    if (found != known.end()) {
        driver = *found;
        if (!inf.empty()) {
            driver.inf = inf;
        }
        return driver;
    }
    std::string names;
    for (const BuiltinDriver& each : known) {
        names += names.empty() ? each.name : ", " + each.name;
    }
    return Error{STATUS_OBJECT_NAME_NOT_FOUND,
                 fmt::format("no driver named \"{}\"; there is: {} (or give a path to a .so)", module.string(),
                             names.empty() ? "none" : names)};
}

// Device nodes go away behind our back (surprise removal): look the node up again. Another device may have its path.
bool is_there(DeviceState& state) {
    if (state.node != nullptr) {
        state.node = state.machine->pnp->find_device(state.instance_path);
        if (state.node != nullptr && state.node->serial() != state.serial) {
            state.node = nullptr;
        }
    }
    return state.node != nullptr;
}

Error unloaded(const DriverState& driver) {
    return {STATUS_INVALID_DEVICE_STATE, fmt::format("the driver {} has been unloaded", driver.name)};
}

} // namespace

Result<Driver> Machine::load_driver(const std::filesystem::path& module, const DriverOptions& options) {
    if (auto on = state_->check_is_on("loading the driver"); !on) {
        return on.error();
    }
    auto resolved = resolve_module(module, options.inf);
    if (!resolved) {
        return resolved.error();
    }
    auto parameters = parse_parameters(options.parameters);
    if (!parameters) {
        return parameters.error();
    }
    pnp::DriverOptions driver_options;
    driver_options.service_name = options.service_name;
    driver_options.inf = resolved->inf;
    driver_options.inf_architecture = options.inf_architecture;
    driver_options.parameters = std::move(*parameters);
    state_->begin_request();
    auto loaded = state_->pnp->load_driver(resolved->module, driver_options);
    if (!loaded) {
        return state_->explain(loaded.error(), "loading the driver");
    }
    auto state = std::make_shared<DriverState>();
    state->machine = state_;
    state->driver = *loaded;
    state->name = (*loaded)->service_name();
    Driver driver(std::move(state));
    if (options.add_device) {
        auto device = driver.add_device(options.hardware_id, options.parameters);
        if (!device) {
            (void)driver.unload();
            return device.error();
        }
    }
    return driver;
}

std::vector<std::string> Machine::load_warnings() const {
    return state_->pnp->load_warnings();
}

const std::string& Driver::name() const {
    return state_->name;
}

std::vector<std::string> Driver::warnings() const {
    return state_->driver != nullptr ? state_->driver->inf_warnings() : std::vector<std::string>{};
}

std::vector<Device> Driver::devices() const {
    std::vector<Device> devices;
    for (const auto& device : state_->devices) {
        if (is_there(*device)) {
            devices.push_back(Device(device));
        }
    }
    return devices;
}

Result<Device> Driver::add_device(const std::string& hardware_id, const std::vector<std::string>& parameters) {
    if (state_->driver == nullptr) {
        return unloaded(*state_);
    }
    if (auto on = state_->machine->check_is_on("starting the device"); !on) {
        return on.error();
    }
    auto parsed = parse_parameters(parameters);
    if (!parsed) {
        return parsed.error();
    }
    pnp::DeviceSpec spec;
    spec.hardware_id = hardware_id;
    spec.parameters = std::move(*parsed);
    if (auto found = client::find_card(*state_->machine, *state_->driver, spec); !found) {
        return found.error();
    }
    state_->machine->begin_request();
    auto node = state_->machine->pnp->add_device(*state_->driver, spec);
    if (!node) {
        return state_->machine->explain(node.error(), "starting the device");
    }
    auto device = std::make_shared<DeviceState>();
    device->machine = state_->machine;
    device->node = *node;
    device->serial = (*node)->serial();
    device->instance_path = (*node)->instance_path();
    device->description = (*node)->description();
    std::erase_if(state_->devices, [](const auto& each) { return !is_there(*each); });
    state_->devices.push_back(device);
    return Device(device);
}

Result<std::vector<LeakLine>> Driver::unload() {
    if (state_->driver == nullptr) {
        return unloaded(*state_);
    }
    if (auto on = state_->machine->check_is_on("unloading the driver"); !on) {
        return on.error();
    }
    auto report = state_->machine->pnp->unload(*state_->driver);
    if (!report) {
        return state_->machine->explain(report.error(), "unloading the driver");
    }
    state_->machine->flush_debug_print();
    state_->driver = nullptr;
    for (const auto& device : state_->devices) {
        device->node = nullptr;
    }
    state_->devices.clear();
    std::vector<LeakLine> lines;
    for (const pnp::Leak& leak : report->leaks) {
        lines.push_back({leak.kind, leak.what, leak.count, leak.bytes});
    }
    return lines;
}

namespace {

Result<pnp::DeviceNode*> node_of(DeviceState& state) {
    if (!is_there(state)) {
        return Error{STATUS_NO_SUCH_DEVICE, fmt::format("{} has been removed", state.instance_path)};
    }
    return state.node;
}

template<class Action>
Result<void> with_node(DeviceState& state, Action&& action) {
    if (auto on = state.machine->check_is_on(state.instance_path); !on) {
        return on;
    }
    auto node = node_of(state);
    return node ? action(*state.machine->pnp, **node) : Result<void>(node.error());
}

} // namespace

const std::string& Device::instance_path() const {
    return state_->instance_path;
}
const std::string& Device::description() const {
    return state_->description;
}

std::string Device::state() const {
    auto node = node_of(*state_);
    return node ? std::string(pnp::device_state_name((*node)->state())) : "removed";
}

Result<void> Device::start() {
    return with_node(*state_, [](pnp::PnpManager& pnp, pnp::DeviceNode& node) { return pnp.start(node); });
}
Result<void> Device::stop() {
    return with_node(*state_, [](pnp::PnpManager& pnp, pnp::DeviceNode& node) { return pnp.stop(node); });
}
Result<void> Device::remove() {
    return with_node(*state_, [](pnp::PnpManager& pnp, pnp::DeviceNode& node) { return pnp.remove(node); });
}
Result<void> Device::surprise_remove() {
    return with_node(*state_, [](pnp::PnpManager& pnp, pnp::DeviceNode& node) { return pnp.surprise_remove(node); });
}
Result<void> Device::set_power(unsigned d_state) {
    if (d_state > 3) {
        return Error{STATUS_INVALID_PARAMETER, "device power states are D0 to D3"};
    }
    return with_node(*state_, [&](pnp::PnpManager& pnp, pnp::DeviceNode& node) {
        return pnp.set_device_power(node, static_cast<DEVICE_POWER_STATE>(PowerDeviceD0 + d_state));
    });
}

} // namespace openportcls
