// ERESOURCE: reader-writer locks that threads may acquire again.
#include <wdm.h>

#include <fmt/format.h>

#include "executive/irql_check.h"
#include "executive/ke/thread_body.h"
#include "executive/ke/waits.h"
#include "executive/kernel.h"
#include "executive/sentence.h"

using namespace openportcls;
using executive::Kernel;
using machine::Machine;

namespace {

constexpr std::uint32_t resource_not_owned = 0xE3;
constexpr ULONG state_tag = 0x73655245; // 'ERes'
constexpr USHORT owned_exclusive = 0x80;

struct Owner {
    ERESOURCE_THREAD thread;
    ULONG count;
};

// What does not fit into the documented size of ERESOURCE hangs off OwnerTable.
struct State {
    KEVENT changed; // set when the resource is given up; whoever looks at the resource clears it before
    ULONG capacity;
    ULONG used;
    Owner* owners;
};

State& state_of(ERESOURCE& resource) {
    return *reinterpret_cast<State*>(resource.OwnerTable);
}

ERESOURCE_THREAD current_thread() {
    return reinterpret_cast<ERESOURCE_THREAD>(&executive::body_of(Machine::current().current_thread()));
}

bool is_exclusive(const ERESOURCE& resource) {
    return (resource.Flag & owned_exclusive) != 0;
}

Owner* find_owner(State& state, ERESOURCE_THREAD thread) {
    for (ULONG i = 0; i < state.used; ++i) {
        if (state.owners[i].thread == thread) {
            return &state.owners[i];
        }
    }
    return nullptr;
}

void add_owner(State& state, ERESOURCE_THREAD thread) {
    if (Owner* owner = find_owner(state, thread)) {
        ++owner->count;
        return;
    }
    if (state.used == state.capacity) {
        Kernel& kernel = Kernel::current();
        const ULONG capacity = state.capacity == 0 ? 4 : state.capacity * 2;
        auto* owners = static_cast<Owner*>(
            kernel.pool.allocate(capacity * sizeof(Owner), state_tag, executive::PoolKind::non_paged, true, nullptr));
        if (state.owners != nullptr) {
            memcpy(owners, state.owners, state.used * sizeof(Owner));
            kernel.pool.free(state.owners, state_tag, __func__);
        }
        state.owners = owners;
        state.capacity = capacity;
    }
    state.owners[state.used++] = {thread, 1};
}

// Drivers print and compare these two; each owner has one entry, however often it acquired.
void publish_owners(ERESOURCE& resource, const State& state) {
    resource.ActiveCount = static_cast<SHORT>(state.used);
    resource.ActiveEntries = state.used;
}

enum class Starvation { fair, starve_exclusive, wait_for_exclusive };

bool acquire_exclusive(ERESOURCE& resource, bool wait) {
    Machine& machine = Machine::current();
    machine.preemption_point();
    State& state = state_of(resource);
    const ERESOURCE_THREAD self = current_thread();
    for (;;) {
        state.changed.Header.SignalState = 0;
        Owner* own = find_owner(state, self);
        if (state.used == 0 || (own != nullptr && is_exclusive(resource))) {
            resource.Flag |= owned_exclusive;
            add_owner(state, self);
            publish_owners(resource, state);
            machine::tsan::acquire_exclusive(&resource);
            return true;
        }
        if (!wait) {
            machine.poll();
            return false;
        }
        if (own != nullptr) [[unlikely]] {
            machine.bugcheck(resource_not_owned, reinterpret_cast<std::uint64_t>(&resource), self, 0, 1,
                             "A thread that shares a resource would wait for itself when it asks for exclusive access "
                             "(ExAcquireResourceExclusiveLite).");
        }
        ++resource.NumberOfExclusiveWaiters;
        ++resource.ContentionCount;
        executive::wait_for_ever(machine, &state.changed);
        --resource.NumberOfExclusiveWaiters;
    }
}

bool acquire_shared(ERESOURCE& resource, bool wait, Starvation starvation) {
    Machine& machine = Machine::current();
    machine.preemption_point();
    State& state = state_of(resource);
    const ERESOURCE_THREAD self = current_thread();
    for (;;) {
        state.changed.Header.SignalState = 0;
        const bool own = find_owner(state, self) != nullptr;
        const bool writers_wait = resource.NumberOfExclusiveWaiters != 0;
        const bool blocked_by_writers =
            writers_wait && (starvation == Starvation::wait_for_exclusive || (starvation == Starvation::fair && !own));
        if (is_exclusive(resource) ? own : !blocked_by_writers) {
            add_owner(state, self);
            publish_owners(resource, state);
            machine::tsan::acquire_shared(&resource);
            return true;
        }
        if (!wait) {
            machine.poll();
            return false;
        }
        ++resource.NumberOfSharedWaiters;
        ++resource.ContentionCount;
        executive::wait_for_ever(machine, &state.changed);
        --resource.NumberOfSharedWaiters;
    }
}

void release(ERESOURCE& resource, ERESOURCE_THREAD thread, const char* function) {
    Machine& machine = Machine::current();
    State& state = state_of(resource);
    Owner* owner = find_owner(state, thread);
    if (owner == nullptr) [[unlikely]] {
        machine.bugcheck(resource_not_owned, reinterpret_cast<std::uint64_t>(&resource), thread, 0, 0,
                         executive::Sentence("{}: the thread does not own the resource.", function));
    }
    if (is_exclusive(resource)) {
        machine::tsan::release_exclusive(&resource);
    } else {
        machine::tsan::release_shared(&resource);
    }
    if (--owner->count == 0) {
        *owner = state.owners[--state.used];
        publish_owners(resource, state);
        if (state.used == 0) {
            resource.Flag &= static_cast<USHORT>(~owned_exclusive);
        }
        if (resource.NumberOfExclusiveWaiters + resource.NumberOfSharedWaiters != 0) {
            machine.set_event(state.changed);
        }
    }
    machine.preemption_point();
}

} // namespace

