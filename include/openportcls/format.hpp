// Sample formats as Windows' WAVEFORMATEX(TENSIBLE) describes them, without the Windows headers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace openportcls {

struct WaveFormat {
    std::uint32_t rate = 48000;     // frames per second
    std::uint16_t channels = 2;     // samples per frame
    std::uint16_t bits = 16;        // container of one sample: 8, 16, 24 or 32
    std::uint16_t valid_bits = 0;   // 0 = all of them
    bool is_float = false;          // IEEE float, 32 bits
    std::uint32_t channel_mask = 0; // SPEAKER_xxx bits; 0 = the usual one for the channel count
    bool extensible = true;         // false: plain WAVEFORMATEX, as old drivers want it

    std::uint32_t bytes_per_frame() const { return channels * bits / 8U; }
    std::uint32_t bytes_per_second() const { return rate * bytes_per_frame(); }
    bool operator==(const WaveFormat&) const = default;
};

// "48000 Hz, 2 ch, 16 bit"
std::string to_string(const WaveFormat& format);

// What a pin accepts: one KSDATARANGE_AUDIO.
struct WaveRange {
    std::uint32_t minimum_rate = 0;
    std::uint32_t maximum_rate = 0;
    std::uint16_t maximum_channels = 0;
    std::uint16_t minimum_bits = 0;
    std::uint16_t maximum_bits = 0;
    bool is_float = false;
    bool is_pcm = false;

    // Whether the range has the format; the driver may refuse it all the same.
    bool accepts(const WaveFormat& format) const;
};

std::string to_string(const WaveRange& range);

} // namespace openportcls
