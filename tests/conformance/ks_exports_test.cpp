// Functions of ks.sys for drivers that handle KS requests themselves, without PortCls.
#include <cstring>

#include "probe_driver.h"

namespace conformance {

class KsExports : public KsDriverTest {};

namespace {

NTSTATUS NTAPI answer_id(IRP* irp, KSIDENTIFIER* request, void* data) {
    *static_cast<ULONG*>(data) = request->Id + 100;
    irp->IoStatus.Information = sizeof(ULONG);
    return STATUS_SUCCESS;
}

// Items with something of the driver's behind each.
struct WideProperty {
    KSPROPERTY_ITEM item;
    ULONG_PTR more;
};
struct WideMethod {
    KSMETHOD_ITEM item;
    ULONG_PTR more;
};

} // namespace

// The item size is the driver's: entries are stepped by it. Fast handlers have the slow path taken.
TEST_F(KsExports, KsPropertyHandlerWithAllocatorStepsByItsItemSize) {
    open();
    const GUID set_guid = custom_set;
    WideProperty items[2] = {};
    for (ULONG i = 0; i < 2; ++i) {
        items[i].item.PropertyId = i;
        items[i].item.GetPropertyHandler = answer_id;
        items[i].item.MinProperty = sizeof(KSPROPERTY);
        items[i].item.MinData = sizeof(ULONG);
    }
    const KSPROPERTY_SET set = {&set_guid, 2, &items[0].item, 0, nullptr};
    inside([&] {
        on_control() = [&](IRP* irp) {
            return KsPropertyHandlerWithAllocator(irp, 1, &set, nullptr, sizeof(WideProperty));
        };
        ULONG value = 0;
        EXPECT_EQ(property(file_, request(custom_set, 1), value), STATUS_SUCCESS);
        EXPECT_EQ(value, 101u);
        EXPECT_EQ(property(file_, request(custom_set, 2), value), STATUS_NOT_FOUND);
        KSPROPERTY in = request(custom_set, 1);
        IO_STATUS_BLOCK status = {};
        EXPECT_FALSE(KsFastPropertyHandler(file_, &in, sizeof in, &value, sizeof value, &status, 1, &set));
    });
}

TEST_F(KsExports, KsMethodHandlerCallsTheMethod) {
    open();
    const GUID set_guid = custom_set;
    WideMethod items[2] = {};
    for (ULONG i = 0; i < 2; ++i) {
        items[i].item.MethodId = i;
        items[i].item.MethodHandler = answer_id;
        items[i].item.MinMethod = sizeof(KSMETHOD);
        items[i].item.MinData = sizeof(ULONG);
        items[i].item.Flags = KSMETHOD_TYPE_WRITE;
    }
    const KSMETHOD_SET set = {&set_guid, 2, &items[0].item, 0, nullptr};
    inside([&] {
        const auto call = [&](ULONG id, ULONG& value) {
            const KSMETHOD in = request(custom_set, id, KSMETHOD_TYPE_WRITE);
            return control(file_, IOCTL_KS_METHOD, &in, sizeof in, &value, sizeof value);
        };
        ULONG value = 0;
        on_control() = [&](IRP* irp) {
            return KsMethodHandlerWithAllocator(irp, 1, &set, nullptr, sizeof(WideMethod));
        };
        EXPECT_EQ(call(1, value), STATUS_SUCCESS);
        EXPECT_EQ(value, 101u);
        on_control() = [&](IRP* irp) { return KsMethodHandler(irp, 1, &set); };
        EXPECT_EQ(call(0, value), STATUS_SUCCESS);
        EXPECT_EQ(value, 100u);
        on_control() = [&](IRP* irp) { return KsMethodHandler(irp, 0, nullptr); };
        EXPECT_EQ(call(0, value), STATUS_PROPSET_NOT_FOUND);
        KSMETHOD in = request(custom_set, 1, KSMETHOD_TYPE_WRITE);
        IO_STATUS_BLOCK status = {};
        EXPECT_FALSE(KsFastMethodHandler(file_, &in, sizeof in, &value, sizeof value, &status, 1, &set));
    });
}

TEST_F(KsExports, KsHandleSizedListQueryAnswersInThreeSizes) {
    open();
    const ULONG items[] = {7, 8, 9};
    inside([&] {
        on_control() = [&](IRP* irp) { return KsHandleSizedListQuery(irp, 3, sizeof items[0], items); };
        const KSPROPERTY in = request(custom_set, 0);
        EXPECT_EQ(property(file_, in), STATUS_BUFFER_OVERFLOW);
        EXPECT_EQ(information_, sizeof(KSMULTIPLE_ITEM) + sizeof items);
        KSMULTIPLE_ITEM header = {};
        EXPECT_EQ(property(file_, in, header), STATUS_SUCCESS);
        EXPECT_EQ(header.Count, 3u);
        EXPECT_EQ(list<ULONG>(file_, in), (std::vector<ULONG>{7, 8, 9}));
    });
}

namespace {

struct OwnEvents {
    LIST_ENTRY list;
    KSPIN_LOCK lock = 0;
    ULONG removed = 0;
};
OwnEvents* own_events;

} // namespace

// A list of the driver's own with its own lock: enabled, fired one by one or by set, taken off with the file.
TEST_F(KsExports, KsEnableEventKeepsTheDriversList) {
    open();
    OwnEvents own;
    own_events = &own;
    InitializeListHead(&own.list);
    const GUID set_guid = custom_event_set;
    KSEVENT_ITEM item = {};
    item.EventId = 4;
    item.DataInput = sizeof(KSEVENTDATA);
    item.RemoveHandler = +[](PFILE_OBJECT, KSEVENT_ENTRY* entry) NTAPI {
        ++own_events->removed;
        RemoveEntryList(&entry->ListEntry);
    };
    const KSEVENT_SET set = {&set_guid, 1, &item};
    inside([&] {
        on_control() = [&](IRP* irp) {
            if (IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.IoControlCode == IOCTL_KS_DISABLE_EVENT) {
                return KsDisableEvent(irp, &own.list, KSEVENTS_SPINLOCK, &own.lock);
            }
            return KsEnableEvent(irp, 1, &set, &own.list, KSEVENTS_SPINLOCK, &own.lock);
        };
        const HANDLE handle = create_event();
        KSEVENTDATA data = event_data(handle);
        EXPECT_EQ(enable(file_, event(custom_event_set, 5), data), STATUS_NOT_FOUND);
        EXPECT_EQ(enable(file_, event(custom_set, 4), data), STATUS_PROPSET_NOT_FOUND);
        ASSERT_EQ(enable(file_, event(custom_event_set, 4), data), STATUS_SUCCESS);
        ASSERT_FALSE(IsListEmpty(&own.list));
        EXPECT_EQ(KsGenerateEvent(CONTAINING_RECORD(own.list.Flink, KSEVENT_ENTRY, ListEntry)), STATUS_SUCCESS);
        EXPECT_TRUE(is_set(handle));
        ZwClearEvent(handle);
        GUID set_copy = custom_event_set;
        KsGenerateEventList(&set_copy, 5, &own.list, KSEVENTS_SPINLOCK, &own.lock);
        EXPECT_FALSE(is_set(handle)) << "another id";
        KsGenerateEventList(&set_copy, 4, &own.list, KSEVENTS_SPINLOCK, &own.lock);
        EXPECT_TRUE(is_set(handle));
        EXPECT_EQ(disable(file_, &data), STATUS_SUCCESS);
        EXPECT_EQ(own.removed, 1u);
        EXPECT_TRUE(IsListEmpty(&own.list));
        ASSERT_EQ(enable(file_, event(custom_event_set, 4), data), STATUS_SUCCESS);
        KsFreeEventList(file_, &own.list, KSEVENTS_SPINLOCK, &own.lock);
        EXPECT_EQ(own.removed, 2u);
        EXPECT_TRUE(IsListEmpty(&own.list));
        ZwClose(handle);
    });
    own_events = nullptr;
}

// IRPs kept pending on a queue: in order, at either end, cancelled one by one or all at once, moved to another.
TEST_F(KsExports, CancelableQueues) {
    open();
    LIST_ENTRY queue;
    LIST_ENTRY other;
    KSPIN_LOCK lock = 0;
    KSPIN_LOCK other_lock = 0;
    InitializeListHead(&queue);
    InitializeListHead(&other);
    struct Done {
        std::vector<NTSTATUS> statuses;
        static void NTAPI on(void* context, NTSTATUS status, ULONG_PTR) {
            static_cast<Done*>(context)->statuses.push_back(status);
        }
    } done;
    inside([&] {
        on_control() = [&](IRP* irp) -> NTSTATUS {
            IoMarkIrpPending(irp);
            KsAddIrpToCancelableQueue(&queue, &lock, irp, KsListEntryTail, nullptr);
            return STATUS_PENDING;
        };
        const KSPROPERTY in = request(custom_set, 0);
        const auto send = [&] {
            EXPECT_EQ(
                executive::start_device_control(file_, IOCTL_KS_PROPERTY, &in, sizeof in, nullptr, 0, Done::on, &done),
                STATUS_PENDING);
        };
        const auto complete = [](IRP* irp, NTSTATUS status) {
            irp->IoStatus.Status = status;
            IoCompleteRequest(irp, IO_NO_INCREMENT);
        };
        send();
        send();
        send();
        IRP* const first = CONTAINING_RECORD(queue.Flink, IRP, Tail.Overlay.ListEntry);
        IRP* const last = CONTAINING_RECORD(queue.Blink, IRP, Tail.Overlay.ListEntry);
        ASSERT_EQ(KsRemoveIrpFromCancelableQueue(&queue, &lock, KsListEntryHead, KsAcquireOnly), first);
        EXPECT_EQ(KsRemoveIrpFromCancelableQueue(&queue, &lock, KsListEntryHead, KsAcquireOnlySingleItem), nullptr)
            << "the first is taken";
        KsReleaseIrpOnCancelableQueue(first, nullptr);
        ASSERT_EQ(KsRemoveIrpFromCancelableQueue(&queue, &lock, KsListEntryTail, KsAcquireAndRemove), last);
        complete(last, STATUS_NO_MORE_FILES);
        EXPECT_TRUE(IoCancelIrp(first));
        EXPECT_EQ(done.statuses, (std::vector<NTSTATUS>{STATUS_NO_MORE_FILES, STATUS_CANCELLED}));
        ASSERT_EQ(KsMoveIrpsOnCancelableQueue(&queue, &lock, &other, &other_lock, KsListEntryTail, nullptr, nullptr),
                  STATUS_SUCCESS);
        EXPECT_TRUE(IsListEmpty(&queue));
        ASSERT_FALSE(IsListEmpty(&other));
        IRP* const moved = KsRemoveIrpFromCancelableQueue(&other, &other_lock, KsListEntryHead, KsAcquireOnly);
        ASSERT_NE(moved, nullptr);
        KsRemoveSpecificIrpFromCancelableQueue(moved);
        EXPECT_TRUE(IsListEmpty(&other));
        complete(moved, STATUS_SUCCESS);
        send();
        send();
        KsCancelIo(&queue, &lock);
        EXPECT_TRUE(IsListEmpty(&queue));
        EXPECT_EQ(done.statuses, (std::vector<NTSTATUS>{STATUS_NO_MORE_FILES, STATUS_CANCELLED, STATUS_SUCCESS,
                                                        STATUS_CANCELLED, STATUS_CANCELLED}));
    });
}

// KsCancelIo: what has a cancel routine is cancelled by it, the driver's own as well; what somebody has acquired is
// only marked, and stays.
TEST_F(KsExports, CancellingAQueueCallsTheDriversRoutine) {
    open();
    static LIST_ENTRY queue;
    static KSPIN_LOCK lock;
    static unsigned calls;
    InitializeListHead(&queue);
    lock = 0;
    calls = 0;
    const auto cancel = +[](PDEVICE_OBJECT device, PIRP irp) NTAPI {
        ++calls;
        EXPECT_EQ(device, IoGetCurrentIrpStackLocation(irp)->DeviceObject);
        EXPECT_TRUE(irp->Cancel);
        EXPECT_EQ(irp->CancelRoutine, nullptr);
        EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL) << "with the cancel spin lock";
        EXPECT_EQ(irp->CancelIrql, PASSIVE_LEVEL);
        EXPECT_EQ(KSQUEUE_SPINLOCK_IRP_STORAGE(irp), &lock);
        IoReleaseCancelSpinLock(irp->CancelIrql);
        KsRemoveSpecificIrpFromCancelableQueue(irp);
        irp->IoStatus.Status = STATUS_REQUEST_ABORTED;
        irp->IoStatus.Information = 0;
        IoCompleteRequest(irp, IO_NO_INCREMENT);
    };
    std::vector<NTSTATUS> statuses;
    inside([&] {
        unsigned sent = 0;
        on_control() = [&](IRP* irp) -> NTSTATUS {
            IoMarkIrpPending(irp);
            KsAddIrpToCancelableQueue(&queue, &lock, irp, KsListEntryTail, ++sent == 2 ? nullptr : cancel);
            return STATUS_PENDING;
        };
        const KSPROPERTY in = request(custom_set, 0);
        const auto done = +[](void* context, NTSTATUS status, ULONG_PTR)
                               NTAPI { static_cast<std::vector<NTSTATUS>*>(context)->push_back(status); };
        for (int i = 0; i < 4; ++i) {
            executive::start_device_control(file_, IOCTL_KS_PROPERTY, &in, sizeof in, nullptr, 0, done, &statuses);
        }
        IRP* const acquired = KsRemoveIrpFromCancelableQueue(&queue, &lock, KsListEntryHead, KsAcquireOnly);
        ASSERT_NE(acquired, nullptr);
        KsCancelIo(&queue, &lock);
        EXPECT_EQ(calls, 2U);
        EXPECT_EQ(statuses, (std::vector<NTSTATUS>{STATUS_CANCELLED, STATUS_REQUEST_ABORTED, STATUS_REQUEST_ABORTED}));
        EXPECT_EQ(queue.Flink, &acquired->Tail.Overlay.ListEntry);
        EXPECT_TRUE(acquired->Cancel);
        KsReleaseIrpOnCancelableQueue(acquired, cancel);
        EXPECT_EQ(calls, 3U);
        EXPECT_TRUE(IsListEmpty(&queue));
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    });
}

