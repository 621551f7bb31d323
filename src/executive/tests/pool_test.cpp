// Pool: what it gives, and what a driver does wrong with it. What AddressSanitizer finds itself, at the instruction
// that does it, is skipped where it runs.
#include "executive/tests/fixture.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "executive/ex/asan.h"

namespace openportcls::executive {
namespace {

using Ex = ExecutiveTest;
constexpr ULONG tag = 0x74736554; // 'Test'

bool all_bytes_are(const void* memory, std::size_t count, unsigned char value) {
    const auto* bytes = static_cast<const unsigned char*>(memory);
    return std::all_of(bytes, bytes + count, [value](unsigned char each) { return each == value; });
}

TEST_F(Ex, PoolAlignsZeroesAndCounts) {
    inside([&] {
        void* small = ExAllocatePoolWithTag(NonPagedPoolNx, 24, tag);
        void* page = ExAllocatePool2(POOL_FLAG_NON_PAGED, 4096, tag);
        void* raw = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, 100, tag);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(small) % 16, 0U);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(page) % 4096, 0U);
        EXPECT_TRUE(all_bytes_are(page, 4096, 0));
        EXPECT_FALSE(all_bytes_are(raw, 100, 0)) << "uninitialised pool must not look initialised";
        EXPECT_EQ(kernel().pool.usage().bytes, 24U + 4096 + 100);
        EXPECT_EQ(kernel().pool.live_blocks().size(), 3U);
        EXPECT_EQ(kernel().pool.live_blocks()[0].tag, "Test");
        ExFreePoolWithTag(small, tag);
        ExFreePool(page);
        ExFreePoolWithTag(raw, tag);
        EXPECT_EQ(kernel().pool.usage().blocks, 0U);
    });
}

TEST_F(Ex, PoolFlagsThatContradictFail) {
    inside([&] {
        EXPECT_EQ(ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_PAGED, 16, tag), nullptr);
        EXPECT_EQ(ExAllocatePool2(POOL_FLAG_UNINITIALIZED, 16, tag), nullptr);
        EXPECT_EQ(ExAllocatePool2(POOL_FLAG_NON_PAGED | 0x800, 16, tag), nullptr) << "an unknown required flag";
        void* block = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_SPECIAL_POOL, 16, tag);
        EXPECT_NE(block, nullptr) << "optional flags never fail";
        ExFreePool(block);
    });
}

TEST_F(Ex, PagedPoolAtDispatchLevelIsABugcheck) {
    expect_bugcheck(0x0A, "ExAllocatePoolWithTag may be called at APC_LEVEL", [&] {
        KeRaiseIrqlToDpcLevel();
        ExAllocatePoolWithTag(PagedPool, 16, tag);
    });
}

TEST_F(Ex, WrongTagOfAProtectedBlockIsABugcheck) {
    constexpr ULONG protected_tag = 0x80000000;
    expect_bugcheck(0xC2, "is freed with '1111'", [&] {
        ExFreePoolWithTag(ExAllocatePoolWithTag(NonPagedPool, 16, tag | protected_tag), 0x31313131);
    });
}

// As every `operator delete` of Microsoft's samples does.
TEST_F(Ex, WrongTagOfAnotherBlockIsForgiven) {
    machine.enter([&] { ExFreePoolWithTag(ExAllocatePoolWithTag(NonPagedPool, 16, tag), 0x31313131); });
    EXPECT_FALSE(machine.is_halted());
}

TEST_F(Ex, DoubleFreeIsABugcheck) {
    if (asan_present()) {
        GTEST_SKIP() << "AddressSanitizer reports it itself";
    }
    expect_bugcheck(0xC2, "freed already", [&] {
        void* block = ExAllocatePoolWithTag(NonPagedPool, 16, tag);
        ExFreePoolWithTag(block, tag);
        ExFreePoolWithTag(block, tag);
    });
}

TEST_F(Ex, OverwrittenHeaderIsABugcheck) {
    if (asan_present()) {
        GTEST_SKIP() << "AddressSanitizer reports it itself";
    }
    expect_bugcheck(0x19, "in front of the pool block", [&] {
        auto* block = static_cast<char*>(ExAllocatePoolWithTag(NonPagedPool, 16, tag));
        memset(block - 8, 0x41, 8);
        ExFreePoolWithTag(block, tag);
    });
}

