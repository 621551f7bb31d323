// Handles: numbers that stand for a reference with rights.
#pragma once

#include <wdm.h>

#include <cstdint>
#include <functional>
#include <map>

namespace openportcls::executive {

struct HandleEntry {
    void* body = nullptr;
    ACCESS_MASK granted_access = 0;
    bool kernel = false;      // OBJ_KERNEL_HANDLE: user mode cannot use it
    bool client = false;      // of an application's process, which closes it at its end
    std::uint16_t driver = 0; // who opened it (calling_driver)
};

class HandleTable {
public:
    HANDLE add(const HandleEntry& entry);
    HandleEntry* find(HANDLE handle);
    bool remove(HANDLE handle);
    std::size_t size() const { return entries_.size(); }
    void for_each(const std::function<void(HANDLE, const HandleEntry&)>& visit) const;

private:
    // Handles are multiples of four; kernel handles have all upper bits set, as on Windows x64.
    static constexpr std::uint64_t kernel_bits = 0xFFFFFFFF80000000;

    std::map<std::uint64_t, HandleEntry> entries_; // by number without the kernel bits
    std::uint64_t last_ = 0;
};

} // namespace openportcls::executive
