// The filter of an MPU-401: stream pins, and bridge pins that stand for its plugs. Each miniport has one of its own,
// since IMusicTechnology changes the data ranges (R-INIT-15).
#pragma once

#include <dmusicks.h>

namespace openportcls::portcls {

class UartDescription {
public:
    struct Shape {
        bool has_render;
        bool has_capture;
        bool has_direct_music;           // R-FMT-15, R-DMUS-21: the legacy pins come first
        const PCAUTOMATION_TABLE* synth; // of the nodes behind DirectMusic pins
    };

    UartDescription();
    UartDescription(const UartDescription&) = delete;
    UartDescription& operator=(const UartDescription&) = delete;

    void set_technology(const GUID& technology);
    PCFILTER_DESCRIPTOR* make(const Shape& shape);

    // A pin that clients open, and its direction.
    bool is_stream(ULONG pin, bool capture) const;

private:
    static constexpr ULONG most_pins = 6;

    ULONG add_stream(bool direct_music, KSPIN_DATAFLOW flow);
    ULONG add_bridge(KSPIN_DATAFLOW flow);
    void connect(ULONG from_node, ULONG from_pin, ULONG to_node, ULONG to_pin);
    void add_direction(const Shape& shape, KSPIN_DATAFLOW flow);

    KSDATARANGE_MUSIC midi_;
    KSDATARANGE_MUSIC direct_music_;
    KSDATARANGE bridge_;
    PKSDATARANGE midi_ranges_[1];
    PKSDATARANGE direct_music_ranges_[1];
    PKSDATARANGE bridge_ranges_[1];
    PCPIN_DESCRIPTOR pins_[most_pins];
    ULONG pin_count_ = 0;
    PCNODE_DESCRIPTOR nodes_[2];
    ULONG node_count_ = 0;
    PCCONNECTION_DESCRIPTOR connections_[2 * most_pins];
    ULONG connection_count_ = 0;
    GUID categories_[3];
    PCFILTER_DESCRIPTOR filter_;
};

} // namespace openportcls::portcls
