// Scatter/gather lists over an MDL, with bounce buffers where the device does not reach.
#include <algorithm>
#include <cstring>

#include "executive/hal/dma_adapter.h"
#include "executive/hal/mdl_pieces.h"
#include "executive/irql_check.h"
#include "executive/kernel.h"
#include "executive/not_done.h"

namespace openportcls::executive {

namespace {

constexpr ULONG list_tag = 0x4C477353; // 'SsGL'

// What the list needs besides its documented part stands behind it: the list begins where the driver's buffer does.
struct ListRecord {
    ListRecord* self;
    SCATTER_GATHER_LIST* list;
    machine::PhysicalAddress bounce;
    ULONG bounce_pages;
    ULONG bounced_bytes;
    const MDL* mdl; // with `address`: the original of the bounced transfer
    const char* address;
    bool from_pool; // false: in the driver's own buffer
};

constexpr std::size_t record_offset(ULONG elements) {
    return sizeof(SCATTER_GATHER_LIST) + std::size_t{elements} * sizeof(SCATTER_GATHER_ELEMENT);
}
static_assert(record_offset(1) % alignof(ListRecord) == 0);

std::size_t list_bytes(ULONG elements) {
    return record_offset(elements) + sizeof(ListRecord);
}

ListRecord* lay_out(void* buffer, ULONG elements, bool from_pool) {
    auto* record = reinterpret_cast<ListRecord*>(static_cast<char*>(buffer) + record_offset(elements));
    record->self = record;
    record->list = static_cast<SCATTER_GATHER_LIST*>(buffer);
    record->bounce = machine::no_address;
    record->bounce_pages = 0;
    record->from_pool = from_pool;
    return record;
}

enum class Copy : bool { to_bounce, from_bounce };

// Through the pages of the MDLs: the buffer need not be mapped anywhere.
void copy_bounced(machine::PhysicalMemory& memory, const ListRecord& record, Copy direction) {
    auto* bounce =
        static_cast<char*>(memory.to_virtual(record.bounce + BYTE_OFFSET(record.address), record.bounced_bytes));
    for_each_piece(record.mdl, record.address, record.bounced_bytes, [&](const MdlPiece& piece) {
        void* original = memory.to_virtual(piece.address, piece.bytes);
        if (direction == Copy::to_bounce) {
            std::memcpy(bounce, original, piece.bytes);
        } else {
            std::memcpy(original, bounce, piece.bytes);
        }
        bounce += piece.bytes;
    });
}

NTSTATUS fill(DmaAdapter& adapter, ListRecord* record, const MDL* mdl, const char* address, ULONG length,
              bool to_device) {
    machine::PhysicalMemory& memory = adapter.kernel->machine.memory();
    SCATTER_GATHER_LIST* list = record->list;
    list->NumberOfElements = 0;
    list->Reserved = reinterpret_cast<ULONG_PTR>(record);
    bool reachable = true;
    for_each_piece(mdl, address, length, [&](const MdlPiece& piece) {
        reachable = reachable && adapter.reaches(piece.address + piece.bytes - 1);
        SCATTER_GATHER_ELEMENT& element = list->Elements[list->NumberOfElements++];
        element.Address.QuadPart = static_cast<LONGLONG>(piece.address);
        element.Length = piece.bytes;
        element.Reserved = 0;
    });
    if (reachable) {
        return STATUS_SUCCESS;
    }
    // The whole transfer goes through one run of map registers.
    const ULONG page_offset = BYTE_OFFSET(address);
    const ULONG pages = (page_offset + length + machine::page_size - 1) / machine::page_size;
    machine::PageConstraints constraints;
    constraints.highest = adapter.highest;
    record->bounce = memory.allocate(pages * machine::page_size, constraints);
    if (record->bounce == machine::no_address) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    record->bounce_pages = pages;
    record->bounced_bytes = length;
    record->mdl = mdl;
    record->address = address;
    if (to_device) {
        copy_bounced(memory, *record, Copy::to_bounce);
    }
    list->NumberOfElements = 1;
    list->Elements[0].Address.QuadPart = static_cast<LONGLONG>(record->bounce + page_offset);
    list->Elements[0].Length = length;
    return STATUS_SUCCESS;
}

NTSTATUS start(DmaAdapter& adapter, ListRecord* record, DEVICE_OBJECT* device, MDL* mdl, char* address, ULONG length,
               PDRIVER_LIST_CONTROL routine, void* context, bool to_device) {
    const NTSTATUS status = fill(adapter, record, mdl, address, length, to_device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    ++adapter.scatter_gather_lists;
    routine(device, device->CurrentIrp, record->list, context);
    return STATUS_SUCCESS;
}

} // namespace

NTSTATUS NTAPI dma_list_size(DMA_ADAPTER* documented, MDL* mdl, void* address, ULONG length, ULONG* bytes,
                             ULONG* registers) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    (void)documented;
    ULONG elements = 0;
    ULONG beyond_the_end = 0;
    if (mdl != nullptr) {
        const auto* begin =
            address != nullptr ? static_cast<char*>(address) : static_cast<char*>(MmGetMdlVirtualAddress(mdl));
        beyond_the_end = for_each_piece(mdl, begin, length, [&](const MdlPiece& piece) {
            elements += ADDRESS_AND_SIZE_TO_SPAN_PAGES(piece.address, piece.bytes);
        });
    } else {
        elements = ADDRESS_AND_SIZE_TO_SPAN_PAGES(address, length);
    }
    *bytes = static_cast<ULONG>(list_bytes(elements));
    if (registers != nullptr) {
        *registers = elements;
    }
    // "The specified Length is too big to fit within the buffer" (nc-wdm-pcalculate_scatter_gather_list_size)
    return beyond_the_end == 0 ? STATUS_SUCCESS : STATUS_BUFFER_TOO_SMALL;
}

NTSTATUS NTAPI dma_get_list(DMA_ADAPTER* documented, DEVICE_OBJECT* device, MDL* mdl, void* address, ULONG length,
                            PDRIVER_LIST_CONTROL routine, void* context, BOOLEAN to_device) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    OPC_REQUIRE_IRQL_AT_LEAST(machine::irql::dispatch);
    DmaAdapter& adapter = adapter_of(documented);
    ULONG bytes;
    ULONG registers;
    const NTSTATUS fits = dma_list_size(documented, mdl, address, length, &bytes, &registers);
    if (!NT_SUCCESS(fits)) {
        return fits;
    }
    if (registers > adapter.map_registers) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    void* buffer = adapter.kernel->pool.allocate(bytes, list_tag, PoolKind::non_paged, true, nullptr);
    if (buffer == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    ListRecord* record = lay_out(buffer, registers, true);
    const NTSTATUS status =
        start(adapter, record, device, mdl, static_cast<char*>(address), length, routine, context, to_device != FALSE);
    if (!NT_SUCCESS(status)) {
        adapter.kernel->pool.free(buffer, list_tag, __func__);
    }
    return status;
}

NTSTATUS NTAPI dma_build_list(DMA_ADAPTER* documented, DEVICE_OBJECT* device, MDL* mdl, void* address, ULONG length,
                              PDRIVER_LIST_CONTROL routine, void* context, BOOLEAN to_device, void* buffer,
                              ULONG buffer_bytes) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    OPC_REQUIRE_IRQL_AT_LEAST(machine::irql::dispatch);
    DmaAdapter& adapter = adapter_of(documented);
    ULONG bytes;
    ULONG registers;
    const NTSTATUS fits = dma_list_size(documented, mdl, address, length, &bytes, &registers);
    if (!NT_SUCCESS(fits)) {
        return fits;
    }
    if (buffer_bytes < bytes) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    ListRecord* record = lay_out(buffer, registers, false);
    return start(adapter, record, device, mdl, static_cast<char*>(address), length, routine, context,
                 to_device != FALSE);
}

