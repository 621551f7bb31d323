#include "portcls/helpers/service_group.h"

#include "executive/irql_check.h"
#include "machine/machine.h"
#include "portcls/helpers/dpcs.h"
#include "portcls/helpers/spin_lock.h"
#include "portcls/portcls_system.h"

namespace openportcls::portcls {

ServiceGroup::ServiceGroup() : serial_(machine::Machine::current().next_serial()) {
    InitializeListHead(&members_);
    KeInitializeDpc(&dpc_, service, this);
}

NTSTATUS ServiceGroup::create(IServiceGroup** result) {
    if (result == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    auto* group = new ServiceGroup;
    *result = group;
    return group != nullptr ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

ServiceGroup::~ServiceGroup() {
    if (timer_ready_) {
        KeCancelTimer(&timer_);
    }
    end_dpc(dpc_);
    while (!IsListEmpty(&members_)) {
        auto* member = CONTAINING_RECORD(RemoveHeadList(&members_), Member, link);
        member->sink->Release();
        ExFreePoolWithTag(member, object_tag);
    }
}

void* ServiceGroup::find_interface(const GUID& id) {
    if (id == IID_IServiceGroup) {
        return static_cast<IServiceGroup*>(this);
    }
    return id == IID_IServiceSink ? static_cast<IServiceSink*>(this) : nullptr;
}

// R-SVC-01: from an interrupt service routine too; requests before the DPC has begun collapse into one.
void NTAPI ServiceGroup::RequestService() {
    KeInsertQueueDpc(&dpc_, nullptr, nullptr);
}

// Begins a pass, or has the one that another processor is at followed by a further one.
[[gnu::always_inline]] inline ServiceGroup::Member* ServiceGroup::first_member() {
    const BrieflyLocked locked(lock_);
    if (cursor_ != nullptr) {
        again_ = true;
        return nullptr;
    }
    cursor_ = members_.Flink;
    return take_member();
}

[[gnu::always_inline]] inline ServiceGroup::Member* ServiceGroup::next_member() {
    const BrieflyLocked locked(lock_);
    return take_member();
}

// Of the pass in progress. Under the lock.
[[gnu::always_inline]] inline ServiceGroup::Member* ServiceGroup::take_member() {
    if (cursor_ == &members_ && again_) {
        again_ = false;
        cursor_ = members_.Flink;
    }
    if (cursor_ == &members_) {
        cursor_ = nullptr;
        return nullptr;
    }
    auto* member = CONTAINING_RECORD(cursor_, Member, link);
    cursor_ = cursor_->Flink;
    return member;
}

// Members are called without the lock: they request service themselves, and their miniports call back into ports
// that forbid spin locks (R-WPCI-08). RemoveMember waits for a pass in progress, so the sink stays valid.
[[gnu::hot]] void NTAPI ServiceGroup::service(PKDPC, PVOID context, PVOID, PVOID) {
    auto* group = static_cast<ServiceGroup*>(context);
    machine::Machine::current().trace(machine::EventKind::service, group->serial_);
    for (Member* member = group->first_member(); member != nullptr; member = group->next_member()) {
        member->sink->RequestService();
    }
}

NTSTATUS NTAPI ServiceGroup::AddMember(PSERVICESINK sink) {
    OPC_REQUIRE_PASSIVE();
    if (sink == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    auto* member = static_cast<Member*>(ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(Member), object_tag));
    if (member == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    member->sink = sink;
    sink->AddRef(); // R-COM-03
    Locked locked(lock_);
    InsertTailList(&members_, &member->link);
    return STATUS_SUCCESS;
}

void NTAPI ServiceGroup::RemoveMember(PSERVICESINK sink) {
    OPC_REQUIRE_PASSIVE();
    Member* removed = nullptr;
    bool pass_in_progress = false;
    {
        Locked locked(lock_);
        for (LIST_ENTRY* link = members_.Flink; link != &members_; link = link->Flink) {
            auto* member = CONTAINING_RECORD(link, Member, link);
            if (member->sink == sink) {
                if (cursor_ == link) {
                    cursor_ = link->Flink;
                }
                pass_in_progress = cursor_ != nullptr;
                RemoveEntryList(link);
                removed = member;
                break;
            }
        }
    }
    if (removed == nullptr) {
        return;
    }
    if (pass_in_progress) {
        KeFlushQueuedDpcs();
    }
    removed->sink->Release();
    ExFreePoolWithTag(removed, object_tag);
}

void NTAPI ServiceGroup::SupportDelayedService() {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    if (!timer_ready_) { // R-SVC-03: once; a second call must not disturb a running timer
        KeInitializeTimer(&timer_);
        timer_ready_ = true;
    }
}

// R-SVC-04: the sign decides; the timer queues the same DPC, so a request and an expiry collapse as well.
void NTAPI ServiceGroup::RequestDelayedService(ULONGLONG delay) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    if (!timer_ready_) {
        machine::Machine::current().explain(machine::Explanations::Kind::warning, serial_, 0,
                                            "RequestDelayedService before SupportDelayedService (R-SVC-03)");
        return;
    }
    LARGE_INTEGER due;
    due.QuadPart = static_cast<LONGLONG>(delay);
    KeSetTimer(&timer_, due, &dpc_);
}

void NTAPI ServiceGroup::CancelDelayedService() {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    if (timer_ready_) {
        KeCancelTimer(&timer_);
    }
}

} // namespace openportcls::portcls

extern "C" [[gnu::noinline]] NTSTATUS NTAPI PcNewServiceGroup(PSERVICEGROUP* OutServiceGroup, PUNKNOWN) {
    OPC_REQUIRE_PASSIVE();
    using namespace openportcls::portcls;
    const NTSTATUS status = ServiceGroup::create(OutServiceGroup);
    return made_for(status, NT_SUCCESS(status) ? *OutServiceGroup : nullptr, "service group", __func__,
                    __builtin_return_address(0));
}
