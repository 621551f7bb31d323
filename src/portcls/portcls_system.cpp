#include "portcls/portcls_system.h"

#include <string>
#include <string_view>

#include "executive/leaks.h"
#include "portcls/port.h"

namespace openportcls::portcls {

namespace {

std::string forgotten(std::string_view what, const void* code) {
    const std::string place = executive::place_of(code);
    return std::string(what) + ", a reference was not released" + (place.empty() ? "" : " (made at " + place + ")");
}

// Ports and helper objects live as long as somebody refers to them: after their driver only by a reference that the
// driver has forgotten.
void find_objects(executive::Kernel& kernel, std::uint16_t owner, std::vector<executive::Leftover>& found) {
    const auto* system = kernel.machine.find_subsystem<PortClsSystem>();
    if (system == nullptr) {
        return;
    }
    for (const Port* port : system->ports()) {
        if (kernel.pool.owner_at(port->made_for()) == owner) {
            found.push_back({"port", forgotten(port->kind(), port->made_for())});
        }
    }
    for (const HelperObject& helper : system->helpers()) {
        if (kernel.pool.owner_at(helper.made_for) == owner) {
            found.push_back({helper.kind, forgotten(helper.function, helper.made_for)});
        }
    }
}

} // namespace

PortClsSystem::PortClsSystem(machine::Machine& machine) : machine_(machine) {
    executive::leftover_hook = &find_objects;
}

void forget_helper(const void* object) {
    if (auto* system = machine::Machine::current().find_subsystem<PortClsSystem>()) {
        system->remove_helper(object);
    }
}

} // namespace openportcls::portcls
