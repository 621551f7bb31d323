#include "ks/stream_headers.h"

#include <cstring>

#include "executive/io/completion.h"
#include "executive/kernel.h"
#include "executive/mm/user_memory.h"
#include "ks/data_format.h"
#include "machine/guarded_access.h"

namespace openportcls::ks {

namespace {

using executive::IrpPool;
using executive::IrpSlot;

// Size of the copied headers: what the client gave.
ULONG headers_bytes(const IRP& irp) {
    ULONG bytes = 0;
    client_headers(irp, bytes);
    return bytes;
}

template<class Visit>
NTSTATUS for_each_header(IRP& irp, Visit&& visit) {
    auto* place = static_cast<char*>(irp.AssociatedIrp.SystemBuffer);
    ULONG left = headers_bytes(irp);
    while (left != 0) {
        auto& header = *reinterpret_cast<KSSTREAM_HEADER*>(place);
        const NTSTATUS status = visit(header);
        if (!NT_SUCCESS(status)) {
            return status;
        }
        place += header.Size;
        left -= header.Size;
    }
    return STATUS_SUCCESS;
}

NTSTATUS check_header(const KSSTREAM_HEADER& header, ULONG flags, bool alone) {
    const bool write = (flags & KSPROBE_STREAMWRITE) != 0;
    if (header.DataUsed > header.FrameExtent || (!write && header.DataUsed != 0)) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    if (header.FrameExtent != 0 && header.Data == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    if ((header.OptionsFlags & KSSTREAM_HEADER_OPTIONSF_TYPECHANGED) == 0) {
        return STATUS_SUCCESS;
    }
    // A changed format stands alone and is no data.
    if ((flags & KSPROBE_ALLOWFORMATCHANGE) == 0 || !alone) {
        return STATUS_INVALID_PARAMETER;
    }
    return write ? check_format(header.Data, header.DataUsed) : STATUS_SUCCESS;
}

// A changed format "is not of extended length, even if an extended header size was indicated".
bool is_plain_format_change(const KSSTREAM_HEADER& header, ULONG bytes, ULONG flags) {
    return (flags & KSPROBE_STREAMWRITE) != 0 && (flags & KSPROBE_ALLOWFORMATCHANGE) != 0 &&
           (header.OptionsFlags & KSSTREAM_HEADER_OPTIONSF_TYPECHANGED) != 0 && header.Size == sizeof header &&
           header.Size == bytes;
}

// Every header of the right size, and all of them fill the buffer exactly.
NTSTATUS check_headers(const char* headers, ULONG bytes, ULONG flags, ULONG header_bytes) {
    ULONG position = 0;
    while (position != bytes) {
        if (bytes - position < sizeof(KSSTREAM_HEADER)) {
            return STATUS_INVALID_BUFFER_SIZE;
        }
        const auto& header = *reinterpret_cast<const KSSTREAM_HEADER*>(headers + position);
        if (header.Size < sizeof(KSSTREAM_HEADER) || header.Size > bytes - position || header.Size % 8 != 0 ||
            (header_bytes != 0 && header.Size != header_bytes && !is_plain_format_change(header, bytes, flags))) {
            return STATUS_INVALID_BUFFER_SIZE;
        }
        const NTSTATUS status = check_header(header, flags, header.Size == bytes);
        if (!NT_SUCCESS(status)) {
            return status;
        }
        position += header.Size;
    }
    return STATUS_SUCCESS;
}

// The copy belongs to the IRP: it goes with it, and for a read back to the client on completion.
NTSTATUS copy_headers(IRP& irp, ULONG flags, ULONG header_bytes) {
    ULONG bytes = 0;
    void* const client = client_headers(irp, bytes);
    if (bytes == 0) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    const machine::Access access = (flags & KSPROBE_STREAMWRITE) == 0 ? machine::Access::write : machine::Access::read;
    if (client == nullptr || (irp.RequestorMode != KernelMode && !machine::is_accessible(client, bytes, access))) {
        return STATUS_ACCESS_VIOLATION;
    }
    // An IRP in somebody's own memory has nobody who would free the copy.
    IrpSlot* const slot = IrpPool::slot_of(&irp);
    void* const copy = slot == nullptr ? nullptr : executive::system_buffer(executive::Kernel::current(), *slot, bytes);
    if (copy == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    std::memcpy(copy, client, bytes);
    const NTSTATUS status = check_headers(static_cast<const char*>(copy), bytes, flags, header_bytes);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    irp.AssociatedIrp.SystemBuffer = copy;
    if (access == machine::Access::write) {
        slot->fresh.copy_to = client;
        slot->fresh.copy_limit = bytes;
    }
    return STATUS_SUCCESS;
}

bool carries_data(const KSSTREAM_HEADER& header) {
    return header.FrameExtent != 0 && (header.OptionsFlags & KSSTREAM_HEADER_OPTIONSF_TYPECHANGED) == 0;
}

NTSTATUS allocate_mdls(IRP& irp) {
    bool secondary = false;
    return for_each_header(irp, [&](KSSTREAM_HEADER& header) {
        if (!carries_data(header)) {
            return STATUS_SUCCESS;
        }
        MDL* const mdl = IoAllocateMdl(header.Data, header.FrameExtent, secondary, FALSE, &irp);
        secondary = true;
        return mdl == nullptr ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
    });
}

// What MmProbeAndLockPages would raise an exception for.
bool is_data_accessible(MDL& mdl, KPROCESSOR_MODE mode, LOCK_OPERATION operation) {
    const machine::Access access = operation == IoReadAccess ? machine::Access::read : machine::Access::write;
    const void* const begin = MmGetMdlVirtualAddress(&mdl);
    const ULONG bytes = MmGetMdlByteCount(&mdl);
    return mode == KernelMode ? machine::is_accessible(begin, bytes, access)
                              : executive::is_user_accessible(begin, bytes, access);
}

} // namespace

NTSTATUS NTAPI probe_stream_irp(IRP& irp, ULONG flags, ULONG header_bytes) {
    if (irp.AssociatedIrp.SystemBuffer == nullptr) {
        const NTSTATUS status = copy_headers(irp, flags, header_bytes);
        if (!NT_SUCCESS(status)) {
            return status;
        }
    }
    // Each flag is ignored without the one before it, whatever has been done to the IRP already.
    const bool allocates = (flags & KSPROBE_ALLOCATEMDL) != 0;
    const bool locks = allocates && (flags & KSPROBE_PROBEANDLOCK) != 0;
    const bool maps = locks && (flags & KSPROBE_SYSTEMADDRESS) != 0;
    if (allocates && irp.MdlAddress == nullptr) {
        const NTSTATUS status = allocate_mdls(irp);
        if (!NT_SUCCESS(status)) {
            return status;
        }
    }
    if (locks) {
        const bool write = (flags & KSPROBE_STREAMWRITE) != 0;
        const LOCK_OPERATION operation = !write                          ? IoWriteAccess
                                         : (flags & KSPROBE_MODIFY) != 0 ? IoModifyAccess
                                                                         : IoReadAccess;
        for (MDL* mdl = irp.MdlAddress; mdl != nullptr; mdl = mdl->Next) {
            if ((mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL)) != 0) {
                continue;
            }
            if (!is_data_accessible(*mdl, irp.RequestorMode, operation)) {
                return STATUS_ACCESS_VIOLATION;
            }
            MmProbeAndLockPages(mdl, KernelMode, operation); // probed above, where a failure is a status
        }
    }
    if (maps) {
        for (MDL* mdl = irp.MdlAddress; mdl != nullptr; mdl = mdl->Next) {
            if (MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) == nullptr) {
                return STATUS_INSUFFICIENT_RESOURCES;
            }
        }
    }
    return STATUS_SUCCESS;
}

} // namespace openportcls::ks
