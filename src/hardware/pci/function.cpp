#include "hardware/pci/function.h"

namespace openportcls::hardware::pci {

namespace {

constexpr std::uint32_t io_indicator = 1; // bit 0 of a base address register
constexpr unsigned bar_count = 6;
constexpr unsigned byte_bits = 8;

std::uint32_t mask_of(unsigned bytes) {
    return bytes >= 4 ? UINT32_MAX : (1U << byte_bits * bytes) - 1;
}

} // namespace

// PCI Local Bus Specification 6.1 "Configuration Space Organization": a header of type 0 without capabilities. A base
// address register keeps the bits above its size: that is how all ones written to it tell the size (6.2.5.1).
std::vector<ConfigHeader::Entry> ConfigHeader::make_table(const Identity& identity) {
    std::vector<Entry> table = {
        {"Vendor ID", vendor_id, 2, identity.vendor, 0, 0, "6.2.1"},
        {"Device ID", device_id, 2, identity.device, 0, 0, "6.2.1"},
        {"Command", command, 2, 0, identity.command_mask, 0, "6.2.2"},
        {"Status", status, 2, identity.status, 0, 0xF900, "6.2.3"},
        {"Revision ID", 0x08, 1, identity.revision, 0, 0, "6.2.1"},
        {"Programming Interface", 0x09, 1, identity.class_code & 0xFF, 0, 0, "6.2.1"},
        {"Sub Class", 0x0A, 1, identity.class_code >> 8 & 0xFF, 0, 0, "6.2.1"},
        {"Base Class", 0x0B, 1, identity.class_code >> 16 & 0xFF, 0, 0, "6.2.1"},
        {"Cache Line Size", 0x0C, 1, 0, 0, 0, "6.2.4"},
        {"Latency Timer", 0x0D, 1, 0, 0, 0, "6.2.4"},
        {"Header Type", 0x0E, 1, 0, 0, 0, "6.2.1"},
        {"BIST", 0x0F, 1, 0, 0, 0, "6.2.4"},
        {"Subsystem Vendor ID", 0x2C, 2, identity.subsystem_vendor, 0, 0, "6.2.4"},
        {"Subsystem ID", 0x2E, 2, identity.subsystem, 0, 0, "6.2.4"},
        {"Expansion ROM Base Address", 0x30, 4, 0, 0, 0, "6.2.5.2"},
        {"Capabilities Pointer", capabilities_pointer, 1, 0, 0, 0, "6.2.4"},
        {"Interrupt Line", interrupt_line, 1, 0, 0xFF, 0, "6.2.4"},
        {"Interrupt Pin", interrupt_pin, 1, identity.interrupt_pin, 0, 0, "6.2.4"},
        {"Min_Gnt", 0x3E, 1, 0, 0, 0, "6.2.4"},
        {"Max_Lat", 0x3F, 1, 0, 0, 0, "6.2.4"},
    };
    for (unsigned bar = 0; bar < bar_count; ++bar) {
        const std::uint32_t size = bar < identity.io_bar_sizes.size() ? identity.io_bar_sizes[bar] : 0;
        const std::uint32_t mask = size != 0 ? ~(size - 1) & 0xFFFF : 0;
        table.push_back({"Base Address", first_bar + 4 * bar, 4, size != 0 ? io_indicator : 0, mask, 0, "6.2.5.1"});
    }
    return table;
}

ConfigHeader::ConfigHeader(const Identity& identity) : table_(make_table(identity)), registers_(table_) {}

// Reserved registers read as zero (6.1).
std::uint32_t ConfigHeader::read(std::uint32_t offset, unsigned bytes) {
    std::uint32_t result = 0;
    for (const Entry& entry : table_) {
        for (unsigned byte = 0; byte < entry.width_bytes; ++byte) {
            const std::uint32_t at = entry.offset + byte - offset; // wraps where it is before
            if (at < bytes) {
                result |= (registers_.value(entry.offset) >> byte_bits * byte & 0xFF) << byte_bits * at;
            }
        }
    }
    return result;
}

void ConfigHeader::write(std::uint32_t offset, unsigned bytes, std::uint32_t value) {
    for (const Entry& entry : table_) {
        if (entry.offset >= offset + bytes || offset >= entry.offset + entry.width_bytes) {
            continue;
        }
        // Byte enables: of a register only the bytes that are written change.
        const bool begins_before = offset > entry.offset;
        const unsigned shift = byte_bits * (begins_before ? offset - entry.offset : entry.offset - offset);
        const std::uint32_t lanes = begins_before ? mask_of(bytes) << shift : mask_of(bytes) >> shift;
        const std::uint32_t moved = begins_before ? value << shift : value >> shift;
        const std::uint32_t kept = registers_.value(entry.offset) & entry.write_mask & ~lanes;
        registers_.write(*this, entry.offset, kept | (moved & lanes & mask_of(entry.width_bytes)));
    }
}

Function::Function(machine::Machine& machine, Responder& responder, const Identity& identity)
    : machine_(machine), responder_(responder), identity_(identity), config_(identity),
      decoded_(identity.io_bar_sizes.size()) {}

Function::~Function() {
    is_powered_ = false;
    decode();
    set_interrupt(false);
}

void Function::wire(machine::InterruptLine& line, unsigned source) {
    line_ = &line;
    source_ = source;
}

void NTAPI Function::set_interrupt(bool is_asserted) {
    if (is_asserted == is_asserted_ || line_ == nullptr) {
        return;
    }
    is_asserted_ = is_asserted;
    if (is_asserted) {
        line_->raise(source_);
    } else {
        line_->lower(source_);
    }
}

void Function::set_power(bool is_on) {
    if (is_on == is_powered_) {
        return;
    }
    responder_.before_command_change();
    is_powered_ = is_on;
    if (!is_on) {
        responder_.bus_reset();
        set_interrupt(false);
    }
    decode();
    responder_.after_command_change();
}

// Ports that somebody else has are not answered at.
void Function::decode() {
    const bool answers = is_powered_ && (config_.value(command) & io_space) != 0;
    for (unsigned bar = 0; bar < decoded_.size(); ++bar) {
        const std::uint32_t wanted = answers ? config_.io_base(bar) : 0;
        if (wanted == decoded_[bar]) {
            continue;
        }
        if (decoded_[bar] != 0) {
            machine_.ports().release(decoded_[bar]);
            decoded_[bar] = 0;
        }
        if (wanted != 0 && machine_.ports().claim(wanted, identity_.io_bar_sizes[bar], responder_, bar)) {
            decoded_[bar] = wanted;
        }
    }
}

std::uint32_t Function::read_config(std::uint32_t offset, machine::AccessWidth width) {
    const auto bytes = static_cast<unsigned>(width);
    return is_powered_ ? config_.read(offset, bytes) : mask_of(bytes);
}

void Function::write_config(std::uint32_t offset, machine::AccessWidth width, std::uint32_t value) {
    if (!is_powered_) {
        return;
    }
    responder_.before_command_change();
    config_.write(offset, static_cast<unsigned>(width), value);
    decode();
    responder_.after_command_change();
}

} // namespace openportcls::hardware::pci
