// One-time initialization. The low two bits of the word are the state; above them is the context when it is done, or
// the first thread that waits for the one that initializes.
#include <wdm.h>

#include "executive/irql_check.h"
#include "executive/ke/waits.h"

using namespace openportcls;
using machine::Machine;

namespace {

constexpr ULONG_PTR state_bits = (1 << RTL_RUN_ONCE_CTX_RESERVED_BITS) - 1;
constexpr ULONG_PTR not_begun = 0;
constexpr ULONG_PTR in_progress = 1;
constexpr ULONG_PTR done = 2;
constexpr ULONG_PTR asynchronous = 3; // in progress, any number of threads at once

struct Waiter {
    KEVENT event{};
    Waiter* next = nullptr;
};

ULONG_PTR state_of(const RTL_RUN_ONCE& once) {
    return reinterpret_cast<ULONG_PTR>(once.Ptr) & state_bits;
}
ULONG_PTR pointer_of(const RTL_RUN_ONCE& once) {
    return reinterpret_cast<ULONG_PTR>(once.Ptr) & ~state_bits;
}
void set(RTL_RUN_ONCE& once, ULONG_PTR pointer, ULONG_PTR state) {
    once.Ptr = reinterpret_cast<PVOID>(pointer | state);
}

void wait_for_initializer(RTL_RUN_ONCE& once) {
    Waiter self;
    KeInitializeEvent(&self.event, NotificationEvent, FALSE);
    self.next = reinterpret_cast<Waiter*>(pointer_of(once));
    set(once, reinterpret_cast<ULONG_PTR>(&self), in_progress);
    executive::wait_for_ever(Machine::current(), &self.event);
}

void wake(Waiter* waiter) {
    while (waiter != nullptr) {
        Waiter* next = waiter->next; // it goes with the waiter's stack
        Machine::current().set_event(waiter->event);
        waiter = next;
    }
}

} // namespace

extern "C" {

VOID NTAPI RtlRunOnceInitialize(PRTL_RUN_ONCE RunOnce) {
    RunOnce->Ptr = nullptr;
}

NTSTATUS NTAPI RtlRunOnceBeginInitialize(PRTL_RUN_ONCE RunOnce, ULONG Flags, PVOID* Context) {
    OPC_REQUIRE_APC_OR_BELOW();
    const bool check_only = (Flags & RTL_RUN_ONCE_CHECK_ONLY) != 0;
    const bool is_asynchronous = (Flags & RTL_RUN_ONCE_ASYNC) != 0;
    if ((Flags & ~(RTL_RUN_ONCE_CHECK_ONLY | RTL_RUN_ONCE_ASYNC)) != 0 || (check_only && is_asynchronous)) {
        return STATUS_INVALID_PARAMETER;
    }
    for (;;) {
        Machine::current().preemption_point();
        switch (state_of(*RunOnce)) {
        case done:
            if (Context != nullptr) {
                *Context = reinterpret_cast<PVOID>(pointer_of(*RunOnce));
            }
            return STATUS_SUCCESS;
        case not_begun:
            if (check_only) {
                return STATUS_UNSUCCESSFUL;
            }
            set(*RunOnce, 0, is_asynchronous ? asynchronous : in_progress);
            return STATUS_PENDING;
        case asynchronous:
            if (check_only) {
                return STATUS_UNSUCCESSFUL;
            }
            return is_asynchronous ? STATUS_PENDING : STATUS_INVALID_PARAMETER;
        default:
            if (check_only) {
                return STATUS_UNSUCCESSFUL;
            }
            if (is_asynchronous) {
                return STATUS_INVALID_PARAMETER;
            }
            wait_for_initializer(*RunOnce);
        }
    }
}

NTSTATUS NTAPI RtlRunOnceComplete(PRTL_RUN_ONCE RunOnce, ULONG Flags, PVOID Context) {
    OPC_REQUIRE_APC_OR_BELOW();
    const bool failed = (Flags & RTL_RUN_ONCE_INIT_FAILED) != 0;
    const bool is_asynchronous = (Flags & RTL_RUN_ONCE_ASYNC) != 0;
    const auto context = reinterpret_cast<ULONG_PTR>(Context);
    // Attempts made side by side need not be taken back one by one.
    if ((Flags & ~(RTL_RUN_ONCE_INIT_FAILED | RTL_RUN_ONCE_ASYNC)) != 0 || (failed && is_asynchronous) ||
        (context & state_bits) != 0 || (failed && context != 0)) {
        return STATUS_INVALID_PARAMETER;
    }
    Machine::current().preemption_point();
    const ULONG_PTR state = state_of(*RunOnce);
    if (state != (is_asynchronous ? asynchronous : in_progress)) {
        return STATUS_UNSUCCESSFUL; // somebody else has completed it
    }
    auto* waiters = is_asynchronous ? nullptr : reinterpret_cast<Waiter*>(pointer_of(*RunOnce));
    set(*RunOnce, context, failed ? not_begun : done);
    wake(waiters);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlRunOnceExecuteOnce(PRTL_RUN_ONCE RunOnce, PRTL_RUN_ONCE_INIT_FN InitFn, PVOID Parameter,
                                     PVOID* Context) {
    OPC_REQUIRE_APC_OR_BELOW();
    const NTSTATUS begun = RtlRunOnceBeginInitialize(RunOnce, 0, Context);
    if (begun != STATUS_PENDING) {
        return begun;
    }
    PVOID context = nullptr;
    KeEnterCriticalRegion();
    const bool succeeded = InitFn(RunOnce, Parameter, &context) != 0;
    KeLeaveCriticalRegion();
    if (!succeeded) {
        RtlRunOnceComplete(RunOnce, RTL_RUN_ONCE_INIT_FAILED, nullptr);
        return STATUS_UNSUCCESSFUL;
    }
    const NTSTATUS completed = RtlRunOnceComplete(RunOnce, 0, context);
    if (Context != nullptr) {
        *Context = context;
    }
    return completed;
}

} // extern "C"
