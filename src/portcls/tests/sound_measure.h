// What a sound is: its pitch, found without knowing it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
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
// refined over as many periods as fit.
inline double frequency(std::vector<double> samples) {
    double mean = 0;
    for (const double sample : samples) {
        mean += sample / static_cast<double>(samples.size());
    }
    for (double& sample : samples) {
        sample -= mean;
    }
    std::vector<double> correlations(std::min<std::size_t>(1700, samples.size() / 2));
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

} // namespace openportcls::portcls
