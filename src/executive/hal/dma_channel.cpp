// Channels and map registers: who has them, who waits for them.
#include <algorithm>

#include "executive/hal/dma_queue.h"
#include "executive/irql_check.h"
#include "executive/kernel.h"

namespace openportcls::executive {

namespace {

ULONG registers_left(const DmaAdapter& adapter) {
    ULONG left = adapter.map_registers - adapter.registers_of_lists;
    for (const auto& each : adapter.registers) {
        left -= each->count;
    }
    return left;
}

MapRegisters* new_registers(DmaAdapter& adapter, const DmaAdapter::Waiting& request) {
    auto registers = std::make_unique<MapRegisters>();
    registers->count = request.registers;
    registers->device = request.device;
    registers->transfer_context = request.transfer_context;
    registers->owner = request.owner;
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
        adapter.kernel->pages.free((*found)->bounce, (*found)->count * machine::page_size, "FreeMapRegisters");
    }
    if (adapter.current == base) {
        adapter.current = nullptr;
    }
    adapter.registers.erase(found);
}

MapRegisters* take_channel(DmaAdapter& adapter, const DmaAdapter::Waiting& request) {
    adapter.busy = true;
    adapter.current = new_registers(adapter, request);
    return adapter.current;
}

// The execution routine's answer says what the driver keeps.
void run_channel_request(DmaAdapter& adapter, const DmaAdapter::Waiting& request, void** map_register_base = nullptr) {
    MapRegisters* registers = take_channel(adapter, request);
    if (map_register_base != nullptr) {
        *map_register_base = registers;
    }
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

void run(DmaAdapter& adapter, const DmaAdapter::Waiting& request) {
    if (request.transfer_context != nullptr) {
        request.transfer_context->state = TransferContext::State::granted;
    }
    if (request.list != nullptr) {
        deliver_list(adapter, request);
    } else {
        run_channel_request(adapter, request);
    }
}

// In the order of the requests: a small one does not pass one that waits for many registers. Lists pass those that wait
// for the channel, which they need not (nc-wdm-pget_scatter_gather_list: no "queuing restrictions").
auto next_to_run(DmaAdapter& adapter) {
    ULONG left = registers_left(adapter);
    for (auto request = adapter.waiting.begin(); request != adapter.waiting.end(); ++request) {
        const bool is_list = request->list != nullptr;
        if (request->registers <= left && (is_list || !adapter.busy)) {
            return request;
        }
        left -= std::min(left, request->registers);
    }
    return adapter.waiting.end();
}

NTSTATUS check_request(const DmaAdapter& adapter, const DmaAdapter::Waiting& request, ULONG flags,
                       void* const* map_register_base) {
    const bool is_synchronous = (flags & DMA_SYNCHRONOUS_CALLBACK) != 0;
    const bool has_routine = request.routine != nullptr;
    if ((flags & ~static_cast<ULONG>(DMA_SYNCHRONOUS_CALLBACK)) != 0 || (has_routine && request.device == nullptr) ||
        (!has_routine && map_register_base == nullptr) ||
        (!is_synchronous && (!has_routine || map_register_base != nullptr))) {
        return STATUS_INVALID_PARAMETER;
    }
    const NTSTATUS status = check_context(adapter, request.transfer_context);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    const bool can_wait = !is_synchronous && request.registers <= adapter.map_registers;
    return can_wait || is_available(adapter, request.registers, true) ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

// The driver that calls; whoever has the adapter, when that is no driver.
std::uint16_t owner_of_request(const DmaAdapter& adapter, const void* caller) {
    const std::uint16_t owner = adapter.kernel->pool.owner_at(caller);
    return owner != 0 ? owner : adapter.owner;
}

} // namespace

MapRegisters* find_registers(const DmaAdapter& adapter, const void* map_register_base) {
    const auto found =
        std::ranges::find(adapter.registers, map_register_base, [](const auto& each) { return each.get(); });
    return found == adapter.registers.end() ? nullptr : found->get();
}

bool is_available(const DmaAdapter& adapter, ULONG registers, bool needs_channel) {
    if (needs_channel && (adapter.busy || !adapter.waiting.empty())) {
        return false;
    }
    ULONG left = registers_left(adapter);
    for (const DmaAdapter::Waiting& request : adapter.waiting) {
        left -= std::min(left, request.registers);
    }
    return registers <= left;
}

void request_resources(DmaAdapter& adapter, const DmaAdapter::Waiting& request) {
    if (request.transfer_context != nullptr) {
        request.transfer_context->state = TransferContext::State::waiting;
    }
    adapter.waiting.push_back(request);
    run_waiting_requests(adapter);
}

void run_waiting_requests(DmaAdapter& adapter) {
    const AtDispatchLevel raised(adapter.kernel->machine);
    for (auto next = next_to_run(adapter); next != adapter.waiting.end(); next = next_to_run(adapter)) {
        const DmaAdapter::Waiting request = *next;
        adapter.waiting.erase(next);
        run(adapter, request);
    }
}

NTSTATUS check_context(const DmaAdapter& adapter, TransferContext* context) {
    const auto uses_it = [&](const auto& each) { return each.transfer_context == context; };
    if (context == nullptr || std::ranges::any_of(adapter.waiting, uses_it) ||
        std::ranges::any_of(adapter.registers, [&](const auto& each) { return uses_it(*each); })) {
        return STATUS_INVALID_PARAMETER; // "must be unique across all adapter allocation requests"
    }
    return context->is_cancelled ? STATUS_CANCELLED : STATUS_SUCCESS;
}

[[gnu::noinline]] NTSTATUS NTAPI dma_allocate_channel(DMA_ADAPTER* documented, DEVICE_OBJECT* device, ULONG registers,
                                                      PDRIVER_CONTROL routine, void* context) {
    OPC_REQUIRE_DISPATCH_OR_BELOW("AllocateAdapterChannel");
    OPC_REQUIRE_IRQL_AT_LEAST(machine::irql::dispatch, "AllocateAdapterChannel");
    DmaAdapter& adapter = adapter_of(documented);
    if (registers > adapter.map_registers) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    request_resources(adapter, {.device = device,
                                .registers = registers,
                                .routine = routine,
                                .context = context,
                                .owner = owner_of_request(adapter, __builtin_return_address(0))});
    return STATUS_SUCCESS;
}

// The page of AllocateAdapterChannelEx forbids MapRegisterBase beside a routine and asks for it in the same sentence;
// "Basic Calling Pattern for Version-3 DMA Routines" makes it optional there.
[[gnu::noinline]] NTSTATUS NTAPI dma_allocate_channel_ex(DMA_ADAPTER* documented, DEVICE_OBJECT* device,
                                                         void* transfer_context, ULONG registers, ULONG flags,
                                                         PDRIVER_CONTROL routine, void* context,
                                                         void** map_register_base) {
    OPC_REQUIRE_DISPATCH_OR_BELOW("AllocateAdapterChannelEx");
    OPC_REQUIRE_IRQL_AT_LEAST(machine::irql::dispatch, "AllocateAdapterChannelEx");
    DmaAdapter& adapter = adapter_of(documented);
    const DmaAdapter::Waiting request{.device = device,
                                      .registers = registers,
                                      .routine = routine,
                                      .context = context,
                                      .transfer_context = TransferContext::of(transfer_context),
                                      .owner = owner_of_request(adapter, __builtin_return_address(0))};
    const NTSTATUS status = check_request(adapter, request, flags, map_register_base);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if ((flags & DMA_SYNCHRONOUS_CALLBACK) == 0) {
        request_resources(adapter, request);
        return STATUS_SUCCESS;
    }
    request.transfer_context->state = TransferContext::State::granted;
    if (routine == nullptr) {
        *map_register_base = take_channel(adapter, request);
        return STATUS_SUCCESS;
    }
    run_channel_request(adapter, request, map_register_base);
    run_waiting_requests(adapter);
    return STATUS_SUCCESS;
}

// "Frees any map registers that were allocated by an earlier call to AllocateAdapterChannel"
// (nc-wdm-pfree_adapter_channel).
void NTAPI dma_free_channel(DMA_ADAPTER* documented) {
    OPC_REQUIRE_DISPATCH_OR_BELOW("FreeAdapterChannel");
    OPC_REQUIRE_IRQL_AT_LEAST(machine::irql::dispatch, "FreeAdapterChannel");
    DmaAdapter& adapter = adapter_of(documented);
    if (adapter.current != nullptr) {
        free_registers(adapter, adapter.current);
    }
    adapter.busy = false;
    run_waiting_requests(adapter);
}

void NTAPI dma_free_map_registers(DMA_ADAPTER* documented, void* base, ULONG) {
    OPC_REQUIRE_DISPATCH_OR_BELOW("FreeMapRegisters");
    OPC_REQUIRE_IRQL_AT_LEAST(machine::irql::dispatch, "FreeMapRegisters");
    if (base == nullptr) {
        return;
    }
    DmaAdapter& adapter = adapter_of(documented);
    free_registers(adapter, base);
    run_waiting_requests(adapter);
}

void NTAPI dma_free_adapter_object(DMA_ADAPTER* documented, IO_ALLOCATION_ACTION action) {
    OPC_REQUIRE_DISPATCH_OR_BELOW("FreeAdapterObject");
    DmaAdapter& adapter = adapter_of(documented);
    if (action == KeepObject) {
        return;
    }
    if (adapter.current_list != nullptr && action == DeallocateObject) {
        free_registers_of(adapter, adapter.current_list);
    }
    adapter.current_list = nullptr; // PutScatterGatherList frees the list
    if (action == DeallocateObjectKeepRegisters) {
        adapter.current = nullptr; // FreeMapRegisters frees them
    }
    const AtDispatchLevel raised(adapter.kernel->machine);
    dma_free_channel(documented);
}

// A context is cancelled until InitializeDmaTransferContext: requests that come later are, too.
BOOLEAN NTAPI dma_cancel_channel(DMA_ADAPTER* documented, DEVICE_OBJECT*, void* transfer_context) {
    OPC_REQUIRE_DISPATCH_OR_BELOW("CancelAdapterChannel");
    DmaAdapter& adapter = adapter_of(documented);
    TransferContext* context = TransferContext::of(transfer_context);
    if (context == nullptr || context->state == TransferContext::State::granted) {
        return FALSE;
    }
    context->is_cancelled = true;
    const auto found = std::ranges::find(adapter.waiting, context, &DmaAdapter::Waiting::transfer_context);
    if (found != adapter.waiting.end()) {
        ListRecord* list = found->list;
        adapter.waiting.erase(found);
        if (list != nullptr) {
            discard_list(adapter, list);
        }
        context->state = TransferContext::State::fresh;
        run_waiting_requests(adapter); // a smaller one behind it
    }
    return TRUE;
}

} // namespace openportcls::executive
