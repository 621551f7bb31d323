// Sound servers as anchors, started privately and only when a row asks for one.
#pragma once

#include "row.h"

namespace openportcls::bench {

// JACK's dummy driver at 48 kHz with periods of 10 ms; server and client on one CPU.
Side jack(bool freewheel, int streams);

// PipeWire's null sink, its client through the JACK interface; server and client on one CPU.
Side pipewire(bool freewheel, int streams);

} // namespace openportcls::bench
