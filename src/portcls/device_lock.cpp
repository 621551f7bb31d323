#include "portcls/device_lock.h"

#include "machine/machine.h"

namespace openportcls::portcls {

using machine::Machine;

DeviceLock::DeviceLock() {
    KeInitializeEvent(&released_, SynchronizationEvent, FALSE);
}

void DeviceLock::acquire() {
    auto& machine = Machine::current();
    machine::Thread* const self = &machine.current_thread();
    while (owner_ != nullptr && owner_ != self) [[unlikely]] {
        ++waiters_;
        const NTSTATUS status = machine.wait_one(&released_);
        --waiters_;
        if (status != STATUS_SUCCESS) {
            constexpr std::uint32_t thread_stuck_in_device_driver = 0xEA;
            machine.bugcheck(thread_stuck_in_device_driver, 0, 0, 0, 0,
                             "A thread holds the port class device lock and will never run again (R-PROP-19).");
        }
    }
    machine::tsan::acquire(this);
    owner_ = self;
    ++depth_;
}

void DeviceLock::release() {
    machine::tsan::release(this);
    if (--depth_ == 0) {
        owner_ = nullptr;
        if (waiters_ != 0) [[unlikely]] {
            Machine::current().set_event(released_);
        }
    }
}

bool DeviceLock::is_held_by_current_thread() const {
    return owner_ == &Machine::current().current_thread();
}

} // namespace openportcls::portcls
