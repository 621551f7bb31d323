// The I/O manager's C++ face: opening files, sending requests, device interfaces. For the layers above; drivers use
// the Io* exports.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <wdm.h>

#include "base/result.h"
#include "machine/machine.h"

namespace openportcls::executive {

struct OpenOptions {
    ACCESS_MASK desired_access = GENERIC_READ | GENERIC_WRITE | SYNCHRONIZE;
    KPROCESSOR_MODE mode = UserMode;
    ULONG create_options = 0;
    bool attributes_only = false;
};

// IRP_MJ_CREATE. `path`: a device interface's symbolic link or \Device\…, with a reference string behind it
// (\\?\…\{guid}\Wave/…, \Device\0000\Wave). `related` opens relative to another file, as KsCreatePin does.
NTSTATUS open_file(std::u16string_view path, FILE_OBJECT* related, FILE_OBJECT** file, const OpenOptions& options = {});
// The same with the device known already; `name` is what is left of the path (with its leading backslash).
NTSTATUS open_device(DEVICE_OBJECT* device, std::u16string_view name, FILE_OBJECT* related, FILE_OBJECT** file,
                     const OpenOptions& options = {});
// IRP_MJ_CLEANUP, and IRP_MJ_CLOSE as soon as nobody references the file object any more.
void close_file(FILE_OBJECT* file);

// Sends IRP_MJ_DEVICE_CONTROL to the top of the file's device stack and waits for its completion. PASSIVE_LEVEL.
struct ControlRequest {
    FILE_OBJECT* file;
    ULONG code;
    ULONG in_bytes;
    const void* in;
    void* out;
    ULONG out_bytes;
    KPROCESSOR_MODE mode;
    ULONG_PTR* information; // may be null
};
NTSTATUS device_control(const ControlRequest& request);
inline NTSTATUS device_control(FILE_OBJECT* file, ULONG code, const void* in, ULONG in_bytes, void* out,
                               ULONG out_bytes, ULONG_PTR* information, KPROCESSOR_MODE mode = UserMode) {
    return device_control({file, code, in_bytes, in, out, out_bytes, mode, information});
}

// The asynchronous form. `completed` is called once, at whatever IRQL the driver completes the request at (not above
// DISPATCH_LEVEL), possibly before start_device_control returns. The buffers must stay until then.
using RequestCompleted = void(NTAPI*)(void* context, NTSTATUS status, ULONG_PTR information);
// Returns what the dispatch routine returned. `request` (may be null) receives the IRP, for cancel_request; it is valid
// until `completed` is called, and null when the request has completed already.
NTSTATUS start_device_control(FILE_OBJECT* file, ULONG code, const void* in, ULONG in_bytes, void* out, ULONG out_bytes,
                              RequestCompleted completed, void* context, IRP** request = nullptr,
                              KPROCESSOR_MODE mode = UserMode);
// IoCancelIrp: false when the driver has no cancel routine for it at the moment (the IRP is marked all the same).
bool cancel_request(IRP* request);
// Calls a request's cancel routine with the cancel spin lock held, which it releases, to go back to IRQL `old`.
void call_cancel_routine(PDRIVER_CANCEL routine, PDEVICE_OBJECT device, PIRP irp, KIRQL old);

// IRP_MJ_READ / IRP_MJ_WRITE, buffered, direct or neither as the device asks for.
NTSTATUS read_file(FILE_OBJECT* file, void* buffer, ULONG bytes, LONGLONG offset, ULONG_PTR* information);
NTSTATUS write_file(FILE_OBJECT* file, const void* buffer, ULONG bytes, LONGLONG offset, ULONG_PTR* information);

// An IRP for the given device's stack that the caller fills in (next stack location: zeroed) and then gives to
// call_synchronously, which waits for it and frees it. PnP, power-free and internal requests.
IRP* build_request(DEVICE_OBJECT* device, UCHAR major, UCHAR minor);
// For an IRP of IoBuild…Request: references of the file, and of the event if there is one, that go when it ends.
void keep_until_completed(IRP* irp, FILE_OBJECT* file, KEVENT* event);
NTSTATUS call_synchronously(DEVICE_OBJECT* device, IRP* request, ULONG_PTR* information = nullptr);

// The highest device object of the stack that `device` is part of, without a reference.
inline DEVICE_OBJECT* top_of_stack(DEVICE_OBJECT* device) {
    while (device->AttachedDevice != nullptr) {
        device = device->AttachedDevice;
    }
    return device;
}
// The physical device object at the bottom of it.
DEVICE_OBJECT* bottom_of_stack(DEVICE_OBJECT* device);

} // namespace openportcls::executive
