// Small functions of the executive, the memory and the object manager that the larger tests do not come by.
#include "executive/tests/fixture.h"

#include <cstring>

#include <ntddk.h>

namespace openportcls::executive {
namespace {

class ExSmall : public ExecutiveTest {};

TEST_F(ExSmall, PoolByItsOtherNames) {
    inside([&] {
        POOL_EXTENDED_PARAMETER parameter{};
        parameter.Type = PoolExtendedParameterPriority;
        parameter.Priority = NormalPoolPriority;
        auto* bytes = static_cast<UCHAR*>(ExAllocatePool3(POOL_FLAG_NON_PAGED, 64, 'tseT', &parameter, 1));
        ASSERT_NE(bytes, nullptr);
        for (int i = 0; i < 64; ++i) {
            EXPECT_EQ(bytes[i], 0) << "zeroed unless asked otherwise";
        }
        ExFreePool2(bytes, 'tseT', nullptr, 0);
        void* quota = ExAllocatePoolWithQuota(NonPagedPoolNx, 16);
        ASSERT_NE(quota, nullptr);
        ExFreePool(quota);
    });
}

TEST_F(ExSmall, UnsafeFastMutexesLeaveTheIrqlAlone) {
    inside([&] {
        FAST_MUTEX mutex;
        ExInitializeFastMutex(&mutex);
        KeEnterCriticalRegion();
        ExAcquireFastMutexUnsafe(&mutex);
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
        ExReleaseFastMutexUnsafe(&mutex);
        KeLeaveCriticalRegion();
        EXPECT_TRUE(ExTryToAcquireFastMutex(&mutex)) << "free again";
        ExReleaseFastMutex(&mutex);
    });
}

TEST_F(ExSmall, PushLocksAreSharedOrExclusive) {
    inside([&] {
        EX_PUSH_LOCK lock;
        ExInitializePushLock(&lock);
        struct Reader {
            EX_PUSH_LOCK* lock;
            bool inside = false;
            static void run(void* context) {
                auto& self = *static_cast<Reader*>(context);
                KeEnterCriticalRegion();
                ExAcquirePushLockSharedEx(self.lock, 0);
                self.inside = true;
                ExReleasePushLockSharedEx(self.lock, 0);
                KeLeaveCriticalRegion();
            }
        } reader{&lock};
        KeEnterCriticalRegion();
        ExAcquirePushLockExclusiveEx(&lock, 0);
        machine.release_thread(*machine.create_thread("reader", &Reader::run, &reader));
        LARGE_INTEGER wait = milliseconds(50);
        KeDelayExecutionThread(KernelMode, FALSE, &wait);
        EXPECT_FALSE(reader.inside);
        ExReleasePushLockExclusiveEx(&lock, 0);
        KeDelayExecutionThread(KernelMode, FALSE, &wait);
        EXPECT_TRUE(reader.inside);
        KeLeaveCriticalRegion();
    });
}

// "nf-wdm-excreatecallback": two objects are the system's; unnamed ones are not permitted.
TEST_F(ExSmall, CallbackObjectsOfTheSystemAndWithoutAName) {
    inside([&] {
        OBJECT_ATTRIBUTES attributes;
        PCALLBACK_OBJECT object = nullptr;
        for (const char16_t* of_system :
             {u"\\Callback\\PowerState", u"\\Callback\\ProcessorAdd", u"\\Callback\\SetSystemTime"}) {
            UNICODE_STRING name = unicode(of_system);
            InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, nullptr, nullptr);
            ASSERT_EQ(ExCreateCallback(&object, &attributes, FALSE, TRUE), STATUS_SUCCESS);
            PVOID registration = ExRegisterCallback(object, [](PVOID, PVOID, PVOID) NTAPI {}, nullptr);
            EXPECT_NE(registration, nullptr);
            ExUnregisterCallback(registration);
            ObDereferenceObject(object);
        }
        InitializeObjectAttributes(&attributes, nullptr, 0, nullptr, nullptr);
        EXPECT_EQ(ExCreateCallback(&object, &attributes, TRUE, TRUE), STATUS_UNSUCCESSFUL);
        EXPECT_EQ(ExCreateCallback(&object, nullptr, TRUE, TRUE), STATUS_UNSUCCESSFUL);
    });
}

TEST_F(ExSmall, RundownCountsAndEnds) {
    inside([&] {
        EX_RUNDOWN_REF rundown;
        ExInitializeRundownProtection(&rundown);
        EXPECT_TRUE(ExAcquireRundownProtectionEx(&rundown, 3));
        ExReleaseRundownProtectionEx(&rundown, 3);
        ExWaitForRundownProtectionRelease(&rundown);
        ExRundownCompleted(&rundown);
        EXPECT_FALSE(ExAcquireRundownProtectionEx(&rundown, 1));
    });
}

TEST_F(ExSmall, ResourcesInCriticalRegions) {
    inside([&] {
        ERESOURCE resource;
        ASSERT_EQ(ExInitializeResourceLite(&resource), STATUS_SUCCESS);
        ExEnterCriticalRegionAndAcquireResourceShared(&resource);
        EXPECT_TRUE(KeAreApcsDisabled());
        EXPECT_NE(ExIsResourceAcquiredSharedLite(&resource), 0u);
        EXPECT_EQ(ExGetSharedWaiterCount(&resource), 0u);
        ExReleaseResourceAndLeaveCriticalRegion(&resource);
        EXPECT_FALSE(KeAreApcsDisabled());
        ExEnterCriticalRegionAndAcquireResourceExclusive(&resource);
        EXPECT_TRUE(ExIsResourceAcquiredExclusiveLite(&resource));
        ExReleaseResourceForThreadLite(&resource, ExGetCurrentResourceThread());
        KeLeaveCriticalRegion();
        EXPECT_FALSE(ExIsResourceAcquiredExclusiveLite(&resource));
        EXPECT_EQ(ExReinitializeResourceLite(&resource), STATUS_SUCCESS);
        EXPECT_EQ(ExDeleteResourceLite(&resource), STATUS_SUCCESS);
    });
}

TEST_F(ExSmall, InterlockedUnderALock) {
    inside([&] {
        KSPIN_LOCK lock = 0;
        ULONG number = 40;
        EXPECT_EQ(ExInterlockedAddUlong(&number, 2, &lock), 40u) << "the value before";
        EXPECT_EQ(number, 42u);
        SINGLE_LIST_ENTRY head{};
        SINGLE_LIST_ENTRY first{};
        SINGLE_LIST_ENTRY second{};
        EXPECT_EQ(ExInterlockedPushEntryList(&head, &first, &lock), nullptr);
        EXPECT_EQ(ExInterlockedPushEntryList(&head, &second, &lock), &first);
        EXPECT_EQ(ExInterlockedPopEntryList(&head, &lock), &second);
        EXPECT_EQ(ExInterlockedPopEntryList(&head, &lock), &first);
        EXPECT_EQ(ExInterlockedPopEntryList(&head, &lock), nullptr);
    });
}

TEST_F(ExSmall, SharedSpinLocksHaveReadersTogether) {
    inside([&] {
        EX_SPIN_LOCK lock = 0;
        const KIRQL first = ExAcquireSpinLockShared(&lock);
        EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
        const KIRQL second = ExAcquireSpinLockShared(&lock);
        ExReleaseSpinLockShared(&lock, second);
        ExReleaseSpinLockShared(&lock, first);
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    });
}

// The machine's zone is UTC; identifiers differ, and are the same in every run.
TEST_F(ExSmall, TimeZonesAndIdentifiers) {
    inside([&] {
        LARGE_INTEGER system;
        LARGE_INTEGER local;
        LARGE_INTEGER back;
        KeQuerySystemTime(&system);
        ExSystemTimeToLocalTime(&system, &local);
        ExLocalTimeToSystemTime(&local, &back);
        EXPECT_EQ(back.QuadPart, system.QuadPart);
        GUID first;
        GUID second;
        EXPECT_EQ(ExUuidCreate(&first), STATUS_SUCCESS);
        EXPECT_EQ(ExUuidCreate(&second), STATUS_SUCCESS);
        EXPECT_NE(std::memcmp(&first, &second, sizeof first), 0);
    });
}

TEST_F(ExSmall, ProcessorFeaturesOfX64) {
    inside([&] {
        constexpr ULONG xmmi64 = 10; // PF_XMMI64_INSTRUCTIONS_AVAILABLE: SSE2
        EXPECT_TRUE(ExIsProcessorFeaturePresent(xmmi64));
        EXPECT_FALSE(ExIsProcessorFeaturePresent(0xFFFF));
    });
}

TEST_F(ExSmall, MdlsAreSizedMadeAndShortened) {
    inside([&] {
        auto* memory = static_cast<UCHAR*>(ExAllocatePoolWithTag(NonPagedPoolNx, 3 * PAGE_SIZE, 'tseT'));
        const SIZE_T pages = ADDRESS_AND_SIZE_TO_SPAN_PAGES(memory, 2 * PAGE_SIZE);
        EXPECT_EQ(MmSizeOfMdl(memory, 2 * PAGE_SIZE), sizeof(MDL) + pages * sizeof(PFN_NUMBER));
        MDL* mdl = MmCreateMdl(nullptr, memory, 2 * PAGE_SIZE);
        ASSERT_NE(mdl, nullptr);
        MmBuildMdlForNonPagedPool(mdl);
        EXPECT_EQ(MmGetMdlByteCount(mdl), 2 * PAGE_SIZE);
        EXPECT_EQ(MmAdvanceMdl(mdl, 100), STATUS_SUCCESS);
        EXPECT_EQ(MmGetMdlByteCount(mdl), 2 * PAGE_SIZE - 100);
        EXPECT_EQ(MmGetMdlVirtualAddress(mdl), memory + 100);
        EXPECT_EQ(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority), memory + 100)
            << "the mapping advances with it";
        ExFreePool(mdl);
        ExFreePoolWithTag(memory, 'tseT');
        EXPECT_TRUE(MmIsNonPagedSystemAddressValid(&kernel()));
        EXPECT_FALSE(MmIsThisAnNtAsSystem()) << "a workstation";
    });
}

