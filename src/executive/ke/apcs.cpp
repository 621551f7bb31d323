#include "executive/ke/apcs.h"

#include <algorithm>
#include <array>

#include "executive/irql_check.h"
#include "executive/kernel.h"
#include "executive/objects/object_manager.h"

namespace openportcls::executive {

namespace {

using machine::Machine;

constexpr ULONG apc_tag = 0x2063704B; // 'Kpc '

ThreadBody& running_body(Machine& machine) {
    return body_of(machine.current_thread());
}

bool may_run(Machine& machine, const ThreadBody& body) {
    return machine.irql() == machine::irql::passive && body.thread->critical_region_depth == 0 && !body.runs_apc;
}

// Neither the thread nor its object goes while a request may still name them.
void hold(ThreadBody& body) {
    ObjectManager& objects = ObjectManager::current();
    if (!objects.reference(&body)) {
        objects.add(&body, object_types::thread, {}); // one of the machine's, as find_by_handle does
        objects.reference(&body);
    }
    body.thread->machine->reference_thread(*body.thread);
    ++body.awaited_apcs;
}

void let_go(ThreadBody& body) {
    --body.awaited_apcs;
    Machine& machine = *body.thread->machine;
    machine.release_thread(*body.thread);
    ObjectManager::of(machine).dereference(&body);
}

void run(Machine& machine, ThreadApc& queued) {
    const ThreadApc apc = queued;
    machine::tsan::acquire(&queued);
    apc.thread->runs_apc = true;
    forget_apc(queued);
    const CalledAt before(machine);
    apc.routine(apc.context, apc.result, 0);
    require_kept(machine, before, "An APC routine", apc.routine);
    running_body(machine).runs_apc = false;
}

} // namespace

ThreadApc* new_apc(PIO_APC_ROUTINE routine, void* context, IO_STATUS_BLOCK* result) {
    Kernel& kernel = Kernel::current();
    auto* apc =
        static_cast<ThreadApc*>(kernel.pool.allocate(sizeof(ThreadApc), apc_tag, PoolKind::non_paged, true, nullptr));
    if (apc != nullptr) {
        ThreadBody& body = running_body(kernel.machine);
        *apc = {nullptr, routine, context, result, &body};
        hold(body);
    }
    return apc;
}

void forget_apc(ThreadApc& apc) {
    let_go(*apc.thread);
    Kernel::current().pool.free(&apc, apc_tag, __func__);
}

void queue_apc(ThreadApc& apc) {
    ThreadBody& body = *apc.thread;
    if (body.thread->state == machine::ThreadState::terminated) {
        forget_apc(apc);
        return;
    }
    machine::tsan::release(&apc);
    ThreadApc** last = &body.first_apc;
    while (*last != nullptr) {
        last = &(*last)->next;
    }
    *last = &apc;
    body.thread->machine->set_event(body.apc_queued);
}

void run_apcs(Machine& machine) {
    ThreadBody& body = running_body(machine);
    while (body.first_apc != nullptr && may_run(machine, body)) {
        ThreadApc& apc = *body.first_apc;
        body.first_apc = apc.next;
        run(machine, apc);
    }
    if (body.first_apc == nullptr) {
        body.apc_queued.Header.SignalState = 0;
    }
}

NTSTATUS wait_running_apcs(Machine& machine, std::span<DISPATCHER_HEADER* const> objects, bool all,
                           machine::Nanoseconds deadline) {
    run_apcs(machine);
    ThreadBody& body = running_body(machine);
    const bool one_is_enough = !all || objects.size() <= 1;
    if (!one_is_enough || !may_run(machine, body)) {
        const NTSTATUS status = machine.wait(objects, all, deadline);
        run_apcs(machine);
        return status;
    }
    std::array<DISPATCHER_HEADER*, MAXIMUM_WAIT_OBJECTS + 1> awaited;
    *std::ranges::copy(objects, awaited.begin()).out = &body.apc_queued.Header;
    for (;;) {
        const NTSTATUS status = machine.wait({awaited.data(), objects.size() + 1}, false, deadline);
        run_apcs(machine);
        if (status != static_cast<NTSTATUS>(objects.size())) {
            return status;
        }
    }
}

} // namespace openportcls::executive
