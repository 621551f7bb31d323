// A routine that runs in a system worker thread: WDFWORKITEM, and the passive-level form of timers.
#pragma once

#include <vector>

#include <ntddk.h>

#include "pnp/kmdf/object.h"

namespace openportcls::pnp::kmdf {

class WorkItem final : public Object {
public:
    static constexpr ObjectType object_type = ObjectType::work_item;
    WorkItem(Object* parent, machine::Machine& machine, PFN_WDF_WORKITEM routine);

    // Nothing happens while it is queued already.
    void enqueue();
    // Returns when the routine has run for every earlier enqueue. PASSIVE_LEVEL; a bugcheck from the routine itself.
    void flush();

    const char* pending() const override;

private:
    void dispose() override; // waits, unless the routine itself deletes its item ("nf-wdfworkitem-wdfworkitemflush")
    void wait();
    bool runs_here();
    static VOID NTAPI run(PVOID parameter);

    PFN_WDF_WORKITEM routine_;
    WORK_QUEUE_ITEM item_{};
    KEVENT idle_{};
    bool queued_ = false;
    unsigned outstanding_ = 0; // queued or running: while one runs it may be enqueued again, for another thread
    std::vector<const machine::Thread*> runners_;
};

} // namespace openportcls::pnp::kmdf
