#include "hardware/sb16/mpu401.h"

#include <algorithm>

namespace openportcls::hardware::sb16 {

namespace {

// MPU-401 Technical Reference, "Host Commands".
constexpr std::uint8_t command_uart = 0x3F;
constexpr std::uint8_t command_reset = 0xFF;

} // namespace

std::uint8_t NTAPI Mpu401::read_data() {
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
        return; // overrun: the newest is lost
    }
    received_[(first_ + count_++) % received_.size()] = byte;
    board_.midi_interrupt(true);
}

void NTAPI Mpu401::write_data(std::uint8_t value) {
    if (!is_uart_ || (read_status() & not_ready) != 0) {
        return;
    }
    send(value);
}

Nanoseconds Mpu401::send(std::uint8_t byte) {
    wire_free_at_ = std::max(wire_free_at_, machine_.now()) + midi_byte_time;
    if (sink_ != nullptr) {
        sink_->receive(byte, wire_free_at_);
    }
    return wire_free_at_;
}

// "In UART mode all commands but a reset are ignored", and the reset is not acknowledged there.
void NTAPI Mpu401::write_command(std::uint8_t value) {
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

} // namespace openportcls::hardware::sb16
