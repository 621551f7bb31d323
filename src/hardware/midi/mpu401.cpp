#include "hardware/midi/mpu401.h"

#include <algorithm>

namespace openportcls::hardware {

namespace {

constexpr std::uint64_t port_count = 2;
constexpr std::uint32_t data_port = 0;

} // namespace

Mpu401::Mpu401(machine::Machine& machine, machine::InterruptLine& line, const Mpu401Options& options)
    : machine_(machine), line_(line), options_(options), output_(std::max(options.output_fifo, 1U)),
      input_(std::max(options.input_fifo, 1U)), sent_event_(sent, this), arrived_event_(arrived, this) {}

Result<std::unique_ptr<Mpu401>> Mpu401::create(machine::Machine& machine, machine::InterruptLine& line,
                                               const Mpu401Options& options) {
    std::unique_ptr<Mpu401> device(new Mpu401(machine, line, options));
    auto claimed = machine.ports().claim(options.port, port_count, *device, 0);
    if (!claimed) {
        return claimed.error();
    }
    return device;
}

Mpu401::~Mpu401() {
    if (const auto* claim = machine_.ports().find(options_.port); claim != nullptr && claim->device == this) {
        machine_.ports().release(options_.port);
    }
    line_.lower();
}

std::uint64_t NTAPI Mpu401::read_port(unsigned, std::uint32_t offset, machine::AccessWidth) {
    return offset == data_port ? read_data() : status();
}

void NTAPI Mpu401::write_port(unsigned, std::uint32_t offset, machine::AccessWidth, std::uint64_t value) {
    const auto byte = static_cast<std::uint8_t>(value);
    if (offset == data_port) {
        write_data(byte);
    } else {
        write_command(byte);
    }
}

std::uint8_t Mpu401::status() const {
    const bool is_full = is_sending_ && output_count_ >= options_.output_fifo;
    return static_cast<std::uint8_t>((input_count_ == 0 ? status_no_data : 0) | (is_full ? status_not_ready : 0));
}

// Without new data the register keeps what it had.
std::uint8_t Mpu401::read_data() {
    if (input_count_ != 0) {
        last_read_ = input_[input_first_];
        input_first_ = (input_first_ + 1) % static_cast<std::uint32_t>(input_.size());
        --input_count_;
        update_line();
    }
    return last_read_;
}

void Mpu401::push_input(std::uint8_t byte) {
    if (input_count_ == input_.size()) {
        ++lost_;
        return;
    }
    input_[(input_first_ + input_count_) % input_.size()] = byte;
    ++input_count_;
    update_line();
}

void Mpu401::update_line() {
    if (input_count_ != 0) {
        line_.raise();
    } else {
        line_.lower();
    }
}

// Section 3: a reset leaves UART mode and is acknowledged only when the unit was not in it.
void Mpu401::write_command(std::uint8_t command) {
    if (command == command_reset) {
        const bool was_uart = is_uart_;
        is_uart_ = false;
        input_count_ = 0;
        update_line();
        if (!was_uart) {
            push_input(acknowledge);
        }
    } else if (command == command_uart && !is_uart_) {
        is_uart_ = true;
        push_input(acknowledge);
    }
}

void Mpu401::write_data(std::uint8_t byte) {
    if (!is_uart_) {
        return; // data of a command of the intelligent mode, which there is none of
    }
    if (!is_sending_) {
        is_sending_ = true;
        on_wire_ = byte;
        machine_.clock().schedule(sent_event_, machine_.now() + midi_byte_time);
    } else if (output_count_ < options_.output_fifo) {
        output_[(output_first_ + output_count_) % output_.size()] = byte;
        ++output_count_;
    } else {
        ++lost_;
    }
}

void Mpu401::sent(machine::ClockEvent& event) {
    auto& self = *static_cast<Mpu401*>(event.context());
    const machine::Nanoseconds time = event.due();
    const std::uint8_t byte = self.on_wire_;
    self.is_sending_ = self.output_count_ != 0;
    if (self.is_sending_) {
        self.on_wire_ = self.output_[self.output_first_];
        self.output_first_ = (self.output_first_ + 1) % static_cast<std::uint32_t>(self.output_.size());
        --self.output_count_;
        self.machine_.clock().schedule(event, time + midi_byte_time);
    }
    if (self.sink_ != nullptr) {
        self.sink_->receive(byte, time);
    }
}

void Mpu401::play_in(std::span<const std::uint8_t> bytes) {
    cable_.insert(cable_.end(), bytes.begin(), bytes.end());
    if (!cable_.empty() && !arrived_event_.is_scheduled()) {
        machine_.clock().schedule(arrived_event_, machine_.now() + midi_byte_time);
    }
}

void Mpu401::arrived(machine::ClockEvent& event) {
    auto& self = *static_cast<Mpu401*>(event.context());
    const std::uint8_t byte = self.cable_.front();
    self.cable_.pop_front();
    if (!self.cable_.empty()) {
        self.machine_.clock().schedule(event, event.due() + midi_byte_time);
    }
    if (self.is_uart_) {
        self.push_input(byte);
    }
}

} // namespace openportcls::hardware
