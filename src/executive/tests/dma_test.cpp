// DMA adapters: common buffers, scatter/gather lists, slave channels.
#include "executive/tests/dma_fixture.h"

namespace openportcls::executive {
namespace {

using Hal = ExecutiveTest;

TEST_F(Hal, CommonBuffersAreContiguousAndWithinReach) {
    inside([&] {
        DEVICE_DESCRIPTION description = master(false);
        ULONG registers = 0;
        DMA_ADAPTER* adapter = IoGetDmaAdapter(nullptr, &description, &registers);
        ASSERT_NE(adapter, nullptr);
        EXPECT_EQ(registers, 17U);
        PHYSICAL_ADDRESS logical;
        void* memory = adapter->DmaOperations->AllocateCommonBuffer(adapter, 8'192, &logical, TRUE);
        ASSERT_NE(memory, nullptr);
        EXPECT_LT(logical.QuadPart, 1LL << 32);
        static_cast<char*>(memory)[8'191] = 'q';
        EXPECT_EQ(static_cast<char*>(machine.memory().to_virtual(logical.QuadPart, 8'192))[8'191], 'q');
        adapter->DmaOperations->FreeCommonBuffer(adapter, 8'192, logical, memory, TRUE);
        adapter->DmaOperations->PutDmaAdapter(adapter);
        EXPECT_EQ(kernel().contiguous.count(), 0U);
        EXPECT_EQ(kernel().pool.usage().blocks, 0U);
    });
}

TEST_F(Hal, ScatterGatherListsBounceWhatTheDeviceCannotReach) {
    TestDriver driver(&refuse);
    inside([&] {
        DEVICE_OBJECT* physical = make_device(driver);
        auto* buffer = static_cast<char*>(ExAllocatePoolWithTag(NonPagedPoolNx, 3 * 4096, test_tag));
        memset(buffer, 'a', 3 * 4096);
        MDL* mdl = IoAllocateMdl(buffer + 10, 10'000, FALSE, FALSE, nullptr);
        MmBuildMdlForNonPagedPool(mdl);
        for (const bool far : {true, false}) {
            DEVICE_DESCRIPTION description = master(far);
            ULONG registers;
            DMA_ADAPTER* adapter = IoGetDmaAdapter(physical, &description, &registers);
            const DMA_OPERATIONS& operations = *adapter->DmaOperations;
            Received received;
            const KIRQL old = KeRaiseIrqlToDpcLevel();
            ASSERT_EQ(operations.GetScatterGatherList(adapter, physical, mdl, buffer + 10, 10'000, &list_ready,
                                                      &received, FALSE),
                      STATUS_SUCCESS);
            ASSERT_NE(received.list, nullptr);
            ULONG total = 0;
            for (ULONG i = 0; i < received.list->NumberOfElements; ++i) {
                const auto& element = received.list->Elements[i];
                if (!far) {
                    EXPECT_LT(element.Address.QuadPart, 1LL << 32);
                }
                memset(machine.memory().to_virtual(element.Address.QuadPart, element.Length), 'b', element.Length);
                total += element.Length;
            }
            EXPECT_EQ(total, 10'000U);
            operations.PutScatterGatherList(adapter, received.list, FALSE);
            KeLowerIrql(old);
            EXPECT_EQ(buffer[9], 'a');
            EXPECT_EQ(buffer[10], 'b') << (far ? "direct" : "bounced");
            EXPECT_EQ(buffer[10'009], 'b');
            EXPECT_EQ(buffer[10'010], 'a');
            memset(buffer, 'a', 3 * 4096);
            operations.PutDmaAdapter(adapter);
        }
        IoFreeMdl(mdl);
        ExFreePool(buffer);
        EXPECT_EQ(kernel().pages.living_bytes(), 0U);
    });
}

// nc-wdm-pmap_transfer: "the value returned is an index into the Mdl, rather than a valid virtual address".
// nc-wdm-pget_scatter_gather_list: "This routine can handle chained MDLs".
TEST_F(Hal, ScatterGatherListsOfPagesThatAreMappedNowhereBounce) {
    TestDriver driver(&refuse);
    inside([&] {
        DEVICE_OBJECT* physical = make_device(driver);
        MDL* first = MmAllocatePagesForMdlEx(large(16 << 20), large(64 << 20), large(0), 2 * 4096, MmCached, 0);
        MDL* second = MmAllocatePagesForMdlEx(large(16 << 20), large(64 << 20), large(0), 4096, MmCached, 0);
        ASSERT_NE(first, nullptr);
        ASSERT_NE(second, nullptr);
        first->Next = second;
        const auto byte_at = [&](MDL* mdl, ULONG offset) -> char& {
            return *static_cast<char*>(
                machine.memory().to_virtual(MmGetMdlPfnArray(mdl)[offset / 4096] * 4096 + offset % 4096, 1));
        };
        byte_at(first, 100) = 'x';
        byte_at(second, 99) = 'y';
        DEVICE_DESCRIPTION description = master(false);
        description.Dma32BitAddresses = FALSE; // reaches 24 bits
        description.InterfaceType = Isa;
        ULONG registers = 0;
        DMA_ADAPTER* adapter = IoGetDmaAdapter(physical, &description, &registers);
        const DMA_OPERATIONS& operations = *adapter->DmaOperations;
        void* const index = index_into(first, 100);
        for (const BOOLEAN to_device : {TRUE, FALSE}) {
            Received received;
            const KIRQL old = KeRaiseIrqlToDpcLevel();
            ASSERT_EQ(operations.GetScatterGatherList(adapter, physical, first, index, 8'192, &list_ready, &received,
                                                      to_device),
                      STATUS_SUCCESS);
            ASSERT_EQ(received.list->NumberOfElements, 1U);
            const auto& element = received.list->Elements[0];
            EXPECT_LT(element.Address.QuadPart, 1 << 24);
            ASSERT_EQ(element.Length, 8'192U);
            auto* seen = static_cast<char*>(machine.memory().to_virtual(element.Address.QuadPart, element.Length));
            if (to_device) {
                EXPECT_EQ(seen[0], 'x');
                EXPECT_EQ(seen[8'191], 'y');
            }
            memset(seen, 'd', element.Length);
            operations.PutScatterGatherList(adapter, received.list, to_device);
            KeLowerIrql(old);
            EXPECT_EQ(byte_at(first, 100), to_device ? 'x' : 'd');
            EXPECT_EQ(byte_at(second, 99), to_device ? 'y' : 'd');
        }
        EXPECT_EQ(byte_at(first, 99), 0);
        EXPECT_EQ(byte_at(first, 8'191), 'd');
        EXPECT_EQ(byte_at(second, 100), 0);
        operations.PutDmaAdapter(adapter);
        for (MDL* mdl : {first, second}) {
            MmFreePagesFromMdl(mdl);
            ExFreePool(mdl);
        }
        EXPECT_EQ(kernel().pages.living_bytes(), 0U);
    });
}

// nc-wdm-pget_scatter_gather_list: STATUS_BUFFER_TOO_SMALL, "The buffer is too small for the requested transfer."
TEST_F(Hal, ScatterGatherListsEndWithTheirBuffer) {
    TestDriver driver(&refuse);
    inside([&] {
        DEVICE_OBJECT* physical = make_device(driver);
        auto* buffer = static_cast<char*>(ExAllocatePoolWithTag(NonPagedPoolNx, 2 * 4096, test_tag));
        MDL* mdl = IoAllocateMdl(buffer, 5'000, FALSE, FALSE, nullptr);
        MmBuildMdlForNonPagedPool(mdl);
        DEVICE_DESCRIPTION description = master(true);
        ULONG registers = 0;
        DMA_ADAPTER* adapter = IoGetDmaAdapter(physical, &description, &registers);
        const DMA_OPERATIONS& operations = *adapter->DmaOperations;
        Received received;
        alignas(8) char place[1'024];
        ULONG bytes = 0;
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        for (char* begin : {buffer, buffer + 4'999, buffer - 1}) {
            EXPECT_EQ(
                operations.GetScatterGatherList(adapter, physical, mdl, begin, 5'001, &list_ready, &received, FALSE),
                STATUS_BUFFER_TOO_SMALL);
            EXPECT_EQ(operations.BuildScatterGatherList(adapter, physical, mdl, begin, 5'001, &list_ready, &received,
                                                        FALSE, place, sizeof place),
                      STATUS_BUFFER_TOO_SMALL);
            EXPECT_EQ(operations.CalculateScatterGatherList(adapter, mdl, begin, 5'001, &bytes, nullptr),
                      STATUS_BUFFER_TOO_SMALL);
        }
        EXPECT_EQ(received.list, nullptr) << "the routine is not called";
        EXPECT_EQ(operations.GetScatterGatherList(adapter, physical, mdl, buffer, 5'000, &list_ready, &received, FALSE),
                  STATUS_SUCCESS);
        operations.PutScatterGatherList(adapter, received.list, FALSE);
        // The list is in the buffer of whoever wants it built, and begins where that does.
        EXPECT_EQ(operations.BuildScatterGatherList(adapter, physical, mdl, buffer, 5'000, &list_ready, &received,
                                                    FALSE, place, sizeof place),
                  STATUS_SUCCESS);
        EXPECT_EQ(static_cast<void*>(received.list), static_cast<void*>(place));
        operations.PutScatterGatherList(adapter, received.list, FALSE);
        KeLowerIrql(old);
        operations.PutDmaAdapter(adapter);
        IoFreeMdl(mdl);
        ExFreePool(buffer);
        IoDeleteDevice(physical);
        EXPECT_EQ(kernel().pool.usage().blocks, 0U);
    });
}

TEST_F(Hal, SlaveChannelsProgramTheControllerOneTransferAtATime) {
    TestDriver driver(&refuse);
    IsaController controller;
    kernel().dma_channels.attach(&controller);
    inside([&] {
        DEVICE_OBJECT* physical = make_device(driver);
        DEVICE_DESCRIPTION description = slave();
        description.DmaChannel = 3;
        description.AutoInitialize = TRUE;
        ULONG registers = 0;
        EXPECT_EQ(IoGetDmaAdapter(physical, &description, &registers), nullptr) << "no such channel";
        description.DmaChannel = 1;
        DMA_ADAPTER* adapter = IoGetDmaAdapter(physical, &description, &registers);
        ASSERT_NE(adapter, nullptr);
        const DMA_OPERATIONS& operations = *adapter->DmaOperations;
        PHYSICAL_ADDRESS logical;
        void* memory = operations.AllocateCommonBuffer(adapter, 0x4000, &logical, FALSE);
        EXPECT_LT(logical.QuadPart + 0x4000, 1 << 24);
        EXPECT_EQ(logical.QuadPart >> 16, (logical.QuadPart + 0x3FFF) >> 16) << "R-DMA-02: inside one 64 KB page";
        MDL* mdl = IoAllocateMdl(memory, 0x4000, FALSE, FALSE, nullptr);
        MmBuildMdlForNonPagedPool(mdl);
        Channel first;
        Channel second;
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        EXPECT_EQ(operations.AllocateAdapterChannel(adapter, physical, 4, channel_ready, &first), STATUS_SUCCESS);
        EXPECT_EQ(operations.AllocateAdapterChannel(adapter, physical, 4, channel_ready, &second), STATUS_SUCCESS);
        EXPECT_EQ(operations.AllocateAdapterChannel(adapter, physical, 400, channel_ready, &second),
                  STATUS_INSUFFICIENT_RESOURCES);
        EXPECT_EQ(first.calls, 1);
        EXPECT_EQ(second.calls, 0) << "waits for the channel";
        ULONG length = 0x4000;
        const PHYSICAL_ADDRESS address =
            operations.MapTransfer(adapter, mdl, first.map_registers, MmGetMdlVirtualAddress(mdl), &length, TRUE);
        EXPECT_EQ(length, 0x4000U);
        EXPECT_EQ(address.QuadPart, logical.QuadPart);
        EXPECT_EQ(controller.transfer.address, static_cast<std::uint64_t>(logical.QuadPart));
        EXPECT_TRUE(controller.transfer.auto_initialize);
        EXPECT_TRUE(controller.transfer.to_device);
        controller.counter = 100;
        EXPECT_EQ(operations.ReadDmaCounter(adapter), 100U);
        operations.FlushAdapterBuffers(adapter, mdl, first.map_registers, MmGetMdlVirtualAddress(mdl), length, TRUE);
        EXPECT_TRUE(controller.masked);
        operations.FreeMapRegisters(adapter, first.map_registers, 4);
        operations.FreeAdapterChannel(adapter);
        EXPECT_EQ(second.calls, 1);
        operations.FreeMapRegisters(adapter, second.map_registers, 4);
        operations.FreeAdapterChannel(adapter);
        KeLowerIrql(old);
        IoFreeMdl(mdl);
        operations.FreeCommonBuffer(adapter, 0x4000, logical, memory, FALSE);
        operations.PutDmaAdapter(adapter);
    });
}

// nc-wdm-pallocate_adapter_channel: the request waits until what it needs is available; a number of map registers is
// refused only beyond what IoGetDmaAdapter named.
TEST_F(Hal, RequestsWaitForMapRegistersInTheirOrder) {
    TestDriver driver(&refuse);
    inside([&] {
        DEVICE_OBJECT* physical = make_device(driver);
        DEVICE_DESCRIPTION description = master(true);
        description.MaximumLength = 4 * 4'096;
        ULONG registers = 0;
        DMA_ADAPTER* adapter = IoGetDmaAdapter(physical, &description, &registers);
        ASSERT_EQ(registers, 5U);
        const DMA_OPERATIONS& operations = *adapter->DmaOperations;
        Channel kept;
        Channel large_one;
        Channel small_one;
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        const auto allocate = [&](ULONG count, PDRIVER_CONTROL routine, Channel& channel) {
            return operations.AllocateAdapterChannel(adapter, physical, count, routine, &channel);
        };
        EXPECT_EQ(allocate(4, channel_keeps_registers, kept), STATUS_SUCCESS);
        EXPECT_EQ(kept.calls, 1);
        EXPECT_EQ(allocate(2, channel_ready, large_one), STATUS_SUCCESS);
        EXPECT_EQ(allocate(1, channel_ready, small_one), STATUS_SUCCESS);
        EXPECT_EQ(large_one.calls, 0) << "one register is left";
        EXPECT_EQ(small_one.calls, 0) << "its turn is later";
        operations.FreeMapRegisters(adapter, kept.map_registers, 4);
        EXPECT_EQ(large_one.calls, 1);
        EXPECT_EQ(small_one.calls, 0) << "the channel is in use";
        operations.FreeAdapterChannel(adapter);
        EXPECT_EQ(small_one.calls, 1);
        operations.FreeAdapterChannel(adapter);
        // nc-wdm-pfree_adapter_channel: the map registers went with the channel.
        EXPECT_EQ(allocate(5, channel_ready, large_one), STATUS_SUCCESS);
        EXPECT_EQ(large_one.calls, 2);
        operations.FreeAdapterChannel(adapter);
        KeLowerIrql(old);
        operations.PutDmaAdapter(adapter);
    });
}

TEST_F(Hal, MapRegistersAreFreedOnce) {
    expect_bugcheck(0xE6, "once", [&] {
        DEVICE_DESCRIPTION description = master(true);
        ULONG registers = 0;
        DMA_ADAPTER* adapter = IoGetDmaAdapter(nullptr, &description, &registers);
        DEVICE_OBJECT device{};
        Channel channel;
        KeRaiseIrqlToDpcLevel();
        adapter->DmaOperations->AllocateAdapterChannel(adapter, &device, 1, channel_keeps_registers, &channel);
        adapter->DmaOperations->FreeMapRegisters(adapter, channel.map_registers, 1);
        adapter->DmaOperations->FreeMapRegisters(adapter, channel.map_registers, 1);
    });
}

// nc-wdm-pmap_transfer: only a bus master with scatter/gather support gets less than it asked for.
TEST_F(Hal, MastersWithoutScatterGatherGetTheWholeTransferAtOneAddress) {
    TestDriver driver(&refuse);
    inside([&] {
        DEVICE_OBJECT* physical = make_device(driver);
        // Eight adjacent pages, of which the buffer has every other one.
        MDL* pages = MmAllocatePagesForMdlEx(large(0), large(64 << 20), large(0), 8 * 4096, MmCached, 0);
        ASSERT_NE(pages, nullptr);
        MDL* mdl = IoAllocateMdl(nullptr, 4 * 4096, FALSE, FALSE, nullptr);
        for (int page = 0; page < 4; ++page) {
            MmGetMdlPfnArray(mdl)[page] = MmGetMdlPfnArray(pages)[2 * page];
        }
        const auto page_at = [&](int page) {
            return static_cast<char*>(machine.memory().to_virtual(MmGetMdlPfnArray(mdl)[page] * 4096, 4096));
        };
        for (const bool scatter_gather : {false, true}) {
            DEVICE_DESCRIPTION description = master(true);
            description.ScatterGather = scatter_gather;
            ULONG registers = 0;
            DMA_ADAPTER* adapter = IoGetDmaAdapter(physical, &description, &registers);
            const DMA_OPERATIONS& operations = *adapter->DmaOperations;
            Channel channel;
            const KIRQL old = KeRaiseIrqlToDpcLevel();
            ASSERT_EQ(operations.AllocateAdapterChannel(adapter, physical, 4, channel_ready, &channel), STATUS_SUCCESS);
            for (const BOOLEAN to_device : {TRUE, FALSE}) {
                memset(page_at(0), 'f', 4096);
                memset(page_at(3), 'l', 4096);
                ULONG length = 16'384;
                const PHYSICAL_ADDRESS address =
                    operations.MapTransfer(adapter, mdl, channel.map_registers, nullptr, &length, to_device);
                ASSERT_EQ(length, scatter_gather ? 4'096U : 16'384U);
                auto* seen = static_cast<char*>(machine.memory().to_virtual(address.QuadPart, length));
                if (to_device) {
                    EXPECT_EQ(seen[0], 'f');
                    EXPECT_EQ(seen[length - 1], scatter_gather ? 'f' : 'l');
                }
                memset(seen, 'd', length);
                operations.FlushAdapterBuffers(adapter, mdl, channel.map_registers, nullptr, length, to_device);
                EXPECT_EQ(page_at(0)[0], to_device && !scatter_gather ? 'f' : 'd');
                EXPECT_EQ(page_at(3)[4'095], to_device || scatter_gather ? 'l' : 'd');
            }
            operations.FreeMapRegisters(adapter, channel.map_registers, 4);
            operations.FreeAdapterChannel(adapter);
            KeLowerIrql(old);
            operations.PutDmaAdapter(adapter);
        }
        IoFreeMdl(mdl);
        MmFreePagesFromMdl(pages);
        ExFreePool(pages);
        EXPECT_EQ(kernel().pages.living_bytes(), 0U);
    });
}

// Two pages, out of the reach of a master without scatter/gather.
void map_from_two_pages(ULONG map_registers, ULONG begin, ULONG length) {
    MDL* mdl = MmAllocatePagesForMdlEx(large(16 << 20), large(64 << 20), large(0), 8'192, MmCached, 0);
    DEVICE_DESCRIPTION description = master(false);
    description.ScatterGather = FALSE;
    description.Dma32BitAddresses = FALSE;
    ULONG most = 0;
    DMA_ADAPTER* adapter = IoGetDmaAdapter(nullptr, &description, &most);
    DEVICE_OBJECT device{};
    Channel channel;
    KeRaiseIrqlToDpcLevel();
    adapter->DmaOperations->AllocateAdapterChannel(adapter, &device, map_registers, channel_ready, &channel);
    adapter->DmaOperations->MapTransfer(adapter, mdl, channel.map_registers, index_into(mdl, begin), &length, TRUE);
}

// The codes are those of bug check 0xE6: 1B, 1F, 00.
TEST_F(Hal, TransfersBeginWithinTheirMdl) {
    expect_bugcheck(0xE6, "not within the bounds", [&] { map_from_two_pages(4, 8'192, 1); });
}
TEST_F(Hal, TransfersEndWithTheirMdl) {
    expect_bugcheck(0xE6, "beyond the MDL", [&] { map_from_two_pages(4, 0, 3 * 4'096); });
}
TEST_F(Hal, TransfersWithoutScatterGatherNeedAMapRegisterForEachPage) {
    expect_bugcheck(0xE6, "more pages than map registers", [&] { map_from_two_pages(1, 0, 8'192); });
}

TEST_F(Hal, CommonBuffersThroughTheOldNames) {
    inside([&] {
        DEVICE_DESCRIPTION description = master(false);
        ULONG registers = 0;
        DMA_ADAPTER* adapter = IoGetDmaAdapter(nullptr, &description, &registers);
        ASSERT_NE(adapter, nullptr);
        PHYSICAL_ADDRESS logical;
        void* memory = HalAllocateCommonBuffer(adapter, 10'000, &logical, FALSE);
        ASSERT_NE(memory, nullptr);
        EXPECT_EQ(logical.QuadPart, MmGetPhysicalAddress(memory).QuadPart);
        EXPECT_LT(logical.QuadPart + 10'000, 1LL << 32);
        HalFreeCommonBuffer(adapter, 10'000, logical, memory, FALSE);
        EXPECT_EQ(kernel().contiguous.count(), 0U);
        EXPECT_EQ(HalAllocateCommonBuffer(adapter, 0, &logical, FALSE), nullptr);
        adapter->DmaOperations->PutDmaAdapter(adapter);
        description.Version = 99;
        EXPECT_EQ(IoGetDmaAdapter(nullptr, &description, &registers), nullptr) << "an unknown version";
    });
}

} // namespace
} // namespace openportcls::executive
