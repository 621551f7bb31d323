#include "portcls/ports/dmus/event_allocator.h"

#include <cstring>
#include <utility>

#include "executive/irql_check.h"
#include "machine/machine.h"
#include "portcls/helpers/spin_lock.h"

namespace openportcls::portcls {

namespace {

void* allocate_pool(std::size_t bytes) {
    return ExAllocatePoolWithTag(NonPagedPoolNx, bytes, object_tag);
}

void free_pool(void* memory) {
    if (memory != nullptr) {
        ExFreePoolWithTag(memory, object_tag);
    }
}

[[gnu::cold, gnu::noinline]] void NTAPI complain(std::string_view what) noexcept {
    machine::Machine::current().explain(machine::Explanations::Kind::warning, 0, 0, what);
}

} // namespace

ComPointer<EventAllocator> EventAllocator::create(ULONG events, ULONG buffers) {
    auto result = ComPointer<EventAllocator>::adopt(new EventAllocator(events, buffers));
    return result && result->allocate() ? result : ComPointer<EventAllocator>();
}

bool EventAllocator::allocate() {
    events_ = static_cast<DMUS_KERNEL_EVENT*>(allocate_pool(std::size_t{event_count_} * sizeof *events_));
    buffers_ = static_cast<BYTE*>(allocate_pool(std::size_t{buffer_count_} * buffer_bytes));
    part_of_event_ = static_cast<BYTE*>(allocate_pool(event_count_));
    is_buffer_out_ = static_cast<BYTE*>(allocate_pool(buffer_count_));
    if (events_ == nullptr || buffers_ == nullptr || part_of_event_ == nullptr || is_buffer_out_ == nullptr) {
        return false;
    }
    std::memset(part_of_event_, 0, event_count_);
    std::memset(is_buffer_out_, 0, buffer_count_);
    return true;
}

EventAllocator::~EventAllocator() {
    free_pool(events_);
    free_pool(buffers_);
    free_pool(part_of_event_);
    free_pool(is_buffer_out_);
    for (BYTE* const added : added_) {
        free_pool(added);
    }
}

// Their data would hold up whatever is due before them otherwise.
bool NTAPI EventAllocator::add_buffers() noexcept {
    if (added_count_ == most_added) {
        return false;
    }
    auto* const memory = static_cast<BYTE*>(allocate_pool(added_buffers * (buffer_bytes + 1)));
    if (memory == nullptr) {
        return false;
    }
    std::memset(memory + added_buffers * buffer_bytes, 0, added_buffers);
    BrieflyLocked locked(lock_);
    added_[added_count_++] = memory;
    all_buffers_ += added_buffers;
    for (ULONG index = added_buffers; index-- != 0;) {
        BYTE* const buffer = memory + index * buffer_bytes;
        std::memcpy(buffer, &free_buffers_, sizeof free_buffers_);
        free_buffers_ = buffer;
    }
    return true;
}

BYTE* NTAPI EventAllocator::mark_of_added(const BYTE* buffer) noexcept {
    for (ULONG i = 0; i < added_count_; ++i) {
        const auto offset = reinterpret_cast<ULONG_PTR>(buffer) - reinterpret_cast<ULONG_PTR>(added_[i]);
        if (offset < added_buffers * buffer_bytes) {
            return offset % buffer_bytes == 0 ? added_[i] + added_buffers * buffer_bytes + offset / buffer_bytes
                                              : nullptr;
        }
    }
    return nullptr;
}

// Whether that buffer is out; nullptr: it is none.
[[gnu::always_inline]] inline BYTE* EventAllocator::mark_of(const BYTE* buffer) {
    const auto offset = reinterpret_cast<ULONG_PTR>(buffer) - reinterpret_cast<ULONG_PTR>(buffers_);
    const auto index = offset / buffer_bytes;
    if (index >= buffer_count_) {
        return mark_of_added(buffer);
    }
    return offset % buffer_bytes == 0 ? &is_buffer_out_[index] : nullptr;
}

void* EventAllocator::find_interface(const GUID& id) {
    return id == IID_IAllocatorMXF || id == IID_IMXF ? static_cast<IAllocatorMXF*>(this) : nullptr;
}

// R-DMUS-04: zeroed but for its size, which is not the driver's to write (R-DMUS-08). nullptr: there is none left.
[[gnu::always_inline]] inline DMUS_KERNEL_EVENT* EventAllocator::hand_out() {
    BrieflyLocked locked(lock_);
    DMUS_KERNEL_EVENT* event = free_events_;
    if (event != nullptr) {
        free_events_ = event->pNextEvt;
    } else if (fresh_events_ < event_count_) {
        event = &events_[fresh_events_++];
    }
    if (event == nullptr) {
        exhausted_ = true;
        return nullptr;
    }
    std::memset(event, 0, sizeof *event);
    event->cbStruct = sizeof *event;
    part_of_event_[event - events_] = ends_.current();
    ++events_out_;
    return event;
}

NTSTATUS NTAPI EventAllocator::GetMessage(PDMUS_KERNEL_EVENT* result) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    if (result == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    *result = hand_out();
    return *result != nullptr ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS NTAPI EventAllocator::GetBuffer(PBYTE* result) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    if (result == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    BrieflyLocked locked(lock_);
    BYTE* buffer = free_buffers_;
    if (buffer != nullptr) {
        std::memcpy(&free_buffers_, buffer, sizeof free_buffers_);
    } else if (fresh_buffers_ < buffer_count_) {
        buffer = buffers_ + std::size_t{fresh_buffers_++} * buffer_bytes;
    }
    *result = buffer;
    if (buffer == nullptr) {
        exhausted_ = true;
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *mark_of(buffer) = 1;
    ++buffers_out_;
    return STATUS_SUCCESS;
}

inline bool EventAllocator::take_back_buffer(BYTE* buffer) {
    BYTE* const is_out = mark_of(buffer);
    if (is_out == nullptr || *is_out == 0) {
        return false;
    }
    *is_out = 0;
    --buffers_out_;
    std::memcpy(buffer, &free_buffers_, sizeof free_buffers_);
    free_buffers_ = buffer;
    return true;
}

NTSTATUS NTAPI EventAllocator::PutBuffer(PBYTE buffer) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    BrieflyLocked locked(lock_);
    return take_back_buffer(buffer) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

inline bool EventAllocator::is_out(const DMUS_KERNEL_EVENT* event) const {
    const auto offset = reinterpret_cast<ULONG_PTR>(event) - reinterpret_cast<ULONG_PTR>(events_);
    const auto index = offset / sizeof *event;
    return index < event_count_ && offset % sizeof *event == 0 && part_of_event_[index] != EndMarks::none;
}

// How many ends of streams have been reached with it.
inline ULONG EventAllocator::take_back(DMUS_KERNEL_EVENT& event) {
    if (event.bReserved != 0 || event.cbStruct != sizeof event) {
        complain("the miniport has written bReserved or cbStruct of an event (R-DMUS-08)");
    }
    // R-DMUS-05: what is longer than the pointer lies in a buffer of ours.
    if (!PACKAGE_EVT(&event) && !SHORT_EVT(&event) && !take_back_buffer(event.uData.pbData)) {
        complain("an event came back whose data is no buffer of the allocator's (R-DMUS-05)");
    }
    if (event.ullBytePosition != kBytePositionNone && event.ullBytePosition > position_) {
        position_ = event.ullBytePosition;
    }
    const EndMarks::Part part = std::exchange(part_of_event_[&event - events_], EndMarks::none);
    --events_out_;
    event.pNextEvt = free_events_;
    free_events_ = &event;
    return part == ends_.current() ? 0 : ends_.returned(part);
}

NTSTATUS NTAPI EventAllocator::PutMessage(PDMUS_KERNEL_EVENT event) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    ULONG ended = 0;
    const NTSTATUS status = take_back_chain(event, ended);
    if (ended != 0) [[unlikely]] {
        tell_ended(ended);
    }
    return status;
}

[[gnu::always_inline]] inline NTSTATUS EventAllocator::take_back_chain(DMUS_KERNEL_EVENT* event, ULONG& ended) {
    BrieflyLocked locked(lock_);
    while (event != nullptr) {
        if (!is_out(event)) {
            complain("an event came back that is not out: not the allocator's, or for the second time (R-DMUS-03)");
            return STATUS_INVALID_PARAMETER;
        }
        DMUS_KERNEL_EVENT* next = event->pNextEvt;
        if (PACKAGE_EVT(event) && event->uData.pPackageEvt != nullptr) { // R-DMUS-06: what it holds comes next
            DMUS_KERNEL_EVENT* last = event->uData.pPackageEvt;
            ULONG steps = 0;
            while (is_out(last) && last->pNextEvt != nullptr && ++steps < event_count_) {
                last = last->pNextEvt;
            }
            if (is_out(last)) {
                last->pNextEvt = next;
                next = event->uData.pPackageEvt;
            }
        }
        ended += take_back(*event);
        event = next;
    }
    return STATUS_SUCCESS;
}

void EventAllocator::reset_position() {
    BrieflyLocked locked(lock_);
    position_ = 0;
    for (ULONG i = 0; events_out_ != 0 && i < fresh_events_; ++i) {
        if (part_of_event_[i] != EndMarks::none) {
            events_[i].ullBytePosition = kBytePositionNone;
        }
    }
}

// ---- the ends of streams --------------------------------------------------------------------------------------------

void EventAllocator::listen(Listener* listener) {
    Locked locked(listener_lock_);
    listener_ = listener;
}

// The lock keeps the listener: it goes when it has taken it to listen no longer.
void EventAllocator::tell_ended(ULONG count) noexcept {
    Locked locked(listener_lock_);
    for (; count != 0 && listener_ != nullptr; --count) {
        listener_->stream_ended();
    }
}

bool EventAllocator::mark_end() {
    ULONG ended = 0;
    {
        BrieflyLocked locked(lock_);
        if (ends_.is_full()) {
            return false;
        }
        ended = ends_.close(events_out_);
    }
    tell_ended(ended);
    return true;
}

void EventAllocator::forget_ends() {
    BrieflyLocked locked(lock_);
    ends_.forget();
}

DMUS_KERNEL_EVENT* EventAllocator::make_event(const void* bytes, ULONG count, bool goes_on) {
    DMUS_KERNEL_EVENT* const event = hand_out();
    if (event == nullptr) {
        return nullptr;
    }
    event->usChannelGroup = 1;
    event->ullBytePosition = kBytePositionNone;
    if (count > sizeof event->uData) {
        BYTE* buffer = nullptr;
        if (!NT_SUCCESS(GetBuffer(&buffer))) {
            PutMessage(event);
            return nullptr;
        }
        event->uData.pbData = buffer;
    }
    event->cbEvent = static_cast<USHORT>(count);
    event->usFlags = goes_on ? DMUS_KEF_EVENT_INCOMPLETE : DMUS_KEF_EVENT_COMPLETE;
    std::memcpy(SHORT_EVT(event) ? event->uData.abData : event->uData.pbData, bytes, count);
    return event;
}

} // namespace openportcls::portcls
