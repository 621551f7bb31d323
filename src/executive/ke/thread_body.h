// What PKTHREAD and PETHREAD point at: an object in pool that can be waited for. The machine's thread, whose fields the
// host lives on, stays out of the reach of drivers.
#pragma once

#include <cstdint>

#include <wdm.h>

#include "machine/machine.h"

namespace openportcls::executive {

struct ThreadApc;

struct ThreadBody {
    DISPATCHER_HEADER header; // first: signalled once the thread has ended
    machine::Thread* thread;
    ThreadApc* first_apc;
    std::uint32_t awaited_apcs; // queued, or of requests that are not complete
    bool runs_apc;
    KEVENT apc_queued;
};

// Made when it is first asked for. It goes when the thread has ended and nobody refers to the object any more.
[[gnu::cold, gnu::noinline]] ThreadBody& NTAPI make_body(machine::Thread& thread);
inline ThreadBody& body_of(machine::Thread& thread) {
    return thread.executive_data != nullptr ? *static_cast<ThreadBody*>(thread.executive_data) : make_body(thread);
}

} // namespace openportcls::executive
