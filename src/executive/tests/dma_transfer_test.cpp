// Transfers of version 3 of DMA_OPERATIONS: MapTransferEx, its end, and what takes it back.
#include "executive/tests/dma_fixture.h"

namespace openportcls::executive {
namespace {

struct alignas(8) ListMemory {
    char bytes[sizeof(SCATTER_GATHER_LIST) + 16 * sizeof(SCATTER_GATHER_ELEMENT)];
    SCATTER_GATHER_LIST* list() { return reinterpret_cast<SCATTER_GATHER_LIST*>(bytes); }
    SCATTER_GATHER_ELEMENT& operator[](ULONG index) { return list()->Elements[index]; }
};

constexpr ULONG list_of(ULONG elements) {
    return static_cast<ULONG>(sizeof(SCATTER_GATHER_LIST) + elements * sizeof(SCATTER_GATHER_ELEMENT));
}

struct Ended {
    int calls = 0;
    DMA_COMPLETION_STATUS status = DmaError;
    KIRQL level = 0;
    DMA_ADAPTER* adapter = nullptr;
    PDEVICE_OBJECT device = nullptr;
};
void NTAPI ended(DMA_ADAPTER* adapter, PDEVICE_OBJECT device, PVOID context, DMA_COMPLETION_STATUS status) {
    auto* end = static_cast<Ended*>(context);
    ++end->calls;
    end->status = status;
    end->level = KeGetCurrentIrql();
    end->adapter = adapter;
    end->device = device;
}

class MapTransferEx : public DmaTest {
protected:
    // An adapter with `registers` map registers at hand.
    void take(const DEVICE_DESCRIPTION& description, ULONG registers) {
        adapter = open(description);
        ASSERT_NE(adapter, nullptr);
        operations().InitializeDmaTransferContext(adapter, &context);
        const Raised raised;
        ASSERT_EQ(operations().AllocateAdapterChannelEx(adapter, device, &context, registers, DMA_SYNCHRONOUS_CALLBACK,
                                                        nullptr, nullptr, &base),
                  STATUS_SUCCESS);
    }
    void give_back() {
        operations().FreeAdapterObject(adapter, DeallocateObject);
        operations().PutDmaAdapter(adapter);
    }
    NTSTATUS map(MDL* mdl, ULONGLONG offset, ULONG* length, bool to_device, ULONG list_bytes) {
        return operations().MapTransferEx(adapter, mdl, base, offset, 0, length, to_device, memory.list(), list_bytes,
                                          nullptr, nullptr);
    }
    NTSTATUS flush(MDL* mdl, ULONGLONG offset, ULONG length, bool to_device) {
        return operations().FlushAdapterBuffersEx(adapter, mdl, base, offset, length, to_device);
    }
    const DMA_OPERATIONS& operations() const { return *adapter->DmaOperations; }

