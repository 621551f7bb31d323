// FluidSynth's sequencer as an anchor: events at random times, processed millisecond by millisecond (its clock's unit)
// as its synthesizer does, each made three MIDI bytes by a client.
#pragma once

#include "row.h"

namespace openportcls::bench {

// CPU time per event, with about `pending` events waiting. An error where there is no FluidSynth.
template<unsigned pending>
Side fluid_sequencer_side();

extern template Side fluid_sequencer_side<1024>();

} // namespace openportcls::bench
