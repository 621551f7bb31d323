// Rows that belong to later parts of the project.
#include "claims.h"

namespace coverage {

namespace {

struct Owner {
    const char* part; // of the row's name
    const char* reason;
};

constexpr const char* wave_cyclic = "WaveCyclic port (issue 3)";
constexpr const char* wave_pci = "WavePci port (issue 3)";
constexpr const char* midi = "MIDI port (issue 3)";
constexpr const char* dmus = "DMus port (issue 3)";
constexpr const char* system_miniports = "system-supplied miniports (issue 3)";
constexpr const char* midi_and_dmus = "MIDI and DMus ports (issue 3)";

// Names begin so.
constexpr Owner by_name[] = {
    {"R-WCYC-", wave_cyclic},
    {"R-MIDI-", midi},
    {"R-DMUS-", dmus},
    {"R-WDMA-", "WDMAud's mixer lines (a later issue)"},
    {"IPortWaveCyclic", wave_cyclic},
    {"IMiniportWaveCyclic", wave_cyclic},
    {"IWaveCyclicClock", wave_cyclic},
    {"IWavePciClock", wave_pci},
    {"IPortMidi", midi},
    {"IMiniportMidi", midi},
    {"IMusicTechnology", system_miniports},
    {"IPortDMus", dmus},
    {"IMiniportDMus", dmus},
    {"IMXF", dmus},
    {"IAllocatorMXF", dmus},
    {"ISynthSinkDMus", dmus},
    {"IMasterClock", dmus},
    {"IPositionNotify", dmus},
    {"FmSynth", system_miniports},
    {"UART miniport", system_miniports},
    {"DMusUART", system_miniports},
    {"WaveCyclic port", wave_cyclic},
    {"MIDI port", midi},
    {"DMus port", dmus},
    {"KSPROPERTY_SYNTH_MASTERCLOCK", dmus},
    {"R-SUB-09", system_miniports},
    {"R-SUB-13", midi_and_dmus},
    {"R-INIT-06", "MIDI, DMus and WavePci ports (issue 3)"},
    {"R-INIT-08", system_miniports},
    {"R-INIT-15", system_miniports},
    {"R-FMT-15", midi_and_dmus},
};

} // namespace

std::string owner_of(const Row& row) {
    for (const Owner& owner : by_name) {
        if (row.name.starts_with(owner.part)) {
            return owner.reason;
        }
    }
    return "";
}

} // namespace coverage
