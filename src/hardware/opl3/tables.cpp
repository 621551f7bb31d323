#include "hardware/opl3/tables.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace openportcls::hardware::opl3 {

namespace {

constexpr unsigned quarter_steps = 256;
constexpr unsigned half_period = period_steps / 2;

// What the chip's own table holds: a quarter of a sine.
struct QuarterSine {
    std::array<std::uint16_t, quarter_steps> attenuation;

    QuarterSine() {
        for (unsigned i = 0; i < quarter_steps; ++i) {
            const double angle = (i + 0.5) * std::numbers::pi / 2 / quarter_steps;
            attenuation[i] = static_cast<std::uint16_t>(std::lround(-std::log2(std::sin(angle)) * 256));
        }
    }
    // Rectified: the second bit of the position mirrors the quarter.
    unsigned at(unsigned position) const {
        const unsigned step = position % quarter_steps;
        return attenuation[(position & quarter_steps) != 0 ? quarter_steps - 1 - step : step];
    }
};

struct WavePoint {
    unsigned attenuation;
    bool is_negative;
};

// Data sheet, "waveform select": what each of the eight does in the two halves of a period.
WavePoint wave_at(const QuarterSine& sine, unsigned waveform, unsigned position) {
    constexpr unsigned silent = WaveTables::silent;
    const bool is_second_half = position >= half_period;
    const unsigned doubled = position * 2 % period_steps;
    switch (waveform) {
    default: // sine
        return {sine.at(position), is_second_half};
    case 1: // half sine
        return {is_second_half ? silent : sine.at(position), false};
    case 2: // rectified sine
        return {sine.at(position), false};
    case 3: // rising quarters of a rectified sine
        return {(position & quarter_steps) != 0 ? silent : sine.at(position), false};
    case 4: // sine at twice the frequency in the first half
        return {is_second_half ? silent : sine.at(doubled), doubled >= half_period};
    case 5: // the same, rectified
        return {is_second_half ? silent : sine.at(doubled), false};
    case 6: // square
        return {0, is_second_half};
    case 7: { // exponential decay, then its point reflection
        const unsigned step = position % half_period;
        return {(is_second_half ? half_period - 1 - step : step) << 3, is_second_half};
    }
    }
}

} // namespace

WaveTables::WaveTables() {
    const QuarterSine sine;
    for (unsigned waveform = 0; waveform < waveform_count; ++waveform) {
        for (unsigned position = 0; position < period_steps; ++position) {
            const WavePoint point = wave_at(sine, waveform, position);
            waves[waveform][position] =
                static_cast<std::uint16_t>(point.attenuation | (point.is_negative ? negative : 0U));
        }
    }
    for (unsigned i = 0; i < linear.size(); ++i) {
        linear[i] = static_cast<std::uint16_t>(std::lround(std::exp2((255.0 - i) / 256) * 1024));
    }
}

const WaveTables& wave_tables() {
    static const WaveTables tables;
    return tables;
}

unsigned key_scale_attenuation(unsigned f_number, unsigned block) {
    // Octave 7's row in steps of 0.375 dB; each octave below has 3 dB less.
    static constexpr std::array<int, 16> top_octave = {0, 24, 32, 37, 40, 43, 45, 47, 48, 50, 51, 52, 53, 54, 55, 56};
    const int steps = top_octave[f_number >> 6 & 0xF] - 8 * (7 - static_cast<int>(block));
    return static_cast<unsigned>(std::max(steps, 0)) * 2;
}

unsigned doubled_multiple(unsigned code) {
    static constexpr std::array<std::uint8_t, 16> multiples = {1,  2,  4,  6,  8,  10, 12, 14,
                                                               16, 18, 20, 20, 24, 24, 30, 30};
    return multiples[code & 0xF];
}

} // namespace openportcls::hardware::opl3
