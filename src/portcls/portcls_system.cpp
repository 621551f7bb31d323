#include "portcls/portcls_system.h"

#include <string>

#include "executive/leaks.h"
#include "portcls/port.h"

namespace openportcls::portcls {

namespace {

// A port lives as long as somebody refers to it: after its driver only by a reference that the driver has forgotten.
void find_ports(executive::Kernel& kernel, std::uint16_t owner, std::vector<executive::Leftover>& found) {
    const auto* system = kernel.machine.find_subsystem<PortClsSystem>();
    if (system == nullptr) {
        return;
    }
    for (const Port* port : system->ports()) {
        if (kernel.pool.owner_at(port->made_for()) == owner) {
            found.push_back({"port", std::string(port->kind()) + ", a reference was not released"});
        }
    }
}

} // namespace

PortClsSystem::PortClsSystem(machine::Machine& machine) : machine_(machine) {
    executive::leftover_hook = &find_ports;
}

} // namespace openportcls::portcls
