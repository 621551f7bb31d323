// A spin lock held in a scope, at DISPATCH_LEVEL.
#pragma once

#include <wdm.h>

namespace openportcls::portcls {

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
