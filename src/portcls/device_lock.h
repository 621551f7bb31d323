// The lock that serialises property and state callbacks (R-PROP-19). Recursive; PASSIVE_LEVEL.
#pragma once

#include <portcls.h>

namespace openportcls::machine {
class Thread;
}

namespace openportcls::portcls {

// Uncontended it is two stores: everything below the scheduler runs on one host thread, so between two preemption
// points nothing can intervene.
class DeviceLock {
public:
    DeviceLock();
    DeviceLock(const DeviceLock&) = delete;
    DeviceLock& operator=(const DeviceLock&) = delete;

    void acquire();
    void release();
    bool is_held_by_current_thread() const;

private:
    machine::Thread* owner_ = nullptr;
    ULONG depth_ = 0;
    ULONG waiters_ = 0;
    KEVENT released_;
};

class DeviceLockGuard {
public:
    explicit DeviceLockGuard(DeviceLock& lock) : lock_(lock) { lock_.acquire(); }
    ~DeviceLockGuard() { lock_.release(); }
    DeviceLockGuard(const DeviceLockGuard&) = delete;
    DeviceLockGuard& operator=(const DeviceLockGuard&) = delete;

private:
    DeviceLock& lock_;
};

} // namespace openportcls::portcls
