// How WDMAud parses a topology into mixer lines.
#include <algorithm>
#include <map>
#include <set>

#include <ks.h>
#include <ksmedia.h>

#include "client/guid_bytes.h"
#include "client/mixer_graph.h"
#include "client/state.h"

namespace openportcls {

namespace client {

namespace {

// Of a topology whose splits multiply.
constexpr std::size_t most_lines = 4096;
constexpr std::size_t most_steps = 1 << 16;

// ---- what pins are (R-WDMA-05, R-WDMA-08) -------------------------------------------------------------------------

struct Category {
    Guid category;
    const char* component;
    const char* target;
    const char* target_of_bridge; // where that makes a difference
    const char* component_of_bridge = nullptr;
};

constexpr const char* wave_out = "WAVEOUT";
constexpr const char* wave_in = "WAVEIN";
constexpr const char* undefined = "UNDEFINED";

const Category source_categories[] = {
    {from_windows(KSNODETYPE_MICROPHONE), "SRC_MICROPHONE", wave_in, wave_in},
    {from_windows(KSNODETYPE_DESKTOP_MICROPHONE), "SRC_MICROPHONE", wave_in, wave_in},
    {from_windows(KSNODETYPE_LEGACY_AUDIO_CONNECTOR), "SRC_WAVEOUT", wave_out, wave_out},
    {from_windows(KSCATEGORY_AUDIO), "SRC_WAVEOUT", wave_out, wave_out},
    {from_windows(KSNODETYPE_SPEAKER), "SRC_WAVEOUT", wave_out, wave_out},
    {from_windows(KSNODETYPE_CD_PLAYER), "SRC_COMPACTDISC", undefined, undefined},
    {from_windows(KSNODETYPE_SYNTHESIZER), "SRC_SYNTHESIZER", "MIDIOUT", "MIDIOUT"},
    {from_windows(KSNODETYPE_LINE_CONNECTOR), "SRC_LINE", undefined, undefined},
    {from_windows(KSNODETYPE_TELEPHONE), "SRC_TELEPHONE", undefined, undefined},
    {from_windows(KSNODETYPE_PHONE_LINE), "SRC_TELEPHONE", undefined, undefined},
    {from_windows(KSNODETYPE_DOWN_LINE_PHONE), "SRC_TELEPHONE", undefined, undefined},
    {from_windows(KSNODETYPE_ANALOG_CONNECTOR), "SRC_ANALOG", wave_out, wave_in},
    {from_windows(KSNODETYPE_SPDIF_INTERFACE), "SRC_DIGITAL", wave_out, wave_in},
};

const Category destination_categories[] = {
    {from_windows(KSNODETYPE_SPEAKER), "DST_SPEAKERS", wave_out, wave_out},
    {from_windows(KSNODETYPE_DESKTOP_SPEAKER), "DST_SPEAKERS", wave_out, wave_out},
    {from_windows(KSNODETYPE_ROOM_SPEAKER), "DST_SPEAKERS", wave_out, wave_out},
    {from_windows(KSNODETYPE_COMMUNICATION_SPEAKER), "DST_SPEAKERS", wave_out, wave_out},
    {from_windows(KSCATEGORY_AUDIO), "DST_WAVEIN", wave_in, wave_in},
    {from_windows(PINNAME_CAPTURE), "DST_WAVEIN", wave_in, wave_in},
    {from_windows(KSNODETYPE_HEADPHONES), "DST_HEADPHONES", wave_out, wave_out},
    {from_windows(KSNODETYPE_HEAD_MOUNTED_DISPLAY_AUDIO), "DST_HEADPHONES", wave_out, wave_out},
    {from_windows(KSNODETYPE_TELEPHONE), "DST_TELEPHONE", undefined, undefined},
    {from_windows(KSNODETYPE_PHONE_LINE), "DST_TELEPHONE", undefined, undefined},
    {from_windows(KSNODETYPE_DOWN_LINE_PHONE), "DST_TELEPHONE", undefined, undefined},
    {from_windows(KSNODETYPE_ANALOG_CONNECTOR), "DST_WAVEIN", wave_in, wave_out, "DST_SPEAKERS"},
    {from_windows(KSNODETYPE_SPDIF_INTERFACE), "DST_WAVEIN", wave_in, wave_out, "DST_SPEAKERS"},
};

MixerLine line_of_pin(const MixerVertex& pin) {
    MixerLine line;
    line.name = pin.name; // R-WDMA-04: KSPROPERTY_PIN_NAME
    line.filter = pin.filter;
    line.pin = pin.id;
    const bool is_source = pin.flow == PinFlow::in;
    line.component = is_source ? "SRC_UNDEFINED" : "DST_UNDEFINED";
    line.target = undefined;
    const auto find = [&](const auto& categories) {
        for (const Category& each : categories) {
            if (each.category == pin.type) {
                const bool differs = pin.is_bridge && each.component_of_bridge != nullptr;
                line.component = differs ? each.component_of_bridge : each.component;
                line.target = pin.is_bridge ? each.target_of_bridge : each.target;
            }
        }
    };
    is_source ? find(source_categories) : find(destination_categories);
    return line;
}

// ---- the parser -----------------------------------------------------------------------------------------------------

class LineParser {
public:
    LineParser(const MixerGraph& graph, Mixer& mixer) : graph_(graph), mixer_(mixer) {}

