// Power IRPs and the Po* services around them.
#include <wdm.h>

#include "executive/callers.h"
#include "executive/io/completion.h"
#include "executive/io/devices.h"
#include "executive/io/io_manager.h"
#include "executive/irql_check.h"
#include "executive/kernel.h"
#include "executive/not_done.h"
#include "executive/sentence.h"

using namespace openportcls;
using executive::extra_of;
using executive::IrpKind;
using executive::IrpSlot;
using executive::Kernel;
using executive::PowerDevice;

namespace {

constexpr ULONG request_tag = 0x72506F50; // 'PoPr'

// A power IRP that PoRequestPowerIrp sent.
struct PowerRequest {
    WORK_QUEUE_ITEM item;
    DEVICE_OBJECT* device; // the caller's
    DEVICE_OBJECT* top;
    IRP* irp;
    UCHAR minor;
    POWER_STATE state;
    PREQUEST_POWER_COMPLETE completed;
    void* context;
};

void NTAPI request_completed(void* context, NTSTATUS status, ULONG_PTR information) {
    auto* request = static_cast<PowerRequest*>(context);
    Kernel& kernel = Kernel::current();
    IO_STATUS_BLOCK result{};
    result.Status = status;
    result.Information = information;
    if (request->completed != nullptr) {
        request->completed(request->device, request->minor, request->state, request->context, &result);
    }
    ObDereferenceObject(request->top);
    kernel.pool.free(request, request_tag, "PoRequestPowerIrp");
}

void NTAPI send(PVOID parameter) {
    auto* request = static_cast<PowerRequest*>(parameter);
    executive::dispatch(Kernel::current().machine, request->top, request->irp);
}

} // namespace

OPC_BEGIN_REMEMBERING_CALLERS

extern "C" {

NTSTATUS NTAPI PoRequestPowerIrp(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE state,
                                 PREQUEST_POWER_COMPLETE completed, PVOID context, PIRP* result) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    if (minor != IRP_MN_SET_POWER && minor != IRP_MN_QUERY_POWER && minor != IRP_MN_WAIT_WAKE) {
        return STATUS_INVALID_PARAMETER_2;
    }
    Kernel& kernel = Kernel::current();
    DEVICE_OBJECT* top = executive::top_of_stack(device);
    auto* request = static_cast<PowerRequest*>(
        kernel.pool.allocate(sizeof(PowerRequest), request_tag, executive::PoolKind::non_paged, true, nullptr));
    IRP* irp = request == nullptr ? nullptr : kernel.irps.allocate(top->StackSize, IrpKind::detached, nullptr);
    if (irp == nullptr) {
        if (request != nullptr) {
            kernel.pool.free(request, request_tag, __func__);
        }
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    ObReferenceObject(top);
    request->device = device;
    request->top = top;
    request->irp = irp;
    request->minor = minor;
    request->state = state;
    request->completed = completed;
    request->context = context;
    request->item.WorkerRoutine = &send;
    request->item.Parameter = request;
    IrpSlot& slot = *IrpSlot::of(irp);
    slot.fresh.completed_callback = &request_completed;
    slot.callback_context = request;
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    irp->RequestorMode = KernelMode;
    IO_STACK_LOCATION* stack = IoGetNextIrpStackLocation(irp);
    stack->MajorFunction = IRP_MJ_POWER;
    stack->MinorFunction = minor;
    if (minor == IRP_MN_WAIT_WAKE) {
        stack->Parameters.WaitWake.PowerState = state.SystemState;
    } else {
        stack->Parameters.Power.Type = DevicePowerState;
        stack->Parameters.Power.State = state;
        stack->Parameters.Power.ShutdownType = PowerActionNone;
    }
    if (result != nullptr && minor == IRP_MN_WAIT_WAKE) {
        *result = irp;
    }
    // Power IRPs are for PASSIVE_LEVEL; completion routines ask for them at DISPATCH_LEVEL.
    if (kernel.machine.irql() == machine::irql::passive) {
        send(request);
    } else {
        kernel.work.queue(request->item, DelayedWorkQueue);
    }
    return STATUS_PENDING;
}

POWER_STATE NTAPI PoSetPowerState(PDEVICE_OBJECT device, POWER_STATE_TYPE type, POWER_STATE state) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    auto& extra = extra_of(device);
    POWER_STATE before;
    if (type == DevicePowerState) {
        before.DeviceState = extra.device_power;
        extra.device_power = state.DeviceState;
    } else {
        before.SystemState = extra.system_power;
        extra.system_power = state.SystemState;
    }
    Kernel::current().machine.trace(machine::EventKind::power_state, 0, state.DeviceState,
                                    type == DevicePowerState ? "device" : "system");
    return before;
}

NTSTATUS NTAPI PoCallDriver(PDEVICE_OBJECT device, PIRP irp) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return IofCallDriver(device, irp);
}

// Needed up to Windows Server 2003 only; later systems count power IRPs themselves.
void NTAPI PoStartNextPowerIrp(PIRP) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
}

