// Who holds the channel and the map registers of an adapter, and who waits for them.
#pragma once

#include "executive/hal/dma_adapter.h"

namespace openportcls::executive {

// What a driver's DMA_TRANSFER_CONTEXT_SIZE_V1 bytes are: one request for resources, and whether it was cancelled.
struct TransferContext {
    static constexpr ULONG live_mark = 0x43616D44; // 'DmaC'
    enum class State : ULONG { fresh, waiting, granted };

    ULONG mark = live_mark;
    State state = State::fresh;
    bool is_cancelled = false;

    // Null for what InitializeDmaTransferContext has not seen.
    static TransferContext* of(void* memory) {
        auto* context = static_cast<TransferContext*>(memory);
        return context != nullptr && context->mark == live_mark ? context : nullptr;
    }
};
static_assert(sizeof(TransferContext) <= DMA_TRANSFER_CONTEXT_SIZE_V1);

// Drivers' execution routines are called at DISPATCH_LEVEL, whoever frees what they wait for.
class AtDispatchLevel {
public:
    explicit AtDispatchLevel(machine::Machine& machine) : machine_(machine), old_(machine.irql()) {
        if (old_ < machine::irql::dispatch) {
            machine_.raise_irql(machine::irql::dispatch);
        }
    }
    ~AtDispatchLevel() {
        if (old_ < machine::irql::dispatch) {
            machine_.lower_irql(old_);
        }
    }
    AtDispatchLevel(const AtDispatchLevel&) = delete;
    AtDispatchLevel& operator=(const AtDispatchLevel&) = delete;

private:
    machine::Machine& machine_;
    KIRQL old_;
};

MapRegisters* find_registers(const DmaAdapter& adapter, const void* map_register_base);
// Now, with nobody before it?
bool is_available(const DmaAdapter& adapter, ULONG registers, bool needs_channel);
// Runs the request, or those before it, as far as there are resources.
void request_resources(DmaAdapter& adapter, const DmaAdapter::Waiting& request);
void run_waiting_requests(DmaAdapter& adapter);
// Is the context one that a new request may use? STATUS_SUCCESS, or what the request is answered with.
NTSTATUS check_context(const DmaAdapter& adapter, TransferContext* context);

// dma_scatter_gather.cpp: the list is built and handed out; a list that nobody wants any more goes.
void deliver_list(DmaAdapter& adapter, const DmaAdapter::Waiting& request);
void discard_list(DmaAdapter& adapter, ListRecord* record);
void free_registers_of(DmaAdapter& adapter, ListRecord* record);

} // namespace openportcls::executive
