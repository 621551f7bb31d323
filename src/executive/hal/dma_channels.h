// The system's own DMA controller (the ISA 8237s), as a device model implements it.
#pragma once

#include <cstdint>

#include <wdm.h>

#include "machine/machine.h"

namespace openportcls::executive {

// Who waits for the end of a transfer, at the controller's interrupt.
class DmaTransferListener {
public:
    virtual void transfer_ended(DMA_COMPLETION_STATUS status) = 0;

protected:
    ~DmaTransferListener() = default;
};

class SystemDmaController {
public:
    struct Transfer {
        machine::PhysicalAddress address = 0;
        std::uint32_t bytes = 0;
        bool to_device = false;       // memory → device (playback)
        bool auto_initialize = false; // start over at the end
        bool demand = false;          // demand instead of single mode
        std::uint8_t width_bytes = 1;
    };

    virtual ~SystemDmaController() = default;
    virtual bool has_channel(unsigned channel) const = 0;
    virtual void program(unsigned channel, const Transfer& transfer) = 0;
    virtual void mask(unsigned channel) = 0;
    // Bytes that are left, counting down from the length of the transfer (R-DMA-05).
    virtual std::uint32_t NTAPI read_counter(unsigned channel) const = 0;

    // Does it interrupt when a transfer ends? The 8237 does not: its TC line goes to the device.
    virtual bool interrupts() const { return false; }
    // Null: nobody waits any more. Only for controllers that interrupt.
    virtual void listen(unsigned channel, DmaTransferListener* listener) { (void)channel, (void)listener; }
    // What the controller can do besides (ConfigureAdapterChannel); drivers know what the number and the data mean.
    virtual NTSTATUS configure(unsigned channel, ULONG function, void* data) {
        (void)channel, (void)function, (void)data;
        return STATUS_NOT_IMPLEMENTED;
    }
};

// Which controller the machine has, if any.
class DmaChannels {
public:
    void attach(SystemDmaController* controller) { controller_ = controller; }
    SystemDmaController* controller() const { return controller_; }

private:
    SystemDmaController* controller_ = nullptr;
};

} // namespace openportcls::executive
