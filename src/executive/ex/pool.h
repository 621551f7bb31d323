// Kernel pool over the host allocator: who allocated what, and whether it was given back.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <wdm.h>

#include "machine/bugcheck.h"
#include "machine/machine.h"

namespace openportcls::executive {

enum class PoolKind : std::uint8_t { non_paged, non_paged_execute, paged };

// In front of every block, 16-byte aligned like the block behind it. The first words are the ones a freed block loses
// to the host allocator, so what tells a live block from a freed one stands last.
struct alignas(16) PoolHeader {
    PoolHeader* next;
    PoolHeader* previous;
    std::uint64_t size;
    std::uint64_t serial;
    std::uint32_t tag;
    std::uint16_t owner; // index of the driver, see Pool::register_module
    PoolKind kind;
    std::uint8_t page_aligned;
    std::uint64_t check; // mixed from address and size while live
};
static_assert(sizeof(PoolHeader) == 48);

struct PoolLeak {
    std::string tag; // four characters, unprintable ones as '.'
    std::uint64_t size = 0;
    std::uint64_t serial = 0; // order of allocation
    std::string owner;
    bool paged = false;
    std::vector<machine::StackFrame> stack; // only while stacks are recorded
};

struct PoolUsage {
    std::uint64_t blocks = 0;
    std::uint64_t bytes = 0;
};

class Pool {
public:
    explicit Pool(machine::Machine& machine);
    ~Pool();
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    // 16-byte aligned, page-aligned from 4096 bytes on. Uninitialised memory gets a fixed pattern, so that a driver
    // that forgets to initialise behaves the same in every run. nullptr: the budget or a fault injection says no.
    void* allocate(std::uint64_t size, std::uint32_t tag, PoolKind kind, bool zero, const void* caller);
    // `tag` 0 matches any. Bad pointers, double frees and wrong tags are bugchecks.
    // `caller`, the driver's own place, is for reports of races.
    void free(void* block, std::uint32_t tag, const char* function, const void* caller = nullptr);
    std::uint64_t size_of(const void* block) const;

    // Code of a driver lies at [begin, end): allocations from there are its own. Returns its owner number.
    std::uint16_t register_module(std::string_view name, const void* begin, const void* end);
    void unregister_module(const void* begin);
    std::uint16_t owner_at(const void* code) const;

    PoolUsage usage() const { return usage_; }
    PoolUsage usage_of(std::uint16_t owner) const;
    // Live blocks, oldest first; of one owner or of all (owner 0 is "the kernel itself").
    std::vector<PoolLeak> live_blocks() const;
    std::vector<PoolLeak> live_blocks(std::uint16_t owner) const;

    void record_stacks(bool on) { record_stacks_ = on; }
    // Fault injection: asked for every allocation of a driver; true = fail it.
    using FailHook = bool (*)(void* context, std::uint64_t size, std::uint32_t tag);
    void set_fail_hook(FailHook hook, void* context) {
        fail_hook_ = hook;
        fail_context_ = context;
    }
    // 0 = unlimited.
    void set_budget(std::uint64_t bytes) { budget_ = bytes; }

private:
    struct Module {
        const void* begin;
        const void* end;
        std::uint16_t owner;
    };

    void verify(const PoolHeader* header, const void* block, const char* function) const;
    void release(PoolHeader* header);
    PoolLeak describe(const PoolHeader& header) const;

    // The blocks freed last stay unused for a while, so that freeing one twice, or using it, is seen.
    static constexpr std::size_t quarantine_slots = 128;
    static constexpr std::uint64_t quarantine_largest = 1024;

    machine::Machine& machine_;
    PoolHeader anchor_{};
    PoolUsage usage_;
    std::uint64_t last_serial_ = 0;
    std::uint64_t budget_ = 0;
    std::vector<Module> modules_; // sorted by begin
    std::vector<std::string> owners_;
    std::vector<PoolUsage> usage_of_owner_;
    std::array<PoolHeader*, quarantine_slots> quarantine_{};
    std::size_t quarantine_next_ = 0;
    bool record_stacks_ = false;
    std::map<std::uint64_t, std::vector<machine::StackFrame>> stacks_; // by serial
    FailHook fail_hook_ = nullptr;
    void* fail_context_ = nullptr;
};

std::string pool_tag_text(std::uint32_t tag);

} // namespace openportcls::executive
