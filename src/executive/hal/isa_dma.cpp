#include "executive/hal/isa_dma.h"

#include "executive/hal/access_cost.h"

namespace openportcls::executive {

namespace {

// Intel 8237A, "Register Description": of the second controller the registers lie two ports apart.
enum Register : std::uint32_t { single_mask = 0xA, mode = 0xB, clear_flip_flop = 0xC };
constexpr std::uint32_t mask_bit = 0x04;
constexpr std::uint32_t mode_write_memory = 0x04;
constexpr std::uint32_t mode_read_memory = 0x08;
constexpr std::uint32_t mode_auto_initialize = 0x10;
constexpr std::uint32_t mode_single = 0x40; // demand is 0
constexpr unsigned channels_per_controller = 4;
constexpr unsigned channel_count = 8;
constexpr unsigned cascade_channel = 4;

struct ChannelPlace {
    explicit ChannelPlace(unsigned channel)
        : own(channel % channels_per_controller), is_words(channel >= channels_per_controller) {}
    std::uint32_t port(std::uint32_t number) const { return is_words ? 0xC0 + number * 2 : number; }
    std::uint32_t address_port() const { return port(own * 2); }
    std::uint32_t count_port() const { return port(own * 2 + 1); }

    unsigned own;
    bool is_words;
};

constexpr std::uint32_t page_port[channel_count] = {0x87, 0x83, 0x81, 0x82, 0x8F, 0x8B, 0x89, 0x8A};

} // namespace

void NTAPI IsaDma::spend(unsigned accesses) const {
    machine_.spend(access_cost::port * static_cast<machine::Nanoseconds>(accesses));
}

void NTAPI IsaDma::write(std::uint32_t port, std::uint32_t value) const {
    if (const auto* claim = machine_.ports().find(port)) {
        claim->device->write_port(claim->range, static_cast<std::uint32_t>(port - claim->begin),
                                  machine::AccessWidth::byte, value & 0xFF);
    }
}

std::uint32_t NTAPI IsaDma::read_word(std::uint32_t port) const {
    const auto* claim = machine_.ports().find(port);
    if (claim == nullptr) {
        return 0xFFFF;
    }
    const auto offset = static_cast<std::uint32_t>(port - claim->begin);
    const auto byte = [=] {
        return static_cast<std::uint32_t>(claim->device->read_port(claim->range, offset, machine::AccessWidth::byte) &
                                          0xFF);
    };
    const std::uint32_t low = byte();
    return low | byte() << 8;
}

bool IsaDma::has_channel(unsigned channel) const {
    return channel < channel_count && channel != cascade_channel &&
           machine_.ports().find(ChannelPlace(channel).port(single_mask)) != nullptr;
}

void IsaDma::program(unsigned channel, const Transfer& transfer) {
    constexpr unsigned accesses = 9;
    const ChannelPlace place(channel);
    const auto address = static_cast<std::uint32_t>(place.is_words ? transfer.address >> 1 : transfer.address);
    const std::uint32_t count = (place.is_words ? transfer.bytes / 2 : transfer.bytes) - 1;
    spend(accesses);
    machine_.ordered_before_interrupts();
    write(place.port(single_mask), mask_bit | place.own);
    write(place.port(clear_flip_flop), 0);
    write(place.port(mode), (transfer.demand ? 0 : mode_single) |
                                (transfer.to_device ? mode_read_memory : mode_write_memory) |
                                (transfer.auto_initialize ? mode_auto_initialize : 0) | place.own);
    write(place.address_port(), address);
    write(place.address_port(), address >> 8);
    write(page_port[channel], static_cast<std::uint32_t>(transfer.address >> 16));
    write(place.count_port(), count);
    write(place.count_port(), count >> 8);
    write(place.port(single_mask), place.own);
}

void IsaDma::mask(unsigned channel) {
    spend(1);
    write(ChannelPlace(channel).port(single_mask), mask_bit | ChannelPlace(channel).own);
}

// The chip counts one less than is left, and stands at FFFFh when a transfer that does not repeat is over.
std::uint32_t NTAPI IsaDma::read_counter(unsigned channel) const {
    constexpr unsigned accesses = 3;
    const ChannelPlace place(channel);
    spend(accesses);
    write(place.port(clear_flip_flop), 0);
    const std::uint32_t units = (read_word(place.count_port()) + 1) & 0xFFFF;
    return place.is_words ? units * 2 : units;
}

} // namespace openportcls::executive
