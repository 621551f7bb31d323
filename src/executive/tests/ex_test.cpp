// Fast mutexes, resources, lookaside lists, work items, timers, callbacks.
#include "executive/tests/fixture.h"

#include "executive/ex/asan.h"
#include "executive/objects/object_manager.h"

namespace openportcls::executive {
namespace {

using Ex = ExecutiveTest;
constexpr ULONG tag = 0x74736554; // 'Test'

TEST_F(Ex, FastMutexRaisesToApcLevelAndExcludes) {
    inside([&] {
        FAST_MUTEX mutex;
        ExInitializeFastMutex(&mutex);
        ExAcquireFastMutex(&mutex);
        EXPECT_EQ(KeGetCurrentIrql(), APC_LEVEL);
        EXPECT_FALSE(ExTryToAcquireFastMutex(&mutex));
        ExReleaseFastMutex(&mutex);
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
        EXPECT_TRUE(ExTryToAcquireFastMutex(&mutex));
        ExReleaseFastMutex(&mutex);
    });
    expect_bugcheck(0x162, "wait for itself", [&] {
        FAST_MUTEX mutex;
        ExInitializeFastMutex(&mutex);
        ExAcquireFastMutex(&mutex);
        ExAcquireFastMutex(&mutex);
    });
}

struct Writer {
    ERESOURCE resource;
    bool wrote = false;
};

void NTAPI write_under_resource(PVOID context) {
    auto* writer = static_cast<Writer*>(context);
    ExAcquireResourceExclusiveLite(&writer->resource, TRUE);
    writer->wrote = true;
    ExReleaseResourceLite(&writer->resource);
}

TEST_F(Ex, ResourceSharesAndExcludes) {
    inside([&] {
        Writer writer;
        ExInitializeResourceLite(&writer.resource);
        EXPECT_TRUE(ExAcquireResourceSharedLite(&writer.resource, TRUE));
        EXPECT_TRUE(ExAcquireResourceSharedLite(&writer.resource, FALSE));
        EXPECT_EQ(ExIsResourceAcquiredSharedLite(&writer.resource), 2U);
        HANDLE handle;
        PVOID thread;
        PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr, &write_under_resource, &writer);
        ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode, &thread, nullptr);
        ZwClose(handle);
        machine.run_for(1'000'000);
        EXPECT_FALSE(writer.wrote);
        EXPECT_EQ(ExGetExclusiveWaiterCount(&writer.resource), 1U);
        ExReleaseResourceLite(&writer.resource);
        ExReleaseResourceLite(&writer.resource);
        KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, nullptr);
        EXPECT_TRUE(writer.wrote);
        ObDereferenceObject(thread);
        EXPECT_TRUE(ExAcquireResourceExclusiveLite(&writer.resource, FALSE));
        EXPECT_TRUE(ExAcquireResourceSharedLite(&writer.resource, FALSE)) << "the owner may share with itself";
        EXPECT_TRUE(ExIsResourceAcquiredExclusiveLite(&writer.resource));
        ExReleaseResourceLite(&writer.resource);
        ExReleaseResourceLite(&writer.resource);
        ExDeleteResourceLite(&writer.resource);
    });
    expect_bugcheck(0xE3, "does not own", [&] {
        ERESOURCE resource;
        ExInitializeResourceLite(&resource);
        ExReleaseResourceLite(&resource);
    });
}

