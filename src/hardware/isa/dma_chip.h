// One Intel 8237A DMA controller: four channels of 16-bit addresses and counts. What a unit is (a byte or a word) and
// the upper address bits are the business of the board around it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "hardware/register_table.h"

namespace openportcls::hardware {

class DmaChip {
public:
    static constexpr unsigned channel_count = 4;

    // "Software Commands" and "Register Description" of the data sheet number registers 0 to 15.
    enum Register : std::uint32_t {
        address_0 = 0x0, // and count_0 = 0x1, address_1 = 0x2 …
        command = 0x8,   // reads as the status
        request = 0x9,
        single_mask = 0xA,
        mode = 0xB,
        clear_flip_flop = 0xC,
        master_clear = 0xD, // reads as the temporary register
        clear_masks = 0xE,
        all_masks = 0xF,
    };

    DmaChip();

    std::uint8_t NTAPI read(std::uint32_t offset) { return static_cast<std::uint8_t>(registers_.read(*this, offset)); }
    void NTAPI write(std::uint32_t offset, std::uint8_t value) { registers_.write(*this, offset, value); }
    const RegisterFile<DmaChip, 0x10>& registers() const { return registers_; }

    // Is a request of the device answered? A verify transfer moves nothing, a cascaded channel is not ours.
    bool answers(unsigned channel) const {
        return (command_ & command_disable) == 0 && (masks_ >> channel & 1) == 0 &&
               (channels_[channel].mode & mode_cascade) != mode_cascade;
    }
    bool moves_to_memory(unsigned channel) const { return transfer_type(channel) == 1; }
    bool moves_to_device(unsigned channel) const { return transfer_type(channel) == 2; }
    bool is_descending(unsigned channel) const { return (channels_[channel].mode & mode_decrement) != 0; }
    std::uint16_t address(unsigned channel) const { return channels_[channel].address; }
    // Units up to and with the one of the terminal count.
    std::uint32_t units_left(unsigned channel) const { return channels_[channel].count + 1U; }
    // `units` have moved, no more than are left. At the terminal count the channel starts over or masks itself.
    void moved(unsigned channel, std::uint32_t units);

private:
    struct Channel {
        std::uint16_t base_address = 0;
        std::uint16_t address = 0;
        std::uint16_t base_count = 0;
        std::uint16_t count = 0;
        std::uint8_t mode = 0;
    };
    static constexpr std::uint8_t mode_auto_initialize = 0x10;
    static constexpr std::uint8_t mode_decrement = 0x20;
    static constexpr std::uint8_t mode_cascade = 0xC0;
    static constexpr std::uint8_t command_disable = 0x04;

    unsigned transfer_type(unsigned channel) const { return channels_[channel].mode >> 2 & 3U; }
    // Addresses and counts come in two bytes, lower first; the flip-flop says which is next.
    std::uint32_t next_byte(std::uint16_t word);
    void next_byte(std::uint16_t& base, std::uint16_t& current, std::uint32_t value);
    template<unsigned channel>
    std::uint32_t NTAPI read_address(std::uint32_t) {
        return next_byte(channels_[channel].address);
    }
    template<unsigned channel>
    std::uint32_t NTAPI read_count(std::uint32_t) {
        return next_byte(channels_[channel].count);
    }
    template<unsigned channel>
    void NTAPI address_written(std::uint32_t value) {
        next_byte(channels_[channel].base_address, channels_[channel].address, value);
    }
    template<unsigned channel>
    void NTAPI count_written(std::uint32_t value) {
        next_byte(channels_[channel].base_count, channels_[channel].count, value);
    }
    std::uint32_t NTAPI read_status(std::uint32_t);
    std::uint32_t NTAPI read_temporary(std::uint32_t) {
        return 0;
    } // of memory-to-memory transfers, which no PC wires up
    void NTAPI command_written(std::uint32_t value) { command_ = static_cast<std::uint8_t>(value); }
    void NTAPI request_written(std::uint32_t value);
    void NTAPI single_mask_written(std::uint32_t value);
    void NTAPI mode_written(std::uint32_t value);
    void NTAPI flip_flop_cleared(std::uint32_t) { is_high_byte_next_ = false; }
    void NTAPI master_cleared(std::uint32_t);
    void NTAPI masks_cleared(std::uint32_t) { masks_ = 0; }
    void NTAPI masks_written(std::uint32_t value) { masks_ = value & 0xFU; }

    static const std::array<RegisterEntry<DmaChip>, 16> table;

    RegisterFile<DmaChip, 0x10> registers_;
    std::array<Channel, channel_count> channels_;
    std::uint8_t command_ = 0;
    std::uint32_t masks_ = 0xF;
    std::uint32_t requests_ = 0;
    std::uint32_t terminal_counts_ = 0; // reached since the status was read
    bool is_high_byte_next_ = false;
};

} // namespace openportcls::hardware
