// The board that cards are plugged into: it connects them with the machine's ports and interrupts, with the ISA DMA
// controllers and the PCI bus, and knows their sockets. One for each machine that has hardware.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "hardware/card.h"
#include "hardware/catalog.h"
#include "hardware/isa/dma_controller.h"
#include "hardware/pci/bus.h"
#include "machine/machine.h"

namespace openportcls::hardware {

struct NamedCard {
    std::string name; // its model's, with a number from the second on
    Card* card;
};

class Motherboard final : public machine::Subsystem {
public:
    static constexpr machine::SubsystemId subsystem_id = machine::SubsystemId::hardware;

    // Which of the machine's lines an interrupt number of the board is: the interrupt controller belongs to the layers
    // above.
    using InterruptRouting = std::function<machine::InterruptLine&(unsigned line, machine::TriggerMode mode)>;

    Motherboard(machine::Machine& machine, InterruptRouting routing);
    ~Motherboard() override;

    Result<Card*> plug(const CardOrder& order);
    std::vector<Card*> cards() const;
    std::vector<NamedCard> named_cards() const;

    // By "sb16/line out", or "line out" of the first card that has one. Null: there is none.
    OutputSocket* output(std::string_view name) const;
    InputSocket* input(std::string_view name) const;
    // Of the card with that name, or of the first that has one.
    MidiPort* midi(std::string_view card) const;
    struct SocketName {
        std::string name;
        bool is_output;
        unsigned channels;
    };
    std::vector<SocketName> sockets() const;
    // Has to be told, as sockets are not asked.
    void sockets_changed();
    // What the computer's sleep takes from the ISA side: without power nothing there answers, and then everything is as
    // when it was switched on.
    void set_power(bool is_on);

    // ---- for the cards --------------------------------------------------------------------------------------
    machine::Machine& machine() { return machine_; }
    machine::InterruptLine& isa_interrupt(unsigned line) { return routing_(line, machine::TriggerMode::latched); }
    // Made with the first card that asks.
    Result<DmaController*> isa_dma();
    pci::Bus& pci() { return pci_; }
    void log(std::string_view text) { machine_.trace(machine::EventKind::log, 0, 0, text); }

private:
    struct Plugged {
        std::string name; // its model's, with a number from the second on
        std::unique_ptr<Card> card;
    };

    machine::Machine& machine_;
    InterruptRouting routing_;
    pci::Bus pci_;
    std::unique_ptr<DmaController> dma_;
    bool is_powered_ = true;
    std::vector<Plugged> cards_; // after what they are connected to: they go first
};

} // namespace openportcls::hardware
