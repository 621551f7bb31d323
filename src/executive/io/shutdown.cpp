#include "executive/io/shutdown.h"

#include <algorithm>

#include "executive/io/io_manager.h"
#include "executive/irql_check.h"
#include "executive/kernel.h"

namespace openportcls::executive {

void ShutdownList::add(DEVICE_OBJECT* device, bool last_chance) {
    device->Flags |= DO_SHUTDOWN_REGISTERED;
    (last_chance ? last_chance_ : first_).push_back(device);
}

void ShutdownList::remove(DEVICE_OBJECT* device) {
    device->Flags &= ~static_cast<ULONG>(DO_SHUTDOWN_REGISTERED);
    std::erase(first_, device);
    std::erase(last_chance_, device);
}

void ShutdownList::notify() {
    for (auto* list : {&first_, &last_chance_}) {
        while (!list->empty()) {
            DEVICE_OBJECT* device = list->back();
            list->pop_back();
            DEVICE_OBJECT* top = top_of_stack(device);
            call_synchronously(top, build_request(top, IRP_MJ_SHUTDOWN, 0));
        }
    }
}

} // namespace openportcls::executive

using openportcls::executive::Kernel;

extern "C" {

NTSTATUS NTAPI IoRegisterShutdownNotification(PDEVICE_OBJECT device) {
    OPC_REQUIRE_PASSIVE();
    Kernel::current().shutdown.add(device, false);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoRegisterLastChanceShutdownNotification(PDEVICE_OBJECT device) {
    OPC_REQUIRE_PASSIVE();
    Kernel::current().shutdown.add(device, true);
    return STATUS_SUCCESS;
}

void NTAPI IoUnregisterShutdownNotification(PDEVICE_OBJECT device) {
    OPC_REQUIRE_PASSIVE();
    Kernel::current().shutdown.remove(device);
}

} // extern "C"
