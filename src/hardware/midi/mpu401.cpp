#include "hardware/midi/mpu401.h"

#include <algorithm>

namespace openportcls::hardware {

// "Hardware Description": two ports, each of which is one thing read and another written.
const std::array<RegisterEntry<Mpu401>, 2> Mpu401::table = {{
    {"data", 0, 1, 0, 0, 0, "Data Port", handler<&Mpu401::read_data>, handler<&Mpu401::data_written>},
    {"status and command", 1, 1, 0, 0, 0, "Status Port, Command Port", handler<&Mpu401::read_status>,
     handler<&Mpu401::command_written>},
}};

void Mpu401::forget() {
    is_uart_ = false;
    wire_free_at_ = 0;
    count_ = 0;
    last_ = nothing_received;
    board_.midi_interrupt(false);
}

std::uint32_t NTAPI Mpu401::read_data(std::uint32_t) {
    if (count_ != 0) {
        last_ = received_[first_];
        first_ = (first_ + 1) % received_.size();
        --count_;
    }
    board_.midi_interrupt(count_ != 0);
    return last_;
}

void Mpu401::push(std::uint8_t byte) {
    if (count_ == received_.size()) {
        ++lost_; // overrun: the newest
        return;
    }
    received_[(first_ + count_++) % received_.size()] = byte;
    board_.midi_interrupt(true);
}

void NTAPI Mpu401::data_written(std::uint32_t value) {
    if (!is_uart_) {
        return; // data of a command of the intelligent mode, which there is none of
    }
    if (is_full()) {
        ++lost_;
        return;
    }
    send(static_cast<std::uint8_t>(value));
}

Nanoseconds Mpu401::send(std::uint8_t byte) {
    wire_free_at_ = std::max(wire_free_at_, machine_.now()) + midi_byte_time;
    if (sink_ != nullptr) {
        sink_->receive(byte, wire_free_at_);
    }
    return wire_free_at_;
}

// "In UART mode all commands but a reset are ignored", and the reset is not acknowledged there.
void NTAPI Mpu401::command_written(std::uint32_t value) {
    if (is_uart_) {
        if (value == command_reset) {
            is_uart_ = false;
            count_ = 0;
            board_.midi_interrupt(false);
        }
        return;
    }
    is_uart_ = value == command_uart;
    push(acknowledge); // the intelligent mode does nothing but that
}

void Mpu401::receive(std::uint8_t byte) {
    if (is_uart_) {
        push(byte);
    }
    board_.midi_received(byte);
}

} // namespace openportcls::hardware
