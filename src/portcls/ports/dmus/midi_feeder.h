// The last link before an IMiniportMidiStream: events as bytes, as fast as the device takes them (R-MIDI-01,
// R-MIDI-05).
#pragma once

#include "portcls/ports/dmus/event_allocator.h"

namespace openportcls::portcls {

class MidiFeeder {
public:
    explicit MidiFeeder(EventAllocator& allocator) : allocator_(allocator) {}

    bool is_idle() const { return first_ == nullptr; }
    // A chain, when idle.
    void put(DMUS_KERNEL_EVENT* chain) { first_ = chain; }
    // Success while the device is merely busy; else what it failed with, and the chain is gone. DISPATCH_LEVEL.
    NTSTATUS feed(IMiniportMidiStream& stream);
    void reset();

private:
    void drop_first();

    EventAllocator& allocator_;
    DMUS_KERNEL_EVENT* first_ = nullptr;
    ULONG written_ = 0; // bytes of it
};

} // namespace openportcls::portcls