// Nothing is paged: the handle of a section is any address in it.
TEST_F(ExSmall, PagingFunctionsLeaveEverythingResident) {
    inside([&] {
        int inside_the_section = 0;
        PVOID handle = MmLockPagableDataSection(&inside_the_section);
        ASSERT_NE(handle, nullptr);
        MmUnlockPagableImageSection(handle);
        MmLockPagableSectionByHandle(handle);
        MmUnlockPagableImageSection(handle);
        EXPECT_NE(MmPageEntireDriver(&inside_the_section), nullptr);
        MmResetDriverPaging(&inside_the_section);
        HANDLE secured = MmSecureVirtualMemory(&inside_the_section, sizeof inside_the_section, PAGE_READWRITE);
        EXPECT_NE(secured, nullptr);
        MmUnsecureVirtualMemory(secured);
        EXPECT_EQ(inside_the_section, 0);
    });
}

TEST_F(ExSmall, MemoryOutsideThePool) {
    inside([&] {
        void* uncached = MmAllocateNonCachedMemory(PAGE_SIZE + 1);
        ASSERT_NE(uncached, nullptr);
        EXPECT_EQ(reinterpret_cast<ULONG_PTR>(uncached) % PAGE_SIZE, 0u);
        std::memset(uncached, 0x5A, PAGE_SIZE + 1);
        MmFreeNonCachedMemory(uncached, PAGE_SIZE + 1);
        PPHYSICAL_MEMORY_RANGE ranges = MmGetPhysicalMemoryRanges();
        ASSERT_NE(ranges, nullptr);
        LONGLONG bytes = 0;
        for (auto* range = ranges; range->NumberOfBytes.QuadPart != 0; ++range) {
            bytes += range->NumberOfBytes.QuadPart;
        }
        EXPECT_GT(bytes, 0);
        ExFreePool(ranges);
    });
}

