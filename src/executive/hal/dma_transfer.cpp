// Packet DMA: channels, map registers, transfers.
#include <algorithm>
#include <cstring>

#include "executive/hal/dma_adapter.h"
#include "executive/hal/dma_channels.h"
#include "executive/irql_check.h"
#include "executive/kernel.h"

namespace openportcls::executive {

namespace {

constexpr std::uint32_t dma_violation = 0xE6;

MapRegisters* new_registers(DmaAdapter& adapter, ULONG count) {
    auto registers = std::make_unique<MapRegisters>();
    registers->count = count;
    adapter.registers.push_back(std::move(registers));
    return adapter.registers.back().get();
}

void free_registers(DmaAdapter& adapter, MapRegisters* registers) {
    if (registers->bounce != machine::no_address) {
        adapter.kernel->machine.memory().free(registers->bounce, registers->count * machine::page_size);
    }
    std::erase_if(adapter.registers, [registers](const auto& each) { return each.get() == registers; });
}

// The execution routine's answer says what the driver keeps.
void run(DmaAdapter& adapter, const DmaAdapter::Waiting& request) {
    adapter.busy = true;
    MapRegisters* registers = new_registers(adapter, request.registers);
    adapter.current = registers;
    const IO_ALLOCATION_ACTION action =
        request.routine(request.device, request.device->CurrentIrp, registers, request.context);
    if (action == DeallocateObject) {
        free_registers(adapter, registers);
        adapter.current = nullptr;
    }
    if (action != KeepObject) {
        adapter.busy = false;
    }
}

void run_waiting(DmaAdapter& adapter) {
    while (!adapter.busy && !adapter.waiting.empty()) {
        const DmaAdapter::Waiting next = adapter.waiting.front();
        adapter.waiting.pop_front();
        run(adapter, next);
    }
}

// Bytes from `offset` of the MDL that lie one after the other in physical memory.
ULONG contiguous_bytes(const MDL* mdl, ULONG offset, ULONG length) {
    const PFN_NUMBER* frames = MmGetMdlPfnArray(mdl);
    ULONG page = offset / machine::page_size;
    ULONG bytes = static_cast<ULONG>(machine::page_size) - offset % machine::page_size;
    while (bytes < length && frames[page + 1] == frames[page] + 1) {
        bytes += machine::page_size;
        ++page;
    }
    return std::min(bytes, length);
}

} // namespace

NTSTATUS NTAPI dma_allocate_channel(DMA_ADAPTER* documented, DEVICE_OBJECT* device, ULONG registers,
                                    PDRIVER_CONTROL routine, void* context) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    OPC_REQUIRE_IRQL_AT_LEAST(machine::irql::dispatch);
    DmaAdapter& adapter = adapter_of(documented);
    if (registers > adapter.map_registers) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    const DmaAdapter::Waiting request{device, registers, routine, context};
    if (adapter.busy) {
        adapter.waiting.push_back(request);
    } else {
        run(adapter, request);
    }
    return STATUS_SUCCESS;
}

void NTAPI dma_free_channel(DMA_ADAPTER* documented) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    OPC_REQUIRE_IRQL_AT_LEAST(machine::irql::dispatch);
    DmaAdapter& adapter = adapter_of(documented);
    adapter.busy = false;
    adapter.current = nullptr;
    run_waiting(adapter);
}

void NTAPI dma_free_map_registers(DMA_ADAPTER* documented, void* base, ULONG) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    OPC_REQUIRE_IRQL_AT_LEAST(machine::irql::dispatch);
    DmaAdapter& adapter = adapter_of(documented);
    if (base == nullptr) {
        return;
    }
    if (adapter.current == base) {
        adapter.current = nullptr;
    }
    free_registers(adapter, static_cast<MapRegisters*>(base));
}