// KsMoveIrpsOnCancelableQueue: from either end in the order they have; the callback is told the end by a null IRP, and
// what ends the enumeration is returned.
TEST_F(KsExports, MovingKeepsTheOrder) {
    open();
    LIST_ENTRY queue;
    LIST_ENTRY other;
    KSPIN_LOCK lock = 0;
    KSPIN_LOCK other_lock = 0;
    InitializeListHead(&queue);
    InitializeListHead(&other);
    struct Seen {
        std::vector<IRP*> irps;
        NTSTATUS ends_with = STATUS_SUCCESS;
        static NTSTATUS NTAPI on(PIRP irp, PVOID context) {
            auto& seen = *static_cast<Seen*>(context);
            EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
            seen.irps.push_back(irp);
            return seen.irps.size() == 2 ? seen.ends_with : STATUS_SUCCESS;
        }
    };
    const auto irps_of = [](LIST_ENTRY& list) {
        std::vector<IRP*> irps;
        for (LIST_ENTRY* link = list.Flink; link != &list; link = link->Flink) {
            irps.push_back(CONTAINING_RECORD(link, IRP, Tail.Overlay.ListEntry));
        }
        return irps;
    };
    inside([&] {
        on_control() = [&](IRP* irp) -> NTSTATUS {
            IoMarkIrpPending(irp);
            KsAddIrpToCancelableQueue(&queue, &lock, irp, KsListEntryTail, nullptr);
            return STATUS_PENDING;
        };
        const KSPROPERTY in = request(custom_set, 0);
        for (int i = 0; i < 3; ++i) {
            executive::start_device_control(
                file_, IOCTL_KS_PROPERTY, &in, sizeof in, nullptr, 0, +[](void*, NTSTATUS, ULONG_PTR) NTAPI {},
                nullptr);
        }
        const std::vector<IRP*> all = irps_of(queue);
        ASSERT_EQ(all.size(), 3u);
        Seen seen;
        EXPECT_EQ(KsMoveIrpsOnCancelableQueue(&queue, &lock, &other, &other_lock, KsListEntryHead, Seen::on, &seen),
                  STATUS_SUCCESS);
        EXPECT_EQ(seen.irps, (std::vector<IRP*>{all[0], all[1], all[2], nullptr}));
        EXPECT_EQ(irps_of(other), all);
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
        seen = {};
        EXPECT_EQ(KsMoveIrpsOnCancelableQueue(&other, &other_lock, &queue, &lock, KsListEntryTail, Seen::on, &seen),
                  STATUS_SUCCESS);
        EXPECT_EQ(seen.irps, (std::vector<IRP*>{all[2], all[1], all[0], nullptr}));
        EXPECT_EQ(irps_of(queue), all);
        seen = {{}, STATUS_NO_MATCH};
        EXPECT_EQ(KsMoveIrpsOnCancelableQueue(&queue, &lock, &other, nullptr, KsListEntryHead, Seen::on, &seen),
                  STATUS_SUCCESS);
        EXPECT_EQ(irps_of(other), (std::vector<IRP*>{all[0], all[2]}));
        EXPECT_EQ(irps_of(queue), (std::vector<IRP*>{all[1]}));
        seen = {{}, STATUS_BUFFER_OVERFLOW};
        EXPECT_EQ(KsMoveIrpsOnCancelableQueue(&other, &lock, &queue, nullptr, KsListEntryHead, Seen::on, &seen),
                  STATUS_BUFFER_OVERFLOW)
            << "a warning, too";
        EXPECT_EQ(seen.irps, (std::vector<IRP*>{all[0], all[2], nullptr}));
        EXPECT_EQ(irps_of(queue), (std::vector<IRP*>{all[1], all[0]}));
        KsCancelIo(&other, &lock);
        KsCancelIo(&queue, &lock);
    });
}

