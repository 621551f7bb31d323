// Everything a driver shows of itself: devices, filters, pins, nodes, connections, jacks.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <openportcls/openportcls.hpp>

namespace openportcls::cli {

// What is at the other end of a display's cable.
struct JackSink {
    std::string connection; // "HDMI"
    std::uint16_t manufacturer = 0;
    std::uint16_t product = 0;
    std::uint16_t latency = 0;        // in the unit that the display states it in
    bool has_copy_protection = false; // HDCP
    bool has_content_packets = false; // ACP, ISRC1, ISRC2
    std::string name;
    std::uint64_t port = 0;
};

// KSJACK_DESCRIPTION2.
struct JackAbilities {
    std::uint32_t state = 0;
    bool detects_presence = false;
    bool changes_formats = false; // what it can do depends on what is plugged in
};

struct Jack {
    std::uint32_t pin = 0;
    std::uint32_t channel_mapping = 0;
    std::uint32_t color = 0; // 0xRRGGBB
    std::string connection;  // "3.5 mm jack"
    std::string location;    // "rear"
    bool is_connected = false;
    std::optional<JackAbilities> abilities;     // of drivers since Windows 7
    std::optional<std::uint32_t> configuration; // since Windows 11 22H2: what it means is the driver's
    std::optional<JackSink> sink;               // where the driver knows of one; it is one for all jacks of the pin
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
