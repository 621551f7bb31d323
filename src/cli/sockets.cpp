#include "cli/sockets.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "endpoints/endpoint.h"
#include "endpoints/sample_code.h"

namespace openportcls::cli {

std::string first_output(const Machine& machine) {
    const std::vector<SocketInfo> sockets = machine.sockets();
    const auto output =
        std::find_if(sockets.begin(), sockets.end(), [](const SocketInfo& each) { return each.is_output; });
    return output != sockets.end() ? output->name : std::string();
}

unsigned channels_of(const Machine& machine, const std::string& input) {
    for (const SocketInfo& socket : machine.sockets()) {
        const bool is_meant = socket.name == input || socket.name.ends_with("/" + input);
        if (!socket.is_output && is_meant) {
            return socket.channels;
        }
    }
    return 2;
}

namespace {

// The usual width, without a call for each sample: a card gives hundreds of them for each of its periods.
std::int16_t narrow(float level) {
    constexpr double full = 32768;
    const double scaled = std::min(std::max(level * full, -full), full - 1);
    return static_cast<std::int16_t>(scaled + std::copysign(0.5, scaled)); // exact in a double, not so in a float
}

// A loop for each count, which the compiler can make wide.
template<std::size_t channels>
void encode_16_bits(std::span<const SoundFrame> heard, std::byte* to) {
    for (std::size_t index = 0; index < heard.size(); ++index) {
        const std::int16_t samples[] = {narrow(heard[index].left), narrow(heard[index].right)};
        std::memcpy(to + index * channels * sizeof samples[0], samples, channels * sizeof samples[0]);
    }
}

} // namespace

void append_frames(std::span<const SoundFrame> heard, const WaveFormat& format, std::vector<std::byte>& bytes) {
    std::size_t at = bytes.size();
    bytes.resize(at + heard.size() * format.bytes_per_frame());
    if (format.bits == 16 && format.channels <= 2) {
        format.channels == 2 ? encode_16_bits<2>(heard, bytes.data() + at)
                             : encode_16_bits<1>(heard, bytes.data() + at);
        return;
    }
    for (const SoundFrame& frame : heard) {
        for (unsigned channel = 0; channel < format.channels; ++channel) {
            endpoints::encode_sample(bytes.data() + at, channel % 2 == 0 ? frame.left : frame.right, format);
            at += format.bits / 8U;
        }
    }
}

Result<double> feed_file(Machine& machine, const std::string& socket, const std::string& file) {
    auto source = endpoints::open_source(file, WaveFormat{});
    if (!source) {
        return source.error();
    }
    const WaveFormat& format = (*source)->format();
    const std::size_t frame_bytes = format.bytes_per_frame();
    const std::size_t right = format.channels > 1 ? format.bits / 8U : 0;
    constexpr std::size_t frames_per_read = 65536;
    std::vector<std::byte> bytes(frames_per_read * frame_bytes);
    std::vector<SoundFrame> sound;
    for (bool ended = false; !ended;) {
        const auto got = (*source)->read(bytes);
        if (!got) {
            return got.error();
        }
        ended = *got < bytes.size();
        for (std::size_t at = 0; at < *got; at += frame_bytes) {
            sound.push_back({static_cast<float>(endpoints::decode_sample(bytes.data() + at, format)),
                             static_cast<float>(endpoints::decode_sample(bytes.data() + at + right, format))});
        }
    }
    const double seconds = static_cast<double>(sound.size()) / format.rate;
    const auto fed = machine.feed(socket, format.rate, std::move(sound));
    return fed ? Result<double>(seconds) : Result<double>(fed.error());
}

} // namespace openportcls::cli
