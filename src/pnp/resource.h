// Hardware resources as a person writes them; the PnP manager makes the CM_RESOURCE_LISTs of them.
#pragma once

#include <cstdint>

#include "machine/interrupts.h"

namespace openportcls::pnp {

struct Resource {
    enum class Kind : std::uint8_t { port, memory, interrupt, dma };

    Kind kind = Kind::port;
    bool shared = false;
    std::uint64_t start = 0;  // port or physical address
    std::uint64_t length = 0; // bytes
    std::uint32_t line = 0;   // bus-relative interrupt line (the raw level) or DMA channel
    machine::TriggerMode trigger = machine::TriggerMode::level;

    static Resource port(std::uint64_t start, std::uint64_t length) { return {Kind::port, false, start, length}; }
    static Resource memory(std::uint64_t start, std::uint64_t length) { return {Kind::memory, false, start, length}; }
    static Resource interrupt(std::uint32_t line, machine::TriggerMode trigger = machine::TriggerMode::level) {
        return {Kind::interrupt, trigger == machine::TriggerMode::level, 0, 0, line, trigger};
    }
    static Resource dma(std::uint32_t channel) { return {Kind::dma, false, 0, 0, channel}; }
};

// What the interrupt controller makes of a bus-relative line: the vector and IRQL in a translated descriptor, and the
// machine's InterruptLine that a device model raises (machine.interrupt_line(vector, irql, mode)).
struct TranslatedInterrupt {
    std::uint32_t vector;
    KIRQL irql;
};
TranslatedInterrupt translate_interrupt(std::uint32_t line);

} // namespace openportcls::pnp
