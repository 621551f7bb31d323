// Sound servers in freewheel mode: as fast as they can, like our virtual time.
#include "audio_server.h"
#include "jack_client.h"
#include "wavert_streams.h"

namespace openportcls::bench {

void add_server_rows() {
    add_jack_sides();
    constexpr const char* jack_name = "JACK freewheel, server and client on one CPU";
    add_row({"WaveRT against JACK, 1 stream", jack_name, 0.05, 0.025, wavert_side<1>(), jack(true, 1)});
    add_row({"WaveRT against JACK, 8 streams", jack_name, 0.3, 0.2, wavert_side<8>(), jack(true, 8)});
    add_row({"WaveRT against JACK, 64 streams", jack_name, 2, 1, wavert_side<64>(), jack(true, 64)});
    add_row({"WaveRT against JACK, 256 streams", jack_name, 3, 2, wavert_side<256>(), jack(true, 256)});
    constexpr const char* pipewire_name = "PipeWire freewheel, server and client on one CPU";
    add_row({"WaveRT against PipeWire, 1 stream", pipewire_name, 0.02, 0.01, wavert_side<1>(), pipewire(true, 1)});
    add_row({"WaveRT against PipeWire, 64 streams", pipewire_name, 0.2, 0.1, wavert_side<64>(), pipewire(true, 64)});
}

} // namespace openportcls::bench
