// The MIDI plugs of cards, as the library's users see them.
#include <fmt/format.h>

#include <openportcls/machine.hpp>

#include "client/plugs.h"
#include "machine/host_code.h"

namespace openportcls {

namespace client {

namespace {

class MidiEar final : public hardware::MidiSink {
public:
    explicit MidiEar(Machine::MidiHearing hearing) : hearing_(std::move(hearing)) {}
    void receive(std::uint8_t byte, machine::Nanoseconds time) override {
        const machine::HostCode application(machine::Machine::current());
        hearing_(std::chrono::nanoseconds(time), static_cast<std::byte>(byte));
    }

private:
    Machine::MidiHearing hearing_;
};

Result<hardware::MidiPort*> midi_port(const MachineState& state, std::string_view card) {
    hardware::Motherboard* const board = board_of(state);
    hardware::MidiPort* const port = board != nullptr ? board->midi(card) : nullptr;
    if (port == nullptr) {
        return Error{STATUS_OBJECT_NAME_NOT_FOUND, card.empty() ? std::string("no card has a MIDI plug")
                                                                : fmt::format("no card \"{}\" has a MIDI plug", card)};
    }
    return port;
}

// Through the cable, where there is one.
void connect(hardware::MidiPort& port, const MidiPlug& plug) {
    if (plug.cable != nullptr) {
        plug.cable->tap(plug.ear.get());
        port.plug(plug.cable.get());
    } else {
        port.plug(plug.ear.get());
    }
}

} // namespace

} // namespace client

Result<void> Machine::listen_midi(std::string_view card, MidiHearing hearing) {
    const auto port = client::midi_port(*state_, card);
    if (!port) {
        return port.error();
    }
    client::MidiPlug& plug = client::plugs_of(*state_).midi[*port];
    auto ear = hearing ? std::make_unique<client::MidiEar>(std::move(hearing)) : nullptr;
    const auto before = std::move(plug.ear);
    plug.ear = std::move(ear);
    client::connect(**port, plug);
    return {};
}

Result<void> Machine::loop_midi(std::string_view card) {
    const auto port = client::midi_port(*state_, card);
    if (!port) {
        return port.error();
    }
    client::MidiPlug& plug = client::plugs_of(*state_).midi[*port];
    if (plug.cable == nullptr) {
        plug.cable = std::make_unique<hardware::MidiCable>(*state_->machine, **port);
        client::connect(**port, plug);
    }
    return {};
}

} // namespace openportcls
