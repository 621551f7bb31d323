// Where the guest's blocks lie: apart from the host's heap. Who writes past one of his meets other blocks of the guest,
// or a page that nobody can access, and nothing that the host needs to go on.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace openportcls::machine {

struct BugcheckReport;

class GuestHeap {
public:
    GuestHeap() = default;
    ~GuestHeap();
    GuestHeap(const GuestHeap&) = delete;
    GuestHeap& operator=(const GuestHeap&) = delete;

    // At a multiple of 64 bytes; more than `largest_small` begin a page, and pages without access lie on both sides.
    // nullptr: the host has no room. The contents are anything.
    char* allocate(std::size_t bytes);
    // `bytes` as they were asked for.
    void free(char* block, std::size_t bytes);

    // A page without access that lies next to blocks.
    bool is_guard(const void* address) const;

    // Whether AddressSanitizer or ThreadSanitizer keeps the blocks: then they lie in the host's heap, which they watch.
    static bool belongs_to_sanitizer();

    // Asked by the report of an access to such a page: whose block was it?
    using Explain = void (*)(void* context, const void* address, BugcheckReport& report);
    void explain_with(Explain explain, void* context) {
        explain_ = explain;
        context_ = context;
    }
    void explain(const void* address, BugcheckReport& report) const {
        if (explain_ != nullptr) {
            explain_(context_, address, report);
        }
    }

    static constexpr std::size_t granule = 64;
    static constexpr std::size_t largest_small = 4352;

private:
    static constexpr std::size_t chunk_bytes = 256 * 1024;

    char* map(std::size_t bytes);
    void unmap(char* region, std::size_t bytes);
    char* take_chunk();
    char* take_pages(std::size_t bytes);
    void give_pages(char* pages, std::size_t bytes);

    std::array<std::vector<char*>, largest_small / granule + 1> unused_; // small blocks by granules
    char* next_ = nullptr;                                               // what is left of the newest chunk
    char* end_ = nullptr;
    std::map<const char*, std::size_t> regions_; // between their guards
    std::vector<std::pair<char*, std::size_t>> unused_pages_;
    Explain explain_ = nullptr;
    void* context_ = nullptr;
};

} // namespace openportcls::machine
