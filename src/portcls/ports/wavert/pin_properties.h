// KSPROPSETID_RtAudio, as a pin of the WaveRT port answers it.
#pragma once

#include "portcls/property_table.h"

namespace openportcls::portcls {

BuiltInProperties wavert_pin_properties();

} // namespace openportcls::portcls
