#include "executive/objects/handle_table.h"

namespace openportcls::executive {

namespace {

constexpr std::uint64_t handle_step = 4;

} // namespace

HANDLE HandleTable::add(const HandleEntry& entry) {
    last_ += handle_step;
    entries_.emplace(last_, entry);
    return reinterpret_cast<HANDLE>(last_ | (entry.kernel ? kernel_bits : 0));
}

HandleEntry* HandleTable::find(HANDLE handle) {
    const auto value = reinterpret_cast<std::uint64_t>(handle);
    const bool kernel = (value & kernel_bits) == kernel_bits;
    // The two lowest bits are the owner's to use and mean nothing here.
    const auto found = entries_.find((kernel ? value & ~kernel_bits : value) & ~(handle_step - 1));
    return found == entries_.end() || found->second.kernel != kernel ? nullptr : &found->second;
}

bool HandleTable::remove(HANDLE handle) {
    if (find(handle) == nullptr) {
        return false;
    }
    const auto value = reinterpret_cast<std::uint64_t>(handle);
    const bool kernel = (value & kernel_bits) == kernel_bits;
    entries_.erase((kernel ? value & ~kernel_bits : value) & ~(handle_step - 1));
    return true;
}

void HandleTable::for_each(const std::function<void(HANDLE, const HandleEntry&)>& visit) const {
    for (const auto& [number, entry] : entries_) {
        visit(reinterpret_cast<HANDLE>(number | (entry.kernel ? kernel_bits : 0)), entry);
    }
}

} // namespace openportcls::executive
