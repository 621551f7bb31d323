// Scatter/gather lists of version 3 of DMA_OPERATIONS, and the MDL of a list.
#include "executive/tests/dma_fixture.h"

namespace openportcls::executive {
namespace {

class ScatterGatherEx : public DmaTest {
protected:
    NTSTATUS get(MDL* mdl, ULONGLONG offset, ULONG length, ULONG flags, PDRIVER_LIST_CONTROL routine,
                 Received* received, SCATTER_GATHER_LIST** list = nullptr, ContextMemory* context = nullptr,
                 bool to_device = true) {
        return operations().GetScatterGatherListEx(adapter, device, &prepared(context), mdl, offset, length, flags,
                                                   routine, received, to_device, nullptr, nullptr, list);
    }
    NTSTATUS build(MDL* mdl, ULONG length, ULONG flags, void* buffer, ULONG buffer_bytes, Received* received,
                   SCATTER_GATHER_LIST** list = nullptr, ContextMemory* context = nullptr) {
        return operations().BuildScatterGatherListEx(adapter, device, &prepared(context), mdl, 0, length, flags,
                                                     received != nullptr ? &list_ready : nullptr, received, TRUE,
                                                     buffer, buffer_bytes, nullptr, nullptr, static_cast<void*>(list));
    }
    void put(SCATTER_GATHER_LIST* list, bool to_device = true) {
        const Raised raised;
        operations().PutScatterGatherList(adapter, list, to_device);
    }
    ContextMemory& prepared(ContextMemory* context) {
        ContextMemory& chosen = context != nullptr ? *context : own_context;
        operations().InitializeDmaTransferContext(adapter, &chosen);
        return chosen;
    }
    const DMA_OPERATIONS& operations() const { return *adapter->DmaOperations; }

