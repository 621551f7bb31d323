// The filter a synthesizer is: a MIDI pin, the synthesizer's node, with or without a volume node, and an analog pin.
#pragma once

#include <array>

#include <portcls.h>

namespace openportcls::portcls::fmsynth {

inline constexpr ULONG midi_pin = 0;
inline constexpr ULONG analog_pin = 1;
inline constexpr ULONG synthesizer_node = 0;
inline constexpr ULONG volume_node = 1;

// Its range says how many notes the chip plays, so every miniport has one of its own.
class Description {
public:
    // `volume_handler`: of KSPROPERTY_AUDIO_VOLUMELEVEL; null for a filter without a volume node.
    void fill(ULONG notes, PCPFNPROPERTY_HANDLER volume_handler);
    PCFILTER_DESCRIPTOR* filter() { return &filter_; }

private:
    void fill_ranges(ULONG notes);
    void fill_pins();

    PCFILTER_DESCRIPTOR filter_{};
    std::array<PCPIN_DESCRIPTOR, 2> pins_{};
    std::array<PCNODE_DESCRIPTOR, 2> nodes_{};
    std::array<PCCONNECTION_DESCRIPTOR, 3> connections_{};
    std::array<GUID, 3> categories_{};
    PCPROPERTY_ITEM volume_property_{};
    PCAUTOMATION_TABLE volume_table_{};
    KSDATARANGE_MUSIC midi_range_{};
    KSDATARANGE analog_range_{};
    PKSDATARANGE midi_ranges_[1] = {};
    PKSDATARANGE analog_ranges_[1] = {};
};

} // namespace openportcls::portcls::fmsynth
