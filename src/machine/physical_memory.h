// The machine's memory as devices see it: one shared mapping, so that a device model, or another process, sees
// the very bytes a driver writes, with no copy.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "machine/types.h"

namespace openportcls::machine {

using PhysicalAddress = std::uint64_t;

inline constexpr std::uint64_t page_size = 4096;
inline constexpr PhysicalAddress no_address = UINT64_MAX;

// Memory that was not allocated here (pool, an application's buffer) still needs physical addresses for MDLs.
// It appears, unchanged and uncopied, in a window far above RAM; a device that cannot reach that far gets the
// map registers (a bounce buffer) that it would get on Windows above 4 GB.
inline constexpr PhysicalAddress host_window = 1ULL << 50;

struct PageConstraints {
    PhysicalAddress lowest = 0;
    PhysicalAddress highest = UINT64_MAX; // inclusive
    PhysicalAddress boundary = 0;         // the run may not cross a multiple of this power of two; 0 = any
    std::uint64_t alignment = page_size;
};

class PhysicalMemory {
public:
    // RAM starts at 1 MiB like a PC's conventional memory hole ends; untouched pages cost nothing.
    explicit PhysicalMemory(std::uint64_t size_in_bytes);
    ~PhysicalMemory();
    PhysicalMemory(const PhysicalMemory&) = delete;
    PhysicalMemory& operator=(const PhysicalMemory&) = delete;

    std::uint64_t size() const { return size_; }
    // The descriptor behind the mapping: file offset equals physical address.
    int file_descriptor();

    // A contiguous run of whole pages, or no_address. Pages are zero when handed out.
    PhysicalAddress allocate(std::uint64_t size_in_bytes, const PageConstraints& constraints);
    void free(PhysicalAddress address, std::uint64_t size_in_bytes);
    std::uint64_t allocated_bytes() const { return allocated_bytes_; }

    // The bytes at a physical address; nullptr when any of them is neither RAM nor in the host window.
    void* to_virtual(PhysicalAddress address, std::uint64_t size_in_bytes);
    // The physical address behind a host pointer: RAM if it points there, otherwise the host window.
    PhysicalAddress to_physical(const void* pointer);
    bool is_ram(PhysicalAddress address) const { return address < size_; }

    // Maps pages that need not be adjacent into one new run of addresses (MmMapLockedPages of a scattered MDL).
    // Runs that are adjacent need no mapping: the address inside the one big mapping is returned.
    void* map_pages(std::span<const std::uint64_t> frame_numbers);
    void unmap_pages(void* address, std::uint64_t page_count);

private:
    void ensure_mapped();
    std::optional<PhysicalAddress> fit(PhysicalAddress begin, PhysicalAddress end, std::uint64_t size,
                                       const PageConstraints& constraints) const;

    std::uint64_t size_;
    int descriptor_ = -1;
    char* base_ = nullptr;
    std::uint64_t allocated_bytes_ = 0;
    std::map<PhysicalAddress, PhysicalAddress> free_runs_; // begin → end
    struct Alias {
        std::uint64_t page_count;
        std::vector<std::uint64_t> frames;
    };
    std::map<std::uintptr_t, Alias> aliases_; // by virtual address, looked up only, never iterated
};

} // namespace openportcls::machine
