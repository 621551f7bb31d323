// What the UART miniports know of an MPU-401: its two ports, its interrupt, and what has come in.
#pragma once

#include <portcls.h>

#include "portcls/helpers/com_object.h"

namespace openportcls::portcls {

class UartDevice {
public:
    using Notify = void (*)(void* context); // at interrupt level

    UartDevice() = default;
    ~UartDevice();
    UartDevice(const UartDevice&) = delete;
    UartDevice& operator=(const UartDevice&) = delete;

    // R-INIT-08, R-DMUS-20. A device without an interrupt has no input. On failure nothing is kept.
    NTSTATUS start(IUnknown* adapter, IResourceList* resources, Notify notify, void* context);
    bool has_interrupt() const { return static_cast<bool>(interrupt_); }

    // Input is kept while somebody listens.
    void set_listening(bool on);
    // Bytes in the order they came, as many as have one time. 0: there is nothing. <= DISPATCH_LEVEL.
    ULONG read(BYTE* bytes, ULONG room, LONGLONG* time);
    // Writes while the device is ready, waiting for it inside a group of four bytes only (R-MIDI-05: all, or a multiple
    // of four, or nothing). <= DISPATCH_LEVEL.
    ULONG write(const BYTE* bytes, ULONG count);
    // To UART mode, again: after the power was off.
    NTSTATUS reset();

private:
    struct Input {
        BYTE byte;
        LONGLONG time;
    };
    struct Transfer {
        UartDevice* device;
        BYTE* bytes;
        ULONG room;
        ULONG count;
        LONGLONG time;
    };
    static constexpr ULONG input_room = 512;

    static NTSTATUS NTAPI service(PINTERRUPTSYNC sync, PVOID context);
    [[gnu::noinline]] static NTSTATUS NTAPI take_input(UartDevice& self);
    static NTSTATUS NTAPI reset_synchronised(PINTERRUPTSYNC sync, PVOID context);
    static NTSTATUS NTAPI read_synchronised(PINTERRUPTSYNC sync, PVOID context);
    static NTSTATUS NTAPI forget_input(PINTERRUPTSYNC sync, PVOID context);

    NTSTATUS find_interrupt(IUnknown* adapter, IResourceList* resources);
    NTSTATUS enter_uart_mode();
    inline bool wait_for(UCHAR status_bit, ULONG microseconds) const;
    bool wait_longer(UCHAR status_bit, ULONG microseconds) const;
    bool send_command(UCHAR command);
    inline UCHAR status() const;
    PUCHAR data_port() const { return ports_; }
    PUCHAR command_port() const { return ports_ + 1; }

    PUCHAR ports_ = nullptr;
    ComPointer<IInterruptSync> interrupt_;
    bool owns_interrupt_ = false;
    Notify notify_ = nullptr;
    void* notify_context_ = nullptr;
    bool is_listening_ = false;
    ULONG first_ = 0;
    ULONG count_ = 0;
    Input input_[input_room];
};

} // namespace openportcls::portcls
