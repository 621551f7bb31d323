// What PortCls keeps about one functional device object: subdevices, connections, lock, power and PnP state.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <portcls.h>

#include "portcls/device_lock.h"

namespace openportcls::portcls {

class Pin;
class Port;

// One end of a physical connection: a subdevice of this device, or a filter named by its symbolic link (R-CONN-02).
struct ConnectionEnd {
    Port* port = nullptr;
    std::u16string symbolic_link;
    ULONG pin = 0;
    bool operator==(const ConnectionEnd&) const = default;
};
struct PhysicalConnection {
    ConnectionEnd from;
    ConnectionEnd to;
};

struct RegisteredInterface {
    GUID category;
    UNICODE_STRING symbolic_link; // as IoRegisterDeviceInterface gave it
};

struct SubdeviceRecord {
    PCWSTR name; // the adapter's memory (R-SUB-04)
    IUnknown* unknown; // referenced
    Port* port;
    std::vector<RegisteredInterface> interfaces;
};

struct IoTimeout {
    PIO_TIMER_ROUTINE routine;
    PVOID context;
};

enum class PnpState : std::uint8_t { added, started, stop_pending, stopped, surprise_removed, removed };

class PowerState;

class DeviceContext {
public:
    DeviceContext(DRIVER_OBJECT& driver, DEVICE_OBJECT& functional_device, DEVICE_OBJECT& physical_device,
                  DEVICE_OBJECT& lower_device, PCPFNSTARTDEVICE start_device, ULONG max_objects);
    ~DeviceContext();

    // nullptr when PcAddAdapterDevice did not make `device`.
    static DeviceContext* from(const DEVICE_OBJECT* device);

    DEVICE_OBJECT& functional_device() const { return functional_device_; }
    DEVICE_OBJECT& physical_device() const { return physical_device_; }
    DEVICE_OBJECT& lower_device() const { return lower_device_; }
    DRIVER_OBJECT& driver() const { return driver_; }

    DeviceLock& lock() { return lock_; }
    bool uses_position_lock() const { return uses_position_lock_; } // UsePositionLock (R-PROP-19)

    PnpState pnp_state() const { return pnp_state_; }
    bool is_started() const { return pnp_state_ == PnpState::started || pnp_state_ == PnpState::stop_pending; }
    bool is_gone() const { return pnp_state_ == PnpState::surprise_removed || pnp_state_ == PnpState::removed; }

    PowerState& power() { return *power_; }
    // Every open and request passes here: restarts the idle timer, wakes an idle device (R-PWR-14), and answers
    // STATUS_DEVICE_NOT_READY … when the device cannot serve it.
    NTSTATUS begin_request();

    // ---- subdevices -------------------------------------------------------------------------------------------
    NTSTATUS register_subdevice(PCWSTR name, IUnknown* unknown);
    NTSTATUS unregister_subdevice(IUnknown* unknown);
    Port* find_subdevice(std::u16string_view reference) const;
    const std::vector<std::unique_ptr<SubdeviceRecord>>& subdevices() const { return subdevices_; }
    SubdeviceRecord* record_of(const Port& port) const;

    // ---- physical connections ---------------------------------------------------------------------------------
    NTSTATUS add_connection(PhysicalConnection connection);
    NTSTATUS remove_connection(const PhysicalConnection& connection);
    const std::vector<PhysicalConnection>& connections() const { return connections_; }

    // ---- timeouts ---------------------------------------------------------------------------------------------
    NTSTATUS add_io_timeout(PIO_TIMER_ROUTINE routine, PVOID context);
    NTSTATUS remove_io_timeout(PIO_TIMER_ROUTINE routine, PVOID context);

    // ---- registrations ----------------------------------------------------------------------------------------
    NTSTATUS register_pnp_management(IUnknown* unknown);
    NTSTATUS unregister_pnp_management();

    // ---- IRPs -------------------------------------------------------------------------------------------------
    NTSTATUS dispatch_create(IRP& irp);
    NTSTATUS dispatch_pnp(IRP& irp);
    NTSTATUS dispatch_power(IRP& irp);
    NTSTATUS dispatch_system_control(IRP& irp);

    NTSTATUS forward(IRP& irp);             // asynchronously, unchanged
    NTSTATUS forward_synchronously(IRP& irp); // R-ENTRY-07

    void set_power_framework_settings(const PC_POWER_FRAMEWORK_SETTINGS& settings);
    ULONG next_pin_serial() { return ++last_pin_serial_; }

private:
    friend class PowerState;

    NTSTATUS start(IRP& irp);
    NTSTATUS query_stop(IRP& irp);
    NTSTATUS cancel_stop(IRP& irp);
    NTSTATUS stop(IRP& irp);
    NTSTATUS surprise_remove(IRP& irp);
    NTSTATUS remove(IRP& irp);
    NTSTATUS query_capabilities(IRP& irp);
    bool can_rebalance() const;
    void stop_hardware();
    void release_held_creates();
    NTSTATUS create_now(IRP& irp);
    void remove_all_subdevices();
    void enable_interfaces(SubdeviceRecord& record, bool enable);
    static void NTAPI timeout_tick(KDPC* dpc, void* context, void*, void*);

    DRIVER_OBJECT& driver_;
    DEVICE_OBJECT& functional_device_;
    DEVICE_OBJECT& physical_device_;
    DEVICE_OBJECT& lower_device_;
    PCPFNSTARTDEVICE start_device_;
    ULONG max_objects_;
    bool uses_position_lock_ = false;
    PnpState pnp_state_ = PnpState::added;
    PnpState before_stop_pending_ = PnpState::added;
    DeviceLock lock_;
    std::unique_ptr<PowerState> power_;
    std::vector<std::unique_ptr<SubdeviceRecord>> subdevices_;
    std::vector<PhysicalConnection> connections_;
    std::vector<IoTimeout> timeouts_;
    KTIMER timeout_timer_;
    KDPC timeout_dpc_;
    KSPIN_LOCK timeout_lock_ = 0;
    IAdapterPnpManagement* pnp_management_ = nullptr;
    std::vector<IRP*> held_creates_;
    ULONG last_pin_serial_ = 0;
    PC_POWER_FRAMEWORK_SETTINGS power_framework_settings_{};
};

} // namespace openportcls::portcls
