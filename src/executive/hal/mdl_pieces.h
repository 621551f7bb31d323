// The physical memory behind a buffer that MDLs describe.
#pragma once

#include <algorithm>

#include <wdm.h>

#include "machine/physical_memory.h"

namespace openportcls::executive {

struct MdlPiece {
    machine::PhysicalAddress address;
    ULONG bytes;
};

// Calls visit(MdlPiece) for the adjacent runs of physical memory behind [address, address + length) of a chain of MDLs.
// The address is an index into the chain that starts at MmGetMdlVirtualAddress, no pointer (nc-wdm-pmap_transfer):
// MmAllocatePagesForMdlEx counts from 0. Returns the bytes that lie beyond the chain's end.
template<class Visit>
ULONG for_each_piece(const MDL* mdl, const void* address, ULONG length, Visit visit) {
    MdlPiece current{0, 0};
    ULONG_PTR index =
        mdl != nullptr ? reinterpret_cast<ULONG_PTR>(address) - reinterpret_cast<ULONG_PTR>(MmGetMdlVirtualAddress(mdl))
                       : 0;
    for (; mdl != nullptr && length != 0; mdl = mdl->Next) {
        if (index >= mdl->ByteCount) {
            index -= mdl->ByteCount;
            continue;
        }
        ULONG offset = mdl->ByteOffset + static_cast<ULONG>(index);
        ULONG left = std::min(length, mdl->ByteCount - static_cast<ULONG>(index));
        index = 0;
        length -= left;
        while (left != 0) {
            const ULONG in_page = offset % machine::page_size;
            const ULONG bytes = std::min(left, static_cast<ULONG>(machine::page_size) - in_page);
            const machine::PhysicalAddress physical =
                MmGetMdlPfnArray(mdl)[offset / machine::page_size] * machine::page_size + in_page;
            if (current.bytes != 0 && current.address + current.bytes == physical) {
                current.bytes += bytes;
            } else {
                if (current.bytes != 0) {
                    visit(current);
                }
                current = {physical, bytes};
            }
            offset += bytes;
            left -= bytes;
        }
    }
    if (current.bytes != 0) {
        visit(current);
    }
    return length;
}

} // namespace openportcls::executive
