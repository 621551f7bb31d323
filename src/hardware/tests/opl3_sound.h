// Measures what the OPL3 model plays.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "hardware/opl3/device.h"
#include "hardware/opl3/synthesizer.h"

namespace openportcls::hardware::opl3 {
inline constexpr double rate = SampleRate::per_second;
inline constexpr double full_scale = 4084;

inline std::vector<StereoFrame> render(Synthesizer& chip, std::size_t count) {
    std::vector<StereoFrame> frames(count);
    chip.render(frames);
    return frames;
}

inline std::vector<double> left_of(const std::vector<StereoFrame>& frames) {
    std::vector<double> result;
    for (const StereoFrame& frame : frames) {
        result.push_back(frame.left);
    }
    return result;
}

inline int peak(const std::vector<StereoFrame>& frames, std::size_t begin = 0, std::size_t end = SIZE_MAX) {
    int result = 0;
    for (std::size_t i = begin; i < std::min(end, frames.size()); ++i) {
        result = std::max({result, std::abs(frames[i].left), std::abs(frames[i].right)});
    }
    return result;
}

// Frequency from the first to the last rising zero crossing, each interpolated between its two samples.
inline double frequency(const std::vector<double>& samples) {
    double first = -1;
    double last = -1;
    unsigned periods = 0;
    for (std::size_t i = 1; i < samples.size(); ++i) {
        if (samples[i - 1] < 0 && samples[i] >= 0) {
            const double at = static_cast<double>(i) - samples[i] / (samples[i] - samples[i - 1]);
            if (first < 0) {
                first = at;
            } else {
                ++periods;
            }
            last = at;
        }
    }
    return periods == 0 ? 0 : periods * rate / (last - first);
}

// Strength of one frequency (Goertzel), as an amplitude.
inline double strength(const std::vector<double>& samples, double hertz) {
    double cosine = 0;
    double sine = 0;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const double angle = 2 * M_PI * hertz * static_cast<double>(i) / rate;
        cosine += samples[i] * std::cos(angle);
        sine += samples[i] * std::sin(angle);
    }
    return 2 * std::hypot(cosine, sine) / static_cast<double>(samples.size());
}

class Opl3Sound : public ::testing::Test {
protected:
    Opl3Sound() { chip_.write(0x105, 1); }

    // Both operators of channel 0 at once, silent but for the carrier: a plain sustained sine.
    void plain_tone() {
        for (unsigned offset : {0U, 3U}) {
            chip_.write(0x20 + offset, 0x21); // sustained, multiple 1
            chip_.write(0x60 + offset, 0xF0);
            chip_.write(0x80 + offset, 0x0F);
            chip_.write(0x40 + offset, 0x3F);
        }
        chip_.write(0x40, 0x3F);
        chip_.write(0x43, 0x00);
        chip_.write(0x20, 0x21);
        chip_.write(0x60, 0x00); // the modulator never starts
        chip_.write(0xC0, 0x30);
    }
    void key(unsigned f_number, unsigned block, bool is_down = true, unsigned channel = 0) {
        chip_.write(0xA0 + channel, f_number & 0xFF);
        chip_.write(0xB0 + channel, (is_down ? 0x20 : 0) | block << 2 | f_number >> 8);
    }

    Synthesizer chip_{Model::ymf262};
};

} // namespace openportcls::hardware::opl3
