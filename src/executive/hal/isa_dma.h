// The HAL's side of the 8237 DMA controllers of an ISA board: it programs them through their ports, as it does on a PC.
#pragma once

#include "executive/hal/dma_channels.h"
#include "machine/machine.h"

namespace openportcls::executive {

class IsaDma final : public SystemDmaController {
public:
    explicit IsaDma(machine::Machine& machine) : machine_(machine) {}

    // Where nothing answers at the controllers' ports there are no channels.
    bool has_channel(unsigned channel) const override;
    void program(unsigned channel, const Transfer& transfer) override;
    void mask(unsigned channel) override;
    std::uint32_t NTAPI read_counter(unsigned channel) const override;

private:
    // All accesses of one operation take their time before the first of them: nobody gets in between, as a HAL makes
    // sure with a lock.
    void NTAPI spend(unsigned accesses) const;
    void NTAPI write(std::uint32_t port, std::uint32_t value) const;
    // Two bytes of one port, the lower first.
    std::uint32_t NTAPI read_word(std::uint32_t port) const;

    machine::Machine& machine_;
};

} // namespace openportcls::executive
