// The offload engine (KSNODETYPE_AUDIO_ENGINE) and the signal processing modes of a WaveRT filter (R-OFF).
#pragma once

#include "portcls/property_table.h"

namespace openportcls::portcls {

BuiltInProperties wavert_filter_properties();
BuiltInProperties wavert_node_properties();

} // namespace openportcls::portcls
