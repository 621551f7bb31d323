#include "ks/request_frame.h"

#include <cstring>
#include <new>

#include "executive/sentence.h"
#include "ks/ks_system.h"
#include "machine/guarded_access.h"

namespace openportcls::ks {

namespace {

using machine::Access;
using machine::is_accessible;

constexpr std::uint64_t guard = 0xB5D1'C3A7'9EE3'8BF1; // no byte that a handler often writes

// Most requests are a bare KSIDENTIFIER and most values a ULONG or two: these are copied without a call.
void copy(void* to, const void* from, ULONG bytes) {
    switch (bytes) {
    case sizeof(ULONG):
        std::memcpy(to, from, sizeof(ULONG));
        break;
    case sizeof(ULONGLONG):
        std::memcpy(to, from, sizeof(ULONGLONG));
        break;
    case sizeof(KSIDENTIFIER):
        std::memcpy(to, from, sizeof(KSIDENTIFIER));
        break;
    default:
        std::memcpy(to, from, bytes);
    }
}

} // namespace

ValueDirection property_value_direction(ULONG flags) {
    constexpr ULONG inputs = KSPROPERTY_TYPE_SET | KSPROPERTY_TYPE_UNSERIALIZESET | KSPROPERTY_TYPE_UNSERIALIZERAW;
    const bool is_input = (flags & inputs) != 0;
    return {is_input || (flags & KSPROPERTY_TYPE_COPYPAYLOAD) != 0, !is_input};
}

// KSMETHOD_TYPE_MODIFY is READ and WRITE. [ns-ks-ksmethod_item]
ValueDirection method_value_direction(ULONG flags) {
    if ((flags & (KSMETHOD_TYPE_SETSUPPORT | KSMETHOD_TYPE_BASICSUPPORT)) != 0) {
        return {false, true};
    }
    return {(flags & KSMETHOD_TYPE_READ) != 0, (flags & KSMETHOD_TYPE_WRITE) != 0};
}

NTSTATUS RequestFrame::capture(IRP& from, ValueDirection (*direction_of)(ULONG)) {
    const IO_STACK_LOCATION& location = *IoGetCurrentIrpStackLocation(&from);
    const ULONG in_bytes = location.Parameters.DeviceIoControl.InputBufferLength;
    const ULONG out_bytes = location.Parameters.DeviceIoControl.OutputBufferLength;
    void* const in = location.Parameters.DeviceIoControl.Type3InputBuffer;
    irp = &from;
    if (in_bytes < sizeof(KSIDENTIFIER)) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    request_size = in_bytes;
    value_size = out_bytes;
    if (from.RequestorMode == KernelMode) {
        request = static_cast<KSIDENTIFIER*>(in);
        value = from.UserBuffer;
        return STATUS_SUCCESS;
    }
    if (!is_accessible(in, in_bytes, Access::read) || !is_accessible(from.UserBuffer, out_bytes, Access::read)) {
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

    user_value_ = from.UserBuffer;
    value = value_storage_;
    if (out_bytes > inline_value_bytes) {
        value = large_value_ = machine::Machine::current().guest_heap().allocate(std::size_t{out_bytes} + guard_bytes);
        if (value == nullptr) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        std::memset(value, 0, out_bytes);
    } else if (constexpr ULONG usual_bytes = 16; out_bytes <= usual_bytes) {
        std::memset(value_storage_, 0, usual_bytes);
    } else {
        std::memset(value_storage_, 0, out_bytes);
    }
    std::memcpy(static_cast<char*>(value) + out_bytes, &guard, guard_bytes);
    if (out_bytes == 0) {
        value = nullptr;
    } else if (direction_of(request->Flags).to_handler) {
        copy(value, user_value_, out_bytes);
    }
    return STATUS_SUCCESS;
}

bool RequestFrame::deliver(ULONG bytes) const {
    const ULONG count = bytes < value_size ? bytes : value_size;
    if (user_value_ == nullptr || count == 0) {
        return true;
    }
    if (!is_accessible(user_value_, count, Access::write)) {
        return false;
    }
    copy(user_value_, value, count);
    return true;
}

void RequestFrame::check_guard() const {
    if (value == nullptr || std::memcmp(static_cast<const char*>(value) + value_size, &guard, guard_bytes) == 0)
        [[likely]] {
        return;
    }
    machine::Machine::current().bugcheck(
        0x19 /* BAD_POOL_HEADER */, 0x21, reinterpret_cast<std::uint64_t>(value), value_size, request->Id,
        executive::Sentence("The handler of item {} of set {{{:08X}-{:04X}-{:04X}-…}} wrote past the {} bytes of the "
                            "request's value.",
                            request->Id, request->Set.Data1, request->Set.Data2, request->Set.Data3, value_size));
}

void RequestFrame::reset() {
    if (user_value_ != nullptr) {
        check_guard();
    }
    if (large_request_ != nullptr) {
        machine::Machine::current().guest_heap().free(large_request_, request_size);
        large_request_ = nullptr;
    }
    if (large_value_ != nullptr) {
        machine::Machine::current().guest_heap().free(large_value_, std::size_t{value_size} + guard_bytes);
        large_value_ = nullptr;
    }
    user_value_ = nullptr;
    irp = nullptr;
}

RequestFrame& KsSystem::take_frame() {
    if (free_frames_ == nullptr) [[unlikely]] {
        char* const room = machine_.guest_heap().allocate(sizeof(RequestFrame));
        if (room == nullptr) {
            machine_.bugcheck(0x41 /* MUST_SUCCEED_POOL_EMPTY */, sizeof(RequestFrame), 0, 0, 0,
                              "The host has no room for a request.");
        }
        frames_.push_back(new (room) RequestFrame);
        return *frames_.back();
    }
    RequestFrame& frame = *free_frames_;
    free_frames_ = frame.next_free;
    return frame;
}

void KsSystem::give_frame(RequestFrame& frame) {
    frame.reset();
    frame.next_free = free_frames_;
    free_frames_ = &frame;
}

KsSystem::~KsSystem() {
    for (RequestFrame* frame : frames_) {
        machine_.guest_heap().free(reinterpret_cast<char*>(frame), sizeof *frame);
    }
}

} // namespace openportcls::ks
