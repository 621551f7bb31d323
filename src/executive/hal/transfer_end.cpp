#include "executive/hal/transfer_end.h"

#include "executive/hal/dma_adapter.h"

namespace openportcls::executive {

TransferEnd::TransferEnd(DmaAdapter& adapter) : adapter_(adapter) {
    KeInitializeDpc(&dpc_, &TransferEnd::tell, this);
}

void TransferEnd::stop() {
    forget();
    KeRemoveQueueDpc(&dpc_);
}

void TransferEnd::listen(DmaTransferListener* listener) {
    if (SystemDmaController* controller = adapter_.controller()) {
        controller->listen(adapter_.description.DmaChannel, listener);
    }
}

void TransferEnd::begin(DEVICE_OBJECT* device, PDMA_COMPLETION_ROUTINE routine, void* context) {
    awaited_ = {device, routine, context, DmaComplete};
    is_awaited_ = true;
    listen(this);
}

void TransferEnd::forget() {
    if (is_awaited_) {
        is_awaited_ = false;
        listen(nullptr);
    }
}

// At any level: the controller interrupts.
void TransferEnd::transfer_ended(DMA_COMPLETION_STATUS status) {
    if (!is_awaited_) {
        return;
    }
    forget();
    awaited_.status = status;
    ended_.push_back(awaited_);
    KeInsertQueueDpc(&dpc_, nullptr, nullptr);
}

// The routine may map the next transfer, or give the channel and the adapter back.
void NTAPI TransferEnd::tell(KDPC*, void* self, void*, void*) {
    auto& end = *static_cast<TransferEnd*>(self);
    std::deque<Ending> endings;
    endings.swap(end.ended_);
    DMA_ADAPTER* adapter = end.adapter_.documented;
    for (const Ending& ending : endings) {
        ending.routine(adapter, ending.device, ending.context, ending.status);
    }
}

} // namespace openportcls::executive
