// The lock that serialises property and state callbacks (R-PROP-19). Recursive; PASSIVE_LEVEL.
#pragma once

#include <portcls.h>

#include "machine/machine.h"

namespace openportcls::portcls {

// Uncontended it is two stores: everything below the scheduler runs on one host thread, so between two preemption
// points nothing can intervene.
class DeviceLock {
public:
    DeviceLock();
    DeviceLock(const DeviceLock&) = delete;
    DeviceLock& operator=(const DeviceLock&) = delete;

    void acquire() {
        machine::Thread* const self = &machine::Machine::current().current_thread();
        if (owner_ != nullptr && owner_ != self) [[unlikely]] {
            wait(self);
        }
        machine::tsan::acquire(this);
        owner_ = self;
        ++depth_;
    }
    void release() {
        machine::tsan::release(this);
        if (--depth_ == 0) {
            owner_ = nullptr;
            if (waiters_ != 0) [[unlikely]] {
                machine::Machine::current().set_event(released_);
            }
        }
    }
    bool is_held_by_current_thread() const;

private:
    // Until nobody else holds it. NTAPI, as set_event() is: see machine.h.
    [[gnu::cold, gnu::noinline]] void NTAPI wait(machine::Thread* self) noexcept;

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