TEST_F(Ex, LookasideListsKeepBlocksAndGiveThemBack) {
    inside([&] {
        NPAGED_LOOKASIDE_LIST list;
        ExInitializeNPagedLookasideList(&list, nullptr, nullptr, POOL_NX_ALLOCATION, 64, tag, 0);
        void* first = ExAllocateFromNPagedLookasideList(&list);
        ExFreeToNPagedLookasideList(&list, first);
        void* again = ExAllocateFromNPagedLookasideList(&list);
        if (!asan_present()) {
            EXPECT_EQ(again, first);
        }
        ExFreeToNPagedLookasideList(&list, again);
        ExDeleteNPagedLookasideList(&list);
        EXPECT_EQ(kernel().pool.usage().blocks, 0U);
        LOOKASIDE_LIST_EX extended;
        EXPECT_EQ(ExInitializeLookasideListEx(&extended, nullptr, nullptr, NonPagedPoolNx, 3, 64, tag, 0),
                  STATUS_INVALID_PARAMETER_5);
        EXPECT_EQ(ExInitializeLookasideListEx(&extended, nullptr, nullptr, NonPagedPoolNx, 0, 64, tag, 0), 0);
        ExFreeToLookasideListEx(&extended, ExAllocateFromLookasideListEx(&extended));
        ExDeleteLookasideListEx(&extended);
        EXPECT_EQ(kernel().pool.usage().blocks, 0U);
    });
}

TEST_F(Ex, LookasideListsKeepNoMoreThanTheirDepth) {
    inside([&] {
        NPAGED_LOOKASIDE_LIST list;
        ExInitializeNPagedLookasideList(&list, nullptr, nullptr, POOL_NX_ALLOCATION, 64, tag, 0);
        const USHORT depth = list.L.Depth;
        std::vector<void*> blocks(depth + 3u);
        for (void*& block : blocks) {
            block = ExAllocateFromNPagedLookasideList(&list);
        }
        for (void* block : blocks) {
            ExFreeToNPagedLookasideList(&list, block);
        }
        EXPECT_EQ(kernel().pool.usage().blocks, asan_present() ? 0U : depth);
        ExDeleteNPagedLookasideList(&list);
        EXPECT_EQ(kernel().pool.usage().blocks, 0U);
    });
}

struct Item {
    WORK_QUEUE_ITEM item;
    KEVENT* blocker;
    KEVENT done;
    KIRQL irql;
};

void NTAPI run_item(PVOID parameter) {
    auto* item = static_cast<Item*>(parameter);
    item->irql = KeGetCurrentIrql();
    if (item->blocker != nullptr) {
        KeWaitForSingleObject(item->blocker, Executive, KernelMode, FALSE, nullptr);
    }
    KeSetEvent(&item->done, 0, FALSE);
}

