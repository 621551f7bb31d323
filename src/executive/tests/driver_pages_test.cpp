// Physical pages that drivers get: what is written past them, or after they were freed, is a bugcheck that says whose
// they were; what an application may write is none.
#include "executive/tests/dma_fixture.h"

#include <fmt/format.h>

#include "executive/ex/asan.h"

namespace openportcls::executive {
namespace {

constexpr std::uint64_t page = 4'096;

class DriverPagesTest : public DmaTest {
protected:
    void SetUp() override {
        if (asan_present()) {
            GTEST_SKIP() << "AddressSanitizer would answer";
        }
    }
    char* common_buffer(ULONG bytes) {
        adapter = open(master(true));
        return static_cast<char*>(adapter->DmaOperations->AllocateCommonBuffer(adapter, bytes, &logical, FALSE));
    }
    void free_common_buffer(char* buffer, ULONG bytes) {
        adapter->DmaOperations->FreeCommonBuffer(adapter, bytes, logical, buffer, FALSE);
    }
    static MDL* pages(SIZE_T bytes) {
        return MmAllocatePagesForMdlEx(large(0), large(-1), large(0), bytes, MmCached, 0);
    }
    static char* mapped(MDL* mdl, KPROCESSOR_MODE mode = KernelMode) {
        return static_cast<char*>(
            MmMapLockedPagesSpecifyCache(mdl, mode, MmCached, nullptr, FALSE, NormalPagePriority));
    }
    const machine::BugcheckReport& report() const { return *machine.bugcheck_report(); }

