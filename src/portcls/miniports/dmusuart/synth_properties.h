// KSPROPSETID_Synth of the node behind a DirectMusic pin of an MPU-401.
#pragma once

#include <portcls.h>

namespace openportcls::portcls {

const PCAUTOMATION_TABLE& uart_synth_automation();

} // namespace openportcls::portcls