// Pool lies apart from the host's heap: whoever writes far past a block ends his guest, and nothing else.
struct FarWrite {
    std::size_t size;
    std::ptrdiff_t from;
    std::ptrdiff_t up_to;
    std::uint32_t code;
};
class FarWrites : public ExecutiveTest, public testing::WithParamInterface<FarWrite> {};

TEST_P(FarWrites, EndTheGuestOnly) {
    if (machine::GuestHeap::belongs_to_sanitizer()) {
        GTEST_SKIP() << "the sanitizer keeps the blocks";
    }
    const FarWrite& write = GetParam();
    const std::string block_text = fmt::format("the pool block 'Test' of {} bytes", write.size);
    expect_bugcheck(write.code, block_text, [&] {
        std::vector<void*> others;
        for (int i = 0; i < 20; ++i) {
            others.push_back(ExAllocatePoolWithTag(NonPagedPool, 100, 'rhtO'));
        }
        auto* const block = static_cast<volatile char*>(ExAllocatePoolWithTag(NonPagedPool, write.size, 0x74736554));
        const std::ptrdiff_t step = write.from < write.up_to ? 1 : -1;
        for (std::ptrdiff_t offset = write.from; offset != write.up_to; offset += step) {
            block[offset] = 0x41;
        }
        ExFreePoolWithTag(const_cast<char*>(block), 0x74736554);
    });
}

INSTANTIATE_TEST_SUITE_P(Ex, FarWrites,
                         testing::Values(FarWrite{64, 0, 256, 0x19}, FarWrite{64, 0, 4096, 0x19},
                                         FarWrite{1000, 0, 1256, 0x19}, FarWrite{64, 0, 1 << 20, 0xCD},
                                         FarWrite{4096, 0, 65536, 0xCD}, FarWrite{16384, 0, 81920, 0xCD},
                                         FarWrite{64, 64, -1024, 0x19}, FarWrite{64, 64, -(1 << 20), 0xCD},
                                         FarWrite{16384, 0, -8192, 0xCD}));

TEST_F(Ex, WritingFarIntoAFreedBlockEndsTheGuestOnly) {
    if (machine::GuestHeap::belongs_to_sanitizer()) {
        GTEST_SKIP() << "the sanitizer keeps the blocks";
    }
    expect_bugcheck(0x19, "after it was freed", [&] {
        auto* const block = static_cast<volatile char*>(ExAllocatePoolWithTag(NonPagedPool, 64, tag));
        ExFreePoolWithTag(const_cast<char*>(block), tag);
        for (int offset = 0; offset < 4096; ++offset) {
            block[offset] = 0x41;
        }
        kernel().pool.check_all("At the end");
    });
}

TEST_F(Ex, PoolBudgetAndRaise) {
    kernel().pool.set_budget(1);
    inside([&] { EXPECT_EQ(ExAllocatePoolWithTag(NonPagedPool, 16, tag), nullptr); });
    expect_bugcheck(0x1E, "POOL_FLAG_RAISE_ON_FAILURE",
                    [&] { ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_RAISE_ON_FAILURE, 16, tag); });
}

TEST_F(Ex, PoolKnowsWhoseAllocationItIs) {
    inside([&] {
        const auto* code = reinterpret_cast<const char*>(&ExFreePool);
        const auto owner = kernel().pool.register_module("driver.sys", code, code + 4096);
        EXPECT_EQ(kernel().pool.owner_at(code + 100), owner);
        EXPECT_EQ(kernel().pool.owner_at(code - 1), 0);
        void* block = kernel().pool.allocate(10, tag, PoolKind::paged, true, code + 50);
        EXPECT_EQ(kernel().pool.live_blocks(owner).at(0).owner, "driver.sys");
        EXPECT_TRUE(kernel().pool.live_blocks(owner).at(0).paged);
        kernel().pool.free(block, tag, "test");
        EXPECT_EQ(kernel().pool.usage_of(owner).blocks, 0U);
    });
}

