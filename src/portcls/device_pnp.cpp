// IRP_MJ_PNP of a device made by PcAddAdapterDevice (R-ENTRY-12, R-PNP), and passing IRPs down the stack.
#include "portcls/device_context.h"

#include <utility>

#include "ks/open_object.h"
#include "machine/machine.h"
#include "portcls/device_visits.h"
#include "portcls/pin.h"
#include "portcls/port.h"
#include "portcls/portcls_system.h"

namespace openportcls::portcls {

namespace {

NTSTATUS NTAPI signal_completion(DEVICE_OBJECT*, IRP*, void* context) {
    KeSetEvent(static_cast<KEVENT*>(context), IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

} // namespace

// ---- passing on -------------------------------------------------------------------------------------------------

NTSTATUS DeviceContext::forward(IRP& irp) {
    IoSkipCurrentIrpStackLocation(&irp);
    return IoCallDriver(&lower_device_, &irp);
}

NTSTATUS DeviceContext::forward_power(IRP& irp) {
    PoStartNextPowerIrp(&irp);
    IoSkipCurrentIrpStackLocation(&irp);
    return PoCallDriver(&lower_device_, &irp);
}

NTSTATUS DeviceContext::forward_synchronously(IRP& irp) {
    KEVENT completed;
    KeInitializeEvent(&completed, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(&irp);
    IoSetCompletionRoutine(&irp, signal_completion, &completed, TRUE, TRUE, TRUE);
    IoCallDriver(&lower_device_, &irp);
    KeWaitForSingleObject(&completed, Executive, KernelMode, FALSE, nullptr);
    return irp.IoStatus.Status;
}

// ---- Plug and Play ----------------------------------------------------------------------------------------------

NTSTATUS DeviceContext::dispatch_pnp(IRP& irp) {
    switch (IoGetCurrentIrpStackLocation(&irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return start(irp);
    case IRP_MN_QUERY_STOP_DEVICE:
        return query_stop(irp);
    case IRP_MN_CANCEL_STOP_DEVICE:
        return cancel_stop(irp);
    case IRP_MN_STOP_DEVICE:
        return stop(irp);
    case IRP_MN_SURPRISE_REMOVAL:
        return surprise_remove(irp);
    case IRP_MN_REMOVE_DEVICE:
        return remove(irp);
    case IRP_MN_QUERY_CAPABILITIES:
        return query_capabilities(irp);
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        irp.IoStatus.Status = STATUS_SUCCESS;
        return forward(irp);
    default:
        return forward(irp);
    }
}

NTSTATUS DeviceContext::start(IRP& irp) {
    NTSTATUS status = forward_synchronously(irp);
    if (NT_SUCCESS(status)) {
        status = call_start_device(irp);
    }
    return ks::complete(irp, status);
}

// R-ENTRY-12, R-ENTRY-13
NTSTATUS DeviceContext::call_start_device(IRP& irp) {
    const IO_STACK_LOCATION& location = *IoGetCurrentIrpStackLocation(&irp);
    IResourceList* resources = nullptr;
    NTSTATUS status =
        PcNewResourceList(&resources, nullptr, PagedPool, location.Parameters.StartDevice.AllocatedResourcesTranslated,
                          location.Parameters.StartDevice.AllocatedResources);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    power_.begin_in_full_power();
    is_starting_ = true;
    status = start_device_(&functional_device_, &irp, resources);
    is_starting_ = false;
    resources->Release();
    if (!NT_SUCCESS(status)) {
        remove_all_subdevices();
        return status;
    }
    pnp_state_ = PnpState::started;
    power_.start();
    io_timeouts_.start();
    register_with_power_framework();
    return status;
}

// R-PNP-01, R-PNP-02. Device lock held.
bool DeviceContext::can_rebalance() {
    if (pnp_management_ == nullptr || pnp_management_->GetSupportedRebalanceType() != PcRebalanceRemoveSubdevices) {
        return false;
    }
    for (const auto& subdevice : subdevices_) {
        if (!subdevice->port->supports_rebalance(!subdevice->port->pins().empty())) {
            return false;
        }
    }
    return true;
}

NTSTATUS DeviceContext::query_stop(IRP& irp) {
    {
        DeviceLockGuard guard(lock_);
        if (!is_started() || !can_rebalance()) {
            return ks::complete(irp, STATUS_UNSUCCESSFUL);
        }
        pnp_state_ = PnpState::stop_pending;
        pnp_management_->PnpQueryStop(); // R-PNP-03
    }
    irp.IoStatus.Status = STATUS_SUCCESS;
    return forward(irp);
}

NTSTATUS DeviceContext::cancel_stop(IRP& irp) {
    // The bus first, as on the way up.
    forward_synchronously(irp);
    {
        DeviceLockGuard guard(lock_);
        if (pnp_management_ != nullptr) {
            pnp_management_->PnpCancelStop(); // also without a query before (R-PNP-04)
        }
        if (pnp_state_ == PnpState::stop_pending) {
            pnp_state_ = PnpState::started;
        }
    }
    release_held_creates();
    return ks::complete(irp, STATUS_SUCCESS);
}

// Interfaces off, streams to STOP, queued I/O cancelled, miniports told; then the adapter, without the lock (R-PNP-05).
void DeviceContext::stop_hardware(bool tell_adapter) {
    power_.stop();
    io_timeouts_.stop();
    if (pnp_state_ == PnpState::stopped) {
        power_.bring_to_full_power(); // it is started in D0 again, and the adapter may outlive that (R-PWR-04)
    }
    {
        DeviceLockGuard guard(lock_);
        visit_ports(*this, [this](const Port& port) {
            enable_interfaces(*subdevice_of(port), false);
            visit_pins(port, [](Pin& pin) { pin.stop_for_removal(); });
        });
        visit_ports(*this, [](const Port& port) {
            if (IMiniportPnpNotify* const miniport = port.pnp_notify()) {
                miniport->PnpStop();
            }
        });
    }
    if (tell_adapter && pnp_management_ != nullptr) {
        // The adapter may unregister subdevices and itself in here.
        IAdapterPnpManagement* const adapter = pnp_management_;
        adapter->AddRef();
        adapter->PnpStop();
        adapter->Release();
    }
}

NTSTATUS DeviceContext::stop(IRP& irp) {
    if (is_started()) {
        pnp_state_ = PnpState::stopped;
        stop_hardware(true);
        power_.drop_control_callback();
        unregister_from_power_framework();
        remove_all_subdevices(); // StartDevice makes new ones
    }
    release_held_creates(); // they fail now
    irp.IoStatus.Status = STATUS_SUCCESS;
    return forward(irp);
}

NTSTATUS DeviceContext::surprise_remove(IRP& irp) {
    const bool was_started = is_started();
    pnp_state_ = PnpState::surprise_removed;
    if (was_started) {
        stop_hardware(true); // R-PNP-08: before the IRP goes on
    }
    release_held_creates();
    irp.IoStatus.Status = STATUS_SUCCESS;
    return forward(irp);
}

NTSTATUS DeviceContext::remove(IRP& irp) {
    const bool was_started = is_started();
    pnp_state_ = PnpState::removed;
    if (was_started) {
        stop_hardware(false);
    }
    release_held_creates();
    unregister_from_power_framework();
    remove_all_subdevices();
    unregister_wmi_provider();
    power_.unregister_adapter();
    power_.drop_control_callback();
    unregister_pnp_management();
    irp.IoStatus.Status = STATUS_SUCCESS;
    DEVICE_OBJECT& lower = lower_device_;
    DEVICE_OBJECT& functional = functional_device_;
    IoSkipCurrentIrpStackLocation(&irp);
    const NTSTATUS status = IoCallDriver(&lower, &irp);
    IoDetachDevice(&lower);
    delete this;
    IoDeleteDevice(&functional);
    return status;
}

NTSTATUS DeviceContext::query_capabilities(IRP& irp) {
    const NTSTATUS status = forward_synchronously(irp);
    auto* const capabilities = IoGetCurrentIrpStackLocation(&irp)->Parameters.DeviceCapabilities.Capabilities;
    if (NT_SUCCESS(status) && capabilities != nullptr) {
        power_.query_capabilities(*capabilities);
    }
    return ks::complete(irp, status);
}

// ---- registrations ----------------------------------------------------------------------------------------------

NTSTATUS DeviceContext::register_pnp_management(IUnknown* unknown) {
    IAdapterPnpManagement* management = nullptr;
    if (unknown == nullptr ||
        !NT_SUCCESS(unknown->QueryInterface(IID_IAdapterPnpManagement, reinterpret_cast<void**>(&management)))) {
        return STATUS_INVALID_PARAMETER;
    }
    unregister_pnp_management();
    pnp_management_ = management;
    return STATUS_SUCCESS;
}

NTSTATUS DeviceContext::unregister_pnp_management() {
    if (pnp_management_ == nullptr) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    pnp_management_->Release();
    pnp_management_ = nullptr;
    return STATUS_SUCCESS;
}

// R-INIT-13. The order of the arguments of RegisterWMIProvider is the header's.
NTSTATUS DeviceContext::register_wmi_provider(WMILIB_CONTEXT& provider) {
    WMILIB_CONTEXT* const before = std::exchange(wmi_provider_, &provider); // WMI asks from now on
    const NTSTATUS status = IoWMIRegistrationControl(&functional_device_, WMIREG_ACTION_REGISTER);
    if (!NT_SUCCESS(status)) {
        wmi_provider_ = before;
    }
    return status;
}

NTSTATUS DeviceContext::unregister_wmi_provider() {
    if (wmi_provider_ == nullptr) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    wmi_provider_ = nullptr;
    return IoWMIRegistrationControl(&functional_device_, WMIREG_ACTION_DEREGISTER);
}

// R-ENTRY-03: WMI requests for a provider of the adapter's go to its callbacks, everything else down the stack.
NTSTATUS DeviceContext::dispatch_system_control(IRP& irp) {
    if (wmi_provider_ == nullptr) {
        return forward(irp);
    }
    SYSCTL_IRP_DISPOSITION disposition = IrpForward;
    const NTSTATUS status = WmiSystemControl(wmi_provider_, &functional_device_, &irp, &disposition);
    switch (disposition) {
    case IrpProcessed:
        return status;
    case IrpNotCompleted:
        IoCompleteRequest(&irp, IO_NO_INCREMENT);
        return status;
    default:
        return forward(irp);
    }
}

NTSTATUS DeviceContext::set_power_framework_settings(const PC_POWER_FRAMEWORK_SETTINGS& settings) {
    if (is_started()) {
        return STATUS_INVALID_DEVICE_STATE; // nothing would come of it
    }
    power_framework_settings_ = settings;
    return STATUS_SUCCESS;
}

// PcAssignPowerFrameworkSettings: what the adapter gave is registered once the device has started (R-PWR-17).
void DeviceContext::register_with_power_framework() {
    const PC_POWER_FRAMEWORK_SETTINGS& settings = power_framework_settings_;
    if (settings.Component == nullptr || power_framework_handle_ != nullptr) {
        return;
    }
    PO_FX_DEVICE device{};
    device.Version = PO_FX_VERSION_V1;
    device.ComponentCount = 1;
    device.Components[0] = *settings.Component;
    device.ComponentActiveConditionCallback = settings.ComponentActiveConditionCallback;
    device.ComponentIdleConditionCallback = settings.ComponentIdleConditionCallback;
    device.ComponentIdleStateCallback = settings.ComponentIdleStateCallback;
    device.PowerControlCallback = settings.PowerControlCallback;
    device.DeviceContext = settings.PoFxDeviceContext;
    if (!NT_SUCCESS(PoFxRegisterDevice(&physical_device_, &device, &power_framework_handle_))) {
        power_framework_handle_ = nullptr;
        return;
    }
    if (settings.EvtPcPostPoFxRegisterDevice != nullptr &&
        !NT_SUCCESS(settings.EvtPcPostPoFxRegisterDevice(settings.PoFxDeviceContext, power_framework_handle_))) {
        PoFxUnregisterDevice(power_framework_handle_);
        power_framework_handle_ = nullptr;
        return;
    }
    PoFxStartDevicePowerManagement(power_framework_handle_);
}

void DeviceContext::unregister_from_power_framework() {
    if (power_framework_handle_ == nullptr) {
        return;
    }
    if (power_framework_settings_.EvtPcPrePoFxUnregisterDevice != nullptr) {
        power_framework_settings_.EvtPcPrePoFxUnregisterDevice(power_framework_settings_.PoFxDeviceContext,
                                                               power_framework_handle_);
    }
    PoFxUnregisterDevice(power_framework_handle_);
    power_framework_handle_ = nullptr;
}

} // namespace openportcls::portcls
