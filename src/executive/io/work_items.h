// Work items with a device behind them.
#pragma once

#include <wdm.h>

namespace openportcls::executive {

// The driver's routine that a queued item will run, be it queued by ExQueueWorkItem or IoQueueWorkItem.
const void* driver_routine_of(const WORK_QUEUE_ITEM& item);

} // namespace openportcls::executive
