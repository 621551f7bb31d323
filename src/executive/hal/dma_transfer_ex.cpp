// MapTransferEx and what belongs to it: a whole chain of MDLs at once, for masters and the system's controller.
#include <algorithm>
#include <cstddef>

#include "executive/hal/dma_channels.h"
#include "executive/hal/dma_mapping.h"
#include "executive/hal/dma_queue.h"
#include "executive/hal/mdl_pieces.h"
#include "executive/irql_check.h"
#include "executive/kernel.h"

namespace openportcls::executive {

namespace {

ULONGLONG chain_bytes(const MDL* mdl) {
    ULONGLONG bytes = 0;
    for (; mdl != nullptr; mdl = mdl->Next) {
        bytes += mdl->ByteCount;
    }
    return bytes;
}

bool lies_within(const MDL* mdl, ULONGLONG offset, ULONG length) {
    const ULONGLONG bytes = chain_bytes(mdl);
    return offset < bytes && length <= bytes - offset;
}

// Writes the elements of one transfer, as many as there is room for in the list and in the map registers.
class Mapper {
public:
    Mapper(DmaAdapter& adapter, MapRegisters& registers, MDL* mdl, ULONGLONG offset, bool to_device,
           SCATTER_GATHER_LIST& list, ULONG most_elements)
        : adapter_(adapter), registers_(registers), mdl_(mdl), begin_(address_at(mdl, offset)), to_device_(to_device),
          list_(list), most_elements_(most_elements) {
        list.NumberOfElements = 0;
        list.Reserved = 0;
    }

    // Bytes that are mapped.
    ULONG map(ULONG length) {
        if (!adapter_.is_scatter_gather_master()) {
            map_as_one(length);
            return mapped_;
        }
        for_each_piece(mdl_, begin_, length, [&](const MdlPiece& piece) {
            if (!is_full_) {
                map_piece(piece);
            }
        });
        return mapped_;
    }

private:
    // A device that cannot gather gets one element.
    void map_as_one(ULONG length) {
        MdlPiece first{0, 0};
        for_each_piece(mdl_, begin_, length, [&](const MdlPiece& piece) { first = first.bytes == 0 ? piece : first; });
        if (first.bytes == length && adapter_.can_take(first.address, length)) {
            add(first.address, length);
            return;
        }
        const ULONG room = room_in(adapter_, registers_, BYTE_OFFSET(begin_));
        if (room != 0) {
            const ULONG bytes = std::min(length, room);
            add(bounce(adapter_, registers_, mdl_, begin_, bytes, to_device_), bytes);
        } else if (adapter_.can_take(first.address, first.bytes)) {
            add(first.address, first.bytes);
        }
    }

    void map_piece(const MdlPiece& piece) {
        if (list_.NumberOfElements == most_elements_) {
            is_full_ = true;
        } else if (adapter_.can_take(piece.address, piece.bytes)) {
            add(piece.address, piece.bytes);
        } else {
            const ULONG_PTR address = reinterpret_cast<ULONG_PTR>(begin_) + mapped_;
            const ULONG bytes = std::min(piece.bytes, room_in(adapter_, registers_, BYTE_OFFSET(address)));
            is_full_ = bytes < piece.bytes;
            if (bytes != 0) {
                add(bounce(adapter_, registers_, mdl_, reinterpret_cast<char*>(address), bytes, to_device_), bytes);
            }
        }
    }

    void add(machine::PhysicalAddress address, ULONG bytes) {
        SCATTER_GATHER_ELEMENT& element = list_.Elements[list_.NumberOfElements++];
        element.Address.QuadPart = static_cast<LONGLONG>(address);
        element.Length = bytes;
        element.Reserved = 0;
        mapped_ += bytes;
    }

