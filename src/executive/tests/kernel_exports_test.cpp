// Exports of ntoskrnl that have no topic of their own here: memory, threads, strings, small questions.
#include "executive/ex/asan.h"
#include "executive/rtl/system_version.h"
#include "executive/tests/hardware_fixture.h"

namespace openportcls::executive {
namespace {

using KernelExports = ExecutiveTest;

// nf-wdm-mmallocatecontiguousnodememory: within the limits, and not across a multiple of BoundaryAddressMultiple.
TEST_F(KernelExports, MmAllocateContiguousNodeMemoryKeepsItsBoundary) {
    inside([&] {
        std::vector<void*> held;
        for (int block = 0; block < 12; ++block) {
            void* memory = MmAllocateContiguousNodeMemory(0x5000, large(3 << 20), large((16 << 20) - 1), large(0x10000),
                                                          PAGE_READWRITE, MM_ANY_NODE_OK);
            ASSERT_NE(memory, nullptr);
            const LONGLONG begin = MmGetPhysicalAddress(memory).QuadPart;
            EXPECT_GE(begin, 3 << 20);
            EXPECT_LE(begin + 0x5000, 16 << 20);
            EXPECT_EQ(begin >> 16, (begin + 0x4FFF) >> 16);
            held.push_back(memory);
        }
        EXPECT_EQ(MmAllocateContiguousNodeMemory(0x11000, large(0), large(LLONG_MAX), large(0x10000), PAGE_READWRITE,
                                                 MM_ANY_NODE_OK),
                  nullptr)
            << "longer than the boundary allows";
        for (void* memory : held) {
            MmFreeContiguousMemory(memory);
        }
        EXPECT_EQ(kernel().contiguous.count(), 0U);
    });
}

// nf-wdm-mmprotectmdlsystemaddress: STATUS_NOT_MAPPED_VIEW for an MDL that is not mapped to system memory.
TEST_F(KernelExports, MmProtectMdlSystemAddressNeedsAMapping) {
    inside([&] {
        MDL* mdl = MmAllocatePagesForMdlEx(large(0), large(LLONG_MAX), large(0), 4'096, MmCached, 0);
        EXPECT_EQ(MmProtectMdlSystemAddress(mdl, PAGE_READONLY), STATUS_NOT_MAPPED_VIEW);
        ASSERT_NE(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority), nullptr);
        EXPECT_EQ(MmProtectMdlSystemAddress(mdl, PAGE_READONLY), STATUS_SUCCESS);
        MmFreePagesFromMdl(mdl);
        ExFreePool(mdl);
    });
}

TEST_F(KernelExports, MmGetSystemRoutineAddressAsksForTheName) {
    static int routine;
    kernel().export_lookup = [](std::u16string_view name) -> void* {
        return name == u"KeSetEvent" ? &routine : nullptr;
    };
    inside([&] {
        UNICODE_STRING name = unicode(u"KeSetEvent");
        EXPECT_EQ(MmGetSystemRoutineAddress(&name), &routine);
        name = unicode(u"KeSetEven");
        EXPECT_EQ(MmGetSystemRoutineAddress(&name), nullptr);
        name.Length = 0;
        EXPECT_EQ(MmGetSystemRoutineAddress(&name), nullptr);
    });
    kernel().export_lookup = nullptr;
}

// A client edition of Windows on a machine with memory enough.
TEST_F(KernelExports, ExVerifySuiteAndMmQuerySystemSizeDescribeAClientMachine) {
    inside([&] {
        EXPECT_TRUE(ExVerifySuite(SingleUserTS));
        EXPECT_FALSE(ExVerifySuite(DataCenter));
        EXPECT_FALSE(ExVerifySuite(Enterprise));
        EXPECT_EQ(MmQuerySystemSize(), MmLargeSystem);
    });
}

TEST_F(KernelExports, RtlInitStringCountsUpToTheZero) {
    inside([&] {
        STRING string;
        RtlInitString(&string, "four");
        EXPECT_EQ(string.Length, 4);
        EXPECT_EQ(string.MaximumLength, 5);
        EXPECT_STREQ(string.Buffer, "four");
        RtlInitString(&string, nullptr);
        EXPECT_EQ(string.Length + string.MaximumLength, 0);
        EXPECT_EQ(string.Buffer, nullptr);
    });
}

// nf-wdm-rtlisservicepackversioninstalled: a pack of this release, at least as new.
TEST_F(KernelExports, RtlIsServicePackVersionInstalledKnowsItsRelease) {
    inside([&] {
        set_system_version(machine, *system_version_named("xp"));
        EXPECT_TRUE(RtlIsServicePackVersionInstalled(NTDDI_WINXPSP2));
        EXPECT_TRUE(RtlIsServicePackVersionInstalled(NTDDI_WINXPSP3));
        EXPECT_FALSE(RtlIsServicePackVersionInstalled(NTDDI_WINXPSP4));
        EXPECT_FALSE(RtlIsServicePackVersionInstalled(NTDDI_VISTA));
        EXPECT_FALSE(RtlIsServicePackVersionInstalled(NTDDI_WIN2KSP4)) << "another release";
    });
}

TEST_F(KernelExports, RtlCaptureStackBackTraceSkipsAndCounts) {
    inside([&] {
        PVOID all[16] = {};
        ULONG hash = 0;
        const USHORT count = RtlCaptureStackBackTrace(0, 16, all, &hash);
        ASSERT_GE(count, 2);
        EXPECT_NE(hash, 0U);
        PVOID later[16] = {};
        EXPECT_EQ(RtlCaptureStackBackTrace(1, 1, later, nullptr), 1);
        EXPECT_EQ(later[0], all[1]);
        EXPECT_EQ(later[1], nullptr) << "no more than asked for";
    });
}

TEST_F(KernelExports, InitializeSListHeadMakesAnEmptyList) {
    inside([&] {
        SLIST_HEADER head;
        memset(&head, 0x5A, sizeof head);
        InitializeSListHead(&head);
        EXPECT_EQ(ExQueryDepthSList(&head), 0);
        EXPECT_EQ(ExpInterlockedPopEntrySList(&head), nullptr);
    });
}

struct Ending {
    bool goes_on = false;
    bool is_system = false;
    bool is_system_for_io = false;
};
void NTAPI end_with_cancelled(void* context) {
    auto* ending = static_cast<Ending*>(context);
    ending->is_system = PsIsSystemThread(PsGetCurrentThread());
    ending->is_system_for_io = IoIsSystemThread(PsGetCurrentThread());
    PsTerminateSystemThread(STATUS_CANCELLED);
    ending->goes_on = true;
}

// nf-wdm-psterminatesystemthread: ends the thread that calls it, if it is a system thread.
TEST_F(KernelExports, PsTerminateSystemThreadAndPsIsSystemThread) {
    inside([&] {
        Ending ending;
        HANDLE handle = nullptr;
        ASSERT_EQ(
            PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr, &end_with_cancelled, &ending),
            STATUS_SUCCESS);
        ZwWaitForSingleObject(handle, FALSE, nullptr);
        ZwClose(handle);
        EXPECT_TRUE(ending.is_system);
        EXPECT_TRUE(ending.is_system_for_io);
        EXPECT_FALSE(ending.goes_on);
        EXPECT_FALSE(PsIsSystemThread(PsGetCurrentThread())) << "the client's";
        EXPECT_FALSE(IoIsSystemThread(PsGetCurrentThread()));
        EXPECT_EQ(PsTerminateSystemThread(STATUS_SUCCESS), STATUS_INVALID_PARAMETER);
    });
}

// nf-wdm-exsetresourceownerpointer: another thread may release it, by the pointer.
TEST_F(KernelExports, ExSetResourceOwnerPointerHandsAResourceOn) {
    inside([&] {
        ERESOURCE resource;
        ExInitializeResourceLite(&resource);
        KeEnterCriticalRegion();
        ASSERT_TRUE(ExAcquireResourceExclusiveLite(&resource, TRUE));
        auto* owner = reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(&resource) | 3);
        ExSetResourceOwnerPointer(&resource, owner);
        EXPECT_FALSE(ExIsResourceAcquiredExclusiveLite(&resource)) << "not this thread's any more";
        ExReleaseResourceForThreadLite(&resource, reinterpret_cast<ERESOURCE_THREAD>(owner));
        EXPECT_TRUE(ExAcquireResourceExclusiveLite(&resource, FALSE)) << "it is free";
        ExReleaseResourceLite(&resource);
        KeLeaveCriticalRegion();
        ExDeleteResourceLite(&resource);
    });
}

TEST_F(KernelExports, ExFlushLookasideListExGivesWhatIsKeptBack) {
    inside([&] {
        LOOKASIDE_LIST_EX list;
        ASSERT_EQ(ExInitializeLookasideListEx(&list, nullptr, nullptr, NonPagedPoolNx, 0, 64, test_tag, 0),
                  STATUS_SUCCESS);
        ExFreeToLookasideListEx(&list, ExAllocateFromLookasideListEx(&list));
        EXPECT_EQ(kernel().pool.usage().blocks, asan_present() ? 0U : 1U) << "kept for the next one";
        ExFlushLookasideListEx(&list);
        EXPECT_EQ(kernel().pool.usage().blocks, 0U);
        ExFreeToLookasideListEx(&list, ExAllocateFromLookasideListEx(&list));
        ExDeleteLookasideListEx(&list);
        EXPECT_EQ(kernel().pool.usage().blocks, 0U);
    });
}

} // namespace
} // namespace openportcls::executive
