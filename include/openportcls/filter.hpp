// An opened KS filter: its pins, nodes and connections, their formats and controls.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <openportcls/format.hpp>
#include <openportcls/object.hpp>
#include <openportcls/result.hpp>

namespace openportcls {

enum class PinFlow : std::uint8_t { in, out }; // in: towards the filter (render)
// KSPIN_COMMUNICATION: who begins a stream. Applications open sinks, sources and both; none and bridge stand for a
// connection.
enum class PinKind : std::uint8_t { none, sink, source, both, bridge };

// One pin of a filter, as the driver describes it.
struct PinInfo {
    std::uint32_t id = 0;
    PinFlow flow = PinFlow::in;
    PinKind kind = PinKind::none;
    Guid category;                        // KSNODETYPE_SPEAKER, PINNAME_CAPTURE …
    std::string name;                     // as the registry has it for the category; may be empty
    std::vector<WaveRange> ranges;        // audio ranges only
    std::uint32_t possible_instances = 0; // how many streams it takes; UINT32_MAX: any number
    std::uint32_t current_instances = 0;
    std::string connected_to; // other filter's name and pin of the physical connection, "Topology:0"

    bool is_streaming() const { return kind == PinKind::sink || kind == PinKind::both || kind == PinKind::source; }
    bool is_bridge() const { return !is_streaming() || possible_instances == 0; }
};

// One node of a filter: what sound passes through.
struct NodeInfo {
    std::uint32_t id = 0;
    Guid type;        // KSNODETYPE_VOLUME …
    std::string name; // as the registry has it; may be empty
};

// From a node's (or, where node is -1, the filter's) pin to another.
struct ConnectionInfo {
    std::uint32_t from_node = UINT32_MAX;
    std::uint32_t from_pin = 0;
    std::uint32_t to_node = UINT32_MAX;
    std::uint32_t to_pin = 0;
};

// Signal-processing mode of a stream, for drivers that have them.
enum class ProcessingMode : std::uint8_t { none, default_mode, raw };

// Closes its handle when it goes, and nothing else that was opened through it is left.
class Filter : public KsObject {
public:
    // ---- what there is ---------------------------------------------------------------------------------------

    Result<std::vector<PinInfo>> pins() const;
    Result<std::vector<NodeInfo>> nodes() const;
    Result<std::vector<ConnectionInfo>> connections() const;
    // The first pin that streams in this direction and takes the format (any format when null); STATUS_NO_MATCH when
    // there is none.
    Result<PinInfo> find_pin(PinFlow flow, const WaveFormat* format = nullptr) const;

    // ---- formats ---------------------------------------------------------------------------------------------
    // KSPROPERTY_PIN_DATAINTERSECTION: the format the driver picks from a range of the caller's.
    Result<WaveFormat> intersect(std::uint32_t pin, const WaveRange& range) const;
    // KSPROPERTY_PIN_PROPOSEDATAFORMAT: would the pin take this format now?
    Result<void> propose(std::uint32_t pin, const WaveFormat& format, ProcessingMode mode = ProcessingMode::none) const;
    // KSPROPERTY_PIN_PROPOSEDATAFORMAT2: what the driver likes best in a mode.
    Result<WaveFormat> preferred_format(std::uint32_t pin, ProcessingMode mode = ProcessingMode::default_mode) const;
    // KSPROPERTY_AUDIOSIGNALPROCESSING_MODES.
    Result<std::vector<Guid>> processing_modes(std::uint32_t pin) const;

    // ---- volume, mute and other controls, by node ------------------------------------------------------------
    // Channels count from 0. A node of another kind answers with the driver's status, STATUS_NOT_FOUND as a rule.
    struct Range {
        double minimum = 0, maximum = 0, step = 0; // dB
    };
    Result<double> volume(std::uint32_t node, std::uint32_t channel) const; // dB
    // Minus infinity is as low as a LONG goes; not a number is STATUS_INVALID_PARAMETER.
    Result<void> set_volume(std::uint32_t node, std::uint32_t channel, double decibels);
    Result<std::vector<Range>> volume_ranges(std::uint32_t node) const; // one per channel
    Result<bool> mute(std::uint32_t node, std::uint32_t channel) const;
    Result<void> set_mute(std::uint32_t node, std::uint32_t channel, bool mute);
    Result<std::uint32_t> mux(std::uint32_t node) const; // selected input, 1 to n
    Result<void> set_mux(std::uint32_t node, std::uint32_t input);
    Result<double> peak(std::uint32_t node, std::uint32_t channel) const; // 0 to 1 since the last call

private:
    friend class Machine;
    using KsObject::KsObject;
};

} // namespace openportcls