    DMA_ADAPTER* adapter = nullptr;
    ContextMemory own_context{};
    static constexpr ULONG now = DMA_SYNCHRONOUS_CALLBACK;
};

// nc-wdm-pget_scatter_gather_list_ex: the offset counts from the beginning of the chain.
TEST_F(ScatterGatherEx, GetScatterGatherListExCallsItsRoutineAtDispatchLevel) {
    inside([&] {
        MDL* pages = far_pages(8);
        MDL* mdl = scattered(pages, 4);
        adapter = open(master_of_version_3(64));
        for (const ULONG flags : {0U, now}) {
            Received received;
            SCATTER_GATHER_LIST* list = nullptr;
            ASSERT_EQ(get(mdl, 4'096 + 10, 5'000, flags, &list_ready, &received, &list), STATUS_SUCCESS);
            ASSERT_EQ(received.calls, 1);
            EXPECT_EQ(received.level, DISPATCH_LEVEL);
            EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
            EXPECT_EQ(received.list, list);
            ASSERT_EQ(list->NumberOfElements, 2U);
            EXPECT_EQ(list->Elements[0].Address.QuadPart, static_cast<LONGLONG>(MmGetMdlPfnArray(mdl)[1] * 4096 + 10));
            EXPECT_EQ(list->Elements[0].Length, 4'086U);
            EXPECT_EQ(list->Elements[1].Length, 914U);
            put(list);
        }
        operations().PutDmaAdapter(adapter);
        IoFreeMdl(mdl);
        free_pages(pages);
        IoDeleteDevice(device);
        EXPECT_EQ(kernel().pool.usage().blocks, 0U);
    });
}

TEST_F(ScatterGatherEx, GetScatterGatherListExRefusesWhatItsPageForbids) {
    IsaController controller;
    kernel().dma_channels.attach(&controller);
    inside([&] {
        MDL* mdl = far_pages(4);
        adapter = open(master_of_version_3(64));
        Received received;
        SCATTER_GATHER_LIST* list = nullptr;
        EXPECT_EQ(get(nullptr, 0, 1, 0, &list_ready, &received), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(get(mdl, 0, 0, 0, &list_ready, &received), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(get(mdl, 16'384, 1, 0, &list_ready, &received), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(get(mdl, 1, 16'384, 0, &list_ready, &received), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(get(mdl, 0, 1, 2, &list_ready, &received), STATUS_INVALID_PARAMETER) << "an unknown flag";
        EXPECT_EQ(get(mdl, 0, 1, 0, nullptr, nullptr, &list), STATUS_INVALID_PARAMETER) << "who would be told?";
        EXPECT_EQ(get(mdl, 0, 1, now, nullptr, nullptr), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(operations().GetScatterGatherListEx(adapter, device, nullptr, mdl, 0, 1, 0, &list_ready, &received,
                                                      TRUE, nullptr, nullptr, nullptr),
                  STATUS_INVALID_PARAMETER);
        operations().PutDmaAdapter(adapter);
        DEVICE_DESCRIPTION description = master_of_version_3(64);
        description.MaximumLength = 4'096;
        adapter = open(description);
        EXPECT_EQ(get(mdl, 0, 8'193, 0, &list_ready, &received), STATUS_INSUFFICIENT_RESOURCES) << "two map registers";
        operations().PutDmaAdapter(adapter);
        // "Do not call this routine for a system DMA device."
        adapter = open(slave(DEVICE_DESCRIPTION_VERSION3));
        EXPECT_EQ(get(mdl, 0, 1, 0, &list_ready, &received), STATUS_INVALID_PARAMETER);
        operations().PutDmaAdapter(adapter);
        EXPECT_EQ(received.calls, 0);
        free_pages(mdl);
    });
}

// Requests wait for map registers; synchronous ones do not, and CancelAdapterChannel takes a waiting one back.
TEST_F(ScatterGatherEx, GetScatterGatherListExWaitsForMapRegisters) {
    inside([&] {
        MDL* mdl = far_pages(4);
        DEVICE_DESCRIPTION description = master_of_version_3(24);
        description.MaximumLength = 4 * 4'096; // five registers
        adapter = open(description);
        Received holder;
        Received cancelled;
        Received next;
        SCATTER_GATHER_LIST* list = nullptr;
        ContextMemory contexts[3]{};
        EXPECT_EQ(get(mdl, 0, 3 * 4'096, 0, &list_ready, &holder, nullptr, &contexts[0]), STATUS_SUCCESS);
        EXPECT_EQ(get(mdl, 0, 4 * 4'096, now, &list_ready, &next), STATUS_INSUFFICIENT_RESOURCES);
        EXPECT_EQ(get(mdl, 0, 4 * 4'096, 0, &list_ready, &cancelled, nullptr, &contexts[1]), STATUS_SUCCESS);
        EXPECT_EQ(get(mdl, 0, 2 * 4'096, 0, &list_ready, &next, &list, &contexts[2]), STATUS_SUCCESS);
        EXPECT_EQ(get(mdl, 0, 1, now, &list_ready, &next), STATUS_INSUFFICIENT_RESOURCES) << "others wait";
        EXPECT_EQ(cancelled.calls + next.calls, 0);
        EXPECT_FALSE(operations().CancelAdapterChannel(adapter, device, &contexts[0])) << "its routine was called";
        EXPECT_TRUE(operations().CancelAdapterChannel(adapter, device, &contexts[1]));
        EXPECT_EQ(next.calls, 1) << "two registers suffice for it";
        EXPECT_EQ(next.list, list);
        EXPECT_EQ(next.level, DISPATCH_LEVEL);
        // GetScatterGatherList waits as well: "as soon as … any necessary map registers are available".
        Received old_one;
        {
            const Raised raised;
            EXPECT_EQ(operations().GetScatterGatherList(adapter, device, mdl, index_into(mdl, 0), 4 * 4'096,
                                                        &list_ready, &old_one, TRUE),
                      STATUS_SUCCESS);
        }
        put(next.list);
        EXPECT_EQ(old_one.calls, 0);
        put(holder.list);
        EXPECT_EQ(old_one.calls, 1);
        put(old_one.list);
        EXPECT_EQ(cancelled.calls, 0);
        operations().PutDmaAdapter(adapter);
        free_pages(mdl);
        EXPECT_EQ(kernel().pages.living_bytes(), 0U);
    });
}

// A device that reaches all memory needs no map registers: its lists wait for nobody.
TEST_F(ScatterGatherEx, GetScatterGatherListExNeedsNoMapRegistersWhereTheDeviceReaches) {
    inside([&] {
        MDL* mdl = far_pages(4);
        DEVICE_DESCRIPTION description = master_of_version_3(64);
        description.MaximumLength = 4 * 4'096;
        adapter = open(description);
        Received received[3];
        ContextMemory contexts[3]{};
        for (int index = 0; index < 3; ++index) {
            EXPECT_EQ(get(mdl, 0, 4 * 4'096, now, &list_ready, &received[index], nullptr, &contexts[index]),
                      STATUS_SUCCESS);
            EXPECT_EQ(received[index].calls, 1);
        }
        for (const Received& each : received) {
            put(each.list);
        }
        operations().PutDmaAdapter(adapter);
        free_pages(mdl);
    });
}

// Without a routine the caller has the adapter object until FreeAdapterObject, and the list until it is put.
TEST_F(ScatterGatherEx, GetScatterGatherListExWithoutARoutine) {
    inside([&] {
        MDL* mdl = far_pages(2);
        adapter = open(master_of_version_3(24));
        for (const IO_ALLOCATION_ACTION action : {DeallocateObject, DeallocateObjectKeepRegisters}) {
            byte_at(mdl, 7) = 'o';
            SCATTER_GATHER_LIST* list = nullptr;
            ASSERT_EQ(get(mdl, 7, 5'000, now, nullptr, nullptr, &list, nullptr, false), STATUS_SUCCESS);
            ASSERT_EQ(list->NumberOfElements, 1U);
            SCATTER_GATHER_LIST* second = nullptr;
            ContextMemory context{};
            EXPECT_EQ(get(mdl, 0, 1, now, nullptr, nullptr, &second, &context), STATUS_INSUFFICIENT_RESOURCES)
                << "the adapter object is in use";
            *at(list->Elements[0].Address, 1) = 'n';
            operations().FreeAdapterObject(adapter, action);
            EXPECT_EQ(byte_at(mdl, 7), action == DeallocateObject ? 'n' : 'o') << "with the registers go the data";
            put(list, false);
            EXPECT_EQ(byte_at(mdl, 7), 'n');
        }
        operations().PutDmaAdapter(adapter);
        free_pages(mdl);
        EXPECT_EQ(kernel().pages.living_bytes(), 0U);
    });
}

// nc-wdm-pbuild_scatter_gather_list_ex: the list "always matches the ScatterGatherBuffer parameter value".
TEST_F(ScatterGatherEx, BuildScatterGatherListExUsesTheCallersBuffer) {
    inside([&] {
        MDL* pages = far_pages(8);
        MDL* mdl = scattered(pages, 4);
        adapter = open(master_of_version_3(32));
        DMA_TRANSFER_INFO info{};
        info.Version = DMA_TRANSFER_INFO_VERSION1;
        ASSERT_EQ(operations().GetDmaTransferInfo(adapter, mdl, 0, 16'384, TRUE, &info), STATUS_SUCCESS);
        std::vector<std::uint64_t> room(info.V1.ScatterGatherListSize / 8 + 1);
        const ULONG bytes = info.V1.ScatterGatherListSize;
        const Raised raised;
        Received received;
        SCATTER_GATHER_LIST* list = nullptr;
        EXPECT_EQ(build(mdl, 16'384, 0, room.data(), bytes - 1, &received), STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(build(mdl, 16'384, 0, nullptr, 0, &received), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(build(mdl, 16'384, 0, room.data(), bytes, nullptr, &list), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(received.calls, 0);
        EXPECT_EQ(build(mdl, 16'384, 0, room.data(), bytes, &received, &list), STATUS_SUCCESS);
        EXPECT_EQ(received.calls, 1);
        EXPECT_EQ(static_cast<void*>(list), static_cast<void*>(room.data()));
        EXPECT_EQ(received.list, list);
        EXPECT_EQ(list->NumberOfElements, 4U);
        operations().PutScatterGatherList(adapter, list, TRUE);
        list = nullptr;
        EXPECT_EQ(build(mdl, 16'384, now, room.data(), bytes, nullptr, &list), STATUS_SUCCESS);
        EXPECT_EQ(static_cast<void*>(list), static_cast<void*>(room.data()));
        operations().FreeAdapterObject(adapter, DeallocateObjectKeepRegisters);
        operations().PutScatterGatherList(adapter, list, TRUE);
        operations().PutDmaAdapter(adapter);
    });
}

// A master that cannot gather gets one element, also where it reaches every page.
TEST_F(ScatterGatherEx, ListsOfDevicesThatCannotGatherHaveOneElement) {
    inside([&] {
        MDL* pages = far_pages(8);
        MDL* mdl = scattered(pages, 4);
        byte_at(mdl, 16'383) = 'z';
        DEVICE_DESCRIPTION description = master_of_version_3(64);
        description.ScatterGather = FALSE;
        adapter = open(description);
        Received received;
        ASSERT_EQ(get(mdl, 0, 16'384, 0, &list_ready, &received), STATUS_SUCCESS);
        ASSERT_EQ(received.list->NumberOfElements, 1U);
        EXPECT_EQ(received.list->Elements[0].Length, 16'384U);
        EXPECT_EQ(at(received.list->Elements[0].Address, 16'384)[16'383], 'z');
        put(received.list);
        operations().PutDmaAdapter(adapter);
    });
}

// nc-wdm-pbuild_mdl_from_scatter_gather_list: "Use this routine to access the memory locations in the scatter/gather
// list, regardless of whether those locations are a copy."
TEST_F(ScatterGatherEx, BuildMdlFromScatterGatherListDescribesTheCopy) {
    inside([&] {
        MDL* mdl = far_pages(2);
        byte_at(mdl, 100) = 'c';
        adapter = open(master(false));
        Received received;
        MDL* target = nullptr;
        const auto list_of = [&] {
            const Raised raised;
            EXPECT_EQ(operations().GetScatterGatherList(adapter, device, mdl, index_into(mdl, 100), 5'000, &list_ready,
                                                        &received, TRUE),
                      STATUS_SUCCESS);
        };
        list_of(); // within reach
        const auto& build_mdl = operations().BuildMdlFromScatterGatherList;
        EXPECT_EQ(build_mdl(adapter, received.list, nullptr, &target), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(build_mdl(adapter, received.list, mdl, &target), STATUS_SUCCESS);
        EXPECT_EQ(target, mdl);
        put(received.list);
        operations().PutDmaAdapter(adapter);

        DEVICE_DESCRIPTION description = master(false);
        description.Dma32BitAddresses = FALSE;
        description.InterfaceType = Isa;
        adapter = open(description);
        list_of();
        ASSERT_EQ(operations().BuildMdlFromScatterGatherList(adapter, received.list, mdl, &target), STATUS_SUCCESS);
        EXPECT_NE(target, mdl);
        EXPECT_EQ(MmGetMdlByteCount(target), 5'000U);
        EXPECT_EQ(static_cast<LONGLONG>(MmGetMdlPfnArray(target)[0] * 4096 + MmGetMdlByteOffset(target)),
                  received.list->Elements[0].Address.QuadPart);
        auto* mapped = static_cast<char*>(MmGetSystemAddressForMdlSafe(target, NormalPagePriority));
        ASSERT_NE(mapped, nullptr);
        EXPECT_EQ(mapped[0], 'c');
        EXPECT_EQ(operations().BuildMdlFromScatterGatherList(adapter, received.list, mdl, &target), STATUS_NONE_MAPPED);
        put(received.list);
        EXPECT_TRUE(kernel().mdls.allocators().empty()) << "the MDL went with its list";
        operations().PutDmaAdapter(adapter);
        free_pages(mdl);
        EXPECT_EQ(kernel().pages.living_bytes(), 0U);
    });
}

TEST_F(ScatterGatherEx, BuildScatterGatherListExIsForDispatchLevel) {
    expect_bugcheck(0x0A, "BuildScatterGatherListEx may be called", [&] {
        adapter = open(master_of_version_3(32));
        Received received;
        build(nullptr, 1, 0, this, 8, &received);
    });
}

} // namespace
} // namespace openportcls::executive
