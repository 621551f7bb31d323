// The functions of portcls.sys that drivers import, but for those of the helper objects.
#include <portcls.h>

#include <dmusicks.h>

#include "executive/irql_check.h"
#include "executive/rtl/counted_text.h"
#include "ks/open_object.h"
#include "portcls/device_context.h"
#include "portcls/port.h"
#include "portcls/port_factory.h"
#include "portcls/portcls_system.h"
#include "portcls/property_dispatch.h"

using namespace openportcls;
using portcls::ConnectionEnd;
using portcls::DeviceContext;
using portcls::Feature;
using portcls::has_feature;
using portcls::PhysicalConnection;
using portcls::Port;

namespace {

NTSTATUS add_connection(PDEVICE_OBJECT device, ConnectionEnd from, ConnectionEnd to) {
    DeviceContext* const context = DeviceContext::from(device);
    return context == nullptr ? STATUS_INVALID_PARAMETER : context->add_connection({std::move(from), std::move(to)});
}

// IRPs come here from the driver object's table. A device that PortCls did not make gets nothing done.
[[gnu::noinline]] NTSTATUS dispatch_to_device(PDEVICE_OBJECT device, PIRP irp) {
    const UCHAR major = IoGetCurrentIrpStackLocation(irp)->MajorFunction;
    DeviceContext* const context = DeviceContext::from(device);
    if (context == nullptr) {
        return ks::complete(*irp, STATUS_INVALID_DEVICE_REQUEST);
    }
    switch (major) {
    case IRP_MJ_CREATE:
        return context->dispatch_create(*irp);
    case IRP_MJ_PNP:
        return context->dispatch_pnp(*irp);
    case IRP_MJ_POWER:
        return context->dispatch_power(*irp);
    case IRP_MJ_SYSTEM_CONTROL:
        return context->dispatch_system_control(*irp);
    default:
        return ks::complete(*irp, STATUS_INVALID_DEVICE_REQUEST);
    }
}

[[gnu::always_inline]] inline NTSTATUS dispatch(PDEVICE_OBJECT device, PIRP irp) {
    switch (IoGetCurrentIrpStackLocation(irp)->MajorFunction) {
    case IRP_MJ_DEVICE_CONTROL:
    case IRP_MJ_CLOSE:
    case IRP_MJ_CLEANUP:
    case IRP_MJ_READ:
    case IRP_MJ_WRITE:
    case IRP_MJ_FLUSH_BUFFERS:
    case IRP_MJ_QUERY_SECURITY:
    case IRP_MJ_SET_SECURITY:
        return ks::dispatch_irp(*irp); // R-ENTRY-03
    default:
        return dispatch_to_device(device, irp);
    }
}

NTSTATUS NTAPI dispatch_from_driver_object(PDEVICE_OBJECT device, PIRP irp) {
    return dispatch(device, irp);
}

} // namespace

// ---- adapter driver ---------------------------------------------------------------------------------------------