// A counted worker runs its item when the count leaves zero, and not again before it was there.
TEST_F(KsExports, WorkersAndCountedWorkers) {
    open();
    static ULONG runs;
    runs = 0;
    const auto run = +[](PVOID context) NTAPI {
        ++runs;
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
        EXPECT_EQ(context, &runs);
    };
    inside([&] {
        WORK_QUEUE_ITEM item;
        ExInitializeWorkItem(&item, run, &runs);
        PKSWORKER worker = nullptr;
        ASSERT_EQ(KsRegisterWorker(DelayedWorkQueue, &worker), STATUS_SUCCESS);
        EXPECT_EQ(KsQueueWorkItem(worker, &item), STATUS_SUCCESS);
        machine_.settle();
        EXPECT_EQ(runs, 1u);
        KsUnregisterWorker(worker);
        ASSERT_EQ(KsRegisterCountedWorker(CriticalWorkQueue, &item, &worker), STATUS_SUCCESS);
        EXPECT_EQ(KsIncrementCountedWorker(worker), 1u);
        EXPECT_EQ(KsIncrementCountedWorker(worker), 2u);
        machine_.settle();
        EXPECT_EQ(runs, 2u) << "once for both";
        EXPECT_EQ(KsDecrementCountedWorker(worker), 1u);
        EXPECT_EQ(KsDecrementCountedWorker(worker), 0u);
        EXPECT_EQ(KsIncrementCountedWorker(worker), 1u);
        machine_.settle();
        EXPECT_EQ(runs, 3u);
        KsDecrementCountedWorker(worker);
        KsUnregisterWorker(worker);
    });
}

