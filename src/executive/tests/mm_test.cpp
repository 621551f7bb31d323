// MDLs, contiguous memory, addresses.
#include <sys/mman.h>

#include "executive/ex/exceptions.h"
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
        IoBuildPartialMdl(mdl, part, buffer + 7'600, 0);
        EXPECT_EQ(MmGetMdlByteCount(part), 500U) << "a length of zero is all that is left of the source";
        EXPECT_EQ(MmGetSystemAddressForMdlSafe(part, NormalPagePriority), buffer + 7'600);
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
        EXPECT_EQ(kernel().pages.living_bytes(), 0U);
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
        EXPECT_EQ(kernel().pages.living_bytes(), 0U);
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

// The exception that a __try block around the function would see; STATUS_SUCCESS when there is none.
template<class Function>
NTSTATUS raised_by(Function function) {
    struct Raised {
        NTSTATUS status;
    };
    set_exception_dispatcher([](NTSTATUS status) { throw Raised{status}; });
    NTSTATUS status = STATUS_SUCCESS;
    try {
        function();
    } catch (const Raised& raised) {
        status = raised.status;
    }
    set_exception_dispatcher(nullptr);
    return status;
}

// Two pages of an application, the second of which has another protection.
class ClientPages {
public:
    explicit ClientPages(int protection_of_second)
        : begin_(static_cast<char*>(mmap(nullptr, 8'192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {
        mprotect(begin_ + 4'096, 4'096, protection_of_second);
    }
    ~ClientPages() { munmap(begin_, 8'192); }
    ClientPages(const ClientPages&) = delete;
    ClientPages& operator=(const ClientPages&) = delete;
    char* begin() const { return begin_; }

private:
    char* begin_;
};

// nf-wdm-probeforwrite: "If the specified range of memory is not a valid user-mode address range or is not writable (no
// access, read-only, and so on), ProbeForWrite raises the STATUS_ACCESS_VIOLATION exception."
// nf-wdm-probeforread: "within the user-mode address range"; "If Length = 0, ProbeForRead does no checking".
TEST_F(Mm, ProbesRaiseForMemoryThatTheApplicationDoesNotHave) {
    const ClientPages read_only(PROT_READ);
    const ClientPages gone(PROT_NONE);
    char* const kernel_half = reinterpret_cast<char*>(0xFFFF'8000'0000'0000);
    char* const across_the_halves = reinterpret_cast<char*>(0x7FFF'FFFF'FFFF);
    inside([&] {
        const auto read = [](const char* address, SIZE_T bytes) {
            return raised_by([&] { ProbeForRead(address, bytes, 1); });
        };
        const auto write = [](char* address, SIZE_T bytes) {
            return raised_by([&] { ProbeForWrite(address, bytes, 1); });
        };
        EXPECT_EQ(read(read_only.begin(), 8'192), STATUS_SUCCESS);
        EXPECT_EQ(write(read_only.begin(), 4'096), STATUS_SUCCESS);
        EXPECT_EQ(write(read_only.begin(), 4'097), STATUS_ACCESS_VIOLATION);
        EXPECT_EQ(read(gone.begin(), 4'096), STATUS_SUCCESS);
        EXPECT_EQ(read(gone.begin(), 4'097), STATUS_ACCESS_VIOLATION);
        EXPECT_EQ(write(gone.begin() + 4'096, 1), STATUS_ACCESS_VIOLATION);
        for (char* outside : {kernel_half, across_the_halves, static_cast<char*>(nullptr)}) {
            EXPECT_EQ(read(outside, 2), STATUS_ACCESS_VIOLATION);
            EXPECT_EQ(write(outside, 2), STATUS_ACCESS_VIOLATION);
            EXPECT_EQ(read(outside, 0), STATUS_SUCCESS);
            EXPECT_EQ(write(outside, 0), STATUS_SUCCESS);
        }
        EXPECT_EQ(read(read_only.begin(), ~SIZE_T{0}), STATUS_ACCESS_VIOLATION) << "around the end of the addresses";
        EXPECT_EQ(raised_by([&] { ProbeForRead(kernel_half + 1, 4, 4); }), STATUS_DATATYPE_MISALIGNMENT);
    });
}

// nf-wdm-mmprobeandlockpages: "If the pages do not support the specified operation, the routine raises the
// STATUS_ACCESS_VIOLATION or other exceptions."
TEST_F(Mm, LockedPagesPermitTheOperation) {
    const ClientPages read_only(PROT_READ);
    const ClientPages gone(PROT_NONE);
    inside([&] {
        const auto lock = [](char* address, LOCK_OPERATION operation) {
            MDL* mdl = IoAllocateMdl(address, 8'000, FALSE, FALSE, nullptr);
            const NTSTATUS status = raised_by([&] { MmProbeAndLockPages(mdl, UserMode, operation); });
            if (NT_SUCCESS(status)) {
                MmUnlockPages(mdl);
            }
            IoFreeMdl(mdl);
            return status;
        };
        EXPECT_EQ(lock(read_only.begin(), IoReadAccess), STATUS_SUCCESS);
        EXPECT_EQ(lock(read_only.begin(), IoWriteAccess), STATUS_ACCESS_VIOLATION);
        EXPECT_EQ(lock(read_only.begin(), IoModifyAccess), STATUS_ACCESS_VIOLATION);
        EXPECT_EQ(lock(gone.begin(), IoReadAccess), STATUS_ACCESS_VIOLATION);
        EXPECT_EQ(lock(reinterpret_cast<char*>(0xFFFF'8000'0000'0000), IoReadAccess), STATUS_ACCESS_VIOLATION);
        EXPECT_EQ(kernel().locked_mdls, 0U);
    });
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
        EXPECT_EQ(kernel().pages.living_bytes(), 0U);
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
