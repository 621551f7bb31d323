// Allocator objects: KSNAME_Allocator opened on a pin, frames of one size from pool.
#pragma once

#include <vector>

#include <ks.h>

#include "ks/events.h"
#include "ks/open_object.h"

namespace openportcls::ks {

class Allocator final : public OpenObject {
public:
    // IRP_MJ_CREATE with KSNAME_Allocator: checks KSALLOCATOR_FRAMING and attaches the allocator to the IRP's file.
    static NTSTATUS create(IRP& irp, const void* parameters, ULONG bytes);

    // The FreeFrame of a frame that is not this allocator's is ignored.
    NTSTATUS allocate(void*& frame); // STATUS_INSUFFICIENT_RESOURCES when all frames are out
    void free(void* frame);
    KSSTREAMALLOCATOR_STATUS status() const;

    NTSTATUS property(IRP& irp) override;
    NTSTATUS method(IRP& irp) override;
    NTSTATUS enable_event(IRP& irp) override;
    NTSTATUS disable_event(IRP& irp) override;
    void cleanup(FILE_OBJECT& file) override;
    void close(FILE_OBJECT& file) override;

private:
    explicit Allocator(const KSALLOCATOR_FRAMING& framing) : framing_(framing) {}
    ~Allocator() override;

    KSALLOCATOR_FRAMING framing_;
    std::vector<void*> free_frames_;
    std::vector<void*> used_frames_;
    ULONG frames_out_ = 0; // used, or about to be
    EventList events_;
};

} // namespace openportcls::ks
