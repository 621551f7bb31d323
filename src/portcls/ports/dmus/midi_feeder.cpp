#include "portcls/ports/dmus/midi_feeder.h"

#include "machine/machine.h"

namespace openportcls::portcls {

void MidiFeeder::drop_first() {
    DMUS_KERNEL_EVENT* const event = first_;
    first_ = event->pNextEvt;
    written_ = 0;
    event->pNextEvt = nullptr;
    allocator_.PutMessage(event);
}

void MidiFeeder::reset() {
    while (first_ != nullptr) {
        drop_first();
    }
}

NTSTATUS MidiFeeder::feed(IMiniportMidiStream& stream) {
    while (first_ != nullptr) {
        const ULONG left = first_->cbEvent - written_;
        if (left == 0) {
            drop_first();
            continue;
        }
        ULONG written = 0;
        const NTSTATUS status =
            stream.Write(const_cast<BYTE*>(EventAllocator::data_of(*first_)) + written_, left, &written);
        if (!NT_SUCCESS(status)) {
            reset();
            return status;
        }
        if (written > left || (written < left && written % sizeof(ULONG) != 0)) {
            machine::Machine::current().explain(machine::Explanations::Kind::warning, 0,
                                                static_cast<std::int64_t>(written),
                                                "Write took a number of bytes that is neither all, nor a multiple of "
                                                "four (R-MIDI-05)");
        }
        if (written < left) {
            written_ += written;
            return STATUS_SUCCESS; // busy
        }
        drop_first();
    }
    return STATUS_SUCCESS;
}

} // namespace openportcls::portcls
