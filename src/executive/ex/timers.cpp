// EX_TIMER: ExAllocateTimer and its relatives. High-resolution timers expire at their exact time, the others at the
// next clock interrupt; the callback runs at DISPATCH_LEVEL.
#include <algorithm>
#include <new>

#include <wdm.h>

#include "executive/irql_check.h"
#include "executive/ke/time_units.h"
#include "executive/ke/waits.h"
#include "executive/kernel.h"

using namespace openportcls;
using executive::Kernel;
using machine::Machine;
using machine::Nanoseconds;

struct _EX_TIMER {
    DISPATCHER_HEADER header{}; // first: drivers may wait for the timer itself
    Machine* machine = nullptr;
    executive::PoolGuest pool_guest;
    machine::ClockEvent event;
    KDPC dpc{};
    KEVENT idle{}; // signalled while no callback is queued or running
    PEXT_CALLBACK callback = nullptr;
    void* context = nullptr;
    bool high_resolution = false;
    bool deleting = false;
    Nanoseconds nominal = 0;
    Nanoseconds period = 0;
    PEXT_DELETE_CALLBACK delete_callback = nullptr;
    void* delete_context = nullptr;
};

namespace {

constexpr ULONG timer_tag = 0x6D547845; // 'ExTm'

void schedule(EX_TIMER& timer) {
    const Nanoseconds interval = timer.machine->clock_interval();
    const bool exact = timer.high_resolution || timer.nominal == machine::never;
    timer.machine->clock().schedule(timer.event,
                                    exact ? timer.nominal : (timer.nominal + interval - 1) / interval * interval);
}

void destroy(EX_TIMER& timer) {
    const PEXT_DELETE_CALLBACK callback = timer.delete_callback;
    void* const context = timer.delete_context;
    timer.~_EX_TIMER();
    Kernel::current().pool.free(&timer, timer_tag, "ExDeleteTimer");
    if (callback != nullptr) {
        callback(context);
    }
}

[[gnu::hot]] void expire(machine::ClockEvent& event) {
    auto& timer = *static_cast<EX_TIMER*>(event.context());
    timer.machine->trace(machine::EventKind::timer_expired, 0);
    timer.header.SignalState = 1;
    timer.machine->wake_waiters(timer.header);
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
    auto& timer = *static_cast<EX_TIMER*>(context);
    timer.callback(&timer, timer.context);
    if (timer.dpc.DpcData == nullptr) {
        timer.machine->set_event(timer.idle);
        if (timer.deleting && !timer.event.is_scheduled()) {
            destroy(timer);
        }
    }
}

bool is_set(const EX_TIMER& timer) {
    return timer.event.is_scheduled();
}

} // namespace

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
    void* memory = kernel.pool.allocate(sizeof(EX_TIMER), timer_tag, executive::PoolKind::non_paged, true,
                                        __builtin_return_address(0));
    if (memory == nullptr) {
        return nullptr;
    }
    auto* timer = new (memory) EX_TIMER;
    timer->pool_guest.join(kernel.pool_guests, timer,
                           [](void* object) { static_cast<EX_TIMER*>(object)->~_EX_TIMER(); });
    timer->header.Type = (attributes & EX_TIMER_NOTIFICATION) != 0 ? machine::TimerNotificationObject
                                                                   : machine::TimerSynchronizationObject;
    timer->header.WaitListHead = {&timer->header.WaitListHead, &timer->header.WaitListHead};
    timer->machine = &kernel.machine;
    timer->event.bind(&expire, timer);
    timer->callback = callback;
    timer->context = context;
    timer->high_resolution = (attributes & EX_TIMER_HIGH_RESOLUTION) != 0;
    KeInitializeDpc(&timer->dpc, &run_callback, timer);
    KeInitializeEvent(&timer->idle, NotificationEvent, TRUE);
    return timer;
}

[[gnu::hot]] BOOLEAN NTAPI ExSetTimer(PEX_TIMER timer, LONGLONG due_time, LONGLONG period, PEXT_SET_PARAMETERS) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Machine& machine = *timer->machine;
    machine.preemption_point();
    machine::tsan::release(timer);
    machine::tsan::release(&timer->dpc);
    const bool was_set = machine.clock().cancel(timer->event);
    if (timer->deleting) {
        return was_set;
    }
    timer->header.SignalState = 0;
    timer->nominal = executive::due_to_machine_time(machine, due_time);
    constexpr LONGLONG longest = INT64_MAX / 4 / machine::nanoseconds_per_tick; // 73 years
    timer->period = std::clamp<LONGLONG>(period, 0, longest) * machine::nanoseconds_per_tick;
    if (timer->nominal <= machine.now()) {
        timer->nominal = machine.now(); // no clock interrupt to wait for
        machine.clock().schedule(timer->event, timer->nominal);
    } else {
        schedule(*timer);
    }
    machine.spend(0);
    return was_set;
}

BOOLEAN NTAPI ExCancelTimer(PEX_TIMER timer, PEXT_CANCEL_PARAMETERS) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Machine& machine = *timer->machine;
    machine.preemption_point();
    timer->period = 0;
    return machine.clock().cancel(timer->event);
}

BOOLEAN NTAPI ExDeleteTimer(PEX_TIMER timer, BOOLEAN cancel, BOOLEAN wait, PEXT_DELETE_PARAMETERS parameters) {
    if (wait) {
        OPC_REQUIRE_APC_OR_BELOW();
    }
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Machine& machine = *timer->machine;
    machine.preemption_point();
    if (parameters != nullptr) {
        timer->delete_callback = parameters->DeleteCallback;
        timer->delete_context = parameters->DeleteContext;
    }
    timer->deleting = true;
    timer->period = 0;
    // Waiting makes sense only for a timer that cannot expire any more.
    const bool canceled = cancel && machine.clock().cancel(timer->event);
    const bool callback_pending = timer->idle.Header.SignalState == 0;
    if (!callback_pending && !is_set(*timer)) {
        machine::tsan::acquire(&timer->idle);
        destroy(*timer);
    } else if (wait && cancel) {
        // The callback, when it is done, frees the timer: look at nothing but a flag of our own.
        KEVENT done;
        KeInitializeEvent(&done, NotificationEvent, FALSE);
        struct Chain {
            KEVENT* done;
            PEXT_DELETE_CALLBACK next;
            void* context;
        } chain{&done, timer->delete_callback, timer->delete_context};
        struct Callbacks {
            static void NTAPI run(PVOID context) {
                auto& chain = *static_cast<Chain*>(context);
                if (chain.next != nullptr) {
                    chain.next(chain.context);
                }
                Machine::current().set_event(*chain.done);
            }
        };
        timer->delete_callback = &Callbacks::run;
        timer->delete_context = &chain;
        executive::wait_for_ever(machine, &done);
    }
    return canceled;
}

} // extern "C"
