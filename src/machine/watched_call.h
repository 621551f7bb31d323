// A call into the guest that somebody outside waits for: one that does not come back must not hang whoever runs the
// machine.
#pragma once

#include <cstdint>
#include <string>

#include "machine/types.h"

namespace openportcls::machine {

class Machine;
class Thread;

// As long as one lives its thread is in such a call. Inside the machine; Machine::enter() with a description watches
// what the host asks for at no cost.
class WatchedCall {
public:
    // "Wave pin 0: setting property 0 of KSPROPSETID_Connection"; empty while it may take as long as it likes.
    using Describe = std::string (*)(const void* context);

    WatchedCall(Machine& machine, Describe describe, const void* context);
    ~WatchedCall();
    WatchedCall(const WatchedCall&) = delete;
    WatchedCall& operator=(const WatchedCall&) = delete;

private:
    friend class Machine;

    struct Facts {
        Describe describe = nullptr; // null: there is no such call
        const void* context = nullptr;
        const Thread* thread = nullptr;
        Nanoseconds since = 0;
        std::uint64_t ticks_before = 0; // of the watchdog
    };

    Machine& machine_;
    Facts facts_;
    WatchedCall* older_;
    WatchedCall* newer_ = nullptr;
};

} // namespace openportcls::machine
