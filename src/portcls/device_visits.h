// Going through a device's subdevices and pins while what is called there may unregister subdevices and close pins.
#pragma once

#include <algorithm>
#include <vector>

#include "portcls/device_context.h"
#include "portcls/port.h"

namespace openportcls::portcls {

// Each port that is still registered when its turn comes.
template<class Visit>
void visit_ports(const DeviceContext& device, Visit&& visit) {
    std::vector<Port*> ports;
    for (const auto& subdevice : device.subdevices()) {
        subdevice->port->keep();
        ports.push_back(subdevice->port);
    }
    for (Port* port : ports) {
        if (device.subdevice_of(*port) != nullptr) {
            visit(*port);
        }
        port->drop();
    }
}

// Each pin that is still open when its turn comes.
template<class Visit>
void visit_pins(const Port& port, Visit&& visit) {
    const std::vector<Pin*> pins(port.pins().begin(), port.pins().end()); // as they are now
    for (Pin* pin : pins) {
        if (std::find(port.pins().begin(), port.pins().end(), pin) != port.pins().end()) {
            visit(*pin);
        }
    }
}

template<class Visit>
void visit_pins(const DeviceContext& device, Visit&& visit) {
    visit_ports(device, [&](const Port& port) { visit_pins(port, visit); });
}

} // namespace openportcls::portcls
