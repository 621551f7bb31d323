// A spin lock that is held for a scope.
#pragma once

#include "executive/ke/spin_lock.h"

namespace openportcls::portcls {

// <= DISPATCH_LEVEL; DISPATCH_LEVEL while it is held.
using Locked = executive::SpinLockGuard;
// For scopes that call neither miniports nor kernel functions.
using BrieflyLocked = executive::BriefLockGuard;

// A driver's method called in the scope of a guard: no driver throws C++ exceptions, so that there is nothing to clean
// up after, which would cost registers (machine.h).
template<class Call>
[[gnu::nothrow, gnu::always_inline]] inline auto call_driver(Call&& call) {
    return call();
}

} // namespace openportcls::portcls
