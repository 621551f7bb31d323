#include "hardware/ac97/codec.h"

#include <algorithm>
#include <cmath>

namespace openportcls::hardware::ac97 {

// "AC '97 Mixer Register Map" and the sections that follow it.
const std::array<RegisterEntry<Codec>, 28> Codec::table = {{
    // ID0: a converter for the microphone of its own.
    {"Reset", 0x00, 2, 0x0001, 0, 0, "Reset Register (Index 00h)", nullptr, handler<&Codec::reset_written>},
    {"Master Volume", 0x02, 2, 0x8000, 0x9F1F, 0, "Play Master Volume Registers", nullptr,
     handler<&Codec::volume_written<0x02>>},
    {"Aux Out Volume", 0x04, 2, 0x8000, 0x9F1F, 0, "Play Master Volume Registers", nullptr,
     handler<&Codec::volume_written<0x04>>},
    {"Mono Volume", 0x06, 2, 0x8000, 0x801F, 0, "Play Master Volume Registers", nullptr,
     handler<&Codec::volume_written<0x06>>},
    {"PC Beep Volume", 0x0A, 2, 0x0000, 0x801E, 0, "PC Beep Register (Index 0Ah)"}, // nothing beeps here
    {"Phone Volume", 0x0C, 2, 0x8008, 0x801F, 0, "Analog Mixer Input Gain Registers"},
    {"Mic Volume", 0x0E, 2, 0x8008, 0x805F, 0, "Analog Mixer Input Gain Registers"},
    {"Line In Volume", 0x10, 2, 0x8808, 0x9F1F, 0, "Analog Mixer Input Gain Registers"},
    {"CD Volume", 0x12, 2, 0x8808, 0x9F1F, 0, "Analog Mixer Input Gain Registers"},
    {"Video Volume", 0x14, 2, 0x8808, 0x9F1F, 0, "Analog Mixer Input Gain Registers"},
    {"Aux In Volume", 0x16, 2, 0x8808, 0x9F1F, 0, "Analog Mixer Input Gain Registers"},
    {"PCM Out Volume", 0x18, 2, 0x8808, 0x9F1F, 0, "Analog Mixer Input Gain Registers"},
    {"Record Select", 0x1A, 2, 0x0000, 0x0707, 0, "Record Select Control Register (Index 1Ah)"},
    {"Record Gain", 0x1C, 2, 0x8000, 0x8F0F, 0, "Record Gain Registers"},
    {"Record Gain Mic", 0x1E, 2, 0x8000, 0x800F, 0, "Record Gain Registers"},
    {"General Purpose", 0x20, 2, 0x0000, 0x0200, 0, "General Purpose Register (Index 20h)"}, // MIX
    {"3D Control", 0x22, 2, 0x0000, 0x0000, 0, "3D Control Register (Index 22h)"},
    {"Powerdown Ctrl/Stat", 0x26, 2, 0x0000, 0xFF00, 0, "Powerdown Control/Status Register (Index 26h)",
     handler<&Codec::read_power>},
    // VRA, VRM; revision 2.3; primary codec.
    {"Extended Audio ID", 0x28, 2, 0x0809, 0, 0, "Extended Audio ID Register (Index 28h)",
     handler<&Codec::read_extended_id>},
    {"Extended Audio Status", 0x2A, 2, 0x0000, 0x0009, 0, "Extended Audio Status and Control Register (Index 2Ah)",
     nullptr, handler<&Codec::extended_written>},
    {"PCM Front DAC Rate", 0x2C, 2, 48000, 0, 0, "Audio Sample Rate Control Registers", nullptr,
     handler<&Codec::rate_written<0x2C>>},
    {"PCM LR ADC Rate", 0x32, 2, 48000, 0, 0, "Audio Sample Rate Control Registers", nullptr,
     handler<&Codec::rate_written<0x32>>},
    {"Mic ADC Rate", 0x34, 2, 48000, 0, 0, "Audio Sample Rate Control Registers", nullptr,
     handler<&Codec::rate_written<0x34>>},
    {"Vendor Reserved", 0x5A, 2, 0, 0, 0, "Vendor Reserved Registers"},
    {"Vendor Reserved", 0x74, 2, 0, 0, 0, "Vendor Reserved Registers"},
    {"Vendor Reserved", 0x76, 2, 0, 0, 0, "Vendor Reserved Registers"},
    {"Vendor ID1", 0x7C, 2, 0x4F50, 0, 0, "Vendor ID Registers"}, // "OP"
    {"Vendor ID2", 0x7E, 2, 0x4301, 0, 0, "Vendor ID Registers"}, // "C", revision 1
}};

namespace {

constexpr std::uint32_t mute = 0x8000;
constexpr std::uint32_t boost = 0x0040; // of the microphone: +20 dB
constexpr std::uint32_t variable_rate = 0x0001;
constexpr std::uint32_t variable_microphone_rate = 0x0008;
constexpr std::uint32_t fixed_rate = 48000;
constexpr std::uint32_t lowest_rate = 8000; // of those that the section of the rates lists
constexpr double step = 1.5;                // dB

enum Power : std::uint32_t {
    no_adc = 0x0100,
    no_dac = 0x0200,
    no_mixer = 0x0400,
    no_reference = 0x0800,
    no_clock = 0x2000,
    no_aux_out = 0x4000,
};

float factor(double decibels) {
    constexpr double per_ten_times = 20.0;
    return static_cast<float>(std::pow(10.0, decibels / per_ten_times));
}

// Of a register with a level for each side, `at_zero` at 0 and 1.5 dB a step from there.
Gain levels(std::uint32_t value, std::uint32_t mask, double at_zero, double direction) {
    if ((value & mute) != 0) {
        return {};
    }
    const auto level = [&](std::uint32_t steps) { return factor(at_zero + direction * step * steps); };
    return {level(value >> 8 & mask), level(value & mask)};
}

Gain attenuation(std::uint32_t value) {
    return levels(value, 0x1F, 0, -1);
}
Gain input_gain(std::uint32_t value) {
    return levels(value, 0x1F, 12, -1);
}
Gain record_gain(std::uint32_t value) {
    return levels(value, 0x0F, 0, 1);
}
Gain both(float level) {
    return {level, level};
}

} // namespace

Codec::Codec(bool has_variable_rate) : has_variable_rate_(has_variable_rate), registers_(table) {
    compute_gains();
}

void Codec::write(std::uint32_t offset, std::uint16_t value) {
    registers_.write(*this, offset, value);
    compute_gains();
}

void Codec::cold_reset() {
    registers_.reset();
    compute_gains();
}

void Codec::warm_reset() {
    constexpr std::uint32_t no_link = 0x1000;
    registers_.set(0x26, value(0x26) & ~no_link);
}

// A level with one more bit than there are steps: all steps (the sixth bit of a five-bit volume).
template<std::uint32_t offset>
void NTAPI Codec::volume_written(std::uint32_t written) {
    constexpr std::uint32_t sixth_bit = 0x20;
    constexpr std::uint32_t all = 0x1F;
    std::uint32_t stored = value(offset);
    if ((written & sixth_bit) != 0) {
        stored |= all;
    }
    if ((written & sixth_bit << 8) != 0 && offset != 0x06) {
        stored |= all << 8;
    }
    registers_.set(offset, stored);
}

// The nearest rate there is; without variable rates nothing changes.
template<std::uint32_t offset>
void NTAPI Codec::rate_written(std::uint32_t written) {
    const std::uint32_t enabled = offset == 0x34 ? variable_microphone_rate : variable_rate;
    if ((value(0x2A) & enabled) != 0) {
        registers_.set(offset, std::clamp(written, lowest_rate, fixed_rate));
    }
}

void NTAPI Codec::extended_written(std::uint32_t) {
    if (!has_variable_rate_) {
        registers_.set(0x2A, 0);
    }
    if ((value(0x2A) & variable_rate) == 0) {
        registers_.set(0x2C, fixed_rate);
        registers_.set(0x32, fixed_rate);
    }
    if ((value(0x2A) & variable_microphone_rate) == 0) {
        registers_.set(0x34, fixed_rate);
    }
}

// REF, ANL, DAC, ADC: what is ready follows what has power, at once.
std::uint32_t NTAPI Codec::read_power(std::uint32_t stored) {
    const bool has_reference = (stored & no_reference) == 0;
    const bool has_clock = (stored & no_clock) == 0;
    const bool has_mixer = has_reference && (stored & no_mixer) == 0;
    const bool has_dac = has_reference && has_clock && (stored & no_dac) == 0;
    const bool has_adc = has_reference && has_clock && (stored & no_adc) == 0;
    return stored | (has_reference ? 8U : 0U) | (has_mixer ? 4U : 0U) | (has_dac ? 2U : 0U) | (has_adc ? 1U : 0U);
}

std::uint32_t Codec::rate(Converter converter) const {
    switch (converter) {
    case Converter::dac:
        return value(0x2C);
    case Converter::adc:
        return value(0x32);
    case Converter::microphone_adc:
        break;
    }
    return value(0x34);
}

void Codec::compute_gains() {
    const std::uint32_t ready = read_power(value(0x26));
    const bool has_mixer = (ready & 4) != 0;
    const float microphone_boost = (value(0x0E) & boost) != 0 ? factor(20) : 1.0F;
    masters_[line_out] = has_mixer ? attenuation(value(0x02)) : Gain{};
    masters_[aux_out] = has_mixer && (value(0x26) & no_aux_out) == 0 ? attenuation(value(0x04)) : Gain{};
    masters_[mono_out] = has_mixer ? both(attenuation(value(0x06)).right) : Gain{};
    mono_is_microphone_ = (value(0x20) & 0x0200) != 0;

    pcm_ = (ready & 2) != 0 ? input_gain(value(0x18)) : Gain{};
    playing_[line] = input_gain(value(0x10));
    playing_[cd] = input_gain(value(0x12));
    playing_[video] = input_gain(value(0x14));
    playing_[aux] = input_gain(value(0x16));
    playing_[phone] = both(input_gain(value(0x0C)).right);
    playing_[microphone] = both(input_gain(value(0x0E)).right * microphone_boost);

    compute_recording_gains();
}

// "Record Select Control Register": each side has a source of its own, taken before the mixer's volumes; or a mix,
// which is behind them. The mixes are the output mixer's, PCM included, before the master volumes.
void Codec::compute_recording_gains() {
    const bool has_adc = (read_power(value(0x26)) & 1) != 0;
    const float microphone_boost = (value(0x0E) & boost) != 0 ? factor(20) : 1.0F;
    const Gain amplified = has_adc ? record_gain(value(0x1C)) : Gain{};
    const unsigned left = value(0x1A) >> 8 & 7;
    const unsigned right = value(0x1A) & 7;
    constexpr unsigned number_of[input_count] = {4, 1, 0, 2, 3, 7};
    for (unsigned input = 0; input < input_count; ++input) {
        const float before = input == microphone ? microphone_boost : 1.0F;
        recording_[input] = {left == number_of[input] ? amplified.left * before : 0.0F,
                             right == number_of[input] ? amplified.right * before : 0.0F};
    }
    constexpr unsigned stereo_mix = 5;
    constexpr unsigned mono_mix = 6;
    const float half_left = amplified.left / 2;
    const float half_right = amplified.right / 2;
    mix_into_left_ = left == stereo_mix ? Gain{amplified.left, 0}
                     : left == mono_mix ? Gain{half_left, half_left}
                                        : Gain{};
    mix_into_right_ = right == stereo_mix ? Gain{0, amplified.right}
                      : right == mono_mix ? Gain{half_right, half_right}
                                          : Gain{};
    records_mix_ = !mix_into_left_.is_nothing() || !mix_into_right_.is_nothing();
    microphone_recorded_ = has_adc ? record_gain(value(0x1E)).right * microphone_boost : 0.0F;
}

void Codec::add_inputs(const std::array<Gain, input_count>& gains, const SampleTime& when, std::span<Frame> sum) {
    for (unsigned input = 0; input < input_count; ++input) {
        const Gain& gain = gains[input];
        if (inputs_[input].plugged == nullptr || gain.is_nothing()) {
            continue;
        }
        const auto frames = std::span(source_).first(sum.size());
        inputs_[input].read(when, frames);
        const bool is_mono = input == microphone || input == phone; // the left channel counts
        for (std::size_t index = 0; index < sum.size(); ++index) {
            sum[index].left += frames[index].left * gain.left;
            sum[index].right += (is_mono ? frames[index].left : frames[index].right) * gain.right;
        }
    }
}

void Codec::hear(Output output, const Gain& gain, const SampleTime& when, std::span<const Frame> mix) {
    if (outputs_[output].plugged == nullptr) {
        return;
    }
    if (!gain.changes_nothing()) {
        const auto scaled = std::span(scaled_).first(mix.size());
        apply(gain, mix, scaled);
        mix = scaled;
    }
    outputs_[output].plugged->hear(when, mix);
}

// MIX: the sum of both sides, or the microphone.
void Codec::hear_mono(const SampleTime& when, std::span<const Frame> mix) {
    if (outputs_[mono_out].plugged == nullptr) {
        return;
    }
    const auto mono = std::span(source_).first(mix.size());
    if (mono_is_microphone_) {
        inputs_[microphone].read(when, mono);
    } else {
        std::ranges::transform(mix, mono.begin(),
                               [](const Frame& frame) { return Frame{(frame.left + frame.right) / 2, 0}; });
    }
    for (Frame& frame : mono) {
        frame.right = frame.left;
    }
    hear(mono_out, masters_[mono_out], when, mono);
}

bool Codec::passes_input() const {
    const auto is_open = [this](Output output) {
        return outputs_[output].plugged != nullptr && !masters_[output].is_nothing();
    };
    const auto passes = [this](Input input) {
        return inputs_[input].plugged != nullptr && !playing_[input].is_nothing();
    };
    const bool passes_mixer =
        passes(line) || passes(cd) || passes(microphone) || passes(video) || passes(aux) || passes(phone);
    const bool hears_mixer = is_open(line_out) || is_open(aux_out) || (is_open(mono_out) && !mono_is_microphone_);
    return (passes_mixer && hears_mixer) ||
           (is_open(mono_out) && mono_is_microphone_ && inputs_[microphone].plugged != nullptr);
}

void Codec::play(const SampleTime& when, std::span<Frame> mixed) {
    add_inputs(playing_, when, mixed);
    hear(line_out, masters_[line_out], when, mixed);
    hear(aux_out, masters_[aux_out], when, mixed);
    hear_mono(when, mixed);
}

void Codec::record(const SampleTime& when, std::span<Frame> frames) {
    std::ranges::fill(frames, Frame{});
    add_inputs(recording_, when, frames);
    if (records_mix_) {
        add_mix(when, frames);
    }
}

void Codec::add_mix(const SampleTime& when, std::span<Frame> frames) {
    const auto mix = std::span(mix_).first(frames.size());
    std::ranges::fill(mix, Frame{});
    played_.mix_into(when, mix);
    add_inputs(playing_, when, mix);
    for (std::size_t index = 0; index < frames.size(); ++index) {
        frames[index].left += mix[index].left * mix_into_left_.left + mix[index].right * mix_into_left_.right;
        frames[index].right += mix[index].left * mix_into_right_.left + mix[index].right * mix_into_right_.right;
    }
}

void Codec::record_microphone(const SampleTime& when, std::span<Frame> frames) {
    inputs_[microphone].read(when, frames);
    for (Frame& frame : frames) {
        frame.left *= microphone_recorded_;
        frame.right = frame.left;
    }
}

} // namespace openportcls::hardware::ac97
