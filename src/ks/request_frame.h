// The system copy of a METHOD_NEITHER request: what a handler may look at while the client changes its own buffers.
// Frames are recycled, so that a property request allocates nothing.
#pragma once

#include <cstdint>

#include <ks.h>

namespace openportcls::ks {

// Which way the value of a request travels between client and handler.
struct ValueDirection {
    bool to_handler;
    bool to_client;
};
ValueDirection property_value_direction(ULONG flags);
ValueDirection method_value_direction(ULONG flags);

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

    // For the layer above (PortCls keeps its PCPROPERTY_REQUEST here).
    alignas(16) std::uint8_t private_area[inline_private_bytes];

    // Copies the buffers of IOCTL_KS_PROPERTY or _METHOD (UserMode), or takes them as they are (KernelMode).
    // STATUS_INVALID_BUFFER_SIZE when the input is shorter than a KSIDENTIFIER, STATUS_ACCESS_VIOLATION for buffers
    // that are not there.
    NTSTATUS capture(IRP& irp, ValueDirection (*direction_of)(ULONG flags));
    // Copies `bytes` of the value back to a UserMode client. False when it cannot be written there.
    bool deliver(ULONG bytes) const;
    // Frees what capture allocated.
    void reset();

private:
    // Behind the value's copy: a handler that writes there has forgotten how much room the client gave.
    static constexpr ULONG guard_bytes = 8;

    void check_guard() const;

    void* user_value_ = nullptr;
    char* large_request_ = nullptr;
    char* large_value_ = nullptr;
    alignas(16) std::uint8_t request_storage_[inline_request_bytes];
    alignas(16) std::uint8_t value_storage_[inline_value_bytes + guard_bytes];
};

} // namespace openportcls::ks