// KsUnregisterWorker: waits for what is queued. Items of one worker may wait for each other.
TEST_F(KsExports, UnregisteringWaitsForTheItems) {
    open();
    inside([&] {
        struct Waiting {
            KEVENT second_runs;
            ULONG ended = 0;
        } waiting;
        KeInitializeEvent(&waiting.second_runs, NotificationEvent, FALSE);
        WORK_QUEUE_ITEM first;
        WORK_QUEUE_ITEM second;
        ExInitializeWorkItem(
            &first,
            +[](PVOID context) NTAPI {
                auto& shared = *static_cast<Waiting*>(context);
                KeWaitForSingleObject(&shared.second_runs, Executive, KernelMode, FALSE, nullptr);
                ++shared.ended;
            },
            &waiting);
        ExInitializeWorkItem(
            &second,
            +[](PVOID context) NTAPI {
                auto& shared = *static_cast<Waiting*>(context);
                KeSetEvent(&shared.second_runs, IO_NO_INCREMENT, FALSE);
                ++shared.ended;
            },
            &waiting);
        PKSWORKER worker = nullptr;
        ASSERT_EQ(KsRegisterWorker(DelayedWorkQueue, &worker), STATUS_SUCCESS);
        KsQueueWorkItem(worker, &first);
        KsQueueWorkItem(worker, &second);
        EXPECT_EQ(waiting.ended, 0u);
        KsUnregisterWorker(worker);
        EXPECT_EQ(waiting.ended, 2u);
    });
}

