// IoGetDmaAdapter: what an adapter is and can.
#include "executive/hal/dma_adapter.h"

#include <algorithm>
#include <memory>

#include "executive/callers.h"
#include "executive/hal/dma_channels.h"
#include "executive/irql_check.h"
#include "executive/kernel.h"

namespace openportcls::executive {

namespace {

constexpr ULONG adapter_tag = 0x41616D44; // 'DmaA'
constexpr machine::PhysicalAddress isa_reach = 0x00FF'FFFF;
constexpr machine::PhysicalAddress reach_of_32_bits = 0xFFFF'FFFF;
constexpr ULONG most_map_registers = 1024;
constexpr ULONG widest_address_in_bits = 64;

bool is_pci(const DEVICE_DESCRIPTION& description, DEVICE_OBJECT* device) {
    INTERFACE_TYPE bus = description.InterfaceType;
    ULONG bytes = 0;
    if (bus == InterfaceTypeUndefined && device != nullptr &&
        !NT_SUCCESS(IoGetDeviceProperty(device, DevicePropertyLegacyBusType, sizeof bus, &bus, &bytes))) {
        return false;
    }
    return bus == PCIBus;
}

// Version 3 tells the width in bits; older versions by flags; a device that says nothing reaches 16 MB, unless it is
// known to be better (ns-wdm-_device_description).
machine::PhysicalAddress reach_of(const DEVICE_DESCRIPTION& description, DEVICE_OBJECT* device) {
    if (!description.Master) {
        return isa_reach;
    }
    if (description.Version >= DEVICE_DESCRIPTION_VERSION3) {
        return description.DmaAddressWidth == widest_address_in_bits ? UINT64_MAX
                                                                     : (1ULL << description.DmaAddressWidth) - 1;
    }
    if (description.Dma64BitAddresses) {
        return UINT64_MAX;
    }
    return description.Dma32BitAddresses || (description.ScatterGather && is_pci(description, device))
               ? reach_of_32_bits
               : isa_reach;
}

bool is_valid(const DEVICE_DESCRIPTION& description, const SystemDmaController& controller) {
    if (!description.Master) {
        return controller.has_channel(description.DmaChannel);
    }
    return description.Version < DEVICE_DESCRIPTION_VERSION3 ||
           (description.DmaAddressWidth != 0 && description.DmaAddressWidth <= widest_address_in_bits);
}

// One more than the pages of the longest transfer, which may begin in the middle of a page. Those of a slave must not
// cross the controller's boundary together.
ULONG map_registers_for(const DmaAdapter& adapter) {
    const std::uint64_t pages = BYTES_TO_PAGES(static_cast<std::uint64_t>(adapter.description.MaximumLength)) + 1;
    const std::uint64_t most = adapter.is_slave() ? adapter.boundary() / machine::page_size : most_map_registers;
    return static_cast<ULONG>(std::min(pages, most));
}

DMA_ADAPTER* create(DEVICE_OBJECT* device, const DEVICE_DESCRIPTION& description, ULONG* map_registers,
                    const void* caller) {
    Kernel& kernel = Kernel::current();
    const DMA_OPERATIONS* operations = dma_operations(kernel, std::max<ULONG>(description.Version, 1));
    const IsaDma isa_dma(kernel.machine);
    const SystemDmaController* attached = kernel.dma_channels.controller();
    if (operations == nullptr || !is_valid(description, attached != nullptr ? *attached : isa_dma)) {
        return nullptr;
    }
    auto* documented = static_cast<DMA_ADAPTER*>(
        kernel.pool.allocate(sizeof(DMA_ADAPTER), adapter_tag, PoolKind::non_paged, true, caller));
    if (documented == nullptr) {
        return nullptr;
    }
    documented->Version = 1; // "always", nf-wdm-iogetdmaadapter
    documented->Size = sizeof(DMA_ADAPTER);
    documented->DmaOperations = const_cast<DMA_OPERATIONS*>(operations);
    DmaAdapter* const adapter = &kernel.dma_adapters.add(documented, std::make_unique<DmaAdapter>(kernel.machine));
    adapter->documented = documented;
    adapter->kernel = &kernel;
    adapter->device = device;
    adapter->description = description;
    adapter->highest = reach_of(description, device);
    adapter->owner = kernel.pool.owner_at(caller);
    adapter->map_registers = map_registers_for(*adapter);
    kernel.dma_ledger.adapters.push_back(adapter);
    *map_registers = adapter->map_registers;
    return documented;
}

} // namespace

DmaAdapter& adapter_of(DMA_ADAPTER* documented) {
    Kernel& kernel = Kernel::current();
    DmaAdapter* const adapter = kernel.dma_adapters.find(documented);
    if (adapter == nullptr) [[unlikely]] {
        kernel.machine.bugcheck(dma_violation, 0x00, reinterpret_cast<std::uint64_t>(documented), 0, 0,
                                "A DMA function was given what is no DMA adapter, or has been put (PutDmaAdapter).");
    }
    return *adapter;
}

// Map registers that nobody freed are gone with the adapter.
DmaAdapter::~DmaAdapter() {
    for (const auto& each : registers) {
        kernel->dma_ledger.lost.push_back({each->owner, each->count});
    }
    std::erase(kernel->dma_ledger.adapters, this);
}

SystemDmaController* DmaAdapter::controller() {
    if (!is_slave()) {
        return nullptr;
    }
    SystemDmaController* attached = kernel->dma_channels.controller();
    return attached != nullptr ? attached : &isa_dma;
}

machine::PhysicalAddress DmaAdapter::boundary() const {
    if (!is_slave()) {
        return 0;
    }
    return description.DmaWidth == Width8Bits ? 0x10000 : 0x20000;
}

bool DmaAdapter::can_take(machine::PhysicalAddress address, ULONG bytes) const {
    const machine::PhysicalAddress last = address + bytes - 1;
    return reaches(last) && (boundary() == 0 || address / boundary() == last / boundary());
}

machine::PageConstraints DmaAdapter::constraints() const {
    machine::PageConstraints constraints;
    constraints.highest = highest;
    constraints.boundary = boundary();
    return constraints;
}

void NTAPI dma_put_adapter(DMA_ADAPTER* documented) {
    OPC_REQUIRE_DISPATCH_OR_BELOW("PutDmaAdapter");
    DmaAdapter& adapter = adapter_of(documented);
    Kernel& kernel = *adapter.kernel;
    if (adapter.scatter_gather_lists != 0 || adapter.busy || !adapter.waiting.empty()) [[unlikely]] {
        kernel.machine.bugcheck(0xE6 /* DRIVER_VERIFIER_DMA_VIOLATION */, 0x0A,
                                reinterpret_cast<std::uint64_t>(&adapter), adapter.scatter_gather_lists, 0,
                                "PutDmaAdapter while a channel or a scatter/gather list of the adapter is in use.");
    }
    adapter.transfer_end.stop();
    kernel.dma_adapters.remove(documented);
    kernel.pool.free(documented, adapter_tag, "PutDmaAdapter");
}

ULONG NTAPI dma_alignment(DMA_ADAPTER* documented) {
    OPC_REQUIRE_PASSIVE("GetDmaAlignment");
    return adapter_of(documented).unit_bytes();
}

ULONG NTAPI dma_read_counter(DMA_ADAPTER* documented) {
    OPC_REQUIRE_DISPATCH_OR_BELOW("ReadDmaCounter");
    DmaAdapter& adapter = adapter_of(documented);
    SystemDmaController* controller = adapter.controller();
    return controller != nullptr ? controller->read_counter(adapter.description.DmaChannel) : 0;
}

NTSTATUS NTAPI dma_adapter_info(DMA_ADAPTER* documented, DMA_ADAPTER_INFO* info) {
    OPC_REQUIRE_DISPATCH_OR_BELOW("GetDmaAdapterInfo");
    if (info->Version != DMA_ADAPTER_INFO_VERSION1) {
        return STATUS_NOT_SUPPORTED;
    }
    const DmaAdapter& adapter = adapter_of(documented);
    info->V1 = {};
    info->V1.ReadDmaCounterAvailable = adapter.is_slave();
    info->V1.ScatterGatherLimit = adapter.is_scatter_gather_master() ? adapter.map_registers : 1;
    info->V1.DmaAddressWidth = widest_address_in_bits - static_cast<ULONG>(__builtin_clzll(adapter.highest));
    info->V1.MinimumTransferUnit = adapter.unit_bytes();
    return STATUS_SUCCESS;
}

// Version 2 came with Windows 10, version 1809 (ns-wdm-_dma_transfer_info_v2).
NTSTATUS NTAPI dma_transfer_info(DMA_ADAPTER* documented, MDL* mdl, ULONGLONG offset, ULONG length, BOOLEAN,
                                 DMA_TRANSFER_INFO* info) {
    OPC_REQUIRE_DISPATCH_OR_BELOW("GetDmaTransferInfo");
    constexpr ULONG build_of_1809 = 17763;
    const DmaAdapter& adapter = adapter_of(documented);
    const bool knows_version_2 = adapter.kernel->os_major >= 10 && adapter.kernel->os_build >= build_of_1809;
    if (info->Version != DMA_TRANSFER_INFO_VERSION1 &&
        (info->Version != DMA_TRANSFER_INFO_VERSION2 || !knows_version_2)) {
        return STATUS_NOT_SUPPORTED;
    }
    ULONG bytes;
    ULONG registers;
    if (mdl == nullptr || length == 0 ||
        dma_list_size(documented, mdl, address_at(mdl, offset), length, &bytes, &registers) ==
            STATUS_BUFFER_TOO_SMALL) {
        return STATUS_INVALID_PARAMETER;
    }
    info->V1.MapRegisterCount = registers;
    info->V1.ScatterGatherElementCount = adapter.is_scatter_gather_master() ? registers : 1;
    info->V1.ScatterGatherListSize = bytes;
    if (info->Version == DMA_TRANSFER_INFO_VERSION2) {
        info->V2.LogicalPageCount = registers;
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI dma_configure_channel(DMA_ADAPTER* documented, ULONG function, void* context) {
    OPC_REQUIRE_DISPATCH_OR_BELOW("ConfigureAdapterChannel");
    DmaAdapter& adapter = adapter_of(documented);
    SystemDmaController* controller = adapter.controller();
    return controller != nullptr ? controller->configure(adapter.description.DmaChannel, function, context)
                                 : STATUS_NOT_IMPLEMENTED; // "Do not use this routine for a bus-master adapter"
}

} // namespace openportcls::executive

using namespace openportcls;

OPC_BEGIN_REMEMBERING_CALLERS

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

OPC_END_REMEMBERING_CALLERS
