// The IMXF behind a capture stream: takes what the miniport puts into the graph (R-DMUS-12).
#pragma once

#include <dmusicks.h>

#include "portcls/helpers/com_object.h"

namespace openportcls::portcls {

class CaptureSink final : public ComObject<CaptureSink, IMXF> {
public:
    // Who works on it. Owns the chain from here on. <= DISPATCH_LEVEL.
    class Owner {
    public:
        virtual void captured(DMUS_KERNEL_EVENT* chain) = 0;

    protected:
        ~Owner() = default;
    };

    CaptureSink(Owner& owner, IMXF& allocator) : owner_(&owner), allocator_(ComPointer<IMXF>::share(&allocator)) {}
    // From now on everything goes to the allocator. Waits for calls under way. PASSIVE_LEVEL.
    void detach();

    void* find_interface(const GUID& id) { return id == IID_IMXF ? static_cast<IMXF*>(this) : nullptr; }
    NTSTATUS NTAPI SetState(KSSTATE) override { return STATUS_SUCCESS; } // it goes by its pin's
    NTSTATUS NTAPI PutMessage(PDMUS_KERNEL_EVENT event) override;
    NTSTATUS NTAPI ConnectOutput(PMXF) override { return STATUS_INVALID_DEVICE_REQUEST; } // the packer follows, always
    NTSTATUS NTAPI DisconnectOutput(PMXF) override { return STATUS_INVALID_DEVICE_REQUEST; }

private:
    Owner* owner_;
    ComPointer<IMXF> allocator_;
    ULONG users_ = 0;
    KSPIN_LOCK lock_ = 0;
};

} // namespace openportcls::portcls
