// KMDF in miniport mode, as PortCls adapter drivers use it: objects, contexts, memory, locks, timers, work items.
#include "kmdf_fixture.h"

namespace openportcls::pnp::kmdf {
namespace {

struct FirstContext {
    int number;
    std::vector<std::string>* log;
};
struct SecondContext {
    char text[16];
};
WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(FirstContext, first_context)
WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(SecondContext, second_context)

TEST_F(Kmdf, DriverIsFoundAndCreatedOnce) {
    inside([&] {
        EXPECT_EQ(WdfGetDriver(), wdf_driver_);
        EXPECT_EQ(WdfDriverWdmGetDriverObject(wdf_driver_), &driver_.object);
        EXPECT_EQ(std::u16string(WdfDriverGetRegistryPath(wdf_driver_)), u"\\Registry\\Machine\\System\\x");
        EXPECT_EQ(WdfDeviceWdmGetDeviceObject(device_), device_object_);
        EXPECT_EQ(WdfDeviceGetDriver(device_), wdf_driver_);
        EXPECT_EQ(WdfDeviceGetIoTarget(device_), nullptr);
        WDF_DRIVER_CONFIG config;
        WDF_DRIVER_CONFIG_INIT(&config, WDF_NO_EVENT_CALLBACK);
        config.DriverInitFlags = WdfDriverInitNoDispatchOverride;
        UNICODE_STRING path = executive::unicode(u"x");
        EXPECT_EQ(WdfDriverCreate(&driver_.object, &path, nullptr, &config, nullptr), STATUS_DRIVER_INTERNAL_ERROR);
        executive::TestDriver other{dispatch};
        config.DriverInitFlags = 0;
        EXPECT_EQ(WdfDriverCreate(&other.object, &path, nullptr, &config, nullptr), STATUS_NOT_SUPPORTED)
            << "only miniport mode is here";
        config.Size = 3;
        EXPECT_EQ(WdfDriverCreate(&other.object, &path, nullptr, &config, nullptr), STATUS_INFO_LENGTH_MISMATCH);
    });
}

// WdfObjectGetTypedContextWorker is what the accessors call.
TEST_F(Kmdf, AContextThatWasWrittenPastIsReportedWhenItsObjectIsDeleted) {
    if (machine::GuestHeap::belongs_to_sanitizer()) {
        GTEST_SKIP() << "the sanitizer keeps the blocks";
    }
    const std::string rule = "Noticed when the object was deleted: the context of a framework object of " +
                             std::to_string(sizeof(FirstContext)) + " bytes";
    expect_bugcheck(0x19, rule, [&] {
        auto with_first = attributes<FirstContext>(WDF_GET_CONTEXT_TYPE_INFO(FirstContext));
        WDFOBJECT object = nullptr;
        ASSERT_EQ(WdfObjectCreate(&with_first, &object), STATUS_SUCCESS);
        memset(first_context(object) + 1, 0x41, 16);
        WdfObjectDelete(object);
    });
}

TEST_F(Kmdf, ContextsAreZeroedTypedAndFoundAgain) {
    inside([&] {
        auto with_first = attributes<FirstContext>(WDF_GET_CONTEXT_TYPE_INFO(FirstContext));
        WDFOBJECT object = nullptr;
        ASSERT_EQ(WdfObjectCreate(&with_first, &object), STATUS_SUCCESS);
        FirstContext* first = first_context(object);
        ASSERT_NE(first, nullptr);
        EXPECT_EQ(first->number, 0);
        EXPECT_EQ(second_context(object), nullptr);
        EXPECT_EQ(WdfObjectGetTypedContextWorker(object, WDF_GET_CONTEXT_TYPE_INFO(FirstContext)), first);
        EXPECT_EQ(WdfObjectContextGetObject(first), object);
        auto with_second = attributes<SecondContext>(WDF_GET_CONTEXT_TYPE_INFO(SecondContext));
        PVOID second = nullptr;
        EXPECT_EQ(WdfObjectAllocateContext(object, &with_second, &second), STATUS_SUCCESS);
        EXPECT_EQ(second_context(object), second);
        PVOID again = nullptr;
        EXPECT_EQ(WdfObjectAllocateContext(object, &with_second, &again), STATUS_OBJECT_NAME_EXISTS);
        EXPECT_EQ(again, second);
        WDF_OBJECT_ATTRIBUTES none;
        WDF_OBJECT_ATTRIBUTES_INIT(&none);
        EXPECT_EQ(WdfObjectAllocateContext(object, &none, &again), STATUS_OBJECT_NAME_INVALID);
        none.ContextSizeOverride = 8;
        EXPECT_EQ(WdfObjectCreate(&none, &object), STATUS_WDF_OBJECT_ATTRIBUTES_INVALID);
        none.ContextSizeOverride = 0;
        none.ExecutionLevel = WdfExecutionLevelInvalid;
        EXPECT_EQ(WdfObjectCreate(&none, &object), STATUS_WDF_OBJECT_ATTRIBUTES_INVALID);
        none.Size = 1;
        EXPECT_EQ(WdfObjectCreate(&none, &object), STATUS_INFO_LENGTH_MISMATCH);
    });
}

VOID NTAPI note_cleanup(WDFOBJECT object) {
    auto* context = first_context(object);
    context->log->push_back("cleanup " + std::to_string(context->number));
}
VOID NTAPI note_destroy(WDFOBJECT object) {
    auto* context = first_context(object);
    context->log->push_back("destroy " + std::to_string(context->number));
}

TEST_F(Kmdf, DeletionStartsAtTheFarthestDescendant) {
    std::vector<std::string> log;
    inside([&] {
        WDFOBJECT objects[3] = {};
        for (int i = 0; i < 3; ++i) {
            auto one =
                attributes<FirstContext>(WDF_GET_CONTEXT_TYPE_INFO(FirstContext), i == 0 ? nullptr : objects[i - 1]);
            one.EvtCleanupCallback = note_cleanup;
            one.EvtDestroyCallback = note_destroy;
            ASSERT_EQ(WdfObjectCreate(&one, &objects[i]), STATUS_SUCCESS);
            first_context(objects[i])->number = i;
            first_context(objects[i])->log = &log;
        }
        WdfObjectReference(objects[1]);
        WdfObjectDelete(objects[0]);
        EXPECT_EQ(log, (std::vector<std::string>{"cleanup 2", "destroy 2", "cleanup 1", "cleanup 0", "destroy 0"}));
        EXPECT_EQ(first_context(objects[1])->number, 1) << "a referenced object's handle stays valid";
        WdfObjectDereference(objects[1]);
        EXPECT_EQ(log.back(), "destroy 1");
    });
}

TEST_F(Kmdf, WrongHandlesAreAViolation) {
    expect_bugcheck(0x10D, "no living object", [&] {
        WDFOBJECT object = nullptr;
        WdfObjectCreate(WDF_NO_OBJECT_ATTRIBUTES, &object);
        WdfObjectDelete(object);
        WdfObjectDelete(object);
    });
}

TEST_F(Kmdf, TheDriverObjectIsNotTheDriversToDelete) {
    expect_bugcheck(0x10D, "only the framework", [&] { WdfObjectDelete(wdf_driver_); });
}

TEST_F(Kmdf, HandlesOfAnotherKindAreAViolation) {
    expect_bugcheck(0x10D, "another kind", [&] { WdfSpinLockAcquire(reinterpret_cast<WDFSPINLOCK>(device_)); });
}

TEST_F(Kmdf, MemoryAndStrings) {
    inside([&] {
        WDFMEMORY memory = nullptr;
        PVOID buffer = nullptr;
        EXPECT_EQ(WdfMemoryCreate(nullptr, NonPagedPoolNx, 0, 0, &memory, &buffer), STATUS_INVALID_PARAMETER);
        ASSERT_EQ(WdfMemoryCreate(nullptr, NonPagedPoolNx, 0, 100, &memory, &buffer), STATUS_SUCCESS);
        std::size_t size = 0;
        EXPECT_EQ(WdfMemoryGetBuffer(memory, &size), buffer);
        EXPECT_EQ(size, 100u);
        char own[10];
        EXPECT_EQ(WdfMemoryAssignBuffer(memory, own, sizeof own), STATUS_INVALID_PARAMETER);
        WdfObjectDelete(memory);
        ASSERT_EQ(WdfMemoryCreatePreallocated(nullptr, own, sizeof own, &memory), STATUS_SUCCESS);
        EXPECT_EQ(WdfMemoryGetBuffer(memory, nullptr), own);
        EXPECT_EQ(WdfMemoryAssignBuffer(memory, own + 1, 4), STATUS_SUCCESS);
        char text_in[] = "abcd";
        char text_out[4] = {};
        EXPECT_EQ(WdfMemoryCopyFromBuffer(memory, 1, text_in, 3), STATUS_SUCCESS);
        EXPECT_EQ(std::string(own + 2, 3), "abc");
        EXPECT_EQ(WdfMemoryCopyFromBuffer(memory, 2, text_in, 3), STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(WdfMemoryCopyFromBuffer(memory, 5, text_in, 1), STATUS_INVALID_BUFFER_SIZE);
        EXPECT_EQ(WdfMemoryCopyFromBuffer(memory, 0, nullptr, 1), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(WdfMemoryCopyToBuffer(memory, 2, text_out, 2), STATUS_SUCCESS);
        EXPECT_EQ(std::string(text_out, 2), "bc");
        EXPECT_EQ(WdfMemoryCopyToBuffer(memory, 2, text_out, 3), STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(WdfMemoryCopyToBuffer(memory, 5, text_out, 1), STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(WdfMemoryCopyToBuffer(memory, 0, nullptr, 1), STATUS_INVALID_PARAMETER);
        WDFSTRING string = nullptr;
        UNICODE_STRING text = executive::unicode(u"Speaker");
        ASSERT_EQ(WdfStringCreate(&text, nullptr, &string), STATUS_SUCCESS);
        UNICODE_STRING read{};
        WdfStringGetUnicodeString(string, &read);
        EXPECT_EQ(std::u16string(read.Buffer, read.Length / 2), u"Speaker");
    });
}

TEST_F(Kmdf, CollectionsReferenceTheirItems) {
    inside([&] {
        WDFCOLLECTION collection = nullptr;
        WDFOBJECT first = nullptr;
        WDFOBJECT second = nullptr;
        ASSERT_EQ(WdfCollectionCreate(nullptr, &collection), STATUS_SUCCESS);
        EXPECT_EQ(WdfCollectionGetFirstItem(collection), nullptr);
        EXPECT_EQ(WdfCollectionGetLastItem(collection), nullptr);
        WdfObjectCreate(nullptr, &first);
        WdfObjectCreate(nullptr, &second);
        EXPECT_EQ(WdfCollectionAdd(collection, first), STATUS_SUCCESS);
        EXPECT_EQ(WdfCollectionAdd(collection, second), STATUS_SUCCESS);
        EXPECT_EQ(WdfCollectionGetCount(collection), 2u);
        WdfObjectDelete(first);
        EXPECT_EQ(WdfCollectionGetFirstItem(collection), first) << "the collection keeps it alive";
        WdfCollectionRemove(collection, first);
        EXPECT_EQ(WdfCollectionGetItem(collection, 0), second);
        EXPECT_EQ(WdfCollectionGetItem(collection, 1), nullptr);
        WdfCollectionRemoveItem(collection, 0);
        EXPECT_EQ(WdfCollectionGetCount(collection), 0u);
        WdfCollectionAdd(collection, second); // goes with the collection
    });
}

TEST_F(Kmdf, LocksHoldAndTimeOut) {
    inside([&] {
        WDFSPINLOCK spin = nullptr;
        ASSERT_EQ(WdfSpinLockCreate(nullptr, &spin), STATUS_SUCCESS);
        WdfSpinLockAcquire(spin);
        EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
        WdfSpinLockRelease(spin);
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
        WDFWAITLOCK wait = nullptr;
        ASSERT_EQ(WdfWaitLockCreate(nullptr, &wait), STATUS_SUCCESS);
        EXPECT_EQ(WdfWaitLockAcquire(wait, nullptr), STATUS_SUCCESS);
        EXPECT_TRUE(KeAreApcsDisabled());
        LONGLONG now = 0;
        EXPECT_EQ(WdfWaitLockAcquire(wait, &now), STATUS_TIMEOUT);
        WdfWaitLockRelease(wait);
        EXPECT_FALSE(KeAreApcsDisabled());
        EXPECT_EQ(WdfWaitLockAcquire(wait, &now), STATUS_SUCCESS);
        WdfWaitLockRelease(wait);
        WdfObjectAcquireLock(device_);
        EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
        WdfObjectReleaseLock(device_);
    });
}

TEST_F(Kmdf, WaitLocksAreNotRecursive) {
    expect_bugcheck(0x10D, "its own thread holds", [&] {
        WDFWAITLOCK lock = nullptr;
        WdfWaitLockCreate(nullptr, &lock);
        WdfWaitLockAcquire(lock, nullptr);
        WdfWaitLockAcquire(lock, nullptr);
    });
}

int fired = 0;
KIRQL fired_at = 99;
VOID NTAPI on_timer(WDFTIMER) {
    ++fired;
    fired_at = KeGetCurrentIrql();
}

TEST_F(Kmdf, TimersFireOncePeriodicallyPreciselyAndPassively) {
    inside([&] {
        WDF_TIMER_CONFIG config;
        WDF_TIMER_CONFIG_INIT(&config, on_timer);
        WDFTIMER timer = nullptr;
        EXPECT_EQ(WdfTimerCreate(&config, nullptr, &timer), STATUS_WDF_PARENT_NOT_SPECIFIED);
        auto under_driver = below(wdf_driver_);
        EXPECT_EQ(WdfTimerCreate(&config, &under_driver, &timer), STATUS_INVALID_DEVICE_REQUEST);
        auto under_device = below(device_);
        ASSERT_EQ(WdfTimerCreate(&config, &under_device, &timer), STATUS_SUCCESS);
        EXPECT_EQ(WdfTimerGetParentObject(timer), static_cast<WDFOBJECT>(device_));
        fired = 0;
        EXPECT_FALSE(WdfTimerStart(timer, WDF_REL_TIMEOUT_IN_MS(10)));
        EXPECT_TRUE(WdfTimerStart(timer, WDF_REL_TIMEOUT_IN_MS(20)));
        machine.run_for(100 * machine::nanoseconds_per_millisecond);
        EXPECT_EQ(fired, 1);
        EXPECT_EQ(fired_at, DISPATCH_LEVEL);
        EXPECT_FALSE(WdfTimerStop(timer, TRUE));

        WDF_TIMER_CONFIG_INIT_PERIODIC(&config, on_timer, 1);
        config.UseHighResolutionTimer = WdfTrue;
        config.TolerableDelay = 5;
        EXPECT_EQ(WdfTimerCreate(&config, &under_device, &timer), STATUS_INVALID_PARAMETER) << "exact, or late by 5 ms";
        config.TolerableDelay = 0;
        ASSERT_EQ(WdfTimerCreate(&config, &under_device, &timer), STATUS_SUCCESS);
        fired = 0;
        WdfTimerStart(timer, WDF_REL_TIMEOUT_IN_MS(1));
        machine.run_for(10 * machine::nanoseconds_per_millisecond);
        EXPECT_GE(fired, 9);
        WdfTimerStop(timer, TRUE);
        const int before = fired;
        machine.run_for(10 * machine::nanoseconds_per_millisecond);
        EXPECT_EQ(fired, before);

        WDF_TIMER_CONFIG_INIT(&config, on_timer);
        under_device.ExecutionLevel = WdfExecutionLevelPassive;
        ASSERT_EQ(WdfTimerCreate(&config, &under_device, &timer), STATUS_SUCCESS);
        fired = 0;
        WdfTimerStart(timer, WDF_REL_TIMEOUT_IN_MS(1));
        machine.run_for(100 * machine::nanoseconds_per_millisecond);
        EXPECT_EQ(fired, 1);
        EXPECT_EQ(fired_at, PASSIVE_LEVEL);
        WdfTimerStart(timer, WDF_REL_TIMEOUT_IN_MS(1)); // still set when the device goes
    });
}

WDFOBJECT parent_seen = nullptr;
VOID NTAPI on_work(WDFWORKITEM item) {
    ++fired;
    parent_seen = WdfWorkItemGetParentObject(item);
    fired_at = KeGetCurrentIrql();
}
VOID NTAPI on_dpc(WDFDPC dpc) {
    ++fired;
    parent_seen = WdfDpcGetParentObject(dpc);
}

// WdfWorkItemGetParentObject, WdfDpcGetParentObject: how their routines find the device. WdfDpcWdmGetDpc: the KDPC.
TEST_F(Kmdf, WorkItemsAndDpcs) {
    inside([&] {
        WDF_WORKITEM_CONFIG config;
        WDF_WORKITEM_CONFIG_INIT(&config, on_work);
        WDFWORKITEM item = nullptr;
        EXPECT_EQ(WdfWorkItemCreate(&config, nullptr, &item), STATUS_WDF_PARENT_NOT_SPECIFIED);
        auto under_device = below(device_);
        ASSERT_EQ(WdfWorkItemCreate(&config, &under_device, &item), STATUS_SUCCESS);
        fired = 0;
        KIRQL old;
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        WdfWorkItemEnqueue(item);
        WdfWorkItemEnqueue(item); // queued already
        KeLowerIrql(old);
        WdfWorkItemFlush(item);
        EXPECT_EQ(fired, 1);
        EXPECT_EQ(fired_at, PASSIVE_LEVEL);
        EXPECT_EQ(parent_seen, static_cast<WDFOBJECT>(device_));
        parent_seen = nullptr;
        WdfWorkItemEnqueue(item);
        WdfObjectDelete(item); // waits for it
        EXPECT_EQ(fired, 2);

        WDF_DPC_CONFIG dpc_config;
        WDF_DPC_CONFIG_INIT(&dpc_config, on_dpc);
        WDFDPC dpc = nullptr;
        ASSERT_EQ(WdfDpcCreate(&dpc_config, &under_device, &dpc), STATUS_SUCCESS);
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        EXPECT_TRUE(WdfDpcEnqueue(dpc));
        EXPECT_FALSE(WdfDpcEnqueue(dpc));
        EXPECT_TRUE(KeRemoveQueueDpc(WdfDpcWdmGetDpc(dpc))) << "it is this one that is queued";
        EXPECT_TRUE(WdfDpcEnqueue(dpc));
        KeLowerIrql(old);
        WdfDpcCancel(dpc, TRUE);
        EXPECT_EQ(fired, 3);
        EXPECT_EQ(parent_seen, static_cast<WDFOBJECT>(device_));
    });
}

KEVENT gates[2];
int runs_begun = 0;
int runs_ended = 0;

VOID NTAPI wait_at_gate(WDFWORKITEM) {
    KeWaitForSingleObject(&gates[runs_begun++], Executive, KernelMode, FALSE, nullptr);
    ++runs_ended;
}
VOID NTAPI open_gate(PKDPC, PVOID gate, PVOID, PVOID) {
    KeSetEvent(static_cast<PRKEVENT>(gate), 0, FALSE);
}

class KmdfRuns : public Kmdf {
protected:
    // A work item of two runs at once, each waiting at its gate: a second worker thread runs the routine when it is
    // enqueued while the first is at it.
    WDFWORKITEM start_two(PFN_WDF_WORKITEM routine) {
        runs_begun = runs_ended = 0;
        for (KEVENT& gate : gates) {
            KeInitializeEvent(&gate, NotificationEvent, FALSE);
        }
        WDF_WORKITEM_CONFIG config;
        WDF_WORKITEM_CONFIG_INIT(&config, routine);
        auto under_device = below(device_);
        WDFWORKITEM item = nullptr;
        EXPECT_EQ(WdfWorkItemCreate(&config, &under_device, &item), STATUS_SUCCESS);
        for (int run = 0; run < 2; ++run) {
            WdfWorkItemEnqueue(item);
            let_time_pass();
        }
        EXPECT_EQ(runs_begun, 2);
        return item;
    }
    void let_time_pass() { machine.run_for(10 * machine::nanoseconds_per_millisecond); }
};

TEST_F(KmdfRuns, FlushWaitsForEveryRunOfAWorkItem) {
    inside([&] {
        WDFWORKITEM item = start_two(wait_at_gate);
        KeSetEvent(&gates[0], 0, FALSE);
        let_time_pass();
        EXPECT_EQ(runs_ended, 1);
        KDPC dpc;
        KeInitializeDpc(&dpc, open_gate, &gates[1]);
        KTIMER timer;
        KeInitializeTimer(&timer);
        KeSetTimer(&timer, LARGE_INTEGER{.QuadPart = -10'000'000}, &dpc);
        WdfWorkItemFlush(item);
        EXPECT_EQ(runs_ended, 2);
        KeSetEvent(&gates[1], 0, FALSE);
        let_time_pass();
        KeCancelTimer(&timer);
    });
}

// "nf-wdfworkitem-wdfworkitemflush": illegal within the routine, which would wait for itself; by any of its runs.
class KmdfFlush : public KmdfRuns, public testing::WithParamInterface<int> {
protected:
    void let_one_of_two_go_on(PFN_WDF_WORKITEM routine) {
        start_two(routine);
        KeSetEvent(&gates[GetParam()], 0, FALSE);
        let_time_pass();
    }
};

TEST_P(KmdfFlush, FromTheRoutineItselfIsABugcheck) {
    expect_bugcheck(0x10D, "WdfWorkItemFlush", [&] {
        let_one_of_two_go_on(+[](WDFWORKITEM item) NTAPI {
            wait_at_gate(item);
            WdfWorkItemFlush(item);
        });
    });
}

// "On the other hand" deleting it there is fine.
TEST_P(KmdfFlush, TheRoutineItselfMayDeleteTheItem) {
    inside([&] {
        let_one_of_two_go_on(+[](WDFWORKITEM item) NTAPI {
            wait_at_gate(item);
            if (runs_ended == 1) {
                WdfObjectDelete(item);
                ++runs_ended;
            }
        });
        EXPECT_EQ(runs_ended, 2) << "deleted by the run that went on";
        KeSetEvent(&gates[1 - GetParam()], 0, FALSE);
        machine.run_for(10 * machine::nanoseconds_per_millisecond);
        EXPECT_EQ(runs_ended, 3);
    });
}
INSTANTIATE_TEST_SUITE_P(OfTwoRuns, KmdfFlush, testing::Values(0, 1));

TEST_F(Kmdf, AMachineMayEndWithObjectsLeft) {
    inside([&] {
        WDFMEMORY memory = nullptr;
        WdfMemoryCreate(nullptr, NonPagedPoolNx, 0, 100, &memory, nullptr);
        WDFCOLLECTION collection = nullptr;
        WdfCollectionCreate(nullptr, &collection);
        WdfCollectionAdd(collection, memory);
        EXPECT_GE(Framework::current().object_count(), 4u);
    });
}

} // namespace
} // namespace openportcls::pnp::kmdf
