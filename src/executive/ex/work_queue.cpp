#include "executive/ex/work_queue.h"

#include "executive/objects/object_manager.h"

#include "executive/irql_check.h"
#include "executive/ke/waits.h"
#include "executive/kernel.h"
#include "machine/spin_locks.h"

namespace openportcls::executive {

namespace {

std::size_t level_of(WORK_QUEUE_TYPE type) {
    switch (type) {
    case CriticalWorkQueue:
        return 1;
    case HyperCriticalWorkQueue:
    case SuperCriticalWorkQueue:
    case RealTimeWorkQueue:
        return 2;
    default:
        return 0;
    }
}

} // namespace

WorkQueues::WorkQueues(machine::Machine& machine) : machine_(machine) {
    static constexpr std::uint8_t priorities[level_count] = {12, 13, 15};
    for (std::size_t i = 0; i < level_count; ++i) {
        Level& level = levels_[i];
        level.owner = this;
        level.items = {&level.items, &level.items};
        level.priority = priorities[i];
        KeInitializeSemaphore(&level.available, 0, INT32_MAX);
    }
}

// Workers that still wait are parked threads of the machine and go down with it.
WorkQueues::~WorkQueues() = default;

void WorkQueues::withdraw(WORK_QUEUE_ITEM& item, WORK_QUEUE_TYPE type) {
    Level& level = levels_[level_of(type)];
    RemoveEntryList(&item.List);
    --level.pending;
    LONG& signalled = level.available.Header.SignalState;
    signalled -= signalled > 0 ? 1 : 0; // else a worker is on its way, and finds one less
}

std::size_t WorkQueues::worker_count() const {
    std::size_t count = 0;
    for (const Level& level : levels_) {
        count += level.workers.size();
    }
    return count;
}

std::vector<const WORK_QUEUE_ITEM*> WorkQueues::pending() const {
    std::vector<const WORK_QUEUE_ITEM*> items;
    for (const Level& level : levels_) {
        for (const LIST_ENTRY* entry = level.items.Flink; entry != &level.items; entry = entry->Flink) {
            items.push_back(CONTAINING_RECORD(entry, WORK_QUEUE_ITEM, List));
        }
    }
    return items;
}

void WorkQueues::queue(WORK_QUEUE_ITEM& item, WORK_QUEUE_TYPE type) {
    machine::tsan::release(&item);
    Level& level = levels_[level_of(type)];
    item.List = {&level.items, level.items.Blink};
    level.items.Blink->Flink = &item.List;
    level.items.Blink = &item.List;
    ++level.pending;
    if (level.pending > level.idle && level.workers.size() < most_workers) {
        add_worker(level);
    }
    machine_.release_semaphore(level.available, 1);
}

void WorkQueues::add_worker(Level& level) {
    machine::Thread* const worker = machine_.create_thread("worker", &run_worker, &level, level.priority);
    if (worker != nullptr) {
        ObjectManager::of(machine_).add(worker, object_types::thread, {});
        level.workers.push_back(worker);
        ++level.idle; // until it takes its first item
    } else if (level.workers.empty()) {
        machine_.bugcheck(0x3F /* NO_MORE_SYSTEM_PTES */, 0, 0, 0, 0, machine::no_room_for_a_stack);
    } // else the item waits for a worker that there is
}

void WorkQueues::run_worker(void* context) {
    auto& level = *static_cast<Level*>(context);
    machine::Machine& machine = level.owner->machine_;
    DISPATCHER_HEADER* available = &level.available.Header;
    for (;;) {
        machine.wait({&available, 1}, false, machine::never);
        if (level.items.Flink == &level.items) {
            continue; // withdrawn
        }
        auto* item = CONTAINING_RECORD(level.items.Flink, WORK_QUEUE_ITEM, List);
        level.items.Flink = item->List.Flink;
        item->List.Flink->Blink = &level.items;
        --level.pending;
        --level.idle;
        const PWORKER_THREAD_ROUTINE routine = item->WorkerRoutine;
        void* const parameter = item->Parameter;
        machine::tsan::acquire(item);
        item->List.Flink = nullptr; // free to be queued again
        machine::Thread& worker = machine.current_thread();
        worker.guest_routine = reinterpret_cast<const void*>(routine);
        routine(parameter);
        worker.guest_routine = nullptr;
        if (!machine.are_interrupts_enabled()) [[unlikely]] {
            interrupts_left_disabled("A work item", reinterpret_cast<const void*>(routine));
        }
        if (machine.irql() != machine::irql::passive || machine.current_thread().critical_region_depth != 0)
            [[unlikely]] {
            if (machine.processor().held_spin_locks != 0) {
                machine::spin_lock_kept(machine, "A work item", reinterpret_cast<const void*>(routine));
            }
            machine.bugcheck(0xE1 /* WORKER_THREAD_RETURNED_AT_BAD_IRQL */, reinterpret_cast<std::uint64_t>(routine),
                             machine.irql(), reinterpret_cast<std::uint64_t>(parameter), 0,
                             "A work item returns at PASSIVE_LEVEL and outside of critical regions.");
        }
        ++level.idle;
    }
}

} // namespace openportcls::executive

using openportcls::executive::Kernel;

extern "C" {

void NTAPI ExQueueWorkItem(PWORK_QUEUE_ITEM item, WORK_QUEUE_TYPE type) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Kernel& kernel = Kernel::current();
    kernel.machine.preemption_point();
    if (item->List.Flink != nullptr) [[unlikely]] {
        kernel.machine.bugcheck(0x96 /* INVALID_WORK_QUEUE_ITEM */, reinterpret_cast<std::uint64_t>(item),
                                reinterpret_cast<std::uint64_t>(item->List.Flink), 0, 0,
                                "A work item is queued that is in a queue already, or was not initialised.");
    }
    kernel.work.queue(*item, type);
}

} // extern "C"
