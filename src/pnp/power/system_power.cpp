// Power states of the system and of its devices.
#include <fmt/format.h>

#include "executive/ex/callbacks.h"
#include "pnp/bus.h"
#include "pnp/device/manager_state.h"
#include "pnp/device/status_text.h"

namespace openportcls::pnp {

namespace {

POWER_STATE system_state_value(SYSTEM_POWER_STATE state) {
    POWER_STATE value{};
    value.SystemState = state;
    return value;
}

POWER_ACTION action_for(SYSTEM_POWER_STATE state) {
    switch (state) {
    case PowerSystemHibernate:
        return PowerActionHibernate;
    case PowerSystemShutdown:
        return PowerActionShutdownOff;
    case PowerSystemWorking:
        return PowerActionNone;
    default:
        return PowerActionSleep;
    }
}

std::string_view system_state_name(SYSTEM_POWER_STATE state) {
    constexpr std::string_view names[] = {"unspecified", "S0", "S1", "S2", "S3", "S4", "S5"};
    return state >= PowerSystemUnspecified && state < PowerSystemMaximum ? names[state] : "invalid";
}

bool takes_part(const DeviceNode& node) {
    return node.state() == DeviceState::started || node.state() == DeviceState::stop_pending ||
           node.state() == DeviceState::remove_pending;
}

} // namespace

Result<void> ManagerState::set_device_power(DeviceNode& node, DEVICE_POWER_STATE target, bool query_first) {
    if (target < PowerDeviceD0 || target > PowerDeviceD3) {
        return Error{STATUS_INVALID_PARAMETER,
                     fmt::format("there is no device power state {}", static_cast<int>(target))};
    }
    if (auto allowed =
            expect_state(node, {DeviceState::started, DeviceState::stop_pending, DeviceState::remove_pending},
                         "change the power of");
        !allowed) {
        return allowed;
    }
    POWER_STATE state{};
    state.DeviceState = target;
    if (query_first) {
        const NTSTATUS status = send_power(node, IRP_MN_QUERY_POWER, DevicePowerState, state, PowerActionNone);
        if (!NT_SUCCESS(status)) {
            return failure(node, fmt::format("the driver refuses D{}: QUERY_POWER failed", target - PowerDeviceD0),
                           status);
        }
    }
    const NTSTATUS status = send_power(node, IRP_MN_SET_POWER, DevicePowerState, state, PowerActionNone);
    if (!NT_SUCCESS(status)) {
        return failure(node, fmt::format("SET_POWER to D{} failed", target - PowerDeviceD0), status);
    }
    if (node.power_state_ != target) {
        return Error{STATUS_POWER_STATE_INVALID,
                     fmt::format("{}: the driver completed SET_POWER to D{} without passing it down",
                                 node.instance_path_, target - PowerDeviceD0)};
    }
    return {};
}

// Everybody is asked before anybody is told; a refusal takes back what was asked. Devices added last go first, so that
// children go before their parents.
Result<void> ManagerState::sleep(SYSTEM_POWER_STATE target, bool forced) {
    if (target <= PowerSystemWorking || target >= PowerSystemMaximum) {
        return Error{STATUS_INVALID_PARAMETER, "the system sleeps in S1, S2, S3 or S4 and is off in S5"};
    }
    if (system_state != PowerSystemWorking) {
        return Error{STATUS_INVALID_DEVICE_STATE,
                     fmt::format("the system is in {} already; wake it first", system_state_name(system_state))};
    }
    const POWER_STATE state = system_state_value(target);
    const POWER_ACTION action = action_for(target);
    std::vector<DeviceNode*> order;
    for (auto node = devices.rbegin(); node != devices.rend(); ++node) {
        if (takes_part(**node)) {
            order.push_back(node->get());
        }
    }
    for (std::size_t index = 0; index < order.size() && !forced; ++index) {
        const NTSTATUS status = send_power(*order[index], IRP_MN_QUERY_POWER, SystemPowerState, state, action);
        if (NT_SUCCESS(status)) {
            continue;
        }
        // The ones that agreed, and the one that did not, stay at work.
        for (std::size_t asked = 0; asked <= index; ++asked) {
            send_power(*order[asked], IRP_MN_SET_POWER, SystemPowerState, system_state_value(PowerSystemWorking),
                       PowerActionNone);
        }
        return failure(*order[index],
                       fmt::format("the driver refuses {}: QUERY_POWER failed", system_state_name(target)), status);
    }
    // Who locks code into memory for the time does so before any set-power request
    // ("using-a-system-defined-callback-object"). All have agreed: nobody is told of what does not come.
    executive::notify_power_state(machine, PO_CB_SYSTEM_STATE_LOCK, false);
    if (target == PowerSystemShutdown) {
        kernel.shutdown.notify();
    }
    Result<void> result;
    for (DeviceNode* node : order) {
        if (!is_alive(*node)) {
            continue;
        }
        const NTSTATUS status = send_power(*node, IRP_MN_SET_POWER, SystemPowerState, state, action);
        if (!NT_SUCCESS(status) && result) {
            result = failure(*node, fmt::format("SET_POWER to {} failed", system_state_name(target)), status);
        }
    }
    // The device IRPs that the power policy owners asked for run after the system IRPs.
    machine.settle();
    enter_system_state(target);
    return result;
}

void ManagerState::enter_system_state(SYSTEM_POWER_STATE state) {
    system_state = state;
    machine.trace(machine::EventKind::power_state, 0, state, "system");
    if (tell_system_state) {
        tell_system_state(state);
    }
}

Result<void> ManagerState::wake() {
    if (system_state == PowerSystemWorking) {
        return {};
    }
    if (system_state == PowerSystemShutdown) {
        return Error{STATUS_INVALID_DEVICE_STATE, "the system is off (S5); only a new machine starts it again"};
    }
    enter_system_state(PowerSystemWorking);
    Result<void> result;
    std::vector<DeviceNode*> order;
    for (const auto& node : devices) {
        if (takes_part(*node)) {
            order.push_back(node.get());
        }
    }
    for (DeviceNode* node : order) {
        if (!is_alive(*node)) {
            continue;
        }
        complete_wait_wake(*node, STATUS_SUCCESS);
        const NTSTATUS status = send_power(*node, IRP_MN_SET_POWER, SystemPowerState,
                                           system_state_value(PowerSystemWorking), PowerActionNone);
        if (!NT_SUCCESS(status) && result) {
            result = failure(*node, "SET_POWER to S0 failed", status);
        }
    }
    // The code may be paged again when the devices that it is paged from have their power.
    machine.settle();
    executive::notify_power_state(machine, PO_CB_SYSTEM_STATE_LOCK, true);
    return result;
}

} // namespace openportcls::pnp
