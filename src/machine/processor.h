// One processor of a machine: its IRQL, what it runs, the DPCs that wait for it, and the spin locks it holds.
#pragma once

#include <array>
#include <cstdint>

#include "machine/thread.h"
#include "machine/types.h"

namespace openportcls::machine {

struct HeldLock {
    enum class Kind : std::uint8_t { spin, reader_writer, cancel };
    const void* word = nullptr; // KSPIN_LOCK, or EX_SPIN_LOCK of a reader-writer lock
    Kind kind = Kind::spin;
};

struct Processor {
    static constexpr Nanoseconds not_watched = -1;

    unsigned number = 0;
    KSPIN_LOCK lock_word = 1; // of the spin locks that it holds: one more than its number
    KIRQL irql = irql::passive;
    bool in_dpc = false;
    bool interrupts_disabled = false;         // by the `cli` instruction: nothing is delivered, whatever the IRQL
    std::uint32_t seconds_at_dispatch = 0;    // of host CPU time, counted by the watchdog since dispatch_since
    Nanoseconds dispatch_since = not_watched; // when this stay at DISPATCH_LEVEL or above was first noticed
    Nanoseconds dpc_since = not_watched;      // the same of the DPC routine that runs
    Nanoseconds running_since = 0;            // of the thread that runs
    Thread* running = nullptr;
    Thread idle;
    KDPC* dpc_head = nullptr;
    KDPC* dpc_tail = nullptr;
    std::uint32_t dpcs_queued = 0;
    std::uint32_t held_spin_locks = 0; // of drivers, and of whoever uses their functions
    static constexpr std::uint32_t remembered_locks = 8;
    std::array<HeldLock, remembered_locks> taken_locks{}; // the latest of them, by how many were held before
    std::uint64_t dpcs_delivered = 0;
};

} // namespace openportcls::machine
