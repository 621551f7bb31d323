// Exports of ks.sys: stream IRPs.
#include <ks.h>

#include "executive/io/io_manager.h"
#include "executive/irql_check.h"
#include "ks/stream_headers.h"

using namespace openportcls;

namespace {

// Where the end of a request is told, and whether the call itself waits for it.
class Completion {
public:
    Completion(FILE_OBJECT& file, KEVENT* event, bool synchronous)
        : waits_(synchronous || (file.Flags & FO_SYNCHRONOUS_IO) != 0) {
        KeInitializeEvent(&own_, NotificationEvent, FALSE);
        event_ = event != nullptr ? event : waits_ ? &own_ : &file.Event;
        KeClearEvent(event_);
    }
    KEVENT* event() { return event_; }
    bool waits() const { return waits_; }
    NTSTATUS wait(const IO_STATUS_BLOCK& result) {
        KeWaitForSingleObject(event_, Executive, KernelMode, FALSE, nullptr);
        return result.Status;
    }

private:
    bool waits_;
    KEVENT own_;
    KEVENT* event_;
};

// A null request could not be made. `kept`: the event that the request's end is told with, where it is an object.
NTSTATUS send(FILE_OBJECT& file, IRP* irp, KPROCESSOR_MODE mode, Completion& completion, KEVENT* kept,
              IO_STATUS_BLOCK& result) {
    if (irp == nullptr) {
        return result.Status = STATUS_INSUFFICIENT_RESOURCES;
    }
    irp->RequestorMode = mode;
    irp->Tail.Overlay.OriginalFileObject = &file;
    executive::keep_until_completed(irp, &file, kept);
    IoGetNextIrpStackLocation(irp)->FileObject = &file;
    const NTSTATUS status = IofCallDriver(IoGetRelatedDeviceObject(&file), irp);
    return status == STATUS_PENDING && completion.waits() ? completion.wait(result) : status;
}

// From the file's position on, which a file opened for synchronous requests remembers.
NTSTATUS transfer(UCHAR major, FILE_OBJECT& file, KEVENT* event, IO_STATUS_BLOCK& result, void* buffer, ULONG bytes,
                  ULONG key, KPROCESSOR_MODE mode) {
    Completion completion(file, event, false);
    IRP* const irp = IoBuildSynchronousFsdRequest(major, IoGetRelatedDeviceObject(&file), buffer, bytes,
                                                  &file.CurrentByteOffset, completion.event(), &result);
    if (irp != nullptr) {
        IoGetNextIrpStackLocation(irp)->Parameters.Read.Key = key; // Write.Key lies at the same place
    }
    const NTSTATUS status = send(file, irp, mode, completion, event, result);
    if (NT_SUCCESS(status) && completion.waits()) {
        file.CurrentByteOffset.QuadPart += static_cast<LONGLONG>(result.Information);
    }
    return status;
}

} // namespace

extern "C" {

KSDDKAPI NTSTATUS NTAPI KsProbeStreamIrp(PIRP Irp, ULONG ProbeFlags, ULONG HeaderSize) {
    OPC_REQUIRE_PASSIVE();
    return ks::probe_stream_irp(*Irp, ProbeFlags, HeaderSize);
}

KSDDKAPI NTSTATUS NTAPI KsStreamIo(PFILE_OBJECT FileObject, PKEVENT Event, PVOID,
                                   PIO_COMPLETION_ROUTINE CompletionRoutine, PVOID CompletionContext,
                                   KSCOMPLETION_INVOCATION CompletionInvocationFlags, PIO_STATUS_BLOCK IoStatusBlock,
                                   PVOID StreamHeaders, ULONG Length, ULONG Flags, KPROCESSOR_MODE RequestorMode) {
    OPC_REQUIRE_PASSIVE();
    const bool synchronous = (Flags & KSSTREAM_SYNCHRONOUS) != 0;
    Completion completion(*FileObject, Event, synchronous);
    const ULONG code = (Flags & KSSTREAM_WRITE) != 0 ? IOCTL_KS_WRITE_STREAM : IOCTL_KS_READ_STREAM;
    IRP* const irp = IoBuildDeviceIoControlRequest(code, IoGetRelatedDeviceObject(FileObject), nullptr, 0,
                                                   StreamHeaders, Length, FALSE, completion.event(), IoStatusBlock);
    if (irp != nullptr && CompletionRoutine != nullptr) {
        IoSetCompletionRoutine(
            irp, CompletionRoutine, CompletionContext, (CompletionInvocationFlags & KsInvokeOnSuccess) != 0,
            (CompletionInvocationFlags & KsInvokeOnError) != 0, (CompletionInvocationFlags & KsInvokeOnCancel) != 0);
    }
    // "KSSTREAM_SYNCHRONOUS": the event is not taken for one of the object manager's.
    return send(*FileObject, irp, RequestorMode, completion, synchronous ? nullptr : Event, *IoStatusBlock);
}

KSDDKAPI NTSTATUS NTAPI KsReadFile(PFILE_OBJECT FileObject, PKEVENT Event, PVOID, PIO_STATUS_BLOCK IoStatusBlock,
                                   PVOID Buffer, ULONG Length, ULONG Key, KPROCESSOR_MODE RequestorMode) {
    OPC_REQUIRE_PASSIVE();
    return transfer(IRP_MJ_READ, *FileObject, Event, *IoStatusBlock, Buffer, Length, Key, RequestorMode);
}

KSDDKAPI NTSTATUS NTAPI KsWriteFile(PFILE_OBJECT FileObject, PKEVENT Event, PVOID, PIO_STATUS_BLOCK IoStatusBlock,
                                    PVOID Buffer, ULONG Length, ULONG Key, KPROCESSOR_MODE RequestorMode) {
    OPC_REQUIRE_PASSIVE();
    return transfer(IRP_MJ_WRITE, *FileObject, Event, *IoStatusBlock, Buffer, Length, Key, RequestorMode);
}

} // extern "C"
