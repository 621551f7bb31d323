// A driver's routine returns with interrupts enabled when it was called so.
#pragma once

#include <string_view>

#include "machine/machine.h"

namespace openportcls::executive {

// Driver Verifier's bugcheck 0xC4, parameter 1 0xC1: `what`, a routine of a driver's, returned after _disable().
[[noreturn, gnu::cold, gnu::noinline]] void interrupts_left_disabled(std::string_view what, const void* routine);

// Made before the routine is called.
class InterruptsCheck {
public:
    explicit InterruptsCheck(const machine::Machine& machine)
        : machine_(machine), were_enabled_(machine.are_interrupts_enabled()) {}

    template<class Routine>
    void returned(std::string_view what, Routine* routine) const {
        if (were_enabled_ && !machine_.are_interrupts_enabled()) [[unlikely]] {
            interrupts_left_disabled(what, reinterpret_cast<const void*>(routine));
        }
    }

private:
    const machine::Machine& machine_;
    bool were_enabled_;
};

} // namespace openportcls::executive
