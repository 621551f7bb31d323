// WaveRT through the cable driver: sample clock, timer, DPC, driver, event, client thread, the client's copy.
#include "alsa_side.h"
#include "child.h"
#include "wavert_streams.h"

namespace openportcls::bench {

void add_wavert_rows() {
    add_row({"WaveRT, 1 stream, per period", "alsa copy", 1.2, 0.9, wavert_side<1>(), alsa_side<1>()});
    add_row(
        {"WaveRT, 256 streams, per stream and period", "alsa copy", 1.5, 1.0, wavert_side<256>(), alsa_side<256>()});
    add_row({"WaveRT, 1,000 streams, per stream and period", "ours with 1 stream", 5, 4, wavert_side<1000>(),
             wavert_side<1>()});
    add_row({"allocations, locks, system calls per period",
             "",
             0,
             0,
             ask_program({OPENPORTCLS_BENCH_HOST_COSTS}, {}),
             {},
             Unit::count,
             1});
}

} // namespace openportcls::bench
