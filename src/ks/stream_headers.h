// Stream IRPs: the headers in a system copy, the buffers behind them as MDLs (R-KS-06).
#pragma once

#include <ks.h>

namespace openportcls::ks {

// IOCTL_KS_WRITE_STREAM and _READ_STREAM. `flags` are KSPROBE_XXX; `header_bytes` is the size every header must have,
// 0 for headers that state their own. Afterwards AssociatedIrp.SystemBuffer points at the copy, which goes with the
// IRP, and MdlAddress at a chain of one MDL for each header with data. A second call only adds what is missing.
NTSTATUS NTAPI probe_stream_irp(IRP& irp, ULONG flags, ULONG header_bytes);

// Whether a call with every flag would find nothing to be done.
inline bool is_probed(const IRP& irp) {
    if (irp.AssociatedIrp.SystemBuffer == nullptr || irp.MdlAddress == nullptr) {
        return false;
    }
    for (const MDL* mdl = irp.MdlAddress; mdl != nullptr; mdl = mdl->Next) {
        const bool is_locked = (mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL)) != 0;
        const bool is_mapped = (mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL)) != 0;
        if (!is_locked || !is_mapped) {
            return false;
        }
    }
    return true;
}

// The client's headers: the output buffer as known clients send it, else the input buffer as the pages say.
inline void* client_headers(const IRP& irp, ULONG& bytes) {
    const auto& control = IoGetCurrentIrpStackLocation(const_cast<IRP*>(&irp))->Parameters.DeviceIoControl;
    if (control.OutputBufferLength != 0) {
        bytes = control.OutputBufferLength;
        return irp.UserBuffer;
    }
    bytes = control.InputBufferLength;
    return control.Type3InputBuffer;
}

} // namespace openportcls::ks
