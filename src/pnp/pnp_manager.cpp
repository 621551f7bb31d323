#include "pnp/pnp_manager.h"

#include <cstdio>

#include <fmt/format.h>

#include "executive/io/devices.h"
#include "executive/rtl/system_version.h"
#include "pnp/device/inside.h"
#include "pnp/device/manager_state.h"
#include "pnp/exports.h"
#include "pnp/loader/driver_module.h"

namespace openportcls::pnp {

namespace {

void* look_up_export(std::u16string_view name) {
    const Export* found = find_export(utf16_to_utf8(name));
    const bool is_there = found != nullptr && found->is_in(executive::system_version(machine::Machine::current()));
    return is_there ? found->address : nullptr;
}

executive::Kernel& kernel_of(machine::Machine& machine) {
    auto* kernel = machine.find_subsystem<executive::Kernel>();
    return kernel != nullptr ? *kernel : executive::install(machine);
}

} // namespace

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

std::string_view device_state_name(DeviceState state) {
    constexpr std::string_view names[] = {
        "not started", "started", "about to be stopped", "stopped", "about to be removed", "surprise removed",
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
    const bool was_halted = state.machine.is_halted();
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
                call_unload(driver);
            }
            release(driver);
        }
        state.kernel.check_memory("Noticed when the machine was switched off");
        state.forget_driver_object(state.bus_driver);
        return {};
    });
    if (state.machine.is_halted() && !was_halted) {
        // Nobody is left whom an error could be returned to.
        std::fputs(state.machine.bugcheck_report()->to_text().c_str(), stderr);
    }
    state.kernel.export_lookup = nullptr;
    state.kernel.device_request_hook = nullptr;
}

machine::Machine& PnpManager::machine() const {
    return state_->machine;
}
SYSTEM_POWER_STATE PnpManager::system_power_state() const {
    return state_->system_state;
}

void PnpManager::on_system_power(std::function<void(SYSTEM_POWER_STATE)> tell) {
    state_->tell_system_state = std::move(tell);
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
    return on_device(
        device, [&](ManagerState& state) -> Result<void> { return state.rebalance(device, std::move(resources)); });
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
