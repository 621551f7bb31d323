// Waiting on dispatcher objects, and the objects' signalling.
#include "machine/machine.h"

#include <algorithm>

namespace openportcls::machine {

namespace {

void insert_tail(LIST_ENTRY& head, LIST_ENTRY& entry) {
    entry.Flink = &head;
    entry.Blink = head.Blink;
    head.Blink->Flink = &entry;
    head.Blink = &entry;
}

void remove_entry(LIST_ENTRY& entry) {
    entry.Blink->Flink = entry.Flink;
    entry.Flink->Blink = entry.Blink;
}

// Whoever signalled the objects of a finished wait is ordered before the waiter. They may be gone: only names here.
void acquire_waited_for(std::span<DISPATCHER_HEADER* const> objects, bool wait_all, NTSTATUS status) {
    for (std::size_t i = 0; i < objects.size(); ++i) {
        if (wait_all ? status == STATUS_SUCCESS : status == static_cast<NTSTATUS>(i)) {
            tsan::acquire(objects[i]);
        }
    }
}

KMUTEX& as_mutex(DISPATCHER_HEADER& object) {
    return *CONTAINING_RECORD(&object, KMUTEX, Header);
}

// Whoever owns a mutex is in a critical region until he releases it ("Mutex Objects": normal kernel APCs are disabled).
void take_mutex(KMUTEX& mutex, Thread& thread) {
    if (--mutex.Header.SignalState == 0) {
        mutex.OwnerThread = reinterpret_cast<PKTHREAD>(&thread);
        thread.critical_region_depth += mutex.ApcDisable;
        ++thread.owned_mutexes;
        thread.last_mutex = &mutex;
    }
}

} // namespace

bool Machine::is_signalled(const DISPATCHER_HEADER& object, const Thread& thread) {
    if (object.SignalState > 0) {
        return true;
    }
    return object.Type == MutantObject &&
           as_mutex(const_cast<DISPATCHER_HEADER&>(object)).OwnerThread == reinterpret_cast<const _KTHREAD*>(&thread);
}

void Machine::satisfy(DISPATCHER_HEADER& object, Thread& thread) {
    switch (object.Type) {
    case EventSynchronizationObject:
    case TimerSynchronizationObject:
        object.SignalState = 0;
        break;
    case SemaphoreObject:
        --object.SignalState;
        break;
    case MutantObject:
        take_mutex(as_mutex(object), thread);
        break;
    default:
        break;
    }
}

NTSTATUS Machine::wait_one(void* object, Nanoseconds deadline) {
    auto* header = static_cast<DISPATCHER_HEADER*>(object);
    return wait({&header, 1}, false, deadline);
}

NTSTATUS Machine::wait(std::span<DISPATCHER_HEADER* const> objects, bool wait_all, Nanoseconds deadline) {
    preemption_point();
    Thread& thread = current_thread();
    if (wait_all && !objects.empty()) {
        if (std::all_of(objects.begin(), objects.end(), [&](auto* object) { return is_signalled(*object, thread); })) {
            for (DISPATCHER_HEADER* object : objects) {
                satisfy(*object, thread);
                tsan::acquire(object);
            }
            return STATUS_SUCCESS;
        }
    } else {
        for (std::size_t i = 0; i < objects.size(); ++i) {
            if (is_signalled(*objects[i], thread)) {
                satisfy(*objects[i], thread);
                tsan::acquire(objects[i]);
                return static_cast<NTSTATUS>(i);
            }
        }
    }
    if (deadline <= now()) {
        poll();
        return STATUS_TIMEOUT;
    }

    thread.block_count = static_cast<std::uint32_t>(objects.size());
    if (objects.size() > Thread::inline_wait_blocks) {
        thread.many_blocks.resize(objects.size());
        thread.blocks = thread.many_blocks.data();
    } else {
        thread.blocks = thread.inline_blocks.data();
    }
    for (std::size_t i = 0; i < objects.size(); ++i) {
        WaitBlock& block = thread.blocks[i];
        block.thread = &thread;
        block.object = objects[i];
        insert_tail(objects[i]->WaitListHead, block.link);
        block.linked = true;
    }
    thread.wait_all = wait_all;
    thread.wait_status = STATUS_PENDING;
    thread.state = ThreadState::waiting;
    if (deadline != never) {
        clock_.schedule(thread.timeout, deadline);
    }
    trace(EventKind::wait_begin, thread.serial);
    block();
    trace(EventKind::wait_end, thread.serial, thread.wait_status);
    if (tsan::is_watching()) [[unlikely]] {
        acquire_waited_for(objects, wait_all, thread.wait_status);
    }
    return thread.wait_status;
}

[[gnu::hot]] void Machine::finish_wait(Thread& thread, NTSTATUS status) {
    for (std::uint32_t i = 0; i < thread.block_count; ++i) {
        if (thread.blocks[i].linked) {
            remove_entry(thread.blocks[i].link);
            thread.blocks[i].linked = false;
        }
    }
    if (thread.timeout.is_scheduled()) {
        clock_.cancel(thread.timeout);
    }
    thread.wait_status = status;
    make_ready(thread);
}

void Machine::wait_timed_out(ClockEvent& event) {
    auto* thread = static_cast<Thread*>(event.context());
    thread->machine->finish_wait(*thread, STATUS_TIMEOUT);
}

[[gnu::hot]] void Machine::listen(KEVENT& event, SignalListener& listener) {
    listener.block = {.link = {}, .thread = nullptr, .object = &event.Header, .linked = true};
    insert_tail(event.Header.WaitListHead, listener.block.link);
    if (event.Header.SignalState > 0) {
        wake_waiters(event.Header);
    }
}

void Machine::stop_listening(SignalListener& listener) {
    if (listener.block.linked) {
        remove_entry(listener.block.link);
        listener.block.linked = false;
    }
}

[[gnu::hot]] void Machine::park() {
    Thread& thread = current_thread();
    thread.block_count = 0;
    thread.wait_all = false;
    thread.is_parked = true;
    if (!every_idle_prepared_) [[unlikely]] {
        prepare_every_idle(); // now: once the thread runs its periods, nothing asks the host for memory
    }
    trace(EventKind::wait_begin, thread.serial);
    while (thread.is_parked && pass_idle_time()) {
    }
    if (thread.is_parked) {
        thread.state = ThreadState::waiting;
        block();
    }
    trace(EventKind::wait_end, thread.serial, STATUS_SUCCESS);
}

void Machine::wake_parked(Thread& thread) noexcept {
    make_ready(thread);
}

[[gnu::hot]] void Machine::wake_all_waiters(DISPATCHER_HEADER& object) {
    LIST_ENTRY* entry = object.WaitListHead.Flink;
    while (entry != &object.WaitListHead) {
        auto& block = *reinterpret_cast<WaitBlock*>(entry);
        if (block.thread == nullptr) {
            if (object.SignalState > 0) {
                object.SignalState = 0;
                auto& listener = reinterpret_cast<SignalListener&>(block);
                listener.heard(listener);
            }
            break;
        }
        Thread& thread = *block.thread;
        if (!is_signalled(object, thread)) {
            break;
        }
        if (!thread.wait_all) {
            satisfy(object, thread);
            finish_wait(thread, static_cast<NTSTATUS>(&block - thread.blocks));
            entry = object.WaitListHead.Flink;
            continue;
        }
        const std::span<WaitBlock> blocks{thread.blocks, thread.block_count};
        if (std::all_of(blocks.begin(), blocks.end(),
                        [&](const WaitBlock& each) { return is_signalled(*each.object, thread); })) {
            for (WaitBlock& each : blocks) {
                satisfy(*each.object, thread);
            }
            finish_wait(thread, STATUS_SUCCESS);
            entry = object.WaitListHead.Flink;
        } else {
            entry = entry->Flink;
        }
    }
}

[[gnu::hot]] LONG Machine::set_event(KEVENT& event) {
    tsan::release(&event);
    const LONG previous = event.Header.SignalState;
    event.Header.SignalState = 1;
    wake_waiters(event.Header);
    return previous;
}

LONG Machine::pulse_event(KEVENT& event) {
    const LONG previous = set_event(event);
    event.Header.SignalState = 0;
    return previous;
}

LONG Machine::release_semaphore(KSEMAPHORE& semaphore, LONG adjustment) {
    tsan::release(&semaphore);
    const LONG previous = semaphore.Header.SignalState;
    semaphore.Header.SignalState = previous + adjustment;
    wake_waiters(semaphore.Header);
    return previous;
}

LONG Machine::release_mutex(KMUTEX& mutex) {
    tsan::release(&mutex);
    const LONG previous = mutex.Header.SignalState++;
    if (mutex.Header.SignalState == 1) {
        auto& owner = *reinterpret_cast<Thread*>(mutex.OwnerThread);
        owner.critical_region_depth -= mutex.ApcDisable;
        --owner.owned_mutexes;
        mutex.OwnerThread = nullptr;
        wake_waiters(mutex.Header);
    }
    return previous;
}

} // namespace openportcls::machine
