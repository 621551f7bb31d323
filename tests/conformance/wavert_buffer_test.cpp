// The cyclic buffer: R-WRT-02 to R-WRT-10.
#include "wavert_fixture.h"

#include "executive/ex/asan.h"

namespace wavert_test {

class WaveRtBuffer : public WaveRtTest {};

TEST_F(WaveRtBuffer, ClientSharesTheMemoryTheDeviceSees_R_WRT_10) {
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        KSRTAUDIO_BUFFER buffer = {};
        ASSERT_EQ(get_buffer(pin, ten_milliseconds, buffer), STATUS_SUCCESS);
        EXPECT_EQ(information_, sizeof(buffer));
        EXPECT_EQ(buffer.ActualBufferSize, ten_milliseconds);
        ASSERT_NE(buffer.BufferAddress, nullptr);
        std::memset(buffer.BufferAddress, 0x5A, buffer.ActualBufferSize);

        // The same bytes through the physical address that the driver would program into its DMA engine.
        TestStream& stream = script_.stream();
        PHYSICAL_ADDRESS page;
        stream.port_stream().GetPhysicalPageAddress(&page, stream.mdl(), 0);
        const auto* seen = static_cast<const UCHAR*>(
            machine_.memory().to_virtual(static_cast<std::uint64_t>(page.QuadPart), ten_milliseconds));
        ASSERT_NE(seen, nullptr);
        EXPECT_EQ(seen, buffer.BufferAddress) << "mapped without a copy";
        EXPECT_EQ(seen[ten_milliseconds - 1], 0x5A);
    });
}

// The pages below 8 MB are taken but for every other one, so that the buffer cannot be contiguous in RAM.
TEST_F(WaveRtBuffer, ScatteredPagesAreContiguousForTheClient_R_WRT_10) {
    script_.high_address = 0x7FFFFF;
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        machine::PhysicalMemory& memory = machine_.memory();
        machine::PageConstraints low;
        low.highest = 0x7FFFFF;
        std::vector<machine::PhysicalAddress> taken;
        for (;;) {
            const auto page = memory.allocate(PAGE_SIZE, low);
            if (page == machine::no_address) {
                break;
            }
            taken.push_back(page);
        }
        for (std::size_t i = 0; i < taken.size(); i += 2) {
            memory.free(taken[i], PAGE_SIZE);
        }
        KSRTAUDIO_BUFFER buffer = {};
        ASSERT_EQ(get_buffer(pin, 4 * PAGE_SIZE, buffer), STATUS_SUCCESS);
        TestStream& stream = script_.stream();
        ASSERT_EQ(stream.port_stream().GetPhysicalPagesCount(stream.mdl()), 4u);
        for (ULONG i = 0; i < 4; ++i) {
            PHYSICAL_ADDRESS page;
            stream.port_stream().GetPhysicalPageAddress(&page, stream.mdl(), i);
            auto* seen = static_cast<UCHAR*>(memory.to_virtual(page.QuadPart, PAGE_SIZE));
            auto* client = static_cast<UCHAR*>(buffer.BufferAddress) + i * PAGE_SIZE;
            client[5] = static_cast<UCHAR>(0x10 + i);
            EXPECT_EQ(seen[5], 0x10 + i) << "the same memory, page " << i;
            seen[6] = static_cast<UCHAR>(0x20 + i);
            EXPECT_EQ(client[6], 0x20 + i);
        }
        PHYSICAL_ADDRESS first;
        PHYSICAL_ADDRESS second;
        stream.port_stream().GetPhysicalPageAddress(&first, stream.mdl(), 0);
        stream.port_stream().GetPhysicalPageAddress(&second, stream.mdl(), 1);
        EXPECT_NE(first.QuadPart + PAGE_SIZE, second.QuadPart) << "or the test shows nothing";
        close_pin(pin);
        EXPECT_TRUE(script_.noted("FreeAudioBuffer 16384"));
    });
}

TEST_F(WaveRtBuffer, OffsetInTheFirstPageIsHonoured_R_WRT_06) {
    script_.offset = 128;
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        KSRTAUDIO_BUFFER buffer = {};
        ASSERT_EQ(get_buffer(pin, ten_milliseconds, buffer), STATUS_SUCCESS);
        EXPECT_EQ(reinterpret_cast<ULONG_PTR>(buffer.BufferAddress) % PAGE_SIZE, 128u);
    });
}

// Shows KSPROPERTY_RTAUDIO_BUFFER.
TEST_F(WaveRtBuffer, SizeIsTheDriversUpOrDown_X_16) {
    script_.size_adjustment = -4;
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        KSRTAUDIO_BUFFER buffer = {};
        ASSERT_EQ(get_buffer(pin, 1001, buffer), STATUS_SUCCESS);
        EXPECT_EQ(buffer.ActualBufferSize, 997u) << "the client decides whether it wants a smaller buffer";
        EXPECT_TRUE(script_.noted("AllocateAudioBuffer 1001"));
    });
}

