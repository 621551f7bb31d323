// KSPROPERTY_PIN_DATAINTERSECTION (R-FMT-01 to R-FMT-05).
#pragma once

#include "portcls/property_table.h"

namespace openportcls::portcls {

// The request is a KSP_PIN of a valid pin, followed by a list of ranges.
NTSTATUS intersect_pin_ranges(PropertyCall& call);

} // namespace openportcls::portcls
