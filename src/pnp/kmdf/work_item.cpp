#include "pnp/kmdf/work_item.h"

#include <algorithm>

#include "executive/callers.h"
#include "executive/irql_check.h"

namespace openportcls::pnp::kmdf {

WorkItem::WorkItem(Object* parent, machine::Machine& machine, PFN_WDF_WORKITEM routine)
    : Object(object_type, parent, machine), routine_(routine) {
    KeInitializeEvent(&idle_, NotificationEvent, TRUE);
    ExInitializeWorkItem(&item_, run, this);
}

void WorkItem::enqueue() {
    if (queued_ || is_deleted()) {
        return;
    }
    queued_ = true;
    ++outstanding_;
    KeClearEvent(&idle_);
    reference();
    ExQueueWorkItem(&item_, DelayedWorkQueue);
}

VOID NTAPI WorkItem::run(PVOID parameter) {
    auto* item = static_cast<WorkItem*>(parameter);
    item->queued_ = false; // it may be enqueued again from its own routine
    const machine::Thread* const thread = &item->machine().current_thread();
    item->runners_.push_back(thread);
    if (!item->is_silent()) {
        item->routine_(static_cast<WDFWORKITEM>(item->handle()));
    }
    std::erase(item->runners_, thread);
    if (--item->outstanding_ == 0) {
        item->machine().set_event(item->idle_);
    }
    item->dereference();
}

bool WorkItem::runs_here() {
    return std::ranges::find(runners_, &machine().current_thread()) != runners_.end();
}

void WorkItem::flush() {
    if (runs_here()) {
        // The framework's verifier has a debugger break here; of the documented codes, the one of a lock that is held.
        constexpr std::uint64_t held_already = 2;
        Framework::current().violation(held_already, handle(),
                                       "WdfWorkItemFlush was called from the work item's own routine, which it would "
                                       "wait for.");
    }
    wait();
}

void WorkItem::wait() {
    KeWaitForSingleObject(&idle_, Executive, KernelMode, FALSE, nullptr);
}

const char* WorkItem::pending() const {
    return queued_ ? "still queued" : outstanding_ != 0 ? "still running" : nullptr;
}

void WorkItem::dispose() {
    if (machine().irql() == machine::irql::passive && !runs_here()) {
        wait();
    }
}

} // namespace openportcls::pnp::kmdf

using namespace openportcls;
using namespace openportcls::pnp::kmdf;

OPC_BEGIN_REMEMBERING_CALLERS

extern "C" {

NTSTATUS NTAPI WdfWorkItemCreate(PWDF_WORKITEM_CONFIG Config, PWDF_OBJECT_ATTRIBUTES Attributes,
                                 WDFWORKITEM* WorkItem) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    if (Config == nullptr || Config->EvtWorkItemFunc == nullptr || WorkItem == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    if (Config->Size != sizeof *Config) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    if (Attributes == nullptr || Attributes->ParentObject == nullptr) {
        return STATUS_WDF_PARENT_NOT_SPECIFIED;
    }
    Framework& framework = Framework::current();
    if (framework.object(Attributes->ParentObject).ancestor(ObjectType::device) == nullptr) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    pnp::kmdf::WorkItem* item = nullptr;
    const NTSTATUS status = framework.create(OPC_WDF_CALLER(), Attributes, nullptr, &item, Config->EvtWorkItemFunc);
    if (NT_SUCCESS(status)) {
        *WorkItem = static_cast<WDFWORKITEM>(item->handle());
    }
    return status;
}

VOID NTAPI WdfWorkItemEnqueue(WDFWORKITEM WorkItem) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Framework::current().get<pnp::kmdf::WorkItem>(WorkItem).enqueue();
}

VOID NTAPI WdfWorkItemFlush(WDFWORKITEM WorkItem) {
    OPC_REQUIRE_PASSIVE();
    Framework::current().get<pnp::kmdf::WorkItem>(WorkItem).flush();
}

WDFOBJECT NTAPI WdfWorkItemGetParentObject(WDFWORKITEM WorkItem) {
    return Framework::current().get<pnp::kmdf::WorkItem>(WorkItem).parent()->handle();
}

} // extern "C"

OPC_END_REMEMBERING_CALLERS
