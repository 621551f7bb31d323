#include "hardware/opl3/resampler.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace openportcls::hardware::opl3 {

namespace {

constexpr float full_scale = 32768;
constexpr double pass_band = 0.92; // of the lower rate's half: the rest is the filter's slope

double sinc(double x) {
    const double angle = std::numbers::pi * x;
    return x == 0 ? 1 : std::sin(angle) / angle;
}

// Blackman's, over -1 to 1.
double window(double x) {
    const double angle = std::numbers::pi * x;
    return std::abs(x) >= 1 ? 0 : 0.42 + 0.5 * std::cos(angle) + 0.08 * std::cos(2 * angle);
}

} // namespace

void Resampler::set_step(double step) {
    if (step == step_) {
        return;
    }
    step_ = step;
    const double longer = std::clamp(step, 1.0, longest_step);
    const double cutoff = pass_band / longer;
    reach_ = static_cast<unsigned>(std::lround(shortest_reach * longer));
    filter_.resize(static_cast<std::size_t>(phase_count + 1) * 2 * reach_);
    for (unsigned phase = 0; phase <= phase_count; ++phase) {
        float* const row = &filter_[static_cast<std::size_t>(phase) * 2 * reach_];
        double sum = 0;
        for (unsigned tap = 0; tap < 2 * reach_; ++tap) {
            const double distance = static_cast<double>(tap) - (reach_ - 1) - static_cast<double>(phase) / phase_count;
            const double weight = sinc(distance * cutoff) * window(distance / reach_);
            row[tap] = static_cast<float>(weight);
            sum += weight;
        }
        std::for_each(row, row + static_cast<std::size_t>(2) * reach_,
                      [sum](float& weight) { weight = static_cast<float>(weight / sum / full_scale); });
    }
}

FloatFrame Resampler::at(std::span<const StereoFrame> ring, std::uint64_t index, double fraction) const {
    const double place = fraction * phase_count;
    const auto phase = static_cast<unsigned>(place);
    const auto between = static_cast<float>(place - phase);
    const float* const row = &filter_[static_cast<std::size_t>(phase) * 2 * reach_];
    const float* const next = row + static_cast<std::size_t>(2) * reach_;
    FloatFrame sum;
    std::size_t from = (index + ring.size() - (reach_ - 1)) % ring.size();
    for (unsigned tap = 0; tap < 2 * reach_; ++tap) {
        const float weight = row[tap] + between * (next[tap] - row[tap]);
        sum.left += weight * static_cast<float>(ring[from].left);
        sum.right += weight * static_cast<float>(ring[from].right);
        from = from + 1 == ring.size() ? 0 : from + 1;
    }
    return sum;
}

} // namespace openportcls::hardware::opl3
