#include "executive/po/power_framework.h"

#include <algorithm>
#include <cstring>

#include "executive/ex/callbacks.h"
#include "executive/ex/pool_copy.h"
#include "executive/io/devices.h"
#include "executive/kernel.h"

namespace openportcls::executive {

namespace {

// The deepest idle state that comes back within the driver's latency and pays off within its residency.
ULONG deepest_allowed(const PowerComponent& component) {
    ULONG state = 0;
    for (ULONG i = 1; i < component.states.size(); ++i) {
        const PO_FX_COMPONENT_IDLE_STATE& candidate = component.states[i];
        if (candidate.TransitionLatency <= component.latency && candidate.ResidencyRequirement <= component.residency) {
            state = i;
        }
    }
    return state;
}

} // namespace

PowerFramework::PowerFramework(machine::Machine& machine) : machine_(machine) {
    static constexpr GUID monitor_on{0x02731015, 0x4510, 0x4526, {0x99, 0xE6, 0xE5, 0xA1, 0x7E, 0xBD, 0x1A, 0xEA}};
    static constexpr GUID display_state{0x6FE69556, 0x704A, 0x47A0, {0x8F, 0x24, 0xC2, 0x8D, 0x93, 0x6F, 0xDA, 0x47}};
    settings_ = {{power_source, {0, 0, 0, 0}}, {monitor_on, {1, 0, 0, 0}}, {display_state, {1, 0, 0, 0}}};
}

PowerFramework::~PowerFramework() = default;

PowerDevice* PowerFramework::add() {
    devices_.push_back(std::make_unique<PowerDevice>());
    PowerDevice* device = devices_.back().get();
    device->machine = &machine_;
    device->idle_event = std::make_unique<machine::ClockEvent>(&idle_timeout_expired, device);
    device->idle_item.WorkerRoutine = &power_down;
    device->idle_item.Parameter = device;
    return device;
}

void PowerFramework::remove(PowerDevice* device) {
    std::erase_if(devices_, [device](const auto& each) { return each.get() == device; });
}

// Components nobody activated since the registration go idle now.
void PowerFramework::start(PowerDevice& device) {
    device.started = true;
    for (ULONG i = 0; i < device.components.size(); ++i) {
        PowerComponent& component = device.components[i];
        if (component.activations == 0 && component.active) {
            component.active = false;
            device.callbacks.ComponentIdleConditionCallback(device.callbacks.DeviceContext, i);
        }
    }
}

void PowerFramework::activate(PowerDevice& device, ULONG index) {
    PowerComponent& component = device.components[index];
    if (++component.activations != 1 || component.active) {
        return;
    }
    if (device.idle_event->is_scheduled()) {
        machine_.clock().cancel(*device.idle_event);
    }
    if (!device.power_required) {
        device.power_required = true;
        if (device.callbacks.DevicePowerRequiredCallback != nullptr) {
            device.callbacks.DevicePowerRequiredCallback(device.callbacks.DeviceContext);
        }
    }
    // Went on, or goes on, in powered_on().
    if (!device.powered || component.active || component.state_change_pending) {
        return;
    }
    if (component.state != 0) {
        enter_state(device, index, 0);
        return; // goes on when the driver completes the change
    }
    component.active = true;
    device.callbacks.ComponentActiveConditionCallback(device.callbacks.DeviceContext, index);
}

void PowerFramework::idle(PowerDevice& device, ULONG index) {
    PowerComponent& component = device.components[index];
    if (component.activations == 0) [[unlikely]] {
        machine_.bugcheck(0xA0 /* INTERNAL_POWER_ERROR */, 0x600, reinterpret_cast<std::uint64_t>(&device), index, 0,
                          "PoFxIdleComponent without the PoFxActivateComponent that belongs to it.");
    }
    if (--component.activations != 0 || !device.started) {
        return;
    }
    component.active = false;
    device.callbacks.ComponentIdleConditionCallback(device.callbacks.DeviceContext, index);
}

void PowerFramework::complete_idle_condition(PowerDevice& device, ULONG index) {
    PowerComponent& component = device.components[index];
    if (component.activations != 0) {
        // Wanted again before it was idle.
        component.active = true;
        device.callbacks.ComponentActiveConditionCallback(device.callbacks.DeviceContext, index);
        return;
    }
    const ULONG state = deepest_allowed(component);
    if (state != component.state) {
        enter_state(device, index, state);
    } else {
        consider_power_down(device);
    }
}

void PowerFramework::enter_state(PowerDevice& device, ULONG index, ULONG state) {
    PowerComponent& component = device.components[index];
    component.state = state;
    component.state_change_pending = true;
    machine_.trace(machine::EventKind::power_state, index, state, "component");
    device.callbacks.ComponentIdleStateCallback(device.callbacks.DeviceContext, index, state);
}

void PowerFramework::complete_idle_state(PowerDevice& device, ULONG index) {
    PowerComponent& component = device.components[index];
    component.state_change_pending = false;
    if (component.activations == 0) {
        consider_power_down(device);
        return;
    }
    if (component.state != 0) {
        enter_state(device, index, 0);
    } else if (!component.active) {
        component.active = true;
        device.callbacks.ComponentActiveConditionCallback(device.callbacks.DeviceContext, index);
    }
}

void PowerFramework::consider_power_down(PowerDevice& device) {
    const bool idle = std::all_of(device.components.begin(), device.components.end(), [](const PowerComponent& each) {
        return each.activations == 0 && !each.active && !each.state_change_pending;
    });
    if (idle && device.power_required && !device.idle_event->is_scheduled()) {
        machine_.clock().schedule(*device.idle_event,
                                  machine_.now() + static_cast<machine::Nanoseconds>(device.idle_timeout) *
                                                       machine::nanoseconds_per_tick);
    }
}

void PowerFramework::idle_timeout_expired(machine::ClockEvent& event) {
    auto& device = *static_cast<PowerDevice*>(event.context());
    if (!device.idle_item_queued) {
        device.idle_item_queued = true;
        device.machine->subsystem<Kernel>().work.queue(device.idle_item, DelayedWorkQueue);
    }
}

void NTAPI PowerFramework::power_down(PVOID context) {
    auto& device = *static_cast<PowerDevice*>(context);
    device.idle_item_queued = false;
    const bool idle = std::all_of(device.components.begin(), device.components.end(),
                                  [](const PowerComponent& each) { return each.activations == 0; });
    if (!idle || !device.power_required) {
        return;
    }
    device.power_required = false;
    if (device.callbacks.DevicePowerNotRequiredCallback != nullptr) {
        device.callbacks.DevicePowerNotRequiredCallback(device.callbacks.DeviceContext);
    }
}

void PowerFramework::powered_on(PowerDevice& device) {
    device.powered = true;
    for (ULONG i = 0; i < device.components.size(); ++i) {
        PowerComponent& component = device.components[i];
        if (component.activations == 0 || component.active) {
            continue;
        }
        if (component.state != 0) {
            enter_state(device, i, 0);
        } else {
            component.active = true;
            device.callbacks.ComponentActiveConditionCallback(device.callbacks.DeviceContext, i);
        }
    }
}

void PowerFramework::set_setting(const GUID& setting, std::vector<UCHAR> value) {
    auto known = std::find_if(settings_.begin(), settings_.end(),
                              [&](const auto& each) { return IsEqualGUID(each.first, setting); });
    if (known == settings_.end()) {
        known = settings_.insert(settings_.end(), {setting, {}});
    }
    known->second = value;
    const PoolCopy shown(machine_.subsystem<Kernel>().pool, "power setting", value);
    for (std::size_t i = 0; i < followers_.size(); ++i) {
        const SettingFollower follower = *followers_[i];
        if (IsEqualGUID(follower.setting, setting)) {
            follower.callback(&setting, shown.data(), static_cast<ULONG>(value.size()), follower.context);
        }
    }
}

void PowerFramework::set_on_battery(bool is_on_battery) {
    if (is_on_battery == is_on_battery_) {
        return;
    }
    is_on_battery_ = is_on_battery;
    set_setting(power_source, {static_cast<UCHAR>(is_on_battery ? 1 : 0), 0, 0, 0});
    notify_power_state(machine_, PO_CB_AC_STATUS, !is_on_battery);
}

// The current value comes with the registration.
void* PowerFramework::follow_setting(const GUID& setting, PPOWER_SETTING_CALLBACK callback, void* context) {
    followers_.push_back(std::make_unique<SettingFollower>(SettingFollower{setting, callback, context}));
    void* handle = followers_.back().get();
    const auto known = std::find_if(settings_.begin(), settings_.end(),
                                    [&](const auto& each) { return IsEqualGUID(each.first, setting); });
    if (known != settings_.end()) {
        const PoolCopy shown(machine_.subsystem<Kernel>().pool, "power setting", known->second);
        callback(&setting, shown.data(), static_cast<ULONG>(known->second.size()), context);
    }
    return handle;
}

bool PowerFramework::unfollow_setting(void* handle) {
    return std::erase_if(followers_, [handle](const auto& each) { return each.get() == handle; }) != 0;
}

namespace {
constexpr ULONG idle_tag = 0x656C6449; // 'Idle'
} // namespace

ULONG* PowerFramework::detect_idle(DEVICE_OBJECT* device, ULONG conservation_seconds, ULONG performance_seconds,
                                   DEVICE_POWER_STATE state) {
    forget_device(device);
    if (conservation_seconds == 0 && performance_seconds == 0) {
        return nullptr;
    }
    idle_detections_.push_back(std::make_unique<IdleDetection>());
    IdleDetection& detection = *idle_detections_.back();
    detection.owner = this;
    detection.device = device;
    detection.counter = machine_.subsystem<Kernel>().pool.allocate_object<ULONG>("idle counter", idle_tag, nullptr);
    detection.conservation_seconds = conservation_seconds;
    detection.performance_seconds = performance_seconds;
    detection.state = state;
    detection.tick.bind(&second_passed, &detection);
    detection.item.WorkerRoutine = &request_idle_state;
    detection.item.Parameter = &detection;
    machine_.clock().schedule(detection.tick, machine_.now() + machine::nanoseconds_per_second);
    return detection.counter;
}

void PowerFramework::forget_device(DEVICE_OBJECT* device) {
    std::erase_if(idle_detections_, [&](const auto& each) {
        if (each->device != device) {
            return false;
        }
        machine_.subsystem<Kernel>().pool.free(each->counter, idle_tag, "Noticed when idle detection ended");
        return true;
    });
}

void PowerFramework::second_passed(machine::ClockEvent& event) {
    auto& detection = *static_cast<IdleDetection*>(event.context());
    machine::Machine& machine = detection.owner->machine_;
    machine.clock().schedule(event, machine.now() + machine::nanoseconds_per_second);
    const bool awake = extra_of(detection.device).device_power < detection.state;
    if (awake && ++*detection.counter == detection.seconds() && detection.item.List.Flink == nullptr) {
        machine.subsystem<Kernel>().work.queue(detection.item, DelayedWorkQueue);
    }
}

void NTAPI PowerFramework::request_idle_state(PVOID context) {
    auto& detection = *static_cast<IdleDetection*>(context);
    if (*detection.counter < detection.seconds()) {
        return; // busy again
    }
    POWER_STATE state;
    state.DeviceState = detection.state;
    PoRequestPowerIrp(detection.device, IRP_MN_SET_POWER, state, nullptr, nullptr, nullptr);
}

} // namespace openportcls::executive
