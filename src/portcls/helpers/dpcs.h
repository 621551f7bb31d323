// The end of a DPC whose memory goes away.
#pragma once

#include <wdm.h>

namespace openportcls::portcls {

// Its routine neither runs nor will run, unless somebody queues it again. Above PASSIVE_LEVEL nobody can wait for a
// processor that is at it.
inline void end_dpc(KDPC& dpc) {
    if (!KeRemoveQueueDpc(&dpc) && KeGetCurrentIrql() == PASSIVE_LEVEL) {
        KeFlushQueuedDpcs();
    }
}

} // namespace openportcls::portcls
