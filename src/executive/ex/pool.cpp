#include "executive/ex/pool.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "executive/ex/asan.h"
#include "executive/sentence.h"

namespace openportcls::executive {

namespace {

constexpr std::uint32_t bad_pool_header = 0x19;
constexpr std::uint32_t bad_pool_caller = 0xC2;

constexpr std::uint64_t page = machine::page_size;
constexpr std::uint64_t live_mark = 0x4C49564550304F4CULL;
constexpr std::uint64_t freed_mark = 0x4652454544504F4CULL;
constexpr int uninitialised_byte = 0xA5;
constexpr int freed_byte = 0xDD;

std::uint64_t check_of(const PoolHeader* header, std::uint64_t size, std::uint64_t mark) {
    return reinterpret_cast<std::uint64_t>(header) ^ (size * 0x9E3779B97F4A7C15ULL) ^ mark;
}

void* host_block(PoolHeader* header) {
    return header->page_aligned != 0 ? reinterpret_cast<char*>(header + 1) - page : reinterpret_cast<char*>(header);
}

// Headers are poisoned while live, so that a driver that writes in front of its block is caught at that instruction.
struct HeaderAccess {
    OPC_NO_ASAN explicit HeaderAccess(const PoolHeader* header) : header_(header) {
        asan_unpoison(header, sizeof *header);
    }
    ~HeaderAccess() { asan_poison(header_, sizeof *header_); }
    HeaderAccess(const HeaderAccess&) = delete;
    HeaderAccess& operator=(const HeaderAccess&) = delete;

private:
    const PoolHeader* header_;
};

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
    anchor_.next = anchor_.previous = &anchor_;
    owners_.emplace_back("kernel");
    usage_of_owner_.emplace_back();
}

OPC_NO_ASAN Pool::~Pool() {
    for (PoolHeader* header : quarantine_) {
        if (header != nullptr) {
            std::free(host_block(header));
        }
    }
    for (PoolHeader* header = anchor_.next; header != &anchor_;) {
        asan_unpoison(header, sizeof *header);
        PoolHeader* next = header->next;
        std::free(host_block(header));
        header = next;
    }
}

OPC_NO_ASAN void* Pool::allocate(std::uint64_t size, std::uint32_t tag, PoolKind kind, bool zero, const void* caller) {
    const std::uint16_t owner = owner_at(caller);
    if (fail_hook_ != nullptr && owner != 0 && fail_hook_(fail_context_, size, tag)) [[unlikely]] {
        return nullptr;
    }
    if ((budget_ != 0 && usage_.bytes + size > budget_) || size > UINT64_MAX / 2) [[unlikely]] {
        return nullptr;
    }
    const std::uint64_t body = size == 0 ? 1 : size;
    const bool page_aligned = body >= page;
    char* host = nullptr;
    if (page_aligned) {
        host = static_cast<char*>(std::aligned_alloc(page, page + ((body + page - 1) & ~(page - 1))));
    } else {
        // The host allocator's alignment is 16 bytes on x86-64.
        host = static_cast<char*>(std::malloc(sizeof(PoolHeader) + body));
    }
    if (host == nullptr) [[unlikely]] {
        return nullptr;
    }
    auto* header = reinterpret_cast<PoolHeader*>(page_aligned ? host + page : host + sizeof(PoolHeader)) - 1;
    void* block = header + 1;
    std::memset(block, zero ? 0 : uninitialised_byte, body);

    PoolHeader* last = anchor_.previous;
    header->next = &anchor_;
    header->previous = last;
    header->size = size;
    header->serial = ++last_serial_;
    header->tag = tag;
    header->owner = owner;
    header->kind = kind;
    header->page_aligned = page_aligned;
    header->check = check_of(header, size, live_mark);
    if (last != &anchor_) {
        const HeaderAccess access(last);
        last->next = header;
    } else {
        anchor_.next = header;
    }
    anchor_.previous = header;
    usage_.blocks += 1;
    usage_.bytes += size;
    usage_of_owner_[owner].blocks += 1;
    usage_of_owner_[owner].bytes += size;
    if (record_stacks_) [[unlikely]] {
        stacks_[header->serial] = machine::capture_stack(2);
    }
    asan_poison(header, sizeof *header);
    return block;
}

OPC_NO_ASAN void Pool::verify(const PoolHeader* header, const void* block, const char* function) const {
    const auto address = reinterpret_cast<std::uint64_t>(block);
    if (block == nullptr || address % 16 != 0) {
        machine_.bugcheck(bad_pool_caller, 0x46, address, 0, 0,
                          Sentence("{} was given {:#x}, which is no pool block.", function, address));
    }
    if (header->check == check_of(header, header->size, live_mark)) [[likely]] {
        return;
    }
    if (header->check == check_of(header, header->size, freed_mark)) {
        machine_.bugcheck(
            bad_pool_caller, 0x07, header->tag, 0, address,
            Sentence("{}: the pool block '{}' has been freed already.", function, pool_tag_text(header->tag)));
    }
    machine_.bugcheck(
        bad_pool_header, 0x20, address, header->size, header->tag,
        Sentence("{}: {:#x} is no pool block, or something wrote over the bytes in front of it.", function, address));
}

OPC_NO_ASAN void Pool::free(void* block, std::uint32_t tag, const char* function, const void* caller) {
    auto* header = static_cast<PoolHeader*>(block) - 1;
    if (block != nullptr && reinterpret_cast<std::uint64_t>(block) % 16 == 0) {
        asan_unpoison(header, sizeof *header);
    }
    verify(header, block, function);
    // A wrong tag stops the system for blocks that were allocated with a protected tag (its high bit). Drivers in the
    // field free others with one tag of their own in every `operator delete`, Microsoft's samples among them.
    constexpr std::uint32_t protected_tag = 0x80000000;
    const bool wrong_tag = tag != 0 && ((tag ^ header->tag) & ~protected_tag) != 0;
    if (wrong_tag && (header->tag & protected_tag) == 0) [[unlikely]] {
        machine_.trace(machine::EventKind::log, 0, header->tag, "a pool block is freed with another tag than its own");
    } else if (wrong_tag) [[unlikely]] {
        machine_.bugcheck(bad_pool_caller, 0x0A, reinterpret_cast<std::uint64_t>(block), header->tag, tag,
                          Sentence("{}: the block was allocated with tag '{}' and is freed with '{}'.", function,
                                   pool_tag_text(header->tag), pool_tag_text(tag)));
    }
    if (header->kind == PoolKind::paged && machine_.irql() > machine::irql::apc) [[unlikely]] {
        machine_.bugcheck(bad_pool_caller, 0x09, machine_.irql(), static_cast<std::uint64_t>(header->kind),
                          reinterpret_cast<std::uint64_t>(block),
                          Sentence("{}: paged pool is freed at APC_LEVEL or below.", function));
    }
    if (caller != nullptr) {
        machine::tsan::freed(block, header->size, caller);
    }
    release(header);
}

OPC_NO_ASAN void Pool::release(PoolHeader* header) {
    PoolHeader* next = header->next;
    PoolHeader* previous = header->previous;
    if (next != &anchor_) {
        const HeaderAccess access(next);
        next->previous = previous;
    } else {
        anchor_.previous = previous;
    }
    if (previous != &anchor_) {
        const HeaderAccess access(previous);
        previous->next = next;
    } else {
        anchor_.next = next;
    }
    usage_.blocks -= 1;
    usage_.bytes -= header->size;
    usage_of_owner_[header->owner].blocks -= 1;
    usage_of_owner_[header->owner].bytes -= header->size;
    if (!stacks_.empty()) [[unlikely]] {
        stacks_.erase(header->serial);
    }
    header->check = check_of(header, header->size, freed_mark);
    // With AddressSanitizer the host allocator keeps freed blocks aside itself, and knows who freed them.
    if (header->size > quarantine_largest || asan_present()) {
        std::free(host_block(header));
        return;
    }
    std::memset(static_cast<void*>(header + 1), freed_byte, header->size);
    std::swap(header, quarantine_[quarantine_next_]);
    quarantine_next_ = (quarantine_next_ + 1) % quarantine_slots;
    if (header != nullptr) {
        std::free(host_block(header));
    }
}

OPC_NO_ASAN std::uint64_t Pool::size_of(const void* block) const {
    const auto* header = static_cast<const PoolHeader*>(block) - 1;
    const HeaderAccess access(header);
    return header->size;
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

OPC_NO_ASAN PoolLeak Pool::describe(const PoolHeader& header) const {
    PoolLeak leak;
    leak.tag = pool_tag_text(header.tag);
    leak.size = header.size;
    leak.serial = header.serial;
    leak.owner = owners_[header.owner];
    leak.paged = header.kind == PoolKind::paged;
    if (const auto stack = stacks_.find(header.serial); stack != stacks_.end()) {
        leak.stack = stack->second;
    }
    return leak;
}

OPC_NO_ASAN std::vector<PoolLeak> Pool::live_blocks() const {
    std::vector<PoolLeak> leaks;
    for (PoolHeader* header = anchor_.next; header != &anchor_;) {
        const HeaderAccess access(header);
        leaks.push_back(describe(*header));
        header = header->next;
    }
    return leaks;
}

OPC_NO_ASAN std::vector<PoolLeak> Pool::live_blocks(std::uint16_t owner) const {
    std::vector<PoolLeak> leaks;
    for (PoolHeader* header = anchor_.next; header != &anchor_;) {
        const HeaderAccess access(header);
        if (header->owner == owner) {
            leaks.push_back(describe(*header));
        }
        header = header->next;
    }
    return leaks;
}

} // namespace openportcls::executive
