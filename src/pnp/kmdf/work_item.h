// A routine that runs in a system worker thread: WDFWORKITEM, and the passive-level form of timers.
#pragma once

#include <functional>

#include <ntddk.h>

#include "pnp/kmdf/object.h"

namespace openportcls::pnp::kmdf {

class WorkItem final : public Object {
public:
    static constexpr ObjectType object_type = ObjectType::work_item;
    WorkItem(Object* parent, machine::Machine& machine, PFN_WDF_WORKITEM routine);

    // Nothing happens while it is queued already.
    void enqueue();
    // Returns when the routine has run for every earlier enqueue. PASSIVE_LEVEL; from the routine itself at once.
    void flush();

    const char* pending() const override;

private:
    void dispose() override;
    static VOID NTAPI run(PVOID parameter);

    PFN_WDF_WORKITEM routine_;
    WORK_QUEUE_ITEM item_{};
    KEVENT idle_{};
    bool queued_ = false;
    unsigned outstanding_ = 0; // queued or running: while one runs it may be enqueued again, for another thread
    const machine::Thread* runner_ = nullptr;
};

} // namespace openportcls::pnp::kmdf
