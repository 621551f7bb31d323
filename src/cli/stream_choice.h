// Which filter, pin and format to stream with.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <openportcls/openportcls.hpp>

namespace openportcls::cli {

struct StreamWish {
    WaveFormat format;
    std::uint32_t pin = UINT32_MAX; // any
    std::string filter;             // any
    StreamOptions options;
};

template<class AnyStream>
struct ChosenStream {
    Filter filter;
    AnyStream stream;
    std::vector<WaveRange> ranges; // of the pin
};

// Opens a pin with the wished format or, where the driver refuses it, with the format nearest to it.
Result<ChosenStream<RenderStream>> open_render(Machine& machine, const StreamWish& wish);
Result<ChosenStream<CaptureStream>> open_capture(Machine& machine, const StreamWish& wish);

// "the driver takes 44100 Hz only: converting from 48000 Hz".
std::string conversion_notice(const WaveFormat& wanted, const WaveFormat& given, const std::vector<WaveRange>& ranges,
                              bool is_playing);

// "raw" or "default"; anything else is none.
StreamOptions::Mode mode_of(const std::string& name);

// --packets and --no-packets.
void add_packet_options(CLI::App& command, PacketMode& packets);

} // namespace openportcls::cli
