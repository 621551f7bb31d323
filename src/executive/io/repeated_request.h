// A neither-method control request that its sender sends again and again with one buffer, as kernel mixers do: the IRP,
// its system buffer and the locked, mapped MDL stay from one round to the next.
#pragma once

#include "executive/io/io_manager.h"
#include "executive/io/irp_pool.h"
#include "executive/kernel.h"

namespace openportcls::executive {

class RepeatedRequest {
public:
    RepeatedRequest() = default;
    ~RepeatedRequest() = default; // reset() gives back what it has; a machine that has crashed keeps it
    RepeatedRequest(const RepeatedRequest&) = delete;
    RepeatedRequest& operator=(const RepeatedRequest&) = delete;

    struct Parts {
        ULONG code = 0;
        ULONG system_bytes = 0; // of the system buffer, which the driver finds in AssociatedIrp
        void* data = nullptr;   // described by MdlAddress; `data_bytes` of it
        ULONG data_bytes = 0;
        LOCK_OPERATION operation = IoReadAccess;
        RequestCompleted completed = nullptr; // as for start_device_control
        void* context = nullptr;
    };
    // STATUS_INSUFFICIENT_RESOURCES. The file and the data must outlive it. PASSIVE_LEVEL.
    NTSTATUS prepare(FILE_OBJECT& file, const Parts& parts);
    // Not while it is under way. PASSIVE_LEVEL.
    void reset();

    void* system_buffer() const { return system_buffer_; }
    bool is_under_way() const { return is_under_way_; }

    // `count` bytes of the data go along. What the dispatch routine returned. PASSIVE_LEVEL, not while it is under way.
    NTSTATUS send(ULONG count);
    // IoCancelIrp, where it is under way.
    void cancel();

private:
    static void NTAPI ended(void* context, NTSTATUS status, ULONG_PTR information);
    NTSTATUS take_irp(Kernel& kernel, CCHAR stack_size);

    FILE_OBJECT* file_ = nullptr;
    Parts parts_;
    IRP* irp_ = nullptr;
    MDL* mdl_ = nullptr;
    void* system_buffer_ = nullptr;
    bool is_under_way_ = false;
};

} // namespace openportcls::executive
