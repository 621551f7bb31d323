// What the library's users have plugged into the cards of a machine.
#pragma once

#include <map>
#include <memory>

#include "client/pci_bus.h"
#include "client/state.h"
#include "hardware/midi/midi_cable.h"
#include "hardware/motherboard.h"

namespace openportcls::client {

struct MidiPlug {
    std::unique_ptr<hardware::MidiSink> ear;
    std::unique_ptr<hardware::MidiCable> cable; // to the card's own input
};

struct Plugs {
    std::map<const void*, std::unique_ptr<hardware::SoundSink>> ears; // by socket, looked up only
    std::map<const void*, std::unique_ptr<hardware::SoundSource>> sources;
    std::map<const void*, MidiPlug> midi;
    std::unique_ptr<PciBus> pci_bus; // of the board; devices on it go with the machine
};

inline hardware::Motherboard* board_of(const MachineState& state) {
    return state.machine->find_subsystem<hardware::Motherboard>();
}

inline Plugs& plugs_of(MachineState& state) {
    if (state.plugs == nullptr) {
        state.plugs = std::make_shared<Plugs>();
    }
    return *state.plugs;
}

} // namespace openportcls::client
