#include "machine/guest_heap.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <sys/mman.h>

#include "machine/fiber.h"
#include "machine/physical_memory.h"
#include "machine/thread_sanitizer.h"

namespace openportcls::machine {

namespace {

constexpr std::size_t fence_bytes = 64 * 1024;

// Exactly as long as asked for, so that they find the first byte behind.
char* allocate_from_sanitizer(std::size_t alignment, std::size_t bytes) {
    void* block = nullptr;
    return posix_memalign(&block, alignment, bytes) == 0 ? static_cast<char*>(block) : nullptr;
}

constexpr std::size_t round_up(std::size_t bytes, std::size_t unit) {
    return (bytes + unit - 1) / unit * unit;
}

// Machines come and go by the thousand (fuzzers, tests): their chunks stay mapped for the next ones.
class SpareChunks {
public:
    char* take() {
        const std::lock_guard locked(mutex_);
        if (chunks_.empty()) {
            return nullptr;
        }
        char* const chunk = chunks_.back();
        chunks_.pop_back();
        return chunk;
    }
    bool give(char* chunk) {
        constexpr std::size_t most = 8;
        const std::lock_guard locked(mutex_);
        if (chunks_.size() == most) {
            return false;
        }
        chunks_.push_back(chunk);
        return true;
    }

private:
    std::mutex mutex_;
    std::vector<char*> chunks_;
};

SpareChunks& spare_chunks() {
    static auto* const chunks = new SpareChunks; // machines may outlive what is destroyed when the process ends
    return *chunks;
}

} // namespace

bool GuestHeap::belongs_to_sanitizer() {
    return __asan_unpoison_memory_region != nullptr || tsan::is_watching();
}

GuestHeap::~GuestHeap() {
    for (const auto& [region, bytes] : regions_) {
        auto* const begin = const_cast<char*>(region);
        if (bytes != chunk_bytes || !spare_chunks().give(begin)) {
            munmap(begin - fence_bytes, bytes + 2 * fence_bytes);
        }
    }
}

char* GuestHeap::map(std::size_t bytes) {
    void* const whole = mmap(nullptr, bytes + 2 * fence_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (whole == MAP_FAILED) {
        return nullptr;
    }
    char* const region = static_cast<char*>(whole) + fence_bytes;
    if (mprotect(region, bytes, PROT_READ | PROT_WRITE) != 0) {
        munmap(whole, bytes + 2 * fence_bytes);
        return nullptr;
    }
    regions_.emplace(region, bytes);
    return region;
}

void GuestHeap::unmap(char* region, std::size_t bytes) {
    regions_.erase(region);
    munmap(region - fence_bytes, bytes + 2 * fence_bytes);
}

char* GuestHeap::take_chunk() {
    char* const chunk = spare_chunks().take();
    if (chunk != nullptr) {
        regions_.emplace(chunk, chunk_bytes);
        return chunk;
    }
    return map(chunk_bytes);
}

char* GuestHeap::take_pages(std::size_t bytes) {
    const auto fits = [bytes](const auto& pages) { return pages.second == bytes; };
    const auto found = std::find_if(unused_pages_.begin(), unused_pages_.end(), fits);
    if (found == unused_pages_.end()) {
        return map(bytes);
    }
    char* const pages = found->first;
    *found = unused_pages_.back();
    unused_pages_.pop_back();
    return pages;
}

void GuestHeap::give_pages(char* pages, std::size_t bytes) {
    constexpr std::size_t most = 16;
    constexpr std::size_t largest = 256 * 1024;
    if (bytes <= largest && unused_pages_.size() < most) {
        unused_pages_.emplace_back(pages, bytes);
    } else {
        unmap(pages, bytes);
    }
}

char* GuestHeap::allocate(std::size_t bytes) {
    if (bytes > largest_small) {
        if (bytes > SIZE_MAX / 2) {
            return nullptr;
        }
        return belongs_to_sanitizer() ? allocate_from_sanitizer(page_size, bytes)
                                      : take_pages(round_up(bytes, page_size));
    }
    if (belongs_to_sanitizer()) {
        return allocate_from_sanitizer(granule, bytes);
    }
    const std::size_t granules = round_up(std::max<std::size_t>(bytes, 1), granule) / granule;
    if (std::vector<char*>& unused = unused_[granules]; !unused.empty()) {
        char* const block = unused.back();
        unused.pop_back();
        return block;
    }
    if (static_cast<std::size_t>(end_ - next_) < granules * granule) {
        char* const chunk = take_chunk();
        if (chunk == nullptr) {
            return nullptr;
        }
        next_ = chunk;
        end_ = chunk + chunk_bytes;
    }
    char* const block = next_;
    next_ += granules * granule;
    return block;
}

void GuestHeap::free(char* block, std::size_t bytes) {
    if (belongs_to_sanitizer()) {
        std::free(block);
    } else if (bytes > largest_small) {
        give_pages(block, round_up(bytes, page_size));
    } else {
        unused_[round_up(std::max<std::size_t>(bytes, 1), granule) / granule].push_back(block);
    }
}

bool GuestHeap::is_guard(const void* address) const {
    const auto* const place = static_cast<const char*>(address);
    const auto next = regions_.upper_bound(place);
    if (next != regions_.end() && static_cast<std::size_t>(next->first - place) <= fence_bytes) {
        return true;
    }
    if (next == regions_.begin()) {
        return false;
    }
    const auto& [begin, bytes] = *std::prev(next);
    const auto offset = static_cast<std::size_t>(place - begin);
    return offset >= bytes && offset - bytes < fence_bytes;
}

} // namespace openportcls::machine
