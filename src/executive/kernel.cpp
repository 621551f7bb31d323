#include "executive/kernel.h"

#include <algorithm>

#include "executive/objects/object_manager.h"
#include "executive/registry/registry.h"

namespace openportcls::executive {

Kernel::Kernel(machine::Machine& owner)
    : machine(owner), pool(owner), irps(owner), mdls(owner), contiguous(owner), work(owner), io_space(owner),
      power(owner) {
    bugcheck_callbacks = {&bugcheck_callbacks, &bugcheck_callbacks};
    KeInitializeEvent(&push_lock_released, NotificationEvent, FALSE);
    KeInitializeEvent(&process, NotificationEvent, FALSE);
    // Drivers that asked for them hear of interfaces as they come and go.
    interfaces.subscribe([this](const DeviceInterface& entry, bool enabled) {
        notifications.interface_changed(entry.interface_class, entry.symbolic_link, enabled);
    });
}

Kernel::~Kernel() = default;

void Kernel::remove_device(DEVICE_OBJECT* device) {
    std::erase(devices_, device);
}

Kernel& install(machine::Machine& machine) {
    Kernel& kernel = machine.add_subsystem<Kernel>(); // the registry and the others need pool
    ObjectManager::of(machine).add(&kernel.process, object_types::process, {});
    // PsGetCurrentThread in the client's context: drivers reference what it returns.
    ObjectManager::of(machine).add(&machine.client_thread(), object_types::thread, {});
    ObjectManager::of(machine).add(&kernel.physical_memory, object_types::section, {});
    ObjectManager::of(machine).insert_name(u"\\Device\\PhysicalMemory", &kernel.physical_memory, true);
    Registry::of(machine);
    return kernel;
}

} // namespace openportcls::executive
