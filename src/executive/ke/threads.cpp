// System threads and the one process there is.
#include <wdm.h>

#include "executive/irql_check.h"
#include "executive/ke/apcs.h"
#include "executive/kernel.h"
#include "executive/objects/object_manager.h"
#include "machine/spin_locks.h"

using namespace openportcls;
using executive::Kernel;
using executive::ObjectManager;
using executive::ThreadBody;
using machine::Machine;
using machine::Thread;

namespace {

constexpr ULONG_PTR system_process_id = 4;

Thread& thread_of(void* body) {
    return *static_cast<ThreadBody*>(body)->thread;
}

// Windows numbers threads and processes in steps of four.
HANDLE id_of(const Thread& thread) {
    return reinterpret_cast<HANDLE>(system_process_id + 4 * static_cast<ULONG_PTR>(thread.serial));
}

struct StartParameters {
    PKSTART_ROUTINE routine;
    void* context;
};
constexpr ULONG start_tag = 0x74537350; // 'PsSt'

void run_system_thread(void* argument) {
    Kernel& kernel = Kernel::current();
    const StartParameters parameters = *static_cast<StartParameters*>(argument);
    kernel.pool.free(argument, start_tag, "PsCreateSystemThread");
    parameters.routine(parameters.context);
    if (kernel.machine.processor().held_spin_locks != 0) [[unlikely]] {
        openportcls::machine::spin_lock_kept(kernel.machine, "A system thread's routine",
                                             reinterpret_cast<const void*>(parameters.routine));
    }
    if (!kernel.machine.are_interrupts_enabled()) [[unlikely]] {
        executive::interrupts_left_disabled("A system thread's routine",
                                            reinterpret_cast<const void*>(parameters.routine));
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

void free_body(Machine& machine, Thread& thread) {
    machine.subsystem<Kernel>().pool.free(thread.executive_data, executive::object_types::thread.tag(),
                                          "PsCreateSystemThread");
    thread.executive_data = nullptr;
}

// A thread that still runs may ask for its object again; then end() frees the body.
void destroy_thread(Machine& machine, void* body) {
    Thread& thread = thread_of(body);
    if (thread.state == machine::ThreadState::terminated) {
        free_body(machine, thread);
    }
    machine.release_thread(thread);
}

[[noreturn]] void end(Machine& machine, Thread& thread, NTSTATUS status) {
    ThreadBody& body = executive::body_of(thread);
    if (ObjectManager::of(machine).find(&body) != nullptr) {
        body.header.SignalState = 1;
        machine::tsan::release(&body.header);
        machine.wake_waiters(body.header);
    } else {
        free_body(machine, thread);
    }
    machine.exit_thread(status);
}

PEPROCESS the_process() {
    return reinterpret_cast<PEPROCESS>(Kernel::current().process);
}

} // namespace

ThreadBody& NTAPI executive::make_body(Thread& thread) {
    auto* body = thread.machine->subsystem<Kernel>().pool.allocate_object<ThreadBody>(
        object_types::thread.what, object_types::thread.tag(), nullptr);
    body->header.Type = machine::ThreadObject;
    body->header.WaitListHead = {&body->header.WaitListHead, &body->header.WaitListHead};
    body->thread = &thread;
    KeInitializeEvent(&body->apc_queued, NotificationEvent, FALSE);
    thread.executive_data = body;
    return *body;
}

extern "C" {

NTSTATUS NTAPI PsCreateSystemThread(PHANDLE handle, ULONG access, POBJECT_ATTRIBUTES, HANDLE, PCLIENT_ID client_id,
                                    PKSTART_ROUTINE routine, PVOID context) {
    OPC_REQUIRE_PASSIVE();
    Kernel& kernel = Kernel::current();
    auto* parameters = static_cast<StartParameters*>(
        kernel.pool.allocate(sizeof(StartParameters), start_tag, executive::PoolKind::non_paged, false, nullptr));
    if (parameters == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *parameters = {routine, context};
    Thread* thread = kernel.machine.create_thread("system thread", &run_system_thread, parameters);
    if (thread == nullptr) {
        kernel.pool.free(parameters, start_tag, __func__);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    thread->guest_routine = reinterpret_cast<const void*>(routine);
    ObjectManager& objects = ObjectManager::current();
    executive::ObjectCallbacks callbacks;
    callbacks.destroy = &destroy_thread;
    ThreadBody& body = executive::body_of(*thread);
    objects.add(&body, executive::object_types::thread, callbacks);
    *handle = objects.open_handle(&body, access != 0 ? access : THREAD_ALL_ACCESS);
    if (client_id != nullptr) {
        client_id->UniqueProcess = reinterpret_cast<HANDLE>(system_process_id);
        client_id->UniqueThread = id_of(*thread);
    }
    objects.dereference(&body); // the handle, and the running thread itself, hold it
    kernel.machine.preemption_point();
    return STATUS_SUCCESS;
}

// Does not return when it succeeds.
NTSTATUS NTAPI PsTerminateSystemThread(NTSTATUS status) {
    OPC_REQUIRE_PASSIVE();
    Machine& machine = Machine::current();
    Thread& thread = machine.current_thread();
    if (thread.is_client) {
        return STATUS_INVALID_PARAMETER;
    }
    if (thread.owned_mutexes != 0) [[unlikely]] {
        machine.bugcheck(0x4000008A /* THREAD_TERMINATE_HELD_MUTEX */, reinterpret_cast<std::uint64_t>(&thread),
                         reinterpret_cast<std::uint64_t>(thread.last_mutex), 0, 0,
                         "A thread ends while it owns a mutex (PsTerminateSystemThread, KeReleaseMutex).");
    }
    if (thread.critical_region_depth != 0) [[unlikely]] {
        machine.bugcheck(0x20 /* KERNEL_APC_PENDING_DURING_EXIT */, 0,
                         static_cast<std::uint32_t>(-thread.critical_region_depth), machine.irql(), 1,
                         "A thread ends inside of a critical region or while it owns a guarded mutex.");
    }
    executive::deliver_apcs(machine);
    end(machine, thread, status);
}

PKTHREAD NTAPI KeGetCurrentThread() {
    return reinterpret_cast<PKTHREAD>(&executive::body_of(Machine::current().current_thread()));
}
PETHREAD NTAPI PsGetCurrentThread() {
    return reinterpret_cast<PETHREAD>(&executive::body_of(Machine::current().current_thread()));
}
HANDLE NTAPI PsGetCurrentThreadId() {
    return id_of(Machine::current().current_thread());
}
HANDLE NTAPI PsGetThreadId(PETHREAD thread) {
    return id_of(thread_of(thread));
}
BOOLEAN NTAPI PsIsSystemThread(PETHREAD thread) {
    return !thread_of(thread).is_client;
}
BOOLEAN NTAPI IoIsSystemThread(PETHREAD thread) {
    return !thread_of(thread).is_client;
}

HANDLE NTAPI PsGetCurrentProcessId() {
    return reinterpret_cast<HANDLE>(system_process_id);
}
PEPROCESS NTAPI PsGetCurrentProcess() {
    return the_process();
}
PEPROCESS NTAPI IoGetCurrentProcess() {
    return the_process();
}
HANDLE NTAPI PsGetProcessId(PEPROCESS) {
    return reinterpret_cast<HANDLE>(system_process_id);
}

NTSTATUS NTAPI PsLookupProcessByProcessId(HANDLE id, PEPROCESS* process) {
    OPC_REQUIRE_APC_OR_BELOW();
    if (id != reinterpret_cast<HANDLE>(system_process_id)) {
        return STATUS_INVALID_PARAMETER;
    }
    *process = the_process();
    ObjectManager::current().reference(*process);
    return STATUS_SUCCESS;
}

// No process is ever created or ended here, so the routine would never be called.
NTSTATUS NTAPI PsSetCreateProcessNotifyRoutine(PCREATE_PROCESS_NOTIFY_ROUTINE, BOOLEAN) {
    OPC_REQUIRE_PASSIVE();
    return STATUS_SUCCESS;
}

// TRUE tells a checked build.
BOOLEAN NTAPI PsGetVersion(PULONG major, PULONG minor, PULONG build, PUNICODE_STRING service_pack) {
    const Kernel& kernel = Kernel::current();
    if (major != nullptr) {
        *major = kernel.os_major;
    }
    if (minor != nullptr) {
        *minor = kernel.os_minor;
    }
    if (build != nullptr) {
        *build = kernel.os_build;
    }
    if (service_pack != nullptr) {
        service_pack->Length = 0;
    }
    return FALSE;
}

KPRIORITY NTAPI KeQueryPriorityThread(PKTHREAD thread) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return thread_of(thread).priority;
}

KPRIORITY NTAPI KeSetPriorityThread(PKTHREAD thread, KPRIORITY priority) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Thread& target = thread_of(thread);
    const KPRIORITY before = target.priority;
    if (priority < LOW_PRIORITY + 1 || priority > HIGH_PRIORITY) [[unlikely]] {
        Machine::current().bugcheck(0xC4 /* DRIVER_VERIFIER_DETECTED_VIOLATION */, 0,
                                    static_cast<std::uint64_t>(priority), 0, 0, "KeSetPriorityThread takes 1 to 31.");
    }
    target.priority = static_cast<std::uint8_t>(priority); // counts from the next time it becomes ready
    return before;
}

LONG NTAPI KeSetBasePriorityThread(PKTHREAD thread, LONG increment) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    constexpr LONG process_base_priority = 8;
    Thread& target = thread_of(thread);
    const LONG before = target.priority - process_base_priority;
    const LONG wanted = std::clamp<LONG>(process_base_priority + increment, 1, HIGH_PRIORITY);
    target.priority = static_cast<std::uint8_t>(wanted); // counts from the next time it becomes ready
    return before;
}

} // extern "C"