// POOL_FLAG_CACHE_ALIGNED: "the allocation is aligned to the processor's cache line"; and the POOL_TYPEs of old.
TEST_F(Ex, CacheAlignedPoolBeginsACacheLine) {
    inside([&] {
        for (SIZE_T size = 1; size < 3000; size += 97) {
            void* blocks[] = {ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_CACHE_ALIGNED, size, tag),
                              ExAllocatePool2(POOL_FLAG_PAGED | POOL_FLAG_CACHE_ALIGNED, size, tag),
                              ExAllocatePoolWithTag(NonPagedPoolCacheAligned, size, tag),
                              ExAllocatePoolWithTag(NonPagedPoolNxCacheAligned, size, tag),
                              ExAllocatePoolWithTag(PagedPoolCacheAligned, size, tag)};
            for (void* block : blocks) {
                EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % 64, 0U) << size;
            }
            for (void* block : blocks) {
                ExFreePoolWithTag(block, tag);
            }
        }
    });
}

[[gnu::noinline]] void* allocate_here(SIZE_T size) {
    void* volatile block = ExAllocatePoolWithTag(NonPagedPool, size, tag);
    return block;
}

struct PoolDamage {
    SIZE_T size;
    std::int64_t offset; // from the block's first byte
    SIZE_T bytes;
    std::uint32_t kind; // parameter 1 of bug check 0x19
};

void PrintTo(const PoolDamage& damage, std::ostream* out) {
    *out << damage.bytes << " bytes at " << damage.offset << " of " << damage.size;
}

class PoolDamages : public ExecutiveTest, public testing::WithParamInterface<PoolDamage> {
protected:
    void SetUp() override {
        if (asan_present()) {
            GTEST_SKIP() << "AddressSanitizer reports it itself";
        }
    }
    void* damaged_block() {
        auto* block = static_cast<char*>(allocate_here(GetParam().size));
        std::memset(block + GetParam().offset, 0x41, GetParam().bytes);
        return block;
    }
    void expect_report() {
        ASSERT_TRUE(machine.is_halted());
        const machine::BugcheckReport& report = *machine.bugcheck_report();
        EXPECT_EQ(report.parameters[0], GetParam().kind) << report.rule;
        EXPECT_EQ(report.parameters[2], GetParam().size);
        EXPECT_NE(report.rule.find("'Test' of " + std::to_string(GetParam().size) + " bytes"), std::string::npos)
            << report.rule;
        const std::string text = report.to_text();
        EXPECT_LT(text.find("allocated by"), text.find("allocate_here")) << text;
    }
};

TEST_P(PoolDamages, AreFoundWhenTheBlockIsFreed) {
    expect_bugcheck(0x19, "ExFreePool", [&] { ExFreePool(damaged_block()); });
    expect_report();
}

TEST_P(PoolDamages, AreFoundWithoutThat) {
    expect_bugcheck(0x19, "in the end", [&] {
        void* before = allocate_here(100);
        damaged_block();
        ExFreePool(before);
        kernel().pool.check_all("in the end");
    });
    expect_report();
}

INSTANTIATE_TEST_SUITE_P(Table, PoolDamages,
                         testing::Values(PoolDamage{40, 40, 1, 0x21}, PoolDamage{40, 40, 4, 0x21},
                                         PoolDamage{41, 41, 64, 0x21}, PoolDamage{40, 103, 1, 0x21},
                                         PoolDamage{1, 1, 1, 0x21}, PoolDamage{4096, 4096, 1, 0x21},
                                         PoolDamage{5000, 5000, 64, 0x21}, PoolDamage{40, -1, 1, 0x20},
                                         PoolDamage{40, -8, 8, 0x20}, PoolDamage{40, -64, 1, 0x20},
                                         PoolDamage{40, -64, 64, 0x20}, PoolDamage{4096, -16, 16, 0x20}));

TEST_F(Ex, PoolWrittenToAfterItWasFreedIsABugcheck) {
    if (asan_present()) {
        GTEST_SKIP() << "AddressSanitizer reports it itself";
    }
    expect_bugcheck(0x19, "written to after it was freed: 0x41 at offset 35", [&] {
        auto* block = static_cast<char*>(allocate_here(40));
        ExFreePool(block);
        block[35] = 0x41;
        for (int others = 0; others < 1000; ++others) {
            ExFreePool(allocate_here(16));
        }
    });
    EXPECT_NE(machine.bugcheck_report()->to_text().find("allocate_here"), std::string::npos);
}

