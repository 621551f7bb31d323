// Packet DMA: channels, map registers, transfers.
#include <algorithm>
#include <cstring>

#include "executive/hal/dma_adapter.h"
#include "executive/hal/dma_channels.h"
#include "executive/hal/mdl_pieces.h"
#include "executive/irql_check.h"
#include "executive/kernel.h"

namespace openportcls::executive {

namespace {

constexpr std::uint32_t dma_violation = 0xE6;

ULONG registers_left(const DmaAdapter& adapter) {
    ULONG left = adapter.map_registers;
    for (const auto& each : adapter.registers) {
        left -= each->count;
    }
    return left;
}

MapRegisters* new_registers(DmaAdapter& adapter, ULONG count) {
    auto registers = std::make_unique<MapRegisters>();
    registers->count = count;
    adapter.registers.push_back(std::move(registers));
    return adapter.registers.back().get();
}

void free_registers(DmaAdapter& adapter, const void* base) {
    const auto found = std::ranges::find(adapter.registers, base, [](const auto& each) { return each.get(); });
    machine::Machine& machine = adapter.kernel->machine;
    if (found == adapter.registers.end()) [[unlikely]] {
        machine.bugcheck(dma_violation, 0x05, 1, reinterpret_cast<std::uint64_t>(base), 0,
                         "FreeMapRegisters takes the map registers of an AllocateAdapterChannel, once; "
                         "FreeAdapterChannel has freed those of a routine that returned KeepObject.");
    }
    if ((*found)->bounce != machine::no_address) {
        machine.memory().free((*found)->bounce, (*found)->count * machine::page_size);
    }
    if (adapter.current == base) {
        adapter.current = nullptr;
    }
    adapter.registers.erase(found);
}

// The execution routine's answer says what the driver keeps.
void run(DmaAdapter& adapter, const DmaAdapter::Waiting& request) {
    adapter.busy = true;
    MapRegisters* registers = new_registers(adapter, request.registers);
    adapter.current = registers;
    const IO_ALLOCATION_ACTION action =
        request.routine(request.device, request.device->CurrentIrp, registers, request.context);
    if (action == KeepObject) {
        return;
    }
    if (action == DeallocateObject) {
        free_registers(adapter, registers);
    }
    adapter.current = nullptr;
    adapter.busy = false;
}

// In the order of the requests: a small one does not pass one that waits for many registers.
void run_waiting(DmaAdapter& adapter) {
    while (!adapter.busy && !adapter.waiting.empty() && adapter.waiting.front().registers <= registers_left(adapter)) {
        const DmaAdapter::Waiting next = adapter.waiting.front();
        adapter.waiting.pop_front();
        run(adapter, next);
    }
}

// Where a transfer lies in physical memory.
struct Extent {
    MdlPiece first{0, 0};
    ULONG pieces = 0;
};

Extent extent_of(machine::Machine& machine, const MDL* mdl, const void* address, ULONG length) {
    Extent extent;
    MdlPiece last{0, 0};
    const ULONG beyond_the_end = for_each_piece(mdl, address, length, [&](const MdlPiece& piece) {
        if (extent.pieces++ == 0) {
            extent.first = piece;
        }
        last = piece;
    });
    if (extent.pieces == 0) [[unlikely]] {
        machine.bugcheck(dma_violation, 0x1B, reinterpret_cast<std::uint64_t>(address),
                         reinterpret_cast<std::uint64_t>(mdl), 0,
                         "MapTransfer was called for an address that is not within the bounds of the MDL.");
    }
    if (beyond_the_end > machine::page_size - 1 - (last.address + last.bytes - 1) % machine::page_size) [[unlikely]] {
        machine.bugcheck(dma_violation, 0x1F, 3, reinterpret_cast<std::uint64_t>(mdl), length,
                         "MapTransfer was called for a length that crosses a page boundary beyond the MDL.");
    }
    return extent;
}

// Lets map registers stand in for the transfer's pages. A scatter/gather master gets as much as there are registers
// for.
machine::PhysicalAddress map_bounced(DmaAdapter& adapter, MapRegisters* registers, const MDL* mdl, const void* address,
                                     ULONG* length, bool to_device) {
    machine::Machine& machine = adapter.kernel->machine;
    machine::PhysicalMemory& memory = machine.memory();
    if (registers == nullptr) [[unlikely]] {
        machine.bugcheck(dma_violation, 0x0F, reinterpret_cast<std::uint64_t>(&adapter), 0, 0,
                         "MapTransfer needs the map registers that AllocateAdapterChannel handed out.");
    }
    if (registers->bounce == machine::no_address) {
        machine::PageConstraints constraints;
        constraints.highest = adapter.highest;
        registers->bounce = memory.allocate(registers->count * machine::page_size, constraints);
    }
    const ULONG page_offset = BYTE_OFFSET(address);
    const auto pages = static_cast<ULONG>(ADDRESS_AND_SIZE_TO_SPAN_PAGES(page_offset, *length));
    const ULONG left = registers->count - registers->used;
    const ULONG needed = adapter.is_scatter_gather_master() ? 1 : pages;
    if (left < needed || registers->bounce == machine::no_address) [[unlikely]] {
        constexpr std::uint64_t out_of_registers = 2;
        machine.bugcheck(dma_violation, 0x00, out_of_registers, pages, left,
                         "MapTransfer was called for more pages than map registers were allocated.");
    }
    if (pages > left) {
        *length = left * static_cast<ULONG>(machine::page_size) - page_offset;
    }
    const machine::PhysicalAddress begin = registers->bounce + registers->used * machine::page_size + page_offset;
    registers->used += std::min(pages, left);
    machine::PhysicalAddress bounce = begin;
    for_each_piece(mdl, address, *length, [&](const MdlPiece& piece) {
        auto* original = static_cast<char*>(memory.to_virtual(piece.address, piece.bytes));
        if (to_device) {
            std::memcpy(memory.to_virtual(bounce, piece.bytes), original, piece.bytes);
        }
        registers->mappings.push_back({original, bounce, piece.bytes, to_device});
        bounce += piece.bytes;
    });
    return begin;
}

void program_controller(DmaAdapter& adapter, machine::PhysicalAddress address, ULONG bytes, bool to_device) {
    SystemDmaController* controller = adapter.controller();
    if (controller == nullptr) {
        return;
    }
    SystemDmaController::Transfer transfer;
    transfer.address = address;
    transfer.bytes = bytes;
    transfer.to_device = to_device;
    transfer.auto_initialize = adapter.description.AutoInitialize != FALSE;
    transfer.demand = adapter.description.DemandMode != FALSE;
    transfer.width_bytes = static_cast<std::uint8_t>(1U << adapter.description.DmaWidth);
    controller->program(adapter.description.DmaChannel, transfer);
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
    adapter.waiting.push_back({device, registers, routine, context});
    run_waiting(adapter);
    return STATUS_SUCCESS;
}

// "Frees any map registers that were allocated by an earlier call to AllocateAdapterChannel"
// (nc-wdm-pfree_adapter_channel).
void NTAPI dma_free_channel(DMA_ADAPTER* documented) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    OPC_REQUIRE_IRQL_AT_LEAST(machine::irql::dispatch);
    DmaAdapter& adapter = adapter_of(documented);
    if (adapter.current != nullptr) {
        free_registers(adapter, adapter.current);
    }
    adapter.busy = false;
    run_waiting(adapter);
}

void NTAPI dma_free_map_registers(DMA_ADAPTER* documented, void* base, ULONG) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    OPC_REQUIRE_IRQL_AT_LEAST(machine::irql::dispatch);
    if (base == nullptr) {
        return;
    }
    DmaAdapter& adapter = adapter_of(documented);
    free_registers(adapter, base);
    run_waiting(adapter);
}

// Length shrinks for scatter/gather masters only; "otherwise, the input and output values of Length are identical"
// (nc-wdm-pmap_transfer).
PHYSICAL_ADDRESS NTAPI dma_map_transfer(DMA_ADAPTER* documented, MDL* mdl, void* base, void* address, ULONG* length,
                                        BOOLEAN to_device) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    DmaAdapter& adapter = adapter_of(documented);
    const Extent extent = extent_of(adapter.kernel->machine, mdl, address, *length);
    if (adapter.is_scatter_gather_master()) {
        *length = extent.first.bytes;
    }
    const bool is_one_run = extent.pieces == 1 || adapter.is_scatter_gather_master();
    machine::PhysicalAddress physical = extent.first.address;
    if (!is_one_run || !adapter.reaches(physical + *length - 1)) {
        physical = map_bounced(adapter, static_cast<MapRegisters*>(base), mdl, address, length, to_device != FALSE);
    }
    program_controller(adapter, physical, *length, to_device != FALSE);
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
