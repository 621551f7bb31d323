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
    // Nothing is delivered from now on; what was sent or waits is cancelled, what was sent is waited for, or all is
    // left alone. What was sent whatever the state is, is: but for a target that goes.
    void stop(WDF_IO_TARGET_STATE state, bool cancel, bool wait);

    WDF_IO_TARGET_STATE state() const { return state_; }
    bool accepts_requests(bool ignore_state) const {
        return device_ != nullptr && (state_ == WdfIoTargetStarted || state_ == WdfIoTargetStopped ||
                                      (ignore_state && state_ == WdfIoTargetPurged));
    }
    DEVICE_OBJECT* device() const { return device_; }
    FILE_OBJECT* file() const { return file_; }

    // Delivers the request, or keeps it until the target is started.
    void take(Request& request);
    // Whether it was kept, and is not any more.
    bool let_go(const Request& request);
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
    void deliver(Request& request);
    void cancel_all(bool also_untracked);
    void wait_for_sent(bool also_untracked);

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
    std::vector<Request*> kept_; // until it is started
    KEVENT completed_{};         // one of those that were sent
};

} // namespace openportcls::pnp::kmdf
