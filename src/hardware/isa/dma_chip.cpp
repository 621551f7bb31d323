#include "hardware/isa/dma_chip.h"

namespace openportcls::hardware {

// Sections of the Intel 8237A data sheet.
const std::array<RegisterEntry<DmaChip>, 16> DmaChip::table = {{
    {"address 0", 0x0, 1, 0, 0, 0, "Base Address", handler<&DmaChip::read_address<0>>,
     handler<&DmaChip::address_written<0>>},
    {"count 0", 0x1, 1, 0, 0, 0, "Base Word Count", handler<&DmaChip::read_count<0>>,
     handler<&DmaChip::count_written<0>>},
    {"address 1", 0x2, 1, 0, 0, 0, "Base Address", handler<&DmaChip::read_address<1>>,
     handler<&DmaChip::address_written<1>>},
    {"count 1", 0x3, 1, 0, 0, 0, "Base Word Count", handler<&DmaChip::read_count<1>>,
     handler<&DmaChip::count_written<1>>},
    {"address 2", 0x4, 1, 0, 0, 0, "Base Address", handler<&DmaChip::read_address<2>>,
     handler<&DmaChip::address_written<2>>},
    {"count 2", 0x5, 1, 0, 0, 0, "Base Word Count", handler<&DmaChip::read_count<2>>,
     handler<&DmaChip::count_written<2>>},
    {"address 3", 0x6, 1, 0, 0, 0, "Base Address", handler<&DmaChip::read_address<3>>,
     handler<&DmaChip::address_written<3>>},
    {"count 3", 0x7, 1, 0, 0, 0, "Base Word Count", handler<&DmaChip::read_count<3>>,
     handler<&DmaChip::count_written<3>>},
    {"command/status", command, 1, 0, 0, 0, "Command Register, Status Register", handler<&DmaChip::read_status>,
     handler<&DmaChip::command_written>},
    {"request", request, 1, 0, 0, 0, "Request Register", nullptr, handler<&DmaChip::request_written>},
    {"single mask", single_mask, 1, 0, 0, 0, "Mask Register", nullptr, handler<&DmaChip::single_mask_written>},
    {"mode", mode, 1, 0, 0, 0, "Mode Register", nullptr, handler<&DmaChip::mode_written>},
    {"clear flip-flop", clear_flip_flop, 1, 0, 0, 0, "Software Commands", nullptr,
     handler<&DmaChip::flip_flop_cleared>},
    {"master clear/temporary", master_clear, 1, 0, 0, 0, "Software Commands, Temporary Register",
     handler<&DmaChip::read_temporary>, handler<&DmaChip::master_cleared>},
    {"clear masks", clear_masks, 1, 0, 0, 0, "Software Commands", nullptr, handler<&DmaChip::masks_cleared>},
    {"all masks", all_masks, 1, 0, 0, 0, "Mask Register", nullptr, handler<&DmaChip::masks_written>},
}};

DmaChip::DmaChip() : registers_(table) {}

std::uint32_t DmaChip::next_byte(std::uint16_t word) {
    const bool is_high = is_high_byte_next_;
    is_high_byte_next_ = !is_high_byte_next_;
    return is_high ? word >> 8U : word & 0xFFU;
}

// Base and current registers are written together ("Base Address and Base Word Count Registers").
void DmaChip::next_byte(std::uint16_t& base, std::uint16_t& current, std::uint32_t value) {
    const std::uint32_t byte = value & 0xFF;
    base = static_cast<std::uint16_t>(is_high_byte_next_ ? (base & 0xFFU) | byte << 8 : (base & 0xFF00U) | byte);
    current = base;
    is_high_byte_next_ = !is_high_byte_next_;
}

// Bits 0 to 3: terminal counts since the last look; bits 4 to 7: requests.
std::uint32_t NTAPI DmaChip::read_status(std::uint32_t) {
    const std::uint32_t status = terminal_counts_ | requests_ << 4;
    terminal_counts_ = 0;
    return status;
}

void NTAPI DmaChip::request_written(std::uint32_t value) {
    const std::uint32_t bit = 1U << (value & 3);
    requests_ = (value & 4) != 0 ? requests_ | bit : requests_ & ~bit;
}

void NTAPI DmaChip::single_mask_written(std::uint32_t value) {
    const std::uint32_t bit = 1U << (value & 3);
    masks_ = (value & 4) != 0 ? masks_ | bit : masks_ & ~bit;
}

void NTAPI DmaChip::mode_written(std::uint32_t value) {
    channels_[value & 3].mode = static_cast<std::uint8_t>(value & 0xFC);
}

// "The Command, Status, Request, Temporary, and Internal First/Last Flip-Flop registers are cleared and the Mask
// register is set."
void NTAPI DmaChip::master_cleared(std::uint32_t) {
    command_ = 0;
    terminal_counts_ = 0;
    requests_ = 0;
    is_high_byte_next_ = false;
    masks_ = 0xF;
}

void DmaChip::moved(unsigned channel, std::uint32_t units) {
    Channel& moving = channels_[channel];
    const bool is_terminal = units == units_left(channel);
    moving.address =
        static_cast<std::uint16_t>(is_descending(channel) ? moving.address - units : moving.address + units);
    moving.count = static_cast<std::uint16_t>(moving.count - units);
    if (!is_terminal) {
        return;
    }
    terminal_counts_ |= 1U << channel;
    requests_ &= ~(1U << channel);
    if ((moving.mode & mode_auto_initialize) != 0) {
        moving.address = moving.base_address;
        moving.count = moving.base_count;
    } else {
        masks_ |= 1U << channel;
    }
}

} // namespace openportcls::hardware