// Each kind of request that nobody answers has its status.
TEST_F(KsExports, DispatchersThatRefuse) {
    open();
    inside([&] {
        const KSPROPERTY in = request(custom_set, 0);
        ULONG value = 0;
        driver_->object()->MajorFunction[IRP_MJ_DEVICE_CONTROL] = KsDefaultDeviceIoCompletion;
        EXPECT_EQ(property(file_, in, value), STATUS_PROPSET_NOT_FOUND);
        EXPECT_EQ(control(file_, IOCTL_KS_DISABLE_EVENT, nullptr, 0, nullptr, 0), STATUS_UNSUCCESSFUL);
        EXPECT_EQ(control(file_, 0x12345678 & ~3u, nullptr, 0, nullptr, 0), STATUS_INVALID_DEVICE_REQUEST);
        driver_->object()->MajorFunction[IRP_MJ_DEVICE_CONTROL] = KsDispatchInvalidDeviceRequest;
        EXPECT_EQ(property(file_, in, value), STATUS_INVALID_DEVICE_REQUEST);
        driver_->object()->MajorFunction[IRP_MJ_DEVICE_CONTROL] = KsDispatchQuerySecurity;
        EXPECT_EQ(property(file_, in, value), STATUS_NO_SECURITY_ON_OBJECT);
        driver_->object()->MajorFunction[IRP_MJ_DEVICE_CONTROL] = KsDispatchSetSecurity;
        EXPECT_EQ(property(file_, in, value), STATUS_NO_SECURITY_ON_OBJECT);
        EXPECT_EQ(KsSetMajorFunctionHandler(driver_->object(), IRP_MJ_READ), STATUS_SUCCESS);
        EXPECT_EQ(driver_->object()->MajorFunction[IRP_MJ_READ], &KsDispatchIrp);
        EXPECT_EQ(KsSetMajorFunctionHandler(driver_->object(), IRP_MJ_PNP), STATUS_INVALID_PARAMETER);
        IO_STATUS_BLOCK status = {};
        LARGE_INTEGER offset = {};
        EXPECT_FALSE(KsDispatchFastReadFailure(file_, &offset, 0, TRUE, 0, nullptr, &status, device_));
        EXPECT_FALSE(KsDispatchFastIoDeviceControlFailure(file_, TRUE, nullptr, 0, nullptr, 0, 0, &status, device_));
        KsNullDriverUnload(driver_->object());
    });
}

