// What PortCls keeps about one functional device object: subdevices, connections, lock, power and PnP state.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <portcls.h>
#include <wmilib.h>

#include "portcls/device_lock.h"
#include "portcls/io_timeouts.h"
#include "portcls/power_state.h"

namespace openportcls::portcls {

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
    bool operator==(const PhysicalConnection&) const = default;
};

struct Subdevice {
    PCWSTR name;       // the adapter's memory (R-SUB-04)
    IUnknown* unknown; // referenced
    Port* port;
    std::vector<std::u16string> symbolic_links; // of its interfaces, in the order of the filter's categories
};

enum class PnpState : std::uint8_t { added, started, stop_pending, stopped, surprise_removed, removed };

class DeviceContext {
public:
    // PcAddAdapterDevice: makes the functional device object, attaches it, keeps the context in its extension.
    static NTSTATUS create(DRIVER_OBJECT& driver, DEVICE_OBJECT& physical_device, PCPFNSTARTDEVICE start_device,
                           ULONG max_objects, ULONG extension_bytes);
    // nullptr when PcAddAdapterDevice did not make `device`.
    static DeviceContext* from(const DEVICE_OBJECT* device);
    ~DeviceContext();
    DeviceContext(const DeviceContext&) = delete;
    DeviceContext& operator=(const DeviceContext&) = delete;

    DEVICE_OBJECT& functional_device() const { return functional_device_; }
    DEVICE_OBJECT& physical_device() const { return physical_device_; }
    DEVICE_OBJECT& lower_device() const { return lower_device_; }
    DRIVER_OBJECT& driver() const { return driver_; }

    DeviceLock& lock() { return lock_; }
    bool uses_position_lock() const { return uses_position_lock_; } // UsePositionLock (R-PROP-19)

    PnpState pnp_state() const { return pnp_state_; }
    bool is_started() const { return pnp_state_ == PnpState::started || pnp_state_ == PnpState::stop_pending; }
    bool is_gone() const { return pnp_state_ == PnpState::surprise_removed || pnp_state_ == PnpState::removed; }

    PowerState& power() { return power_; }
    IoTimeouts& io_timeouts() { return io_timeouts_; }

    // STATUS_DEVICE_NOT_READY or STATUS_DEVICE_REMOVED when the device cannot serve a request; otherwise it counts as
    // an access for idle detection and powers the device up (R-PWR-14).
    NTSTATUS begin_request() {
        const NTSTATUS status = availability();
        return NT_SUCCESS(status) ? power_.touch() : status;
    }
    // The first half. Whoever has waited since for the lock, or for power, asks again before he calls the driver:
    // nothing of it is called after PnpStop (R-PNP-05).
    NTSTATUS availability() const {
        if (!is_started()) [[unlikely]] {
            return is_gone() ? STATUS_DEVICE_REMOVED : STATUS_DEVICE_NOT_READY;
        }
        return STATUS_SUCCESS;
    }

    // ---- subdevices -------------------------------------------------------------------------------------------
    // Not on a device that is stopped, STATUS_DEVICE_NOT_READY, or gone, STATUS_DEVICE_REMOVED: nobody would take its
    // interfaces back (R-PNP-05).
    NTSTATUS register_subdevice(PCWSTR name, IUnknown* unknown);
    NTSTATUS unregister_subdevice(IUnknown* unknown);
    // Case-insensitive; without the backslash.
    Port* find_subdevice(std::u16string_view reference) const;
    const std::vector<std::unique_ptr<Subdevice>>& subdevices() const { return subdevices_; }
    const Subdevice* subdevice_of(const Port& port) const;

    // Ports that were initialised for this device, registered or not: an adapter may keep one beyond the device's end.
    void add_port(Port& port) { ports_.push_back(&port); }
    void remove_port(Port& port) { std::erase(ports_, &port); }

    // ---- physical connections ---------------------------------------------------------------------------------
    NTSTATUS add_connection(PhysicalConnection connection);
    NTSTATUS remove_connection(const PhysicalConnection& connection); // STATUS_NOT_FOUND
    const std::vector<PhysicalConnection>& connections() const { return connections_; }
    std::u16string symbolic_link_of(const ConnectionEnd& end) const;

    // ---- registrations ----------------------------------------------------------------------------------------
    NTSTATUS register_pnp_management(IUnknown* unknown);
    NTSTATUS unregister_pnp_management();
    // IPortWMIRegistration; the context stays the adapter's.
    NTSTATUS register_wmi_provider(WMILIB_CONTEXT& provider);
    NTSTATUS unregister_wmi_provider();
    // Before the start has completed; the header is all there is about it. STATUS_INVALID_DEVICE_STATE afterwards.
    NTSTATUS set_power_framework_settings(const PC_POWER_FRAMEWORK_SETTINGS& settings);

    // ---- IRPs; each completes its IRP or passes it on ---------------------------------------------------------
    NTSTATUS dispatch_create(IRP& irp);
    NTSTATUS dispatch_pnp(IRP& irp);
    NTSTATUS dispatch_power(IRP& irp) { return power_.dispatch(irp); }
    NTSTATUS dispatch_system_control(IRP& irp);

    NTSTATUS forward(IRP& irp); // asynchronously, unchanged
    NTSTATUS forward_power(IRP& irp);
    NTSTATUS forward_synchronously(IRP& irp); // R-ENTRY-07

private:
    DeviceContext(DRIVER_OBJECT& driver, DEVICE_OBJECT& functional_device, DEVICE_OBJECT& physical_device,
                  DEVICE_OBJECT& lower_device, PCPFNSTARTDEVICE start_device, ULONG max_objects);

    NTSTATUS create_now(IRP& irp);
    NTSTATUS create_filter(IRP& irp);
    NTSTATUS start(IRP& irp);
    NTSTATUS call_start_device(IRP& irp);
    NTSTATUS query_stop(IRP& irp);
    NTSTATUS cancel_stop(IRP& irp);
    NTSTATUS stop(IRP& irp);
    NTSTATUS surprise_remove(IRP& irp);
    NTSTATUS remove(IRP& irp);
    NTSTATUS query_capabilities(IRP& irp);
    bool can_rebalance();
    void stop_hardware(bool tell_adapter);
    void release_held_creates();
    void register_with_power_framework();
    void unregister_from_power_framework();
    void enable_interfaces(const Subdevice& subdevice, bool enable);
    void remove_all_subdevices();
    void remove_subdevice(std::size_t index);

    DRIVER_OBJECT& driver_;
    DEVICE_OBJECT& functional_device_;
    DEVICE_OBJECT& physical_device_;
    DEVICE_OBJECT& lower_device_;
    PCPFNSTARTDEVICE start_device_;
    ULONG max_objects_;
    bool uses_position_lock_ = false;
    PnpState pnp_state_ = PnpState::added;
    bool is_starting_ = false; // in StartDevice
    DeviceLock lock_;
    std::vector<std::unique_ptr<Subdevice>> subdevices_;
    std::vector<Port*> ports_;
    std::vector<PhysicalConnection> connections_;
    PowerState power_;
    IoTimeouts io_timeouts_;
    IAdapterPnpManagement* pnp_management_ = nullptr;
    std::vector<IRP*> held_creates_; // R-PNP-03
    WMILIB_CONTEXT* wmi_provider_ = nullptr;
    PC_POWER_FRAMEWORK_SETTINGS power_framework_settings_{};
    POHANDLE power_framework_handle_ = nullptr;
};

} // namespace openportcls::portcls