void NTAPI dma_put_list(DMA_ADAPTER* documented, SCATTER_GATHER_LIST* list, BOOLEAN to_device) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    OPC_REQUIRE_IRQL_AT_LEAST(machine::irql::dispatch);
    DmaAdapter& adapter = adapter_of(documented);
    machine::PhysicalMemory& memory = adapter.kernel->machine.memory();
    auto* record = reinterpret_cast<ListRecord*>(list->Reserved);
    if (record == nullptr || record->self != record) [[unlikely]] {
        adapter.kernel->machine.bugcheck(0xE6 /* DRIVER_VERIFIER_DMA_VIOLATION */, 0x0D,
                                         reinterpret_cast<std::uint64_t>(list), 0, 0,
                                         "PutScatterGatherList takes a list of GetScatterGatherList, once.");
    }
    if (record->bounce != machine::no_address) {
        if (!to_device) {
            copy_bounced(memory, *record, Copy::from_bounce);
        }
        memory.free(record->bounce, record->bounce_pages * machine::page_size);
    }
    record->self = nullptr;
    --adapter.scatter_gather_lists;
    if (record->from_pool) {
        adapter.kernel->pool.free(list, list_tag, __func__);
    }
}

// The MDL the device sees differs from the original only where pages were bounced.
NTSTATUS NTAPI dma_build_mdl(DMA_ADAPTER*, SCATTER_GATHER_LIST* list, MDL* original, MDL** target) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    const auto* record = reinterpret_cast<const ListRecord*>(list->Reserved);
    if (record->bounce != machine::no_address) {
        report_not_done("BuildMdlFromScatterGatherList of bounced pages", __builtin_return_address(0));
        return STATUS_NOT_IMPLEMENTED;
    }
    *target = original;
    return STATUS_SUCCESS;
}

} // namespace openportcls::executive
