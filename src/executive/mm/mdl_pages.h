// MDLs over pages that come from nowhere else: MmAllocatePagesForMdl, buffers of WaveRT.
#pragma once

#include <wdm.h>

namespace openportcls::executive {

struct PagesWish {
    PHYSICAL_ADDRESS lowest;
    PHYSICAL_ADDRESS highest;
    SIZE_T bytes;
    ULONG flags; // MM_ALLOCATE_…
};

// What MmAllocatePagesForMdlEx does. `function` allocates, to reports; `pool_caller` has the MDL.
MDL* allocate_pages_for_mdl(const PagesWish& wish, const char* function, const void* pool_caller);

} // namespace openportcls::executive
