// The offload engine (KSNODETYPE_AUDIO_ENGINE) of a WaveRT filter (R-OFF).
#pragma once

#include "portcls/property_table.h"

namespace openportcls::portcls {

BuiltInProperties wavert_node_properties();

} // namespace openportcls::portcls
