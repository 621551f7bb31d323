#include "hardware/opl3/synthesizer.h"

#include <algorithm>

namespace openportcls::hardware::opl3 {

namespace {

// The tremolo is a triangle of 210 steps of 64 samples: 3.7 Hz (data sheet, "AM").
constexpr unsigned tremolo_steps = 210;
constexpr unsigned samples_per_tremolo_step = 64;
// The vibrato's period is 8 steps of 1024 samples (data sheet, "VIB").
constexpr unsigned samples_per_vibrato_step = 1024;
constexpr unsigned first_rhythm_channel = 6;

std::int16_t to_output(int value) {
    return static_cast<std::int16_t>(std::clamp(value, INT16_MIN, INT16_MAX));
}

} // namespace

Synthesizer::Synthesizer(Model model) : model_(model), tables_(wave_tables()) {}

bool Synthesizer::is_silent() const {
    return std::all_of(operators_.begin(), operators_.end(), [](const Operator& each) { return each.is_off(); });
}

LowFrequency Synthesizer::oscillators() const {
    const auto step = static_cast<unsigned>(samples_ / samples_per_tremolo_step % tremolo_steps);
    const unsigned rising = std::min(step, tremolo_steps - step); // 0..105
    const bool is_deep_tremolo = (registers_[0xBD] & 0x80) != 0;
    LowFrequency result;
    result.tremolo = rising >> (is_deep_tremolo ? 2 : 4); // up to 26 or 6 steps of 0.1875 dB: 4.8 or 1 dB
    result.vibrato_step = static_cast<unsigned>(samples_ / samples_per_vibrato_step % 8);
    result.is_deep_vibrato = (registers_[0xBD] & 0x40) != 0;
    return result;
}

void Synthesizer::render(std::span<StereoFrame> frames) {
    std::array<Sum, longest_block> sums;
    while (!frames.empty()) {
        const std::size_t until_step = longest_block - samples_ % longest_block;
        const std::size_t count = std::min(frames.size(), until_step);
        const Block block(sums.data(), count);
        std::fill(block.begin(), block.end(), Sum{});
        render_block(block);
        for (std::size_t i = 0; i < count; ++i) {
            frames[i] = {to_output(block[i].left), to_output(block[i].right)};
        }
        samples_ += count;
        frames = frames.subspan(count);
    }
}

void Synthesizer::render_block(Block block) {
    const LowFrequency now = oscillators();
    for (Operator& each : operators_) {
        each.prepare(now);
    }
    const unsigned channels = model_ == Model::ymf262 ? channel_count : channel_count / 2;
    for (unsigned channel = 0; channel < channels; ++channel) {
        if (is_rhythm() && channel == first_rhythm_channel) {
            render_rhythm(block);
            channel += 2;
        } else if (is_four_operator(channel)) {
            render_four(channel, block);
        } else if (!is_second_of_pair(channel)) {
            render_two(channel, block);
        }
    }
}

bool Synthesizer::skip_if_silent(unsigned first_channel, unsigned channels, unsigned step, Block block) {
    for (unsigned i = 0; i < channels; ++i) {
        const unsigned channel = first_channel + i * step;
        if (!op(channel, 0).is_off() || !op(channel, 1).is_off()) {
            return false;
        }
    }
    for (unsigned i = 0; i < channels; ++i) {
        const unsigned channel = first_channel + i * step;
        op(channel, 0).skip(static_cast<unsigned>(block.size()));
        op(channel, 1).skip(static_cast<unsigned>(block.size()));
        channels_[channel].history[0] = channels_[channel].history[1] = 0;
    }
    return true;
}

// The first operator modulates itself by pi/16 (FB 1) to 4 pi (FB 7) with the mean of its last two samples.
int Synthesizer::next_first(Channel& channel, Operator& first) {
    const int own = channel.feedback == 0 ? 0 : (channel.history[0] + channel.history[1]) >> (9 - channel.feedback);
    const int value = first.next(tables_, own);
    channel.history[0] = channel.history[1];
    channel.history[1] = value;
    return value;
}

void Synthesizer::add(Sum& sum, const Channel& channel, int value) {
    sum.left += channel.is_left ? value : 0;
    sum.right += channel.is_right ? value : 0;
}

void Synthesizer::render_two(unsigned number, Block block) {
    if (skip_if_silent(number, 1, 0, block)) {
        return;
    }
    Channel& channel = channels_[number];
    Operator& first = op(number, 0);
    Operator& second = op(number, 1);
    for (Sum& sum : block) {
        const int modulator = next_first(channel, first);
        const int carrier = second.next(tables_, channel.is_parallel ? 0 : modulator);
        add(sum, channel, channel.is_parallel ? modulator + carrier : carrier);
    }
}

// Data sheet, "4-operator mode": the two CNT bits choose one of four ways to connect the operators. The sum appears
// where the second channel's output bits say.
void Synthesizer::render_four(unsigned number, Block block) {
    if (skip_if_silent(number, 2, 3, block)) {
        return;
    }
    Channel& channel = channels_[number];
    Channel& second = channels_[number + 3];
    for (Sum& sum : block) {
        const int one = next_first(channel, op(number, 0));
        const int two = op(number, 1).next(tables_, channel.is_parallel ? 0 : one);
        // 1 and 3 lead on to the next operator in all ways but the one of two pairs.
        const bool is_two_pairs = !channel.is_parallel && second.is_parallel;
        const int three = op(number + 3, 0).next(tables_, is_two_pairs ? 0 : two);
        const bool is_fourth_free = channel.is_parallel && second.is_parallel;
        const int four = op(number + 3, 1).next(tables_, is_fourth_free ? 0 : three);
        int value = four;
        value += channel.is_parallel ? one : 0;
        value += is_two_pairs ? two : 0;
        value += is_fourth_free ? three : 0;
        add(sum, second, value);
    }
}

// 23 bits of shift register.
bool Synthesizer::next_noise() {
    const std::uint32_t bit = (noise_ ^ noise_ >> 14) & 1;
    noise_ = noise_ >> 1 | bit << 22;
    return (noise_ & 1) != 0;
}

// Hi-hat, snare drum and cymbal take their positions from bits of the hi-hat's and the cymbal's phases and from noise.
// The five instruments are twice as loud as melodic channels.
void Synthesizer::render_rhythm(Block block) {
    Operator& hi_hat = op(7, 0);
    Operator& snare = op(7, 1);
    Operator& tom = op(8, 0);
    Operator& cymbal = op(8, 1);
    Channel& drum = channels_[6];
    for (Sum& sum : block) {
        const unsigned hat_phase = hi_hat.position();
        const unsigned cymbal_phase = cymbal.position();
        const bool is_noisy = next_noise();
        const auto bit = [](unsigned phase, unsigned number) { return (phase >> number & 1) != 0; };
        const bool is_rough = (bit(hat_phase, 2) != bit(hat_phase, 7)) || (bit(hat_phase, 3) != bit(cymbal_phase, 5)) ||
                              (bit(cymbal_phase, 3) != bit(cymbal_phase, 5));
        const unsigned half = is_rough ? 0x200U : 0U;
        const bool is_hat_high = bit(hat_phase, 8);

        const int modulator = next_first(drum, op(6, 0));
        add(sum, drum, 2 * op(6, 1).next(tables_, drum.is_parallel ? 0 : modulator));
        add(sum, channels_[7], 2 * hi_hat.next_at(tables_, half | (is_rough != is_noisy ? 0xD0U : 0x34U)));
        add(sum, channels_[7],
            2 * snare.next_at(tables_, (is_hat_high ? 0x200U : 0U) | (is_hat_high != is_noisy ? 0x100U : 0U)));
        add(sum, channels_[8], 2 * tom.next(tables_, 0));
        add(sum, channels_[8], 2 * cymbal.next_at(tables_, half | 0x80U));
    }
}

} // namespace openportcls::hardware::opl3
