#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/controls.h"
#include "cli/session.h"
#include "cli/topology.h"

namespace openportcls::cli {

namespace {

using Json = nlohmann::ordered_json;

Json pin_facts(const PinInfo& pin) {
    Json ranges = Json::array();
    for (const WaveRange& range : pin.ranges) {
        ranges.push_back({{"minimum_rate", range.minimum_rate},
                          {"maximum_rate", range.maximum_rate},
                          {"maximum_channels", range.maximum_channels},
                          {"minimum_bits", range.minimum_bits},
                          {"maximum_bits", range.maximum_bits},
                          {"pcm", range.is_pcm},
                          {"float", range.is_float}});
    }
    return {{"id", pin.id},
            {"flow", flow_name(pin.flow)},
            {"bridge", pin.is_bridge()},
            {"category", guid_name(pin.category)},
            {"name", pin.name},
            {"formats", ranges},
            {"possible_instances", pin.possible_instances},
            {"current_instances", pin.current_instances},
            {"connected_to", pin.connected_to}};
}

Json jack_facts(const Jack& jack) {
    Json facts = {{"pin", jack.pin},
                  {"channel_mapping", jack.channel_mapping},
                  {"color", fmt::format("#{:06x}", jack.color)},
                  {"connection", jack.connection},
                  {"location", jack.location},
                  {"connected", jack.is_connected}};
    if (jack.abilities) {
        facts["state"] = jack.abilities->state;
        facts["presence_detection"] = jack.abilities->detects_presence;
        facts["dynamic_formats"] = jack.abilities->changes_formats;
    }
    if (jack.configuration) {
        facts["configuration"] = *jack.configuration;
    }
    if (jack.sink) {
        facts["sink"] = {{"name", jack.sink->name},
                         {"connection", jack.sink->connection},
                         {"manufacturer", jack.sink->manufacturer},
                         {"product", jack.sink->product},
                         {"latency", jack.sink->latency},
                         {"hdcp", jack.sink->has_copy_protection},
                         {"content_packets", jack.sink->has_content_packets},
                         {"port", jack.sink->port}};
    }
    return facts;
}

Json filter_facts(const FilterPicture& filter) {
    Json pins = Json::array();
    for (const PinInfo& pin : filter.pins) {
        pins.push_back(pin_facts(pin));
    }
    Json nodes = Json::array();
    for (const NodeInfo& node : filter.nodes) {
        nodes.push_back({{"id", node.id}, {"type", guid_name(node.type)}, {"name", node.name}});
    }
    Json connections = Json::array();
    const auto end = [](std::uint32_t node, std::uint32_t pin) {
        return Json{{"node", node == UINT32_MAX ? Json(nullptr) : Json(node)}, {"pin", pin}};
    };
    for (const ConnectionInfo& connection : filter.connections) {
        connections.push_back({{"from", end(connection.from_node, connection.from_pin)},
                               {"to", end(connection.to_node, connection.to_pin)}});
    }
    Json jacks = Json::array();
    for (const Jack& jack : filter.jacks) {
        jacks.push_back(jack_facts(jack));
    }
    return {{"name", filter.info.name},
            {"friendly_name", filter.info.friendly_name},
            {"device", filter.info.device},
            {"path", filter.info.path},
            {"categories", filter.info.categories},
            {"pins", pins},
            {"nodes", nodes},
            {"connections", connections},
            {"jacks", jacks}};
}

void print_pin(const PinInfo& pin) {
    fmt::print("  pin {}  {:<3} {}{}{}\n", pin.id, flow_name(pin.flow), pin.is_bridge() ? "bridge" : "stream",
               pin.name.empty() ? "" : fmt::format(" \"{}\"", pin.name),
               pin.is_bridge() ? fmt::format("  {}", guid_name(pin.category))
                               : fmt::format("  {} of {} open", pin.current_instances, pin.possible_instances));
    for (const WaveRange& range : pin.ranges) {
        fmt::print("           {}\n", to_string(range));
    }
    if (!pin.connected_to.empty()) {
        fmt::print("           connected to {}\n", pin.connected_to);
    }
}

void print_jack(const Jack& jack) {
    fmt::print("  jack of pin {}: {}, {}, {}{}{}{}\n", jack.pin, jack.connection, jack.location,
               jack.is_connected ? "something is plugged in" : "empty",
               jack.abilities && jack.abilities->detects_presence ? ", notices plugs" : "",
               jack.abilities && jack.abilities->changes_formats ? ", formats change with what is plugged in" : "",
               jack.configuration ? fmt::format(", configuration {}", *jack.configuration) : "");
    if (jack.sink) {
        fmt::print("           leads to \"{}\" ({}, manufacturer {:04x}, product {:04x}), latency {}{}{}\n",
                   jack.sink->name, jack.sink->connection, jack.sink->manufacturer, jack.sink->product,
                   jack.sink->latency, jack.sink->has_copy_protection ? ", HDCP" : "",
                   jack.sink->has_content_packets ? ", ACP and ISRC packets" : "");
    }
}

void print_filter(const FilterPicture& filter) {
    std::string categories;
    for (const std::string& category : filter.info.categories) {
        categories += (categories.empty() ? "" : ", ") + category;
    }
    fmt::print("\nfilter {}{}: {}\n", filter.info.name,
               filter.info.friendly_name.empty() ? "" : fmt::format(" \"{}\"", filter.info.friendly_name), categories);
    for (const PinInfo& pin : filter.pins) {
        print_pin(pin);
    }
    for (const NodeInfo& node : filter.nodes) {
        fmt::print("  node {} {}{}\n", node.id, node_kind(node),
                   node.name.empty() ? "" : fmt::format(" \"{}\"", node.name));
    }
    const auto end = [](std::uint32_t node, std::uint32_t pin) {
        return node == UINT32_MAX ? fmt::format("pin {}", pin) : fmt::format("node {}", node);
    };
    for (const ConnectionInfo& connection : filter.connections) {
        fmt::print("  {} -> {}\n", end(connection.from_node, connection.from_pin),
                   end(connection.to_node, connection.to_pin));
    }
    for (const Jack& jack : filter.jacks) {
        print_jack(jack);
    }
}

int info(const SessionArguments& arguments) {
    if (auto distinct = check_distinct(named_files(arguments)); !distinct) {
        return fail(distinct.error());
    }
    auto session = Session::open(arguments);
    if (!session) {
        return fail(session.error());
    }
    auto filters = look((*session)->machine());
    if (!filters) {
        return fail(filters.error());
    }
    Json devices = Json::array();
    std::string device_lines;
    for (const Device& device : (*session)->driver().devices()) {
        devices.push_back({{"instance_path", device.instance_path()},
                           {"description", device.description()},
                           {"state", device.state()}});
        device_lines +=
            fmt::format("device {}: {}, {}\n", device.instance_path(), device.description(), device.state());
    }
    const std::string name = (*session)->driver().name();
    auto closed = (*session)->close();
    if (arguments.json) {
        Json filter_list = Json::array();
        for (const FilterPicture& filter : *filters) {
            filter_list.push_back(filter_facts(filter));
        }
        answer("info",
               {{"driver", name}, {"warnings", said_warnings()}, {"devices", devices}, {"filters", filter_list}});
    } else {
        fmt::print("driver {}\n{}", name, device_lines);
        for (const FilterPicture& filter : *filters) {
            print_filter(filter);
        }
    }
    return closed ? exit_done : fail(closed.error());
}

} // namespace

void add_info_command(CLI::App& application, Run& run) {
    CLI::App* command =
        application.add_subcommand("info", "list a driver's devices, filters, pins, formats, nodes and jacks");
    auto arguments = std::make_shared<SessionArguments>();
    command->add_flag("--json", arguments->json, "as JSON");
    add_session_options(*command, *arguments);
    command->callback([&run, arguments] { run = [arguments] { return info(*arguments); }; });
}

} // namespace openportcls::cli
