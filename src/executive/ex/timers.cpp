// EX_TIMER: ExAllocateTimer and its relatives. High-resolution timers expire at their exact time, the others at the
// next clock interrupt; the callback runs at DISPATCH_LEVEL.
#include <algorithm>
#include <memory>

#include <wdm.h>

#include "executive/callers.h"
#include "executive/ex/ex_timer.h"
#include "executive/irql_check.h"
#include "executive/ke/time_units.h"
#include "executive/ke/waits.h"
#include "executive/kernel.h"
#include "executive/sentence.h"

using namespace openportcls;
using executive::ExTimer;
using executive::Kernel;
using machine::Machine;
using machine::Nanoseconds;

namespace {

constexpr ULONG timer_tag = 0x6D547845; // 'ExTm'

[[noreturn, gnu::cold, gnu::noinline]] void NTAPI no_timer(const EX_TIMER* object, const char* function) {
    Machine::current().bugcheck(0xC4 /* DRIVER_VERIFIER_DETECTED_VIOLATION */, 0,
                                reinterpret_cast<std::uint64_t>(object), 0, 0,
                                executive::Sentence("{} was given what is no timer of ExAllocateTimer, or has been "
                                                    "deleted already.",
                                                    function));
}

ExTimer& NTAPI timer_of(const EX_TIMER* object, const char* function) {
    ExTimer* const timer = Kernel::current().ex_timers.find(object);
    if (timer == nullptr) [[unlikely]] {
        no_timer(object, function);
    }
    return *timer;
}

void schedule(ExTimer& timer) {
    const Nanoseconds interval = timer.machine->clock_interval();
    const bool exact = timer.high_resolution || timer.nominal == machine::never;
    timer.machine->clock().schedule(timer.event,
                                    exact ? timer.nominal : (timer.nominal + interval - 1) / interval * interval);
}

[[gnu::cold, gnu::noinline]] void NTAPI destroy(ExTimer& timer) {
    const PEXT_DELETE_CALLBACK callback = timer.delete_callback;
    void* const context = timer.delete_context;
    EX_TIMER* const object = timer.object;
    Kernel& kernel = Kernel::current();
    kernel.ex_timers.remove(object);
    kernel.pool.free(object, timer_tag, "ExDeleteTimer");
    if (callback != nullptr) {
        callback(context);
    }
}

[[gnu::hot]] void expire(machine::ClockEvent& event) {
    auto& timer = *static_cast<ExTimer*>(event.context());
    timer.machine->trace(machine::EventKind::timer_expired, 0);
    timer.object->header.SignalState = 1;
    timer.machine->wake_waiters(timer.object->header);
    if (timer.period > 0) {
        timer.nominal += timer.period;
        schedule(timer);
    }
    if (timer.callback != nullptr) {
        timer.idle.Header.SignalState = 0;
        timer.machine->queue_dpc(timer.dpc, nullptr, nullptr);
    }
}

[[gnu::hot]] void NTAPI run_callback(PKDPC, PVOID context, PVOID, PVOID) {
    auto& timer = *static_cast<ExTimer*>(context);
    timer.callback(timer.object, timer.context);
    if (timer.dpc.DpcData == nullptr) {
        timer.machine->set_event(timer.idle);
        if (timer.deleting && !timer.event.is_scheduled()) {
            destroy(timer);
        }
    }
}

bool is_set(const ExTimer& timer) {
    return timer.event.is_scheduled();
}

} // namespace

OPC_BEGIN_REMEMBERING_CALLERS

