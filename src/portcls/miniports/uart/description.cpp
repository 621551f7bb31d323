#include "portcls/miniports/uart/description.h"

namespace openportcls::portcls {

namespace {

const GUID stream_category = KSCATEGORY_AUDIO;
const GUID jack_category = KSNODETYPE_MIDI_JACK;
const GUID synth_node = KSNODETYPE_SYNTHESIZER;

KSDATARANGE_MUSIC music_range(const GUID& subformat) {
    KSDATARANGE_MUSIC range{};
    range.DataRange.FormatSize = sizeof range;
    range.DataRange.MajorFormat = KSDATAFORMAT_TYPE_MUSIC;
    range.DataRange.SubFormat = subformat;
    range.DataRange.Specifier = KSDATAFORMAT_SPECIFIER_NONE;
    range.Technology = KSMUSIC_TECHNOLOGY_PORT;
    range.ChannelMask = 0xFFFF;
    return range;
}

KSDATARANGE bridge_range() {
    KSDATARANGE range{};
    range.FormatSize = sizeof range;
    range.MajorFormat = KSDATAFORMAT_TYPE_MUSIC;
    range.SubFormat = KSDATAFORMAT_SUBTYPE_MIDI_BUS;
    range.Specifier = KSDATAFORMAT_SPECIFIER_NONE;
    return range;
}

} // namespace

UartDescription::UartDescription()
    : midi_(music_range(KSDATAFORMAT_SUBTYPE_MIDI)), direct_music_(music_range(KSDATAFORMAT_SUBTYPE_DIRECTMUSIC)),
      bridge_(bridge_range()), midi_ranges_{reinterpret_cast<PKSDATARANGE>(&midi_)},
      direct_music_ranges_{reinterpret_cast<PKSDATARANGE>(&direct_music_)}, bridge_ranges_{&bridge_}, pins_{}, nodes_{},
      connections_{}, categories_{KSCATEGORY_AUDIO, {}, {}}, filter_{} {}

void UartDescription::set_technology(const GUID& technology) {
    midi_.Technology = technology;
    direct_music_.Technology = technology;
}

ULONG UartDescription::add_stream(bool direct_music, KSPIN_DATAFLOW flow) {
    PCPIN_DESCRIPTOR& pin = pins_[pin_count_];
    pin.MaxGlobalInstanceCount = 1;
    pin.MaxFilterInstanceCount = 1;
    pin.KsPinDescriptor.DataRangesCount = 1;
    pin.KsPinDescriptor.DataRanges = direct_music ? direct_music_ranges_ : midi_ranges_;
    pin.KsPinDescriptor.DataFlow = flow;
    pin.KsPinDescriptor.Communication = KSPIN_COMMUNICATION_SINK;
    pin.KsPinDescriptor.Category = &stream_category;
    return pin_count_++;
}

ULONG UartDescription::add_bridge(KSPIN_DATAFLOW flow) {
    PCPIN_DESCRIPTOR& pin = pins_[pin_count_];
    pin.KsPinDescriptor.DataRangesCount = 1;
    pin.KsPinDescriptor.DataRanges = bridge_ranges_;
    pin.KsPinDescriptor.DataFlow = flow;
    pin.KsPinDescriptor.Communication = KSPIN_COMMUNICATION_NONE;
    pin.KsPinDescriptor.Category = &jack_category;
    return pin_count_++;
}

void UartDescription::connect(ULONG from_node, ULONG from_pin, ULONG to_node, ULONG to_pin) {
    connections_[connection_count_++] = {from_node, from_pin, to_node, to_pin};
}

// KSFILTER_NODE, stream → … → bridge, or the other way.
void UartDescription::add_direction(const Shape& shape, KSPIN_DATAFLOW flow) {
    const bool render = flow == KSPIN_DATAFLOW_IN;
    const auto join = [&](ULONG stream, ULONG bridge) {
        connect(PCFILTER_NODE, render ? stream : bridge, PCFILTER_NODE, render ? bridge : stream);
    };
    const ULONG legacy = add_stream(false, flow);
    if (!shape.has_direct_music) {
        join(legacy, add_bridge(render ? KSPIN_DATAFLOW_OUT : KSPIN_DATAFLOW_IN));
        return;
    }
    const ULONG direct_music = add_stream(true, flow);
    const ULONG bridge = add_bridge(render ? KSPIN_DATAFLOW_OUT : KSPIN_DATAFLOW_IN);
    join(legacy, bridge);
    // A node's pin 1 is its input, 0 its output.
    const ULONG node = node_count_++;
    nodes_[node].Type = &synth_node;
    nodes_[node].AutomationTable = shape.synth;
    connect(PCFILTER_NODE, render ? direct_music : bridge, node, 1);
    connect(node, 0, PCFILTER_NODE, render ? bridge : direct_music);
}

PCFILTER_DESCRIPTOR* UartDescription::make(const Shape& shape) {
    pin_count_ = 0;
    node_count_ = 0;
    connection_count_ = 0;
    ULONG category_count = 1;
    if (shape.has_render) {
        add_direction(shape, KSPIN_DATAFLOW_IN);
        categories_[category_count++] = KSCATEGORY_RENDER; // R-SUB-09: and never KSCATEGORY_SYNTHESIZER
    }
    if (shape.has_capture) {
        add_direction(shape, KSPIN_DATAFLOW_OUT);
        categories_[category_count++] = KSCATEGORY_CAPTURE;
    }
    filter_.PinSize = sizeof(PCPIN_DESCRIPTOR);
    filter_.PinCount = pin_count_;
    filter_.Pins = pins_;
    filter_.NodeSize = sizeof(PCNODE_DESCRIPTOR);
    filter_.NodeCount = node_count_;
    filter_.Nodes = nodes_;
    filter_.ConnectionCount = connection_count_;
    filter_.Connections = connections_;
    filter_.CategoryCount = category_count;
    filter_.Categories = categories_;
    return &filter_;
}

bool UartDescription::is_stream(ULONG pin, bool capture) const {
    return pin < pin_count_ && pins_[pin].KsPinDescriptor.Communication == KSPIN_COMMUNICATION_SINK &&
           pins_[pin].KsPinDescriptor.DataFlow == (capture ? KSPIN_DATAFLOW_OUT : KSPIN_DATAFLOW_IN);
}

} // namespace openportcls::portcls