// Tags are for debugging and change nothing: a reference is a reference.
TEST_F(ExSmall, ReferencesWithTagsAndLater) {
    inside([&] {
        HANDLE handle = nullptr;
        ASSERT_EQ(ZwCreateEvent(&handle, EVENT_ALL_ACCESS, nullptr, NotificationEvent, TRUE), STATUS_SUCCESS);
        PVOID event = nullptr;
        ASSERT_EQ(ObReferenceObjectByHandleWithTag(handle, EVENT_ALL_ACCESS, *ExEventObjectType, KernelMode, 'tseT',
                                                   &event, nullptr),
                  STATUS_SUCCESS);
        const LONG_PTR count = ObReferenceObjectWithTag(event, 'tseT');
        EXPECT_EQ(ObReferenceObjectByPointerWithTag(event, 0, *ExEventObjectType, KernelMode, 'tseT'), STATUS_SUCCESS);
        EXPECT_EQ(ObReferenceObjectByPointerWithTag(event, 0, *ExSemaphoreObjectType, KernelMode, 'tseT'),
                  STATUS_OBJECT_TYPE_MISMATCH);
        EXPECT_EQ(ObDereferenceObjectWithTag(event, 'tseT'), count);
        ObDereferenceObjectDeferDelete(event);
        HANDLE second = nullptr;
        ASSERT_EQ(ObOpenObjectByPointer(event, OBJ_KERNEL_HANDLE, nullptr, EVENT_ALL_ACCESS, *ExEventObjectType,
                                        KernelMode, &second),
                  STATUS_SUCCESS);
        EXPECT_EQ(ObCloseHandle(second, KernelMode), STATUS_SUCCESS);
        HANDLE third = nullptr;
        ASSERT_EQ(
            ZwDuplicateObject(ZwCurrentProcess(), handle, ZwCurrentProcess(), &third, 0, 0, DUPLICATE_SAME_ACCESS),
            STATUS_SUCCESS);
        EXPECT_NE(third, handle);
        EXPECT_EQ(NtClose(third), STATUS_SUCCESS);
        EXPECT_EQ(NtClose(third), STATUS_INVALID_HANDLE);
        EXPECT_EQ(ZwClose(handle), STATUS_SUCCESS);
        ObDereferenceObjectDeferDeleteWithTag(event, 'tseT'); // the last one
        machine.settle();
    });
}

