// DRIVER_OBJECTs: what DriverEntry gets.
#include "executive/objects/object_manager.h"
#include "pnp/device/manager_state.h"

#include <wdm.h>

namespace openportcls::pnp {

namespace {

constexpr CSHORT io_type_driver = 4;

constexpr ULONG extension_tag = 0x45767244; // 'DrvE'

// What every slot holds that a driver has not filled.
NTSTATUS NTAPI invalid_request(DEVICE_OBJECT*, IRP* irp) {
    irp->IoStatus.Status = STATUS_INVALID_DEVICE_REQUEST;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_INVALID_DEVICE_REQUEST;
}

} // namespace

DriverBody ManagerState::make_driver_object(std::u16string_view service, std::u16string_view registry_path, void* start,
                                            std::size_t size) {
    namespace types = executive::object_types;
    executive::Pool& pool = kernel.pool;
    const std::u16string name = u"\\Driver\\" + std::u16string(service);
    DriverBody body;
    body.object = pool.allocate_object<DRIVER_OBJECT>(types::driver.what, types::driver.tag(), nullptr);
    body.extension = pool.allocate_object<DRIVER_EXTENSION>("driver extension", extension_tag, nullptr);
    body.name = pool.allocate_text("driver's name", name);
    body.service = pool.allocate_text("driver's service key name", service);
    body.registry_path = pool.allocate_text("registry path", registry_path);
    DRIVER_OBJECT& object = *body.object;
    object.Type = io_type_driver;
    object.Size = sizeof object;
    object.DriverStart = start;
    object.DriverSize = static_cast<ULONG>(size);
    object.DriverName = body.name;
    object.DriverExtension = body.extension;
    body.extension->DriverObject = &object;
    body.extension->ServiceKeyName = body.service;
    for (PDRIVER_DISPATCH& slot : object.MajorFunction) {
        slot = &invalid_request;
    }
    auto& objects = executive::ObjectManager::of(machine);
    objects.add(&object, types::driver, {});
    objects.insert_name(name, &object, true);
    return body;
}

// The driver keeps a copy, not the pointer (DRIVER_INITIALIZE, "RegistryPath").
void ManagerState::forget_registry_path(DriverBody& body) {
    if (body.registry_path.Buffer != nullptr) {
        kernel.pool.free(body.registry_path.Buffer, 0, "Noticed when DriverEntry had returned");
        body.registry_path = {};
    }
}

void ManagerState::forget_driver_object(DriverBody& body) {
    auto& objects = executive::ObjectManager::of(machine);
    if (objects.find(body.object) != nullptr) {
        objects.forget(body.object);
    }
    forget_registry_path(body);
    // One after the other: what was written past is reported by its name.
    for (void* block : {static_cast<void*>(body.object), static_cast<void*>(body.extension),
                        static_cast<void*>(body.name.Buffer), static_cast<void*>(body.service.Buffer)}) {
        kernel.pool.free(block, 0, "Noticed when the driver went");
    }
    body = {};
}

} // namespace openportcls::pnp
