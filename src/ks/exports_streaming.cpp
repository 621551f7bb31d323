// Exports of ks.sys: stream IRPs.
#include <ks.h>

#include "executive/io/io_manager.h"
#include "executive/irql_check.h"
#include "ks/stream_headers.h"

using namespace openportcls;

extern "C" {

KSDDKAPI NTSTATUS NTAPI KsProbeStreamIrp(PIRP Irp, ULONG ProbeFlags, ULONG HeaderSize) {
    OPC_REQUIRE_PASSIVE();
    return ks::probe_stream_irp(*Irp, ProbeFlags, HeaderSize);
}

// Synchronous only: an event or a completion routine would need a caller who waits for it.
KSDDKAPI NTSTATUS NTAPI KsStreamIo(PFILE_OBJECT FileObject, PKEVENT Event, PVOID,
                                   PIO_COMPLETION_ROUTINE CompletionRoutine, PVOID, KSCOMPLETION_INVOCATION,
                                   PIO_STATUS_BLOCK IoStatusBlock, PVOID StreamHeaders, ULONG Length, ULONG Flags,
                                   KPROCESSOR_MODE RequestorMode) {
    OPC_REQUIRE_PASSIVE();
    if (CompletionRoutine != nullptr) {
        return STATUS_NOT_IMPLEMENTED;
    }
    const ULONG code = (Flags & KSSTREAM_WRITE) != 0 ? IOCTL_KS_WRITE_STREAM : IOCTL_KS_READ_STREAM;
    IoStatusBlock->Status = executive::device_control(FileObject, code, nullptr, 0, StreamHeaders, Length,
                                                      &IoStatusBlock->Information, RequestorMode);
    if (Event != nullptr) {
        KeSetEvent(Event, IO_NO_INCREMENT, FALSE);
    }
    return IoStatusBlock->Status;
}

KSDDKAPI NTSTATUS NTAPI KsReadFile(PFILE_OBJECT FileObject, PKEVENT Event, PVOID, PIO_STATUS_BLOCK IoStatusBlock,
                                   PVOID Buffer, ULONG Length, ULONG, KPROCESSOR_MODE) {
    OPC_REQUIRE_PASSIVE();
    IoStatusBlock->Status = executive::read_file(FileObject, Buffer, Length, 0, &IoStatusBlock->Information);
    if (Event != nullptr) {
        KeSetEvent(Event, IO_NO_INCREMENT, FALSE);
    }
    return IoStatusBlock->Status;
}

KSDDKAPI NTSTATUS NTAPI KsWriteFile(PFILE_OBJECT FileObject, PKEVENT Event, PVOID, PIO_STATUS_BLOCK IoStatusBlock,
                                    PVOID Buffer, ULONG Length, ULONG, KPROCESSOR_MODE) {
    OPC_REQUIRE_PASSIVE();
    IoStatusBlock->Status = executive::write_file(FileObject, Buffer, Length, 0, &IoStatusBlock->Information);
    if (Event != nullptr) {
        KeSetEvent(Event, IO_NO_INCREMENT, FALSE);
    }
    return IoStatusBlock->Status;
}

} // extern "C"
