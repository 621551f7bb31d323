#include "client/cards.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include <openportcls/machine.hpp>

#include "base/unicode.h"
#include "client/pci_bus.h"
#include "client/plugs.h"
#include "client/state.h"
#include "machine/host_code.h"
#include "pnp/inf/inf_file.h"
#include "pnp/inf/model_choice.h"

namespace openportcls {

namespace client {

namespace {

pnp::Resource resource_of(const hardware::CardResource& resource) {
    using Kind = hardware::CardResource::Kind;
    switch (resource.kind) {
    case Kind::interrupt: // of an ISA bus: edges, not shared
        return pnp::Resource::interrupt(resource.line, machine::TriggerMode::latched);
    case Kind::dma:
        return pnp::Resource::dma(resource.line);
    case Kind::port:
        break;
    }
    return pnp::Resource::port(resource.start, resource.length);
}

bool asks_for_resources(const pnp::LoadedDriver& driver) {
    if (driver.inf() == nullptr) {
        return true;
    }
    const std::vector<std::string> names = driver.inf()->section_names();
    return std::ranges::any_of(names, [&](const std::string& name) {
        return driver.inf()->section(name)->first_value("LogConfig").has_value();
    });
}

bool has_device(const MachineState& state, const hardware::CardResource& port) {
    const auto is_at_port = [&](const pnp::Resource& resource) {
        return resource.kind == pnp::Resource::Kind::port && resource.start == port.start;
    };
    return std::ranges::any_of(state.pnp->devices(), [&](const pnp::DeviceNode* node) {
        return std::ranges::any_of(node->resources(), is_at_port);
    });
}

class Ear final : public hardware::SoundSink {
public:
    explicit Ear(openportcls::Machine::TimedHearing hearing) : hearing_(std::move(hearing)) {}
    void hear(const hardware::SampleTime& when, std::span<const hardware::Frame> frames) override {
        static_assert(sizeof(SoundFrame) == sizeof(hardware::Frame));
        const auto second = static_cast<unsigned __int128>(machine::nanoseconds_per_second);
        const hardware::Nanoseconds passed =
            when.rate.numerator == 0
                ? 0
                : static_cast<hardware::Nanoseconds>(when.first * second * when.rate.denominator / when.rate.numerator);
        const machine::HostCode application(machine::Machine::current());
        hearing_(std::chrono::nanoseconds(when.origin + passed), when.rate.per_second(),
                 {reinterpret_cast<const SoundFrame*>(frames.data()), frames.size()});
    }

private:
    openportcls::Machine::TimedHearing hearing_;
};

} // namespace

Result<void> plug_cards(machine::Machine& machine, const std::vector<std::string>& orders) {
    if (orders.empty()) {
        return {};
    }
    const auto route = [&machine](unsigned line, machine::TriggerMode mode) -> machine::InterruptLine& {
        const pnp::TranslatedInterrupt to = pnp::translate_interrupt(line);
        return machine.interrupt_line(to.vector, to.irql, mode);
    };
    auto& board = machine.add_subsystem<hardware::Motherboard>(route);
    const auto cards = hardware::parse_cards(orders);
    if (!cards) {
        return cards.error();
    }
    for (std::size_t index = 0; index < cards->size(); ++index) {
        if (const auto plugged = board.plug((*cards)[index]); !plugged) {
            return Error{plugged.error().status, fmt::format("{}: {}", orders[index], plugged.error().message)};
        }
    }
    return {};
}

void follow_system_power(MachineState& state) {
    if (hardware::Motherboard* const board = board_of(state)) {
        state.pnp->on_system_power(
            [board](SYSTEM_POWER_STATE power) { board->set_power(power < PowerSystemSleeping3); });
    }
}

namespace {

// Ports are given to one function each.
bool has_pci_device(const MachineState& state, hardware::pci::Function& function) {
    return has_device(state, {hardware::CardResource::Kind::port, function.config().io_base(0)});
}

// Whether the driver's INF, or who asked for the device, names one of the ids.
bool is_for(const pnp::LoadedDriver& driver, const std::string& wanted, const std::vector<std::string>& ids) {
    if (!wanted.empty()) {
        return std::ranges::find(ids, wanted) != ids.end();
    }
    if (driver.inf() == nullptr) {
        return false;
    }
    const std::vector<std::string> compatible(ids.begin() + 1, ids.end());
    return std::ranges::any_of(std::initializer_list<const char*>{"amd64", "x86"}, [&](const char* architecture) {
        pnp::InfTarget target;
        target.architecture = architecture;
        return static_cast<bool>(pnp::choose_model(*driver.inf(), ids.front(), compatible, target));
    });
}

// The hardware id of the device that the driver's INF is for, when that is one of the PCI bus; else empty.
std::string pci_id_of(const pnp::LoadedDriver& driver, const std::string& wanted) {
    if (driver.inf() == nullptr) {
        return {};
    }
    for (const char* architecture : {"amd64", "x86"}) {
        pnp::InfTarget target;
        target.architecture = architecture;
        const auto chosen = pnp::choose_model(*driver.inf(), wanted, {}, target);
        if (chosen && !chosen->model.hardware_ids.empty()) {
            const std::string& id = chosen->model.hardware_ids.front();
            return id.starts_with("PCI\\") ? id : std::string();
        }
    }
    return {};
}

// True when there is one. `taken` counts those of the driver's that have a device already.
bool find_pci_card(MachineState& state, hardware::Motherboard& board, const pnp::LoadedDriver& driver,
                   pnp::DeviceSpec& spec, unsigned& taken) {
    std::unique_ptr<PciBus>& bus = plugs_of(state).pci_bus;
    if (bus == nullptr) {
        bus = std::make_unique<PciBus>(board.pci());
    }
    for (const auto& card : board.cards()) {
        hardware::pci::Function* const function = card->pci();
        if (function == nullptr) {
            continue;
        }
        std::vector<std::string> ids = PciBus::ids_of(*function);
        if (!is_for(driver, spec.hardware_id, ids)) {
            continue;
        }
        if (has_pci_device(state, *function)) {
            ++taken;
            continue;
        }
        spec.bus = bus.get();
        spec.address = PciBus::address_of(*function);
        spec.hardware_id = ids.front();
        spec.compatible_ids.assign(ids.begin() + 1, ids.end());
        return true;
    }
    return false;
}

// The same of the cards that cannot say what they are.
bool find_isa_card(const MachineState& state, const hardware::Motherboard& board, pnp::DeviceSpec& spec,
                   unsigned& taken) {
    for (const hardware::Card* card : board.cards()) {
        const auto set = card->resources();
        if (set.empty()) {
            continue;
        }
        if (has_device(state, set.front())) {
            ++taken;
            continue;
        }
        std::ranges::transform(set, std::back_inserter(spec.resources), &resource_of);
        return true;
    }
    return false;
}

} // namespace

Result<void> find_card(MachineState& state, const pnp::LoadedDriver& driver, pnp::DeviceSpec& spec) {
    hardware::Motherboard* const board = board_of(state);
    unsigned taken = 0;
    if (board == nullptr || find_pci_card(state, *board, driver, spec, taken)) {
        return {};
    }
    if (const std::string id = pci_id_of(driver, spec.hardware_id); taken == 0 && !id.empty()) {
        std::string there;
        for (const hardware::Card* card : board->cards()) {
            there += (there.empty() ? "" : ", ") + std::string(card->model());
        }
        return Error{STATUS_NO_SUCH_DEVICE, fmt::format("{} is for {}, which no card in this computer is; there is: {}",
                                                        driver.service_name(), id, there)};
    }
    if (taken == 0 && (!asks_for_resources(driver) || find_isa_card(state, *board, spec, taken))) {
        return {};
    }
    // Without an INF nobody knows whether the driver is for a card at all.
    if (taken == 0 || driver.inf() == nullptr) {
        return {};
    }
    return Error{STATUS_NO_SUCH_DEVICE,
                 fmt::format("no card is left for another device of {}: {} in this computer {} one already",
                             driver.service_name(), taken == 1 ? "the only one" : fmt::format("all {}", taken),
                             taken == 1 ? "has" : "have")};
}

namespace {

// How a person finds the card in the INF of a driver, or in the options of this one.
std::string identity_of(hardware::Card& card) {
    if (hardware::pci::Function* const function = card.pci()) {
        constexpr std::size_t without_subsystem = 3;
        const std::vector<std::string> ids = PciBus::ids_of(*function);
        return fmt::format("{}, {}", ids.front(), ids[without_subsystem]);
    }
    std::string list;
    for (const hardware::CardResource& resource : card.resources()) {
        list += (list.empty() ? "" : ", ") + hardware::to_string(resource);
    }
    return list;
}

} // namespace

std::vector<std::string> cards_without_device(const MachineState& state) {
    std::vector<std::string> idle;
    hardware::Motherboard* const board = board_of(state);
    for (const auto& [name, card] : board != nullptr ? board->named_cards() : std::vector<hardware::NamedCard>()) {
        const auto set = card->resources();
        const bool is_taken = card->pci() != nullptr ? has_pci_device(state, *card->pci())
                                                     : set.empty() || has_device(state, set.front());
        if (!is_taken) {
            idle.push_back(fmt::format("{}: {}", name, identity_of(*card)));
        }
    }
    return idle;
}

namespace {

Error no_socket(const MachineState& state, std::string_view name, bool is_output) {
    std::string there;
    if (const hardware::Motherboard* board = board_of(state)) {
        for (const auto& socket : board->sockets()) {
            if (socket.is_output == is_output) {
                there += (there.empty() ? "" : ", ") + socket.name;
            }
        }
    }
    return {STATUS_OBJECT_NAME_NOT_FOUND,
            fmt::format("no {} socket is called \"{}\"; there is: {}", is_output ? "output" : "input", name,
                        there.empty() ? std::string("none") : there)};
}

} // namespace

} // namespace client

std::vector<SocketInfo> Machine::sockets() const {
    std::vector<SocketInfo> sockets;
    if (const hardware::Motherboard* board = client::board_of(*state_)) {
        for (auto& socket : board->sockets()) {
            sockets.push_back({std::move(socket.name), socket.is_output, socket.channels});
        }
    }
    return sockets;
}

Result<void> Machine::listen(std::string_view name, Hearing hearing) {
    return listen_timed(name, hearing ? TimedHearing([heard = std::move(hearing)](std::chrono::nanoseconds, double rate,
                                                                                  std::span<const SoundFrame> frames) {
                            heard(rate, frames);
                        })
                                      : TimedHearing());
}

Result<void> Machine::listen_timed(std::string_view name, TimedHearing hearing) {
    hardware::Motherboard* const board = client::board_of(*state_);
    hardware::OutputSocket* const socket = board != nullptr ? board->output(name) : nullptr;
    if (socket == nullptr) {
        return client::no_socket(*state_, name, true);
    }
    auto ear = hearing ? std::make_unique<client::Ear>(std::move(hearing)) : nullptr;
    socket->plugged = ear.get();
    client::plugs_of(*state_).ears.insert_or_assign(socket, std::move(ear));
    board->sockets_changed();
    return {};
}

Result<void> Machine::feed(std::string_view name, std::uint32_t rate, std::vector<SoundFrame> sound) {
    hardware::Motherboard* const board = client::board_of(*state_);
    hardware::InputSocket* const socket = board != nullptr ? board->input(name) : nullptr;
    if (socket == nullptr) {
        return client::no_socket(*state_, name, false);
    }
    if (rate == 0) {
        return Error{STATUS_INVALID_PARAMETER, "a sound has at least one frame per second"};
    }
    std::vector<hardware::Frame> frames(sound.size());
    std::ranges::transform(sound, frames.begin(),
                           [](const SoundFrame& frame) { return hardware::Frame{frame.left, frame.right}; });
    auto source = std::make_unique<hardware::Recording>(rate, std::move(frames));
    socket->plugged = source.get();
    client::plugs_of(*state_).sources.insert_or_assign(socket, std::move(source));
    board->sockets_changed();
    return {};
}

std::vector<HardwareModel> hardware_models() {
    std::vector<HardwareModel> models;
    for (const hardware::Model& model : hardware::models()) {
        HardwareModel shown{std::string(model.name), std::string(model.description), std::string(model.binds_to), {}};
        for (const hardware::ModelOption& option : model.options) {
            shown.options.push_back(
                {std::string(option.name), std::string(option.default_value), std::string(option.description)});
        }
        models.push_back(std::move(shown));
    }
    return models;
}

} // namespace openportcls
