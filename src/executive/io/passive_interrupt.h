// A service routine that runs at PASSIVE_LEVEL: the interrupt wakes a thread of its own, and its line is masked until
// the routine has run. An event takes the place of the spin lock. [using-passive-level-interrupt-service-routines]
#pragma once

#include <wdm.h>

#include "machine/machine.h"

namespace openportcls::executive {

struct PassiveInterrupt {
    using Routine = bool (*)(KINTERRUPT* interrupt);

    PassiveInterrupt(KINTERRUPT& interrupt, Routine routine);
    ~PassiveInterrupt(); // at PASSIVE_LEVEL; waits for the routine
    PassiveInterrupt(const PassiveInterrupt&) = delete;
    PassiveInterrupt& operator=(const PassiveInterrupt&) = delete;

    bool is_running() const { return thread_ != nullptr; } // there was room for the thread
    void request();                                        // at the DIRQL of the line
    BOOLEAN synchronize(PKSYNCHRONIZE_ROUTINE routine, void* context);

private:
    static void run(void* argument);
    static VOID NTAPI wake(PKDPC dpc, PVOID context, PVOID, PVOID);
    void service();
    bool call_routine();

    KINTERRUPT& interrupt_;
    Routine routine_;
    KEVENT lock_{}; // signalled: free
    KEVENT requested_{};
    KDPC dpc_{};
    machine::Thread* thread_ = nullptr;
    bool is_ending_ = false;
};

} // namespace openportcls::executive
