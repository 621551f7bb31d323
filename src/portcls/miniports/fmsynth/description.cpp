#include "portcls/miniports/fmsynth/description.h"

namespace openportcls::portcls::fmsynth {

namespace {

constexpr ULONG midi_channels = 16;

KSDATARANGE range_of(ULONG size, const GUID& major, const GUID& sub) {
    KSDATARANGE range{};
    range.FormatSize = size;
    range.MajorFormat = major;
    range.SubFormat = sub;
    range.Specifier = KSDATAFORMAT_SPECIFIER_NONE;
    return range;
}

} // namespace

void Description::fill(ULONG notes, PCPFNPROPERTY_HANDLER volume_handler) {
    fill_ranges(notes);
    fill_pins();
    nodes_[synthesizer_node] = {0, nullptr, &KSNODETYPE_SYNTHESIZER, nullptr};
    nodes_[volume_node] = {0, &volume_table_, &KSNODETYPE_VOLUME, &KSAUDFNAME_MIDI_VOLUME};
    volume_property_ = {&KSPROPSETID_Audio, KSPROPERTY_AUDIO_VOLUMELEVEL,
                        KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_SET | KSPROPERTY_TYPE_BASICSUPPORT, volume_handler};
    volume_table_.PropertyItemSize = sizeof(PCPROPERTY_ITEM);
    volume_table_.PropertyCount = 1;
    volume_table_.Properties = &volume_property_;

    const bool has_volume = volume_handler != nullptr;
    const ULONG last_node = has_volume ? volume_node : synthesizer_node;
    ULONG connections = 0;
    // R-DESC-06: a node's input is its pin 1, its output pin 0.
    connections_[connections++] = {PCFILTER_NODE, midi_pin, synthesizer_node, 1};
    if (has_volume) {
        connections_[connections++] = {synthesizer_node, 0, volume_node, 1};
    }
    connections_[connections++] = {last_node, 0, PCFILTER_NODE, analog_pin};

    categories_ = {KSCATEGORY_AUDIO, KSCATEGORY_RENDER, KSCATEGORY_SYNTHESIZER};
    filter_.PinSize = sizeof(PCPIN_DESCRIPTOR);
    filter_.PinCount = static_cast<ULONG>(pins_.size());
    filter_.Pins = pins_.data();
    filter_.NodeSize = sizeof(PCNODE_DESCRIPTOR);
    filter_.NodeCount = last_node + 1;
    filter_.Nodes = nodes_.data();
    filter_.ConnectionCount = connections;
    filter_.Connections = connections_.data();
    filter_.CategoryCount = static_cast<ULONG>(categories_.size());
    filter_.Categories = categories_.data();
}

// R-FMT-15; the technology is the one "Music Technology GUIDs" gives for this miniport.
void Description::fill_ranges(ULONG notes) {
    midi_range_.DataRange = range_of(sizeof(KSDATARANGE_MUSIC), KSDATAFORMAT_TYPE_MUSIC, KSDATAFORMAT_SUBTYPE_MIDI);
    midi_range_.Technology = KSMUSIC_TECHNOLOGY_FMSYNTH;
    midi_range_.Channels = midi_channels;
    midi_range_.Notes = notes;
    midi_range_.ChannelMask = 0xFFFF;
    midi_ranges_[0] = &midi_range_.DataRange;
    analog_range_ = range_of(sizeof(KSDATARANGE), KSDATAFORMAT_TYPE_AUDIO, KSDATAFORMAT_SUBTYPE_ANALOG);
    analog_ranges_[0] = &analog_range_;
}

void Description::fill_pins() {
    PCPIN_DESCRIPTOR& midi = pins_[midi_pin];
    midi.MaxGlobalInstanceCount = 1;
    midi.MaxFilterInstanceCount = 1;
    midi.KsPinDescriptor.DataRangesCount = 1;
    midi.KsPinDescriptor.DataRanges = midi_ranges_;
    midi.KsPinDescriptor.DataFlow = KSPIN_DATAFLOW_IN;
    midi.KsPinDescriptor.Communication = KSPIN_COMMUNICATION_SINK;
    midi.KsPinDescriptor.Category = &KSCATEGORY_AUDIO;
    // R-DESC-07: a bridge pin; R-DESC-10: its name tells it from the other.
    PCPIN_DESCRIPTOR& analog = pins_[analog_pin];
    analog.KsPinDescriptor.DataRangesCount = 1;
    analog.KsPinDescriptor.DataRanges = analog_ranges_;
    analog.KsPinDescriptor.DataFlow = KSPIN_DATAFLOW_OUT;
    analog.KsPinDescriptor.Communication = KSPIN_COMMUNICATION_NONE;
    analog.KsPinDescriptor.Category = &KSCATEGORY_AUDIO;
    analog.KsPinDescriptor.Name = &KSAUDFNAME_MIDI;
}

} // namespace openportcls::portcls::fmsynth
