// Events, semaphores and mutexes.
#include <wdm.h>

#include "executive/ex/asan.h"
#include "executive/ex/exceptions.h"
#include "executive/irql_check.h"
#include "executive/ke/apcs.h"
#include "executive/sentence.h"

using namespace openportcls;
using machine::Machine;

namespace {

void initialise(DISPATCHER_HEADER& header, UCHAR type, UCHAR bytes, LONG state, const char* function) {
    executive::require_own_memory(&header, bytes, function);
    header.Lock = 0;
    header.Type = type;
    header.Size = static_cast<UCHAR>(bytes / sizeof(LONG));
    header.SignalState = state;
    header.WaitListHead = {&header.WaitListHead, &header.WaitListHead};
}

[[noreturn, gnu::cold, gnu::noinline]] void NTAPI not_initialised(const DISPATCHER_HEADER& header,
                                                                  const char* function) {
    Machine::current().bugcheck(0x1E /* KMODE_EXCEPTION_NOT_HANDLED */, 0xC0000005, 0,
                                reinterpret_cast<std::uint64_t>(&header), 0,
                                executive::Sentence("{} was given an object that was never initialised.", function));
}

// A driver that signals an event it never initialised finds a null list; say so instead of faulting.
void require_initialised(const DISPATCHER_HEADER& header, const char* function) {
    executive::require_own_memory(&header, sizeof header, function);
    if (header.WaitListHead.Flink == nullptr) [[unlikely]] {
        not_initialised(header, function);
    }
}

// Whoever sees that an object is signalled comes after the one that signalled it.
LONG state_of(const DISPATCHER_HEADER& header) {
    if (header.SignalState > 0) {
        machine::tsan::acquire(&header);
    }
    return header.SignalState;
}

} // namespace

extern "C" {

void NTAPI KeInitializeEvent(PRKEVENT event, EVENT_TYPE type, BOOLEAN state) {
    initialise(event->Header,
               type == NotificationEvent ? machine::EventNotificationObject : machine::EventSynchronizationObject,
               sizeof(KEVENT), state != FALSE, __func__);
}

[[gnu::hot]] LONG NTAPI KeSetEvent(PRKEVENT event, KPRIORITY, BOOLEAN wait) {
    if (wait) {
        OPC_REQUIRE_APC_OR_BELOW();
    }
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    require_initialised(event->Header, __func__);
    Machine& machine = Machine::current();
    const LONG previous = machine.set_event(*event);
    machine.preemption_point();
    return previous;
}

LONG NTAPI KePulseEvent(PRKEVENT event, KPRIORITY, BOOLEAN wait) {
    if (wait) {
        OPC_REQUIRE_APC_OR_BELOW();
    }
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    require_initialised(event->Header, __func__);
    Machine& machine = Machine::current();
    const LONG previous = machine.pulse_event(*event);
    machine.preemption_point();
    return previous;
}

void NTAPI KeClearEvent(PRKEVENT event) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Machine::current().preemption_point();
    event->Header.SignalState = 0;
}

LONG NTAPI KeResetEvent(PRKEVENT event) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Machine::current().preemption_point();
    const LONG previous = state_of(event->Header);
    event->Header.SignalState = 0;
    return previous;
}

LONG NTAPI KeReadStateEvent(PRKEVENT event) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Machine::current().poll();
    return state_of(event->Header);
}

void NTAPI KeInitializeSemaphore(PRKSEMAPHORE semaphore, LONG count, LONG limit) {
    initialise(semaphore->Header, machine::SemaphoreObject, sizeof(KSEMAPHORE), count, __func__);
    semaphore->Limit = limit;
}

LONG NTAPI KeReadStateSemaphore(PRKSEMAPHORE semaphore) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Machine::current().poll();
    return state_of(semaphore->Header);
}

LONG NTAPI KeReleaseSemaphore(PRKSEMAPHORE semaphore, KPRIORITY, LONG adjustment, BOOLEAN wait) {
    if (wait) {
        OPC_REQUIRE_APC_OR_BELOW();
    }
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    require_initialised(semaphore->Header, __func__);
    const LONG before = semaphore->Header.SignalState;
    if (adjustment <= 0 || adjustment > semaphore->Limit - before) [[unlikely]] {
        executive::raise_status(STATUS_SEMAPHORE_LIMIT_EXCEEDED,
                                "KeReleaseSemaphore may not raise the count above the semaphore's limit.");
    }
    Machine& machine = Machine::current();
    const LONG previous = machine.release_semaphore(*semaphore, adjustment);
    machine.preemption_point();
    return previous;
}

void NTAPI KeInitializeMutex(PRKMUTEX mutex, ULONG) {
    initialise(mutex->Header, machine::MutantObject, sizeof(KMUTEX), 1, __func__);
    mutex->MutantListEntry = {nullptr, nullptr};
    mutex->OwnerThread = nullptr;
    mutex->Abandoned = FALSE;
    mutex->ApcDisable = 1;
}

LONG NTAPI KeReadStateMutex(PRKMUTEX mutex) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Machine::current().poll();
    return mutex->Header.SignalState;
}

LONG NTAPI KeReleaseMutex(PRKMUTEX mutex, BOOLEAN) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    require_initialised(mutex->Header, __func__);
    Machine& machine = Machine::current();
    if (mutex->OwnerThread != reinterpret_cast<PKTHREAD>(&machine.current_thread())) [[unlikely]] {
        executive::raise_status(STATUS_MUTANT_NOT_OWNED,
                                "A mutex is released by the thread that acquired it (KeReleaseMutex).");
    }
    const LONG previous = machine.release_mutex(*mutex);
    machine.preemption_point();
    executive::deliver_apcs(machine); // whoever owns a mutex is in a critical region
    return previous;
}

} // extern "C"
