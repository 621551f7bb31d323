#include "hardware/opl3/operator.h"

#include <algorithm>

namespace openportcls::hardware::opl3 {

namespace {

constexpr unsigned instant_rate = 60; // and above: the attack takes no time

} // namespace

void Operator::write_multiple(std::uint8_t value) {
    has_tremolo_ = (value & 0x80) != 0;
    has_vibrato_ = (value & 0x40) != 0;
    is_sustained_ = (value & 0x20) != 0;
    scales_rates_ = (value & 0x10) != 0;
    multiple_ = doubled_multiple(value);
    choose_step();
}

void Operator::write_level(std::uint8_t value) {
    key_scale_ = value >> 6;
    total_level_ = value & 0x3F;
}

void Operator::write_attack_decay(std::uint8_t value) {
    attack_ = value >> 4;
    decay_ = value & 0xF;
    choose_step();
}

void Operator::write_sustain_release(std::uint8_t value) {
    // 3 dB to a step; the last stands for 93 dB.
    const unsigned level = value >> 4;
    sustain_level_ = (level == 15 ? 31 : level) << 4;
    release_ = value & 0xF;
    choose_step();
}

void Operator::tune(const Pitch& pitch, bool splits_below) {
    pitch_ = pitch;
    rate_offset_ = pitch.block << 1 | (pitch.f_number >> (splits_below ? 8 : 9) & 1);
    choose_step();
}

void Operator::set_key(KeySource source, bool is_down) {
    const std::uint8_t before = keys_;
    const auto bit = static_cast<std::uint8_t>(source);
    keys_ = static_cast<std::uint8_t>(is_down ? keys_ | bit : keys_ & ~bit);
    if (before == 0 && keys_ != 0) {
        phase_ = 0;
        enter(EnvelopeStage::attack);
    } else if (before != 0 && keys_ == 0 && stage_ != EnvelopeStage::off) {
        enter(EnvelopeStage::release);
    }
}

void Operator::prepare(const LowFrequency& oscillators) {
    // KSL: 01 is 3 dB per octave, 10 half of that, 11 twice.
    static constexpr unsigned halvings[] = {0, 1, 2, 0};
    const unsigned f_number = pitch_.f_number + (has_vibrato_ ? vibrato_offset(oscillators) : 0);
    increment_ = ((f_number << pitch_.block) >> 1) * multiple_ >> 1;
    const unsigned scaled =
        key_scale_ == 0 ? 0 : key_scale_attenuation(pitch_.f_number, pitch_.block) * 2 >> halvings[key_scale_];
    fixed_attenuation_ = (total_level_ << 2) + scaled + (has_tremolo_ ? oscillators.tremolo : 0);
}

// 14 or 7 cents, from the upper three bits of the F-number: nothing, half, all, half, and the same below.
unsigned Operator::vibrato_offset(const LowFrequency& oscillators) const {
    const unsigned step = oscillators.vibrato_step;
    unsigned offset = pitch_.f_number >> 7;
    if ((step & 3) == 0) {
        return 0;
    }
    if ((step & 1) != 0) {
        offset >>= 1;
    }
    if (!oscillators.is_deep_vibrato) {
        offset >>= 1;
    }
    return (step & 4) != 0 ? 0U - offset : offset;
}

// Data sheet, "rate": four times the register's value plus the offset of key scaling; 0 stands still.
unsigned Operator::rate_of(unsigned code) const {
    return code == 0 ? 0 : std::min(4 * code + (scales_rates_ ? rate_offset_ : rate_offset_ >> 2), 63U);
}

// A rate's upper four bits double the speed, the lower two are quarters between: rate 4 moves one step in 4096 samples.
void Operator::choose_step() {
    unsigned rate = 0;
    switch (stage_) {
    case EnvelopeStage::attack:
        rate = rate_of(attack_);
        break;
    case EnvelopeStage::decay:
        rate = rate_of(decay_);
        break;
    case EnvelopeStage::sustain:
        rate = is_sustained_ ? 0 : rate_of(release_); // a percussive sound goes on falling
        break;
    case EnvelopeStage::release:
        rate = rate_of(release_);
        break;
    case EnvelopeStage::off:
        break;
    }
    step_ = rate == 0 ? 0 : (4 + (rate & 3)) << (rate >> 2);
}

void Operator::enter(EnvelopeStage stage) {
    stage_ = stage;
    step_sum_ = 0;
    if (stage == EnvelopeStage::attack && rate_of(attack_) >= instant_rate) {
        envelope_ = 0;
        stage_ = EnvelopeStage::decay;
    }
    if (stage_ == EnvelopeStage::decay && envelope() >= sustain_level_) {
        stage_ = EnvelopeStage::sustain;
    }
    choose_step();
}

void Operator::move_envelope(unsigned steps) {
    const int count = static_cast<int>(steps);
    if (stage_ == EnvelopeStage::attack) {
        // Exponential: an eighth of the way to full level with each step.
        envelope_ -= ((envelope_ + 1) * count + 7) / 8;
        if (envelope_ <= 0) {
            envelope_ = 0;
            enter(EnvelopeStage::decay);
        }
        return;
    }
    envelope_ = std::min(envelope_ + count, static_cast<int>(most_attenuation));
    if (stage_ == EnvelopeStage::decay && envelope() >= sustain_level_) {
        enter(EnvelopeStage::sustain);
    } else if (envelope() == most_attenuation) {
        enter(EnvelopeStage::off);
    }
}

} // namespace openportcls::hardware::opl3