PORTCLASSAPI NTSTATUS NTAPI PcInitializeAdapterDriver(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPathName,
                                                      PDRIVER_ADD_DEVICE AddDevice) {
    OPC_REQUIRE_PASSIVE();
    if (DriverObject == nullptr || RegistryPathName == nullptr || AddDevice == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    // R-ENTRY-02: these eleven; objects clean up when they are closed.
    static constexpr UCHAR majors[] = {
        IRP_MJ_CREATE,         IRP_MJ_CLOSE, IRP_MJ_DEVICE_CONTROL, IRP_MJ_FLUSH_BUFFERS,  IRP_MJ_PNP,  IRP_MJ_POWER,
        IRP_MJ_QUERY_SECURITY, IRP_MJ_READ,  IRP_MJ_SET_SECURITY,   IRP_MJ_SYSTEM_CONTROL, IRP_MJ_WRITE};
    for (const UCHAR major : majors) {
        DriverObject->MajorFunction[major] = dispatch_from_driver_object;
    }
    DriverObject->DriverExtension->AddDevice = AddDevice;
    // Makes the driver unloadable. Adapters that have to tidy up put a routine of their own here and call this one.
    DriverObject->DriverUnload = &KsNullDriverUnload;
    return STATUS_SUCCESS;
}

PORTCLASSAPI NTSTATUS NTAPI PcDispatchIrp(PDEVICE_OBJECT pDeviceObject, PIRP pIrp) {
    OPC_REQUIRE_DISPATCH_OR_BELOW(); // power IRPs of the system may arrive at DISPATCH_LEVEL
    if (pDeviceObject == nullptr || pIrp == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    return dispatch(pDeviceObject, pIrp);
}

PORTCLASSAPI NTSTATUS NTAPI PcAddAdapterDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject,
                                               PCPFNSTARTDEVICE StartDevice, ULONG MaxObjects,
                                               ULONG DeviceExtensionSize) {
    OPC_REQUIRE_PASSIVE();
    if (DriverObject == nullptr || PhysicalDeviceObject == nullptr || StartDevice == nullptr || MaxObjects == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    return DeviceContext::create(*DriverObject, *PhysicalDeviceObject, StartDevice, MaxObjects, DeviceExtensionSize);
}

PORTCLASSAPI NTSTATUS NTAPI PcCompleteIrp(PDEVICE_OBJECT pDeviceObject, PIRP pIrp, NTSTATUS ntStatus) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    if (pDeviceObject == nullptr || pIrp == nullptr || ntStatus == STATUS_PENDING) {
        return STATUS_INVALID_PARAMETER;
    }
    return ks::complete(*pIrp, ntStatus);
}

PORTCLASSAPI NTSTATUS NTAPI PcForwardIrpSynchronous(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
    OPC_REQUIRE_PASSIVE();
    DeviceContext* const context = DeviceContext::from(DeviceObject);
    return context == nullptr || Irp == nullptr ? STATUS_INVALID_PARAMETER : context->forward_synchronously(*Irp);
}

// ---- subdevices and connections ---------------------------------------------------------------------------------

PORTCLASSAPI NTSTATUS NTAPI PcRegisterSubdevice(PDEVICE_OBJECT DeviceObject, PWSTR Name, PUNKNOWN Unknown) {
    OPC_REQUIRE_PASSIVE();
    DeviceContext* const context = DeviceContext::from(DeviceObject);
    return context == nullptr ? STATUS_INVALID_PARAMETER : context->register_subdevice(Name, Unknown);
}

PORTCLASSAPI NTSTATUS NTAPI PcRegisterPhysicalConnection(PDEVICE_OBJECT DeviceObject, PUNKNOWN FromUnknown,
                                                         ULONG FromPin, PUNKNOWN ToUnknown, ULONG ToPin) {
    OPC_REQUIRE_PASSIVE();
    Port* const from = Port::from(FromUnknown);
    Port* const to = Port::from(ToUnknown);
    return from == nullptr || to == nullptr ? STATUS_INVALID_PARAMETER
                                            : add_connection(DeviceObject, {from, {}, FromPin}, {to, {}, ToPin});
}

PORTCLASSAPI NTSTATUS NTAPI PcRegisterPhysicalConnectionToExternal(PDEVICE_OBJECT DeviceObject, PUNKNOWN FromUnknown,
                                                                   ULONG FromPin, PUNICODE_STRING ToString,
                                                                   ULONG ToPin) {
    OPC_REQUIRE_PASSIVE();
    Port* const from = Port::from(FromUnknown);
    return from == nullptr ? STATUS_INVALID_PARAMETER
                           : add_connection(DeviceObject, {from, {}, FromPin},
                                            {nullptr, std::u16string(executive::text_of(ToString)), ToPin});
}

PORTCLASSAPI NTSTATUS NTAPI PcRegisterPhysicalConnectionFromExternal(PDEVICE_OBJECT DeviceObject,
                                                                     PUNICODE_STRING FromString, ULONG FromPin,
                                                                     PUNKNOWN ToUnknown, ULONG ToPin) {
    OPC_REQUIRE_PASSIVE();
    Port* const to = Port::from(ToUnknown);
    return to == nullptr
               ? STATUS_INVALID_PARAMETER
               : add_connection(DeviceObject, {nullptr, std::u16string(executive::text_of(FromString)), FromPin},
                                {to, {}, ToPin});
}

// ---- ports and miniports ----------------------------------------------------------------------------------------

PORTCLASSAPI [[gnu::noinline]] NTSTATUS NTAPI PcNewPort(PPORT* OutPort, REFCLSID ClassID) {
    OPC_REQUIRE_PASSIVE();
    if (OutPort == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    const NTSTATUS status = portcls::new_port(ClassID, OutPort);
    if (NT_SUCCESS(status)) {
        portcls::Port::from(*OutPort)->set_made_for(__builtin_return_address(0));
    }
    return status;
}

PORTCLASSAPI NTSTATUS NTAPI PcNewMiniport(PMINIPORT* OutMiniPort, REFCLSID ClassID) {
    OPC_REQUIRE_PASSIVE();
    return OutMiniPort == nullptr ? STATUS_INVALID_PARAMETER : portcls::new_miniport(ClassID, OutMiniPort);
}

// ---- properties and time ----------------------------------------------------------------------------------------

PORTCLASSAPI NTSTATUS NTAPI PcCompletePendingPropertyRequest(PPCPROPERTY_REQUEST PropertyRequest, NTSTATUS NtStatus) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    if (PropertyRequest == nullptr || NtStatus == STATUS_PENDING) { // R-PROP-18
        return STATUS_INVALID_PARAMETER;
    }
    return portcls::complete_pending_property(*PropertyRequest, NtStatus);
}

PORTCLASSAPI ULONGLONG NTAPI PcGetTimeInterval(ULONGLONG Since) {
    LARGE_INTEGER now;
    KeQuerySystemTime(&now);
    return static_cast<ULONGLONG>(now.QuadPart) - Since; // R-ENTRY-19
}

PORTCLASSAPI NTSTATUS NTAPI PcGetDeviceProperty(PVOID DeviceObject, DEVICE_REGISTRY_PROPERTY DeviceProperty,
                                                ULONG BufferLength, PVOID PropertyBuffer, PULONG ResultLength) {
    OPC_REQUIRE_PASSIVE();
    DeviceContext* const context = DeviceContext::from(static_cast<PDEVICE_OBJECT>(DeviceObject));
    return context == nullptr ? STATUS_INVALID_PARAMETER
                              : IoGetDeviceProperty(&context->physical_device(), DeviceProperty, BufferLength,
                                                    PropertyBuffer, ResultLength);
}

PORTCLASSAPI NTSTATUS NTAPI PcGetPhysicalDeviceObject(PDEVICE_OBJECT pDeviceObject, PDEVICE_OBJECT* ppPhysicalObject) {
    DeviceContext* const context = DeviceContext::from(pDeviceObject); // any IRQL (R-ENTRY-14)
    if (context == nullptr || ppPhysicalObject == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!has_feature(Feature::physical_device_object)) {
        return STATUS_NOT_IMPLEMENTED;
    }
    *ppPhysicalObject = &context->physical_device();
    return STATUS_SUCCESS;
}

PORTCLASSAPI NTSTATUS NTAPI PcRegisterIoTimeout(PDEVICE_OBJECT pDeviceObject, PIO_TIMER_ROUTINE pTimerRoutine,
                                                PVOID pContext) {
    OPC_REQUIRE_PASSIVE();
    DeviceContext* const context = DeviceContext::from(pDeviceObject);
    return context == nullptr ? STATUS_INVALID_PARAMETER : context->io_timeouts().add(pTimerRoutine, pContext);
}

PORTCLASSAPI NTSTATUS NTAPI PcUnregisterIoTimeout(PDEVICE_OBJECT pDeviceObject, PIO_TIMER_ROUTINE pTimerRoutine,
                                                  PVOID pContext) {
    OPC_REQUIRE_PASSIVE();
    DeviceContext* const context = DeviceContext::from(pDeviceObject);
    return context == nullptr ? STATUS_INVALID_PARAMETER : context->io_timeouts().remove(pTimerRoutine, pContext);
}

// ---- power and Plug and Play ------------------------------------------------------------------------------------

PORTCLASSAPI NTSTATUS NTAPI PcRegisterAdapterPowerManagement(PUNKNOWN Unknown, PVOID pvContext1) {
    OPC_REQUIRE_PASSIVE();
    DeviceContext* const context = DeviceContext::from(static_cast<PDEVICE_OBJECT>(pvContext1));
    return context == nullptr ? STATUS_INVALID_PARAMETER : context->power().register_adapter(Unknown);
}

PORTCLASSAPI NTSTATUS NTAPI PcUnregisterAdapterPowerManagement(PDEVICE_OBJECT pDeviceObject) {
    OPC_REQUIRE_PASSIVE();
    DeviceContext* const context = DeviceContext::from(pDeviceObject);
    if (context == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    return has_feature(Feature::port_cls_power) ? context->power().unregister_adapter() : STATUS_NOT_IMPLEMENTED;
}

PORTCLASSAPI NTSTATUS NTAPI PcRequestNewPowerState(PDEVICE_OBJECT pDeviceObject, DEVICE_POWER_STATE RequestedNewState) {
    OPC_REQUIRE_PASSIVE();
    DeviceContext* const context = DeviceContext::from(pDeviceObject);
    return context == nullptr ? STATUS_INVALID_PARAMETER : context->power().request(RequestedNewState);
}

PORTCLASSAPI NTSTATUS NTAPI PcAssignPowerFrameworkSettings(PDEVICE_OBJECT DeviceObject,
                                                           PPC_POWER_FRAMEWORK_SETTINGS PowerFrameworkSettings) {
    OPC_REQUIRE_PASSIVE();
    DeviceContext* const context = DeviceContext::from(DeviceObject);
    if (context == nullptr || PowerFrameworkSettings == nullptr ||
        PowerFrameworkSettings->Size != sizeof(PC_POWER_FRAMEWORK_SETTINGS)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!has_feature(Feature::power_framework_settings)) {
        return STATUS_NOT_IMPLEMENTED;
    }
    return context->set_power_framework_settings(*PowerFrameworkSettings);
}

PORTCLASSAPI NTSTATUS NTAPI PcRegisterAdapterPnpManagement(PUNKNOWN Unknown, PDEVICE_OBJECT DeviceObject) {
    OPC_REQUIRE_PASSIVE();
    DeviceContext* const context = DeviceContext::from(DeviceObject);
    if (context == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    return has_feature(Feature::pnp_management) ? context->register_pnp_management(Unknown) : STATUS_NOT_IMPLEMENTED;
}

PORTCLASSAPI NTSTATUS NTAPI PcUnregisterAdapterPnpManagement(PDEVICE_OBJECT DeviceObject) {
    OPC_REQUIRE_PASSIVE();
    DeviceContext* const context = DeviceContext::from(DeviceObject);
    if (context == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    return has_feature(Feature::pnp_management) ? context->unregister_pnp_management() : STATUS_NOT_IMPLEMENTED;
}
