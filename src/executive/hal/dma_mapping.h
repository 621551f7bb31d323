// One transfer's way through the map registers, for MapTransfer and MapTransferEx.
#pragma once

#include "executive/hal/dma_adapter.h"

namespace openportcls::executive {

// Bytes that the registers left can stand in for, when the first lies at `page_offset` of its page.
ULONG room_in(DmaAdapter& adapter, MapRegisters& registers, ULONG page_offset);
// Lets registers stand in for `length` bytes of the chain, no more than there is room for. Where the device finds them.
machine::PhysicalAddress bounce(DmaAdapter& adapter, MapRegisters& registers, const MDL* mdl, const void* address,
                                ULONG length, bool to_device);
void program_controller(DmaAdapter& adapter, machine::PhysicalAddress address, ULONG bytes, bool to_device);
void flush(DmaAdapter& adapter, MapRegisters* registers, bool to_device);

} // namespace openportcls::executive
