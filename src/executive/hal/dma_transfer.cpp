// Packet DMA: what goes through the map registers, and how the controller learns of it.
#include <algorithm>
#include <cstring>

#include "executive/hal/dma_channels.h"
#include "executive/hal/dma_mapping.h"
#include "executive/hal/mdl_pieces.h"
#include "executive/irql_check.h"
#include "executive/kernel.h"

namespace openportcls::executive {

namespace {

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
    if (registers == nullptr) [[unlikely]] {
        machine.bugcheck(dma_violation, 0x0F, reinterpret_cast<std::uint64_t>(&adapter), 0, 0,
                         "MapTransfer needs the map registers that AllocateAdapterChannel handed out.");
    }
    const ULONG room = room_in(adapter, *registers, BYTE_OFFSET(address));
    if (room == 0 || (room < *length && !adapter.is_scatter_gather_master())) [[unlikely]] {
        constexpr std::uint64_t out_of_registers = 2;
        machine.bugcheck(dma_violation, 0x00, out_of_registers, ADDRESS_AND_SIZE_TO_SPAN_PAGES(address, *length),
                         registers->count - registers->used,
                         "MapTransfer was called for more pages than map registers were allocated.");
    }
    *length = std::min(*length, room);
    return bounce(adapter, *registers, mdl, address, *length, to_device);
}

} // namespace

ULONG room_in(DmaAdapter& adapter, MapRegisters& registers, ULONG page_offset) {
    if (registers.used == registers.count) {
        return 0;
    }
    if (registers.bounce == machine::no_address) { // for all of them at once, when the first is needed
        registers.bounce =
            adapter.kernel->pages.allocate(registers.count * machine::page_size, adapter.constraints(),
                                           {"AllocateAdapterChannel", nullptr, PagesOrigin::Kind::map_registers});
    }
    return registers.bounce == machine::no_address
               ? 0
               : (registers.count - registers.used) * static_cast<ULONG>(machine::page_size) - page_offset;
}

machine::PhysicalAddress bounce(DmaAdapter& adapter, MapRegisters& registers, const MDL* mdl, const void* address,
                                ULONG length, bool to_device) {
    machine::PhysicalMemory& memory = adapter.kernel->machine.memory();
    const machine::PhysicalAddress begin =
        registers.bounce + registers.used * machine::page_size + BYTE_OFFSET(address);
    registers.used += static_cast<ULONG>(ADDRESS_AND_SIZE_TO_SPAN_PAGES(address, length));
    machine::PhysicalAddress next = begin;
    for_each_piece(mdl, address, length, [&](const MdlPiece& piece) {
        auto* original = static_cast<char*>(memory.to_virtual(piece.address, piece.bytes));
        if (to_device) {
            std::memcpy(memory.to_virtual(next, piece.bytes), original, piece.bytes);
        }
        registers.mappings.push_back({original, next, piece.bytes, to_device});
        next += piece.bytes;
    });
    return begin;
}

void program_controller(DmaAdapter& adapter, machine::PhysicalAddress address, ULONG bytes, bool to_device) {
    SystemDmaController* controller = adapter.controller();
    if (controller == nullptr || bytes == 0) {
        return;
    }
    SystemDmaController::Transfer transfer;
    transfer.address = address;
    transfer.bytes = bytes;
    transfer.to_device = to_device;
    transfer.auto_initialize = adapter.description.AutoInitialize != FALSE;
    transfer.demand =
        adapter.description.Version == DEVICE_DESCRIPTION_VERSION2 && adapter.description.DemandMode != FALSE;
    transfer.width_bytes = static_cast<std::uint8_t>(adapter.unit_bytes());
    controller->program(adapter.description.DmaChannel, transfer);
    adapter.programmed = {address, address + bytes};
}

void flush(DmaAdapter& adapter, MapRegisters* registers, bool to_device) {
    adapter.transfer_end.forget();
    if (SystemDmaController* controller = adapter.controller()) {
        controller->mask(adapter.description.DmaChannel);
    }
    adapter.programmed = {};
    if (registers == nullptr) {
        return;
    }
    for (const MapRegisters::Mapping& mapping : registers->mappings) {
        if (!to_device && !mapping.to_device) {
            std::memcpy(mapping.memory, adapter.kernel->machine.memory().to_virtual(mapping.bounce, mapping.bytes),
                        mapping.bytes);
        }
    }
    registers->mappings.clear();
    registers->used = 0;
}

// Length shrinks for scatter/gather masters only; "otherwise, the input and output values of Length are identical"
// (nc-wdm-pmap_transfer).
PHYSICAL_ADDRESS NTAPI dma_map_transfer(DMA_ADAPTER* documented, MDL* mdl, void* base, void* address, ULONG* length,
                                        BOOLEAN to_device) {
    OPC_REQUIRE_DISPATCH_OR_BELOW("MapTransfer");
    DmaAdapter& adapter = adapter_of(documented);
    const Extent extent = extent_of(adapter.kernel->machine, mdl, address, *length);
    if (adapter.is_scatter_gather_master()) {
        *length = extent.first.bytes;
    }
    const bool is_one_run = extent.pieces == 1 || adapter.is_scatter_gather_master();
    machine::PhysicalAddress physical = extent.first.address;
    if (!is_one_run || !adapter.can_take(physical, *length)) {
        physical = map_bounced(adapter, static_cast<MapRegisters*>(base), mdl, address, length, to_device != FALSE);
    }
    program_controller(adapter, physical, *length, to_device != FALSE);
    PHYSICAL_ADDRESS result;
    result.QuadPart = static_cast<LONGLONG>(physical);
    return result;
}

BOOLEAN NTAPI dma_flush_buffers(DMA_ADAPTER* documented, MDL*, void* base, void*, ULONG, BOOLEAN to_device) {
    OPC_REQUIRE_DISPATCH_OR_BELOW("FlushAdapterBuffers");
    flush(adapter_of(documented), static_cast<MapRegisters*>(base), to_device != FALSE);
    return TRUE;
}

} // namespace openportcls::executive
