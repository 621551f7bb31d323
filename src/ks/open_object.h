// What a KS file object stands for: a filter, pin, clock, allocator or node. FILE_OBJECT::FsContext points at one.
#pragma once

#include <string_view>

#include <ks.h>

namespace openportcls::ks {

// Every routine runs at PASSIVE_LEVEL on the requesting thread. A status other than STATUS_PENDING completes the IRP
// (the dispatcher does that); whoever returns STATUS_PENDING has called IoMarkIrpPending and completes it later.
class OpenObject {
public:
    OpenObject() = default;
    OpenObject(const OpenObject&) = delete;
    OpenObject& operator=(const OpenObject&) = delete;
    virtual ~OpenObject() = default;

    // IRP_MJ_CREATE relative to this object: `kind` is the GUID of the create string (KSNAME_Pin …), `parameters` the
    // bytes behind its backslash.
    virtual NTSTATUS create_child(IRP& irp, const GUID& kind, const void* parameters, ULONG parameters_bytes);

    virtual NTSTATUS property(IRP& irp);
    virtual NTSTATUS method(IRP& irp);
    virtual NTSTATUS enable_event(IRP& irp);
    virtual NTSTATUS disable_event(IRP& irp);
    // NTAPI: what drivers call, and what calls drivers, on the way of every period, see machine.h.
    virtual NTSTATUS NTAPI write_stream(IRP& irp);
    virtual NTSTATUS NTAPI read_stream(IRP& irp);
    virtual NTSTATUS reset_state(KSRESET reset);
    virtual NTSTATUS handshake(const KSHANDSHAKE& in, KSHANDSHAKE& out);

    virtual NTSTATUS read(IRP& irp);
    virtual NTSTATUS write(IRP& irp);
    virtual NTSTATUS flush(IRP& irp);

    // The last handle is gone: cancel what is queued. May be called twice. Then the last reference is: the object ends
    // itself.
    virtual void cleanup(FILE_OBJECT& file);
    virtual void close(FILE_OBJECT& file) = 0;

    static OpenObject* from(const FILE_OBJECT* file) {
        return file == nullptr ? nullptr : static_cast<OpenObject*>(file->FsContext);
    }
    void attach_to(FILE_OBJECT& file) { file.FsContext = this; }
};

// IRP_MJ_CREATE of a name relative to an open object: splits "{guid}\parameters" and asks the object.
NTSTATUS dispatch_create_child(OpenObject& parent, IRP& irp);

// The seven majors that KS serves (R-ENTRY-03). Completes the IRP unless it pends.
NTSTATUS NTAPI dispatch_irp(IRP& irp);

// Sets status and completes, for handlers that answer at once.
NTSTATUS NTAPI complete(IRP& irp, NTSTATUS status);

} // namespace openportcls::ks
