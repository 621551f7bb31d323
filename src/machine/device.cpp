#include "machine/device.h"

#include <fmt/format.h>

namespace openportcls::machine {

namespace {

constexpr std::uint64_t all_ones(AccessWidth width) {
    return width == AccessWidth::qword ? ~0ULL : (1ULL << (8 * static_cast<unsigned>(width))) - 1;
}

} // namespace

std::uint64_t NTAPI Device::read_port(unsigned, std::uint32_t, AccessWidth width) {
    return all_ones(width);
}
void NTAPI Device::write_port(unsigned, std::uint32_t, AccessWidth, std::uint64_t) {}
std::uint64_t Device::read_register(unsigned, std::uint64_t, AccessWidth width) {
    return all_ones(width);
}
void Device::write_register(unsigned, std::uint64_t, AccessWidth, std::uint64_t) {}
std::uint32_t Device::read_config(std::uint32_t, AccessWidth width) {
    return static_cast<std::uint32_t>(all_ones(width));
}
void Device::write_config(std::uint32_t, AccessWidth, std::uint32_t) {}

Result<void> AddressSpace::claim(std::uint64_t begin, std::uint64_t size, Device& device, unsigned range) {
    const std::uint64_t end = begin + size;
    if (size == 0 || end < begin) {
        return Error{STATUS_INVALID_PARAMETER, fmt::format("empty or wrapping range at {:#x}", begin)};
    }
    const auto next = claims_.lower_bound(begin);
    const bool hits_next = next != claims_.end() && next->second.begin < end;
    const bool hits_previous = next != claims_.begin() && std::prev(next)->second.end > begin;
    if (hits_next || hits_previous) {
        const Claim& other = hits_next ? next->second : std::prev(next)->second;
        return Error{STATUS_CONFLICTING_ADDRESSES,
                     fmt::format("{} at {:#x}-{:#x} overlaps {} at {:#x}-{:#x}", device.name(), begin, end - 1,
                                 other.device->name(), other.begin, other.end - 1)};
    }
    claims_.emplace(begin, Claim{begin, end, &device, range});
    return {};
}

void AddressSpace::release(std::uint64_t begin) {
    claims_.erase(begin);
    found_ = {};
}

const AddressSpace::Claim* NTAPI AddressSpace::look_up(std::uint64_t address) const {
    auto claim = claims_.upper_bound(address);
    if (claim == claims_.begin()) {
        return nullptr;
    }
    --claim;
    if (address >= claim->second.end) {
        return nullptr;
    }
    found_[slot_of(address)] = &claim->second;
    return &claim->second;
}

Result<void> ConfigSpace::attach(unsigned bus, std::uint32_t slot, Device& device) {
    const std::uint64_t key = static_cast<std::uint64_t>(bus) << 32 | slot;
    if (!devices_.emplace(key, &device).second) {
        return Error{STATUS_CONFLICTING_ADDRESSES, fmt::format("bus {} slot {:#x} is taken", bus, slot)};
    }
    return {};
}

void ConfigSpace::detach(unsigned bus, std::uint32_t slot) {
    devices_.erase(static_cast<std::uint64_t>(bus) << 32 | slot);
}

Device* ConfigSpace::find(unsigned bus, std::uint32_t slot) const {
    const auto found = devices_.find(static_cast<std::uint64_t>(bus) << 32 | slot);
    return found == devices_.end() ? nullptr : found->second;
}

} // namespace openportcls::machine
