#include <openportcls/filter.hpp>

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include <ks.h>
#include <ksmedia.h>

#include "base/unicode.h"
#include "client/event_state.h"
#include "client/state.h"

namespace openportcls {

using client::EventState;
using client::FilterState;

namespace {

Guid from_windows(const GUID& guid) {
    Guid result;
    std::memcpy(&result, &guid, sizeof guid);
    return result;
}

GUID to_windows(const Guid& guid) {
    GUID result;
    std::memcpy(&result, &guid, sizeof guid);
    return result;
}

template<class T>
std::span<const std::byte> bytes_of(const T& value) {
    return std::as_bytes(std::span(&value, 1));
}

// Pin and node ids follow KSPROPERTY with a reserved word.
struct Target {
    ULONG id;
    ULONG reserved;
};

} // namespace

Filter::Filter(std::shared_ptr<FilterState> state) : state_(std::move(state)) {}
Filter::Filter(Filter&&) noexcept = default;
Filter& Filter::operator=(Filter&&) noexcept = default;
Filter::~Filter() = default;

const std::string& Filter::name() const {
    return state_->name;
}

Filter::ControlResult Filter::control(std::uint32_t code, std::span<const std::byte> in,
                                      std::span<std::byte> out) const {
    ControlResult result;
    ULONG_PTR information = 0;
    result.status = state_->control(code, in.data(), static_cast<ULONG>(in.size()), out.data(),
                                    static_cast<ULONG>(out.size()), &information);
    result.information = information;
    return result;
}

Result<std::size_t> Filter::property(const Guid& set, std::uint32_t id, std::uint32_t flags,
                                     std::span<const std::byte> descriptor, std::span<std::byte> value) const {
    std::vector<std::byte> in(sizeof(KSPROPERTY) + descriptor.size());
    KSPROPERTY header{};
    header.Set = to_windows(set);
    header.Id = id;
    header.Flags = flags;
    std::memcpy(in.data(), &header, sizeof header);
    std::copy(descriptor.begin(), descriptor.end(), in.begin() + sizeof header);
    const ControlResult result = control(IOCTL_KS_PROPERTY, in, value);
    if (!NT_SUCCESS(result.status)) {
        return state_->machine->error(result.status,
                                      fmt::format("{}: property {} of set {}", state_->name, id, to_string(set)));
    }
    return result.information;
}

Result<std::vector<std::byte>> Filter::property_value(const Guid& set, std::uint32_t id,
                                                      std::span<const std::byte> descriptor,
                                                      std::uint32_t extra_flags) const {
    std::vector<std::byte> in(sizeof(KSPROPERTY) + descriptor.size());
    KSPROPERTY header{};
    header.Set = to_windows(set);
    header.Id = id;
    header.Flags = KSPROPERTY_TYPE_GET | extra_flags;
    std::memcpy(in.data(), &header, sizeof header);
    std::copy(descriptor.begin(), descriptor.end(), in.begin() + sizeof header);
    ControlResult result = control(IOCTL_KS_PROPERTY, in, {});
    // The size may change between the question and the request.
    std::vector<std::byte> value;
    for (int attempt = 0; attempt < 4 && result.status == STATUS_BUFFER_OVERFLOW; ++attempt) {
        value.resize(result.information);
        result = control(IOCTL_KS_PROPERTY, in, value);
    }
    if (!NT_SUCCESS(result.status)) {
        return state_->machine->error(result.status,
                                      fmt::format("{}: property {} of set {}", state_->name, id, to_string(set)));
    }
    value.resize(result.information);
    return value;
}

// ---- pins ----------------------------------------------------------------------------------------------------------

namespace {

template<class T>
bool get_pin_value(const Filter& filter, ULONG pin, ULONG id, T& value) {
    const Target target{pin, 0};
    const auto got = filter.property(from_windows(KSPROPSETID_Pin), id, property_get, bytes_of(target),
                                     std::as_writable_bytes(std::span(&value, 1)));
    return got && *got >= sizeof value;
}

std::vector<WaveRange> parse_ranges(std::span<const std::byte> bytes) {
    std::vector<WaveRange> ranges;
    if (bytes.size() < sizeof(KSMULTIPLE_ITEM)) {
        return ranges;
    }
    KSMULTIPLE_ITEM header;
    std::memcpy(&header, bytes.data(), sizeof header);
    std::size_t offset = sizeof header;
    for (ULONG i = 0; i < header.Count && offset + sizeof(KSDATARANGE) <= bytes.size(); ++i) {
        KSDATARANGE range;
        std::memcpy(&range, bytes.data() + offset, sizeof range);
        if (range.FormatSize >= sizeof(KSDATARANGE_AUDIO) && offset + sizeof(KSDATARANGE_AUDIO) <= bytes.size() &&
            IsEqualGUID(range.MajorFormat, KSDATAFORMAT_TYPE_AUDIO)) {
            KSDATARANGE_AUDIO audio;
            std::memcpy(&audio, bytes.data() + offset, sizeof audio);
            WaveRange wave;
            wave.minimum_rate = audio.MinimumSampleFrequency;
            wave.maximum_rate = audio.MaximumSampleFrequency;
            wave.maximum_channels = static_cast<std::uint16_t>(std::min<ULONG>(audio.MaximumChannels, UINT16_MAX));
            wave.minimum_bits = static_cast<std::uint16_t>(audio.MinimumBitsPerSample);
            wave.maximum_bits = static_cast<std::uint16_t>(audio.MaximumBitsPerSample);
            const bool any = IsEqualGUID(range.SubFormat, GUID_NULL);
            wave.is_pcm = any || IsEqualGUID(range.SubFormat, KSDATAFORMAT_SUBTYPE_PCM);
            wave.is_float = any || IsEqualGUID(range.SubFormat, KSDATAFORMAT_SUBTYPE_IEEE_FLOAT);
            ranges.push_back(wave);
        }
        // An attribute list stands behind the range it belongs to and counts as an item of its own (KSDATARANGE page).
        offset += (std::max<std::size_t>(range.FormatSize, sizeof(KSMULTIPLE_ITEM)) + 7) / 8 * 8;
        if ((range.Flags & KSDATARANGE_ATTRIBUTES) != 0 && offset + sizeof(KSMULTIPLE_ITEM) <= bytes.size()) {
            KSMULTIPLE_ITEM attributes;
            std::memcpy(&attributes, bytes.data() + offset, sizeof attributes);
            offset += (std::max<std::size_t>(attributes.Size, sizeof attributes) + 7) / 8 * 8;
            ++i;
        }
    }
    return ranges;
}

std::string text_of(std::span<const std::byte> bytes) {
    std::u16string text(bytes.size() / 2, u'\0');
    std::memcpy(text.data(), bytes.data(), text.size() * 2);
    text.resize(std::min(text.find(u'\0'), text.size()));
    return utf16_to_utf8(text);
}

std::string connection_of(const Filter& filter, ULONG pin) {
    const Target target{pin, 0};
    const auto value =
        filter.property_value(from_windows(KSPROPSETID_Pin), KSPROPERTY_PIN_PHYSICALCONNECTION, bytes_of(target));
    constexpr std::size_t fixed = FIELD_OFFSET(KSPIN_PHYSICALCONNECTION, SymbolicLinkName);
    if (!value || value->size() < fixed) {
        return {};
    }
    ULONG other_pin;
    std::memcpy(&other_pin, value->data() + FIELD_OFFSET(KSPIN_PHYSICALCONNECTION, Pin), sizeof other_pin);
    const std::string link = text_of(std::span(*value).subspan(fixed));
    const std::size_t last = link.find_last_of('\\');
    return fmt::format("{}:{}", last == std::string::npos ? link : link.substr(last + 1), other_pin);
}

} // namespace

Result<std::vector<PinInfo>> Filter::pins() const {
    ULONG count = 0;
    const auto got = property(from_windows(KSPROPSETID_Pin), KSPROPERTY_PIN_CTYPES, property_get, {},
                              std::as_writable_bytes(std::span(&count, 1)));
    if (!got) {
        return got.error();
    }
    std::vector<PinInfo> pins(count);
    for (ULONG id = 0; id < count; ++id) {
        PinInfo& pin = pins[id];
        pin.id = id;
        KSPIN_DATAFLOW flow = KSPIN_DATAFLOW_IN;
        get_pin_value(*this, id, KSPROPERTY_PIN_DATAFLOW, flow);
        pin.flow = flow == KSPIN_DATAFLOW_OUT ? PinFlow::out : PinFlow::in;
        KSPIN_COMMUNICATION kind = KSPIN_COMMUNICATION_NONE;
        get_pin_value(*this, id, KSPROPERTY_PIN_COMMUNICATION, kind);
        pin.kind = static_cast<PinKind>(kind);
        GUID category{};
        get_pin_value(*this, id, KSPROPERTY_PIN_CATEGORY, category);
        pin.category = from_windows(category);
        KSPIN_CINSTANCES instances{};
        get_pin_value(*this, id, KSPROPERTY_PIN_CINSTANCES, instances);
        pin.possible_instances = instances.PossibleCount;
        pin.current_instances = instances.CurrentCount;
        const Target target{id, 0};
        if (auto name = property_value(from_windows(KSPROPSETID_Pin), KSPROPERTY_PIN_NAME, bytes_of(target))) {
            pin.name = text_of(*name);
        }
        if (auto ranges = property_value(from_windows(KSPROPSETID_Pin), KSPROPERTY_PIN_DATARANGES, bytes_of(target))) {
            pin.ranges = parse_ranges(*ranges);
        }
        pin.connected_to = connection_of(*this, id);
        if (state_->machine->machine->is_halted()) {
            return state_->machine->error(STATUS_UNSUCCESSFUL, "listing pins");
        }
    }
    return pins;
}

Result<PinInfo> Filter::find_pin(PinFlow flow, const WaveFormat* format) const {
    auto all = pins();
    if (!all) {
        return all.error();
    }
    bool has_direction = false;
    for (const PinInfo& pin : *all) {
        if (pin.flow != flow || pin.is_bridge() || pin.ranges.empty()) {
            continue;
        }
        has_direction = true;
        if (format == nullptr || std::any_of(pin.ranges.begin(), pin.ranges.end(),
                                             [&](const WaveRange& range) { return range.accepts(*format); })) {
            return pin;
        }
    }
    const char* direction = flow == PinFlow::in ? "plays" : "records";
    return Error{STATUS_NO_MATCH,
                 has_direction ? fmt::format("{}: no pin that {} takes {}", name(), direction, to_string(*format))
                               : fmt::format("{}: no pin {}", name(), direction)};
}

// ---- topology ------------------------------------------------------------------------------------------------------

Result<std::vector<NodeInfo>> Filter::nodes() const {
    auto value = property_value(from_windows(KSPROPSETID_Topology), KSPROPERTY_TOPOLOGY_NODES);
    if (!value) {
        return value.error();
    }
    std::vector<NodeInfo> nodes;
    for (std::size_t offset = sizeof(KSMULTIPLE_ITEM); offset + sizeof(GUID) <= value->size(); offset += sizeof(GUID)) {
        NodeInfo node;
        node.id = static_cast<std::uint32_t>(nodes.size());
        std::memcpy(&node.type, value->data() + offset, sizeof(GUID));
        const Target target{node.id, 0};
        if (auto text =
                property_value(from_windows(KSPROPSETID_Topology), KSPROPERTY_TOPOLOGY_NAME, bytes_of(target))) {
            node.name = text_of(*text);
        }
        nodes.push_back(std::move(node));
    }
    return nodes;
}

Result<std::vector<ConnectionInfo>> Filter::connections() const {
    auto value = property_value(from_windows(KSPROPSETID_Topology), KSPROPERTY_TOPOLOGY_CONNECTIONS);
    if (!value) {
        return value.error();
    }
    std::vector<ConnectionInfo> connections;
    for (std::size_t offset = sizeof(KSMULTIPLE_ITEM); offset + sizeof(KSTOPOLOGY_CONNECTION) <= value->size();
         offset += sizeof(KSTOPOLOGY_CONNECTION)) {
        KSTOPOLOGY_CONNECTION connection;
        std::memcpy(&connection, value->data() + offset, sizeof connection);
        connections.push_back({connection.FromNode, connection.FromNodePin, connection.ToNode, connection.ToNodePin});
    }
    return connections;
}

// ---- controls ------------------------------------------------------------------------------------------------------

namespace {

struct NodeChannel {
    ULONG node;
    ULONG reserved;
    LONG channel;
    ULONG reserved2;
};

template<class T>
Result<T> get_node_value(const Filter& filter, ULONG id, std::uint32_t node, std::uint32_t channel) {
    const NodeChannel target{node, 0, static_cast<LONG>(channel), 0};
    T value{};
    const auto got = filter.property(from_windows(KSPROPSETID_Audio), id, property_get | property_topology,
                                     bytes_of(target), std::as_writable_bytes(std::span(&value, 1)));
    if (!got) {
        return got.error();
    }
    return value;
}

template<class T>
Result<void> set_node_value(const Filter& filter, ULONG id, std::uint32_t node, std::uint32_t channel, T value) {
    const NodeChannel target{node, 0, static_cast<LONG>(channel), 0};
    const auto set = filter.property(from_windows(KSPROPSETID_Audio), id, property_set | property_topology,
                                     bytes_of(target), std::as_writable_bytes(std::span(&value, 1)));
    return set ? Result<void>() : Result<void>(set.error());
}

constexpr double level_per_decibel = 65536.0;

} // namespace

Result<double> Filter::volume(std::uint32_t node, std::uint32_t channel) const {
    const auto level = get_node_value<LONG>(*this, KSPROPERTY_AUDIO_VOLUMELEVEL, node, channel);
    if (!level) {
        return level.error();
    }
    return *level / level_per_decibel;
}

Result<void> Filter::set_volume(std::uint32_t node, std::uint32_t channel, double decibels) {
    const double level = std::clamp(decibels * level_per_decibel, -2147483648.0, 2147483647.0);
    return set_node_value<LONG>(*this, KSPROPERTY_AUDIO_VOLUMELEVEL, node, channel, static_cast<LONG>(level));
}

Result<std::vector<Filter::Range>> Filter::volume_ranges(std::uint32_t node) const {
    const NodeChannel target{node, 0, 0, 0};
    std::vector<std::byte> value(sizeof(KSPROPERTY_DESCRIPTION));
    const auto ask = [&] {
        return property(from_windows(KSPROPSETID_Audio), KSPROPERTY_AUDIO_VOLUMELEVEL,
                        property_basic_support | property_topology, bytes_of(target), value);
    };
    auto got = ask();
    if (!got) {
        return got.error();
    }
    KSPROPERTY_DESCRIPTION description;
    std::memcpy(&description, value.data(), sizeof description);
    value.resize(std::clamp<std::size_t>(description.DescriptionSize, sizeof description, 1 << 20));
    got = ask();
    if (!got) {
        return got.error();
    }
    value.resize(std::min(value.size(), *got));
    std::vector<Range> ranges;
    constexpr std::size_t fixed = sizeof(KSPROPERTY_DESCRIPTION) + sizeof(KSPROPERTY_MEMBERSHEADER);
    for (std::size_t offset = fixed; offset + sizeof(KSPROPERTY_STEPPING_LONG) <= value.size();
         offset += sizeof(KSPROPERTY_STEPPING_LONG)) {
        KSPROPERTY_STEPPING_LONG step;
        std::memcpy(&step, value.data() + offset, sizeof step);
        ranges.push_back({step.Bounds.SignedMinimum / level_per_decibel, step.Bounds.SignedMaximum / level_per_decibel,
                          step.SteppingDelta / level_per_decibel});
    }
    return ranges;
}

Result<bool> Filter::mute(std::uint32_t node, std::uint32_t channel) const {
    const auto value = get_node_value<BOOL>(*this, KSPROPERTY_AUDIO_MUTE, node, channel);
    if (!value) {
        return value.error();
    }
    return *value != 0;
}

Result<void> Filter::set_mute(std::uint32_t node, std::uint32_t channel, bool mute) {
    return set_node_value<BOOL>(*this, KSPROPERTY_AUDIO_MUTE, node, channel, mute ? 1 : 0);
}

Result<std::uint32_t> Filter::mux(std::uint32_t node) const {
    return get_node_value<std::uint32_t>(*this, KSPROPERTY_AUDIO_MUX_SOURCE, node, 0);
}

Result<void> Filter::set_mux(std::uint32_t node, std::uint32_t input) {
    return set_node_value<ULONG>(*this, KSPROPERTY_AUDIO_MUX_SOURCE, node, 0, input);
}

Result<double> Filter::peak(std::uint32_t node, std::uint32_t channel) const {
    const auto value = get_node_value<LONG>(*this, KSPROPERTY_AUDIO_PEAKMETER2, node, channel);
    if (!value) {
        return value.error();
    }
    return *value / 2147483647.0;
}

// ---- events --------------------------------------------------------------------------------------------------------

Result<EventSubscription> Filter::subscribe(const Guid& set, std::uint32_t id, std::uint32_t node) {
    auto event = EventState::create(state_, to_windows(set), id, node);
    if (!event) {
        return event.error();
    }
    return EventSubscription(std::move(*event));
}

EventSubscription::EventSubscription(std::unique_ptr<EventState> state) : state_(std::move(state)) {}
EventSubscription::EventSubscription(EventSubscription&&) noexcept = default;
EventSubscription& EventSubscription::operator=(EventSubscription&&) noexcept = default;
EventSubscription::~EventSubscription() = default;

bool EventSubscription::take() {
    return state_->event.take();
}

Result<void> EventSubscription::wait(std::uint32_t timeout_milliseconds) {
    const NTSTATUS status = state_->event.wait(timeout_milliseconds * machine::nanoseconds_per_millisecond);
    return status == STATUS_SUCCESS ? Result<void>()
                                    : Result<void>(state_->filter->machine->error(status, "waiting for an event"));
}

} // namespace openportcls
