// An opened KS filter: its pins, nodes and connections, and access to every property and event.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <openportcls/format.hpp>
#include <openportcls/result.hpp>

namespace openportcls {

namespace client {
struct FilterState;
struct EventState;
} // namespace client

struct Guid {
    std::uint32_t data1 = 0;
    std::uint16_t data2 = 0;
    std::uint16_t data3 = 0;
    std::array<std::uint8_t, 8> data4{};
    bool operator==(const Guid&) const = default;
};
std::string to_string(const Guid& guid); // {6994ad04-93ef-11d0-a3cc-00a0c9223196}
// The symbol where it is a known one ("KSNODETYPE_VOLUME"), the braces otherwise.
std::string guid_name(const Guid& guid);
std::optional<Guid> parse_guid(std::string_view text);

enum class PinFlow : std::uint8_t { in, out }; // in: towards the filter (render)
enum class PinKind : std::uint8_t { none, sink, source, both, bridge };

struct PinInfo {
    std::uint32_t id = 0;
    PinFlow flow = PinFlow::in;
    PinKind kind = PinKind::none;
    Guid category;
    std::string name;
    std::vector<WaveRange> ranges; // audio ranges only
    std::uint32_t possible_instances = 0;
    std::uint32_t current_instances = 0;
    std::string connected_to; // other filter's name and pin of the physical connection, "Topology:0"

    bool is_streaming() const { return kind == PinKind::sink || kind == PinKind::both || kind == PinKind::source; }
    bool is_bridge() const { return !is_streaming() || possible_instances == 0; }
};

struct NodeInfo {
    std::uint32_t id = 0;
    Guid type;
    std::string name;
};

// From a node's (or, where node is -1, the filter's) pin to another.
struct ConnectionInfo {
    std::uint32_t from_node = UINT32_MAX;
    std::uint32_t from_pin = 0;
    std::uint32_t to_node = UINT32_MAX;
    std::uint32_t to_pin = 0;
};

// Flags of a property request; numerically KSPROPERTY_TYPE_xxx.
enum PropertyFlags : std::uint32_t {
    property_get = 1,
    property_set = 2,
    property_basic_support = 0x200,
    property_topology = 0x10000000,
};

// A fired event, or a subscription that ends with this object.
class EventSubscription {
public:
    EventSubscription(EventSubscription&&) noexcept;
    EventSubscription& operator=(EventSubscription&&) noexcept;
    ~EventSubscription();
    // True once per signalling.
    bool take();
    // Lets simulated time pass until the event is signalled; STATUS_TIMEOUT after `timeout_milliseconds`.
    Result<void> wait(std::uint32_t timeout_milliseconds);

private:
    friend class Filter;
    explicit EventSubscription(std::unique_ptr<client::EventState> state);
    std::unique_ptr<client::EventState> state_;
};

class Filter {
public:
    Filter(Filter&&) noexcept;
    Filter& operator=(Filter&&) noexcept;
    ~Filter(); // closes the handle

    const std::string& name() const;

    Result<std::vector<PinInfo>> pins() const;
    Result<std::vector<NodeInfo>> nodes() const;
    Result<std::vector<ConnectionInfo>> connections() const;
    // The first pin that streams in this direction and takes the format (any format when null).
    Result<PinInfo> find_pin(PinFlow flow, const WaveFormat* format = nullptr) const;

    // ---- volume, mute and other controls, by node ------------------------------------------------------------
    struct Range {
        double minimum = 0, maximum = 0, step = 0;
    };
    Result<double> volume(std::uint32_t node, std::uint32_t channel) const; // dB
    Result<void> set_volume(std::uint32_t node, std::uint32_t channel, double decibels);
    Result<std::vector<Range>> volume_ranges(std::uint32_t node) const; // one per channel
    Result<bool> mute(std::uint32_t node, std::uint32_t channel) const;
    Result<void> set_mute(std::uint32_t node, std::uint32_t channel, bool mute);
    Result<std::uint32_t> mux(std::uint32_t node) const; // selected input, 1 to n
    Result<void> set_mux(std::uint32_t node, std::uint32_t input);
    Result<double> peak(std::uint32_t node, std::uint32_t channel) const; // 0 to 1 since the last call

    // ---- anything else ---------------------------------------------------------------------------------------
    // Sends one IOCTL_KS_PROPERTY. `descriptor`: what follows KSPROPERTY in the input buffer (pin id, node id …).
    // `value` is read for set and written for get; returns the bytes the driver reports.
    Result<std::size_t> property(const Guid& set, std::uint32_t id, std::uint32_t flags,
                                 std::span<const std::byte> descriptor, std::span<std::byte> value) const;
    // Asks for the size first, as KSMULTIPLE_ITEM properties want it.
    Result<std::vector<std::byte>> property_value(const Guid& set, std::uint32_t id,
                                                  std::span<const std::byte> descriptor = {},
                                                  std::uint32_t extra_flags = 0) const;
    // Any IOCTL with any buffers: what fuzzers and conformance tests need. Returns NTSTATUS and Information.
    struct ControlResult {
        std::int32_t status = 0;
        std::uint64_t information = 0;
    };
    ControlResult control(std::uint32_t code, std::span<const std::byte> in, std::span<std::byte> out) const;
    // KSEVENT_CONTROL_CHANGE and the like; `node` -1 for filter events.
    Result<EventSubscription> subscribe(const Guid& set, std::uint32_t id, std::uint32_t node = UINT32_MAX);

    const std::shared_ptr<client::FilterState>& state() const { return state_; }

private:
    friend class Machine;
    explicit Filter(std::shared_ptr<client::FilterState> state);
    std::shared_ptr<client::FilterState> state_;
};

} // namespace openportcls