TEST_F(WaveRtBuffer, FailuresReachTheClient_R_WRT_07) {
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        KSRTAUDIO_BUFFER buffer = {};
        for (NTSTATUS status : {STATUS_UNSUCCESSFUL, STATUS_INSUFFICIENT_RESOURCES, STATUS_DEVICE_NOT_READY}) {
            script_.allocate_status = status;
            EXPECT_EQ(get_buffer(pin, ten_milliseconds, buffer), status);
        }
        script_.allocate_status = STATUS_SUCCESS;
        EXPECT_EQ(get_buffer(pin, ten_milliseconds, buffer), STATUS_SUCCESS) << "a failure leaves nothing behind";
    });
}

TEST_F(WaveRtBuffer, WrongRequestsDoNotReachTheDriver_R_WRT_07) {
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        KSRTAUDIO_BUFFER buffer = {};
        EXPECT_EQ(get_buffer(pin, 0, buffer), STATUS_UNSUCCESSFUL);
        EXPECT_EQ(get_buffer(pin, 4096, buffer, &buffer), STATUS_UNSUCCESSFUL) << "an address of the client's choice";
        ASSERT_EQ(get_buffer(pin, 4096, buffer), STATUS_SUCCESS);
        script_.journal.clear();
        KSRTAUDIO_BUFFER second = {};
        EXPECT_EQ(get_buffer(pin, 4096, second), STATUS_UNSUCCESSFUL) << "one buffer per pin";
        EXPECT_EQ(script_.text(), "");
    });
}

TEST_F(WaveRtBuffer, ShortBuffersFollowThePropertyRules_R_PROP_08) {
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        KSRTAUDIO_BUFFER_PROPERTY property = {};
        property.Property = request(KSPROPSETID_RtAudio, KSPROPERTY_RTAUDIO_BUFFER, KSPROPERTY_TYPE_GET);
        property.RequestedBufferSize = 4096;
        EXPECT_EQ(send_without_value(pin, property), STATUS_BUFFER_OVERFLOW);
        EXPECT_EQ(information_, sizeof(KSRTAUDIO_BUFFER));
        ULONG half = 0;
        EXPECT_EQ(send(pin, property, half), STATUS_BUFFER_TOO_SMALL);
        KSRTAUDIO_BUFFER buffer = {};
        EXPECT_EQ(send(pin, property.Property, buffer), STATUS_INVALID_BUFFER_SIZE) << "too short an input";
        EXPECT_FALSE(script_.noted("AllocateAudioBuffer 4096"));
    });
}

TEST_F(WaveRtBuffer, ADriverThatLiesAboutItsBufferIsFreedAgain) {
    script_.claimed_size = 3 * PAGE_SIZE;
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        KSRTAUDIO_BUFFER buffer = {};
        EXPECT_EQ(get_buffer(pin, PAGE_SIZE, buffer), STATUS_UNSUCCESSFUL) << "larger than its pages";
        EXPECT_TRUE(script_.noted("FreeAudioBuffer 12288"));
        script_.no_mdl = true;
        EXPECT_EQ(get_buffer(pin, PAGE_SIZE, buffer), STATUS_UNSUCCESSFUL) << "success without an MDL";
    });
}

TEST_F(WaveRtBuffer, MemoryBarrierIsNeededForWriteCombinedOnly_R_WRT_08) {
    start();
    inside([&] {
        for (MEMORY_CACHING_TYPE type : {MmNonCached, MmCached, MmWriteCombined}) {
            script_.cache_type = type;
            FILE_OBJECT* pin = open_pin();
            KSRTAUDIO_BUFFER buffer = {};
            ASSERT_EQ(get_buffer(pin, 4096, buffer), STATUS_SUCCESS);
            EXPECT_EQ(buffer.CallMemoryBarrier != FALSE, type == MmWriteCombined) << type;
            close_pin(pin);
        }
    });
}

TEST_F(WaveRtBuffer, PagesAreWholeAndLockedAndUnmapped_R_WRT_03) {
    start();
    inside([&] {
        open_pin();
        IPortWaveRTStream& source = script_.stream().port_stream();
        PHYSICAL_ADDRESS high;
        high.QuadPart = 0xFFFFFFFF;
        PMDL mdl = source.AllocatePagesForMdl(high, PAGE_SIZE + 1);
        ASSERT_NE(mdl, nullptr);
        EXPECT_EQ(MmGetMdlByteCount(mdl), 2 * PAGE_SIZE);
        EXPECT_EQ(source.GetPhysicalPagesCount(mdl), 2u);
        EXPECT_NE(mdl->MdlFlags & MDL_PAGES_LOCKED, 0);
        EXPECT_EQ(mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA, 0);
        source.FreePagesFromMdl(mdl);
        EXPECT_EQ(source.AllocatePagesForMdl(high, 0), nullptr);
    });
}

