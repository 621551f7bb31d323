#include "cli/topology.h"

#include <array>
#include <cstring>

#include <fmt/format.h>

#include "base/status.h"

namespace openportcls::cli {

namespace {

// KSJACK_DESCRIPTION as it travels (ksmedia.h).
struct JackDescription {
    std::uint32_t channel_mapping;
    std::uint32_t color;
    std::uint32_t connection_type;
    std::uint32_t location;
    std::uint32_t general_location;
    std::uint32_t port_connection;
    std::uint32_t is_connected;
};
static_assert(sizeof(JackDescription) == 28);

template<std::size_t Count>
std::string name_of(const std::array<const char*, Count>& names, std::uint32_t value) {
    return value < Count ? names[value] : fmt::format("type {}", value);
}

// EPcxConnectionType and EPcxGeoLocation.
constexpr std::array connection_names = {"unknown",      "3.5 mm jack", "6.3 mm jack",   "built-in",
                                         "RCA",          "optical",     "other digital", "other analog",
                                         "multichannel", "XLR",         "RJ11",          "combination"};
constexpr std::array location_names = {"nowhere",   "rear",   "front",      "left",       "right",
                                       "top",       "bottom", "rear panel", "riser card", "inside lid",
                                       "drive bay", "HDMI",   "outside lid"};

std::vector<Jack> jacks_of(const Filter& filter, const std::vector<PinInfo>& pins) {
    std::vector<Jack> jacks;
    const auto set = parse_guid("{4509F757-2D46-4637-8E62-CE7DB944F57B}"); // KSPROPSETID_Jack
    constexpr std::uint32_t jack_description = 1;                          // KSPROPERTY_JACK_DESCRIPTION
    constexpr std::size_t header_bytes = 8;                                // KSMULTIPLE_ITEM
    for (const PinInfo& pin : pins) {
        const std::array<std::uint32_t, 2> target = {pin.id, 0};
        const auto value = filter.property_value(*set, jack_description, std::as_bytes(std::span(target)));
        if (!value) {
            continue;
        }
        for (std::size_t at = header_bytes; at + sizeof(JackDescription) <= value->size();
             at += sizeof(JackDescription)) {
            JackDescription description;
            std::memcpy(&description, value->data() + at, sizeof description);
            jacks.push_back({pin.id, description.channel_mapping, description.color & 0xFFFFFFU,
                             name_of(connection_names, description.connection_type),
                             name_of(location_names, description.location), description.is_connected != 0});
        }
    }
    return jacks;
}

} // namespace

std::string flow_name(PinFlow flow) {
    return flow == PinFlow::in ? "in" : "out";
}

Result<void> still_alive(const Machine& machine) {
    const auto crash = machine.crash_report();
    return crash ? Result<void>(Error{status_unsuccessful, "the driver crashed\n" + *crash}) : Result<void>();
}

Result<std::vector<FilterPicture>> look(Machine& machine) {
    std::vector<FilterPicture> pictures;
    for (const FilterInfo& info : machine.filters()) {
        auto filter = machine.open(info);
        if (!filter) {
            return filter.error();
        }
        FilterPicture picture;
        picture.info = info;
        auto pins = filter->pins();
        if (!pins) {
            return pins.error();
        }
        picture.pins = std::move(*pins);
        // A filter may have neither nodes nor connections.
        if (auto nodes = filter->nodes()) {
            picture.nodes = std::move(*nodes);
        }
        if (auto connections = filter->connections()) {
            picture.connections = std::move(*connections);
        }
        picture.jacks = jacks_of(*filter, picture.pins);
        if (const auto alive = still_alive(machine); !alive) {
            return alive.error();
        }
        pictures.push_back(std::move(picture));
    }
    return pictures;
}

} // namespace openportcls::cli
