// One loop for each port driver: what goes into a render pin comes out of a capture pin of the same filter.
#pragma once

#include <ostream>

#include "card_fixture.h"
#include "client/state.h"
#include "portcls/device_context.h"
#include "portcls/helpers/com_object.h"
#include "portcls/pin.h"
#include "portcls/port.h"

namespace openportcls::ports {

enum class Sound : std::uint8_t { wave, midi, direct_music };

// A port driver with a test driver on it, and the pins of its filter that stream.
struct PortKind {
    const char* name;
    const char* module;
    const char* inf;
    const char* filter;
    Sound sound;
    std::uint32_t render_pin;
    std::uint32_t capture_pin;
    bool can_rebalance; // R-PNP-01: WaveRT and Topology only
    // A request that is stopped ends well: DirectMusic events are the port's once they are read, and a WavePci capture
    // gives what its packet has (R-WPCI-11).
    bool render_ends_well = false;
    bool capture_ends_well = false;

    bool ends_well(bool capture) const { return capture ? capture_ends_well : render_ends_well; }
};

inline void PrintTo(const PortKind& kind, std::ostream* out) {
    *out << kind.name;
}

inline const PortKind port_kinds[] = {
    {"WaveRT", "cable", "", "Wave", Sound::wave, UINT32_MAX, UINT32_MAX, true},
    {"WaveCyclic", CYCLIC_MODULE, CYCLIC_INF, "Wave", Sound::wave, 0, 1, false},
    {"WavePci", WAVEPCI_MODULE, WAVEPCI_INF, "Wave", Sound::wave, 0, 1, false, false, true},
    {"Midi", MIDI_MODULE, MIDI_INF, "Midi", Sound::midi, 0, 1, false},
    {"DMusLegacy", DMUS_MODULE, DMUS_INF, "Midi", Sound::midi, 0, 2, false},
    {"DMus", DMUS_MODULE, DMUS_INF, "Midi", Sound::direct_music, 1, 3, false, true, false},
};

// KSDATAFORMAT of a music pin.
std::vector<std::byte> music_format(Sound sound);
// One KSMUSICFORMAT or DMUS_EVENTHEADER record: a note, ten seconds after the stream's start.
Bytes late_note(Sound sound);

class PortLoop {
public:
    void start(const PortKind& kind, std::vector<std::string> parameters = {});
    // What is left behind is a failure.
    void finish();

    // A WaveRT pin has its buffer.
    Result<Pin> open(bool capture);
    // A request that stays pending for a while; nothing on WaveRT, which has a buffer instead.
    Result<void> queue(Pin& pin, bool capture);
    Device device() { return driver->devices().front(); }
    portcls::DeviceContext& context();
    template<class Function>
    void inside(Function&& function) {
        ASSERT_TRUE(machine->state()->machine->enter(std::forward<Function>(function)));
    }

    const PortKind* kind = nullptr;
    std::optional<Machine> machine;
    std::optional<Driver> driver;
    std::optional<Filter> filter;
    Bytes buffer;
    std::optional<StreamRequest> request;
};

} // namespace openportcls::ports
