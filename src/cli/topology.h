// Everything a driver shows of itself: devices, filters, pins, nodes, connections, jacks.
#pragma once

#include <string>
#include <vector>

#include <openportcls/openportcls.hpp>

namespace openportcls::cli {

struct Jack {
    std::uint32_t pin = 0;
    std::uint32_t channel_mapping = 0;
    std::uint32_t color = 0; // 0xRRGGBB
    std::string connection;  // "3.5 mm jack"
    std::string location;    // "rear"
    bool is_connected = false;
};

struct FilterPicture {
    FilterInfo info;
    std::vector<PinInfo> pins;
    std::vector<NodeInfo> nodes;
    std::vector<ConnectionInfo> connections;
    std::vector<Jack> jacks;
};

Result<std::vector<FilterPicture>> look(Machine& machine);

// The report when the driver has crashed: what asks for things that need not be there takes no failure for an answer.
Result<void> still_alive(const Machine& machine);

// "in", "out"; "stream", "bridge".
std::string flow_name(PinFlow flow);

} // namespace openportcls::cli
