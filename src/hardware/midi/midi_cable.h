// A MIDI cable between two plugs, of one card or of two.
#pragma once

#include <cstdint>
#include <deque>

#include "hardware/midi/midi_wire.h"
#include "hardware/sound_socket.h"
#include "machine/machine.h"

namespace openportcls::hardware {

// Every byte arrives when its last bit has passed.
class MidiCable final : public MidiSink {
public:
    MidiCable(machine::Machine& machine, MidiPort& to)
        : machine_(machine), to_(to), arrived_(&MidiCable::arrive, this) {}
    MidiCable(const MidiCable&) = delete;
    MidiCable& operator=(const MidiCable&) = delete;

    void receive(std::uint8_t byte, Nanoseconds time) override;
    // Hears what passes.
    void tap(MidiSink* sink) { tap_ = sink; }

private:
    struct Passing {
        std::uint8_t byte;
        Nanoseconds time;
    };
    static void arrive(machine::ClockEvent& event);

    machine::Machine& machine_;
    MidiPort& to_;
    MidiSink* tap_ = nullptr;
    std::deque<Passing> passing_;
    machine::ClockEvent arrived_;
};

} // namespace openportcls::hardware
