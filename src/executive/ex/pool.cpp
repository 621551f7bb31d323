#include "executive/ex/pool.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "executive/ex/allocated_by.h"
#include "executive/ex/asan.h"
#include "executive/ex/guard_bytes.h"
#include "executive/ex/overrun_search.h"
#include "executive/sentence.h"
#include "machine/guarded_access.h"

namespace openportcls::executive {

namespace {

constexpr std::uint32_t bad_pool_caller = 0xC2;
constexpr std::uint32_t timer_or_dpc_invalid = 0xC7;

constexpr std::uint64_t page = machine::page_size;
constexpr std::uint64_t cache_line = 64;
constexpr int uninitialised_byte = 0xA5;

// Behind every block. AddressSanitizer has redzones of its own there, and finds the instruction that writes into them.
constexpr std::size_t back_guard_bytes = 64;
std::size_t back_guard() {
    return asan_present() ? 0 : back_guard_bytes;
}

} // namespace

// In front of every block, and so what is overwritten when a driver writes there. It is poisoned for AddressSanitizer,
// which catches that at once.
struct Pool::Front {
    static constexpr std::size_t words = 7;
    std::uint64_t guard[words];
    std::uint32_t slot;
    std::uint32_t check; // of the slot: memory that never was in the pool has no such pair
};

void NTAPI look_for_poison(const void* object, std::size_t bytes, const char* function) {
    const void* const poisoned = __asan_region_is_poisoned(const_cast<void*>(object), bytes);
    if (poisoned == nullptr) {
        return;
    }
    asan_describe(poisoned);
    machine::Machine::current().bugcheck(
        0xCD /* PAGE_FAULT_BEYOND_END_OF_ALLOCATION */, as_number(poisoned), 0, 0, 0,
        Sentence("{} was given an object of {} bytes at {:#x}, which are not all the driver's memory: AddressSanitizer "
                 "says above whose {:#x} is.",
                 function, bytes, as_number(object), as_number(poisoned)));
}

namespace {

constexpr std::uint32_t check_of(std::uint32_t slot) {
    return slot * 0x9E3779B1U ^ 0x4C4F4F50U;
}

} // namespace

std::string pool_tag_text(std::uint32_t tag) {
    std::string text(4, '.');
    for (unsigned i = 0; i < 4; ++i) {
        const auto character = static_cast<unsigned char>(tag >> (8 * i));
        if (character >= 0x20 && character < 0x7F) {
            text[i] = static_cast<char>(character);
        }
    }
    return text;
}

Pool::Pool(machine::Machine& machine) : machine_(machine) {
    static_assert(sizeof(Front) == cache_line);
    quarantine_.fill(no_slot);
    owners_.emplace_back("kernel");
    usage_of_owner_.emplace_back();
}

Pool::~Pool() {
    for (const Block& block : blocks_) {
        if (block.state != State::unused) {
            return_room(block);
        }
    }
}

// Blocks that ask for no more begin 16 bytes behind a cache line, so that none is aligned better than on Windows.
std::uint64_t Pool::room_before(std::uint64_t size, PoolAlignment alignment) {
    constexpr std::uint64_t usual_alignment = 16;
    return size >= page ? page : alignment == PoolAlignment::cache_line ? cache_line : cache_line + usual_alignment;
}

std::uint64_t Pool::whole_room(std::uint64_t size, PoolAlignment alignment) {
    return room_before(size, alignment) + std::max<std::uint64_t>(size, 1) + back_guard();
}

OPC_NO_ASAN void Pool::return_room(const Block& block) {
    asan_unpoison(block.body - cache_line, cache_line);
    machine_.guest_heap().free(block.body - room_before(block.size, block.alignment),
                               whole_room(block.size, block.alignment));
}

std::uint32_t Pool::take_slot() {
    if (unused_slots_.empty()) {
        blocks_.emplace_back();
        return static_cast<std::uint32_t>(blocks_.size() - 1);
    }
    const std::uint32_t slot = unused_slots_.back();
    unused_slots_.pop_back();
    return slot;
}

void* Pool::allocate(std::uint64_t size, std::uint32_t tag, PoolKind kind, bool zero, const void* caller,
                     PoolAlignment alignment) {
    const std::uint16_t owner = owner_at(caller);
    if (fail_hook_ != nullptr && owner != 0 && fail_hook_(fail_context_, size, tag)) [[unlikely]] {
        return nullptr;
    }
    if ((budget_ != 0 && usage_.bytes + size > budget_) || size > UINT64_MAX / 2) [[unlikely]] {
        return nullptr;
    }
    return place({.size = size, .caller = caller, .tag = tag, .owner = owner, .kind = kind, .alignment = alignment},
                 zero);
}

void* Pool::allocate_object(std::string_view what, std::uint64_t size, std::uint32_t tag, const void* caller) {
    void* const body = place({.size = size, .caller = caller, .tag = tag, .what = what}, true);
    if (body == nullptr) [[unlikely]] {
        machine_.bugcheck(0x41 /* MUST_SUCCEED_POOL_EMPTY */, size, 0, 0, 0, "The host has no room for an object.");
    }
    return body;
}

UNICODE_STRING Pool::allocate_text(std::string_view what, std::u16string_view text) {
    constexpr std::uint32_t text_tag = 0x6D614E4F; // 'ONam'
    const auto bytes = static_cast<USHORT>(text.size() * sizeof(char16_t));
    const auto with_end = static_cast<USHORT>(bytes + sizeof(char16_t));
    auto* const copy = static_cast<char16_t*>(allocate_object(what, with_end, text_tag, nullptr));
    text.copy(copy, text.size());
    return {bytes, with_end, copy};
}

OPC_NO_ASAN void* Pool::place(Block block, bool zero) {
    char* const room = machine_.guest_heap().allocate(whole_room(block.size, block.alignment));
    if (room == nullptr) [[unlikely]] {
        return nullptr;
    }
    const std::uint32_t slot = take_slot();
    char* const body = room + room_before(block.size, block.alignment);
    block.body = body;
    block.serial = ++last_serial_;
    block.state = State::live;
    blocks_[slot] = block;
    std::memset(body, zero ? 0 : uninitialised_byte, std::max<std::uint64_t>(block.size, 1));
    const std::uint64_t pattern = pattern_of(block.tag, block.size);
    auto* front = reinterpret_cast<Front*>(body) - 1;
    std::fill_n(front->guard, Front::words, pattern);
    front->slot = slot;
    front->check = check_of(slot);
    asan_poison(front, sizeof *front);
    if (back_guard() != 0) {
        fill_with(body + block.size, back_guard_bytes, pattern);
    }
    count(block, 1);
    if (record_stacks_) [[unlikely]] {
        stacks_[last_serial_] = machine::capture_stack(2);
    }
    return body;
}

// `blocks` is 1, or -1 of one that goes.
void Pool::count(const Block& block, std::uint64_t blocks) {
    if (block.is_counted()) {
        usage_.blocks += blocks;
        usage_.bytes += blocks * block.size;
        usage_of_owner_[block.owner].blocks += blocks;
        usage_of_owner_[block.owner].bytes += blocks * block.size;
    }
}

// "pool block 'Test' of 24 bytes", "event object of 24 bytes": behind "the".
class Pool::Name {
public:
    explicit Name(const Block& block)
        : text_(block.is_counted() ? Sentence("pool block '{}' of {} bytes", pool_tag_text(block.tag), block.size)
                                   : Sentence("{} of {} bytes", block.what, block.size)) {}
    operator std::string_view() const { return text_; }

private:
    Sentence text_;
};

void Pool::report(std::uint32_t code, std::uint64_t p1, std::uint64_t p2, std::uint64_t p3, std::uint64_t p4,
                  std::string_view rule, const Block* block) const {
    machine::BugcheckReport report{.code = code, .parameters = {p1, p2, p3, p4}, .rule = std::string(rule)};
    report.stack = machine::capture_stack(1);
    if (block != nullptr) {
        name_origin(*block, report);
    }
    machine_.bugcheck_with_stack(std::move(report));
}

void Pool::name_origin(const Block& block, machine::BugcheckReport& report) const {
    name_allocator(block.caller, report);
    if (const auto recorded = stacks_.find(block.serial); recorded != stacks_.end()) {
        report.origin = recorded->second;
    }
}

// The block whose memory, or guards, contain the address; for reports only, it looks at all of them.
const Pool::Block* Pool::find(const void* address) const {
    const auto wanted = as_number(address);
    for (const Block& block : blocks_) {
        if (block.state != State::unused && wanted >= as_number(block.body) - cache_line &&
            wanted < as_number(block.body) + block.size + back_guard()) {
            return &block;
        }
    }
    return nullptr;
}

OPC_NO_ASAN std::uint32_t Pool::slot_of(const void* body, const char* function) const {
    const auto address = as_number(body);
    const auto* front = reinterpret_cast<const Front*>(address - sizeof(Front)); // of a pointer that may be any number
    if (body != nullptr && address % 16 == 0 && machine::is_accessible(front, sizeof *front, machine::Access::read)) {
        const std::uint32_t slot = front->slot;
        if (front->check == check_of(slot) && slot < blocks_.size() && blocks_[slot].body == body) [[likely]] {
            return slot;
        }
    }
    const Block* around = find(body);
    if (around == nullptr) {
        asan_describe(body);
        report(bad_pool_caller, 0x46, address, 0, 0,
               Sentence("{} was given {:#x}, which is no pool block.", function, address), nullptr);
    }
    if (around->body != body) {
        report(bad_pool_caller, 0x46, address, 0, 0,
               Sentence("{} was given {:#x}, which lies {} bytes inside of the {}.", function, address,
                        static_cast<std::int64_t>(address - as_number(around->body)), std::string_view(Name(*around))),
               around);
    }
    return static_cast<std::uint32_t>(around - blocks_.data());
}

OPC_NO_ASAN bool Pool::is_front_intact(const Block& block) const {
    const std::uint64_t pattern = pattern_of(block.tag, block.size);
    const auto slot = static_cast<std::uint32_t>(&block - blocks_.data());
    const auto* front = reinterpret_cast<const Front*>(block.body) - 1;
    std::uint64_t differences = (front->slot ^ slot) | (front->check ^ check_of(slot));
    for (const std::uint64_t word : front->guard) {
        differences |= word ^ pattern;
    }
    return differences == 0;
}

OPC_NO_ASAN std::size_t Pool::intact_behind(const Block& block) {
    return first_difference(block.body + block.size, back_guard(), pattern_of(block.tag, block.size));
}

bool Pool::is_live(const void* body) const {
    const Block* block = find(body);
    return block != nullptr && block->body == body && block->state == State::live;
}

bool Pool::is_intact(const void* body) const {
    const Block* block = find(body);
    return block != nullptr && block->body == body && is_front_intact(*block) && intact_behind(*block) == back_guard();
}

bool Pool::explain_freed(const void* address, machine::BugcheckReport& report) const {
    const Block* block = find(address);
    if (block == nullptr || block->state != State::freed) {
        return false;
    }
    report.rule +=
        Sentence(" A register holds {:#x}, which lies in the {} that has been freed: was an object used after "
                 "its last Release?",
                 as_number(address), std::string_view(Name(*block)));
    if (block->freed_by != nullptr) {
        report.origin_title = "freed by";
        report.origin = {machine::frame_at(as_number(block->freed_by))};
    }
    return true;
}

void Pool::offer_to(OverrunSearch& search) const {
    for (const Block& block : blocks_) {
        if (block.state == State::unused || !search.is_near(block.body, block.size)) {
            continue;
        }
        const bool is_damaged =
            search.is_behind(block.body, block.size) ? intact_behind(block) < back_guard() : !is_front_intact(block);
        if (search.is_better(block.body, block.size, is_damaged)) {
            search.take(block.body, block.size, is_damaged, Name(block));
            name_origin(block, search.report());
        }
    }
}

OPC_NO_ASAN void Pool::check(const Block& block, const char* moment) const {
    if (!is_front_intact(block)) [[unlikely]] {
        report(bad_pool_header, 0x20, as_number(block.body), block.size, block.tag,
               Sentence("{}: something wrote over the bytes in front of the {} at {:#x}.", moment,
                        std::string_view(Name(block)), as_number(block.body)),
               &block);
    }
    const std::size_t intact = intact_behind(block);
    if (intact != back_guard()) [[unlikely]] {
        const auto found = static_cast<unsigned char>(block.body[block.size + intact]);
        report(bad_pool_header, 0x21, as_number(block.body), block.size, found,
               Sentence("{}: the {} at {:#x} was written past its end: {:#04x} at offset {}.", moment,
                        std::string_view(Name(block)), as_number(block.body), found, block.size + intact),
               &block);
    }
}

OPC_NO_ASAN void Pool::check_freed(const Block& block, const char* moment) const {
    std::uint64_t pattern = 0;
    std::memset(&pattern, freed_byte, sizeof pattern);
    const std::size_t intact = first_difference(block.body, block.size, pattern);
    if (intact < block.size) [[unlikely]] {
        const auto found = static_cast<unsigned char>(block.body[intact]);
        report(bad_pool_header, 0x0D, as_number(block.body), block.size, found,
               Sentence("{}: the {} at {:#x} was written to after it was freed: {:#04x} at offset {}.", moment,
                        std::string_view(Name(block)), as_number(block.body), found, intact),
               &block);
    }
}

void Pool::check_all(const char* moment) const {
    for (const Block* block : in_order(State::live)) {
        check(*block, moment);
    }
    for (const Block* block : in_order(State::freed)) {
        check_freed(*block, moment);
    }
}

OPC_NO_ASAN void Pool::free(void* body, std::uint32_t tag, const char* function, const void* caller) {
    const std::uint32_t slot = slot_of(body, function);
    const Block& block = blocks_[slot];
    if (block.state == State::freed) [[unlikely]] {
        report(bad_pool_caller, 0x07, block.tag, 0, as_number(body),
               Sentence("{}: the {} has been freed already.", function, std::string_view(Name(block))), &block);
    }
    check(block, function);
    // A wrong tag stops the system for blocks that were allocated with a protected tag (its high bit). Drivers in the
    // field free others with one tag of their own in every `operator delete`, Microsoft's samples among them.
    constexpr std::uint32_t protected_tag = 0x80000000;
    const bool wrong_tag = tag != 0 && ((tag ^ block.tag) & ~protected_tag) != 0;
    if (wrong_tag && (block.tag & protected_tag) == 0) [[unlikely]] {
        machine_.trace(machine::EventKind::log, 0, block.tag, "a pool block is freed with another tag than its own");
    } else if (wrong_tag) [[unlikely]] {
        report(bad_pool_caller, 0x0A, as_number(body), block.tag, tag,
               Sentence("{}: the block was allocated with tag '{}' and is freed with '{}'.", function,
                        pool_tag_text(block.tag), pool_tag_text(tag)),
               &block);
    }
    if (block.kind == PoolKind::paged && machine_.irql() > machine::irql::apc) [[unlikely]] {
        report(bad_pool_caller, 0x09, machine_.irql(), static_cast<std::uint64_t>(block.kind), as_number(body),
               Sentence("{}: paged pool is freed at APC_LEVEL or below.", function), &block);
    }
    check_no_timer_in(block, function);
    if (caller != nullptr) {
        machine::tsan::freed(body, block.size, caller);
    }
    release(slot, caller);
}

// Bug check 0xC7: what will expire, or run, lies in memory that is about to be somebody else's.
void Pool::check_no_timer_in(const Block& block, const char* function) const {
    const std::uint64_t end = as_number(block.body) + block.size;
    if (const KTIMER* timer = machine_.set_timer_in(block.body, block.size)) [[unlikely]] {
        report(timer_or_dpc_invalid, 0x00, as_number(timer), as_number(block.body), end,
               Sentence("{}: the {} holds a timer that is set, {} bytes from its start (KeCancelTimer).", function,
                        std::string_view(Name(block)), as_number(timer) - as_number(block.body)),
               &block);
    }
    if (const KDPC* dpc = machine_.queued_dpc_in(block.body, block.size)) [[unlikely]] {
        report(timer_or_dpc_invalid, 0x01, as_number(dpc), as_number(block.body), end,
               Sentence("{}: the {} holds a DPC that is queued, {} bytes from its start (KeRemoveQueueDpc, "
                        "KeFlushQueuedDpcs).",
                        function, std::string_view(Name(block)), as_number(dpc) - as_number(block.body)),
               &block);
    }
}

OPC_NO_ASAN void Pool::release(std::uint32_t slot, const void* caller) {
    Block& block = blocks_[slot];
    count(block, ~0ULL);
    if (!stacks_.empty()) [[unlikely]] {
        stacks_.erase(block.serial);
    }
    // With AddressSanitizer the host allocator keeps freed blocks aside itself, and knows who freed them. What kernel
    // functions are given of them, which it does not watch, is seen to be no object any more.
    if (asan_present()) {
        std::memset(block.body, freed_byte, block.size);
    }
    if (block.size > quarantine_largest || asan_present()) {
        give_back(slot);
        return;
    }
    block.state = State::freed;
    block.freed_by = caller;
    std::memset(block.body, freed_byte, block.size);
    std::swap(slot, quarantine_[quarantine_next_]);
    quarantine_next_ = (quarantine_next_ + 1) % quarantine_slots;
    if (slot != no_slot) {
        check_freed(blocks_[slot], "Noticed when its memory was wanted again");
        give_back(slot);
    }
}

OPC_NO_ASAN void Pool::give_back(std::uint32_t slot) {
    Block& block = blocks_[slot];
    return_room(block);
    block = {};
    unused_slots_.push_back(slot);
}

std::uint16_t Pool::register_module(std::string_view name, const void* begin, const void* end) {
    auto known = std::find(owners_.begin() + 1, owners_.end(), name);
    if (known == owners_.end()) {
        owners_.emplace_back(name);
        usage_of_owner_.emplace_back();
        known = owners_.end() - 1;
    }
    const auto owner = static_cast<std::uint16_t>(known - owners_.begin());
    const Module entry{begin, end, owner};
    modules_.insert(std::upper_bound(modules_.begin(), modules_.end(), entry,
                                     [](const Module& a, const Module& b) { return a.begin < b.begin; }),
                    entry);
    return owner;
}

void Pool::unregister_module(const void* begin) {
    std::erase_if(modules_, [begin](const Module& module) { return module.begin == begin; });
}

std::uint16_t Pool::owner_at(const void* code) const {
    auto after = std::upper_bound(modules_.begin(), modules_.end(), code,
                                  [](const void* address, const Module& module) { return address < module.begin; });
    if (after == modules_.begin()) {
        return 0;
    }
    --after;
    return code < after->end ? after->owner : 0;
}

PoolUsage Pool::usage_of(std::uint16_t owner) const {
    return owner < usage_of_owner_.size() ? usage_of_owner_[owner] : PoolUsage{};
}

std::vector<const Pool::Block*> Pool::in_order(State state) const {
    std::vector<const Block*> found;
    for (const Block& block : blocks_) {
        if (block.state == state) {
            found.push_back(&block);
        }
    }
    std::sort(found.begin(), found.end(), [](const Block* a, const Block* b) { return a->serial < b->serial; });
    return found;
}

PoolLeak Pool::describe(const Block& block) const {
    PoolLeak leak;
    leak.tag = pool_tag_text(block.tag);
    leak.size = block.size;
    leak.serial = block.serial;
    leak.owner = owners_[block.owner];
    leak.paged = block.kind == PoolKind::paged;
    if (const auto stack = stacks_.find(block.serial); stack != stacks_.end()) {
        leak.stack = stack->second;
    }
    return leak;
}

std::vector<PoolLeak> Pool::live_blocks() const {
    std::vector<PoolLeak> leaks;
    for (const Block* block : in_order(State::live)) {
        if (block->is_counted()) {
            leaks.push_back(describe(*block));
        }
    }
    return leaks;
}

std::vector<PoolLeak> Pool::live_blocks(std::uint16_t owner) const {
    std::vector<PoolLeak> leaks;
    for (const Block* block : in_order(State::live)) {
        if (block->owner == owner && block->is_counted()) {
            leaks.push_back(describe(*block));
        }
    }
    return leaks;
}

} // namespace openportcls::executive
