// The tables of operations: what a version has, and the Windows release that the machine is.
#include <cstddef>
#include <cstring>
#include <tuple>

#include "executive/hal/dma_queue.h"
#include "executive/irql_check.h"
#include "executive/kernel.h"

namespace openportcls::executive {

namespace {

NTSTATUS NTAPI initialize_context(DMA_ADAPTER*, void* memory) {
    OPC_REQUIRE_DISPATCH_OR_BELOW("InitializeDmaTransferContext");
    if (memory == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    const TransferContext context;
    std::memset(memory, 0, DMA_TRANSFER_CONTEXT_SIZE_V1);
    std::memcpy(memory, &context, sizeof context);
    return STATUS_SUCCESS;
}

void add_version_1_and_2(DMA_OPERATIONS& table) {
    table.PutDmaAdapter = &dma_put_adapter;
    table.AllocateCommonBuffer = &dma_common_buffer;
    table.FreeCommonBuffer = &dma_free_common_buffer;
    table.AllocateAdapterChannel = &dma_allocate_channel;
    table.FlushAdapterBuffers = &dma_flush_buffers;
    table.FreeAdapterChannel = &dma_free_channel;
    table.FreeMapRegisters = &dma_free_map_registers;
    table.MapTransfer = &dma_map_transfer;
    table.GetDmaAlignment = &dma_alignment;
    table.ReadDmaCounter = &dma_read_counter;
    table.GetScatterGatherList = &dma_get_list;
    table.PutScatterGatherList = &dma_put_list;
    table.CalculateScatterGatherList = &dma_list_size;
    table.BuildScatterGatherList = &dma_build_list;
    table.BuildMdlFromScatterGatherList = &dma_build_mdl;
}

void add_version_3(DMA_OPERATIONS& table) {
    table.GetDmaAdapterInfo = &dma_adapter_info;
    table.GetDmaTransferInfo = &dma_transfer_info;
    table.InitializeDmaTransferContext = &initialize_context;
    table.AllocateCommonBufferEx = &dma_common_buffer_ex;
    table.AllocateAdapterChannelEx = &dma_allocate_channel_ex;
    table.ConfigureAdapterChannel = &dma_configure_channel;
    table.CancelAdapterChannel = &dma_cancel_channel;
    table.MapTransferEx = &dma_map_transfer_ex;
    table.GetScatterGatherListEx = &dma_get_list_ex;
    table.BuildScatterGatherListEx = &dma_build_list_ex;
    table.FlushAdapterBuffersEx = &dma_flush_buffers_ex;
    table.FreeAdapterObject = &dma_free_adapter_object;
    table.CancelMappedTransfer = &dma_cancel_transfer;
    table.AllocateDomainCommonBuffer = &dma_domain_buffer;
    table.FlushDmaBuffer = &dma_flush_buffer;
    table.JoinDmaDomain = &dma_join_domain;
    table.LeaveDmaDomain = &dma_leave_domain;
    table.GetDmaDomain = &dma_domain;
    table.AllocateCommonBufferWithBounds = &dma_common_buffer_with_bounds;
    table.AllocateCommonBufferVector = &dma_common_buffer_vector;
    table.GetCommonBufferFromVectorByIndex = &dma_vector_element;
    table.FreeCommonBufferFromVector = &dma_free_vector_element;
    table.FreeCommonBufferVector = &dma_free_vector;
    table.CreateCommonBufferFromMdl = &dma_common_buffer_from_mdl;
}

// A table is as long as the documentation says of the version and the release; nothing stands behind its end.
struct Length {
    ULONG version;
    std::tuple<ULONG, ULONG, ULONG> first_release; // major, minor, build
    std::size_t bytes;
};

constexpr Length lengths[] = {
    {1, {5, 0, 0}, offsetof(DMA_OPERATIONS, CalculateScatterGatherList)},
    {2, {5, 1, 0}, offsetof(DMA_OPERATIONS, GetDmaAdapterInfo)},
    {3, {6, 2, 0}, offsetof(DMA_OPERATIONS, AllocateDomainCommonBuffer)},
    {3, {10, 0, 0}, offsetof(DMA_OPERATIONS, AllocateCommonBufferWithBounds)},
    {3, {10, 0, 17134}, offsetof(DMA_OPERATIONS, CreateCommonBufferFromMdl)}, // 1803
    {3, {10, 0, 20348}, sizeof(DMA_OPERATIONS)},                              // Server 2022
};

struct Tables {
    Tables() {
        DMA_OPERATIONS all{};
        add_version_1_and_2(all);
        add_version_3(all);
        for (std::size_t index = 0; index < std::size(lengths); ++index) {
            std::memcpy(&tables[index], &all, lengths[index].bytes);
            tables[index].Size = static_cast<ULONG>(lengths[index].bytes);
        }
    }
    DMA_OPERATIONS tables[std::size(lengths)] = {};
};

} // namespace

const DMA_OPERATIONS* dma_operations(const Kernel& kernel, ULONG version) {
    static const Tables tables;
    const std::tuple release{kernel.os_major, kernel.os_minor, kernel.os_build};
    const DMA_OPERATIONS* found = nullptr;
    for (std::size_t index = 0; index < std::size(lengths); ++index) {
        if (lengths[index].version == version && lengths[index].first_release <= release) {
            found = &tables.tables[index];
        }
    }
    return found;
}

} // namespace openportcls::executive