    // R-WDMA-01: destination lines first, and of those as of source lines the highest pin first.
    void parse() {
        for (std::size_t i = graph_.vertices.size(); i-- > 0;) {
            if (graph_.vertices[i].is_destination_pin()) {
                parse_destination(i);
            }
        }
        for (std::size_t i = graph_.vertices.size(); i-- > 0;) {
            if (graph_.vertices[i].is_source_pin()) {
                walk(i, line_of_pin(graph_.vertices[i]), {});
            }
        }
        number_mux_inputs();
    }

private:
    // Where a source line is on its way down.
    struct Way {
        bool has_ended = false;                                      // behind the node that ended the line
        bool is_mixed = false;                                       // that, or a later one, was a SUM or MUX
        std::pair<std::size_t, std::uint32_t> mux{no_mixer_line, 0}; // and input, if it ended in that of a destination
        std::set<std::size_t> passed;
    };
    // A mux of a destination line.
    struct Mux {
        std::size_t vertex;
        std::size_t destination;
        std::size_t control;
    };

    const MixerVertex& at(std::size_t vertex) const { return graph_.vertices[vertex]; }

    // Upstream from the pin, until a SUM or a MUX, or something with several parents: a "virtual sum" of what is tied
    // together there. The node behind a virtual sum is a part of the destination line.
    void parse_destination(std::size_t pin) {
        MixerLine line = line_of_pin(at(pin));
        const std::size_t destination = mixer_.destinations.size();
        destination_of_[pin] = destination;
        std::set<std::size_t> passed{pin};
        for (std::size_t vertex = pin; at(vertex).parents.size() == 1;) {
            vertex = at(vertex).parents.front().vertex;
            if (!passed.insert(vertex).second) {
                break; // a topology that runs in circles
            }
            if (at(vertex).is_pin) {
                continue;
            }
            of_destinations_.insert(vertex);
            if (at(vertex).is_sum()) {
                break;
            }
            translate(vertex, line);
            if (at(vertex).is_mux()) {
                if (!line.controls.empty() && line.controls.back().type == MixerControlType::mux) {
                    muxes_.push_back({vertex, destination, line.controls.size() - 1});
                }
                break;
            }
        }
        mixer_.destinations.push_back(std::move(line));
    }

    void translate(std::size_t vertex, MixerLine& line) const {
        line.controls.insert(line.controls.end(), at(vertex).controls.begin(), at(vertex).controls.end());
    }

    // R-WDMA-02, R-WDMA-03: downstream to every destination; each split takes along what the line has so far.
    void walk(std::size_t vertex, const MixerLine& line, const Way& way) {
        if (at(vertex).is_destination_pin()) {
            finish(vertex, line, way);
            return;
        }
        for (const std::size_t child : at(vertex).children) {
            Way next = way;
            if (mixer_.sources.size() < most_lines && steps_ < most_steps && next.passed.insert(child).second) {
                ++steps_;
                enter(vertex, child, line, std::move(next));
            }
        }
    }

    void enter(std::size_t from, std::size_t vertex, MixerLine line, Way way) {
        const MixerVertex& node = at(vertex);
        if (!node.is_pin && node.is_mux() && is_of_destination(vertex)) {
            if (way.is_mixed) {
                return; // the mux has a line of its own for what comes out of a SUM or another MUX
            }
            const auto input = std::find_if(node.parents.begin(), node.parents.end(),
                                            [&](const auto& each) { return each.vertex == from; });
            way.mux = {vertex, input->pin};
        }
        way.is_mixed = way.is_mixed || node.is_sum() || node.is_mux();
        if (!node.is_pin && !way.has_ended) {
            way.has_ended = way.is_mixed || is_of_destination(vertex);
            if (!way.has_ended) {
                translate(vertex, line);
            }
        }
        walk(vertex, line, way);
    }

