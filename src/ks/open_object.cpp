#include "ks/open_object.h"

#include <cstring>
#include <vector>

#include "executive/io/completion.h"
#include "ks/create_name.h"
#include "machine/guarded_access.h"
#include "machine/machine.h"

namespace openportcls::ks {

namespace {

// A client's input buffer that has to have one exact size, copied.
template<class T>
NTSTATUS read_input(const IO_STACK_LOCATION& location, T& value) {
    const void* in = location.Parameters.DeviceIoControl.Type3InputBuffer;
    if (location.Parameters.DeviceIoControl.InputBufferLength < sizeof(T)) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    if (!machine::is_accessible(in, sizeof(T), machine::Access::read)) {
        return STATUS_ACCESS_VIOLATION;
    }
    std::memcpy(&value, in, sizeof(T));
    return STATUS_SUCCESS;
}

// R-KS-04.
NTSTATUS dispatch_handshake(OpenObject& object, IRP& irp, const IO_STACK_LOCATION& location) {
    if (irp.RequestorMode != KernelMode) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    if (location.Parameters.DeviceIoControl.InputBufferLength != sizeof(KSHANDSHAKE) ||
        location.Parameters.DeviceIoControl.OutputBufferLength != sizeof(KSHANDSHAKE)) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    const NTSTATUS status =
        object.handshake(*static_cast<const KSHANDSHAKE*>(location.Parameters.DeviceIoControl.Type3InputBuffer),
                         *static_cast<KSHANDSHAKE*>(irp.UserBuffer));
    irp.IoStatus.Information = NT_SUCCESS(status) ? sizeof(KSHANDSHAKE) : 0;
    return status;
}

NTSTATUS dispatch_reset(OpenObject& object, const IO_STACK_LOCATION& location) {
    LONG reset = 0; // a KSRESET, if the client is in its right mind
    const NTSTATUS status = read_input(location, reset);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (reset != KSRESET_BEGIN && reset != KSRESET_END) {
        return STATUS_INVALID_PARAMETER;
    }
    return object.reset_state(static_cast<KSRESET>(reset));
}

// All but properties and streams, which dispatch_irp() sends their own way.
NTSTATUS dispatch_control(OpenObject& object, IRP& irp, const IO_STACK_LOCATION& location) {
    switch (location.Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_KS_METHOD:
        return object.method(irp);
    case IOCTL_KS_ENABLE_EVENT:
        return object.enable_event(irp);
    case IOCTL_KS_DISABLE_EVENT:
        return object.disable_event(irp);
    case IOCTL_KS_RESET_STATE:
        return dispatch_reset(object, location);
    case IOCTL_KS_HANDSHAKE:
        return dispatch_handshake(object, irp, location);
    default:
        return STATUS_INVALID_DEVICE_REQUEST;
    }
}

NTSTATUS dispatch(IRP& irp) {
    const IO_STACK_LOCATION& location = *IoGetCurrentIrpStackLocation(&irp);
    OpenObject* const object = OpenObject::from(location.FileObject);
    if (object == nullptr) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    switch (location.MajorFunction) {
    case IRP_MJ_DEVICE_CONTROL:
        return dispatch_control(*object, irp, location);
    case IRP_MJ_READ:
        return object->read(irp);
    case IRP_MJ_WRITE:
        return object->write(irp);
    case IRP_MJ_FLUSH_BUFFERS:
        return object->flush(irp);
    case IRP_MJ_CLEANUP:
        object->cleanup(*location.FileObject);
        return STATUS_SUCCESS;
    case IRP_MJ_CLOSE: {
        FILE_OBJECT& file = *location.FileObject;
        object->cleanup(file); // PortCls drivers see no IRP_MJ_CLEANUP (R-ENTRY-02)
        object->close(file);
        file.FsContext = nullptr;
        return STATUS_SUCCESS;
    }
    // No object of ours carries a descriptor of its own; the device's applies.
    case IRP_MJ_QUERY_SECURITY:
    case IRP_MJ_SET_SECURITY:
        return STATUS_NO_SECURITY_ON_OBJECT;
    default:
        return STATUS_INVALID_DEVICE_REQUEST;
    }
}

} // namespace

NTSTATUS OpenObject::create_child(IRP&, const GUID&, const void*, ULONG) {
    return STATUS_OBJECT_NAME_NOT_FOUND;
}
NTSTATUS OpenObject::property(IRP&) {
    return STATUS_PROPSET_NOT_FOUND;
}
NTSTATUS OpenObject::method(IRP&) {
    return STATUS_PROPSET_NOT_FOUND;
}
NTSTATUS OpenObject::enable_event(IRP&) {
    return STATUS_PROPSET_NOT_FOUND;
}
NTSTATUS OpenObject::disable_event(IRP&) {
    return STATUS_UNSUCCESSFUL;
}
NTSTATUS NTAPI OpenObject::write_stream(IRP&) {
    return STATUS_INVALID_DEVICE_REQUEST;
}
NTSTATUS NTAPI OpenObject::read_stream(IRP&) {
    return STATUS_INVALID_DEVICE_REQUEST;
}
NTSTATUS OpenObject::reset_state(KSRESET) {
    return STATUS_INVALID_DEVICE_REQUEST;
}
NTSTATUS OpenObject::handshake(const KSHANDSHAKE&, KSHANDSHAKE&) {
    return STATUS_INVALID_DEVICE_REQUEST;
}
NTSTATUS OpenObject::read(IRP&) {
    return STATUS_INVALID_DEVICE_REQUEST;
}
NTSTATUS OpenObject::write(IRP&) {
    return STATUS_INVALID_DEVICE_REQUEST;
}
// No page gives IRP_MJ_FLUSH_BUFFERS a meaning for pins: what is queued on one is given back by IOCTL_KS_RESET_STATE
// (R-KS-03). nf-ks-ksdispatchinvaliddevicerequest.
NTSTATUS OpenObject::flush(IRP&) {
    return STATUS_INVALID_DEVICE_REQUEST;
}
void OpenObject::cleanup(FILE_OBJECT&) {}

NTSTATUS dispatch_create_child(OpenObject& parent, IRP& irp) {
    const IO_STACK_LOCATION& location = *IoGetCurrentIrpStackLocation(&irp);
    const UNICODE_STRING& name = location.FileObject->FileName;
    GUID kind;
    const void* bytes = nullptr;
    ULONG byte_count = 0;
    if (!parse_create_name(name, kind, bytes, byte_count)) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    // The structures in the name want 8-byte alignment, which a name does not have.
    std::vector<ULONGLONG> parameters((byte_count + sizeof(ULONGLONG) - 1) / sizeof(ULONGLONG));
    if (byte_count != 0) {
        std::memcpy(parameters.data(), bytes, byte_count);
    }
    return parent.create_child(irp, kind, parameters.data(), byte_count);
}

NTSTATUS NTAPI complete(IRP& irp, NTSTATUS status) {
    irp.IoStatus.Status = status;
    auto& machine = machine::Machine::current();
    if (machine.irql() > machine::irql::dispatch) [[unlikely]] {
        IoCompleteRequest(&irp, IO_NO_INCREMENT); // which says so
        return status;
    }
    machine.preemption_point();
    executive::complete_request(machine.subsystem<executive::Kernel>(), &irp);
    return status;
}

namespace {

[[gnu::noinline]] NTSTATUS NTAPI dispatch_by_tables(IRP& irp) {
    const NTSTATUS status = dispatch(irp);
    return status == STATUS_PENDING ? status : complete(irp, status);
}

[[gnu::noinline]] NTSTATUS NTAPI dispatch_property(OpenObject& object, IRP& irp) {
    const NTSTATUS status = object.property(irp);
    return status == STATUS_PENDING ? status : complete(irp, status);
}

[[gnu::noinline]] NTSTATUS NTAPI dispatch_stream(OpenObject& object, IRP& irp, bool write) {
    const NTSTATUS status = write ? object.write_stream(irp) : object.read_stream(irp);
    return status == STATUS_PENDING ? status : complete(irp, status);
}

} // namespace

// Most of what is asked for has a way of its own: what moves sound keeps to the Windows convention throughout.
[[gnu::hot]] NTSTATUS NTAPI dispatch_irp(IRP& irp) {
    const IO_STACK_LOCATION& location = *IoGetCurrentIrpStackLocation(&irp);
    OpenObject* const object = OpenObject::from(location.FileObject);
    if (object != nullptr && location.MajorFunction == IRP_MJ_DEVICE_CONTROL) {
        switch (location.Parameters.DeviceIoControl.IoControlCode) {
        case IOCTL_KS_PROPERTY:
            return dispatch_property(*object, irp);
        case IOCTL_KS_WRITE_STREAM:
            return dispatch_stream(*object, irp, true);
        case IOCTL_KS_READ_STREAM:
            return dispatch_stream(*object, irp, false);
        default:
            break;
        }
    }
    return dispatch_by_tables(irp);
}

} // namespace openportcls::ks
