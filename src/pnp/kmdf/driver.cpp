// The framework's driver and device objects in miniport mode.
#include <ntddk.h>

#include "executive/callers.h"
#include "executive/io/io_manager.h"
#include "executive/irql_check.h"
#include "executive/rtl/counted_text.h"
#include "pnp/kmdf/io_target.h"
#include "pnp/kmdf/object.h"

using namespace openportcls;
using namespace openportcls::pnp::kmdf;

OPC_BEGIN_REMEMBERING_CALLERS

extern "C" {

NTSTATUS NTAPI WdfDriverCreate(PDRIVER_OBJECT DriverObject, PCUNICODE_STRING RegistryPath,
                               PWDF_OBJECT_ATTRIBUTES DriverAttributes, PWDF_DRIVER_CONFIG DriverConfig,
                               WDFDRIVER* Driver) {
    OPC_REQUIRE_PASSIVE();
    Framework& framework = Framework::current();
    if (DriverObject == nullptr || RegistryPath == nullptr || DriverConfig == nullptr) {
        framework.violation(4, nullptr, "WdfDriverCreate needs a driver object, a registry path and a configuration.");
    }
    if (DriverConfig->Size != sizeof *DriverConfig) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    if ((DriverConfig->DriverInitFlags & WdfDriverInitNonPnpDriver) != 0 &&
        DriverConfig->EvtDriverDeviceAdd != nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    if (framework.driver_of(DriverObject) != nullptr) {
        return STATUS_DRIVER_INTERNAL_ERROR; // called more than once
    }
    // Without the flag the framework would take over the dispatch routines; here they are PortCls'.
    if ((DriverConfig->DriverInitFlags & WdfDriverInitNoDispatchOverride) == 0) {
        return STATUS_NOT_SUPPORTED;
    }
    if (DriverAttributes != nullptr && DriverAttributes->ParentObject != nullptr) {
        return STATUS_WDF_PARENT_ASSIGNMENT_NOT_ALLOWED;
    }
    pnp::kmdf::Driver* driver = nullptr;
    const NTSTATUS status = framework.create(OPC_WDF_CALLER(), DriverAttributes, nullptr, &driver, DriverObject,
                                             *DriverConfig, executive::text_of(RegistryPath));
    if (NT_SUCCESS(status) && Driver != nullptr) {
        *Driver = static_cast<WDFDRIVER>(driver->handle());
    }
    return status;
}

WDFDRIVER NTAPI WdfGetDriver(VOID) {
    auto* driver = OPC_WDF_CALLING_DRIVER();
    return driver != nullptr ? static_cast<WDFDRIVER>(driver->handle()) : nullptr;
}

PDRIVER_OBJECT NTAPI WdfDriverWdmGetDriverObject(WDFDRIVER Driver) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return Framework::current().get<pnp::kmdf::Driver>(Driver).driver_object;
}

PWSTR NTAPI WdfDriverGetRegistryPath(WDFDRIVER Driver) {
    OPC_REQUIRE_PASSIVE();
    return Framework::current().get<pnp::kmdf::Driver>(Driver).registry_path.Buffer;
}

VOID NTAPI WdfDriverMiniportUnload(WDFDRIVER Driver) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    auto& driver = Framework::current().get<pnp::kmdf::Driver>(Driver);
    if (driver.config.EvtDriverUnload != nullptr) {
        driver.config.EvtDriverUnload(Driver);
    }
    Framework::current().note_forgotten_devices(driver);
    driver.remove();
}

NTSTATUS NTAPI WdfDeviceMiniportCreate(WDFDRIVER Driver, PWDF_OBJECT_ATTRIBUTES Attributes, PDEVICE_OBJECT DeviceObject,
                                       PDEVICE_OBJECT AttachedDeviceObject, PDEVICE_OBJECT Pdo, WDFDEVICE* Device) {
    OPC_REQUIRE_PASSIVE();
    Framework& framework = Framework::current();
    auto& driver = framework.get<pnp::kmdf::Driver>(Driver);
    if (DeviceObject == nullptr || Device == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    if (Attributes != nullptr && Attributes->ParentObject != nullptr) {
        return STATUS_WDF_PARENT_ASSIGNMENT_NOT_ALLOWED;
    }
    pnp::kmdf::Device* device = nullptr;
    NTSTATUS status =
        framework.create(OPC_WDF_CALLER(), Attributes, &driver, &device, DeviceObject, AttachedDeviceObject, Pdo);
    if (NT_SUCCESS(status) && AttachedDeviceObject != nullptr) {
        status = framework.create(nullptr, nullptr, device, &device->local_target);
        if (NT_SUCCESS(status)) {
            device->local_target->open_local(AttachedDeviceObject);
        }
    }
    if (NT_SUCCESS(status)) {
        *Device = static_cast<WDFDEVICE>(device->handle());
    }
    return status;
}

PDEVICE_OBJECT NTAPI WdfDeviceWdmGetDeviceObject(WDFDEVICE Device) {
    return Framework::current().get<pnp::kmdf::Device>(Device).functional;
}

// Null for a device object that the framework does not know.
WDFDEVICE NTAPI WdfWdmDeviceGetWdfDeviceHandle(PDEVICE_OBJECT DeviceObject) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    auto* device = Framework::current().device_of(DeviceObject);
    return device != nullptr ? static_cast<WDFDEVICE>(device->handle()) : nullptr;
}

PDEVICE_OBJECT NTAPI WdfDeviceWdmGetAttachedDevice(WDFDEVICE Device) {
    return Framework::current().get<pnp::kmdf::Device>(Device).attached;
}

PDEVICE_OBJECT NTAPI WdfDeviceWdmGetPhysicalDevice(WDFDEVICE Device) {
    return Framework::current().get<pnp::kmdf::Device>(Device).physical;
}

WDFDRIVER NTAPI WdfDeviceGetDriver(WDFDEVICE Device) {
    auto* driver = Framework::current().get<pnp::kmdf::Device>(Device).ancestor(ObjectType::driver);
    return static_cast<WDFDRIVER>(driver->handle());
}

WDFIOTARGET NTAPI WdfDeviceGetIoTarget(WDFDEVICE Device) {
    auto* target = Framework::current().get<pnp::kmdf::Device>(Device).local_target;
    return target != nullptr ? static_cast<WDFIOTARGET>(target->handle()) : nullptr;
}

} // extern "C"

OPC_END_REMEMBERING_CALLERS
