// IoAllocateWorkItem: a work item that holds on to its device (or driver) object.
#include "executive/io/work_items.h"

#include <new>

#include <wdm.h>

#include "executive/irql_check.h"
#include "executive/kernel.h"

using namespace openportcls;
using executive::Kernel;
using machine::Machine;

struct _IO_WORKITEM {
    WORK_QUEUE_ITEM item;
    void* object;
    PIO_WORKITEM_ROUTINE routine;
    PIO_WORKITEM_ROUTINE_EX routine_ex;
    void* context;
    WORK_QUEUE_TYPE type;
};

namespace {

const void* routine_of(const _IO_WORKITEM& work) {
    return work.routine_ex != nullptr ? reinterpret_cast<const void*>(work.routine_ex)
                                      : reinterpret_cast<const void*>(work.routine);
}

constexpr ULONG work_item_tag = 0x69576F49; // 'IoWi'

void NTAPI run_item(PVOID parameter) {
    auto* work = static_cast<_IO_WORKITEM*>(parameter);
    void* const object = work->object; // the routine may free the item
    Machine::current().current_thread().guest_routine = routine_of(*work);
    if (work->routine_ex != nullptr) {
        work->routine_ex(object, work->context, work);
    } else {
        work->routine(static_cast<PDEVICE_OBJECT>(object), work->context);
    }
    ObDereferenceObject(object);
}

void queue(_IO_WORKITEM& work, WORK_QUEUE_TYPE type) {
    Kernel& kernel = Kernel::current();
    kernel.machine.preemption_point();
    if (work.item.List.Flink != nullptr) [[unlikely]] {
        kernel.machine.bugcheck(0x96 /* INVALID_WORK_QUEUE_ITEM */, reinterpret_cast<std::uint64_t>(&work), 0, 0, 0,
                                "IoQueueWorkItem: the work item is queued already.");
    }
    ObReferenceObject(work.object);
    work.item.WorkerRoutine = &run_item;
    work.item.Parameter = &work;
    kernel.work.queue(work.item, type);
}

} // namespace

const void* executive::driver_routine_of(const WORK_QUEUE_ITEM& item) {
    return item.WorkerRoutine == &run_item ? routine_of(*static_cast<const _IO_WORKITEM*>(item.Parameter))
                                           : reinterpret_cast<const void*>(item.WorkerRoutine);
}

extern "C" {

ULONG NTAPI IoSizeofWorkItem() {
    return sizeof(_IO_WORKITEM);
}

void NTAPI IoInitializeWorkItem(PVOID object, PIO_WORKITEM work) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    *work = {};
    work->object = object;
}

void NTAPI IoUninitializeWorkItem(PIO_WORKITEM) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
}

PIO_WORKITEM NTAPI IoAllocateWorkItem(PDEVICE_OBJECT device) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    auto* work = static_cast<_IO_WORKITEM*>(Kernel::current().pool.allocate(
        sizeof(_IO_WORKITEM), work_item_tag, executive::PoolKind::non_paged, true, __builtin_return_address(0)));
    if (work != nullptr) {
        work->object = device;
    }
    return work;
}

void NTAPI IoFreeWorkItem(PIO_WORKITEM work) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    // What has been freed already says nothing about a queue.
    if (work->item.List.Flink != nullptr && Kernel::current().pool.is_live(work)) [[unlikely]] {
        Kernel::current().machine.bugcheck(0x96 /* INVALID_WORK_QUEUE_ITEM */, reinterpret_cast<std::uint64_t>(work), 1,
                                           0, 0, "IoFreeWorkItem: the work item is still queued.");
    }
    Kernel::current().pool.free(work, work_item_tag, __func__);
}

void NTAPI IoQueueWorkItem(PIO_WORKITEM work, PIO_WORKITEM_ROUTINE routine, WORK_QUEUE_TYPE type, PVOID context) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    work->routine = routine;
    work->routine_ex = nullptr;
    work->context = context;
    queue(*work, type);
}

void NTAPI IoQueueWorkItemEx(PIO_WORKITEM work, PIO_WORKITEM_ROUTINE_EX routine, WORK_QUEUE_TYPE type, PVOID context) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    work->routine = nullptr;
    work->routine_ex = routine;
    work->context = context;
    queue(*work, type);
}

} // extern "C"
