// IAllocatorMXF: the pool of a stream's events and of the buffers of long ones. It is as large at the end as at the
// beginning, but for exclusive messages that have to wait for their time: while sound flows nothing is allocated.
#pragma once

#include <dmusicks.h>

#include "portcls/helpers/com_object.h"
#include "portcls/ports/dmus/end_marks.h"

namespace openportcls::portcls {

inline constexpr LONGLONG units_per_millisecond = 10'000; // KS counts 100 ns

class EventAllocator final : public ComObject<EventAllocator, IAllocatorMXF> {
public:
    static constexpr USHORT buffer_bytes = 1024;

    class Listener {
    public:
        // What a mark_end() was for. <= DISPATCH_LEVEL, with a lock held.
        virtual void stream_ended() = 0;

    protected:
        ~Listener() = default;
    };

    // Empty when there is no memory.
    static ComPointer<EventAllocator> create(ULONG events, ULONG buffers);
    ~EventAllocator();

    void* find_interface(const GUID& id);

    // IMXF: PutMessage takes back a chain, with packages and buffers; the others are for links of a graph (R-DMUS-03).
    NTSTATUS NTAPI SetState(KSSTATE) override { return STATUS_SUCCESS; }
    NTSTATUS NTAPI PutMessage(PDMUS_KERNEL_EVENT event) override;
    NTSTATUS NTAPI ConnectOutput(PMXF) override { return STATUS_INVALID_DEVICE_REQUEST; }
    NTSTATUS NTAPI DisconnectOutput(PMXF) override { return STATUS_INVALID_DEVICE_REQUEST; }
    NTSTATUS NTAPI GetMessage(PDMUS_KERNEL_EVENT* event) override;
    USHORT NTAPI GetBufferSize() override { return buffer_bytes; }
    NTSTATUS NTAPI GetBuffer(PBYTE* buffer) override;
    NTSTATUS NTAPI PutBuffer(PBYTE buffer) override;

    // All of them, in and out.
    DMUS_KERNEL_EVENT* events() const { return events_; }
    // An event with its data, up to buffer_bytes; nullptr when the pool is exhausted.
    DMUS_KERNEL_EVENT* make_event(const void* bytes, ULONG count, bool goes_on);
    static const BYTE* data_of(const DMUS_KERNEL_EVENT& event) {
        return SHORT_EVT(&event) ? event.uData.abData : event.uData.pbData;
    }

    ULONG events_out() const { return events_out_; }
    bool has_room(ULONG events) const {
        return event_count_ - events_out_ >= events && all_buffers_ - buffers_out_ >= events;
    }
    // For whoever has to keep what a client has sent: of buffers there are more then, up to 16 MiB. <= DISPATCH_LEVEL.
    bool make_room(ULONG events) {
        return has_room(events) || (event_count_ - events_out_ >= events && add_buffers() && has_room(events));
    }
    // Somebody asked in vain since the last call.
    bool take_exhausted() {
        const bool was = exhausted_;
        exhausted_ = false;
        return was;
    }
    // nullptr: none from now on.
    void listen(Listener* listener);
    // The stream ends with what has been handed out so far: the listener hears of it once all of that has come back.
    // False: too many ends are on their way. <= DISPATCH_LEVEL.
    bool mark_end();
    // STOP, or a reset: nobody is told of the ends that have not come.
    void forget_ends();
    // The largest position among the events that came back.
    ULONGLONG position() const { return position_; }
    // Nor do those count that are out. <= DISPATCH_LEVEL.
    void reset_position();

private:
    EventAllocator(ULONG events, ULONG buffers) : event_count_(events), buffer_count_(buffers), all_buffers_(buffers) {}
    bool allocate();
    inline DMUS_KERNEL_EVENT* hand_out();
    inline NTSTATUS take_back_chain(DMUS_KERNEL_EVENT* event, ULONG& ended);
    inline ULONG take_back(DMUS_KERNEL_EVENT& event);
    void NTAPI tell_ended(ULONG count) noexcept;
    bool NTAPI add_buffers() noexcept;
    BYTE* NTAPI mark_of_added(const BYTE* buffer) noexcept;
    inline BYTE* mark_of(const BYTE* buffer);
    inline bool take_back_buffer(BYTE* buffer);
    inline bool is_out(const DMUS_KERNEL_EVENT* event) const;

    ULONG event_count_;
    ULONG buffer_count_;
    ULONG all_buffers_;      // with those that were added
    ULONG fresh_events_ = 0; // the rest has never been handed out
    ULONG fresh_buffers_ = 0;
    ULONG events_out_ = 0;
    ULONG buffers_out_ = 0;
    DMUS_KERNEL_EVENT* events_ = nullptr;
    BYTE* buffers_ = nullptr;
    EndMarks::Part* part_of_event_ = nullptr; // one each; none: it is not out
    BYTE* is_buffer_out_ = nullptr;           // likewise
    static constexpr ULONG added_buffers = 256;
    static constexpr ULONG most_added = 64;
    BYTE* added_[most_added] = {}; // each so many buffers, and behind them whether they are out
    ULONG added_count_ = 0;
    DMUS_KERNEL_EVENT* free_events_ = nullptr;
    BYTE* free_buffers_ = nullptr; // each holds the address of the next
    bool exhausted_ = false;
    ULONGLONG position_ = 0;
    EndMarks ends_;
    KSPIN_LOCK lock_ = 0;
    Listener* listener_ = nullptr;
    KSPIN_LOCK listener_lock_ = 0;
};

} // namespace openportcls::portcls
