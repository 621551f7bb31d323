// WDFREQUEST: a request that the driver makes and sends to a target.
#pragma once

#include <memory>
#include <vector>

#include <ntddk.h>

#include "pnp/kmdf/memory.h"
#include "pnp/kmdf/object.h"

namespace openportcls::pnp::kmdf {

class IoTarget;

class Request final : public Object {
public:
    static constexpr ObjectType object_type = ObjectType::request;
    Request(Object* parent, machine::Machine& machine);
    ~Request() override;

    // A part of a memory object, or for as long as somebody waits for the request, any memory of the driver's.
    struct Buffer {
        Memory* memory = nullptr;
        std::size_t offset = 0;
        std::size_t length = 0;
        void* local = nullptr; // without a memory object
        std::uint8_t* data() const {
            return static_cast<std::uint8_t*>(memory == nullptr ? local : memory->buffer) + offset;
        }
    };
    // Keeps references to the memory until the request is formatted anew or deleted.
    NTSTATUS format_ioctl(ULONG code, const Buffer& input, const Buffer& output);
    // False, with status() telling why, when the target got nothing.
    bool send(IoTarget& target, const WDF_REQUEST_SEND_OPTIONS* options);
    // Formats, sends and waits.
    NTSTATUS send_ioctl_and_wait(IoTarget& target, ULONG code, const Buffer& input, const Buffer& output,
                                 const WDF_REQUEST_SEND_OPTIONS* options);
    bool cancel();
    NTSTATUS reuse(NTSTATUS status);
    void set_completion_routine(PFN_WDF_REQUEST_COMPLETION_ROUTINE routine, void* context) {
        completion_routine_ = routine;
        completion_context_ = context;
    }

    bool is_pending() const { return irp_ != nullptr; }
    IRP* irp() const { return irp_; } // while it is pending
    // Whether its target's state is any business of its, and the other way round (nf-wdfiotarget-wdfiotargetstop).
    bool is_tracked() const { return is_tracked_; }
    NTSTATUS status() const { return status_; }
    ULONG_PTR information() const { return information_; }
    void note_failure(NTSTATUS status) {
        status_ = status;
        information_ = 0;
    }
    void fill(WDF_REQUEST_COMPLETION_PARAMS& parameters) const;

private:
    void dispose() override;
    void release_buffers();
    void free_system_buffer();
    NTSTATUS attach_buffers(IRP* irp, IO_STACK_LOCATION& stack);
    NTSTATUS describe_output(IRP* irp, ULONG method) const;
    NTSTATUS check_sending(const IoTarget& target, ULONG flags) const;
    // Null, with status_ telling why.
    IRP* build_irp(const IoTarget& target);
    void start_timeout(LONGLONG due);
    void stop_timeout();
    static VOID NTAPI on_timeout(PKDPC dpc, PVOID context, PVOID, PVOID);
    void complete(IRP* irp);
    static NTSTATUS NTAPI on_completion(PDEVICE_OBJECT device, PIRP irp, PVOID context);

    bool formatted_ = false;
    ULONG code_ = 0;
    Buffer input_;
    Buffer output_;
    void* system_buffer_ = nullptr; // in pool: METHOD_BUFFERED
    IRP* irp_ = nullptr;            // while it is with the target
    bool is_tracked_ = true;
    IoTarget* target_ = nullptr;
    NTSTATUS status_ = STATUS_SUCCESS;
    ULONG_PTR information_ = 0;
    PFN_WDF_REQUEST_COMPLETION_ROUTINE completion_routine_ = nullptr;
    void* completion_context_ = nullptr;
    bool call_routine_ = true;
    KEVENT completed_{};
    KTIMER timeout_{}; // set: it holds a reference, which goes on to its DPC
    KDPC timeout_dpc_{};
    bool timed_out_ = false;
};

} // namespace openportcls::pnp::kmdf
