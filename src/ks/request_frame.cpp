#include "ks/request_frame.h"

#include <cstring>
#include <new>
#include <utility>

#include "executive/ex/asan.h"
#include "executive/sentence.h"
#include "ks/ks_system.h"
#include "machine/guarded_access.h"

namespace openportcls::ks {

NTSTATUS RequestFrame::capture_any(IRP& from, DirectionOf direction_of) {
    const IO_STACK_LOCATION& location = *IoGetCurrentIrpStackLocation(&from);
    const ULONG in_bytes = location.Parameters.DeviceIoControl.InputBufferLength;
    const ULONG out_bytes = location.Parameters.DeviceIoControl.OutputBufferLength;
    void* const in = location.Parameters.DeviceIoControl.Type3InputBuffer;
    irp = &from;
    user_value_ = nullptr;
    if (in_bytes < sizeof(KSIDENTIFIER)) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    request_size = in_bytes;
    value_size = out_bytes;
    if (from.RequestorMode == KernelMode) {
        request = static_cast<KSIDENTIFIER*>(in);
        value = from.UserBuffer;
        is_answered = direction_of(request->Flags).to_client;
        return STATUS_SUCCESS;
    }
    if (!machine::are_readable(in, in_bytes, from.UserBuffer, out_bytes)) {
        return STATUS_ACCESS_VIOLATION;
    }
    void* request_copy = request_storage_;
    if (in_bytes > inline_request_bytes) {
        request_copy = large_request_ = machine::Machine::current().guest_heap().allocate(in_bytes);
        if (request_copy == nullptr) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
    }
    copy(request_copy, in, in_bytes);
    request = static_cast<KSIDENTIFIER*>(request_copy);
    const ValueDirection direction = direction_of(request->Flags);
    is_answered = direction.to_client;

    user_value_ = from.UserBuffer;
    value = value_storage_;
    if (out_bytes > inline_value_bytes) {
        value = large_value_ = machine::Machine::current().guest_heap().allocate(std::size_t{out_bytes} + guard_bytes);
        if (value == nullptr) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
    }
    std::memset(value, 0, out_bytes);
    std::memcpy(static_cast<char*>(value) + out_bytes, &guard, guard_bytes);
    if (out_bytes == 0) {
        value = nullptr;
    } else if (direction.to_handler) {
        copy(value, user_value_, out_bytes);
    }
    return STATUS_SUCCESS;
}

void RequestFrame::report_overrun() const {
    machine::Machine::current().bugcheck(
        0x19 /* BAD_POOL_HEADER */, 0x21, reinterpret_cast<std::uint64_t>(value), value_size, request->Id,
        executive::Sentence("The handler of item {} of set {{{:08X}-{:04X}-{:04X}-…}} wrote past the {} bytes of the "
                            "request's value.",
                            request->Id, request->Set.Data1, request->Set.Data2, request->Set.Data3, value_size));
}

bool RequestFrame::deliver_any(ULONG count) const {
    if (user_value_ == nullptr || count == 0) {
        return true;
    }
    if (!machine::is_accessible(user_value_, count, machine::Access::write)) {
        return false;
    }
    copy(user_value_, value, count);
    return true;
}

void RequestFrame::reset_any() {
    if (user_value_ != nullptr && value != nullptr &&
        std::memcmp(static_cast<const char*>(value) + value_size, &guard, guard_bytes) != 0) {
        report_overrun();
    }
    if (large_request_ != nullptr) {
        machine::Machine::current().guest_heap().free(large_request_, request_size);
        large_request_ = nullptr;
    }
    if (large_value_ != nullptr) {
        machine::Machine::current().guest_heap().free(large_value_, std::size_t{value_size} + guard_bytes);
        large_value_ = nullptr;
    }
}

RequestFrame& KsSystem::new_frame() {
    char* const room = machine_.guest_heap().allocate(sizeof(RequestFrame));
    if (room == nullptr) {
        machine_.bugcheck(0x41 /* MUST_SUCCEED_POOL_EMPTY */, sizeof(RequestFrame), 0, 0, 0,
                          "The host has no room for a request.");
    }
    frames_.push_back(new (room) RequestFrame);
    return *frames_.back();
}

void KsSystem::rest_frame(RequestFrame& frame) {
    frame.reset();
    executive::asan_poison(&frame, sizeof frame);
    RequestFrame*& place = resting_[oldest_resting_];
    oldest_resting_ = (oldest_resting_ + 1) % resting_.size();
    if (RequestFrame* const rested = std::exchange(place, &frame)) {
        executive::asan_unpoison(rested, sizeof *rested);
        rested->next_free = free_frames_;
        free_frames_ = rested;
    }
}

KsSystem& KsSystem::make(machine::Machine& machine) {
    return machine.add_subsystem<KsSystem>();
}

KsSystem::~KsSystem() {
    for (RequestFrame* frame : frames_) {
        executive::asan_unpoison(frame, sizeof *frame);
        machine_.guest_heap().free(reinterpret_cast<char*>(frame), sizeof *frame);
    }
}

} // namespace openportcls::ks
