// Normal kernel APCs, which tell a thread that a request of its own is complete ("Types of APCs"). They run at
// PASSIVE_LEVEL in the thread outside of critical and guarded regions ("Disabling APCs"): before the request returns,
// at the beginning or the end of a wait or in the midst of it ("Waits and APCs"; of a wait for all objects not in its
// midst), when the region is left, before the thread ends.
#pragma once

#include <span>

#include <wdm.h>

#include "executive/ke/thread_body.h"

namespace openportcls::executive {

struct ThreadApc {
    ThreadApc* next;
    PIO_APC_ROUTINE routine;
    void* context;
    IO_STATUS_BLOCK* result;
    ThreadBody* thread;
};

// For the running thread; queue_apc or forget_apc is to follow. Null without memory.
ThreadApc* new_apc(PIO_APC_ROUTINE routine, void* context, IO_STATUS_BLOCK* result);
// From any thread or DPC. One whose thread has ended is forgotten.
void queue_apc(ThreadApc& apc);
void forget_apc(ThreadApc& apc);

// Whether the running thread has any that are to come or to run.
inline bool awaits_apcs(machine::Machine& machine) {
    const auto* body = static_cast<const ThreadBody*>(machine.current_thread().executive_data);
    return body != nullptr && body->awaited_apcs != 0;
}
// Runs those that are queued for the running thread, if they may run now.
[[gnu::cold]] void run_apcs(machine::Machine& machine);
inline void deliver_apcs(machine::Machine& machine) {
    if (awaits_apcs(machine)) [[unlikely]] {
        run_apcs(machine);
    }
}
// Machine::wait, interrupted by APCs.
[[gnu::cold]] NTSTATUS wait_running_apcs(machine::Machine& machine, std::span<DISPATCHER_HEADER* const> objects,
                                         bool all, machine::Nanoseconds deadline);

} // namespace openportcls::executive
