// The system copy of a METHOD_NEITHER request: what a handler may look at while the client changes its own buffers.
// Frames are recycled, so that a property request allocates nothing.
#pragma once

#include <cstdint>
#include <cstring>

#include <ks.h>

#include "machine/guarded_access.h"

namespace openportcls::ks {

// Which way the value of a request travels between client and handler.
struct ValueDirection {
    bool to_handler;
    bool to_client;
};
constexpr ValueDirection property_value_direction(ULONG flags) {
    constexpr ULONG inputs = KSPROPERTY_TYPE_SET | KSPROPERTY_TYPE_UNSERIALIZESET | KSPROPERTY_TYPE_UNSERIALIZERAW;
    const bool is_input = (flags & inputs) != 0;
    return {is_input || (flags & KSPROPERTY_TYPE_COPYPAYLOAD) != 0, !is_input};
}
// KSMETHOD_TYPE_MODIFY is READ and WRITE. [ns-ks-ksmethod_item]
constexpr ValueDirection method_value_direction(ULONG flags) {
    if ((flags & (KSMETHOD_TYPE_SETSUPPORT | KSMETHOD_TYPE_BASICSUPPORT)) != 0) {
        return {false, true};
    }
    return {(flags & KSMETHOD_TYPE_READ) != 0, (flags & KSMETHOD_TYPE_WRITE) != 0};
}

class RequestFrame {
public:
    static constexpr ULONG inline_request_bytes = 192;
    static constexpr ULONG inline_value_bytes = 512;
    static constexpr ULONG inline_private_bytes = 96;

    RequestFrame* next_free = nullptr;
    IRP* irp = nullptr;
    KSIDENTIFIER* request = nullptr;
    ULONG request_size = 0;
    void* value = nullptr;
    ULONG value_size = 0;
    bool is_answered = false; // the value goes back to the client, by the flags that the request came with

    // For the layer above (PortCls keeps its PCPROPERTY_REQUEST here).
    alignas(16) std::uint8_t private_area[inline_private_bytes];

    // Copies the buffers of IOCTL_KS_PROPERTY or _METHOD (UserMode), or takes them as they are (KernelMode).
    // STATUS_INVALID_BUFFER_SIZE when the input is shorter than a KSIDENTIFIER, STATUS_ACCESS_VIOLATION for buffers
    // that are not there.
    [[gnu::always_inline]] inline NTSTATUS capture(IRP& irp, ValueDirection (&direction_of)(ULONG flags));
    // Copies `count` bytes of the value, not more than there are, back to a UserMode client. False when it cannot be
    // written there.
    [[gnu::always_inline]] inline bool deliver(ULONG count) const;
    // Frees what capture allocated.
    inline void reset();

private:
    using DirectionOf = ValueDirection (*)(ULONG flags);
    // Behind the value's copy: a handler that writes there has forgotten how much room the client gave.
    static constexpr ULONG guard_bytes = 8;

    static constexpr std::uint64_t guard = 0xB5D1'C3A7'9EE3'8BF1; // no byte that a handler often writes

    inline static void copy(void* to, const void* from, ULONG bytes);
    [[gnu::noinline]] NTSTATUS capture_any(IRP& irp, DirectionOf direction_of);
    [[gnu::noinline]] bool deliver_any(ULONG count) const;
    [[gnu::noinline]] void reset_any();
    [[noreturn, gnu::cold, gnu::noinline]] void report_overrun() const;

    bool is_usual_ = false; // a client's, small, and each of its buffers within a page
    void* user_value_ = nullptr;
    char* large_request_ = nullptr;
    char* large_value_ = nullptr;
    alignas(16) std::uint8_t request_storage_[inline_request_bytes];
    alignas(16) std::uint8_t value_storage_[inline_value_bytes + guard_bytes];
};

// Most requests are a bare KSIDENTIFIER and most values a ULONG or two: these are copied without a call.
void RequestFrame::copy(void* to, const void* from, ULONG bytes) {
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

NTSTATUS RequestFrame::capture(IRP& from, ValueDirection (&direction_of)(ULONG)) {
    constexpr ULONG usual_bytes = 16;
    const auto& parameters = IoGetCurrentIrpStackLocation(&from)->Parameters.DeviceIoControl;
    const ULONG in_bytes = parameters.InputBufferLength;
    const ULONG out_bytes = parameters.OutputBufferLength;
    const void* const in = parameters.Type3InputBuffer;
    void* const out = from.UserBuffer;
    // An empty buffer lies in no page.
    if (from.RequestorMode == KernelMode ||
        in_bytes - sizeof(KSIDENTIFIER) > inline_request_bytes - sizeof(KSIDENTIFIER) || out_bytes - 1 >= usual_bytes ||
        !machine::lies_in_a_page(in, in_bytes) || !machine::lies_in_a_page(out, out_bytes)) [[unlikely]] {
        return capture_any(from, &direction_of);
    }
    irp = &from;
    if (machine::opc_guarded_read_both(in, out) == 0) [[unlikely]] {
        user_value_ = nullptr;
        return STATUS_ACCESS_VIOLATION;
    }
    copy(request_storage_, in, in_bytes);
    request = reinterpret_cast<KSIDENTIFIER*>(request_storage_);
    request_size = in_bytes;
    user_value_ = out;
    value = value_storage_;
    value_size = out_bytes;
    const ValueDirection direction = direction_of(request->Flags);
    is_answered = direction.to_client;
    is_usual_ = true;
    std::memset(value_storage_, 0, usual_bytes);
    std::memcpy(value_storage_ + out_bytes, &guard, guard_bytes);
    if (direction.to_handler) {
        copy(value_storage_, out, out_bytes);
    }
    return STATUS_SUCCESS;
}

bool RequestFrame::deliver(ULONG count) const {
    if (!is_usual_) {
        return deliver_any(count);
    }
    if (count == 0) {
        return true;
    }
    if (machine::opc_guarded_touch(user_value_, 1) == 0) [[unlikely]] {
        return false;
    }
    copy(user_value_, value_storage_, count);
    return true;
}

void RequestFrame::reset() {
    if (!is_usual_) {
        reset_any();
    } else if (std::memcmp(value_storage_ + value_size, &guard, guard_bytes) != 0) [[unlikely]] {
        report_overrun();
    }
    is_usual_ = false;
    irp = nullptr;
}

} // namespace openportcls::ks
