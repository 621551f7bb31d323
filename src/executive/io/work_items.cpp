// IoAllocateWorkItem: a work item that holds on to its device (or driver) object.
#include "executive/io/work_items.h"

#include <utility>

#include <wdm.h>

#include "executive/callers.h"
#include "executive/io/devices.h"
#include "executive/irql_check.h"
#include "executive/ke/waits.h"
#include "executive/objects/object_manager.h"

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

// The item may be gone. "ExQueueWorkItem": the device object remains available until the item has been processed.
void give_back_reference(void* object) {
    executive::ObjectHeader& header = *executive::ObjectManager::current().find(object);
    if (--header.work_items == 0 && header.work_done != nullptr) {
        Machine::current().set_event(*std::exchange(header.work_done, nullptr));
    }
    ObDereferenceObject(object);
}

void NTAPI run_item(PVOID parameter) {
    auto* work = static_cast<_IO_WORKITEM*>(parameter);
    void* const object = work->object; // the routine may free the item
    Machine::current().current_thread().guest_routine = routine_of(*work);
    if (work->routine_ex != nullptr) {
        work->routine_ex(object, work->context, work);
    } else {
        work->routine(static_cast<PDEVICE_OBJECT>(object), work->context);
    }
    give_back_reference(object);
}

bool is_queued(const _IO_WORKITEM& work) {
    return work.item.List.Flink != nullptr;
}

[[noreturn, gnu::cold]] void still_queued(const _IO_WORKITEM& work, const char* rule) {
    Machine::current().bugcheck(0x96 /* INVALID_WORK_QUEUE_ITEM */, reinterpret_cast<std::uint64_t>(&work), 1, 0, 0,
                                rule);
}

void queue(_IO_WORKITEM& work, WORK_QUEUE_TYPE type) {
    Kernel& kernel = Kernel::current();
    kernel.machine.preemption_point();
    if (is_queued(work)) [[unlikely]] {
        kernel.machine.bugcheck(0x96 /* INVALID_WORK_QUEUE_ITEM */, reinterpret_cast<std::uint64_t>(&work), 0, 0, 0,
                                "IoQueueWorkItem: the work item is queued already.");
    }
    ObReferenceObject(work.object);
    ++executive::ObjectManager::current().find(work.object)->work_items;
    work.item.WorkerRoutine = &run_item;
    work.item.Parameter = &work;
    kernel.work.queue(work.item, type);
}

} // namespace

const void* executive::driver_routine_of(const WORK_QUEUE_ITEM& item) {
    return item.WorkerRoutine == &run_item ? routine_of(*static_cast<const _IO_WORKITEM*>(item.Parameter))
                                           : reinterpret_cast<const void*>(item.WorkerRoutine);
}

namespace {

// One that a work item refers to; null: none does.
executive::ObjectHeader* object_with_work(Kernel& kernel, const DRIVER_OBJECT* driver, executive::WorkItemsOf which) {
    executive::ObjectManager& objects = executive::ObjectManager::of(kernel.machine);
    const auto with_work = [&](const void* body) {
        executive::ObjectHeader* const header = objects.find(body);
        return header != nullptr && header->work_items != 0 ? header : nullptr;
    };
    const bool every_object = which == executive::WorkItemsOf::every_object;
    for (DEVICE_OBJECT* device : kernel.devices()) {
        const bool is_meant = every_object || executive::extra_of(device).delete_pending;
        executive::ObjectHeader* const found = device->DriverObject == driver && is_meant ? with_work(device) : nullptr;
        if (found != nullptr) {
            return found;
        }
    }
    return every_object ? with_work(driver) : nullptr;
}

} // namespace

void executive::wait_for_work_items(Kernel& kernel, DRIVER_OBJECT* driver, WorkItemsOf which) {
    while (ObjectHeader* const header = object_with_work(kernel, driver, which)) {
        KEVENT done;
        KeInitializeEvent(&done, NotificationEvent, FALSE);
        header->work_done = &done;
        wait_for_ever(kernel.machine, &done);
    }
}

OPC_BEGIN_REMEMBERING_CALLERS

extern "C" {

ULONG NTAPI IoSizeofWorkItem() {
    return sizeof(_IO_WORKITEM);
}

void NTAPI IoInitializeWorkItem(PVOID object, PIO_WORKITEM work) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    *work = {};
    work->object = object;
}

void NTAPI IoUninitializeWorkItem(PIO_WORKITEM work) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    if (is_queued(*work)) [[unlikely]] {
        still_queued(*work, "IoUninitializeWorkItem: the work item is still queued.");
    }
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
    if (is_queued(*work) && Kernel::current().pool.is_live(work)) [[unlikely]] {
        still_queued(*work, "IoFreeWorkItem: the work item is still queued.");
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

OPC_END_REMEMBERING_CALLERS
