// IRP_MJ_READ and IRP_MJ_WRITE of a file, buffered, direct or neither as its device asks for.
#pragma once

#include <wdm.h>

#include "executive/io/io_manager.h"

namespace openportcls::executive {

struct Transfer {
    FILE_OBJECT* file;
    UCHAR major;
    KPROCESSOR_MODE mode;
    ULONG bytes;
    void* buffer;
    LONGLONG offset;
};

// Waits for its completion. PASSIVE_LEVEL.
NTSTATUS transfer(const Transfer& request, ULONG_PTR* information);
// The asynchronous form, see start_device_control.
NTSTATUS start_transfer(const Transfer& request, RequestCompleted completed, void* context);

} // namespace openportcls::executive