    DMA_ADAPTER* adapter = nullptr;
    PHYSICAL_ADDRESS logical{};
};

[[gnu::noinline]] char* allocate_contiguous_here(SIZE_T bytes) {
    char* volatile memory = static_cast<char*>(MmAllocateContiguousMemory(bytes, large(-1)));
    return memory;
}

// ---- past the end ---------------------------------------------------------------------------------------------------

TEST_F(DriverPagesTest, OverrunOfContiguousMemoryIsReportedWhenItIsFreed) {
    expect_bugcheck(0x19, "MmFreeContiguousMemory: the 1000 bytes at", [] {
        char* memory = allocate_contiguous_here(1'000);
        memory[1'000] = 0x41;
        MmFreeContiguousMemory(memory);
    });
    EXPECT_NE(report().rule.find("of MmAllocateContiguousMemory were written past their end, by the driver or its "
                                 "device: 0x41 at offset 1000"),
              std::string::npos)
        << report().rule;
    EXPECT_EQ(report().parameters[0], 0x21U);
    const std::string text = report().to_text();
    EXPECT_LT(text.find("allocated by"), text.find("allocate_contiguous_here")) << text;
}

TEST_F(DriverPagesTest, OverrunOfWholePagesIsReportedInTheEnd) {
    expect_bugcheck(0x19, "In the end: the 8192 bytes", [this] {
        char* memory = allocate_contiguous_here(2 * page);
        memory[2 * page + 3] = 0x41;
        kernel().check_memory("In the end");
    });
    EXPECT_NE(report().rule.find("0x41 at offset 8195"), std::string::npos) << report().rule;
}

TEST_F(DriverPagesTest, OverrunOfFewSpareBytesIsReported) {
    expect_bugcheck(0x19, "0x41 at offset 4100", [] {
        char* memory = allocate_contiguous_here(page - 3);
        memory[page + 4] = 0x41;
        MmFreeContiguousMemory(memory);
    });
}

// "The driver or the hardware wrote outside its allocated DMA buffer", 5: "Padding after the buffer has been
// incorrectly modified" (bug-check-0xe6).
TEST_F(DriverPagesTest, OverrunOfACommonBufferIsADmaViolation) {
    expect_bugcheck(0xE6, "FreeCommonBuffer: the 6000 bytes at", [this] {
        char* buffer = common_buffer(6'000);
        memset(buffer, 0x41, 6'001);
        free_common_buffer(buffer, 6'000);
    });
    EXPECT_NE(report().rule.find("of AllocateCommonBuffer were written past their end"), std::string::npos);
    EXPECT_EQ(report().parameters[0], 0x0FU);
    EXPECT_EQ(report().parameters[1], 0x05U);
    EXPECT_EQ(report().parameters[3] - report().parameters[2], 6'000U);
}

TEST_F(DriverPagesTest, OverrunOfPagesOfAnMdlIsReportedWhenTheyAreFreed) {
    expect_bugcheck(0x19, "MmFreePagesFromMdl: the 12288 bytes at", [] {
        MDL* mdl = pages(3 * page);
        mapped(mdl)[3 * page] = 0x41;
        MmFreePagesFromMdl(mdl);
    });
    EXPECT_NE(report().rule.find("of MmAllocatePagesForMdlEx were written past"), std::string::npos) << report().rule;
}

// The MDL says that the driver has all of its pages.
TEST_F(DriverPagesTest, TheLastPageOfAnMdlIsAllTheDrivers) {
    inside([this] {
        MDL* mdl = pages(5'000);
        memset(mapped(mdl), 0x41, 2 * page);
        kernel().check_memory("In the end");
        free_pages(mdl);
    });
}

TEST_F(DriverPagesTest, WriteInFrontIsReportedWhenTheMemoryIsFreed) {
    expect_bugcheck(0x19, "MmFreeContiguousMemory: the bytes in front of the 4096 bytes at", [] {
        allocate_contiguous_here(page);
        char* memory = allocate_contiguous_here(page);
        memory[-3] = 0x41;
        MmFreeContiguousMemory(memory);
    });
    EXPECT_NE(report().rule.find("were written over, by the driver or its device: 0x41 3 bytes before"),
              std::string::npos)
        << report().rule;
    EXPECT_EQ(report().parameters[0], 0x20U);
}

TEST_F(DriverPagesTest, WriteInFrontOfACommonBufferIsADmaViolation) {
    expect_bugcheck(0xE6, "In the end: the bytes in front of the 6000 bytes at", [this] {
        MmFreeContiguousMemory(allocate_contiguous_here(page)); // what lies in front may be freed
        common_buffer(6'000)[-64] = 0x41;
        MmFreeContiguousMemory(allocate_contiguous_here(page));
        kernel().check_memory("In the end");
    });
    EXPECT_EQ(report().parameters[1], 0x04U);
    EXPECT_EQ(report().parameters[2] - report().parameters[3], 64U);
}

// ---- an application -------------------------------------------------------------------------------------------------

TEST_F(DriverPagesTest, WhatAnApplicationWritesIntoTheLastPageIsNoFaultOfTheDrivers) {
    inside([this] {
        char* buffer = common_buffer(1'000);
        MDL* mdl = IoAllocateMdl(buffer, 1'000, FALSE, FALSE, nullptr);
        MmBuildMdlForNonPagedPool(mdl);
        char* seen = mapped(mdl, UserMode);
        EXPECT_EQ(seen[1'000], 0) << "no pattern";
        memset(seen, 0x41, page);
        kernel().check_memory("In the end");
        IoFreeMdl(mdl);
        free_common_buffer(buffer, 1'000);
    });
}

TEST_F(DriverPagesTest, OverrunOfPagesThatAnApplicationHasNamesIt) {
    expect_bugcheck(0x19, "or the application that has the pages mapped: 0x41 at offset 4096", [this] {
        MDL* mdl = pages(page);
        mapped(mdl, UserMode)[page] = 0x41;
        kernel().check_memory("In the end");
    });
}

TEST_F(DriverPagesTest, OverrunBeforeAnApplicationCouldMakeItIsTheDrivers) {
    expect_bugcheck(0xE6, "Noticed when it was mapped for the application: the 1000 bytes", [this] {
        char* buffer = common_buffer(1'000);
        buffer[1'000] = 0x41;
        MDL* mdl = IoAllocateMdl(buffer, 1'000, FALSE, FALSE, nullptr);
        MmBuildMdlForNonPagedPool(mdl);
        mapped(mdl, UserMode);
    });
}

// ---- after they were freed ------------------------------------------------------------------------------------------

TEST_F(DriverPagesTest, WriteAfterFreeIsReportedInTheEnd) {
    expect_bugcheck(0x19, "In the end: the 5000 bytes at", [this] {
        char* memory = allocate_contiguous_here(5'000);
        MmFreeContiguousMemory(memory);
        kernel().check_memory("Too early");
        memory[4'500] = 0x41;
        kernel().check_memory("In the end");
    });
    EXPECT_NE(report().rule.find("were written to after they were freed, by the driver or its device (DMA that went "
                                 "on): 0x41 at offset 4500"),
              std::string::npos)
        << report().rule;
    EXPECT_EQ(report().parameters[0], 0x0DU);
    const std::string text = report().to_text();
    EXPECT_LT(text.find("allocated by"), text.find("allocate_contiguous_here")) << text;
}

TEST_F(DriverPagesTest, WriteThroughAMappingOfFreedPagesIsReported) {
    expect_bugcheck(0x19, "of MmAllocatePagesForMdlEx were written to after they were freed", [this] {
        MDL* mdl = pages(2 * page);
        char* memory = mapped(mdl);
        MmUnmapLockedPages(memory, mdl);
        free_pages(mdl);
        memory[page] = 0;
        kernel().check_memory("In the end");
    });
}

TEST_F(DriverPagesTest, WriteAfterFreeIsReportedWhenThePagesAreWantedAgain) {
    expect_bugcheck(0x19, "wanted again: the 4096 bytes", [] {
        char* memory = allocate_contiguous_here(page);
        MmFreeContiguousMemory(memory);
        memory[0] = 0x41;
        for (int times = 0; times < 20; ++times) {
            MmFreeContiguousMemory(allocate_contiguous_here(page));
        }
    });
}

TEST_F(DriverPagesTest, WriteIntoTheMiddleOfAFreedMebibyteIsReported) {
    expect_bugcheck(0x19, fmt::format("0x41 at offset {}", (512 << 10) + 77), [this] {
        char* memory = allocate_contiguous_here(1 << 20);
        memset(memory, 0x42, 1 << 20);
        MmFreeContiguousMemory(memory);
        kernel().check_memory("Too early");
        memory[(512 << 10) + 77] = 0x41;
        kernel().check_memory("In the end");
    });
}

TEST_F(DriverPagesTest, WriteAfterFreeOfPagesThatAnApplicationHadNamesIt) {
    expect_bugcheck(0x19, "or the application that had the pages mapped: 0x41 at offset 0", [this] {
        MDL* mdl = pages(page);
        char* seen = mapped(mdl, UserMode);
        free_pages(mdl);
        seen[0] = 0x41;
        kernel().check_memory("In the end");
    });
}

TEST_F(DriverPagesTest, ASystemDmaChannelThatGoesOnIsNamed) {
    IsaController controller;
    kernel().dma_channels.attach(&controller);
    expect_bugcheck(0x19, "by system DMA channel 1, which still transfers there (FlushAdapterBuffers): 0x41", [&] {
        adapter = open(slave());
        auto* buffer =
            static_cast<char*>(adapter->DmaOperations->AllocateCommonBuffer(adapter, 4'096, &logical, FALSE));
        MDL* mdl = IoAllocateMdl(buffer, 4'096, FALSE, FALSE, nullptr);
        MmBuildMdlForNonPagedPool(mdl);
        Channel channel;
        const Raised raised;
        adapter->DmaOperations->AllocateAdapterChannel(adapter, device, 1, channel_ready, &channel);
        ULONG length = 4'096;
        adapter->DmaOperations->MapTransfer(adapter, mdl, channel.map_registers, buffer, &length, FALSE);
        kernel().contiguous.free(buffer, "FreeCommonBuffer");
        *static_cast<char*>(machine.memory().to_virtual(controller.transfer.address, 1)) = 0x41;
        kernel().check_memory("In the end");
    });
}

// 3: "Free map register was overwritten."
TEST_F(DriverPagesTest, DmaIntoFreedMapRegistersIsTheDevices) {
    expect_bugcheck(0xE6, "by the device, whose DMA went on: 0x41", [&] {
        MDL* mdl = far_pages(1);
        adapter = open(master_of_version_3(24));
        Received received;
        const Raised raised;
        adapter->DmaOperations->GetScatterGatherList(adapter, device, mdl, MmGetMdlVirtualAddress(mdl), 4'096,
                                                     &list_ready, &received, FALSE);
        ASSERT_NE(received.list, nullptr);
        char* const seen_by_device = at(received.list->Elements[0].Address, 1);
        ASSERT_NE(seen_by_device, &byte_at(mdl, 0)) << "bounced";
        adapter->DmaOperations->PutScatterGatherList(adapter, received.list, FALSE);
        *seen_by_device = 0x41;
        kernel().check_memory("In the end");
    });
    EXPECT_EQ(report().parameters[0], 0x0FU);
    EXPECT_EQ(report().parameters[1], 0x03U);
}

// ---- freed twice ----------------------------------------------------------------------------------------------------

TEST_F(DriverPagesTest, FreeingPagesThatAreNotAllocatedIsABugcheck) {
    expect_bugcheck(0x4E, "MmFreePagesFromMdl: pages from frame", [] {
        MDL* mdl = pages(2 * page);
        MDL* same = IoAllocateMdl(nullptr, 2 * page, FALSE, FALSE, nullptr);
        memcpy(MmGetMdlPfnArray(same), MmGetMdlPfnArray(mdl), 2 * sizeof(PFN_NUMBER));
        free_pages(mdl);
        MmFreePagesFromMdl(same);
    });
    EXPECT_EQ(report().to_text().find("*** PFN_LIST_CORRUPT (0x4e) 0x99"), 0U) << report().to_text();
}

// The MDL has no pages any more, until ExFreePool takes it.
TEST_F(DriverPagesTest, FreeingThePagesOfAnMdlTwiceIsABugcheck) {
    expect_bugcheck(0x4E, "MmFreePagesFromMdl: the MDL has no pages", [] {
        MDL* mdl = pages(2 * page);
        MmFreePagesFromMdl(mdl);
        MmFreePagesFromMdl(mdl);
    });
    EXPECT_EQ(report().to_text().find("*** PFN_LIST_CORRUPT (0x4e) 0x99"), 0U) << report().to_text();
}

TEST_F(DriverPagesTest, SomePagesOfARunCanBeFreed) {
    inside([this] {
        MDL* mdl = pages(4 * page);
        MDL* middle = IoAllocateMdl(nullptr, page, FALSE, FALSE, nullptr);
        MmGetMdlPfnArray(middle)[0] = MmGetMdlPfnArray(mdl)[1];
        char* memory = mapped(mdl);
        MmFreePagesFromMdl(middle);
        EXPECT_EQ(kernel().pages.living_bytes(), 3 * page);
        memset(memory, 0x41, page);
        memset(memory + 2 * page, 0x41, 2 * page);
        kernel().check_memory("In the end");
        mdl->ByteCount = page;
        MmFreePagesFromMdl(mdl);
        MmGetMdlPfnArray(middle)[0] = MmGetMdlPfnArray(mdl)[2];
        middle->ByteCount = 2 * page;
        MmGetMdlPfnArray(middle)[1] = MmGetMdlPfnArray(mdl)[3];
        MmFreePagesFromMdl(middle);
        EXPECT_EQ(kernel().pages.living_bytes(), 0U);
    });
}

TEST_F(DriverPagesTest, OverrunOfARunWhoseFirstPageIsFreedIsReported) {
    expect_bugcheck(0x19, "In the end: the 4096 bytes", [this] {
        MDL* mdl = pages(2 * page);
        char* memory = mapped(mdl);
        mdl->ByteCount = page;
        MmFreePagesFromMdl(mdl);
        memory[2 * page] = 0x41;
        kernel().check_memory("In the end");
    });
}

// ---- what is right stays quiet, and cheap ---------------------------------------------------------------------------

TEST_F(DriverPagesTest, PagesAreZeroHoweverOftenTheyWereUsed) {
    inside([this] {
        for (const std::uint64_t bytes : {page, 3 * page, 64 * page}) {
            for (int times = 0; times < 40; ++times) {
                char* memory = allocate_contiguous_here(bytes);
                ASSERT_TRUE(std::all_of(memory, memory + bytes, [](char byte) { return byte == 0; })) << times;
                memset(memory, 0x41, bytes);
                MmFreeContiguousMemory(memory);
            }
        }
        kernel().check_memory("In the end");
        EXPECT_EQ(kernel().pages.living_bytes(), 0U);
        EXPECT_LT(machine.memory().allocated_bytes(), 20U << 20) << "kept";
    });
}

TEST_F(DriverPagesTest, ABufferThatComesAndGoesUsesFewPages) {
    inside([] {
        PHYSICAL_ADDRESS highest{};
        for (int times = 0; times < 1'000; ++times) {
            char* memory = allocate_contiguous_here(page);
            highest.QuadPart = std::max(highest.QuadPart, MmGetPhysicalAddress(memory).QuadPart);
            MmFreeContiguousMemory(memory);
        }
        EXPECT_LT(highest.QuadPart, (1 << 20) + 20 * static_cast<LONGLONG>(page));
    });
}

class FewPages : public ExecutiveTest {
protected:
    static machine::MachineConfig small() {
        machine::MachineConfig config;
        config.memory_bytes = 2 << 20;
        return config;
    }
    FewPages() : ExecutiveTest(small()) {}
};

// RAM begins at 1 MiB: half of it is there.
TEST_F(FewPages, AllOfScatteredMemoryCanBeHad) {
    inside([this] {
        MDL* all = MmAllocatePagesForMdl(large(0), large(-1), large(0), 256 * page);
        ASSERT_NE(all, nullptr);
        MDL* every_other = IoAllocateMdl(nullptr, 128 * page, FALSE, FALSE, nullptr);
        for (ULONG index = 0; index < 128; ++index) {
            MmGetMdlPfnArray(every_other)[index] = MmGetMdlPfnArray(all)[2 * index];
        }
        MmFreePagesFromMdl(every_other);
        MDL* scattered = MmAllocatePagesForMdl(large(0), large(-1), large(0), 128 * page);
        ASSERT_NE(scattered, nullptr);
        EXPECT_EQ(MmGetMdlByteCount(scattered), 128 * page);
        EXPECT_EQ(kernel().pages.living_bytes(), 1U << 20);
    });
}

TEST_F(FewPages, WhatIsKeptIsGivenBackWhenNothingElseIsLeft) {
    inside([this] {
        for (int times = 0; times < 6; ++times) {
            MmFreeContiguousMemory(MmAllocateContiguousMemory(40 * page, large(-1)));
        }
        void* all = MmAllocateContiguousMemory(256 * page, large(-1));
        ASSERT_NE(all, nullptr);
        EXPECT_EQ(kernel().pages.living_bytes(), 1U << 20);
        EXPECT_EQ(MmAllocateContiguousMemory(page, large(-1)), nullptr);
        MmFreeContiguousMemory(all);
        MDL* mdl = MmAllocatePagesForMdl(large(0), large(-1), large(0), 256 * page);
        ASSERT_NE(mdl, nullptr);
        EXPECT_EQ(MmGetMdlByteCount(mdl), 256 * page);
        MmFreePagesFromMdl(mdl);
        ExFreePool(mdl);
    });
}

} // namespace
} // namespace openportcls::executive
