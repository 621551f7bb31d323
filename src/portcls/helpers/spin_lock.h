// A spin lock that is held for a scope.
#pragma once

#include "executive/ke/spin_lock.h"

namespace openportcls::portcls {

// <= DISPATCH_LEVEL; DISPATCH_LEVEL while it is held.
using Locked = executive::SpinLockGuard;
// For scopes that call neither miniports nor kernel functions.
using BrieflyLocked = executive::BriefLockGuard;

} // namespace openportcls::portcls
