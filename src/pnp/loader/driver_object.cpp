// DRIVER_OBJECTs: what DriverEntry gets.
#include "executive/objects/object_manager.h"
#include "pnp/device/manager_state.h"

#include <wdm.h>

namespace openportcls::pnp {

namespace {

constexpr CSHORT io_type_driver = 4;

UNICODE_STRING counted(std::u16string& text) {
    const auto bytes = static_cast<USHORT>(text.size() * sizeof(char16_t));
    return {bytes, static_cast<USHORT>(bytes + sizeof(char16_t)), text.data()};
}

// What every slot holds that a driver has not filled.
NTSTATUS NTAPI invalid_request(DEVICE_OBJECT*, IRP* irp) {
    irp->IoStatus.Status = STATUS_INVALID_DEVICE_REQUEST;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_INVALID_DEVICE_REQUEST;
}

} // namespace

std::unique_ptr<DriverBody> ManagerState::make_driver_object(std::u16string_view service, void* start,
                                                             std::size_t size) {
    auto body = std::make_unique<DriverBody>();
    body->name = u"\\Driver\\" + std::u16string(service);
    body->service = service;
    DRIVER_OBJECT& object = body->object;
    object.Type = io_type_driver;
    object.Size = sizeof object;
    object.DriverStart = start;
    object.DriverSize = static_cast<ULONG>(size);
    object.DriverName = counted(body->name);
    object.DriverExtension = &body->extension;
    body->extension.DriverObject = &object;
    body->extension.ServiceKeyName = counted(body->service);
    for (PDRIVER_DISPATCH& slot : object.MajorFunction) {
        slot = &invalid_request;
    }
    auto& objects = executive::ObjectManager::of(machine);
    objects.add(&object, executive::object_types::driver, {nullptr, nullptr, true});
    objects.insert_name(body->name, &object, true);
    return body;
}

void ManagerState::forget_driver_object(DriverBody& body) {
    auto& objects = executive::ObjectManager::of(machine);
    if (objects.find(&body.object) != nullptr) {
        objects.forget(&body.object);
    }
}

} // namespace openportcls::pnp
