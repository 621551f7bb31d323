// A device's power: the adapter's callbacks, power IRPs, idle detection (R-PWR).
#pragma once

#include <portcls.h>

namespace openportcls::portcls {

class DeviceContext;

class PowerState {
public:
    explicit PowerState(DeviceContext& device);
    ~PowerState();
    PowerState(const PowerState&) = delete;
    PowerState& operator=(const PowerState&) = delete;

    // ---- the adapter's interface ------------------------------------------------------------------------------
    // The newest of IAdapterPowerManagement3, 2, 1 that the object and the release have (R-PWR-02).
    NTSTATUS register_adapter(IUnknown* unknown);
    NTSTATUS unregister_adapter();
    // R-PWR-06: the adapter may move mappings deeper only.
    void query_capabilities(DEVICE_CAPABILITIES& capabilities);

    // ---- IRPs -------------------------------------------------------------------------------------------------
    NTSTATUS dispatch(IRP& irp);

    DEVICE_POWER_STATE device_state() const { return device_state_; }
    // What needs the hardware, like NewStream, comes after this (R-PWR-07). STATUS_DEVICE_NOT_READY while the system
    // sleeps. Without the device lock, because the power IRP takes it.
    NTSTATUS bring_to_full_power();
    SYSTEM_POWER_STATE system_state() const { return system_state_; }
    // PcRequestNewPowerState: asks the power manager for a device IRP, and waits for it.
    NTSTATUS request(DEVICE_POWER_STATE state, bool wait_until_done = true);

    // A device is started in D0, whatever it was in when it was stopped (R-PWR-08). No callbacks.
    void begin_in_full_power();

    // ---- idling -----------------------------------------------------------------------------------------------
    void start(); // IRP_MN_START_DEVICE: reads PowerSettings
    // Timer, DPC and work item have ended afterwards, and do not begin again before start(). PASSIVE_LEVEL.
    void stop();
    void set_idle_management(bool enabled); // IPortClsPower (R-PWR-16)
    // An access: the timer starts over, an idle device is powered up (R-PWR-14).
    NTSTATUS touch() { return idle_ticks_ == 0 && !idle_ ? STATUS_SUCCESS : touch_slowly(); }

    // ---- IPortClsRuntimePower ---------------------------------------------------------------------------------
    NTSTATUS register_control_callback(PCPFNRUNTIME_POWER_CONTROL_CALLBACK callback, PVOID context);
    NTSTATUS unregister_control_callback();
    // Stop and removal: the adapter had to unregister it (R-PWR-17); what it forgot is reported and dropped.
    void drop_control_callback();
    // What a power engine plug-in would send to the driver. STATUS_NOT_SUPPORTED without a callback.
    NTSTATUS deliver_control(const GUID& code, void* in, SIZE_T in_bytes, void* out, SIZE_T out_bytes,
                             SIZE_T* returned);

private:
    struct IdleSettings {
        ULONG conservation_seconds = 0;
        ULONG performance_seconds = 0;
        DEVICE_POWER_STATE state = PowerDeviceD3;
        bool immediate = false;
    };

    NTSTATUS set_device_power(IRP& irp, DEVICE_POWER_STATE state);
    NTSTATUS set_system_power(IRP& irp, SYSTEM_POWER_STATE state);
    NTSTATUS query_power(IRP& irp, POWER_STATE_TYPE type, POWER_STATE state);
    DEVICE_POWER_STATE device_state_for(SYSTEM_POWER_STATE state) const;
    void apply(DEVICE_POWER_STATE state);
    void change_adapter_state(DEVICE_POWER_STATE state);
    PC_EXIT_LATENCY tolerated_latency() const;
    void tell_exit_latency();
    void notify(DEVICE_POWER_STATE state);
    [[gnu::noinline]] NTSTATUS NTAPI touch_slowly(); // NTAPI: streams' requests come by, see machine.h
    void configure_idling();
    void begin_idle_time(); // in full power again
    void follow_power_source(bool follow);
    static NTSTATUS NTAPI power_source_changed(LPCGUID setting, PVOID value, ULONG bytes, PVOID context);
    void arm_idle_timer(LONGLONG ticks);
    void set_idle_timer(LONGLONG ticks); // under its lock
    bool is_busy() const;

    static void NTAPI idle_timer_expired(KDPC* dpc, void* context, void* argument1, void* argument2);
    static void NTAPI idle_work(DEVICE_OBJECT* device, void* context);
    static void NTAPI system_irp_continues(DEVICE_OBJECT* device, UCHAR minor, POWER_STATE state, void* context,
                                           IO_STATUS_BLOCK* io_status);

    DeviceContext& device_;
    IAdapterPowerManagement* adapter_ = nullptr; // version 1 methods of whatever was found
    unsigned adapter_version_ = 0;
    DEVICE_POWER_STATE device_state_ = PowerDeviceD0; // R-PWR-08
    SYSTEM_POWER_STATE system_state_ = PowerSystemWorking;
    PC_EXIT_LATENCY told_latency_ = PcExitLatencyFast; // what the adapter last heard of
    DEVICE_POWER_STATE states_for_system_[POWER_SYSTEM_MAXIMUM];

    IdleSettings idle_settings_;
    bool idle_management_enabled_ = true;
    LONGLONG idle_ticks_ = 0; // 100 ns without access after which the device idles; 0: never
    LONGLONG last_access_ = 0;
    void* power_source_follower_ = nullptr;
    bool idle_ = false; // powered down by us, or about to be
    KSPIN_LOCK idle_timer_lock_ = 0;
    EX_RUNDOWN_REF idle_work_rundown_; // held from the time that idle_work is queued until it returns
    bool idle_work_queued_ = false;
    PIO_WORKITEM idle_work_item_ = nullptr;
    KTIMER idle_timer_;
    KDPC idle_dpc_;

    PCPFNRUNTIME_POWER_CONTROL_CALLBACK control_callback_ = nullptr;
    PVOID control_context_ = nullptr;
};

} // namespace openportcls::portcls