TEST_F(KsExports, KsAcquireResetValueChecksWhatTheClientSays) {
    open();
    inside([&] {
        KSRESET seen = KSRESET_END;
        on_control() = [&](IRP* irp) { return KsAcquireResetValue(irp, &seen); };
        ULONG value = KSRESET_BEGIN;
        const auto send = [&](const void* in, ULONG bytes) {
            return control(file_, IOCTL_KS_RESET_STATE, in, bytes, nullptr, 0);
        };
        EXPECT_EQ(send(&value, sizeof value), STATUS_SUCCESS);
        EXPECT_EQ(seen, KSRESET_BEGIN);
        EXPECT_EQ(send(&value, 2), STATUS_INVALID_BUFFER_SIZE);
        value = 7;
        EXPECT_EQ(send(&value, sizeof value), STATUS_INVALID_PARAMETER);
    });
}

TEST_F(KsExports, KsSynchronousIoControlDeviceWaitsForTheAnswer) {
    open();
    inside([&] {
        on_control() = [&](IRP* irp) -> NTSTATUS {
            EXPECT_EQ(irp->RequestorMode, KernelMode);
            *static_cast<ULONG*>(irp->UserBuffer) = 0x55;
            irp->IoStatus.Information = sizeof(ULONG);
            return STATUS_SUCCESS;
        };
        KSPROPERTY in = request(custom_set, 0);
        ULONG value = 0;
        ULONG returned = 0;
        EXPECT_EQ(KsSynchronousIoControlDevice(file_, KernelMode, IOCTL_KS_PROPERTY, &in, sizeof in, &value,
                                               sizeof value, &returned),
                  STATUS_SUCCESS);
        EXPECT_EQ(value, 0x55u);
        EXPECT_EQ(returned, sizeof value);
    });
}