PHYSICAL_ADDRESS NTAPI dma_map_transfer(DMA_ADAPTER* documented, MDL* mdl, void* base, void* address, ULONG* length,
                                        BOOLEAN to_device) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    DmaAdapter& adapter = adapter_of(documented);
    machine::Machine& machine = adapter.kernel->machine;
    machine::PhysicalMemory& memory = machine.memory();
    const ULONG offset = mdl->ByteOffset + static_cast<ULONG>(static_cast<char*>(address) -
                                                              static_cast<char*>(MmGetMdlVirtualAddress(mdl)));
    *length = contiguous_bytes(mdl, offset, *length);
    machine::PhysicalAddress physical =
        MmGetMdlPfnArray(mdl)[offset / machine::page_size] * machine::page_size + offset % machine::page_size;
    if (!adapter.reaches(physical + *length - 1)) {
        auto* registers = static_cast<MapRegisters*>(base);
        if (registers == nullptr) [[unlikely]] {
            machine.bugcheck(dma_violation, 0x0F, reinterpret_cast<std::uint64_t>(&adapter), 0, 0,
                             "MapTransfer needs the map registers that AllocateAdapterChannel handed out.");
        }
        if (registers->bounce == machine::no_address) {
            machine::PageConstraints constraints;
            constraints.highest = adapter.highest;
            registers->bounce = memory.allocate(registers->count * machine::page_size, constraints);
        }
        const ULONG page_offset = offset % machine::page_size;
        const ULONG pages = (page_offset + *length + machine::page_size - 1) / machine::page_size;
        const ULONG left = registers->count - registers->used;
        if (left == 0 || registers->bounce == machine::no_address) [[unlikely]] {
            machine.bugcheck(dma_violation, 0x11, reinterpret_cast<std::uint64_t>(&adapter), registers->count, pages,
                             "MapTransfer was called for more pages than map registers were allocated.");
        }
        if (pages > left) {
            *length = left * static_cast<ULONG>(machine::page_size) - page_offset;
        }
        auto* original = static_cast<char*>(memory.to_virtual(physical, *length));
        const machine::PhysicalAddress bounce = registers->bounce + registers->used * machine::page_size + page_offset;
        registers->used += std::min(pages, left);
        if (to_device) {
            std::memcpy(memory.to_virtual(bounce, *length), original, *length);
        }
        registers->mappings.push_back({original, bounce, *length, to_device != FALSE});
        physical = bounce;
    }
    if (SystemDmaController* controller = adapter.controller()) {
        SystemDmaController::Transfer transfer;
        transfer.address = physical;
        transfer.bytes = *length;
        transfer.to_device = to_device != FALSE;
        transfer.auto_initialize = adapter.description.AutoInitialize != FALSE;
        transfer.demand = adapter.description.DemandMode != FALSE;
        transfer.width_bytes = static_cast<std::uint8_t>(1U << adapter.description.DmaWidth);
        controller->program(adapter.description.DmaChannel, transfer);
    }
    PHYSICAL_ADDRESS result;
    result.QuadPart = static_cast<LONGLONG>(physical);
    return result;
}

BOOLEAN NTAPI dma_flush_buffers(DMA_ADAPTER* documented, MDL*, void* base, void*, ULONG, BOOLEAN to_device) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    DmaAdapter& adapter = adapter_of(documented);
    if (SystemDmaController* controller = adapter.controller()) {
        controller->mask(adapter.description.DmaChannel);
    }
    auto* registers = static_cast<MapRegisters*>(base);
    if (registers == nullptr) {
        return TRUE;
    }
    for (const MapRegisters::Mapping& mapping : registers->mappings) {
        if (!to_device && !mapping.to_device) {
            std::memcpy(mapping.memory, adapter.kernel->machine.memory().to_virtual(mapping.bounce, mapping.bytes),
                        mapping.bytes);
        }
    }
    registers->mappings.clear();
    registers->used = 0;
    return TRUE;
}

} // namespace openportcls::executive