TEST_F(ExSmall, NamedEventsAreSharedByName) {
    inside([&] {
        UNICODE_STRING name = unicode(u"\\BaseNamedObjects\\ExSmall");
        HANDLE first = nullptr;
        HANDLE second = nullptr;
        PKEVENT created = IoCreateNotificationEvent(&name, &first);
        ASSERT_NE(created, nullptr);
        EXPECT_NE(KeReadStateEvent(created), 0) << "made signalled";
        EXPECT_EQ(IoCreateNotificationEvent(&name, &second), created);
        ZwClose(first);
        ZwClose(second);
        name = unicode(u"\\BaseNamedObjects\\ExSmallToo");
        PKEVENT synchronization = IoCreateSynchronizationEvent(&name, &first);
        ASSERT_NE(synchronization, nullptr);
        LARGE_INTEGER none{};
        EXPECT_EQ(KeWaitForSingleObject(synchronization, Executive, KernelMode, FALSE, &none), STATUS_SUCCESS);
        EXPECT_EQ(KeWaitForSingleObject(synchronization, Executive, KernelMode, FALSE, &none), STATUS_TIMEOUT);
        ZwClose(first);
    });
}

TEST_F(ExSmall, PowerRequestsAndStates) {
    inside([&] {
        volatile ULONG idle = 7;
        PoStartDeviceBusy(&idle);
        EXPECT_GT(idle, 7u);
        PoEndDeviceBusy(&idle);
        EXPECT_EQ(idle, 0u);
        PVOID state = PoRegisterSystemState(nullptr, ES_SYSTEM_REQUIRED);
        ASSERT_NE(state, nullptr);
        EXPECT_EQ(PoRegisterSystemState(state, ES_DISPLAY_REQUIRED), state);
        PoSetSystemState(ES_SYSTEM_REQUIRED);
        PoUnregisterSystemState(state);
        ULONG seconds = 0;
        EXPECT_FALSE(PoQueryWatchdogTime(nullptr, &seconds)) << "no power watchdog runs";
    });
}

} // namespace
} // namespace openportcls::executive
