// IoGetDmaAdapter, common buffers and the table of operations.
#include "executive/hal/dma_adapter.h"

#include <algorithm>
#include <new>

#include "executive/hal/dma_channels.h"
#include "executive/irql_check.h"
#include "executive/kernel.h"
#include "executive/not_done.h"

namespace openportcls::executive {

namespace {

constexpr ULONG adapter_tag = 0x41616D44; // 'DmaA'
constexpr machine::PhysicalAddress isa_reach = 0x00FF'FFFF;
constexpr machine::PhysicalAddress reach_of_32_bits = 0xFFFF'FFFF;
constexpr ULONG most_map_registers = 1024;

// Version 3 tells the width in bits; older versions by flags; a device that says nothing reaches 16 MB.
machine::PhysicalAddress reach_of(const DEVICE_DESCRIPTION& description) {
    if (description.Version >= DEVICE_DESCRIPTION_VERSION3 && description.DmaAddressWidth != 0) {
        return description.DmaAddressWidth >= 64 ? UINT64_MAX : (1ULL << description.DmaAddressWidth) - 1;
    }
    if (description.Dma64BitAddresses) {
        return UINT64_MAX;
    }
    return description.Dma32BitAddresses ? reach_of_32_bits : isa_reach;
}

void* allocate_common_buffer(DmaAdapter& adapter, ULONG length, machine::PhysicalAddress highest,
                             PHYSICAL_ADDRESS* logical) {
    machine::PageConstraints constraints;
    constraints.highest = highest;
    if (adapter.is_slave()) {
        // The ISA controller cannot carry over its page register: 64 KB for bytes, 128 KB for words.
        constraints.boundary_mask = adapter.description.DmaWidth == Width16Bits ? 0x20000 : 0x10000;
    }
    void* memory = adapter.kernel->contiguous.allocate(length, constraints, adapter.owner, "AllocateCommonBuffer");
    if (memory != nullptr) {
        logical->QuadPart = static_cast<LONGLONG>(adapter.kernel->machine.memory().to_physical(memory));
    }
    return memory;
}

void NTAPI put_adapter(DMA_ADAPTER* documented) {
    OPC_REQUIRE_PASSIVE();
    DmaAdapter& adapter = adapter_of(documented);
    Kernel& kernel = *adapter.kernel;
    if (adapter.scatter_gather_lists != 0 || adapter.busy) [[unlikely]] {
        kernel.machine.bugcheck(0xE6 /* DRIVER_VERIFIER_DMA_VIOLATION */, 0x0A,
                                reinterpret_cast<std::uint64_t>(&adapter), adapter.scatter_gather_lists, 0,
                                "PutDmaAdapter while a channel or a scatter/gather list of the adapter is in use.");
    }
    adapter.~DmaAdapter();
    kernel.pool.free(&adapter, adapter_tag, "PutDmaAdapter");
}

void* NTAPI common_buffer(DMA_ADAPTER* documented, ULONG length, PHYSICAL_ADDRESS* logical, BOOLEAN) {
    OPC_REQUIRE_PASSIVE();
    DmaAdapter& adapter = adapter_of(documented);
    return allocate_common_buffer(adapter, length, adapter.highest, logical);
}

void* NTAPI common_buffer_ex(DMA_ADAPTER* documented, PHYSICAL_ADDRESS* highest, ULONG length,
                             PHYSICAL_ADDRESS* logical, BOOLEAN, ULONG) {
    OPC_REQUIRE_PASSIVE();
    DmaAdapter& adapter = adapter_of(documented);
    const machine::PhysicalAddress limit =
        highest != nullptr ? std::min(adapter.highest, static_cast<machine::PhysicalAddress>(highest->QuadPart))
                           : adapter.highest;
    return allocate_common_buffer(adapter, length, limit, logical);
}

void NTAPI free_common_buffer(DMA_ADAPTER* documented, ULONG length, PHYSICAL_ADDRESS logical, void* address, BOOLEAN) {
    OPC_REQUIRE_PASSIVE();
    Kernel& kernel = *adapter_of(documented).kernel;
    const auto block = kernel.contiguous.find(address);
    if (!block || block->bytes != length || block->physical != static_cast<std::uint64_t>(logical.QuadPart))
        [[unlikely]] {
        kernel.machine.bugcheck(0xE6 /* DRIVER_VERIFIER_DMA_VIOLATION */, 0x04,
                                reinterpret_cast<std::uint64_t>(address), static_cast<std::uint64_t>(logical.QuadPart),
                                length,
                                "FreeCommonBuffer takes the addresses and the length of an AllocateCommonBuffer.");
    }
    kernel.contiguous.free(address);
}

ULONG NTAPI alignment(DMA_ADAPTER*) {
    return 1;
}

ULONG NTAPI read_counter(DMA_ADAPTER* documented) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    DmaAdapter& adapter = adapter_of(documented);
    SystemDmaController* controller = adapter.controller();
    return controller != nullptr ? controller->read_counter(adapter.description.DmaChannel) : 0;
}

NTSTATUS NTAPI adapter_info(DMA_ADAPTER* documented, DMA_ADAPTER_INFO* info) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    if (info->Version != DMA_ADAPTER_INFO_VERSION1) {
        return STATUS_NOT_SUPPORTED;
    }
    const DmaAdapter& adapter = adapter_of(documented);
    info->V1 = {};
    info->V1.ReadDmaCounterAvailable = adapter.is_slave();
    info->V1.ScatterGatherLimit = adapter.map_registers;
    info->V1.DmaAddressWidth = 64U - static_cast<ULONG>(__builtin_clzll(adapter.highest | 1));
    info->V1.MinimumTransferUnit = 1;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI transfer_info(DMA_ADAPTER* documented, MDL* mdl, ULONGLONG offset, ULONG length, BOOLEAN,
                             DMA_TRANSFER_INFO* info) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    if (info->Version != DMA_TRANSFER_INFO_VERSION1) {
        return STATUS_NOT_SUPPORTED;
    }
    ULONG bytes;
    ULONG registers;
    const NTSTATUS status = dma_list_size(documented, mdl, static_cast<char*>(MmGetMdlVirtualAddress(mdl)) + offset,
                                          length, &bytes, &registers);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    info->V1.MapRegisterCount = registers;
    info->V1.ScatterGatherElementCount = registers;
    info->V1.ScatterGatherListSize = bytes;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI initialize_context(DMA_ADAPTER*, void* context) {
    memset(context, 0, DMA_TRANSFER_CONTEXT_SIZE_V1);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI flush_buffers_ex(DMA_ADAPTER* documented, MDL* mdl, void* base, ULONGLONG offset, ULONG length,
                                BOOLEAN to_device) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    dma_flush_buffers(documented, mdl, base, static_cast<char*>(MmGetMdlVirtualAddress(mdl)) + offset, length,
                      to_device);
    return STATUS_SUCCESS;
}

void NTAPI free_adapter_object(DMA_ADAPTER* documented, IO_ALLOCATION_ACTION action) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    DmaAdapter& adapter = adapter_of(documented);
    if (action == KeepObject) {
        return;
    }
    if (action == DeallocateObjectKeepRegisters) {
        adapter.current = nullptr; // FreeMapRegisters frees them
    }
    dma_free_channel(documented);
}