PULONG NTAPI PoRegisterDeviceForIdleDetection(PDEVICE_OBJECT device, ULONG conservation_seconds,
                                              ULONG performance_seconds, DEVICE_POWER_STATE state) {
    OPC_REQUIRE_PASSIVE();
    constexpr ULONG class_default = 0xFFFFFFFF;
    const auto seconds = [](ULONG value) { return value == class_default ? 0 : value; };
    return Kernel::current().power.detect_idle(device, seconds(conservation_seconds), seconds(performance_seconds),
                                               state);
}

void NTAPI PoSetDeviceBusyEx(volatile ULONG* counter) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    *counter = 0;
}

// Between the two calls the device does not count as idle: the counter starts far below zero.
void NTAPI PoStartDeviceBusy(volatile ULONG* counter) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    *counter = 0x80000000;
}
void NTAPI PoEndDeviceBusy(volatile ULONG* counter) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    *counter = 0;
}

// A machine never goes to sleep by itself; what keeps it awake is only remembered.
PVOID NTAPI PoRegisterSystemState(PVOID handle, EXECUTION_STATE) {
    OPC_REQUIRE_PASSIVE();
    return handle != nullptr ? handle : &Kernel::current().power;
}
void NTAPI PoSetSystemState(EXECUTION_STATE) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
}
void NTAPI PoUnregisterSystemState(PVOID) {
    OPC_REQUIRE_PASSIVE();
}
void NTAPI PoSetSystemWake(PIRP) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    OPC_NOT_DONE();
}
BOOLEAN NTAPI PoGetSystemWake(PIRP) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    OPC_NOT_DONE();
    return FALSE;
}
BOOLEAN NTAPI PoQueryWatchdogTime(PDEVICE_OBJECT, PULONG) {
    OPC_REQUIRE_APC_OR_BELOW();
    return FALSE; // no power watchdog is running
}

