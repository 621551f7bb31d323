// One of the chip's operators: a phase generator, an envelope generator and a waveform.
#pragma once

#include <cstdint>

#include "hardware/opl3/tables.h"

namespace openportcls::hardware::opl3 {

// What a channel's registers A0h and B0h say.
struct Pitch {
    unsigned f_number = 0; // 10 bits
    unsigned block = 0;    // octave, 3 bits
};

// The two low-frequency oscillators, which stand still within a block of samples.
struct LowFrequency {
    unsigned tremolo = 0;      // attenuation in steps of 0.1875 dB
    unsigned vibrato_step = 0; // 0..7 of a period
    bool is_deep_vibrato = false;
};

enum class EnvelopeStage : std::uint8_t { attack, decay, sustain, release, off };

// Who holds an operator's key down.
enum class KeySource : std::uint8_t { channel = 1, rhythm = 2 };

class Operator {
public:
    static constexpr unsigned most_attenuation = 511; // 96 dB in steps of 0.1875 dB

    // Registers 20h, 40h, 60h, 80h and E0h (data sheet, "slot" registers).
    void write_multiple(std::uint8_t value);
    void write_level(std::uint8_t value);
    void write_attack_decay(std::uint8_t value);
    void write_sustain_release(std::uint8_t value);
    void select_waveform(unsigned waveform) { waveform_ = waveform; }

    // `splits_below`: NTS, which F-number bit the keyboard is split by.
    void tune(const Pitch& pitch, bool splits_below);
    void set_key(KeySource source, bool is_down);

    // Before each block of samples.
    void prepare(const LowFrequency& oscillators);

    // The next sample: -4084 to 4084. `modulation` is in 1/1024 of a period.
    int next(const WaveTables& tables, int modulation) {
        const unsigned position = (phase_ >> phase_fraction_bits) + static_cast<unsigned>(modulation);
        return next_at(tables, position);
    }
    // The same at a position of the rhythm section's own making.
    int next_at(const WaveTables& tables, unsigned position) {
        phase_ += increment_;
        if (stage_ == EnvelopeStage::off) {
            return 0;
        }
        step_envelope();
        return wave_value(tables, waveform_, position, total_attenuation() << 3);
    }
    // Lets `count` samples pass that nobody hears, while the operator is off.
    void skip(unsigned count) { phase_ += increment_ * count; }

    bool is_off() const { return stage_ == EnvelopeStage::off; }
    EnvelopeStage stage() const { return stage_; }
    unsigned envelope() const { return static_cast<unsigned>(envelope_); }
    unsigned position() const { return phase_ >> phase_fraction_bits & 0x3FF; }

private:
    static constexpr unsigned phase_fraction_bits = 9;
    static constexpr unsigned step_fraction_bits = 15;

    unsigned total_attenuation() const {
        const unsigned total = static_cast<unsigned>(envelope_) + fixed_attenuation_;
        return total < most_attenuation ? total : most_attenuation;
    }
    void step_envelope() {
        step_sum_ += step_;
        const unsigned steps = step_sum_ >> step_fraction_bits;
        if (steps != 0) {
            step_sum_ &= (1U << step_fraction_bits) - 1;
            move_envelope(steps);
        }
    }
    void move_envelope(unsigned steps);
    void enter(EnvelopeStage stage);
    void choose_step();
    unsigned rate_of(unsigned code) const;
    unsigned vibrato_offset(const LowFrequency& oscillators) const;

    // Registers.
    bool has_tremolo_ = false;
    bool has_vibrato_ = false;
    bool is_sustained_ = false;
    bool scales_rates_ = false;
    unsigned multiple_ = 1; // doubled
    unsigned key_scale_ = 0;
    unsigned total_level_ = 0;
    unsigned attack_ = 0;
    unsigned decay_ = 0;
    unsigned sustain_level_ = 0;
    unsigned release_ = 0;
    unsigned waveform_ = 0;

    // From the channel.
    Pitch pitch_;
    unsigned rate_offset_ = 0; // 0..15
    std::uint8_t keys_ = 0;

    // Sound.
    std::uint32_t phase_ = 0; // of 2^19 to a period, wrapping as it likes
    std::uint32_t increment_ = 0;
    EnvelopeStage stage_ = EnvelopeStage::off;
    int envelope_ = most_attenuation;
    std::uint32_t step_ = 0; // envelope steps per sample, 15 bits of fraction
    std::uint32_t step_sum_ = 0;
    unsigned fixed_attenuation_ = 0; // total level, key scaling, tremolo
};

} // namespace openportcls::hardware::opl3
