// MDLs, contiguous memory, addresses.
#include "executive/tests/hardware_fixture.h"

namespace openportcls::executive {
namespace {

using Mm = ExecutiveTest;

TEST_F(Mm, MdlDescribesABufferPageByPage) {
    inside([&] {
        auto* buffer = static_cast<char*>(ExAllocatePoolWithTag(NonPagedPoolNx, 3 * 4096, test_tag));
        MDL* mdl = IoAllocateMdl(buffer + 100, 8'000, FALSE, FALSE, nullptr);
        EXPECT_EQ(MmGetMdlByteOffset(mdl), 100U);
        EXPECT_EQ(MmGetMdlByteCount(mdl), 8'000U);
        MmBuildMdlForNonPagedPool(mdl);
        EXPECT_EQ(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority), buffer + 100);
        for (int page = 0; page < 2; ++page) {
            EXPECT_EQ(static_cast<LONGLONG>(MmGetMdlPfnArray(mdl)[page] << 12),
                      MmGetPhysicalAddress(buffer + page * 4096).QuadPart);
        }
        MDL* part = IoAllocateMdl(buffer + 5'000, 1'000, FALSE, FALSE, nullptr);
        IoBuildPartialMdl(mdl, part, buffer + 5'000, 1'000);
        EXPECT_EQ(MmGetMdlPfnArray(part)[0], MmGetMdlPfnArray(mdl)[1]);
        EXPECT_EQ(MmGetSystemAddressForMdlSafe(part, NormalPagePriority), buffer + 5'000);
        IoFreeMdl(part);
        IoFreeMdl(mdl);
        ExFreePool(buffer);
        EXPECT_EQ(kernel().mdls.living(), 0U);
    });
}

TEST_F(Mm, LockedMdlMustBeUnlockedBeforeItIsFreed) {
    inside([&] {
        char buffer[100];
        MDL* mdl = IoAllocateMdl(buffer, 100, FALSE, FALSE, nullptr);
        MmProbeAndLockPages(mdl, UserMode, IoModifyAccess);
        EXPECT_EQ(kernel().locked_mdls, 1U);
        EXPECT_EQ(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority), buffer);
        MmUnlockPages(mdl);
        EXPECT_EQ(mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA), 0);
        IoFreeMdl(mdl);
    });
    expect_bugcheck(0x76, "still locked", [&] {
        char buffer[100];
        MDL* mdl = IoAllocateMdl(buffer, 100, FALSE, FALSE, nullptr);
        MmProbeAndLockPages(mdl, UserMode, IoModifyAccess);
        IoFreeMdl(mdl);
    });
}

TEST_F(Mm, LockingNothingRaises) {
    expect_bugcheck(0x1E, "not accessible", [&] {
        MDL* mdl = IoAllocateMdl(nullptr, 100, FALSE, FALSE, nullptr);
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    });
}

TEST_F(Mm, PagesForMdlHonourTheLimitAndCanBeMappedTwice) {
    inside([&] {
        MDL* mdl = MmAllocatePagesForMdlEx(large(0), large(16 << 20), large(0), 5 * 4096, MmCached, 0);
        ASSERT_NE(mdl, nullptr);
        EXPECT_EQ(MmGetMdlByteCount(mdl), 5U * 4096);
        for (int page = 0; page < 5; ++page) {
            EXPECT_LT(MmGetMdlPfnArray(mdl)[page] << 12, 16U << 20);
        }
        auto* kernel_view = static_cast<char*>(
            MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, nullptr, FALSE, NormalPagePriority));
        auto* user_view = static_cast<char*>(
            MmMapLockedPagesSpecifyCache(mdl, UserMode, MmCached, nullptr, FALSE, NormalPagePriority));
        ASSERT_NE(kernel_view, nullptr);
        kernel_view[4096 * 4] = 'z';
        EXPECT_EQ(user_view[4096 * 4], 'z');
        MmUnmapLockedPages(user_view, mdl);
        MmUnmapLockedPages(kernel_view, mdl);
        MmFreePagesFromMdl(mdl);
        ExFreePool(mdl);
        EXPECT_EQ(machine.memory().allocated_bytes(), 0U);
        EXPECT_EQ(kernel().pages_in_mdls, 0U);
    });
}

TEST_F(Mm, ContiguousMemoryHonoursItsConstraints) {
    inside([&] {
        void* memory =
            MmAllocateContiguousMemorySpecifyCache(20'000, large(0), large(0xFFFFFF), large(0x10000), MmCached);
        ASSERT_NE(memory, nullptr);
        const LONGLONG physical = MmGetPhysicalAddress(memory).QuadPart;
        EXPECT_LT(physical + 20'000, 0x1000000);
        EXPECT_EQ(physical / 0x10000, (physical + 19'999) / 0x10000);
        EXPECT_EQ(MmGetVirtualForPhysical(MmGetPhysicalAddress(memory)), memory);
        MmFreeContiguousMemory(memory);
        EXPECT_EQ(machine.memory().allocated_bytes(), 0U);
    });
    expect_bugcheck(0xC2, "MmFreeContiguousMemory", [&] {
        char nothing = 0;
        MmFreeContiguousMemory(&nothing);
    });
}

TEST_F(Mm, AddressesAreProbed) {
    inside([&] {
        int local = 0;
        EXPECT_TRUE(MmIsAddressValid(&local));
        EXPECT_FALSE(MmIsAddressValid(nullptr));
        EXPECT_FALSE(MmIsAddressValid(reinterpret_cast<void*>(0x123456789000)));
        ProbeForRead(&local, sizeof local, alignof(int));
        ProbeForWrite(nullptr, 0, 1);
    });
    expect_bugcheck(0x1E, "aligned", [&] { ProbeForRead(reinterpret_cast<void*>(0x100001), 4, 4); });
}

TEST_F(Mm, ContiguousMemoryBelowALimit) {
    inside([&] {
        void* memory = MmAllocateContiguousMemory(5'000, large(0xFFFFFF));
        ASSERT_NE(memory, nullptr);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory) % PAGE_SIZE, 0U) << "aligned to a page";
        EXPECT_LE(MmGetPhysicalAddress(memory).QuadPart + 5'000, 0x1000000);
        EXPECT_EQ(MmAllocateContiguousMemory(0, large(0xFFFFFF)), nullptr);
        EXPECT_EQ(MmAllocateContiguousMemory(5'000, large(0xFFF)), nullptr) << "nothing is below";
        EXPECT_EQ(MmAllocateContiguousMemory(1ULL << 40, large(-1)), nullptr);
        MmFreeContiguousMemorySpecifyCache(memory, 5'000, MmCached);
        EXPECT_EQ(machine.memory().allocated_bytes(), 0U);
    });
    expect_bugcheck(0xC2, "MmFreeContiguousMemorySpecifyCache", [&] {
        void* memory = MmAllocateContiguousMemory(5'000, large(0xFFFFFF));
        MmFreeContiguousMemorySpecifyCache(memory, 5'000, MmCached);
        MmFreeContiguousMemorySpecifyCache(memory, 5'000, MmCached);
    });
}

TEST_F(Mm, ContiguousMemoryAboveDispatchLevelIsReported) {
    expect_bugcheck(0x0A, "MmAllocateContiguousMemory may be called at DISPATCH_LEVEL or below", [&] {
        KIRQL old;
        KeRaiseIrql(DISPATCH_LEVEL + 1, &old);
        MmAllocateContiguousMemory(5'000, large(0xFFFFFF));
    });
}

// Caches are coherent on x64: flushing is allowed wherever its page allows it and changes nothing.
TEST_F(Mm, FlushingIoBuffersKeepsTheirContent) {
    inside([&] {
        char buffer[64] = "content";
        MDL* mdl = IoAllocateMdl(buffer, sizeof buffer, FALSE, FALSE, nullptr);
        MmProbeAndLockPages(mdl, KernelMode, IoModifyAccess);
        KeFlushIoBuffers(mdl, TRUE, TRUE);
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        KeFlushIoBuffers(mdl, FALSE, TRUE);
        KeLowerIrql(old);
        EXPECT_STREQ(buffer, "content");
        MmUnlockPages(mdl);
        IoFreeMdl(mdl);
    });
    expect_bugcheck(0x0A, "KeFlushIoBuffers may be called at DISPATCH_LEVEL or below", [&] {
        KIRQL old;
        KeRaiseIrql(DISPATCH_LEVEL + 1, &old);
        KeFlushIoBuffers(nullptr, TRUE, TRUE);
    });
}

} // namespace
} // namespace openportcls::executive
