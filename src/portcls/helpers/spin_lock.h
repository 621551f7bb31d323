// A spin lock that is held for a scope.
#pragma once

#include <wdm.h>

namespace openportcls::portcls {

// <= DISPATCH_LEVEL; DISPATCH_LEVEL while it is held.
class Locked {
public:
    explicit Locked(KSPIN_LOCK& lock) : lock_(lock), irql_(KeAcquireSpinLockRaiseToDpc(&lock)) {}
    ~Locked() { KeReleaseSpinLock(&lock_, irql_); }
    Locked(const Locked&) = delete;
    Locked& operator=(const Locked&) = delete;

private:
    KSPIN_LOCK& lock_;
    KIRQL irql_;
};

} // namespace openportcls::portcls
