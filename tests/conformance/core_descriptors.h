// What the core test driver's miniports describe themselves with, unless a script changes it.
#pragma once

#include <portcls.h>

namespace conformance {

PCFILTER_DESCRIPTOR wave_filter();
PCFILTER_DESCRIPTOR topology_filter();

} // namespace conformance