TEST_F(Ex, WorkItemsMayWaitForEachOther) {
    inside([&] {
        Item items[2];
        for (Item& item : items) {
            KeInitializeEvent(&item.done, NotificationEvent, FALSE);
            item.irql = 99;
            ExInitializeWorkItem(&item.item, &run_item, &item);
        }
        items[0].blocker = &items[1].done;
        items[1].blocker = nullptr;
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        ExQueueWorkItem(&items[0].item, DelayedWorkQueue);
        ExQueueWorkItem(&items[1].item, DelayedWorkQueue);
        KeLowerIrql(old);
        EXPECT_EQ(KeWaitForSingleObject(&items[0].done, Executive, KernelMode, FALSE, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(items[1].irql, PASSIVE_LEVEL);
        EXPECT_LE(kernel().work.worker_count(), 2U);
    });
    expect_bugcheck(0x96, "in a queue already", [&] {
        Item item;
        ExInitializeWorkItem(&item.item, &run_item, &item);
        ExQueueWorkItem(&item.item, DelayedWorkQueue);
        ExQueueWorkItem(&item.item, DelayedWorkQueue);
    });
}

struct HighResolution {
    std::vector<machine::Nanoseconds> times;
    KIRQL irql = 0;
    int deleted = 0;
};

void NTAPI high_resolution_tick(PEX_TIMER, PVOID context) {
    auto* ticks = static_cast<HighResolution*>(context);
    ticks->times.push_back(machine::Machine::current().now());
    ticks->irql = KeGetCurrentIrql();
}

TEST_F(Ex, HighResolutionTimerIsExact) {
    inside([&] {
        HighResolution ticks;
        PEX_TIMER timer = ExAllocateTimer(&high_resolution_tick, &ticks, EX_TIMER_HIGH_RESOLUTION);
        ASSERT_NE(timer, nullptr);
        const auto begin = machine.now();
        EXPECT_FALSE(ExSetTimer(timer, -10'000, 10'000, nullptr));
        machine.run_for(10'500'000);
        ASSERT_EQ(ticks.times.size(), 10U);
        EXPECT_EQ(ticks.times[0], begin + 1'000'000);
        EXPECT_EQ(ticks.times[9], begin + 10'000'000);
        EXPECT_EQ(ticks.irql, DISPATCH_LEVEL);
        EXPECT_TRUE(ExCancelTimer(timer, nullptr));
        EXT_DELETE_PARAMETERS parameters;
        ExInitializeDeleteTimerParameters(&parameters);
        parameters.DeleteCallback = [](PVOID context) NTAPI { ++static_cast<HighResolution*>(context)->deleted; };
        parameters.DeleteContext = &ticks;
        EXPECT_FALSE(ExDeleteTimer(timer, TRUE, TRUE, &parameters));
        EXPECT_EQ(ticks.deleted, 1);
        EXPECT_EQ(kernel().pool.usage().blocks, 0U);
    });
}

TEST_F(Ex, PeriodsBeyondTheEndOfTimeAreLong) {
    inside([&] {
        HighResolution ticks;
        PEX_TIMER timer = ExAllocateTimer(&high_resolution_tick, &ticks, EX_TIMER_HIGH_RESOLUTION);
        EXPECT_FALSE(ExSetTimer(timer, -10'000, INT64_MAX, nullptr));
        machine.run_for(2'000'000);
        EXPECT_EQ(ticks.times.size(), 1U);
        EXPECT_TRUE(ExCancelTimer(timer, nullptr)) << "it is still set for the next period";
        ExDeleteTimer(timer, TRUE, TRUE, nullptr);
    });
}

TEST_F(Ex, OrdinaryTimerWaitsForTheClockInterrupt) {
    inside([&] {
        HighResolution ticks;
        PEX_TIMER timer = ExAllocateTimer(&high_resolution_tick, &ticks, 0);
        ExSetTimer(timer, -10'000, 0, nullptr);
        machine.run_for(100'000'000);
        ASSERT_EQ(ticks.times.size(), 1U);
        EXPECT_EQ(ticks.times[0] % machine.clock_interval(), 0);
        ExSetTimer(timer, -10'000, 0, nullptr);
        EXPECT_TRUE(ExDeleteTimer(timer, TRUE, FALSE, nullptr));
        EXPECT_EQ(ExAllocateTimer(nullptr, nullptr, EX_TIMER_HIGH_RESOLUTION | EX_TIMER_NO_WAKE), nullptr);
    });
}

TEST_F(Ex, TimerResolutionMakesKernelTimersFiner) {
    inside([&] {
        EXPECT_EQ(ExSetTimerResolution(10'000, TRUE), 10'000U);
        KTIMER timer;
        KeInitializeTimer(&timer);
        const auto begin = machine.now();
        KeSetTimer(&timer, milliseconds(3), nullptr);
        KeWaitForSingleObject(&timer, Executive, KernelMode, FALSE, nullptr);
        EXPECT_LE(machine.now() - begin, 4'000'000);
        EXPECT_EQ(ExSetTimerResolution(0, FALSE), 156'250U);
    });
}

TEST_F(Ex, CallbackObjectsAreFoundByName) {
    static int calls;
    calls = 0;
    inside([&] {
        UNICODE_STRING name = unicode(u"\\Callback\\OpcTest");
        OBJECT_ATTRIBUTES attributes;
        InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_PERMANENT, nullptr, nullptr);
        PCALLBACK_OBJECT first;
        PCALLBACK_OBJECT second;
        EXPECT_EQ(ExCreateCallback(&first, &attributes, FALSE, TRUE), STATUS_OBJECT_NAME_NOT_FOUND);
        ASSERT_EQ(ExCreateCallback(&first, &attributes, TRUE, TRUE), STATUS_SUCCESS);
        ASSERT_EQ(ExCreateCallback(&second, &attributes, FALSE, TRUE), STATUS_SUCCESS);
        EXPECT_EQ(first, second);
        PVOID registration = ExRegisterCallback(
            second, [](PVOID context, PVOID, PVOID) NTAPI { ++*static_cast<int*>(context); }, &calls);
        ExNotifyCallback(first, nullptr, nullptr);
        EXPECT_EQ(calls, 1);
        ExUnregisterCallback(registration);
        ExNotifyCallback(first, nullptr, nullptr);
        EXPECT_EQ(calls, 1);
        ObDereferenceObject(first);
        ObDereferenceObject(second);
    });
}

struct Registrations {
    PCALLBACK_OBJECT object;
    PVOID first;
    std::string called;
};

// "nf-wdm-exnotifycallback": all that are registered, in the order of their registration.
TEST_F(Ex, WhoUnregistersDuringACallbackKeepsNobodyElseFromBeingCalled) {
    inside([&] {
        UNICODE_STRING name = unicode(u"\\Callback\\OpcUnregister");
        OBJECT_ATTRIBUTES attributes;
        InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, nullptr, nullptr);
        Registrations all{};
        ASSERT_EQ(ExCreateCallback(&all.object, &attributes, TRUE, TRUE), STATUS_SUCCESS);
        all.first = ExRegisterCallback(
            all.object,
            [](PVOID context, PVOID, PVOID) NTAPI {
                auto& self = *static_cast<Registrations*>(context);
                self.called += "first ";
                ExUnregisterCallback(self.first);
            },
            &all);
        PVOID second = ExRegisterCallback(
            all.object,
            [](PVOID context, PVOID, PVOID) NTAPI { static_cast<Registrations*>(context)->called += "second"; }, &all);
        ExNotifyCallback(all.object, nullptr, nullptr);
        EXPECT_EQ(all.called, "first second");
        ExUnregisterCallback(second);
        ObDereferenceObject(all.object);
    });
}

// "nf-wdm-exregistercallback", "nf-wdm-excreatecallback": an object that allows one routine refuses a second until the
// first is gone; opening the object anew does not change what its creator allowed.
TEST_F(Ex, CallbackObjectsForOneRoutineRefuseASecond) {
    inside([&] {
        const auto ignore = [](PVOID, PVOID, PVOID) NTAPI {};
        UNICODE_STRING name = unicode(u"\\Callback\\OpcSingle");
        OBJECT_ATTRIBUTES attributes;
        InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, nullptr, nullptr);
        PCALLBACK_OBJECT single = nullptr;
        PCALLBACK_OBJECT again = nullptr;
        ASSERT_EQ(ExCreateCallback(&single, &attributes, TRUE, FALSE), STATUS_SUCCESS);
        ASSERT_EQ(ExCreateCallback(&again, &attributes, TRUE, TRUE), STATUS_SUCCESS);
        ASSERT_EQ(again, single);
        PVOID registration = ExRegisterCallback(single, ignore, nullptr);
        ASSERT_NE(registration, nullptr);
        EXPECT_EQ(ExRegisterCallback(again, ignore, nullptr), nullptr);
        ExUnregisterCallback(registration);
        registration = ExRegisterCallback(again, ignore, nullptr);
        ASSERT_NE(registration, nullptr);
        ExUnregisterCallback(registration);
        ObDereferenceObject(again);
        ObDereferenceObject(single);

        UNICODE_STRING shared_name = unicode(u"\\Callback\\OpcShared");
        InitializeObjectAttributes(&attributes, &shared_name, OBJ_CASE_INSENSITIVE, nullptr, nullptr);
        PCALLBACK_OBJECT shared = nullptr;
        ASSERT_EQ(ExCreateCallback(&shared, &attributes, TRUE, TRUE), STATUS_SUCCESS);
        PVOID registrations[] = {ExRegisterCallback(shared, ignore, nullptr),
                                 ExRegisterCallback(shared, ignore, nullptr)};
        for (PVOID each : registrations) {
            ASSERT_NE(each, nullptr);
            ExUnregisterCallback(each);
        }
        ObDereferenceObject(shared);
    });
}

TEST_F(Ex, RundownProtectionWaitsForItsUsers) {
    inside([&] {
        EX_RUNDOWN_REF reference;
        ExInitializeRundownProtection(&reference);
        EXPECT_TRUE(ExAcquireRundownProtection(&reference));
        ExReleaseRundownProtection(&reference);
        ExWaitForRundownProtectionRelease(&reference);
        EXPECT_FALSE(ExAcquireRundownProtection(&reference));
        ExReInitializeRundownProtection(&reference);
        EXPECT_TRUE(ExAcquireRundownProtection(&reference));
    });
}

TEST_F(Ex, SequencedListsAreLastInFirstOut) {
    inside([&] {
        alignas(16) SLIST_HEADER head;
        alignas(16) SLIST_ENTRY entries[3];
        ExInitializeSListHead(&head);
        for (SLIST_ENTRY& entry : entries) {
            InterlockedPushEntrySList(&head, &entry);
        }
        EXPECT_EQ(ExQueryDepthSList(&head), 3);
        EXPECT_EQ(InterlockedPopEntrySList(&head), &entries[2]);
        EXPECT_EQ(InterlockedFlushSList(&head), &entries[1]);
        EXPECT_EQ(InterlockedPopEntrySList(&head), nullptr);
    });
}

struct Reader {
    ERESOURCE* resource;
    BOOLEAN (*acquire)(PERESOURCE, BOOLEAN) OPC_MSABI;
    BOOLEAN got;
};
void NTAPI try_to_read(PVOID context) {
    auto* reader = static_cast<Reader*>(context);
    reader->got = reader->acquire(reader->resource, FALSE);
    if (reader->got) {
        ExReleaseResourceLite(reader->resource);
    }
}

BOOLEAN read_on_another_thread(ERESOURCE& resource, decltype(Reader::acquire) acquire) {
    Reader reader{&resource, acquire, 99};
    HANDLE handle;
    PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr, &try_to_read, &reader);
    ZwWaitForSingleObject(handle, FALSE, nullptr);
    ZwClose(handle);
    return reader.got;
}

TEST_F(Ex, ResourcesPreferWritersWhereTheyAreAskedTo) {
    inside([&] {
        Writer writer;
        ExInitializeResourceLite(&writer.resource);
        EXPECT_TRUE(ExAcquireResourceExclusiveLite(&writer.resource, TRUE));
        EXPECT_FALSE(read_on_another_thread(writer.resource, &ExAcquireResourceSharedLite));
        ExConvertExclusiveToSharedLite(&writer.resource);
        EXPECT_FALSE(ExIsResourceAcquiredExclusiveLite(&writer.resource));
        EXPECT_TRUE(read_on_another_thread(writer.resource, &ExAcquireResourceSharedLite));
        HANDLE handle;
        PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr, &write_under_resource, &writer);
        machine.run_for(1'000'000);
        ASSERT_EQ(ExGetExclusiveWaiterCount(&writer.resource), 1U);
        EXPECT_FALSE(read_on_another_thread(writer.resource, &ExAcquireResourceSharedLite)) << "a writer waits";
        EXPECT_FALSE(read_on_another_thread(writer.resource, &ExAcquireSharedWaitForExclusive));
        EXPECT_TRUE(read_on_another_thread(writer.resource, &ExAcquireSharedStarveExclusive)) << "passes it by";
        EXPECT_FALSE(ExTryToAcquireResourceExclusiveLite(&writer.resource)) << "shared already";
        ExReleaseResourceLite(&writer.resource);
        ZwWaitForSingleObject(handle, FALSE, nullptr);
        ZwClose(handle);
        EXPECT_TRUE(writer.wrote);
        EXPECT_EQ(ExDeleteResourceLite(&writer.resource), STATUS_SUCCESS);
        EXPECT_EQ(kernel().pool.usage().blocks, 0U);
    });
    expect_bugcheck(0x0A, "ExAcquireResourceSharedLite may be called at APC_LEVEL or below", [&] {
        ERESOURCE resource;
        ExInitializeResourceLite(&resource);
        KeRaiseIrqlToDpcLevel();
        ExAcquireResourceSharedLite(&resource, FALSE);
    });
}

void NTAPI count_entries_with_one_more(PVOID context) {
    auto* resource = static_cast<ERESOURCE*>(context);
    ExAcquireResourceSharedLite(resource, TRUE);
    EXPECT_EQ(resource->ActiveEntries, 2U);
    EXPECT_EQ(resource->ActiveCount, 2);
    ExReleaseResourceLite(resource);
}

// ERESOURCE.ActiveEntries counts the owners' entries beside ActiveCount.
TEST_F(Ex, ResourcesCountTheirOwners) {
    inside([&] {
        ERESOURCE resource;
        ExInitializeResourceLite(&resource);
        EXPECT_EQ(resource.ActiveEntries, 0U);
        ExAcquireResourceExclusiveLite(&resource, TRUE);
        ExAcquireResourceExclusiveLite(&resource, TRUE);
        EXPECT_EQ(resource.ActiveEntries, 1U);
        EXPECT_EQ(resource.ActiveCount, 1);
        ExReleaseResourceLite(&resource);
        ExConvertExclusiveToSharedLite(&resource);
        HANDLE handle;
        PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr, &count_entries_with_one_more,
                             &resource);
        ZwWaitForSingleObject(handle, FALSE, nullptr);
        ZwClose(handle);
        EXPECT_EQ(resource.ActiveEntries, 1U);
        ExReleaseResourceLite(&resource);
        EXPECT_EQ(resource.ActiveEntries, 0U);
        ExAcquireResourceSharedLite(&resource, TRUE);
        ExReinitializeResourceLite(&resource);
        EXPECT_EQ(resource.ActiveEntries, 0U);
        ExDeleteResourceLite(&resource);
    });
}

TEST_F(Ex, DeletingAnOwnedResourceIsABugcheck) {
    expect_bugcheck(0xC4, "ExDeleteResourceLite", [&] {
        ERESOURCE resource;
        ExInitializeResourceLite(&resource);
        ExAcquireResourceSharedLite(&resource, TRUE);
        ExDeleteResourceLite(&resource);
    });
}

int own_allocations = 0;
PVOID NTAPI allocate_own(POOL_TYPE type, SIZE_T bytes, ULONG own_tag) {
    ++own_allocations;
    return ExAllocatePoolWithTag(type, bytes, own_tag);
}
void NTAPI free_own(PVOID block) {
    --own_allocations;
    ExFreePoolWithTag(block, tag);
}

TEST_F(Ex, LookasideListsUseTheDriversRoutines) {
    own_allocations = 0;
    inside([&] {
        PAGED_LOOKASIDE_LIST paged;
        ExInitializePagedLookasideList(&paged, &allocate_own, &free_own, 0, 100, tag, 0);
        PVOID blocks[3];
        for (PVOID& block : blocks) {
            block = ExAllocateFromPagedLookasideList(&paged);
            ASSERT_NE(block, nullptr);
        }
        EXPECT_EQ(own_allocations, 3);
        for (PVOID block : blocks) {
            ExFreeToPagedLookasideList(&paged, block);
        }
        ExDeletePagedLookasideList(&paged);
        EXPECT_EQ(own_allocations, 0) << "what the list kept is given back through the driver's routine";
    });
    expect_bugcheck(0x0A, "ExAllocateFromPagedLookasideList may be called at APC_LEVEL or below", [&] {
        PAGED_LOOKASIDE_LIST paged;
        ExInitializePagedLookasideList(&paged, nullptr, nullptr, 0, 100, tag, 0);
        KeRaiseIrqlToDpcLevel();
        ExAllocateFromPagedLookasideList(&paged);
    });
}

// "nf-wdm-exinitializelookasidelistex", POOL_RAISE_IF_ALLOCATION_FAILURE: an entry that there is no memory for raises.
class LookasideThatRaises : public ExecutiveTest, public testing::WithParamInterface<int> {};

TEST_P(LookasideThatRaises, WhenThereIsNoMemory) {
    kernel().pool.set_budget(1);
    expect_bugcheck(0x1E, "POOL_RAISE_IF_ALLOCATION_FAILURE", [&] {
        NPAGED_LOOKASIDE_LIST plain;
        PAGED_LOOKASIDE_LIST paged;
        LOOKASIDE_LIST_EX extended;
        switch (GetParam()) {
        case 0:
            ExInitializeNPagedLookasideList(&plain, nullptr, nullptr,
                                            POOL_NX_ALLOCATION | POOL_RAISE_IF_ALLOCATION_FAILURE, 64, tag, 0);
            ExAllocateFromNPagedLookasideList(&plain);
            break;
        case 1:
            ExInitializePagedLookasideList(&paged, nullptr, nullptr, POOL_RAISE_IF_ALLOCATION_FAILURE, 64, tag, 0);
            ExAllocateFromPagedLookasideList(&paged);
            break;
        default:
            ExInitializeLookasideListEx(&extended, nullptr, nullptr, NonPagedPoolNx,
                                        EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL, 64, tag, 0);
            ExAllocateFromLookasideListEx(&extended);
        }
    });
}
INSTANTIATE_TEST_SUITE_P(OfEveryKind, LookasideThatRaises, testing::Values(0, 1, 2));

TEST_F(Ex, LookasideListsThatDoNotRaiseReturnNothing) {
    kernel().pool.set_budget(1);
    inside([&] {
        NPAGED_LOOKASIDE_LIST list;
        ExInitializeNPagedLookasideList(&list, nullptr, nullptr, POOL_NX_ALLOCATION, 64, tag, 0);
        EXPECT_EQ(ExAllocateFromNPagedLookasideList(&list), nullptr);
        ExDeleteNPagedLookasideList(&list);
    });
}

// The driver's own routine is told by the pool type.
TEST_F(Ex, LookasideFlagsComeInThePoolTypeOfTheDriversRoutine) {
    static std::vector<int> types;
    types.clear();
    inside([&] {
        const auto allocate = +[](POOL_TYPE type, SIZE_T, ULONG) NTAPI -> PVOID {
            types.push_back(type);
            return nullptr;
        };
        const auto allocate_ex = +[](POOL_TYPE type, SIZE_T, ULONG, PLOOKASIDE_LIST_EX) NTAPI -> PVOID {
            types.push_back(type);
            return nullptr;
        };
        NPAGED_LOOKASIDE_LIST plain;
        ExInitializeNPagedLookasideList(&plain, allocate, nullptr,
                                        POOL_NX_ALLOCATION | POOL_RAISE_IF_ALLOCATION_FAILURE, 64, tag, 0);
        ExAllocateFromNPagedLookasideList(&plain);
        PAGED_LOOKASIDE_LIST paged;
        ExInitializePagedLookasideList(&paged, allocate, nullptr, POOL_RAISE_IF_ALLOCATION_FAILURE, 64, tag, 0);
        ExAllocateFromPagedLookasideList(&paged);
        for (const ULONG flags :
             {0u, ULONG{EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL}, ULONG{EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE}}) {
            LOOKASIDE_LIST_EX extended;
            ExInitializeLookasideListEx(&extended, allocate_ex, nullptr, PagedPool, flags, 64, tag, 0);
            ExAllocateFromLookasideListEx(&extended);
        }
    });
    EXPECT_EQ(types, (std::vector<int>{NonPagedPoolNx | POOL_RAISE_IF_ALLOCATION_FAILURE,
                                       PagedPool | POOL_RAISE_IF_ALLOCATION_FAILURE, PagedPool,
                                       PagedPool | POOL_RAISE_IF_ALLOCATION_FAILURE,
                                       PagedPool | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE}));
}

} // namespace
} // namespace openportcls::executive
