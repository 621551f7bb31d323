// One direction of an MPU-401 for the DirectMusic port.
#pragma once

#include <dmusicks.h>

#include "portcls/helpers/com_object.h"
#include "portcls/miniports/uart/device.h"

namespace openportcls::portcls {

// A render stream holds what the device is too slow for and goes on when its service group is served (R-DMUS-11).
class DmusUartStream final : public ComObject<DmusUartStream, IMXF> {
public:
    // `owner` keeps the device; `is_open` is cleared when the stream goes. `group`: the miniport's, for capture.
    static NTSTATUS create(IUnknown* owner, UartDevice& device, bool& is_open, bool capture, IAllocatorMXF* allocator,
                           IServiceGroup* group, DmusUartStream** result);
    ~DmusUartStream();

    void* find_interface(const GUID& id) { return id == IID_IMXF ? static_cast<IMXF*>(this) : nullptr; }
    NTSTATUS NTAPI SetState(KSSTATE state) override;
    NTSTATUS NTAPI PutMessage(PDMUS_KERNEL_EVENT event) override;
    NTSTATUS NTAPI ConnectOutput(PMXF sink) override;
    NTSTATUS NTAPI DisconnectOutput(PMXF sink) override;

    IServiceGroup* group() const { return group_.get(); }

private:
    class Sink;

    DmusUartStream(IUnknown* owner, UartDevice& device, bool& is_open, bool capture, IAllocatorMXF* allocator);
    NTSTATUS prepare(IServiceGroup* group);
    void consume();    // under lock_
    void drop_first(); // likewise
    void discard();
    void source();

    ComPointer<IUnknown> owner_;
    UartDevice& device_;
    bool& is_open_;
    bool is_capture_;
    ComPointer<IAllocatorMXF> allocator_;
    ComPointer<IMXF> output_; // empty: the allocator (R-DMUS-03)
    ComPointer<IServiceGroup> group_;
    ComPointer<Sink> sink_;
    KSPIN_LOCK lock_ = 0;
    KSSTATE state_ = KSSTATE_STOP;
    DMUS_KERNEL_EVENT* first_ = nullptr;
    DMUS_KERNEL_EVENT* last_ = nullptr;
    ULONG written_ = 0; // bytes of the first
};

} // namespace openportcls::portcls
