// What a device model shows the board it is plugged into.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "hardware/sound_socket.h"

namespace openportcls::hardware {

namespace pci {
class Function;
}

// What an ISA card is set to: what a person tells the system about a card that cannot tell itself.
struct CardResource {
    enum class Kind : std::uint8_t { port, interrupt, dma };
    Kind kind = Kind::port;
    std::uint32_t start = 0;  // port
    std::uint32_t length = 0; // ports
    std::uint32_t line = 0;   // interrupt or DMA channel
};

class Card {
public:
    virtual ~Card() = default;
    virtual std::string_view model() const = 0; // its name in the catalog
    virtual std::vector<CardResource> resources() const { return {}; }
    virtual pci::Function* pci() { return nullptr; } // of a card that is found by its configuration space
    virtual std::span<OutputSocket> outputs() { return {}; }
    virtual std::span<InputSocket> inputs() { return {}; }
    virtual MidiPort* midi() { return nullptr; }
    // Something was plugged into one of the sockets, or out.
    virtual void sockets_changed() {}
    // The board's power goes, with all that the card knows, and comes back. Of a function on the PCI bus its own state
    // decides.
    virtual void set_power(bool /*is_on*/) {}
};

} // namespace openportcls::hardware
