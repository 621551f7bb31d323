// Exports of ks.sys: workers.
#include "ks/ks_workers.h"

#include <memory>
#include <utility>

#include "executive/callers.h"
#include "executive/irql_check.h"
#include "executive/ke/waits.h"
#include "executive/kernel.h"
#include "executive/sentence.h"
#include "ks/ks_system.h"

using namespace openportcls;
using executive::Kernel;
using ks::KsSystem;
using ks::Worker;

namespace openportcls::ks {

Worker::Worker(WORK_QUEUE_TYPE type, WORK_QUEUE_ITEM* counted) : queue_type(type), counted_item(counted) {
    InitializeListHead(&items_);
    ExInitializeWorkItem(&runner_, &run, this);
    KeInitializeEvent(&idle_, NotificationEvent, TRUE);
}

void Worker::queue(WORK_QUEUE_ITEM& item) {
    machine::Machine& machine = machine::Machine::current();
    machine.preemption_point();
    if (item.List.Flink != nullptr) [[unlikely]] {
        machine.bugcheck(0x96 /* INVALID_WORK_QUEUE_ITEM */, reinterpret_cast<std::uint64_t>(&item),
                         reinterpret_cast<std::uint64_t>(item.List.Flink), 0, 0,
                         "KsQueueWorkItem: the work item is in a queue already, or was not initialised.");
    }
    machine::tsan::release(&item);
    InsertTailList(&items_, &item.List);
    KeClearEvent(&idle_);
    if (runner_.List.Flink == nullptr) {
        Kernel::current().work.queue(runner_, queue_type);
    }
}

// Items may wait for each other: the next one is not to stand behind this one.
void Worker::run(PVOID context) {
    auto& worker = *static_cast<Worker*>(context);
    machine::Machine& machine = machine::Machine::current();
    auto& item = *CONTAINING_RECORD(RemoveHeadList(&worker.items_), WORK_QUEUE_ITEM, List);
    item.List.Flink = nullptr; // free to be queued again
    ++worker.running_;
    if (!IsListEmpty(&worker.items_)) {
        Kernel::current().work.queue(worker.runner_, worker.queue_type);
    }
    machine::tsan::acquire(&item);
    const PWORKER_THREAD_ROUTINE routine = item.WorkerRoutine;
    machine.current_thread().guest_routine = reinterpret_cast<const void*>(routine);
    routine(item.Parameter); // the item may be gone afterwards
    if (--worker.running_ == 0 && IsListEmpty(&worker.items_)) {
        machine.set_event(worker.idle_);
    }
}

void Worker::wait_until_idle() {
    executive::wait_for_ever(machine::Machine::current(), &idle_);
}

} // namespace openportcls::ks

namespace {

constexpr ULONG worker_tag = 0x6B57734B; // 'KsWk'

Worker& worker_of(PKSWORKER handle, const char* function) {
    Worker* const worker = KsSystem::current().workers.find(handle);
    if (worker == nullptr) [[unlikely]] {
        machine::Machine::current().bugcheck(
            0xC2 /* BAD_POOL_CALLER */, 0x46, reinterpret_cast<std::uint64_t>(handle), 0, 0,
            executive::Sentence("{} was given what is no worker of KsRegisterWorker's, or has been unregistered.",
                                function));
    }
    return *worker;
}

// Counted as the driver's: a worker that is never unregistered is a leak.
NTSTATUS register_worker(WORK_QUEUE_TYPE type, WORK_QUEUE_ITEM* counted_item, PKSWORKER* worker, const void* caller) {
    void* const handle =
        Kernel::current().pool.allocate(sizeof(ULONG_PTR), worker_tag, executive::PoolKind::non_paged, true, caller);
    if (handle == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    KsSystem::current().workers.add(handle, std::make_unique<Worker>(type, counted_item));
    *worker = static_cast<PKSWORKER>(handle);
    return STATUS_SUCCESS;
}

} // namespace

OPC_BEGIN_REMEMBERING_CALLERS

extern "C" {

KSDDKAPI NTSTATUS NTAPI KsRegisterCountedWorker(WORK_QUEUE_TYPE WorkQueueType, PWORK_QUEUE_ITEM CountedWorkItem,
                                                PKSWORKER* Worker_) {
    OPC_REQUIRE_PASSIVE();
    return register_worker(WorkQueueType, CountedWorkItem, Worker_, __builtin_return_address(0));
}

KSDDKAPI NTSTATUS NTAPI KsRegisterWorker(WORK_QUEUE_TYPE WorkQueueType, PKSWORKER* Worker_) {
    OPC_REQUIRE_PASSIVE();
    return register_worker(WorkQueueType, nullptr, Worker_, __builtin_return_address(0));
}

KSDDKAPI VOID NTAPI KsUnregisterWorker(PKSWORKER Worker_) {
    OPC_REQUIRE_PASSIVE();
    Worker& worker = worker_of(Worker_, __func__);
    if (std::exchange(worker.is_ending, true)) [[unlikely]] {
        machine::Machine::current().bugcheck(0xC2 /* BAD_POOL_CALLER */, 0x46, reinterpret_cast<std::uint64_t>(Worker_),
                                             0, 0, "KsUnregisterWorker of a worker that is being unregistered.");
    }
    worker.wait_until_idle(); // "will wait for any currently queued work items to complete"
    KsSystem::current().workers.remove(Worker_);
    Kernel::current().pool.free(Worker_, worker_tag, __func__, __builtin_return_address(0));
}

KSDDKAPI NTSTATUS NTAPI KsQueueWorkItem(PKSWORKER Worker_, PWORK_QUEUE_ITEM WorkItem) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    worker_of(Worker_, __func__).queue(*WorkItem);
    return STATUS_SUCCESS;
}

KSDDKAPI ULONG NTAPI KsIncrementCountedWorker(PKSWORKER Worker_) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Worker& worker = worker_of(Worker_, __func__);
    if (++worker.count == 1 && worker.counted_item != nullptr) {
        worker.queue(*worker.counted_item);
    }
    return static_cast<ULONG>(worker.count);
}

KSDDKAPI ULONG NTAPI KsDecrementCountedWorker(PKSWORKER Worker_) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return static_cast<ULONG>(--worker_of(Worker_, __func__).count);
}

} // extern "C"

OPC_END_REMEMBERING_CALLERS