extern "C" {

NTSTATUS NTAPI ExInitializeResourceLite(PERESOURCE resource) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Kernel& kernel = Kernel::current();
    *resource = {};
    auto* state = static_cast<State*>(
        kernel.pool.allocate(sizeof(State), state_tag, executive::PoolKind::non_paged, true, nullptr));
    if (state == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    KeInitializeEvent(&state->changed, NotificationEvent, FALSE);
    resource->OwnerTable = reinterpret_cast<POWNER_ENTRY>(state);
    resource->SystemResourcesList = {&resource->SystemResourcesList, &resource->SystemResourcesList};
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ExReinitializeResourceLite(PERESOURCE resource) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    State& state = state_of(*resource);
    state.used = 0;
    resource->Flag = 0;
    publish_owners(*resource, state);
    resource->ContentionCount = 0;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ExDeleteResourceLite(PERESOURCE resource) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Kernel& kernel = Kernel::current();
    State& state = state_of(*resource);
    if (state.used != 0 || resource->NumberOfExclusiveWaiters + resource->NumberOfSharedWaiters != 0) [[unlikely]] {
        kernel.machine.bugcheck(0xC4 /* DRIVER_VERIFIER_DETECTED_VIOLATION */, 0x37,
                                reinterpret_cast<std::uint64_t>(resource), 0, 0,
                                "A resource is deleted only when nobody owns it (ExDeleteResourceLite).");
    }
    if (state.owners != nullptr) {
        kernel.pool.free(state.owners, state_tag, __func__);
    }
    kernel.pool.free(&state, state_tag, __func__);
    resource->OwnerTable = nullptr;
    return STATUS_SUCCESS;
}

BOOLEAN NTAPI ExAcquireResourceExclusiveLite(PERESOURCE resource, BOOLEAN wait) {
    OPC_REQUIRE_APC_OR_BELOW();
    return acquire_exclusive(*resource, wait != FALSE);
}
BOOLEAN NTAPI ExTryToAcquireResourceExclusiveLite(PERESOURCE resource) {
    OPC_REQUIRE_APC_OR_BELOW();
    return acquire_exclusive(*resource, false);
}
BOOLEAN NTAPI ExAcquireResourceSharedLite(PERESOURCE resource, BOOLEAN wait) {
    OPC_REQUIRE_APC_OR_BELOW();
    return acquire_shared(*resource, wait != FALSE, Starvation::fair);
}
BOOLEAN NTAPI ExAcquireSharedStarveExclusive(PERESOURCE resource, BOOLEAN wait) {
    OPC_REQUIRE_APC_OR_BELOW();
    return acquire_shared(*resource, wait != FALSE, Starvation::starve_exclusive);
}
BOOLEAN NTAPI ExAcquireSharedWaitForExclusive(PERESOURCE resource, BOOLEAN wait) {
    OPC_REQUIRE_APC_OR_BELOW();
    return acquire_shared(*resource, wait != FALSE, Starvation::wait_for_exclusive);
}

PVOID NTAPI ExEnterCriticalRegionAndAcquireResourceExclusive(PERESOURCE resource) {
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(resource, TRUE);
    return nullptr;
}
PVOID NTAPI ExEnterCriticalRegionAndAcquireResourceShared(PERESOURCE resource) {
    KeEnterCriticalRegion();
    ExAcquireResourceSharedLite(resource, TRUE);
    return nullptr;
}
void NTAPI ExReleaseResourceAndLeaveCriticalRegion(PERESOURCE resource) {
    ExReleaseResourceLite(resource);
    KeLeaveCriticalRegion();
}

void NTAPI ExReleaseResourceLite(PERESOURCE resource) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    release(*resource, current_thread(), __func__);
}
void NTAPI ExReleaseResourceForThreadLite(PERESOURCE resource, ERESOURCE_THREAD thread) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    release(*resource, thread, __func__);
}