// Bug check 0xC2, parameter 1 = 0x46: an invalid pool address.
// "Bug Check 0xC7: TIMER_OR_DPC_INVALID", parameter 1 = 0 and 1.
TEST_F(Ex, FreeingASetTimerIsABugcheck) {
    struct Extension {
        char before[40];
        KTIMER timer;
    };
    expect_bugcheck(0xC7, "holds a timer that is set, 40 bytes from its start", [] {
        auto* extension = static_cast<Extension*>(ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(Extension), tag));
        KeInitializeTimer(&extension->timer);
        LARGE_INTEGER due;
        due.QuadPart = -1'000'000;
        KeSetTimer(&extension->timer, due, nullptr);
        ExFreePoolWithTag(extension, tag);
    });
    EXPECT_EQ(machine.bugcheck_report()->parameters[0], 0U);
}

void NTAPI never_run(KDPC*, void*, void*, void*) {}

TEST_F(Ex, FreeingAQueuedDpcIsABugcheck) {
    expect_bugcheck(0xC7, "holds a DPC that is queued, 0 bytes from its start", [] {
        auto* dpc = static_cast<KDPC*>(ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(KDPC), tag));
        KeInitializeDpc(dpc, &never_run, nullptr);
        KeRaiseIrqlToDpcLevel();
        KeInsertQueueDpc(dpc, nullptr, nullptr);
        ExFreePoolWithTag(dpc, tag);
    });
    EXPECT_EQ(machine.bugcheck_report()->parameters[0], 1U);
}

TEST_F(Ex, ATimerThatIsOverMayBeFreed) {
    inside([] {
        auto* timer = static_cast<KTIMER*>(ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(KTIMER), tag));
        for (const bool is_cancelled : {true, false}) {
            KeInitializeTimer(timer);
            LARGE_INTEGER due;
            due.QuadPart = -1'000'000;
            KeSetTimer(timer, due, nullptr);
            if (is_cancelled) {
                KeCancelTimer(timer);
            } else {
                KeWaitForSingleObject(timer, Executive, KernelMode, FALSE, nullptr);
            }
        }
        ExFreePoolWithTag(timer, tag);
    });
}

// "Bug Check 0x1: APC_INDEX_MISMATCH", when a system call returns.
TEST_F(Ex, ARegionLeftOpenIsABugcheck) {
    expect_bugcheck(0x01, "inside of a critical or guarded region", [] { KeEnterCriticalRegion(); });
    EXPECT_EQ(machine.bugcheck_report()->parameters[2], 0xFFFFFFFFU) << "SpecialApcDisable:KernelApcDisable";
}

TEST_F(Ex, AMutexHeldByAClientIsABugcheck) {
    static KMUTEX mutex;
    KeInitializeMutex(&mutex, 0);
    expect_bugcheck(0x01, "with a mutex held",
                    [] { KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, nullptr); });
}

TEST_F(Ex, FreeingWhatIsNoBlockIsABugcheck) {
    int local[32] = {};
    struct {
        void* (*address)(int* local);
        const char* rule;
    } const wild[] = {
        {[](int*) -> void* { return nullptr; }, "no pool block"},
        {[](int*) { return reinterpret_cast<void*>(0x41414140); }, "no pool block"},
        {[](int*) { return reinterpret_cast<void*>(0x4141414141414140); }, "no pool block"},
        {[](int* local) -> void* { return local + 20; }, "no pool block"},
        {[](int*) -> void* { return static_cast<char*>(allocate_here(100)) + 32; }, "32 bytes inside"},
        {[](int*) -> void* { return static_cast<char*>(allocate_here(100)) + 3; }, "3 bytes inside"},
    };
    for (const auto& each : wild) {
        machine::Machine another;
        install(another);
        EXPECT_FALSE(another.enter([&] { ExFreePool(each.address(local)); }));
        ASSERT_NE(another.bugcheck_report(), nullptr);
        EXPECT_EQ(another.bugcheck_report()->code, 0xC2U) << another.bugcheck_report()->rule;
        EXPECT_EQ(another.bugcheck_report()->parameters[0], 0x46U);
        EXPECT_NE(another.bugcheck_report()->rule.find(each.rule), std::string::npos)
            << another.bugcheck_report()->rule;
    }
}

} // namespace
} // namespace openportcls::executive
