#include "portcls/miniports/uart/device.h"

#include "executive/hal/port_access.h"
#include "portcls/ports/dmus/presentation_clock.h"

namespace openportcls::portcls {

namespace {

// "MIDI Processing Unit MPU-401 Technical Reference Manual", sections 1 and 3.
constexpr UCHAR status_no_data = 0x80;
constexpr UCHAR status_not_ready = 0x40;
constexpr UCHAR command_reset = 0xFF;
constexpr UCHAR command_uart = 0x3F;
constexpr UCHAR acknowledge = 0xFE;

constexpr ULONG poll_microseconds = 10;
constexpr ULONG command_microseconds = 10'000;
constexpr ULONG byte_microseconds = 500; // one is on the cable for 320

constexpr ULONG group_bytes = 4;

} // namespace

UartDevice::~UartDevice() {
    if (interrupt_ && owns_interrupt_) {
        interrupt_->Disconnect();
    }
}

NTSTATUS UartDevice::start(IUnknown* adapter, IResourceList* resources, Notify notify, void* context) {
    if (resources == nullptr || resources->NumberOfPorts() == 0) {
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    }
    ports_ = reinterpret_cast<PUCHAR>(static_cast<ULONG_PTR>(resources->FindTranslatedPort(0)->u.Port.Start.QuadPart));
    notify_ = notify;
    notify_context_ = context;
    NTSTATUS status = find_interrupt(adapter, resources);
    if (NT_SUCCESS(status)) {
        status = reset();
    }
    if (NT_SUCCESS(status) && interrupt_) {
        status = interrupt_->RegisterServiceRoutine(service, this, FALSE);
    }
    if (NT_SUCCESS(status) && owns_interrupt_) {
        status = interrupt_->Connect();
    }
    return status;
}

// R-INIT-08: the adapter's, if it has one; else one of our own.
NTSTATUS UartDevice::find_interrupt(IUnknown* adapter, IResourceList* resources) {
    interrupt_ = ComPointer<IInterruptSync>::query(adapter, IID_IInterruptSync);
    if (interrupt_ || resources->NumberOfInterrupts() == 0) {
        return STATUS_SUCCESS;
    }
    owns_interrupt_ = true;
    return PcNewInterruptSync(interrupt_.receive(), nullptr, resources, 0, InterruptSyncModeNormal);
}

// What is on the way of every byte is inline, and does without the exports: a System V function they call costs them
// ten saved registers.
inline UCHAR UartDevice::status() const {
    return executive::read_port(command_port());
}

// For a bit of the status to be clear.
[[gnu::always_inline]] inline bool UartDevice::wait_for(UCHAR status_bit, ULONG microseconds) const {
    return (status() & status_bit) == 0 || wait_longer(status_bit, microseconds);
}

bool UartDevice::wait_longer(UCHAR status_bit, ULONG microseconds) const {
    for (ULONG waited = 0; waited < microseconds; waited += poll_microseconds) {
        KeStallExecutionProcessor(poll_microseconds);
        if ((status() & status_bit) == 0) {
            return true;
        }
    }
    return false;
}

// True when it was acknowledged.
bool UartDevice::send_command(UCHAR command) {
    if (!wait_for(status_not_ready, command_microseconds)) {
        return false;
    }
    WRITE_PORT_UCHAR(command_port(), command);
    return wait_for(status_no_data, command_microseconds) && READ_PORT_UCHAR(data_port()) == acknowledge;
}

// A unit that is in UART mode does not acknowledge its reset: the second one tells whether there is a unit.
NTSTATUS UartDevice::enter_uart_mode() {
    if (!send_command(command_reset) && !send_command(command_reset)) {
        return STATUS_IO_DEVICE_ERROR;
    }
    return send_command(command_uart) ? STATUS_SUCCESS : STATUS_IO_DEVICE_ERROR;
}

NTSTATUS NTAPI UartDevice::reset_synchronised(PINTERRUPTSYNC, PVOID context) {
    return static_cast<UartDevice*>(context)->enter_uart_mode();
}

NTSTATUS UartDevice::reset() {
    return interrupt_ ? interrupt_->CallSynchronizedRoutine(reset_synchronised, this) : enter_uart_mode();
}

NTSTATUS NTAPI UartDevice::service(PINTERRUPTSYNC, PVOID context) {
    auto& self = *static_cast<UartDevice*>(context);
    if ((self.status() & status_no_data) != 0) {
        return STATUS_UNSUCCESSFUL; // another device's, as most are on a card that plays
    }
    return take_input(self);
}

NTSTATUS NTAPI UartDevice::take_input(UartDevice& self) {
    const LONGLONG now = master_time();
    do {
        const BYTE byte = READ_PORT_UCHAR(self.data_port());
        if (self.is_listening_ && self.count_ < input_room) {
            self.input_[(self.first_ + self.count_) % input_room] = {byte, now};
            ++self.count_;
        }
    } while ((self.status() & status_no_data) == 0);
    if (self.is_listening_) {
        self.notify_(self.notify_context_);
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI UartDevice::read_synchronised(PINTERRUPTSYNC, PVOID context) {
    auto& transfer = *static_cast<Transfer*>(context);
    UartDevice& self = *transfer.device;
    transfer.time = self.count_ != 0 ? self.input_[self.first_].time : 0;
    while (self.count_ != 0 && transfer.count < transfer.room && self.input_[self.first_].time == transfer.time) {
        transfer.bytes[transfer.count++] = self.input_[self.first_].byte;
        self.first_ = (self.first_ + 1) % input_room;
        --self.count_;
    }
    return STATUS_SUCCESS;
}

ULONG UartDevice::read(BYTE* bytes, ULONG room, LONGLONG* time) {
    Transfer transfer{this, bytes, room, 0, 0};
    if (interrupt_) {
        interrupt_->CallSynchronizedRoutine(read_synchronised, &transfer);
    }
    *time = transfer.time;
    return transfer.count;
}

NTSTATUS NTAPI UartDevice::forget_input(PINTERRUPTSYNC, PVOID context) {
    static_cast<UartDevice*>(context)->count_ = 0;
    return STATUS_SUCCESS;
}

void UartDevice::set_listening(bool on) {
    is_listening_ = on;
    if (!on && interrupt_) {
        interrupt_->CallSynchronizedRoutine(forget_input, this);
    }
}

ULONG UartDevice::write(const BYTE* bytes, ULONG count) {
    ULONG written = 0;
    while (written < count) {
        const bool begins_group = written % group_bytes == 0;
        if (!wait_for(status_not_ready, begins_group ? 0 : byte_microseconds)) {
            break;
        }
        executive::write_port(data_port(), bytes[written++]);
    }
    return written;
}

} // namespace openportcls::portcls