void NTAPI ExConvertExclusiveToSharedLite(PERESOURCE resource) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Machine& machine = Machine::current();
    State& state = state_of(*resource);
    if (!is_exclusive(*resource) || find_owner(state, current_thread()) == nullptr) [[unlikely]] {
        machine.bugcheck(resource_not_owned, reinterpret_cast<std::uint64_t>(resource), current_thread(), 0, 2,
                         "ExConvertExclusiveToSharedLite: the thread does not own the resource exclusively.");
    }
    machine::tsan::release_exclusive(resource);
    resource->Flag &= static_cast<USHORT>(~owned_exclusive);
    if (resource->NumberOfSharedWaiters != 0) {
        machine.set_event(state.changed);
    }
}

BOOLEAN NTAPI ExIsResourceAcquiredExclusiveLite(PERESOURCE resource) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return is_exclusive(*resource) && find_owner(state_of(*resource), current_thread()) != nullptr;
}

ULONG NTAPI ExIsResourceAcquiredSharedLite(PERESOURCE resource) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    const Owner* owner = find_owner(state_of(*resource), current_thread());
    return owner != nullptr ? owner->count : 0;
}

ULONG NTAPI ExGetExclusiveWaiterCount(PERESOURCE resource) {
    return resource->NumberOfExclusiveWaiters;
}
ULONG NTAPI ExGetSharedWaiterCount(PERESOURCE resource) {
    return resource->NumberOfSharedWaiters;
}
void NTAPI ExSetResourceOwnerPointer(PERESOURCE resource, PVOID owner_pointer) {
    OPC_REQUIRE_APC_OR_BELOW();
    if (Owner* owner = find_owner(state_of(*resource), current_thread())) {
        owner->thread = reinterpret_cast<ERESOURCE_THREAD>(owner_pointer);
    }
}

} // extern "C"
