#include "portcls/device_lock.h"

#include "machine/machine.h"

namespace openportcls::portcls {

using machine::Machine;

DeviceLock::DeviceLock() {
    KeInitializeEvent(&released_, SynchronizationEvent, FALSE);
}

void DeviceLock::wait(machine::Thread* self) noexcept {
    auto& machine = Machine::current();
    while (owner_ != nullptr && owner_ != self) {
        ++waiters_;
        const NTSTATUS status = machine.wait_one(&released_);
        --waiters_;
        if (status != STATUS_SUCCESS) {
            constexpr std::uint32_t thread_stuck_in_device_driver = 0xEA;
            machine.bugcheck(thread_stuck_in_device_driver, 0, 0, 0, 0,
                             "A thread holds the port class device lock and will never run again (R-PROP-19).");
        }
    }
}

bool DeviceLock::is_held_by_current_thread() const {
    return owner_ == &Machine::current().current_thread();
}

} // namespace openportcls::portcls
