#include "portcls/power_state.h"

#include <algorithm>
#include <vector>

#include "machine/machine.h"
#include "portcls/device_context.h"
#include "portcls/device_visits.h"
#include "portcls/pin.h"
#include "portcls/port.h"
#include "portcls/portcls_system.h"

namespace openportcls::portcls {

namespace {

struct RequestWait {
    KEVENT done;
    NTSTATUS status;
};

void NTAPI request_done(DEVICE_OBJECT*, UCHAR, POWER_STATE, void* context, IO_STATUS_BLOCK* io_status) {
    auto& wait = *static_cast<RequestWait*>(context);
    wait.status = io_status->Status;
    KeSetEvent(&wait.done, IO_NO_INCREMENT, FALSE);
}

} // namespace

PowerState::PowerState(DeviceContext& device) : device_(device) {
    std::fill(std::begin(states_for_system_), std::end(states_for_system_), PowerDeviceD3);
    states_for_system_[PowerSystemWorking] = PowerDeviceD0;
    KeInitializeTimer(&idle_timer_);
    KeInitializeDpc(&idle_dpc_, idle_timer_expired, this);
    ExInitializeRundownProtection(&idle_work_rundown_);
}

PowerState::~PowerState() {
    stop();
    unregister_adapter();
    if (idle_work_item_ != nullptr) {
        IoFreeWorkItem(idle_work_item_);
    }
}

// ---- the adapter's interface ------------------------------------------------------------------------------------

NTSTATUS PowerState::register_adapter(IUnknown* unknown) {
    if (unknown == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    struct Candidate {
        const IID& id;
        unsigned version;
        bool exists;
    };
    const PortClsSystem& system = PortClsSystem::current();
    const Candidate candidates[] = {
        {IID_IAdapterPowerManagement3, 3, system.has(Feature::adapter_power_management_3)},
        {IID_IAdapterPowerManagement2, 2, system.has(Feature::adapter_power_management_2)},
        {IID_IAdapterPowerManagement, 1, true},
    };
    for (const Candidate& candidate : candidates) {
        void* found = nullptr;
        if (candidate.exists && NT_SUCCESS(unknown->QueryInterface(candidate.id, &found))) {
            unregister_adapter();
            // The newer interfaces repeat the older methods at the front of their vtables.
            adapter_ = static_cast<IAdapterPowerManagement*>(found);
            adapter_version_ = candidate.version;
            return STATUS_SUCCESS;
        }
    }
    return STATUS_INVALID_PARAMETER;
}

NTSTATUS PowerState::unregister_adapter() {
    if (adapter_ == nullptr) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    adapter_->Release();
    adapter_ = nullptr;
    adapter_version_ = 0;
    return STATUS_SUCCESS;
}

void PowerState::query_capabilities(DEVICE_CAPABILITIES& capabilities) {
    if (adapter_ != nullptr) {
        const DEVICE_CAPABILITIES of_bus = capabilities;
        if (NT_SUCCESS(adapter_->QueryDeviceCapabilities(&capabilities))) {
            for (int i = PowerSystemWorking; i < PowerSystemMaximum; ++i) {
                capabilities.DeviceState[i] = std::max(capabilities.DeviceState[i], of_bus.DeviceState[i]);
            }
        } else {
            capabilities = of_bus;
        }
    }
    std::copy(std::begin(capabilities.DeviceState), std::end(capabilities.DeviceState), states_for_system_);
}

// The platform tolerates more while the system does not work (R-PWR-20).
PC_EXIT_LATENCY PowerState::tolerated_latency() const {
    return system_state_ == PowerSystemWorking ? PcExitLatencyFast : PcExitLatencyResponsive;
}

// R-PWR-12: in D3 only, and only news. The pages do not say what an adapter may assume before it has heard anything;
// here it is the latency of the working system.
void PowerState::tell_exit_latency() {
    if (adapter_version_ == 3 && device_state_ == PowerDeviceD3 && told_latency_ != tolerated_latency()) {
        told_latency_ = tolerated_latency();
        reinterpret_cast<IAdapterPowerManagement3*>(adapter_)->D3ExitLatencyChanged(told_latency_);
    }
}

// R-PWR-02. R-PWR-11: the latency is that of the way out of D3, which must not be longer than the adapter was told.
void PowerState::change_adapter_state(DEVICE_POWER_STATE state) {
    if (adapter_ == nullptr) {
        return;
    }
    POWER_STATE power;
    power.DeviceState = state;
    switch (adapter_version_) {
    case 3: {
        const bool leaves_d3 = device_state_ == PowerDeviceD3 && state != PowerDeviceD3;
        const PC_EXIT_LATENCY latency = leaves_d3 ? told_latency_ : PcExitLatencyInstant;
        reinterpret_cast<IAdapterPowerManagement3*>(adapter_)->PowerChangeState3(state, system_state_, latency);
        break;
    }
    case 2:
        reinterpret_cast<IAdapterPowerManagement2*>(adapter_)->PowerChangeState2(state, system_state_);
        break;
    default:
        adapter_->PowerChangeState(power);
        break;
    }
}

void PowerState::notify(DEVICE_POWER_STATE state) {
    POWER_STATE power;
    power.DeviceState = state;
    visit_ports(device_, [&](const Port& port) {
        if (IPowerNotify* const miniport = port.power_notify()) {
            miniport->PowerChangeNotify(power);
        }
        visit_pins(port, [&](Pin& pin) { pin.notify_power(power); });
    });
}

// R-PWR-04
void PowerState::apply(DEVICE_POWER_STATE state) {
    DeviceLockGuard guard(device_.lock());
    if (state == device_state_) {
        if (idle_ && state == PowerDeviceD0) {
            begin_idle_time(); // it never went down
        }
        return;
    }
    const bool down = state > device_state_;
    if (down) {
        if (device_state_ == PowerDeviceD0) {
            visit_pins(device_, [](Pin& pin) { pin.pause_for_power(); });
        }
        notify(state);
        change_adapter_state(state);
        device_state_ = state;
        tell_exit_latency();
    } else {
        change_adapter_state(state);
        device_state_ = state;
        notify(state);
        if (state == PowerDeviceD0) {
            begin_idle_time();
            visit_pins(device_, [](Pin& pin) { pin.resume_after_power(); });
        }
    }
    POWER_STATE power;
    power.DeviceState = state;
    PoSetPowerState(&device_.functional_device(), DevicePowerState, power);
    machine::Machine::current().trace(machine::EventKind::power_state, 0, state - PowerDeviceD0);
}

// ---- IRPs -------------------------------------------------------------------------------------------------------

NTSTATUS PowerState::dispatch(IRP& irp) {
    const IO_STACK_LOCATION& location = *IoGetCurrentIrpStackLocation(&irp);
    const POWER_STATE_TYPE type = location.Parameters.Power.Type;
    const POWER_STATE state = location.Parameters.Power.State;
    switch (location.MinorFunction) {
    case IRP_MN_SET_POWER:
        return type == DevicePowerState ? set_device_power(irp, state.DeviceState)
                                        : set_system_power(irp, state.SystemState);
    case IRP_MN_QUERY_POWER:
        return query_power(irp, type, state);
    default:
        return device_.forward_power(irp);
    }
}

NTSTATUS PowerState::query_power(IRP& irp, POWER_STATE_TYPE type, POWER_STATE state) {
    POWER_STATE device_state;
    device_state.DeviceState = type == DevicePowerState ? state.DeviceState : device_state_for(state.SystemState);
    if (adapter_ != nullptr && device_state.DeviceState != device_state_) {
        const NTSTATUS status = adapter_->QueryPowerChangeState(device_state); // R-PWR-05
        if (!NT_SUCCESS(status)) {
            PoStartNextPowerIrp(&irp);
            return ks::complete(irp, status);
        }
    }
    irp.IoStatus.Status = STATUS_SUCCESS;
    return device_.forward_power(irp);
}

NTSTATUS PowerState::set_device_power(IRP& irp, DEVICE_POWER_STATE state) {
    if (state < device_state_) {
        // The bus first: hardware answers only when it has power.
        const NTSTATUS status = device_.forward_synchronously(irp);
        if (NT_SUCCESS(status)) {
            apply(state);
        }
        PoStartNextPowerIrp(&irp);
        return ks::complete(irp, status);
    }
    apply(state);
    irp.IoStatus.Status = STATUS_SUCCESS;
    return device_.forward_power(irp);
}

DEVICE_POWER_STATE PowerState::device_state_for(SYSTEM_POWER_STATE state) const {
    const DEVICE_POWER_STATE mapped = states_for_system_[state];
    return mapped == PowerDeviceUnspecified ? PowerDeviceD3 : mapped;
}

// The device follows the system: a device IRP of its own is requested, the system IRP waits for it.
NTSTATUS PowerState::set_system_power(IRP& irp, SYSTEM_POWER_STATE state) {
    const bool tightens = state == PowerSystemWorking && system_state_ > PowerSystemWorking;
    system_state_ = state;
    POWER_STATE target;
    target.DeviceState = device_state_for(state);
    if (target.DeviceState == device_state_ || (tightens && idle_)) {
        {
            DeviceLockGuard guard(device_.lock());
            tell_exit_latency();
        }
        irp.IoStatus.Status = STATUS_SUCCESS;
        return device_.forward_power(irp);
    }
    IoMarkIrpPending(&irp);
    const NTSTATUS status =
        PoRequestPowerIrp(&device_.physical_device(), IRP_MN_SET_POWER, target, system_irp_continues, &irp, nullptr);
    if (!NT_SUCCESS(status)) {
        device_.forward_power(irp);
    }
    return STATUS_PENDING;
}

void PowerState::system_irp_continues(DEVICE_OBJECT*, UCHAR, POWER_STATE, void* context, IO_STATUS_BLOCK*) {
    auto& irp = *static_cast<IRP*>(context);
    DeviceContext* const device = DeviceContext::from(IoGetCurrentIrpStackLocation(&irp)->DeviceObject);
    irp.IoStatus.Status = STATUS_SUCCESS;
    device->forward_power(irp);
}

NTSTATUS PowerState::bring_to_full_power() {
    if (device_state_ == PowerDeviceD0 && !idle_) [[likely]] {
        return STATUS_SUCCESS;
    }
    return system_state_ == PowerSystemWorking ? request(PowerDeviceD0) : STATUS_DEVICE_NOT_READY;
}

void PowerState::begin_in_full_power() {
    device_state_ = PowerDeviceD0;
    idle_ = false;
}

NTSTATUS PowerState::request(DEVICE_POWER_STATE state, bool wait_until_done) {
    if (state < PowerDeviceD0 || state > PowerDeviceD3) {
        return STATUS_INVALID_PARAMETER;
    }
    const bool is_going_down = idle_ && state == PowerDeviceD0;
    if (state == device_state_ && !is_going_down) {
        return STATUS_SUCCESS;
    }
    POWER_STATE power;
    power.DeviceState = state;
    // Whoever handles the IRP needs the lock; waiting for it with the lock held would be for ever.
    if (!wait_until_done || device_.lock().is_held_by_current_thread()) {
        const NTSTATUS status =
            PoRequestPowerIrp(&device_.physical_device(), IRP_MN_SET_POWER, power, nullptr, nullptr, nullptr);
        return status == STATUS_PENDING ? STATUS_SUCCESS : status;
    }
    RequestWait wait;
    KeInitializeEvent(&wait.done, NotificationEvent, FALSE);
    const NTSTATUS status =
        PoRequestPowerIrp(&device_.physical_device(), IRP_MN_SET_POWER, power, request_done, &wait, nullptr);
    if (status != STATUS_PENDING && !NT_SUCCESS(status)) {
        return status;
    }
    KeWaitForSingleObject(&wait.done, Executive, KernelMode, FALSE, nullptr);
    return wait.status;
}

// ---- IPortClsRuntimePower ---------------------------------------------------------------------------------------

NTSTATUS PowerState::register_control_callback(PCPFNRUNTIME_POWER_CONTROL_CALLBACK callback, PVOID context) {
    if (callback == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    if (control_callback_ != nullptr) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    control_callback_ = callback;
    control_context_ = context;
    return STATUS_SUCCESS;
}

NTSTATUS PowerState::unregister_control_callback() {
    if (control_callback_ == nullptr) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    control_callback_ = nullptr;
    return STATUS_SUCCESS;
}

void PowerState::drop_control_callback() {
    if (control_callback_ != nullptr) {
        control_callback_ = nullptr;
        machine::Machine::current().trace(machine::EventKind::log, 0, 0,
                                          "the power control callback is still registered (R-PWR-17)");
    }
}

NTSTATUS PowerState::deliver_control(const GUID& code, void* in, SIZE_T in_bytes, void* out, SIZE_T out_bytes,
                                     SIZE_T* returned) {
    return control_callback_ == nullptr
               ? STATUS_NOT_SUPPORTED
               : control_callback_(&code, in, in_bytes, out, out_bytes, returned, control_context_);
}

} // namespace openportcls::portcls
