// The system's own DMA controller (the ISA 8237s), as a device model implements it.
#pragma once

#include <cstdint>

#include "machine/machine.h"

namespace openportcls::executive {

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
    virtual std::uint32_t read_counter(unsigned channel) const = 0;
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
