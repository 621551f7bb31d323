#include "hardware/motherboard.h"

#include <algorithm>

#include <fmt/format.h>

namespace openportcls::hardware {

Motherboard::Motherboard(machine::Machine& machine, InterruptRouting routing)
    : machine_(machine), routing_(std::move(routing)), pci_(machine, routing_) {}

Motherboard::~Motherboard() = default;

Result<Card*> Motherboard::plug(const CardOrder& order) {
    auto card = order.model->create(*this, order.options);
    if (!card) {
        return card.error();
    }
    const auto alike = std::ranges::count_if(
        cards_, [&](const Plugged& plugged) { return plugged.card->model() == order.model->name; });
    std::string name(order.model->name);
    if (alike > 0) {
        name += fmt::format("-{}", alike + 1);
    }
    cards_.push_back({std::move(name), std::move(*card)});
    return cards_.back().card.get();
}

std::vector<Card*> Motherboard::cards() const {
    std::vector<Card*> cards;
    cards.reserve(cards_.size());
    for (const Plugged& plugged : cards_) {
        cards.push_back(plugged.card.get());
    }
    return cards;
}

std::vector<NamedCard> Motherboard::named_cards() const {
    std::vector<NamedCard> cards;
    cards.reserve(cards_.size());
    for (const Plugged& plugged : cards_) {
        cards.push_back({plugged.name, plugged.card.get()});
    }
    return cards;
}

namespace {

bool is_called(std::string_view wanted, std::string_view card, std::string_view socket) {
    return wanted == socket || (wanted.starts_with(card) && wanted.substr(card.size()).starts_with('/') &&
                                wanted.substr(card.size() + 1) == socket);
}

} // namespace

OutputSocket* Motherboard::output(std::string_view name) const {
    for (const Plugged& plugged : cards_) {
        for (OutputSocket& socket : plugged.card->outputs()) {
            if (is_called(name, plugged.name, socket.name)) {
                return &socket;
            }
        }
    }
    return nullptr;
}

InputSocket* Motherboard::input(std::string_view name) const {
    for (const Plugged& plugged : cards_) {
        for (InputSocket& socket : plugged.card->inputs()) {
            if (is_called(name, plugged.name, socket.name)) {
                return &socket;
            }
        }
    }
    return nullptr;
}

void Motherboard::sockets_changed() {
    for (const Plugged& plugged : cards_) {
        plugged.card->sockets_changed();
    }
}

// The cards first, whose transfers go over the controllers; and in their order, in which they share out the ports.
void Motherboard::set_power(bool is_on) {
    if (is_on == is_powered_) {
        return;
    }
    is_powered_ = is_on;
    for (const Plugged& plugged : cards_) {
        plugged.card->set_power(is_on);
    }
    if (dma_ != nullptr) {
        dma_->set_power(is_on);
    }
}

MidiPort* Motherboard::midi(std::string_view card) const {
    for (const Plugged& plugged : cards_) {
        MidiPort* const port = plugged.card->midi();
        if (port != nullptr && (card.empty() || card == plugged.name)) {
            return port;
        }
    }
    return nullptr;
}

std::vector<Motherboard::SocketName> Motherboard::sockets() const {
    std::vector<SocketName> names;
    for (const Plugged& plugged : cards_) {
        for (const OutputSocket& socket : plugged.card->outputs()) {
            names.push_back({fmt::format("{}/{}", plugged.name, socket.name), true, 2});
        }
        for (const InputSocket& socket : plugged.card->inputs()) {
            names.push_back({fmt::format("{}/{}", plugged.name, socket.name), false, socket.channels});
        }
    }
    return names;
}

Result<DmaController*> Motherboard::isa_dma() {
    if (dma_ == nullptr) {
        auto made = DmaController::create(machine_);
        if (!made) {
            return made.error();
        }
        dma_ = std::move(*made);
    }
    return dma_.get();
}

} // namespace openportcls::hardware
