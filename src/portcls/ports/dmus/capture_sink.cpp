#include "portcls/ports/dmus/capture_sink.h"

#include "executive/irql_check.h"
#include "portcls/helpers/spin_lock.h"

namespace openportcls::portcls {

NTSTATUS NTAPI CaptureSink::PutMessage(PDMUS_KERNEL_EVENT event) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    if (event == nullptr) {
        return STATUS_SUCCESS; // nothing is stored here that could be asked for
    }
    Owner* owner = nullptr;
    {
        Locked locked(lock_);
        owner = owner_;
        users_ += owner != nullptr ? 1 : 0;
    }
    if (owner == nullptr) {
        return allocator_->PutMessage(event);
    }
    owner->captured(event);
    Locked locked(lock_);
    --users_;
    return STATUS_SUCCESS;
}

void CaptureSink::detach() {
    for (;;) {
        {
            Locked locked(lock_);
            owner_ = nullptr;
            if (users_ == 0) {
                return;
            }
        }
        KeStallExecutionProcessor(1);
    }
}

} // namespace openportcls::portcls
