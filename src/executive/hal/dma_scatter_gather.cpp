// Scatter/gather lists over an MDL, with bounce buffers where the device does not reach.
#include <algorithm>
#include <cstring>
#include <utility>

#include "executive/hal/dma_queue.h"
#include "executive/hal/mdl_pieces.h"
#include "executive/irql_check.h"
#include "executive/kernel.h"

namespace openportcls::executive {

// What the list needs besides its documented part stands behind it: the list begins where the driver's buffer does.
struct ListRecord {
    ListRecord* self;
    SCATTER_GATHER_LIST* list;
    machine::PhysicalAddress bounce;
    ULONG bounce_pages;
    ULONG registers; // counted while the list is out
    MDL* mdl;
    char* address;
    ULONG bytes;
    bool to_device;
    bool from_pool; // false: in the driver's own buffer
    PDRIVER_LIST_CONTROL routine;
    void* context;
    MDL* seen_by_device; // BuildMdlFromScatterGatherList
};

namespace {

constexpr ULONG list_tag = 0x4C477353; // 'SsGL'

constexpr std::size_t record_offset(ULONG elements) {
    return sizeof(SCATTER_GATHER_LIST) + std::size_t{elements} * sizeof(SCATTER_GATHER_ELEMENT);
}
static_assert(record_offset(1) % alignof(ListRecord) == 0);

std::size_t list_bytes(ULONG elements) {
    return record_offset(elements) + sizeof(ListRecord);
}

struct ListRequest {
    DEVICE_OBJECT* device;
    MDL* mdl;
    char* address;
    ULONG length;
    PDRIVER_LIST_CONTROL routine;
    void* context;
    bool to_device;
};

// Every element may be a page of its own.
struct Size {
    ULONG elements = 0;
    ULONG beyond_the_end = 0; // bytes
};

Size size_of(const MDL* mdl, const void* address, ULONG length) {
    Size size;
    if (mdl == nullptr) {
        size.elements = ADDRESS_AND_SIZE_TO_SPAN_PAGES(address, length);
        return size;
    }
    const void* begin = address != nullptr ? address : MmGetMdlVirtualAddress(mdl);
    size.beyond_the_end = for_each_piece(mdl, begin, length, [&](const MdlPiece& piece) {
        size.elements += ADDRESS_AND_SIZE_TO_SPAN_PAGES(piece.address, piece.bytes);
    });
    return size;
}

// Devices that reach all memory need no map registers: their lists wait for nobody.
ULONG registers_for(const DmaAdapter& adapter, ULONG elements) {
    return adapter.reaches(UINT64_MAX) && adapter.is_scatter_gather_master() ? 0 : elements;
}

ListRecord* lay_out(const DmaAdapter& adapter, void* buffer, ULONG elements, bool from_pool,
                    const ListRequest& request) {
    auto* record = reinterpret_cast<ListRecord*>(static_cast<char*>(buffer) + record_offset(elements));
    *record = {.self = record,
               .list = static_cast<SCATTER_GATHER_LIST*>(buffer),
               .bounce = machine::no_address,
               .bounce_pages = 0,
               .registers = registers_for(adapter, elements),
               .mdl = request.mdl,
               .address = request.address,
               .bytes = request.length,
               .to_device = request.to_device,
               .from_pool = from_pool,
               .routine = request.routine,
               .context = request.context,
               .seen_by_device = nullptr};
    record->list->NumberOfElements = 0;
    record->list->Reserved = reinterpret_cast<ULONG_PTR>(record);
    return record;
}

enum class Copy : bool { to_bounce, from_bounce };

// Through the pages of the MDLs: the buffer need not be mapped anywhere.
void copy_bounced(machine::PhysicalMemory& memory, const ListRecord& record, Copy direction) {
    auto* bounce = static_cast<char*>(memory.to_virtual(record.bounce + BYTE_OFFSET(record.address), record.bytes));
    for_each_piece(record.mdl, record.address, record.bytes, [&](const MdlPiece& piece) {
        void* original = memory.to_virtual(piece.address, piece.bytes);
        if (direction == Copy::to_bounce) {
            std::memcpy(bounce, original, piece.bytes);
        } else {
            std::memcpy(original, bounce, piece.bytes);
        }
        bounce += piece.bytes;
    });
}

// Where the device does not reach, or cannot gather, the whole transfer goes through one run of pages.
NTSTATUS reserve_bounce(DmaAdapter& adapter, ListRecord& record) {
    bool can_take = true;
    ULONG pieces = 0;
    for_each_piece(record.mdl, record.address, record.bytes, [&](const MdlPiece& piece) {
        can_take = can_take && adapter.can_take(piece.address, piece.bytes);
        ++pieces;
    });
    if (can_take && (pieces <= 1 || adapter.is_scatter_gather_master())) {
        return STATUS_SUCCESS;
    }
    record.bounce_pages = static_cast<ULONG>(ADDRESS_AND_SIZE_TO_SPAN_PAGES(record.address, record.bytes));
    record.bounce = adapter.kernel->pages.allocate(record.bounce_pages * machine::page_size, adapter.constraints(),
                                                   {"GetScatterGatherList", nullptr, PagesOrigin::Kind::map_registers});
    return record.bounce == machine::no_address ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}

void add(SCATTER_GATHER_LIST& list, machine::PhysicalAddress address, ULONG bytes) {
    SCATTER_GATHER_ELEMENT& element = list.Elements[list.NumberOfElements++];
    element.Address.QuadPart = static_cast<LONGLONG>(address);
    element.Length = bytes;
    element.Reserved = 0;
}

void fill(DmaAdapter& adapter, const ListRecord& record) {
    if (record.bounce == machine::no_address) {
        for_each_piece(record.mdl, record.address, record.bytes,
                       [&](const MdlPiece& piece) { add(*record.list, piece.address, piece.bytes); });
        return;
    }
    add(*record.list, record.bounce + BYTE_OFFSET(record.address), record.bytes);
    if (record.to_device) {
        copy_bounced(adapter.kernel->machine.memory(), record, Copy::to_bounce);
    }
}

void free_bounce(DmaAdapter& adapter, ListRecord& record) {
    if (record.seen_by_device != nullptr) {
        IoFreeMdl(std::exchange(record.seen_by_device, nullptr));
    }
    if (record.bounce != machine::no_address) {
        adapter.kernel->pages.free(record.bounce, record.bounce_pages * machine::page_size, "PutScatterGatherList");
        record.bounce = machine::no_address;
    }
}

void free_memory(DmaAdapter& adapter, ListRecord* record) {
    record->self = nullptr;
    if (record->from_pool) {
        adapter.kernel->pool.free(record->list, list_tag, __func__);
    }
}

// A list in memory of the pool's, or in the driver's buffer.
NTSTATUS prepare(DmaAdapter& adapter, const ListRequest& request, void* buffer, ULONG buffer_bytes,
                 ListRecord** record) {
    const Size size = size_of(request.mdl, request.address, request.length);
    const std::size_t bytes = list_bytes(size.elements);
    const bool from_pool = buffer == nullptr;
    const bool fits = request.mdl != nullptr && size.beyond_the_end == 0;
    // "The specified Length is too big to fit within the buffer" (nc-wdm-pbuild_scatter_gather_list)
    if (!fits || (!from_pool && buffer_bytes < bytes)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    if (size.elements > adapter.map_registers) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (from_pool) {
        buffer = adapter.kernel->pool.allocate(bytes, list_tag, PoolKind::non_paged, true, nullptr);
        if (buffer == nullptr) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
    }
    *record = lay_out(adapter, buffer, size.elements, from_pool, request);
    const NTSTATUS status = reserve_bounce(adapter, **record);
    if (!NT_SUCCESS(status)) {
        free_memory(adapter, *record);
    }
    return status;
}

NTSTATUS request_list(DmaAdapter& adapter, const ListRequest& request, void* buffer, ULONG buffer_bytes) {
    ListRecord* record = nullptr;
    const NTSTATUS status = prepare(adapter, request, buffer, buffer_bytes, &record);
    if (NT_SUCCESS(status)) {
        request_resources(adapter, {.device = request.device, .registers = record->registers, .list = record});
    }
    return status;
}

struct ExtendedRequest {
    ListRequest list;
    TransferContext* transfer_context;
    ULONGLONG offset;
    ULONG flags;
    void* buffer; // null: from the pool
    ULONG buffer_bytes;
    SCATTER_GATHER_LIST** result;

    bool is_synchronous() const { return (flags & DMA_SYNCHRONOUS_CALLBACK) != 0; }
};

// "Use … only for bus-master adapters."
bool is_valid(const DmaAdapter& adapter, const ExtendedRequest& request) {
    const ListRequest& list = request.list;
    if (adapter.is_slave() || (request.flags & ~static_cast<ULONG>(DMA_SYNCHRONOUS_CALLBACK)) != 0) {
        return false;
    }
    if (list.routine == nullptr ? !request.is_synchronous() || request.result == nullptr : list.device == nullptr) {
        return false;
    }
    ULONGLONG chain_bytes = 0;
    for (const MDL* mdl = list.mdl; mdl != nullptr; mdl = mdl->Next) {
        chain_bytes += mdl->ByteCount;
    }
    return list.length != 0 && request.offset < chain_bytes && list.length <= chain_bytes - request.offset;
}

NTSTATUS grant_now(DmaAdapter& adapter, const ExtendedRequest& request, ListRecord* record) {
    if (!is_available(adapter, record->registers, request.list.routine == nullptr)) {
        discard_list(adapter, record);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    request.transfer_context->state = TransferContext::State::granted;
    if (request.list.routine == nullptr) { // the adapter object is the caller's until FreeAdapterObject
        adapter.busy = true;
        adapter.current_list = record;
    }
    deliver_list(adapter, {.device = request.list.device, .list = record});
    return STATUS_SUCCESS;
}

NTSTATUS request_list_ex(DmaAdapter& adapter, ExtendedRequest& request) {
    if (!is_valid(adapter, request)) {
        return STATUS_INVALID_PARAMETER;
    }
    request.list.address = address_at(request.list.mdl, request.offset);
    NTSTATUS status = check_context(adapter, request.transfer_context);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    ListRecord* record = nullptr;
    status = prepare(adapter, request.list, request.buffer, request.buffer_bytes, &record);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (request.result != nullptr) {
        *request.result = record->list;
    }
    if (request.is_synchronous()) {
        return grant_now(adapter, request, record);
    }
    request_resources(adapter, {.device = request.list.device,
                                .registers = record->registers,
                                .transfer_context = request.transfer_context,
                                .list = record});
    return STATUS_SUCCESS;
}

ListRecord* record_of(DmaAdapter& adapter, const SCATTER_GATHER_LIST* list) {
    auto* record = reinterpret_cast<ListRecord*>(list->Reserved);
    if (record == nullptr || record->self != record) [[unlikely]] {
        adapter.kernel->machine.bugcheck(dma_violation, 0x0D, reinterpret_cast<std::uint64_t>(list), 0, 0,
                                         "PutScatterGatherList takes a list of GetScatterGatherList, once.");
    }
    return record;
}

} // namespace

// What the record says is read before the routine runs: that may put the list.
void deliver_list(DmaAdapter& adapter, const DmaAdapter::Waiting& request) {
    ListRecord& record = *request.list;
    fill(adapter, record);
    adapter.registers_of_lists += record.registers;
    ++adapter.scatter_gather_lists;
    if (record.routine != nullptr) {
        const AtDispatchLevel raised(adapter.kernel->machine);
        record.routine(request.device, request.device->CurrentIrp, record.list, record.context);
    }
}

void discard_list(DmaAdapter& adapter, ListRecord* record) {
    free_bounce(adapter, *record);
    free_memory(adapter, record);
}

void free_registers_of(DmaAdapter& adapter, ListRecord* record) {
    if (record->bounce != machine::no_address && !record->to_device) {
        copy_bounced(adapter.kernel->machine.memory(), *record, Copy::from_bounce);
    }
    free_bounce(adapter, *record);
    adapter.registers_of_lists -= std::exchange(record->registers, 0U);
}

// "Any level" (nc-wdm-pcalculate_scatter_gather_list_size).
NTSTATUS NTAPI dma_list_size(DMA_ADAPTER* documented, MDL* mdl, void* address, ULONG length, ULONG* bytes,
                             ULONG* registers) {
    const Size size = size_of(mdl, address, length);
    *bytes = static_cast<ULONG>(list_bytes(size.elements));
    if (registers != nullptr) {
        *registers = size.elements;
    }
    if (size.beyond_the_end != 0) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    return size.elements > adapter_of(documented).map_registers ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}

NTSTATUS NTAPI dma_get_list(DMA_ADAPTER* documented, DEVICE_OBJECT* device, MDL* mdl, void* address, ULONG length,
                            PDRIVER_LIST_CONTROL routine, void* context, BOOLEAN to_device) {
    OPC_REQUIRE_DISPATCH_OR_BELOW("GetScatterGatherList");
    OPC_REQUIRE_IRQL_AT_LEAST(machine::irql::dispatch, "GetScatterGatherList");
    return request_list(adapter_of(documented),
                        {device, mdl, static_cast<char*>(address), length, routine, context, to_device != FALSE},
                        nullptr, 0);
}

NTSTATUS NTAPI dma_build_list(DMA_ADAPTER* documented, DEVICE_OBJECT* device, MDL* mdl, void* address, ULONG length,
                              PDRIVER_LIST_CONTROL routine, void* context, BOOLEAN to_device, void* buffer,
                              ULONG buffer_bytes) {
    OPC_REQUIRE_DISPATCH_OR_BELOW("BuildScatterGatherList");
    OPC_REQUIRE_IRQL_AT_LEAST(machine::irql::dispatch, "BuildScatterGatherList");
    if (buffer == nullptr) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    return request_list(adapter_of(documented),
                        {device, mdl, static_cast<char*>(address), length, routine, context, to_device != FALSE},
                        buffer, buffer_bytes);
}

// The completion routine is "Not used": bus masters tell their drivers themselves.
NTSTATUS NTAPI dma_get_list_ex(DMA_ADAPTER* documented, DEVICE_OBJECT* device, void* transfer_context, MDL* mdl,
                               ULONGLONG offset, ULONG length, ULONG flags, PDRIVER_LIST_CONTROL routine, void* context,
                               BOOLEAN to_device, PDMA_COMPLETION_ROUTINE, void*, SCATTER_GATHER_LIST** list) {
    OPC_REQUIRE_DISPATCH_OR_BELOW("GetScatterGatherListEx");
    ExtendedRequest request{{device, mdl, nullptr, length, routine, context, to_device != FALSE},
                            TransferContext::of(transfer_context),
                            offset,
                            flags,
                            nullptr,
                            0,
                            list};
    return request_list_ex(adapter_of(documented), request);
}

NTSTATUS NTAPI dma_build_list_ex(DMA_ADAPTER* documented, DEVICE_OBJECT* device, void* transfer_context, MDL* mdl,
                                 ULONGLONG offset, ULONG length, ULONG flags, PDRIVER_LIST_CONTROL routine,
                                 void* context, BOOLEAN to_device, void* buffer, ULONG buffer_bytes,
                                 PDMA_COMPLETION_ROUTINE, void*, void* list) {
    OPC_REQUIRE_DISPATCH_OR_BELOW("BuildScatterGatherListEx");
    OPC_REQUIRE_IRQL_AT_LEAST(machine::irql::dispatch, "BuildScatterGatherListEx");
    if (buffer == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    ExtendedRequest request{{device, mdl, nullptr, length, routine, context, to_device != FALSE},
                            TransferContext::of(transfer_context),
                            offset,
                            flags,
                            buffer,
                            buffer_bytes,
                            static_cast<SCATTER_GATHER_LIST**>(list)};
    return request_list_ex(adapter_of(documented), request);
}

void NTAPI dma_put_list(DMA_ADAPTER* documented, SCATTER_GATHER_LIST* list, BOOLEAN to_device) {
    OPC_REQUIRE_DISPATCH_OR_BELOW("PutScatterGatherList");
    OPC_REQUIRE_IRQL_AT_LEAST(machine::irql::dispatch, "PutScatterGatherList");
    DmaAdapter& adapter = adapter_of(documented);
    ListRecord* record = record_of(adapter, list);
    record->to_device = to_device != FALSE;
    free_registers_of(adapter, record);
    if (adapter.current_list == record) {
        adapter.current_list = nullptr;
    }
    --adapter.scatter_gather_lists;
    free_memory(adapter, record);
    run_waiting_requests(adapter);
}

// The MDL the device sees differs from the original only where pages were bounced. It goes with the list.
[[gnu::noinline]] NTSTATUS NTAPI dma_build_mdl(DMA_ADAPTER* documented, SCATTER_GATHER_LIST* list, MDL* original,
                                               MDL** target) {
    OPC_REQUIRE_DISPATCH_OR_BELOW("BuildMdlFromScatterGatherList");
    DmaAdapter& adapter = adapter_of(documented);
    ListRecord* record = record_of(adapter, list);
    if (original == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    if (record->bounce == machine::no_address) {
        *target = original;
        return STATUS_SUCCESS;
    }
    if (record->seen_by_device != nullptr) {
        return STATUS_NONE_MAPPED;
    }
    MDL* mdl = adapter.kernel->mdls.allocate(record->address, record->bytes, __builtin_return_address(0));
    if (mdl == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    mdl->MdlFlags |= MDL_PARTIAL; // may be mapped; the pages are the list's
    for (ULONG page = 0; page < record->bounce_pages; ++page) {
        MmGetMdlPfnArray(mdl)[page] = record->bounce / machine::page_size + page;
    }
    record->seen_by_device = mdl;
    *target = mdl;
    return STATUS_SUCCESS;
}

} // namespace openportcls::executive
