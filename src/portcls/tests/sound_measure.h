// What a sound is: its pitch, found without knowing it.
#pragma once

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstddef>
#include <numbers>
#include <vector>

#include "hardware/opl3/device.h"

namespace openportcls::portcls {

namespace opl3 = hardware::opl3;

inline double note_frequency(double note) {
    return 440 * std::exp2((note - 69) / 12);
}

inline double decibels(double ratio) {
    return 20 * std::log10(ratio);
}

inline double correlation(const std::vector<double>& samples, std::size_t lag, std::size_t step = 1) {
    double product = 0;
    double here = 0;
    double there = 0;
    for (std::size_t i = 0; i + lag < samples.size(); i += step) {
        product += samples[i] * samples[i + lag];
        here += samples[i] * samples[i];
        there += samples[i + lag] * samples[i + lag];
    }
    return here == 0 || there == 0 ? 0 : product / std::sqrt(here * there);
}

// The lag near `around` at which the sound is most like itself, between samples.
inline double best_lag(const std::vector<double>& samples, double around, double reach) {
    std::size_t best = 0;
    double most = -2;
    for (auto lag = static_cast<std::size_t>(std::max(2.0, around - reach)); lag <= around + reach + 1; ++lag) {
        const double here = correlation(samples, lag);
        if (here > most) {
            most = here;
            best = lag;
        }
    }
    const double before = correlation(samples, best - 1);
    const double after = correlation(samples, best + 1);
    const double curve = before - 2 * most + after;
    return static_cast<double>(best) + (curve == 0 ? 0 : 0.5 * (before - after) / curve);
}

// The frequency of a periodic sound, found without knowing it: the shortest lag at which the sound nearly repeats, then
// refined over as many periods as fit. `longest_period` is in samples.
inline double frequency(std::vector<double> samples, std::size_t longest_period = 1700) {
    double mean = 0;
    for (const double sample : samples) {
        mean += sample / static_cast<double>(samples.size());
    }
    for (double& sample : samples) {
        sample -= mean;
    }
    std::vector<double> correlations(std::min(longest_period, samples.size() / 2));
    double most = 0;
    bool has_fallen = false;
    for (std::size_t lag = 1; lag < correlations.size(); ++lag) {
        correlations[lag] = correlation(samples, lag, 11);
        has_fallen = has_fallen || correlations[lag] < 0.5;
        most = has_fallen ? std::max(most, correlations[lag]) : most;
    }
    has_fallen = false;
    std::size_t lag = 1;
    for (; lag + 1 < correlations.size(); ++lag) {
        has_fallen = has_fallen || correlations[lag] < 0.5;
        if (has_fallen && correlations[lag] > 0.9 * most && correlations[lag] >= correlations[lag + 1]) {
            break;
        }
    }
    double period = best_lag(samples, static_cast<double>(lag), 1);
    for (double periods = 2; periods * period < 2400; periods *= 2) {
        period = best_lag(samples, periods * period, 3) / periods;
    }
    return opl3::SampleRate::per_second / period;
}

// The frequency of the loudest partial, for sounds whose period is a few samples.
inline double loudest_partial(const std::vector<double>& samples) {
    constexpr std::size_t size = 2048;
    std::vector<std::complex<double>> values(size);
    for (std::size_t i = 0; i < size; ++i) {
        // Hann's window.
        const double weight = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(i) / size);
        values[i] = i < samples.size() ? samples[i] * weight : 0.0;
    }
    // Decimation in frequency; the result is in the order of reversed bits.
    for (std::size_t span = size / 2; span > 0; span /= 2) {
        for (std::size_t start = 0; start < size; start += 2 * span) {
            for (std::size_t i = 0; i < span; ++i) {
                const auto upper = values[start + i];
                const auto lower = values[start + span + i];
                const double angle = -std::numbers::pi * static_cast<double>(i) / static_cast<double>(span);
                values[start + i] = upper + lower;
                values[start + span + i] = (upper - lower) * std::polar(1.0, angle);
            }
        }
    }
    std::vector<double> magnitudes(size / 2);
    for (std::size_t i = 0; i < size; ++i) {
        std::size_t bin = 0;
        for (std::size_t bit = 1; bit < size; bit *= 2) {
            bin = bin * 2 + ((i & bit) != 0 ? 1 : 0);
        }
        if (bin < size / 2) {
            magnitudes[bin] = std::abs(values[i]);
        }
    }
    // The lowest bins hold what does not swing.
    const auto loudest = std::max_element(magnitudes.begin() + 3, magnitudes.end() - 1);
    const double curve = loudest[-1] - 2 * loudest[0] + loudest[1];
    const double between = curve == 0 ? 0 : 0.5 * (loudest[-1] - loudest[1]) / curve;
    return (static_cast<double>(loudest - magnitudes.begin()) + between) * opl3::SampleRate::per_second / size;
}

} // namespace openportcls::portcls