    void finish(std::size_t pin, MixerLine line, const Way& way) {
        line.destination = destination_of_.at(pin);
        if (way.mux.first != no_mixer_line) {
            lines_into_mux_.emplace(way.mux, mixer_.sources.size());
        }
        mixer_.sources.push_back(std::move(line));
    }

    bool is_of_destination(std::size_t vertex) const { return of_destinations_.contains(vertex); }

    // ---- muxes --------------------------------------------------------------------------------------------------

    // The numbers of the lines are known once all of them are.
    void number_mux_inputs() {
        for (const Mux& mux : muxes_) {
            std::vector<std::size_t> inputs;
            for (const MixerVertex::Parent& parent : at(mux.vertex).parents) {
                const auto found = lines_into_mux_.find({mux.vertex, parent.pin});
                inputs.push_back(found != lines_into_mux_.end() ? found->second : virtual_line(parent.vertex, mux));
            }
            mixer_.destinations[mux.destination].controls[mux.control].inputs = std::move(inputs);
        }
    }

    // R-WDMA-04: from a SUM or MUX to a mux, by that node's name, with all controls between.
    std::size_t virtual_line(std::size_t vertex, const Mux& mux) {
        MixerLine line;
        line.component = "SRC_UNDEFINED";
        line.target = undefined;
        line.destination = mux.destination;
        std::set<std::size_t> passed;
        std::vector<std::size_t> between;
        while (!at(vertex).is_sum() && !at(vertex).is_mux()) {
            between.push_back(vertex);
            if (at(vertex).parents.size() > 1) {
                break; // a virtual sum
            }
            if (at(vertex).parents.empty() || !passed.insert(vertex).second) {
                return no_mixer_line; // no source, or a topology that runs in circles
            }
            vertex = at(vertex).parents.front().vertex;
        }
        for (std::size_t i = between.size(); i-- > 0;) {
            translate(between[i], line);
        }
        line.name = at(vertex).name;
        line.filter = at(vertex).filter;
        mixer_.sources.push_back(std::move(line));
        return mixer_.sources.size() - 1;
    }

    const MixerGraph& graph_;
    Mixer& mixer_;
    std::set<std::size_t> of_destinations_;             // nodes
    std::map<std::size_t, std::size_t> destination_of_; // by pin
    std::map<std::pair<std::size_t, std::uint32_t>, std::size_t> lines_into_mux_;
    std::vector<Mux> muxes_;
    std::size_t steps_ = 0; // of walk(), whatever comes of them
};

Result<MixerFilter> read_filter(Machine& machine, const FilterInfo& info) {
    auto filter = machine.open(info);
    if (!filter) {
        return filter.error();
    }
    MixerFilter result;
    result.name = info.name;
    auto pins = filter->pins();
    if (!pins) {
        return pins.error();
    }
    result.pins = std::move(*pins);
    // A filter may have neither nodes nor connections.
    if (auto nodes = filter->nodes()) {
        result.nodes = std::move(*nodes);
    }
    if (auto connections = filter->connections()) {
        result.connections = std::move(*connections);
    }
    for (const NodeInfo& node : result.nodes) {
        result.controls.push_back(mixer_controls(*filter, node));
    }
    if (machine.crash_report()) {
        return machine.state()->error(STATUS_UNSUCCESSFUL, "reading the mixer");
    }
    return result;
}

} // namespace

void find_mixer_lines(const MixerGraph& graph, Mixer& mixer) {
    LineParser(graph, mixer).parse();
}

} // namespace client

std::uint32_t MixerLine::channels() const {
    std::uint32_t most = 1;
    for (const MixerControl& control : controls) {
        most = std::max(most, control.channels);
    }
    return most;
}

Result<std::vector<Mixer>> read_mixers(Machine& machine) {
    std::vector<Mixer> mixers;
    std::vector<std::vector<client::MixerFilter>> filters;
    for (const FilterInfo& info : machine.filters()) {
        const auto known =
            std::find_if(mixers.begin(), mixers.end(), [&](const Mixer& each) { return each.device == info.device; });
        const auto index = static_cast<std::size_t>(known - mixers.begin());
        if (known == mixers.end()) {
            mixers.push_back({info.device, {}, {}});
            filters.emplace_back();
        }
        auto filter = client::read_filter(machine, info);
        if (!filter) {
            return filter.error();
        }
        filters[index].push_back(std::move(*filter));
    }
    for (std::size_t i = 0; i < mixers.size(); ++i) {
        client::find_mixer_lines(client::make_mixer_graph(filters[i]), mixers[i]);
    }
    return mixers;
}

} // namespace openportcls