extern "C" {

PEX_TIMER NTAPI ExAllocateTimer(PEXT_CALLBACK callback, PVOID context, ULONG attributes) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    constexpr ULONG known = EX_TIMER_HIGH_RESOLUTION | EX_TIMER_NO_WAKE | EX_TIMER_NOTIFICATION;
    // A timer cannot be exact and unwilling to wake the processor at the same time.
    if ((attributes & ~known) != 0 ||
        (attributes & (EX_TIMER_HIGH_RESOLUTION | EX_TIMER_NO_WAKE)) == (EX_TIMER_HIGH_RESOLUTION | EX_TIMER_NO_WAKE)) {
        return nullptr;
    }
    Kernel& kernel = Kernel::current();
    auto* object = static_cast<EX_TIMER*>(kernel.pool.allocate(
        sizeof(EX_TIMER), timer_tag, executive::PoolKind::non_paged, true, __builtin_return_address(0)));
    if (object == nullptr) {
        return nullptr;
    }
    object->header.Type = (attributes & EX_TIMER_NOTIFICATION) != 0 ? machine::TimerNotificationObject
                                                                    : machine::TimerSynchronizationObject;
    object->header.WaitListHead = {&object->header.WaitListHead, &object->header.WaitListHead};
    ExTimer& timer = kernel.ex_timers.add(object, std::make_unique<ExTimer>());
    timer.object = object;
    timer.machine = &kernel.machine;
    timer.event.bind(&expire, &timer);
    timer.callback = callback;
    timer.context = context;
    timer.high_resolution = (attributes & EX_TIMER_HIGH_RESOLUTION) != 0;
    KeInitializeDpc(&timer.dpc, &run_callback, &timer);
    KeInitializeEvent(&timer.idle, NotificationEvent, TRUE);
    return object;
}

[[gnu::hot]] BOOLEAN NTAPI ExSetTimer(PEX_TIMER object, LONGLONG due_time, LONGLONG period, PEXT_SET_PARAMETERS) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    ExTimer& timer = timer_of(object, __func__);
    Machine& machine = *timer.machine;
    machine.preemption_point();
    machine::tsan::release(&timer);
    machine::tsan::release(&timer.dpc);
    const bool was_set = is_set(timer) && machine.clock().cancel(timer.event);
    if (timer.deleting) {
        return was_set;
    }
    object->header.SignalState = 0;
    timer.nominal = executive::due_to_machine_time(machine, due_time);
    constexpr LONGLONG longest = INT64_MAX / 4 / machine::nanoseconds_per_tick; // 73 years
    timer.period = std::clamp<LONGLONG>(period, 0, longest) * machine::nanoseconds_per_tick;
    if (timer.nominal <= machine.now()) {
        timer.nominal = machine.now(); // no clock interrupt to wait for
        machine.clock().schedule(timer.event, timer.nominal);
    } else {
        schedule(timer);
    }
    machine.spend(0);
    return was_set;
}

BOOLEAN NTAPI ExCancelTimer(PEX_TIMER object, PEXT_CANCEL_PARAMETERS) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    ExTimer& timer = timer_of(object, __func__);
    Machine& machine = *timer.machine;
    machine.preemption_point();
    timer.period = 0;
    return machine.clock().cancel(timer.event);
}

BOOLEAN NTAPI ExDeleteTimer(PEX_TIMER object, BOOLEAN cancel, BOOLEAN wait, PEXT_DELETE_PARAMETERS parameters) {
    if (wait) {
        OPC_REQUIRE_APC_OR_BELOW();
    }
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    ExTimer& timer = timer_of(object, __func__);
    Machine& machine = *timer.machine;
    machine.preemption_point();
    if (parameters != nullptr) {
        timer.delete_callback = parameters->DeleteCallback;
        timer.delete_context = parameters->DeleteContext;
    }
    timer.deleting = true;
    timer.period = 0;
    // Waiting makes sense only for a timer that cannot expire any more.
    const bool canceled = cancel && machine.clock().cancel(timer.event);
    const bool callback_pending = timer.idle.Header.SignalState == 0;
    if (!callback_pending && !is_set(timer)) {
        machine::tsan::acquire(&timer.idle);
        destroy(timer);
    } else if (wait && cancel) {
        // The callback, when it is done, frees the timer: look at nothing but a flag of our own.
        KEVENT done;
        KeInitializeEvent(&done, NotificationEvent, FALSE);
        struct Chain {
            KEVENT* done;
            PEXT_DELETE_CALLBACK next;
            void* context;
        } chain{&done, timer.delete_callback, timer.delete_context};
        struct Callbacks {
            static void NTAPI run(PVOID context) {
                auto& chain = *static_cast<Chain*>(context);
                if (chain.next != nullptr) {
                    chain.next(chain.context);
                }
                Machine::current().set_event(*chain.done);
            }
        };
        timer.delete_callback = &Callbacks::run;
        timer.delete_context = &chain;
        executive::wait_for_ever(machine, &done);
    }
    return canceled;
}

} // extern "C"

OPC_END_REMEMBERING_CALLERS
