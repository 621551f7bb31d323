// WDFIOTARGET: where requests are sent.
#pragma once

#include <string>
#include <vector>

#include <ntddk.h>

#include "executive/io/notifications.h"
#include "pnp/kmdf/object.h"

namespace openportcls::pnp::kmdf {

class Request;

class IoTarget final : public Object {
public:
    static constexpr ObjectType object_type = ObjectType::io_target;
    IoTarget(Object* parent, machine::Machine& machine);

    // The next lower device of the driver's own stack.
    void open_local(DEVICE_OBJECT* device);
    NTSTATUS open(const WDF_IO_TARGET_OPEN_PARAMS& parameters);
    void close(WDF_IO_TARGET_STATE state);
    NTSTATUS start();
    // No new requests; what was sent is cancelled, waited for or left alone.
    void stop(WDF_IO_TARGET_STATE state, bool cancel, bool wait);

    WDF_IO_TARGET_STATE state() const { return state_; }
    bool accepts_requests(bool ignore_state) const {
        return device_ != nullptr && (state_ == WdfIoTargetStarted || (ignore_state && state_ == WdfIoTargetStopped));
    }
    DEVICE_OBJECT* device() const { return device_; }
    FILE_OBJECT* file() const { return file_; }

    void request_sent(Request& request);
    void request_completed(Request& request);

private:
    struct RemovalCallbacks {
        PFN_WDF_IO_TARGET_QUERY_REMOVE query_remove = nullptr;
        PFN_WDF_IO_TARGET_REMOVE_CANCELED remove_canceled = nullptr;
        PFN_WDF_IO_TARGET_REMOVE_COMPLETE remove_complete = nullptr;
    };

    void dispose() override;
    void silence() override;
    void set_callbacks(const WDF_IO_TARGET_OPEN_PARAMS& parameters);
    NTSTATUS open_existing(const WDF_IO_TARGET_OPEN_PARAMS& parameters);
    NTSTATUS open_named();
    NTSTATUS reopen();
    void watch_device();
    void unwatch_device();
    static NTSTATUS NTAPI on_target_change(PVOID structure, PVOID context);
    NTSTATUS query_remove();
    void remove_canceled();
    void remove_complete();
    void cancel_sent();
    void wait_for_sent();

    WDF_IO_TARGET_STATE state_ = WdfIoTargetClosed;
    DEVICE_OBJECT* device_ = nullptr;
    FILE_OBJECT* file_ = nullptr; // null for a device that was opened by its pointer
    bool owns_file_ = false;
    std::u16string name_; // to open it again
    ACCESS_MASK access_ = 0;
    RemovalCallbacks callbacks_;
    executive::NotificationTable::Entry* watch_ =
        nullptr;                 // also while it is closed for a removal that may be cancelled
    std::vector<Request*> sent_; // in order of sending
    KEVENT none_sent_{};
};

} // namespace openportcls::pnp::kmdf
