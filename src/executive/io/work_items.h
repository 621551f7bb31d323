// Work items with a device behind them.
#pragma once

#include <wdm.h>

#include "executive/kernel.h"

namespace openportcls::executive {

// The driver's routine that a queued item will run, be it queued by ExQueueWorkItem or IoQueueWorkItem.
const void* driver_routine_of(const WORK_QUEUE_ITEM& item);

// Waits until the routines of IoQueueWorkItem's items have returned that hold references on the driver's objects: on
// its deleted devices, or on its driver object and all of its devices. PASSIVE_LEVEL.
enum class WorkItemsOf { deleted_devices, every_object };
void wait_for_work_items(Kernel& kernel, DRIVER_OBJECT* driver, WorkItemsOf which);

} // namespace openportcls::executive
