#include "cli/topology.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

#include <fmt/format.h>

#include "base/status.h"
#include "base/unicode.h"

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

// KSJACK_SINK_INFORMATION as it travels (ksmedia.h).
struct SinkInformation {
    std::uint32_t connection_type;
    std::uint16_t manufacturer;
    std::uint16_t product;
    std::uint16_t latency;
    std::uint32_t has_copy_protection;
    std::uint32_t has_content_packets;
    std::uint8_t name_length;
    char16_t name[32];
    std::uint32_t port_low;
    std::int32_t port_high;
};
static_assert(sizeof(SinkInformation) == 96);

// KSJACK_SINK_CONNECTIONTYPE.
constexpr std::array sink_connection_names = {"HDMI", "DisplayPort"};

// KSPROPERTY_JACK_SINK_INFO: of a pin that leads to a display, while there is one.
std::optional<JackSink> sink_of(const Filter& filter, std::uint32_t pin) {
    const auto value = filter.get<SinkInformation>({property::jack_set, 3}, Target::pin(pin));
    if (!value) {
        return std::nullopt;
    }
    // The name ends with a zero. Nobody has said whether its length counts bytes or characters.
    const std::u16string_view name(value->name, std::find(std::begin(value->name), std::end(value->name), u'\0'));
    return JackSink{name_of(sink_connection_names, value->connection_type),
                    value->manufacturer,
                    value->product,
                    value->latency,
                    value->has_copy_protection != 0,
                    value->has_content_packets != 0,
                    utf16_to_utf8(name),
                    static_cast<std::uint64_t>(static_cast<std::uint32_t>(value->port_high)) << 32 | value->port_low};
}

// KSJACK_DESCRIPTION2 and KSJACK_DESCRIPTION3 of the same jacks, in the same order.
struct JackDescription2 {
    std::uint32_t state;
    std::uint32_t capabilities; // JACKDESC2_
};
constexpr std::uint32_t presence_detection = 1;
constexpr std::uint32_t dynamic_format_change = 2;
constexpr Key jack_description2{property::jack_set, 2};
constexpr Key jack_description3{property::jack_set, 5};

void add_jacks(const Filter& filter, std::uint32_t pin, std::vector<Jack>& jacks) {
    const Target target = Target::pin(pin);
    const auto described = filter.get_items<JackDescription>(property::jack_description, target);
    if (!described || described->empty()) {
        return;
    }
    const auto abilities = filter.get_items<JackDescription2>(jack_description2, target);
    const auto configurations = filter.get_items<std::uint32_t>(jack_description3, target);
    const auto sink = sink_of(filter, pin);
    for (std::size_t i = 0; i < described->size(); ++i) {
        const JackDescription& description = (*described)[i];
        Jack& jack = jacks.emplace_back();
        jack.pin = pin;
        jack.channel_mapping = description.channel_mapping;
        jack.color = description.color & 0xFFFFFFU;
        jack.connection = name_of(connection_names, description.connection_type);
        jack.location = name_of(location_names, description.location);
        jack.is_connected = description.is_connected != 0;
        if (abilities && i < abilities->size()) {
            const JackDescription2& more = (*abilities)[i];
            jack.abilities = {more.state, (more.capabilities & presence_detection) != 0,
                              (more.capabilities & dynamic_format_change) != 0};
        }
        if (configurations && i < configurations->size()) {
            jack.configuration = (*configurations)[i];
        }
        jack.sink = sink;
    }
}

std::vector<Jack> jacks_of(const Filter& filter, const std::vector<PinInfo>& pins) {
    std::vector<Jack> jacks;
    for (const PinInfo& pin : pins) {
        add_jacks(filter, pin.id, jacks);
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
