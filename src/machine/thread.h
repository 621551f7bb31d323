// A kernel thread. Drivers see a body of the executive's that stands for it, never this.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "machine/clock.h"
#include "machine/fiber.h"
#include "machine/types.h"

namespace openportcls::machine {

class Machine;
class Thread;

// Links one waiting thread into one object's wait list.
struct WaitBlock {
    LIST_ENTRY link; // first: the object's list points here
    Thread* thread;
    DISPATCHER_HEADER* object;
    bool linked;
};

// Hears that a synchronisation event was signalled, as a thread that waits for it would: for who serves many of them.
struct SignalListener {
    using Heard = void(NTAPI*)(SignalListener& listener);
    WaitBlock block{}; // first: the event's wait list points here; it has no thread
    Heard heard = nullptr;
};

enum class ThreadState : std::uint8_t { created, ready, running, waiting, terminated };

class Thread {
public:
    static constexpr std::uint32_t every_processor = ~0U;

    using Routine = void (*)(void* context);

    // What is waited for until the thread ends.
    DISPATCHER_HEADER header;

    std::uint32_t serial = 0; // 1, 2, 3 … in order of creation; what traces show
    std::string name;
    ThreadState state = ThreadState::created;
    std::uint8_t priority = 8; // 0..31, THREAD_PRIORITY_NORMAL
    bool is_idle = false;
    bool is_parked = false; // sleeps until it is unparked
    bool is_client = false; // the host thread that entered the machine
    std::uint32_t references = 1;
    std::int32_t exit_status = 0;
    std::uint32_t affinity = every_processor; // a bit for each processor that it may run on
    std::uint32_t system_affinity = 0;        // the same as a driver has set it; 0: no driver has
    std::int32_t critical_region_depth = 0;
    std::uint32_t owned_mutexes = 0;
    const void* last_mutex = nullptr;    // acquired; for reports only, it may be gone
    void* seh_chain = nullptr;           // structured exception frames of a driver built from source
    void* executive_data = nullptr;      // the executive's per-thread state
    const void* guest_routine = nullptr; // what the thread runs for a driver: its own routine, a work item's
    Thread* next_ready = nullptr;

    // State of the wait in progress.
    static constexpr std::size_t inline_wait_blocks = 4;
    std::array<WaitBlock, inline_wait_blocks> inline_blocks{};
    std::vector<WaitBlock> many_blocks;
    WaitBlock* blocks = nullptr;
    std::uint32_t block_count = 0;
    bool wait_all = false;
    std::int32_t wait_status = 0;
    ClockEvent timeout;

    Routine routine = nullptr;
    void* context = nullptr;
    Fiber fiber;
    Machine* machine = nullptr;
};

} // namespace openportcls::machine
