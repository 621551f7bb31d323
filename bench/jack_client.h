// A JACK client as an anchor: writes a period to every port in every cycle. What libjack it finds decides whether JACK
// or PipeWire serves it, so it runs in a child.
#pragma once

namespace openportcls::bench {

// The served sides "jack freewheel STREAMS SERVER-PROCESS" (CPU seconds of client and server per stream and 10 ms) and
// "jack paced STREAMS SERVER-PROCESS" (CPU seconds per second).
void add_jack_sides();

} // namespace openportcls::bench