// A kernel client of PortCls' filters: pins, their clocks and allocators by handle.
class KsClient : public CoreTest {
protected:
    static HANDLE handle_of(FILE_OBJECT* file) {
        HANDLE handle = nullptr;
        EXPECT_EQ(ObOpenObjectByPointer(file, OBJ_KERNEL_HANDLE, nullptr, GENERIC_READ, *IoFileObjectType, KernelMode,
                                        &handle),
                  STATUS_SUCCESS);
        return handle;
    }
};

TEST_F(KsClient, KsCreatePinAndKsCreateClockOpenByHandle) {
    start_and_open();
    inside([&] {
        const HANDLE filter = handle_of(wave_);
        PinConnect connect = connection(render_pin);
        HANDLE pin = nullptr;
        ASSERT_EQ(KsCreatePin(filter, &connect.connect, GENERIC_WRITE, &pin), STATUS_SUCCESS);
        EXPECT_EQ(script_.streams_alive, 1u);
        KSCLOCK_CREATE clock_create = {};
        HANDLE clock = nullptr;
        ASSERT_EQ(KsCreateClock(pin, &clock_create, &clock), STATUS_SUCCESS);
        ZwClose(clock);
        clock_create.CreateFlags = 1;
        EXPECT_EQ(KsCreateClock(pin, &clock_create, &clock), STATUS_INVALID_PARAMETER);
        connect.connect.PinId = 9;
        EXPECT_EQ(KsCreatePin(filter, &connect.connect, GENERIC_WRITE, &clock), STATUS_INVALID_PARAMETER);
        ZwClose(pin);
        ZwClose(filter);
        EXPECT_EQ(script_.streams_alive, 0u);
    });
}

} // namespace conformance