BOOLEAN NTAPI cancel_channel(DMA_ADAPTER*, DEVICE_OBJECT*, void*) {
    return FALSE; // no request of AllocateAdapterChannelEx waits
}

// What version 3 adds around transfer contexts is not done.
NTSTATUS not_done(const char* operation, const void* caller) {
    report_not_done(operation, caller);
    return STATUS_NOT_IMPLEMENTED;
}

NTSTATUS NTAPI cancel_transfer(DMA_ADAPTER*, void*) {
    return not_done("CancelMappedTransfer", __builtin_return_address(0));
}
NTSTATUS NTAPI configure_channel(DMA_ADAPTER*, ULONG, void*) {
    return not_done("ConfigureAdapterChannel", __builtin_return_address(0));
}
NTSTATUS NTAPI allocate_channel_ex(DMA_ADAPTER*, DEVICE_OBJECT*, void*, ULONG, ULONG, PDRIVER_CONTROL, void*, void**) {
    return not_done("AllocateAdapterChannelEx", __builtin_return_address(0));
}
NTSTATUS NTAPI map_transfer_ex(DMA_ADAPTER*, MDL*, void*, ULONGLONG, ULONG, ULONG*, BOOLEAN, SCATTER_GATHER_LIST*,
                               ULONG, PDMA_COMPLETION_ROUTINE, void*) {
    return not_done("MapTransferEx", __builtin_return_address(0));
}
NTSTATUS NTAPI get_list_ex(DMA_ADAPTER*, DEVICE_OBJECT*, void*, MDL*, ULONGLONG, ULONG, ULONG, PDRIVER_LIST_CONTROL,
                           void*, BOOLEAN, PDMA_COMPLETION_ROUTINE, void*, SCATTER_GATHER_LIST**) {
    return not_done("GetScatterGatherListEx", __builtin_return_address(0));
}
NTSTATUS NTAPI build_list_ex(DMA_ADAPTER*, DEVICE_OBJECT*, void*, MDL*, ULONGLONG, ULONG, ULONG, PDRIVER_LIST_CONTROL,
                             void*, BOOLEAN, void*, ULONG, PDMA_COMPLETION_ROUTINE, void*, void*) {
    return not_done("BuildScatterGatherListEx", __builtin_return_address(0));
}