    DmaAdapter& adapter_;
    MapRegisters& registers_;
    MDL* mdl_;
    char* begin_;
    bool to_device_;
    SCATTER_GATHER_LIST& list_;
    ULONG most_elements_;
    ULONG mapped_ = 0;
    bool is_full_ = false;
};

// "The default buffer is guaranteed to be large enough to contain … at least one element": more than one the system's
// controllers cannot take anyway.
struct DefaultList {
    alignas(SCATTER_GATHER_LIST) std::byte memory[sizeof(SCATTER_GATHER_LIST) + sizeof(SCATTER_GATHER_ELEMENT)];
    SCATTER_GATHER_LIST& list() { return *reinterpret_cast<SCATTER_GATHER_LIST*>(memory); }
};

constexpr ULONG smallest_list = sizeof(DefaultList);

} // namespace

NTSTATUS NTAPI dma_map_transfer_ex(DMA_ADAPTER* documented, MDL* mdl, void* base, ULONGLONG offset, ULONG,
                                   ULONG* length, BOOLEAN to_device, SCATTER_GATHER_LIST* list, ULONG list_bytes,
                                   PDMA_COMPLETION_ROUTINE completion, void* completion_context) {
    OPC_REQUIRE_DISPATCH_OR_BELOW("MapTransferEx");
    DmaAdapter& adapter = adapter_of(documented);
    MapRegisters* registers = find_registers(adapter, base);
    const bool has_list = list != nullptr ? list_bytes >= smallest_list : adapter.is_slave();
    if (registers == nullptr || length == nullptr || !lies_within(mdl, offset, *length) || !has_list ||
        (completion != nullptr && !adapter.is_slave())) {
        return STATUS_INVALID_PARAMETER;
    }
    if (registers->cancelled) {
        return STATUS_CANCELLED;
    }
    DefaultList own;
    SCATTER_GATHER_LIST& elements = list != nullptr ? *list : own.list();
    const ULONG room = list != nullptr ? (list_bytes - static_cast<ULONG>(sizeof(SCATTER_GATHER_LIST))) /
                                             static_cast<ULONG>(sizeof(SCATTER_GATHER_ELEMENT))
                                       : 1;
    const ULONG wanted = *length;
    Mapper mapper(adapter, *registers, mdl, offset, to_device != FALSE, elements, room);
    *length = wanted == 0 ? 0 : mapper.map(wanted);
    if (*length == 0) {
        return wanted == 0 ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
    }
    if (SystemDmaController* controller = adapter.controller()) {
        if (completion != nullptr && controller->interrupts()) {
            adapter.transfer_end.begin(registers->device, completion, completion_context);
        }
        program_controller(adapter, static_cast<std::uint64_t>(elements.Elements[0].Address.QuadPart), *length,
                           to_device != FALSE);
    }
    return STATUS_SUCCESS;
}

// A list of GetScatterGatherListEx has no map register base to name; on a coherent machine nothing else is to be done.
NTSTATUS NTAPI dma_flush_buffers_ex(DMA_ADAPTER* documented, MDL* mdl, void* base, ULONGLONG offset, ULONG length,
                                    BOOLEAN to_device) {
    OPC_REQUIRE_DISPATCH_OR_BELOW("FlushAdapterBuffersEx");
    DmaAdapter& adapter = adapter_of(documented);
    MapRegisters* registers = find_registers(adapter, base);
    if (!lies_within(mdl, offset, length) || (base != nullptr && registers == nullptr)) {
        return STATUS_INVALID_PARAMETER;
    }
    flush(adapter, registers, to_device != FALSE);
    return STATUS_SUCCESS;
}

// Devices see what processors see: there is no cache to flush, as on a PC.
NTSTATUS NTAPI dma_flush_buffer(DMA_ADAPTER*, MDL* mdl, BOOLEAN) {
    OPC_REQUIRE_DISPATCH_OR_BELOW("FlushDmaBuffer");
    return mdl != nullptr ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

// "Marks the associated transfer context as canceled, which prevents any further transfers under this context"; the
// completion routine is called.
NTSTATUS NTAPI dma_cancel_transfer(DMA_ADAPTER* documented, void* transfer_context) {
    OPC_REQUIRE_DISPATCH_OR_BELOW("CancelMappedTransfer");
    DmaAdapter& adapter = adapter_of(documented);
    SystemDmaController* controller = adapter.controller();
    if (controller == nullptr) {
        return STATUS_NOT_SUPPORTED; // "cancels a system DMA transfer"
    }
    TransferContext* context = TransferContext::of(transfer_context);
    const auto found = std::ranges::find_if(
        adapter.registers, [&](const auto& each) { return context != nullptr && each->transfer_context == context; });
    if (found == adapter.registers.end()) {
        return STATUS_INVALID_PARAMETER;
    }
    context->is_cancelled = true;
    (*found)->cancelled = true;
    controller->mask(adapter.description.DmaChannel);
    adapter.programmed = {};
    adapter.transfer_end.transfer_ended(DmaCancelled);
    return STATUS_SUCCESS;
}

} // namespace openportcls::executive
