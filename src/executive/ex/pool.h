// Kernel pool: who allocated what, and whether it was given back.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include <wdm.h>

#include "machine/bugcheck.h"
#include "machine/machine.h"

namespace openportcls::executive {

class OverrunSearch;

enum class PoolKind : std::uint8_t { non_paged, non_paged_execute, paged };

enum class PoolAlignment : std::uint8_t { usual, cache_line }; // 16 bytes, or a page from that size on; 64 bytes

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

    // Uninitialised memory gets a fixed pattern, so that a driver that forgets to initialise behaves the same in every
    // run. nullptr: the budget or a fault injection says no.
    void* allocate(std::uint64_t size, std::uint32_t tag, PoolKind kind, bool zero, const void* caller,
                   PoolAlignment alignment = PoolAlignment::usual);
    // Memory of a kernel object that drivers have the address of: `what` names it in reports ("event object"). Zeroed,
    // counted by whoever keeps the object and not here. `caller`, the driver's place, is for reports; free() takes it
    // back, and what is left goes with the pool.
    void* allocate_object(std::string_view what, std::uint64_t size, std::uint32_t tag, const void* caller);
    template<class T>
    T* allocate_object(std::string_view what, std::uint32_t tag, const void* caller) {
        return new (allocate_object(what, sizeof(T), tag, caller)) T{};
    }
    // A counted string with a zero behind it, as an object: free its Buffer.
    UNICODE_STRING allocate_text(std::string_view what, std::u16string_view text);
    // `tag` 0 matches any. Bad pointers, double frees, wrong tags and blocks that were written past are bugchecks.
    // `caller`, the driver's own place, is for reports.
    void free(void* body, std::uint32_t tag, const char* function, const void* caller = nullptr);
    // A block that was written past, or used after it was freed, is a bugcheck; `moment` says when it was noticed.
    void check_all(const char* moment) const;
    // Whether a block begins there that has not been freed.
    bool is_live(const void* body) const;
    // Whether nothing wrote past the block that begins there.
    bool is_intact(const void* body) const;
    // Whether the address lies in a block that has been freed; then the report says so.
    bool explain_freed(const void* address, machine::BugcheckReport& report) const;
    // Offers all blocks to who looks for the one that was written past.
    void offer_to(OverrunSearch& search) const;

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

    enum class State : std::uint8_t { unused, live, freed };

    // What is known of a block stands apart from it, out of the reach of whoever writes past one.
    struct Block {
        char* body = nullptr;
        std::uint64_t size = 0;
        std::uint64_t serial = 0;
        const void* caller = nullptr;
        const void* freed_by = nullptr;
        std::uint32_t tag = 0;
        std::uint16_t owner = 0; // index of the driver, see register_module
        PoolKind kind = PoolKind::non_paged;
        PoolAlignment alignment = PoolAlignment::usual;
        State state = State::unused;
        std::string_view what; // of an object
        bool is_counted() const { return what.empty(); }
    };
    struct Front;
    class Name; // in reports

    void* place(Block block, bool zero);
    void count(const Block& block, std::uint64_t blocks);
    std::uint32_t take_slot();
    static std::uint64_t room_before(std::uint64_t size, PoolAlignment alignment);
    static std::uint64_t whole_room(std::uint64_t size, PoolAlignment alignment);
    void return_room(const Block& block);
    bool is_front_intact(const Block& block) const;
    static std::size_t intact_behind(const Block& block); // bytes of the guard
    const Block* find(const void* address) const;
    std::uint32_t slot_of(const void* body, const char* function) const;
    void check(const Block& block, const char* moment) const;
    void check_freed(const Block& block, const char* moment) const;
    void check_no_timer_in(const Block& block, const char* function) const;
    [[noreturn]] void report(std::uint32_t code, std::uint64_t p1, std::uint64_t p2, std::uint64_t p3, std::uint64_t p4,
                             std::string_view rule, const Block* block) const;
    void name_origin(const Block& block, machine::BugcheckReport& report) const;
    void release(std::uint32_t slot, const void* caller);
    void give_back(std::uint32_t slot);
    std::vector<const Block*> in_order(State state) const;
    PoolLeak describe(const Block& block) const;

    // The blocks freed last stay unused for a while, so that freeing one twice, or using it, is seen.
    static constexpr std::size_t quarantine_slots = 128;
    static constexpr std::uint64_t quarantine_largest = 1024;
    static constexpr std::uint32_t no_slot = UINT32_MAX;

    machine::Machine& machine_;
    std::vector<Block> blocks_; // by slot
    std::vector<std::uint32_t> unused_slots_;
    PoolUsage usage_;
    std::uint64_t last_serial_ = 0;
    std::uint64_t budget_ = 0;
    std::vector<Module> modules_; // sorted by begin
    std::vector<std::string> owners_;
    std::vector<PoolUsage> usage_of_owner_;
    std::array<std::uint32_t, quarantine_slots> quarantine_;
    std::size_t quarantine_next_ = 0;
    bool record_stacks_ = false;
    std::map<std::uint64_t, std::vector<machine::StackFrame>> stacks_; // by serial
    FailHook fail_hook_ = nullptr;
    void* fail_context_ = nullptr;
};

std::string pool_tag_text(std::uint32_t tag);

} // namespace openportcls::executive