// Adapters of version 1 and 2 end after BuildMdlFromScatterGatherList.
DMA_OPERATIONS make_operations() {
    DMA_OPERATIONS table{};
    table.Size = sizeof table;
    table.PutDmaAdapter = &put_adapter;
    table.AllocateCommonBuffer = &common_buffer;
    table.FreeCommonBuffer = &free_common_buffer;
    table.AllocateAdapterChannel = &dma_allocate_channel;
    table.FlushAdapterBuffers = &dma_flush_buffers;
    table.FreeAdapterChannel = &dma_free_channel;
    table.FreeMapRegisters = &dma_free_map_registers;
    table.MapTransfer = &dma_map_transfer;
    table.GetDmaAlignment = &alignment;
    table.ReadDmaCounter = &read_counter;
    table.GetScatterGatherList = &dma_get_list;
    table.PutScatterGatherList = &dma_put_list;
    table.CalculateScatterGatherList = &dma_list_size;
    table.BuildScatterGatherList = &dma_build_list;
    table.BuildMdlFromScatterGatherList = &dma_build_mdl;
    table.GetDmaAdapterInfo = &adapter_info;
    table.GetDmaTransferInfo = &transfer_info;
    table.InitializeDmaTransferContext = &initialize_context;
    table.AllocateCommonBufferEx = &common_buffer_ex;
    table.AllocateAdapterChannelEx = &allocate_channel_ex;
    table.ConfigureAdapterChannel = &configure_channel;
    table.CancelAdapterChannel = &cancel_channel;
    table.MapTransferEx = &map_transfer_ex;
    table.GetScatterGatherListEx = &get_list_ex;
    table.BuildScatterGatherListEx = &build_list_ex;
    table.FlushAdapterBuffersEx = &flush_buffers_ex;
    table.FreeAdapterObject = &free_adapter_object;
    table.CancelMappedTransfer = &cancel_transfer;
    return table;
}

DMA_ADAPTER* create(DEVICE_OBJECT* device, const DEVICE_DESCRIPTION& description, ULONG* map_registers,
                    const void* caller) {
    Kernel& kernel = Kernel::current();
    if (description.Version > DEVICE_DESCRIPTION_VERSION3) {
        return nullptr;
    }
    const IsaDma isa_dma(kernel.machine);
    const SystemDmaController* attached = kernel.dma_channels.controller();
    const SystemDmaController& controller = attached != nullptr ? *attached : isa_dma;
    if (!description.Master && !controller.has_channel(description.DmaChannel)) {
        return nullptr; // the machine has no such channel
    }
    void* memory = kernel.pool.allocate(sizeof(DmaAdapter), adapter_tag, PoolKind::non_paged, true, caller);
    if (memory == nullptr) {
        return nullptr;
    }
    static const DMA_OPERATIONS operations = make_operations();
    auto* adapter = new (memory) DmaAdapter(kernel.machine);
    adapter->pool_guest.join(kernel.pool_guests, adapter,
                             [](void* object) { static_cast<DmaAdapter*>(object)->~DmaAdapter(); });
    adapter->documented.Version = static_cast<USHORT>(std::max<ULONG>(description.Version, 1));
    adapter->documented.Size = sizeof(DMA_ADAPTER);
    adapter->documented.DmaOperations = const_cast<DMA_OPERATIONS*>(&operations);
    adapter->kernel = &kernel;
    adapter->device = device;
    adapter->description = description;
    adapter->highest = adapter->is_slave() ? std::min(reach_of(description), isa_reach) : reach_of(description);
    adapter->owner = kernel.pool.owner_at(caller);
    // One more than the pages of the longest transfer: it may begin in the middle of a page.
    const std::uint64_t pages = BYTES_TO_PAGES(static_cast<std::uint64_t>(description.MaximumLength)) + 1;
    adapter->map_registers = static_cast<ULONG>(std::min<std::uint64_t>(pages, most_map_registers));
    *map_registers = adapter->map_registers;
    return &adapter->documented;
}

} // namespace

SystemDmaController* DmaAdapter::controller() {
    if (!is_slave()) {
        return nullptr;
    }
    SystemDmaController* attached = kernel->dma_channels.controller();
    return attached != nullptr ? attached : &isa_dma;
}

} // namespace openportcls::executive

using namespace openportcls;

extern "C" {

PDMA_ADAPTER NTAPI IoGetDmaAdapter(PDEVICE_OBJECT device, PDEVICE_DESCRIPTION description, PULONG map_registers) {
    OPC_REQUIRE_PASSIVE();
    return executive::create(device, *description, map_registers, __builtin_return_address(0));
}

PDMA_ADAPTER NTAPI HalGetAdapter(PDEVICE_DESCRIPTION description, PULONG map_registers) {
    OPC_REQUIRE_PASSIVE();
    return executive::create(nullptr, *description, map_registers, __builtin_return_address(0));
}

void NTAPI HalPutDmaAdapter(PDMA_ADAPTER adapter) {
    adapter->DmaOperations->PutDmaAdapter(adapter);
}

PVOID NTAPI HalAllocateCommonBuffer(PDMA_ADAPTER adapter, ULONG length, PPHYSICAL_ADDRESS logical, BOOLEAN cached) {
    return adapter->DmaOperations->AllocateCommonBuffer(adapter, length, logical, cached);
}

void NTAPI HalFreeCommonBuffer(PDMA_ADAPTER adapter, ULONG length, PHYSICAL_ADDRESS logical, PVOID address,
                               BOOLEAN cached) {
    adapter->DmaOperations->FreeCommonBuffer(adapter, length, logical, address, cached);
}

ULONG NTAPI HalReadDmaCounter(PDMA_ADAPTER adapter) {
    return adapter->DmaOperations->ReadDmaCounter(adapter);
}

} // extern "C"
