#include "machine/physical_memory.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

namespace openportcls::machine {

namespace {

constexpr PhysicalAddress ram_start = 1ULL << 20;

constexpr std::uint64_t round_up_to_pages(std::uint64_t size) {
    return (size + page_size - 1) & ~(page_size - 1);
}

} // namespace

PhysicalMemory::PhysicalMemory(std::uint64_t size_in_bytes) : size_(round_up_to_pages(size_in_bytes)) {
    free_runs_.emplace(ram_start, size_);
}

PhysicalMemory::~PhysicalMemory() {
    for (const auto& [address, alias] : aliases_) {
        munmap(reinterpret_cast<void*>(address), alias.page_count * page_size);
    }
    if (base_ != nullptr) {
        munmap(base_, size_);
    }
    if (descriptor_ >= 0) {
        close(descriptor_);
    }
}

namespace {

// A guest that asks for memory cannot be told that the computer has none at all.
[[noreturn]] void give_up(std::uint64_t bytes) {
    std::fprintf(stderr, "openportcls: the host does not give %llu MiB for the simulated computer's memory: %s\n",
                 static_cast<unsigned long long>(bytes >> 20), std::strerror(errno));
    std::abort();
}

} // namespace

// Machines that never ask for a page (property tests, the fuzzer) never pay for the mapping.
void PhysicalMemory::ensure_mapped() {
    if (base_ != nullptr) {
        return;
    }
    descriptor_ = memfd_create("openportcls-ram", MFD_CLOEXEC);
    if (descriptor_ < 0 || ftruncate(descriptor_, static_cast<off_t>(size_)) != 0) {
        give_up(size_);
    }
    void* mapping = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, descriptor_, 0);
    if (mapping == MAP_FAILED) {
        give_up(size_);
    }
    base_ = static_cast<char*>(mapping);
}

int PhysicalMemory::file_descriptor() {
    ensure_mapped();
    return descriptor_;
}

std::optional<PhysicalAddress> PhysicalMemory::fit(PhysicalAddress begin, PhysicalAddress end, std::uint64_t size,
                                                   const PageConstraints& constraints) const {
    const std::uint64_t alignment = std::max(constraints.alignment, page_size);
    PhysicalAddress start = std::max(begin, constraints.lowest);
    start = (start + alignment - 1) / alignment * alignment;
    if (constraints.boundary != 0 && start / constraints.boundary != (start + size - 1) / constraints.boundary) {
        if (size > constraints.boundary) {
            return std::nullopt;
        }
        start = (start + constraints.boundary - 1) / constraints.boundary * constraints.boundary;
    }
    const PhysicalAddress last = start + size - 1;
    if (last < start || last >= end || last > constraints.highest) {
        return std::nullopt;
    }
    return start;
}

PhysicalAddress PhysicalMemory::allocate(std::uint64_t size_in_bytes, const PageConstraints& constraints) {
    const std::uint64_t size = round_up_to_pages(size_in_bytes);
    if (size == 0 || size > size_) {
        return no_address;
    }
    ensure_mapped();
    for (auto run = free_runs_.begin(); run != free_runs_.end(); ++run) {
        const auto [begin, end] = *run;
        const std::optional<PhysicalAddress> start = fit(begin, end, size, constraints);
        if (!start) {
            continue;
        }
        free_runs_.erase(run);
        if (*start > begin) {
            free_runs_.emplace(begin, *start);
        }
        if (*start + size < end) {
            free_runs_.emplace(*start + size, end);
        }
        allocated_bytes_ += size;
        return *start;
    }
    return no_address;
}

void PhysicalMemory::free(PhysicalAddress address, std::uint64_t size_in_bytes) {
    const std::uint64_t size = round_up_to_pages(size_in_bytes);
    // Give the pages back to the host: the next owner must find zeroes.
    madvise(base_ + address, size, MADV_REMOVE);
    allocated_bytes_ -= size;
    PhysicalAddress begin = address;
    PhysicalAddress end = address + size;
    auto next = free_runs_.lower_bound(begin);
    if (next != free_runs_.end() && next->first == end) {
        end = next->second;
        next = free_runs_.erase(next);
    }
    if (next != free_runs_.begin()) {
        auto previous = std::prev(next);
        if (previous->second == begin) {
            begin = previous->first;
            free_runs_.erase(previous);
        }
    }
    free_runs_.emplace(begin, end);
}

void* PhysicalMemory::to_virtual(PhysicalAddress address, std::uint64_t size_in_bytes) {
    if (address + size_in_bytes < address) {
        return nullptr;
    }
    if (address >= host_window) {
        return reinterpret_cast<void*>(address - host_window);
    }
    if (address + size_in_bytes > size_) {
        return nullptr;
    }
    ensure_mapped();
    return base_ + address;
}

PhysicalAddress PhysicalMemory::to_physical(const void* pointer) {
    const auto address = reinterpret_cast<std::uintptr_t>(pointer);
    const auto base = reinterpret_cast<std::uintptr_t>(base_);
    if (base_ != nullptr && address >= base && address < base + size_) {
        return address - base;
    }
    auto alias = aliases_.upper_bound(address);
    if (alias != aliases_.begin()) {
        --alias;
        const std::uint64_t offset = address - alias->first;
        if (offset < alias->second.page_count * page_size) {
            return alias->second.frames[offset / page_size] * page_size + offset % page_size;
        }
    }
    return host_window + address;
}

void* PhysicalMemory::map_pages(std::span<const std::uint64_t> frame_numbers) {
    if (frame_numbers.empty()) {
        return nullptr;
    }
    const bool adjacent = std::adjacent_find(frame_numbers.begin(), frame_numbers.end(),
                                             [](auto a, auto b) { return b != a + 1; }) == frame_numbers.end();
    if (adjacent) {
        return to_virtual(frame_numbers.front() * page_size, frame_numbers.size() * page_size);
    }
    ensure_mapped();
    const std::uint64_t bytes = frame_numbers.size() * page_size;
    void* reservation = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (reservation == MAP_FAILED) {
        return nullptr;
    }
    auto* address = static_cast<char*>(reservation);
    for (std::size_t i = 0; i < frame_numbers.size(); ++i) {
        const PhysicalAddress page = frame_numbers[i] * page_size;
        // Pages of the host window belong to somebody else's mapping: they cannot be given a second address.
        if (!is_ram(page) || mmap(address + i * page_size, page_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
                                  descriptor_, static_cast<off_t>(page)) == MAP_FAILED) {
            munmap(reservation, bytes);
            return nullptr;
        }
    }
    aliases_.emplace(reinterpret_cast<std::uintptr_t>(reservation),
                     Alias{frame_numbers.size(), {frame_numbers.begin(), frame_numbers.end()}});
    return reservation;
}

void PhysicalMemory::unmap_pages(void* address, std::uint64_t page_count) {
    const auto alias = aliases_.find(reinterpret_cast<std::uintptr_t>(address));
    if (alias != aliases_.end()) {
        munmap(address, page_count * page_size);
        aliases_.erase(alias);
    }
}

} // namespace openportcls::machine