NTSTATUS NTAPI PoRegisterPowerSettingCallback(PDEVICE_OBJECT, LPCGUID setting, PPOWER_SETTING_CALLBACK callback,
                                              PVOID context, PVOID* handle) {
    OPC_REQUIRE_PASSIVE();
    if (callback == nullptr || setting == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    void* registration = Kernel::current().power.follow_setting(*setting, callback, context);
    if (handle != nullptr) {
        *handle = registration;
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI PoUnregisterPowerSettingCallback(PVOID handle) {
    OPC_REQUIRE_PASSIVE();
    return Kernel::current().power.unfollow_setting(handle) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

NTSTATUS NTAPI PoCreatePowerRequest(PVOID* request, PDEVICE_OBJECT device, PCOUNTED_REASON_CONTEXT) {
    OPC_REQUIRE_APC_OR_BELOW();
    *request = nullptr;
    if (device == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    *request = Kernel::current().pool.allocate(MaximumMode * sizeof(ULONG) + 4 * sizeof(ULONG), request_tag,
                                               executive::PoolKind::non_paged, true, __builtin_return_address(0));
    return *request != nullptr ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

// The other types are the applications' (ne-wdm-_power_request_type).
NTSTATUS NTAPI PoSetPowerRequest(PVOID request, POWER_REQUEST_TYPE type) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    if (type != PowerRequestSystemRequired) {
        return STATUS_NOT_SUPPORTED;
    }
    ++static_cast<ULONG*>(request)[type];
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI PoClearPowerRequest(PVOID request, POWER_REQUEST_TYPE type) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    if (type != PowerRequestSystemRequired) {
        return STATUS_NOT_SUPPORTED;
    }
    if (static_cast<ULONG*>(request)[type] == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    --static_cast<ULONG*>(request)[type];
    return STATUS_SUCCESS;
}

void NTAPI PoDeletePowerRequest(PVOID request) {
    OPC_REQUIRE_APC_OR_BELOW();
    Kernel::current().pool.free(request, request_tag, __func__);
}

} // extern "C"

OPC_END_REMEMBERING_CALLERS

// ---- PoFx -----------------------------------------------------------------------------------------------------------

namespace {

PowerDevice& device_of(POHANDLE handle) {
    return *reinterpret_cast<PowerDevice*>(handle);
}

void require_component(PowerDevice& device, ULONG component, const char* function) {
    if (component >= device.components.size()) [[unlikely]] {
        device.machine->bugcheck(0xA0 /* INTERNAL_POWER_ERROR */, 0x601, reinterpret_cast<std::uint64_t>(&device),
                                 component, 0,
                                 executive::Sentence("{}: the device has no component of this number.", function));
    }
}

template<class Component>
bool copy_components(PowerDevice& device, const Component* components, ULONG count) {
    for (ULONG i = 0; i < count; ++i) {
        if (components[i].IdleStateCount == 0) {
            return false;
        }
        executive::PowerComponent component;
        component.states.assign(components[i].IdleStates, components[i].IdleStates + components[i].IdleStateCount);
        component.active = true; // until power management starts
        device.components.push_back(std::move(component));
    }
    return true;
}

template<class Device>
bool copy_device(PowerDevice& device, const Device& from) {
    device.callbacks.ComponentActiveConditionCallback = from.ComponentActiveConditionCallback;
    device.callbacks.ComponentIdleConditionCallback = from.ComponentIdleConditionCallback;
    device.callbacks.ComponentIdleStateCallback = from.ComponentIdleStateCallback;
    device.callbacks.DevicePowerRequiredCallback = from.DevicePowerRequiredCallback;
    device.callbacks.DevicePowerNotRequiredCallback = from.DevicePowerNotRequiredCallback;
    device.callbacks.PowerControlCallback = from.PowerControlCallback;
    device.callbacks.DeviceContext = from.DeviceContext;
    return from.ComponentCount != 0 && copy_components(device, from.Components, from.ComponentCount);
}

} // namespace

extern "C" {

NTSTATUS NTAPI PoFxRegisterDevice(PDEVICE_OBJECT pdo, PPO_FX_DEVICE description, POHANDLE* handle) {
    OPC_REQUIRE_PASSIVE();
    if (pdo == nullptr || description == nullptr || description->Version < PO_FX_VERSION_V1 ||
        description->Version > PO_FX_VERSION_V3) {
        return STATUS_INVALID_PARAMETER;
    }
    Kernel& kernel = Kernel::current();
    if (extra_of(pdo).power != nullptr) [[unlikely]] {
        kernel.machine.bugcheck(0xA0 /* INTERNAL_POWER_ERROR */, 0x602, reinterpret_cast<std::uint64_t>(pdo), 0, 0,
                                "PoFxRegisterDevice: the device is registered already.");
    }
    PowerDevice* device = kernel.power.add();
    const bool valid = description->Version == PO_FX_VERSION_V1
                           ? copy_device(*device, *description)
                           : copy_device(*device, *reinterpret_cast<PO_FX_DEVICE_V2*>(description));
    if (!valid) {
        kernel.power.remove(device);
        return STATUS_INVALID_PARAMETER;
    }
    device->device = pdo;
    extra_of(pdo).power = device;
    *handle = reinterpret_cast<POHANDLE>(device);
    return STATUS_SUCCESS;
}

void NTAPI PoFxUnregisterDevice(POHANDLE handle) {
    OPC_REQUIRE_PASSIVE();
    PowerDevice& device = device_of(handle);
    extra_of(device.device).power = nullptr;
    Kernel::current().power.remove(&device);
}

void NTAPI PoFxStartDevicePowerManagement(POHANDLE handle) {
    OPC_REQUIRE_PASSIVE();
    Kernel::current().power.start(device_of(handle));
}

void NTAPI PoFxActivateComponent(POHANDLE handle, ULONG component, ULONG flags) {
    if ((flags & PO_FX_FLAG_BLOCKING) != 0) {
        OPC_REQUIRE_APC_OR_BELOW();
    }
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    require_component(device_of(handle), component, __func__);
    Kernel::current().power.activate(device_of(handle), component);
}

void NTAPI PoFxIdleComponent(POHANDLE handle, ULONG component, ULONG flags) {
    if ((flags & PO_FX_FLAG_BLOCKING) != 0) {
        OPC_REQUIRE_APC_OR_BELOW();
    }
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    require_component(device_of(handle), component, __func__);
    Kernel::current().power.idle(device_of(handle), component);
}

void NTAPI PoFxCompleteIdleCondition(POHANDLE handle, ULONG component) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    require_component(device_of(handle), component, __func__);
    Kernel::current().power.complete_idle_condition(device_of(handle), component);
}

void NTAPI PoFxCompleteIdleState(POHANDLE handle, ULONG component) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    require_component(device_of(handle), component, __func__);
    Kernel::current().power.complete_idle_state(device_of(handle), component);
}

void NTAPI PoFxCompleteDevicePowerNotRequired(POHANDLE handle) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    device_of(handle).powered = false;
}

void NTAPI PoFxReportDevicePoweredOn(POHANDLE handle) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Kernel::current().power.powered_on(device_of(handle));
}

void NTAPI PoFxSetComponentLatency(POHANDLE handle, ULONG component, ULONGLONG latency) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    require_component(device_of(handle), component, __func__);
    device_of(handle).components[component].latency = latency;
}

void NTAPI PoFxSetComponentResidency(POHANDLE handle, ULONG component, ULONGLONG residency) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    require_component(device_of(handle), component, __func__);
    device_of(handle).components[component].residency = residency;
}

void NTAPI PoFxSetComponentWake(POHANDLE handle, ULONG component, BOOLEAN) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    OPC_NOT_DONE();
    require_component(device_of(handle), component, __func__);
}

void NTAPI PoFxSetDeviceIdleTimeout(POHANDLE handle, ULONGLONG timeout) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    device_of(handle).idle_timeout = timeout;
}

// There is no platform extension to talk to.
NTSTATUS NTAPI PoFxPowerControl(POHANDLE, LPCGUID, PVOID, SIZE_T, PVOID, SIZE_T, PSIZE_T) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    OPC_RETURN_NOT_IMPLEMENTED();
}

void NTAPI PoFxNotifySurprisePowerOn(PDEVICE_OBJECT) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    OPC_NOT_DONE();
}

} // extern "C"
