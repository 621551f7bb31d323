#include "hardware/midi/midi_cable.h"

namespace openportcls::hardware {

void MidiCable::receive(std::uint8_t byte, Nanoseconds time) {
    if (tap_ != nullptr) {
        tap_->receive(byte, time);
    }
    passing_.push_back({byte, time});
    if (!arrived_.is_scheduled()) {
        machine_.clock().schedule(arrived_, time);
    }
}

void MidiCable::arrive(machine::ClockEvent& event) {
    auto& self = *static_cast<MidiCable*>(event.context());
    const std::uint8_t byte = self.passing_.front().byte;
    self.passing_.pop_front();
    if (!self.passing_.empty()) {
        self.machine_.clock().schedule(event, self.passing_.front().time);
    }
    self.to_.receive(byte);
}

} // namespace openportcls::hardware
