// Version 3 of DMA_OPERATIONS: which release has it, what it tells about an adapter, requests for channels.
#include "executive/rtl/system_version.h"
#include "executive/tests/dma_fixture.h"

namespace openportcls::executive {
namespace {

using DmaOperations = DmaTest;

// ns-wdm-_dma_operations: members by version and release; nf-wdm-iogetdmaadapter: NULL for a version that is not
// supported, and DMA_ADAPTER::Version is always 1.
TEST_F(DmaOperations, EndWhereTheirVersionAndReleaseEnd) {
    inside([&] {
        struct Expected {
            const char* release;
            ULONG version;
            std::size_t bytes; // 0: no adapter
        };
        constexpr std::size_t version_2 = offsetof(DMA_OPERATIONS, CalculateScatterGatherList);
        constexpr std::size_t version_3 = offsetof(DMA_OPERATIONS, GetDmaAdapterInfo);
        constexpr std::size_t domains = offsetof(DMA_OPERATIONS, AllocateDomainCommonBuffer);
        constexpr std::size_t bounds = offsetof(DMA_OPERATIONS, AllocateCommonBufferWithBounds);
        constexpr std::size_t from_mdl = offsetof(DMA_OPERATIONS, CreateCommonBufferFromMdl);
        for (const auto& [release, version, bytes] :
             {Expected{"xp", 0, version_2}, Expected{"xp", 1, version_2}, Expected{"xp", 2, version_3},
              Expected{"2000", 2, 0}, Expected{"xp", 3, 0}, Expected{"7", 3, 0}, Expected{"8", 3, domains},
              Expected{"8.1", 3, domains}, Expected{"10-rtm", 3, bounds}, Expected{"10", 3, from_mdl},
              Expected{"11", 3, sizeof(DMA_OPERATIONS)}, Expected{"11", 2, version_3}, Expected{"11", 4, 0}}) {
            set_system_version(machine, *system_version_named(release));
            DEVICE_DESCRIPTION description = master_of_version_3(64);
            description.Version = version;
            DMA_ADAPTER* adapter = open(description);
            ASSERT_EQ(adapter != nullptr, bytes != 0) << release << ' ' << version;
            if (adapter == nullptr) {
                continue;
            }
            EXPECT_EQ(adapter->Version, 1);
            EXPECT_EQ(adapter->DmaOperations->Size, bytes) << release << ' ' << version;
            const DMA_OPERATIONS& table = *adapter->DmaOperations;
            EXPECT_EQ(table.CalculateScatterGatherList != nullptr, bytes > version_2);
            EXPECT_EQ(table.MapTransferEx != nullptr, bytes > version_3);
            EXPECT_EQ(table.FlushDmaBuffer != nullptr, bytes > domains);
            EXPECT_EQ(table.FreeCommonBufferVector != nullptr, bytes > bounds);
            EXPECT_EQ(table.CreateCommonBufferFromMdl != nullptr, bytes > from_mdl);
            table.PutDmaAdapter(adapter);
        }
    });
}

// ns-wdm-_device_description: DmaAddressWidth "must be nonzero and must not exceed 64"; Dma32BitAddresses is ignored
// for scatter/gather devices on PCI.
TEST_F(DmaOperations, GetDmaAdapterInfoTellsTheReach) {
    inside([&] {
        EXPECT_EQ(open(master_of_version_3(0)), nullptr);
        EXPECT_EQ(open(master_of_version_3(65)), nullptr);
        for (const ULONG bits : {20U, 24U, 32U, 40U, 64U}) {
            DMA_ADAPTER* adapter = open(master_of_version_3(bits));
            ASSERT_NE(adapter, nullptr);
            DMA_ADAPTER_INFO info{};
            EXPECT_EQ(adapter->DmaOperations->GetDmaAdapterInfo(adapter, &info), STATUS_NOT_SUPPORTED) << "version 0";
            info.Version = DMA_ADAPTER_INFO_VERSION1;
            EXPECT_EQ(adapter->DmaOperations->GetDmaAdapterInfo(adapter, &info), STATUS_SUCCESS);
            EXPECT_EQ(info.V1.DmaAddressWidth, bits);
            EXPECT_EQ(info.V1.ScatterGatherLimit, 17U);
            EXPECT_FALSE(info.V1.ReadDmaCounterAvailable);
            EXPECT_EQ(info.V1.MinimumTransferUnit, 1U);
            adapter->DmaOperations->PutDmaAdapter(adapter);
        }
        DEVICE_DESCRIPTION description = master(false);
        description.Dma32BitAddresses = FALSE;
        for (const auto& [bus, limit] : {std::pair{PCIBus, 1LL << 32}, std::pair{Isa, 1LL << 24}}) {
            description.InterfaceType = bus;
            DMA_ADAPTER* adapter = open(description);
            PHYSICAL_ADDRESS logical;
            void* all = adapter->DmaOperations->AllocateCommonBuffer(adapter, 20 << 20, &logical, TRUE);
            EXPECT_EQ(all != nullptr, bus == PCIBus) << "20 MB below " << limit;
            if (all != nullptr) {
                adapter->DmaOperations->FreeCommonBuffer(adapter, 20 << 20, logical, all, TRUE);
            }
            adapter->DmaOperations->PutDmaAdapter(adapter);
        }
    });
}

TEST_F(DmaOperations, GetDmaAdapterInfoAndGetDmaAlignmentOfASystemChannel) {
    IsaController controller;
    kernel().dma_channels.attach(&controller);
    inside([&] {
        DEVICE_DESCRIPTION description = slave(DEVICE_DESCRIPTION_VERSION3);
        for (const DMA_WIDTH width : {Width8Bits, Width16Bits}) {
            description.DmaWidth = width;
            description.MaximumLength = 1 << 20;
            DMA_ADAPTER* adapter = open(description);
            const DMA_OPERATIONS& operations = *adapter->DmaOperations;
            const ULONG unit = width == Width8Bits ? 1 : 2;
            EXPECT_EQ(map_registers, 16 * unit) << "no more than lie within the controller's 64 KB or 128 KB";
            DMA_ADAPTER_INFO info{DMA_ADAPTER_INFO_VERSION1, {}};
            EXPECT_EQ(operations.GetDmaAdapterInfo(adapter, &info), STATUS_SUCCESS);
            EXPECT_TRUE(info.V1.ReadDmaCounterAvailable);
            EXPECT_EQ(info.V1.ScatterGatherLimit, 1U);
            EXPECT_EQ(info.V1.DmaAddressWidth, 24U);
            EXPECT_EQ(info.V1.MinimumTransferUnit, unit);
            EXPECT_EQ(operations.GetDmaAlignment(adapter), unit);
            operations.PutDmaAdapter(adapter);
        }
    });
}

// nc-wdm-pget_dma_transfer_info; ns-wdm-_dma_transfer_info_v2: from Windows 10, version 1809.
TEST_F(DmaOperations, GetDmaTransferInfoSaysWhatATransferNeeds) {
    inside([&] {
        MDL* pages = far_pages(8);
        MDL* mdl = scattered(pages, 4);
        DEVICE_DESCRIPTION description = master_of_version_3(24);
        DMA_ADAPTER* adapter = open(description);
        const auto info_of = [&](ULONG version, ULONGLONG offset, ULONG length, DMA_TRANSFER_INFO& info) {
            info = {};
            info.Version = version;
            return adapter->DmaOperations->GetDmaTransferInfo(adapter, mdl, offset, length, FALSE, &info);
        };
        DMA_TRANSFER_INFO info;
        EXPECT_EQ(info_of(3, 0, 100, info), STATUS_NOT_SUPPORTED);
        EXPECT_EQ(info_of(1, 0, 16'385, info), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(info_of(1, 16'384, 1, info), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(info_of(1, 4'095, 2, info), STATUS_SUCCESS);
        EXPECT_EQ(info.V1.MapRegisterCount, 2U);
        EXPECT_EQ(info.V1.ScatterGatherElementCount, 2U);
        const ULONG two = info.V1.ScatterGatherListSize;
        EXPECT_GE(two, sizeof(SCATTER_GATHER_LIST) + 2 * sizeof(SCATTER_GATHER_ELEMENT));
        EXPECT_EQ(info_of(2, 0, 16'384, info), STATUS_SUCCESS);
        EXPECT_EQ(info.V2.MapRegisterCount, 4U);
        EXPECT_EQ(info.V2.LogicalPageCount, 4U);
        EXPECT_EQ(info.V2.ScatterGatherListSize - two, 2 * sizeof(SCATTER_GATHER_ELEMENT));
        // CalculateScatterGatherList: what there are too few map registers for, at any level.
        adapter->DmaOperations->PutDmaAdapter(adapter);
        description.MaximumLength = 4'096;
        adapter = open(description);
        const Raised raised(HIGH_LEVEL);
        ULONG bytes = 0;
        ULONG registers = 0;
        EXPECT_EQ(adapter->DmaOperations->CalculateScatterGatherList(adapter, mdl, nullptr, 8'192, &bytes, &registers),
                  STATUS_SUCCESS);
        EXPECT_EQ(bytes, two);
        EXPECT_EQ(adapter->DmaOperations->CalculateScatterGatherList(adapter, mdl, nullptr, 8'193, &bytes, &registers),
                  STATUS_INSUFFICIENT_RESOURCES);
        EXPECT_EQ(registers, 3U);
    });
}

TEST_F(DmaOperations, GetDmaTransferInfoOfOlderReleases) {
    inside([&] {
        set_system_version(machine, *system_version_named("8"));
        MDL* mdl = far_pages(1);
        DMA_ADAPTER* adapter = open(master_of_version_3(64));
        DMA_TRANSFER_INFO info{};
        info.Version = DMA_TRANSFER_INFO_VERSION2;
        EXPECT_EQ(adapter->DmaOperations->GetDmaTransferInfo(adapter, mdl, 0, 100, FALSE, &info), STATUS_NOT_SUPPORTED);
        adapter->DmaOperations->PutDmaAdapter(adapter);
        free_pages(mdl);
    });
}

// Requests for channels on one adapter of 17 map registers.
class DmaRequests : public DmaTest {
protected:
    NTSTATUS allocate(ContextMemory* context, ULONG registers, ULONG flags, PDRIVER_CONTROL routine, Channel* channel,
                      void** base = nullptr) {
        return operations().AllocateAdapterChannelEx(adapter, device, context, registers, flags, routine, channel,
                                                     base);
    }
    BOOLEAN cancel(ContextMemory& context) { return operations().CancelAdapterChannel(adapter, device, &context); }
    ContextMemory& prepared(ContextMemory& context) {
        EXPECT_EQ(operations().InitializeDmaTransferContext(adapter, &context), STATUS_SUCCESS);
        return context;
    }
    const DMA_OPERATIONS& operations() const { return *adapter->DmaOperations; }

    DMA_ADAPTER* adapter = nullptr;
    ContextMemory first{};
    ContextMemory second{};
    ContextMemory third{};
};

// nc-wdm-pallocate_adapter_channel_ex.
TEST_F(DmaRequests, AllocateAdapterChannelExRefusesWhatItsPageForbids) {
    inside([&] {
        adapter = open(master_of_version_3(32));
        EXPECT_EQ(operations().InitializeDmaTransferContext(adapter, nullptr), STATUS_INVALID_PARAMETER);
        const Raised raised;
        Channel channel;
        void* base = nullptr;
        constexpr ULONG now = DMA_SYNCHRONOUS_CALLBACK;
        EXPECT_EQ(allocate(nullptr, 1, 0, channel_ready, &channel), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(allocate(&first, 1, 0, channel_ready, &channel), STATUS_INVALID_PARAMETER) << "not initialised";
        prepared(first);
        EXPECT_EQ(allocate(&first, 1, 0, nullptr, nullptr), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(allocate(&first, 1, 0, channel_ready, &channel, &base), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(allocate(&first, 1, now, nullptr, nullptr), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(allocate(&first, 1, 0x80, channel_ready, &channel), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(allocate(&first, map_registers + 1, 0, channel_ready, &channel), STATUS_INSUFFICIENT_RESOURCES);
        EXPECT_EQ(allocate(&first, map_registers + 1, now, nullptr, nullptr, &base), STATUS_INSUFFICIENT_RESOURCES);
        EXPECT_EQ(channel.calls, 0);
        EXPECT_EQ(allocate(&first, 1, 0, channel_ready, &channel), STATUS_SUCCESS);
        EXPECT_EQ(allocate(&first, 1, 0, channel_ready, &channel), STATUS_INVALID_PARAMETER) << "must be unique";
        EXPECT_EQ(channel.calls, 1);
        EXPECT_EQ(channel.level, DISPATCH_LEVEL);
        operations().FreeAdapterChannel(adapter);
        EXPECT_EQ(allocate(&first, 1, 0, channel_ready, &channel), STATUS_SUCCESS) << "free for the next request";
        operations().FreeAdapterChannel(adapter);
        operations().PutDmaAdapter(adapter);
    });
}

TEST_F(DmaRequests, AllocateAdapterChannelExSynchronouslyDoesNotWait) {
    inside([&] {
        adapter = open(master_of_version_3(32));
        const Raised raised;
        Channel channel;
        void* base = nullptr;
        constexpr ULONG now = DMA_SYNCHRONOUS_CALLBACK;
        EXPECT_EQ(allocate(&prepared(first), 2, now, nullptr, nullptr, &base), STATUS_SUCCESS);
        EXPECT_NE(base, nullptr);
        EXPECT_EQ(allocate(&prepared(second), 1, now, channel_ready, &channel), STATUS_INSUFFICIENT_RESOURCES);
        EXPECT_EQ(allocate(&second, 1, 0, channel_ready, &channel), STATUS_SUCCESS) << "waits";
        EXPECT_EQ(channel.calls, 0);
        // nc-wdm-pfree_adapter_object: KeepObject "has no effect".
        operations().FreeAdapterObject(adapter, KeepObject);
        EXPECT_EQ(channel.calls, 0);
        operations().FreeAdapterObject(adapter, DeallocateObject);
        EXPECT_EQ(channel.calls, 1);
        operations().FreeAdapterChannel(adapter);
        // With a routine, called before it returns; the registers are named to both.
        EXPECT_EQ(allocate(&prepared(third), 1, now, channel_keeps_registers, &channel, &base), STATUS_SUCCESS);
        EXPECT_EQ(channel.calls, 2);
        EXPECT_EQ(channel.map_registers, base);
        operations().FreeMapRegisters(adapter, base, 1);
        operations().PutDmaAdapter(adapter);
    });
}

// FreeAdapterObject is allowed below DISPATCH_LEVEL; routines are called there all the same.
TEST_F(DmaRequests, FreeAdapterObjectMayLeaveTheMapRegisters) {
    inside([&] {
        adapter = open(master_of_version_3(32));
        Channel channel;
        void* base = nullptr;
        {
            const Raised raised;
            EXPECT_EQ(allocate(&prepared(first), 17, DMA_SYNCHRONOUS_CALLBACK, nullptr, nullptr, &base),
                      STATUS_SUCCESS);
            EXPECT_EQ(allocate(&prepared(second), 1, 0, channel_ready, &channel), STATUS_SUCCESS);
        }
        operations().FreeAdapterObject(adapter, DeallocateObjectKeepRegisters);
        EXPECT_EQ(channel.calls, 0) << "all registers are in use";
        {
            const Raised raised;
            operations().FreeMapRegisters(adapter, base, 17);
        }
        EXPECT_EQ(channel.calls, 1);
        EXPECT_EQ(channel.level, DISPATCH_LEVEL);
        operations().FreeAdapterObject(adapter, DeallocateObject);
        operations().PutDmaAdapter(adapter);
    });
}

// nc-wdm-pcancel_adapter_channel.
TEST_F(DmaRequests, CancelAdapterChannelTakesWhatWaits) {
    inside([&] {
        adapter = open(master_of_version_3(32));
        Channel holder;
        Channel cancelled;
        Channel next;
        {
            const Raised raised;
            EXPECT_EQ(allocate(&prepared(first), 10, 0, channel_keeps_registers, &holder), STATUS_SUCCESS);
            EXPECT_EQ(allocate(&prepared(second), 8, 0, channel_ready, &cancelled), STATUS_SUCCESS);
            EXPECT_EQ(allocate(&prepared(third), 7, 0, channel_ready, &next), STATUS_SUCCESS);
        }
        EXPECT_FALSE(cancel(first)) << "its routine has run";
        EXPECT_EQ(next.calls, 0);
        EXPECT_TRUE(cancel(second));
        EXPECT_EQ(next.calls, 1) << "seven registers were free all the time";
        EXPECT_EQ(next.level, DISPATCH_LEVEL);
        EXPECT_FALSE(cancel(third));
        const Raised raised;
        operations().FreeAdapterChannel(adapter);
        operations().FreeMapRegisters(adapter, holder.map_registers, 10);
        EXPECT_EQ(cancelled.calls, 0);
        // "Can preemptively cancel future channel allocation requests that use the specified DMA transfer context."
        EXPECT_EQ(allocate(&second, 1, 0, channel_ready, &cancelled), STATUS_CANCELLED);
        EXPECT_TRUE(cancel(prepared(third)));
        EXPECT_EQ(allocate(&third, 1, 0, channel_ready, &cancelled), STATUS_CANCELLED);
        EXPECT_EQ(cancelled.calls, 0);
        EXPECT_EQ(allocate(&prepared(third), 1, 0, channel_ready, &cancelled), STATUS_SUCCESS);
        EXPECT_EQ(cancelled.calls, 1);
        operations().FreeAdapterChannel(adapter);
        ContextMemory never{};
        EXPECT_FALSE(cancel(never));
        operations().PutDmaAdapter(adapter);
    });
}

// nc-wdm-pput_dma_adapter: "after completing DMA operations".
TEST_F(DmaRequests, PutDmaAdapterWhileARequestWaitsEndsTheMachine) {
    expect_bugcheck(0xE6, "PutDmaAdapter while", [&] {
        adapter = open(master_of_version_3(32));
        Channel channel;
        KeRaiseIrqlToDpcLevel();
        allocate(&prepared(first), 17, 0, channel_keeps_registers, &channel);
        allocate(&prepared(second), 1, 0, channel_ready, &channel);
        operations().PutDmaAdapter(adapter);
    });
}

TEST_F(DmaRequests, AllocateAdapterChannelExIsForDispatchLevel) {
    expect_bugcheck(0x0A, "AllocateAdapterChannelEx may be called", [&] {
        adapter = open(master_of_version_3(32));
        Channel channel;
        allocate(&prepared(first), 1, 0, channel_ready, &channel);
    });
}

} // namespace
} // namespace openportcls::executive
