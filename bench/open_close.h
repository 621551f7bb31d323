// Opening a stream, streaming 100 ms, closing it.
#pragma once

#include "cable_machine.h"
#include "row.h"

namespace openportcls::bench {

void open_stream_close(benchmark::State& state, CableMachine& cable);
void alsa_open_stream_close(benchmark::State& state);

} // namespace openportcls::bench