// R-WRT-03: where memory below the limit is short the caller gets what there is, and has to look.
TEST_F(WaveRtBuffer, FewerPagesThanAskedFor_R_WRT_03) {
    start();
    inside([&] {
        open_pin();
        machine::PhysicalMemory& memory = machine_.memory();
        machine::PageConstraints low;
        low.highest = 0x7FFFFF;
        std::vector<machine::PhysicalAddress> taken;
        for (;;) {
            const auto page = memory.allocate(PAGE_SIZE, low);
            if (page == machine::no_address) {
                break;
            }
            taken.push_back(page);
        }
        for (std::size_t i = 0; i < 3; ++i) {
            memory.free(taken[2 * i], PAGE_SIZE);
        }
        IPortWaveRTStream& source = script_.stream().port_stream();
        PHYSICAL_ADDRESS high;
        high.QuadPart = 0x7FFFFF;
        PMDL mdl = source.AllocatePagesForMdl(high, 8 * PAGE_SIZE);
        ASSERT_NE(mdl, nullptr);
        EXPECT_EQ(MmGetMdlByteCount(mdl), 3 * PAGE_SIZE);
        EXPECT_EQ(source.GetPhysicalPagesCount(mdl), 3u);
        EXPECT_EQ(source.AllocatePagesForMdl(high, PAGE_SIZE), nullptr) << "nothing is left at all";
        source.FreePagesFromMdl(mdl);
    });
}

TEST_F(WaveRtBuffer, ContiguousPagesAreAllOrNothing_R_WRT_03) {
    start();
    inside([&] {
        open_pin();
        IPortWaveRTStream& source = script_.stream().port_stream();
        PHYSICAL_ADDRESS low = {};
        PHYSICAL_ADDRESS high;
        high.QuadPart = 0xFFFFFFFF;
        PMDL mdl = source.AllocateContiguousPagesForMdl(low, high, 5 * PAGE_SIZE);
        ASSERT_NE(mdl, nullptr);
        PHYSICAL_ADDRESS first;
        source.GetPhysicalPageAddress(&first, mdl, 0);
        for (ULONG i = 0; i < source.GetPhysicalPagesCount(mdl); ++i) {
            PHYSICAL_ADDRESS page;
            EXPECT_EQ(source.GetPhysicalPageAddress(&page, mdl, i), &page) << "hidden result pointer";
            EXPECT_EQ(page.QuadPart, first.QuadPart + i * PAGE_SIZE);
        }
        source.FreePagesFromMdl(mdl);
        EXPECT_EQ(source.AllocateContiguousPagesForMdl(low, high, SIZE_T{1} << 30), nullptr)
            << "more than the machine has";
        low.QuadPart = 0x300000;
        high.QuadPart = 0x303FFF;
        mdl = source.AllocateContiguousPagesForMdl(low, high, 4 * PAGE_SIZE);
        ASSERT_NE(mdl, nullptr);
        source.GetPhysicalPageAddress(&first, mdl, 0);
        EXPECT_EQ(first.QuadPart, 0x300000);
        EXPECT_EQ(source.AllocateContiguousPagesForMdl(low, high, PAGE_SIZE), nullptr) << "the range is used up";
        source.FreePagesFromMdl(mdl);
    });
}

TEST_F(WaveRtBuffer, PagesStayWithinTheDevicesReach_R_WRT_19) {
    script_.device_description.Dma32BitAddresses = FALSE; // 24 bits
    script_.high_address = ~0ULL;
    start();
    inside([&] {
        open_pin();
        IPortWaveRTStream& source = script_.stream().port_stream();
        PHYSICAL_ADDRESS high;
        high.QuadPart = 0x7FFFFFFFFFFF;
        PMDL mdl = source.AllocatePagesForMdl(high, 64 * PAGE_SIZE);
        ASSERT_NE(mdl, nullptr);
        for (ULONG i = 0; i < source.GetPhysicalPagesCount(mdl); ++i) {
            PHYSICAL_ADDRESS page;
            source.GetPhysicalPageAddress(&page, mdl, i);
            EXPECT_LT(page.QuadPart, 1 << 24);
        }
        source.FreePagesFromMdl(mdl);
    });
}

