// Memory descriptor lists of common size come from a free list: describing a buffer costs no allocation.
#pragma once

#include <cstdint>
#include <vector>

#include <wdm.h>

#include "executive/ex/guard_bytes.h"
#include "machine/machine.h"

namespace openportcls::executive {

class MdlPool {
public:
    explicit MdlPool(machine::Machine& machine) : machine_(machine) { anchor_.next = anchor_.previous = &anchor_; }
    ~MdlPool();
    MdlPool(const MdlPool&) = delete;
    MdlPool& operator=(const MdlPool&) = delete;

    MDL* allocate(const void* address, ULONG bytes, const void* caller);
    void free(MDL* mdl);
    std::size_t living() const { return living_; }
    // Where each living MDL was allocated, oldest first.
    std::vector<const void*> allocators() const;
    // An MDL that was written past is a bugcheck; `moment` says when it was noticed.
    void check_all(const char* moment) const;
    void offer_to(OverrunSearch& search) const;

private:
    static constexpr std::uint64_t fixed_pages = 32;
    static constexpr std::uint64_t live_mark = 0x4C6976654D646C21ULL;

    static constexpr std::uint32_t mdl_tag = 0x206C644D; // 'Mdl '

    struct alignas(16) Slot {
        Slot* next = nullptr;
        Slot* previous = nullptr;
        const void* allocated_by = nullptr;
        std::uint64_t mark = 0;
        std::size_t bytes = 0;         // with the MDL and its guard behind
        std::uint64_t described_bytes; // of the MDL as it was asked for
        GuardWords guard;              // just in front of the MDL

        Guarded mdl() { return {"MDL", reinterpret_cast<char*>(this + 1), described_bytes, mdl_tag, allocated_by}; }
    };
    static_assert(sizeof(Slot) == offsetof(Slot, guard) + sizeof(GuardWords));

    machine::Machine& machine_;
    Slot anchor_;
    Slot* free_ = nullptr;
    std::size_t living_ = 0;
};

} // namespace openportcls::executive
