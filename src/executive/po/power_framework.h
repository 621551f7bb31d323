// The power framework (PoFx) in its smallest deterministic form: components go idle when nobody holds them, to the
// deepest state their latency and residency allow; the device loses power when all of them are idle.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <wdm.h>

#include "machine/machine.h"

namespace openportcls::executive {

struct PowerComponent {
    std::vector<PO_FX_COMPONENT_IDLE_STATE> states;
    ULONG activations = 0;
    bool active = false;
    ULONG state = 0;
    bool state_change_pending = false;
    ULONGLONG latency = PO_FX_UNKNOWN_TIME;
    ULONGLONG residency = PO_FX_UNKNOWN_TIME;
};

// What POHANDLE points at.
struct PowerDevice {
    DEVICE_OBJECT* device = nullptr;
    PO_FX_DEVICE_V1 callbacks{}; // without components
    std::vector<PowerComponent> components;
    bool started = false;
    bool power_required = true;
    bool powered = true;
    ULONGLONG idle_timeout = 0; // 100 ns
    std::unique_ptr<machine::ClockEvent> idle_event;
    WORK_QUEUE_ITEM idle_item{};
    bool idle_item_queued = false;
    machine::Machine* machine = nullptr;
};

class PowerFramework {
public:
    explicit PowerFramework(machine::Machine& machine);
    ~PowerFramework();
    PowerFramework(const PowerFramework&) = delete;
    PowerFramework& operator=(const PowerFramework&) = delete;

    PowerDevice* add();
    void remove(PowerDevice* device);
    std::size_t count() const { return devices_.size(); }

    void start(PowerDevice& device);
    void activate(PowerDevice& device, ULONG component);
    void idle(PowerDevice& device, ULONG component);
    void complete_idle_condition(PowerDevice& device, ULONG component);
    void complete_idle_state(PowerDevice& device, ULONG component);
    void powered_on(PowerDevice& device);

    // Settings that drivers follow (PoRegisterPowerSettingCallback): AC power, display on. Each change is told.
    void set_setting(const GUID& setting, std::vector<UCHAR> value);
    void* follow_setting(const GUID& setting, PPOWER_SETTING_CALLBACK callback, void* context);
    bool unfollow_setting(void* handle);
    std::size_t follower_count() const { return followers_.size(); }

    // GUID_ACDC_POWER_SOURCE
    static constexpr GUID power_source{0x5D3E9A59, 0xE9D5, 0x4B00, {0xA6, 0xBD, 0xFF, 0x34, 0xFF, 0x51, 0x65, 0x48}};
    // Drivers hear of it by that setting and by \Callback\PowerState (PO_CB_AC_STATUS). PASSIVE_LEVEL.
    void set_on_battery(bool is_on_battery);
    bool is_on_battery() const { return is_on_battery_; }

    // PoRegisterDeviceForIdleDetection: the counter that PoSetDeviceBusy clears; nullptr ends it. Seconds on battery
    // and else; 0: not then.
    ULONG* detect_idle(DEVICE_OBJECT* device, ULONG conservation_seconds, ULONG performance_seconds,
                       DEVICE_POWER_STATE state);
    void forget_device(DEVICE_OBJECT* device);

private:
    struct SettingFollower {
        GUID setting;
        PPOWER_SETTING_CALLBACK callback;
        void* context;
    };
    struct IdleDetection {
        PowerFramework* owner;
        DEVICE_OBJECT* device;
        ULONG* counter; // in pool: the driver sets it back to 0
        ULONG conservation_seconds;
        ULONG performance_seconds;
        DEVICE_POWER_STATE state;
        ULONG seconds() const { return owner->is_on_battery_ ? conservation_seconds : performance_seconds; }
        machine::ClockEvent tick;
        WORK_QUEUE_ITEM item{};
    };

    void enter_state(PowerDevice& device, ULONG component, ULONG state);
    void consider_power_down(PowerDevice& device);
    static void idle_timeout_expired(machine::ClockEvent& event);
    static void NTAPI power_down(PVOID context);
    static void second_passed(machine::ClockEvent& event);
    static void NTAPI request_idle_state(PVOID context);

    machine::Machine& machine_;
    bool is_on_battery_ = false;
    std::vector<std::unique_ptr<PowerDevice>> devices_;
    std::vector<std::unique_ptr<SettingFollower>> followers_;
    std::vector<std::pair<GUID, std::vector<UCHAR>>> settings_;
    std::vector<std::unique_ptr<IdleDetection>> idle_detections_;
};

} // namespace openportcls::executive