TEST_F(WaveRtBuffer, MappingIntoTheKernelIsOptional_R_WRT_05) {
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        KSRTAUDIO_BUFFER buffer = {};
        ASSERT_EQ(get_buffer(pin, 4096, buffer), STATUS_SUCCESS);
        TestStream& stream = script_.stream();
        void* mapped = stream.port_stream().MapAllocatedPages(stream.mdl(), MmWriteCombined);
        ASSERT_NE(mapped, nullptr);
        static_cast<UCHAR*>(mapped)[17] = 0xA5;
        EXPECT_EQ(static_cast<UCHAR*>(buffer.BufferAddress)[17], 0xA5);
        stream.port_stream().UnmapAllocatedPages(mapped, stream.mdl());
        close_pin(pin);
        EXPECT_TRUE(script_.noted("FreeAudioBuffer 4096"));
    });
}

TEST_F(WaveRtBuffer, FreeingMappedPagesIsABugcheck_R_WRT_04) {
    start();
    machine_.enter([&] {
        open_pin();
        IPortWaveRTStream& source = script_.stream().port_stream();
        PHYSICAL_ADDRESS high;
        high.QuadPart = 0xFFFFFFFF;
        PMDL mdl = source.AllocatePagesForMdl(high, PAGE_SIZE);
        source.MapAllocatedPages(mdl, MmCached);
        source.FreePagesFromMdl(mdl);
    });
    ASSERT_TRUE(machine_.is_halted());
    EXPECT_EQ(machine_.bugcheck_report()->code, 0xC4u);
    EXPECT_EQ(machine_.bugcheck_report()->parameters[0], 0x71004u);
}

TEST_F(WaveRtBuffer, ForeignMemoryIsABugcheck_R_WRT_02) {
    start();
    machine_.enter([&] {
        open_pin();
        PHYSICAL_ADDRESS low = {};
        PHYSICAL_ADDRESS high;
        high.QuadPart = 0xFFFFFFFF;
        PMDL mdl = MmAllocatePagesForMdl(low, high, low, PAGE_SIZE);
        script_.stream().port_stream().FreePagesFromMdl(mdl);
    });
    ASSERT_TRUE(machine_.is_halted());
    EXPECT_EQ(machine_.bugcheck_report()->parameters[0], 0x71005u);
}

// A timer, or DMA, that goes on when the stream is closed; on Windows it would play, or ruin, somebody else's memory.
TEST_F(WaveRtBuffer, WritingToAClosedStreamsPagesIsReported) {
    if (executive::asan_present()) {
        GTEST_SKIP() << "AddressSanitizer would answer";
    }
    start();
    machine_.enter([&] {
        FILE_OBJECT* pin = open_pin();
        KSRTAUDIO_BUFFER buffer = {};
        ASSERT_EQ(get_buffer(pin, ten_milliseconds, buffer), STATUS_SUCCESS);
        TestStream& stream = script_.stream();
        PHYSICAL_ADDRESS page;
        stream.port_stream().GetPhysicalPageAddress(&page, stream.mdl(), 0);
        close_pin(pin);
        std::memset(machine_.memory().to_virtual(page.QuadPart + 100, 4), 0x41, 4);
        executive::Kernel::current().check_memory("In the end");
    });
    ASSERT_TRUE(machine_.is_halted());
    EXPECT_NE(machine_.bugcheck_report()->rule.find(
                  "of IPortWaveRTStream::AllocatePagesForMdl were written to after they were freed, by the driver, its "
                  "device (DMA that went on), or the application that had the pages mapped: 0x41 at offset 100"),
              std::string::npos)
        << machine_.bugcheck_report()->rule;
}

// An application's addresses end with a page, not with the buffer.
TEST_F(WaveRtBuffer, AnApplicationMayWriteToAllOfItsPages) {
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        KSRTAUDIO_BUFFER buffer = {};
        ASSERT_EQ(get_buffer(pin, ten_milliseconds, buffer), STATUS_SUCCESS);
        std::memset(buffer.BufferAddress, 0x41, PAGE_SIZE);
        executive::Kernel::current().check_memory("In the end");
        close_pin(pin);
    });
}

TEST_F(WaveRtBuffer, ClosingStopsFirstThenFrees_R_WRT_10_R_STATE_05) {
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        KSRTAUDIO_BUFFER buffer = {};
        ASSERT_EQ(get_buffer(pin, 4096, buffer), STATUS_SUCCESS);
        run(pin);
        script_.journal.clear();
        close_pin(pin);
        EXPECT_EQ(script_.text(), "SetState PAUSE\nSetState ACQUIRE\nSetState STOP\n"
                                  "FreeAudioBuffer 4096\n~Stream\n");
        EXPECT_EQ(script_.streams_alive, 0u);
    });
}

} // namespace wavert_test
