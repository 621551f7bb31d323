#include "hardware/isa/dma_controller.h"

#include <algorithm>
#include <cstring>

namespace openportcls::hardware {

namespace {

struct PortRange {
    std::uint64_t begin;
    std::uint64_t size;
};
// By DmaController::Range. The second chip's registers lie two ports apart: its bus is one address line further.
constexpr PortRange ranges[] = {{0x00, 0x10}, {0xC0, 0x20}, {0x80, 0x10}};

// Which of the ports 80h to 8Fh holds a channel's page; channel 4 has none.
constexpr std::uint8_t page_port[DmaController::channel_count] = {0x7, 0x3, 0x1, 0x2, 0xF, 0xB, 0x9, 0xA};

} // namespace

Result<std::unique_ptr<DmaController>> DmaController::create(machine::Machine& machine) {
    std::unique_ptr<DmaController> controller(new DmaController(machine));
    if (auto claimed = controller->claim_ports(); !claimed) {
        return claimed.error();
    }
    return controller;
}

DmaController::~DmaController() {
    release_ports();
}

Result<void> DmaController::claim_ports() {
    for (unsigned range = 0; range < std::size(ranges); ++range) {
        if (auto claimed = machine_.ports().claim(ranges[range].begin, ranges[range].size, *this, range); !claimed) {
            return claimed;
        }
    }
    return {};
}

void DmaController::release_ports() {
    for (const PortRange& range : ranges) {
        const auto* claim = machine_.ports().find(range.begin);
        if (claim != nullptr && claim->device == this) {
            machine_.ports().release(range.begin);
        }
    }
}

void DmaController::set_power(bool is_on) {
    if (is_on) {
        (void)claim_ports(); // which were its own
        return;
    }
    release_ports();
    chips_ = {};
    pages_ = {};
}

std::uint64_t NTAPI DmaController::read_port(unsigned range, std::uint32_t offset, machine::AccessWidth) {
    settle();
    switch (range) {
    case bytes_range:
        return chips_[0].read(offset);
    case words_range:
        return chips_[1].read(offset / 2);
    default:
        return pages_[offset];
    }
}

void NTAPI DmaController::write_port(unsigned range, std::uint32_t offset, machine::AccessWidth, std::uint64_t value) {
    const auto byte = static_cast<std::uint8_t>(value);
    const std::uint32_t number = range == words_range ? offset / 2 : offset;
    if (range != pages_range && number == DmaChip::clear_flip_flop) {
        chips_[range].write(number, byte); // before every look at a counter; no transfer depends on it
        return;
    }
    settle();
    if (range == pages_range) {
        pages_[offset] = byte;
    } else {
        chips_[range].write(number, byte);
    }
    announce_change();
}

void DmaController::attach(unsigned channel, DmaRequester& requester) {
    requesters_[channel] = &requester;
    list_cards();
}

void DmaController::detach(unsigned channel, const DmaRequester& requester) {
    if (requesters_[channel] == &requester) {
        requesters_[channel] = nullptr;
        list_cards();
    }
}

// A card on several channels is asked once.
void DmaController::list_cards() {
    card_count_ = 0;
    for (DmaRequester* requester : requesters_) {
        if (requester != nullptr && std::ranges::find(cards(), requester) == cards().end()) {
            cards_[card_count_++] = requester;
        }
    }
}

void DmaController::settle() {
    for (DmaRequester* card : cards()) {
        card->before_dma_access();
    }
}

void DmaController::announce_change() {
    for (DmaRequester* card : cards()) {
        card->dma_changed();
    }
}

// The page gives the bits above the chip's sixteen; of a word channel it gives those above seventeen, its lowest bit
// counts for nothing.
machine::PhysicalAddress DmaController::physical(unsigned channel) const {
    const machine::PhysicalAddress page = pages_[page_port[channel]];
    const machine::PhysicalAddress low = chip_of(channel).address(channel % DmaChip::channel_count);
    return unit_bytes(channel) == 1 ? page << 16 | low : (page & 0xFE) << 16 | low << 1;
}

std::byte* DmaController::next_piece(unsigned channel, std::uint32_t& units) const {
    constexpr std::uint32_t units_per_page = 0x10000;
    const DmaChip& chip = chip_of(channel);
    const unsigned own = channel % DmaChip::channel_count;
    units = std::min({units, chip.units_left(own), units_per_page - chip.address(own)});
    if (chip.is_descending(own)) {
        units = 1; // downwards there is no piece to copy
    }
    return static_cast<std::byte*>(machine_.memory().to_virtual(physical(channel), units << unit_shift(channel)));
}

template<class Copy>
std::size_t DmaController::move(unsigned channel, std::size_t bytes, Copy&& copy) {
    const unsigned shift = unit_shift(channel);
    std::size_t done = 0;
    while ((bytes - done) >> shift != 0 && answers(channel)) {
        auto units = static_cast<std::uint32_t>((bytes - done) >> shift);
        std::byte* const memory = next_piece(channel, units);
        copy(memory, done, units << shift);
        chip_of(channel).moved(channel % DmaChip::channel_count, units);
        done += units << shift;
    }
    return done;
}

std::size_t DmaController::to_device(unsigned channel, std::span<std::byte> bytes) {
    if (!chip_of(channel).moves_to_device(channel % DmaChip::channel_count)) {
        return 0;
    }
    return move(channel, bytes.size(), [&](const std::byte* memory, std::size_t at, std::size_t count) {
        if (memory != nullptr) {
            std::memcpy(bytes.data() + at, memory, count);
        } else {
            std::memset(bytes.data() + at, 0xFF, count); // the bus floats
        }
    });
}

const std::byte* DmaController::one_piece(unsigned channel, std::size_t bytes) const {
    if (!answers(channel) || !chip_of(channel).moves_to_device(channel % DmaChip::channel_count)) {
        return nullptr;
    }
    const auto wanted = static_cast<std::uint32_t>(bytes >> unit_shift(channel));
    std::uint32_t units = wanted;
    const std::byte* const memory = next_piece(channel, units);
    return units == wanted ? memory : nullptr;
}

std::size_t DmaController::skip_to_device(unsigned channel, std::size_t bytes) {
    if (!chip_of(channel).moves_to_device(channel % DmaChip::channel_count)) {
        return 0;
    }
    DmaChip& chip = chip_of(channel);
    const unsigned own = channel % DmaChip::channel_count;
    const auto wanted = static_cast<std::uint32_t>(bytes >> unit_shift(channel));
    std::uint32_t left = wanted;
    while (left != 0 && chip.answers(own)) {
        const std::uint32_t units = std::min(left, chip.units_left(own));
        chip.moved(own, units);
        left -= units;
    }
    return std::size_t{wanted - left} << unit_shift(channel);
}

std::size_t DmaController::to_memory(unsigned channel, std::span<const std::byte> bytes) {
    if (!chip_of(channel).moves_to_memory(channel % DmaChip::channel_count)) {
        return 0;
    }
    return move(channel, bytes.size(), [&](std::byte* memory, std::size_t at, std::size_t count) {
        if (memory != nullptr) {
            std::memcpy(memory, bytes.data() + at, count);
        }
    });
}

} // namespace openportcls::hardware