    DMA_ADAPTER* adapter = nullptr;
    void* base = nullptr;
    ContextMemory context{};
    ListMemory memory{};
};

// "Using the MapTransferEx Routine": one call maps a chain of MDLs; fragments come in its order.
TEST_F(MapTransferEx, DescribesAWholeChain) {
    inside([&] {
        MDL* pages = far_pages(8);
        MDL* first = scattered(pages, 2);
        MDL* more = far_pages(2);
        first->Next = more;
        take(master_of_version_3(64), 5);
        ULONG length = 8'000;
        ASSERT_EQ(map(first, 4'000, &length, true, sizeof memory), STATUS_SUCCESS);
        EXPECT_EQ(length, 8'000U);
        ASSERT_EQ(memory.list()->NumberOfElements, 3U);
        const auto place = [](MDL* mdl, ULONG offset) {
            return static_cast<LONGLONG>(MmGetMdlPfnArray(mdl)[offset / 4096] * 4096 + offset % 4096);
        };
        EXPECT_EQ(memory[0].Address.QuadPart, place(first, 4'000));
        EXPECT_EQ(memory[0].Length, 96U);
        EXPECT_EQ(memory[1].Address.QuadPart, place(first, 4'096));
        EXPECT_EQ(memory[1].Length, 4'096U);
        EXPECT_EQ(memory[2].Address.QuadPart, place(more, 0));
        EXPECT_EQ(memory[2].Length, 3'808U);
        EXPECT_EQ(flush(first, 4'000, length, true), STATUS_SUCCESS);
        // The second MDL alone, by an offset beyond the first.
        length = 100;
        ASSERT_EQ(map(first, 8'192 + 5'000, &length, true, sizeof memory), STATUS_SUCCESS);
        EXPECT_EQ(memory.list()->NumberOfElements, 1U);
        EXPECT_EQ(memory[0].Address.QuadPart, place(more, 5'000));
        give_back();
    });
}

// Fewer elements or map registers than a transfer needs: the rest is for the next calls.
TEST_F(MapTransferEx, MapsWhatThereIsRoomFor) {
    inside([&] {
        MDL* pages = far_pages(16);
        MDL* mdl = scattered(pages, 8);
        for (ULONG page = 0; page < 8; ++page) {
            byte_at(mdl, page * 4096 + 50) = static_cast<char>('a' + page);
        }
        take(master_of_version_3(64), 8);
        ULONG length = 32'768;
        ASSERT_EQ(map(mdl, 0, &length, true, list_of(3)), STATUS_SUCCESS) << "the list is full";
        EXPECT_EQ(length, 3 * 4'096U);
        EXPECT_EQ(flush(mdl, 0, length, true), STATUS_SUCCESS);
        length = 10'000;
        EXPECT_EQ(map(mdl, 0, &length, true, list_of(1) - 1), STATUS_INVALID_PARAMETER) << "not one element";
        give_back();

        take(master_of_version_3(24), 3); // every page is bounced
        std::string seen;
        for (ULONG done = 0; done < 32'768;) {
            length = 32'768 - done;
            ASSERT_EQ(map(mdl, done, &length, true, sizeof memory), STATUS_SUCCESS);
            EXPECT_EQ(length, done < 6 * 4'096 ? 3 * 4'096U : 2 * 4'096U) << "three map registers";
            for (ULONG index = 0; index < memory.list()->NumberOfElements; ++index) {
                EXPECT_LT(memory[index].Address.QuadPart, 1 << 24);
                seen += at(memory[index].Address, 4'096)[50];
            }
            EXPECT_EQ(flush(mdl, done, length, true), STATUS_SUCCESS);
            done += length;
        }
        EXPECT_EQ(seen, "abcdefgh");
        length = 3 * 4'096;
        ASSERT_EQ(map(mdl, 0, &length, true, sizeof memory), STATUS_SUCCESS);
        EXPECT_EQ(map(mdl, 3 * 4'096, &length, true, sizeof memory), STATUS_INSUFFICIENT_RESOURCES) << "not flushed";
        give_back();
    });
}

// nc-wdm-pflush_adapter_buffers_ex: what the device wrote arrives in the buffer, all of the chain at once.
TEST_F(MapTransferEx, FlushAdapterBuffersExBringsTheDataBack) {
    inside([&] {
        MDL* first = far_pages(1);
        MDL* second = far_pages(1);
        first->Next = second;
        for (const bool scatter_gather : {true, false}) {
            memset(&byte_at(first, 0), 'o', 4'096);
            memset(&byte_at(second, 0), 'o', 4'096);
            DEVICE_DESCRIPTION description = master_of_version_3(24);
            description.ScatterGather = scatter_gather;
            take(description, 3);
            ULONG length = 5'000;
            ASSERT_EQ(map(first, 1'000, &length, false, sizeof memory), STATUS_SUCCESS);
            ASSERT_EQ(length, 5'000U);
            if (!scatter_gather) {
                EXPECT_EQ(memory.list()->NumberOfElements, 1U) << "the device cannot gather";
            }
            for (ULONG index = 0; index < memory.list()->NumberOfElements; ++index) {
                memset(at(memory[index].Address, memory[index].Length), 'n', memory[index].Length);
            }
            EXPECT_EQ(byte_at(first, 1'000), 'o');
            EXPECT_EQ(flush(first, 1'000, length, false), STATUS_SUCCESS);
            EXPECT_EQ(byte_at(first, 999), 'o');
            EXPECT_EQ(byte_at(first, 1'000), 'n');
            EXPECT_EQ(byte_at(second, 1'903), 'n');
            EXPECT_EQ(byte_at(second, 1'904), 'o');
            EXPECT_EQ(operations().FlushAdapterBuffersEx(adapter, nullptr, base, 0, 1, FALSE),
                      STATUS_INVALID_PARAMETER);
            EXPECT_EQ(operations().FlushAdapterBuffersEx(adapter, first, &length, 0, 1, FALSE),
                      STATUS_INVALID_PARAMETER)
                << "no map registers";
            EXPECT_EQ(flush(first, 8'000, 193, false), STATUS_INVALID_PARAMETER);
            give_back();
        }
        EXPECT_EQ(kernel().pages.living_bytes(), 2 * 4'096U) << "the pages of the test";
    });
}

TEST_F(MapTransferEx, RefusesWhatItsPageForbids) {
    inside([&] {
        MDL* mdl = far_pages(1);
        take(master_of_version_3(64), 2);
        ULONG length = 100;
        Ended end;
        const auto& map_with = operations().MapTransferEx;
        EXPECT_EQ(map_with(adapter, nullptr, base, 0, 0, &length, TRUE, memory.list(), sizeof memory, nullptr, nullptr),
                  STATUS_INVALID_PARAMETER);
        EXPECT_EQ(map_with(adapter, mdl, &end, 0, 0, &length, TRUE, memory.list(), sizeof memory, nullptr, nullptr),
                  STATUS_INVALID_PARAMETER);
        EXPECT_EQ(map_with(adapter, mdl, base, 0, 0, &length, TRUE, nullptr, 0, nullptr, nullptr),
                  STATUS_INVALID_PARAMETER)
            << "a bus master's driver needs the list";
        EXPECT_EQ(map_with(adapter, mdl, base, 0, 0, &length, TRUE, memory.list(), sizeof memory, &ended, &end),
                  STATUS_INVALID_PARAMETER)
            << "a bus master interrupts itself";
        EXPECT_EQ(map(mdl, 4'096, &length, true, sizeof memory), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(map(mdl, 4'000, &length, true, sizeof memory), STATUS_INVALID_PARAMETER);
        length = 0;
        EXPECT_EQ(map(mdl, 4'000, &length, true, sizeof memory), STATUS_SUCCESS) << "0 is a valid length";
        EXPECT_EQ(memory.list()->NumberOfElements, 0U);
        EXPECT_EQ(operations().CancelMappedTransfer(adapter, &context), STATUS_NOT_SUPPORTED) << "for system DMA";
        EXPECT_EQ(operations().ConfigureAdapterChannel(adapter, 7, &length), STATUS_NOT_IMPLEMENTED);
        give_back();
    });
}

class SystemTransfer : public MapTransferEx {
protected:
    SystemTransfer() { kernel().dma_channels.attach(&controller); }
    NTSTATUS start(MDL* mdl, ULONG* length) {
        return operations().MapTransferEx(adapter, mdl, base, 0, 0, length, TRUE, nullptr, 0, &ended, &end);
    }
    void end_transfer(DMA_COMPLETION_STATUS status) {
        ASSERT_NE(controller.listener, nullptr);
        const Raised raised(HIGH_LEVEL);
        controller.listener->transfer_ended(status);
        EXPECT_EQ(end.calls, 0) << "the routine waits for DISPATCH_LEVEL";
    }
    InterruptingController controller;
    Ended end;
};

// nc-wdm-pmap_transfer_ex, nc-wdm-dma_completion_routine: called at DISPATCH_LEVEL after the controller's interrupt.
TEST_F(SystemTransfer, MapTransferExCallsItsDmaCompletionRoutine) {
    inside([&] {
        MDL* mdl = far_pages(2);
        byte_at(mdl, 0) = 'p';
        take(slave(DEVICE_DESCRIPTION_VERSION3), 2);
        for (const DMA_COMPLETION_STATUS status : {DmaComplete, DmaError}) {
            end = {};
            ULONG length = 8'192;
            ASSERT_EQ(start(mdl, &length), STATUS_SUCCESS) << "no list: the controller's own is good enough";
            EXPECT_EQ(length, 8'192U);
            EXPECT_EQ(controller.transfer.bytes, 8'192U);
            EXPECT_LT(controller.transfer.address, 1U << 24);
            EXPECT_EQ(*static_cast<char*>(machine.memory().to_virtual(controller.transfer.address, 1)), 'p');
            EXPECT_FALSE(controller.masked);
            end_transfer(status);
            EXPECT_EQ(end.calls, 1);
            EXPECT_EQ(end.status, status);
            EXPECT_EQ(end.level, DISPATCH_LEVEL);
            EXPECT_EQ(end.adapter, adapter);
            EXPECT_EQ(end.device, device);
            EXPECT_EQ(controller.listener, nullptr) << "one transfer, one end";
            EXPECT_EQ(flush(mdl, 0, length, true), STATUS_SUCCESS);
            EXPECT_TRUE(controller.masked);
        }
        give_back();
        free_pages(mdl);
    });
}

// "This call might cancel the transfer before it can finish" (nc-wdm-pflush_adapter_buffers_ex).
TEST_F(SystemTransfer, FlushAdapterBuffersExTakesTheTransferFromTheController) {
    inside([&] {
        MDL* mdl = far_pages(2);
        take(slave(DEVICE_DESCRIPTION_VERSION3), 2);
        ULONG length = 8'192;
        ASSERT_EQ(start(mdl, &length), STATUS_SUCCESS);
        EXPECT_EQ(flush(mdl, 0, length, true), STATUS_SUCCESS);
        EXPECT_TRUE(controller.masked);
        EXPECT_EQ(controller.listener, nullptr);
        EXPECT_EQ(end.calls, 0);
        give_back();
        free_pages(mdl);
    });
}

// nc-wdm-pcancel_mapped_transfer: the completion routine is called, no further transfer starts under the context.
TEST_F(SystemTransfer, CancelMappedTransferEndsItAndAllThatFollow) {
    inside([&] {
        MDL* mdl = far_pages(2);
        take(slave(DEVICE_DESCRIPTION_VERSION3), 2);
        ULONG length = 8'192;
        ASSERT_EQ(start(mdl, &length), STATUS_SUCCESS);
        ContextMemory other{};
        EXPECT_EQ(operations().CancelMappedTransfer(adapter, &other), STATUS_INVALID_PARAMETER);
        operations().InitializeDmaTransferContext(adapter, &other);
        EXPECT_EQ(operations().CancelMappedTransfer(adapter, &other), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(operations().CancelMappedTransfer(adapter, &context), STATUS_SUCCESS);
        EXPECT_TRUE(controller.masked);
        EXPECT_EQ(end.calls, 1);
        EXPECT_EQ(end.status, DmaCancelled);
        EXPECT_EQ(end.level, DISPATCH_LEVEL);
        EXPECT_EQ(operations().CancelMappedTransfer(adapter, &context), STATUS_SUCCESS);
        EXPECT_EQ(end.calls, 1) << "it has ended once";
        EXPECT_EQ(flush(mdl, 0, length, true), STATUS_SUCCESS);
        EXPECT_EQ(start(mdl, &length), STATUS_CANCELLED);
        EXPECT_TRUE(controller.masked);
        give_back();
        free_pages(mdl);
    });
}

// nc-wdm-pconfigure_adapter_channel.
TEST_F(SystemTransfer, ConfigureAdapterChannelReachesTheController) {
    inside([&] {
        take(slave(DEVICE_DESCRIPTION_VERSION3), 1);
        ULONG value = 42;
        EXPECT_EQ(operations().ConfigureAdapterChannel(adapter, 7, &value), STATUS_SUCCESS);
        EXPECT_EQ(controller.configured, 142U) << "channel 1";
        EXPECT_EQ(operations().ConfigureAdapterChannel(adapter, 8, &value), STATUS_NOT_IMPLEMENTED);
        give_back();
    });
}

// The 8237 cannot carry from one 64 KB page to the next, and does not interrupt: no completion routine is called.
TEST_F(MapTransferEx, OfTheIsaControllerStaysWithinItsPage) {
    IsaController controller;
    kernel().dma_channels.attach(&controller);
    inside([&] {
        MDL* run = MmAllocatePagesForMdlEx(large(0x1F'E000), large(0x20'1FFF), large(0), 4 * 4096, MmCached, 0);
        ASSERT_EQ(MmGetMdlPfnArray(run)[0], 0x1FEU);
        byte_at(run, 100) = 'b';
        DEVICE_DESCRIPTION description = slave(DEVICE_DESCRIPTION_VERSION3);
        take(description, 4);
        Ended end;
        ULONG length = 4 * 4'096 - 100;
        ASSERT_EQ(operations().MapTransferEx(adapter, run, base, 100, 0, &length, TRUE, nullptr, 0, &ended, &end),
                  STATUS_SUCCESS);
        EXPECT_EQ(length, 4 * 4'096U - 100);
        const std::uint64_t address = controller.transfer.address;
        EXPECT_NE(address, 0x1F'E064U) << "bounced";
        EXPECT_EQ(address >> 16, (address + length - 1) >> 16);
        EXPECT_EQ(*static_cast<char*>(machine.memory().to_virtual(address, 1)), 'b');
        EXPECT_EQ(flush(run, 100, length, true), STATUS_SUCCESS);
        length = 8'192;
        ASSERT_EQ(operations().MapTransferEx(adapter, run, base, 0, 0, &length, TRUE, nullptr, 0, &ended, &end),
                  STATUS_SUCCESS);
        EXPECT_EQ(controller.transfer.address, 0x1F'E000U) << "where it is";
        EXPECT_EQ(operations().CancelMappedTransfer(adapter, &context), STATUS_SUCCESS);
        EXPECT_TRUE(controller.masked);
        EXPECT_EQ(end.calls, 0);
        give_back();
        free_pages(run);
    });
}

} // namespace
} // namespace openportcls::executive
