// KSPROPERTY_PIN_PROPOSEDATAFORMAT and _PROPOSEDATAFORMAT2, for miniports that list no handler of their own.
#pragma once

#include "portcls/property_table.h"

namespace openportcls::portcls {

// A set that changes nothing: STATUS_SUCCESS when the pin can have the format, STATUS_NO_MATCH when not (R-PROP-27).
NTSTATUS propose_format(PropertyCall& call, const PCPIN_DESCRIPTOR& pin);

// The format that a processing mode is always used with (R-PROP-28). The port knows none.
NTSTATUS format_proposed_for_mode(PropertyCall& call, const PCPIN_DESCRIPTOR& pin);

} // namespace openportcls::portcls
