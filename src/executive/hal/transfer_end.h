// The end of a transfer of the system's DMA controller, told to the driver that wants to know (DmaCompletionRoutine).
#pragma once

#include <deque>

#include <wdm.h>

#include "executive/hal/dma_channels.h"

namespace openportcls::executive {

struct DmaAdapter;

class TransferEnd final : public DmaTransferListener {
public:
    explicit TransferEnd(DmaAdapter& adapter);
    ~TransferEnd() = default;
    TransferEnd(const TransferEnd&) = delete;
    TransferEnd& operator=(const TransferEnd&) = delete;

    // Before the controller is programmed: it may be done at once.
    void begin(DEVICE_OBJECT* device, PDMA_COMPLETION_ROUTINE routine, void* context);
    // The transfer is taken from the controller: its end is nobody's any more. What ended before is still told.
    void forget();
    void transfer_ended(DMA_COMPLETION_STATUS status) override;
    // The adapter goes: nothing is told any more.
    void stop();

private:
    struct Ending {
        DEVICE_OBJECT* device;
        PDMA_COMPLETION_ROUTINE routine;
        void* context;
        DMA_COMPLETION_STATUS status;
    };
    static void NTAPI tell(KDPC* dpc, void* self, void* argument1, void* argument2);
    void listen(DmaTransferListener* listener);

    DmaAdapter& adapter_;
    bool is_awaited_ = false;
    Ending awaited_{};
    std::deque<Ending> ended_; // until the DPC tells the driver, at DISPATCH_LEVEL
    KDPC dpc_{};
};

} // namespace openportcls::executive
