#include "executive/kernel.h"

#include <algorithm>

#include "executive/ex/callbacks.h"
#include "executive/ex/ex_timer.h"
#include "executive/ex/overrun_search.h"
#include "executive/hal/dma_adapter.h"
#include "executive/ke/thread_body.h"
#include "executive/objects/object_manager.h"
#include "executive/registry/registry.h"
#include "machine/faults.h"
#include "machine/sanitizer_reports.h"

namespace openportcls::executive {

namespace {

// What was read from a block that has been freed, and then used as a pointer, is in one register, the block's address
// mostly in another: an object, say, that was released once too often.
void explain_use_of_freed(machine::Machine& machine, std::span<const std::uint64_t> registers,
                          machine::BugcheckReport& report) {
    const auto* const kernel = machine.find_subsystem<Kernel>();
    for (const std::uint64_t value : registers) {
        if (kernel != nullptr && kernel->pool.explain_freed(reinterpret_cast<const void*>(value), report)) {
            return;
        }
    }
}

void explain_poison(machine::Machine& machine, const void* address, machine::BugcheckReport& report) {
    if (const auto* const kernel = machine.find_subsystem<Kernel>()) {
        kernel->pages.explain(address, report);
    }
}

} // namespace

Kernel::Kernel(machine::Machine& owner)
    : machine(owner), pool(owner), irps(owner), mdls(owner), pages(owner), contiguous(pages, owner), work(owner),
      io_space(owner), power(owner) {
    bugcheck_callbacks = {&bugcheck_callbacks, &bugcheck_callbacks};
    KeInitializeEvent(&push_lock_released, NotificationEvent, FALSE);
    constexpr ULONG process_tag = 0x636F7250; // 'Proc'
    constexpr ULONG section_tag = 0x74636553; // 'Sect'
    process = pool.allocate_object<KEVENT>("process object", process_tag, nullptr);
    KeInitializeEvent(process, NotificationEvent, FALSE);
    physical_memory = pool.allocate_object<KEVENT>("section object", section_tag, nullptr);
    owner.guest_heap().explain_with(&Kernel::explain_overrun, this);
    static const bool explains =
        (machine::explain_registers_with(&explain_use_of_freed), machine::explain_poison_with(&explain_poison), true);
    (void)explains;
    // Drivers that asked for them hear of interfaces as they come and go.
    interfaces.subscribe([this](const DeviceInterface& entry, bool enabled) {
        notifications.interface_changed(entry.interface_class, entry.symbolic_link, enabled);
    });
}

Kernel::~Kernel() {
    machine.guest_heap().explain_with(nullptr, nullptr);
}

void Kernel::check_memory(const char* moment) const {
    pool.check_all(moment);
    irps.check_all(moment);
    mdls.check_all(moment);
    pages.check_all(moment);
}

void Kernel::explain_overrun(void* self, const void* address, machine::BugcheckReport& report) {
    const auto& kernel = *static_cast<const Kernel*>(self);
    OverrunSearch search(address, report);
    kernel.pool.offer_to(search);
    kernel.irps.offer_to(search);
    kernel.mdls.offer_to(search);
}

void Kernel::remove_device(DEVICE_OBJECT* device) {
    std::erase(devices_, device);
}

Kernel& install(machine::Machine& machine) {
    Kernel& kernel = machine.add_subsystem<Kernel>(); // the registry and the others need pool
    ObjectManager::of(machine).add(kernel.process, object_types::process, {});
    // PsGetCurrentThread in the client's context: drivers reference what it returns.
    ObjectManager::of(machine).add(&body_of(machine.client_thread()), object_types::thread, {});
    ObjectManager::of(machine).add(kernel.physical_memory, object_types::section, {});
    ObjectManager::of(machine).insert_name(u"\\Device\\PhysicalMemory", kernel.physical_memory, true);
    create_system_callbacks(machine);
    Registry::of(machine);
    return kernel;
}

} // namespace openportcls::executive
