// The half of the player that knows the chip's registers.
#include <algorithm>

#include "portcls/miniports/fmsynth/player.h"

namespace openportcls::portcls::fmsynth {

namespace {

constexpr std::uint8_t vibrato_bit = 0x40;
constexpr std::uint8_t output_bits[2] = {0x10, 0x20}; // CHA is left, CHB right
constexpr unsigned softest_level = 0x3F;
constexpr unsigned level_step = 12; // 0.75 dB in 1/16 dB
// From here on a modulation wheel is heard.
constexpr std::uint8_t least_modulation = 16;
// The chip has no pan: what is far enough to a side comes from that side only.
constexpr std::uint8_t left_of_centre = 32;
constexpr std::uint8_t right_of_centre = 96;

struct Registers {
    unsigned modulator; // to be added to 20h, 40h, …
    unsigned carrier;
    unsigned channel; // to be added to A0h, B0h, C0h

    explicit Registers(unsigned voice) {
        const unsigned array = voice / Chip::voices_per_array * Chip::second_array;
        const unsigned in_array = voice % Chip::voices_per_array;
        modulator = array + in_array / 3 * 8 + in_array % 3;
        carrier = modulator + 3;
        channel = array + in_array;
    }
};

std::uint8_t with_level(std::uint8_t value, unsigned attenuation_steps) {
    const unsigned level = (value & softest_level) + attenuation_steps;
    return static_cast<std::uint8_t>((value & ~softest_level) | std::min(level, softest_level));
}

// The outputs a voice is sent to, bit 0 left and bit 1 right.
unsigned outputs_of(std::uint8_t pan) {
    return pan < left_of_centre ? 1U : pan >= right_of_centre ? 2U : 3U;
}

} // namespace

// In 1/16 dB. A voice in the middle has one level for both outputs: the louder one's.
unsigned Player::attenuation_of(unsigned number) const {
    const Voice& voice = voices_[number];
    const Channel& channel = channels_[voice.channel];
    const unsigned outputs = chip_.kind() == ChipKind::opl3 ? outputs_of(channel.pan) : 3U;
    unsigned node = silent_attenuation;
    for (unsigned output : {0U, 1U}) {
        if ((outputs >> output & 1) != 0) {
            node = std::min<unsigned>(node, output_attenuation_[output]);
        }
    }
    return node + master_attenuation_ + midi_attenuation(voice.velocity) + midi_attenuation(channel.volume) +
           midi_attenuation(channel.expression);
}

void Player::write_levels(unsigned number) {
    const Voice& voice = voices_[number];
    const Registers at(number);
    const unsigned steps = (attenuation_of(number) + level_step / 2) / level_step;
    const unsigned softness = voice.patch.brightness * (127U - voice.velocity) / 127;
    const unsigned modulator_steps = !voice.multiples.is_modulator_heard ? softest_level
                                     : voice.patch.is_parallel()         ? steps
                                                                         : softness;
    chip_.write(0x40 + at.modulator, with_level(voice.patch.modulator.level, modulator_steps));
    chip_.write(0x40 + at.carrier, with_level(voice.patch.carrier.level, steps));
}

void Player::write_multiples(unsigned number) {
    const Voice& voice = voices_[number];
    const Registers at(number);
    const unsigned vibrato = channels_[voice.channel].modulation >= least_modulation ? vibrato_bit : 0U;
    // What vibrates is the pitch: of the modulator, too, or the sound would change with it.
    chip_.write(0x20 + at.modulator, static_cast<std::uint8_t>(voice.multiples.modulator | vibrato));
    chip_.write(0x20 + at.carrier, static_cast<std::uint8_t>(voice.multiples.carrier | vibrato));
}

// The softest level the chip has, -47 dB, is still a sound: a voice that should be silent loses its outputs.
void Player::write_outputs(unsigned number) {
    const Voice& voice = voices_[number];
    const bool is_silent = attenuation_of(number) >= softest_level * level_step;
    const unsigned outputs = is_silent ? 0 : outputs_of(channels_[voice.channel].pan);
    unsigned value = voice.patch.feedback;
    if (chip_.kind() == ChipKind::opl3) {
        value |= (outputs & 1) != 0 ? output_bits[0] : 0U;
        value |= (outputs & 2) != 0 ? output_bits[1] : 0U;
    }
    chip_.write(0xC0 + Registers(number).channel, static_cast<std::uint8_t>(value));
}

void Player::write_patch(unsigned number) {
    const Patch& patch = voices_[number].patch;
    const Registers at(number);
    write_multiples(number);
    write_levels(number);
    chip_.write(0x60 + at.modulator, patch.modulator.attack_decay);
    chip_.write(0x60 + at.carrier, patch.carrier.attack_decay);
    chip_.write(0x80 + at.modulator, patch.modulator.sustain_release);
    chip_.write(0x80 + at.carrier, patch.carrier.sustain_release);
    chip_.write(0xE0 + at.modulator, patch.modulator.waveform);
    chip_.write(0xE0 + at.carrier, patch.carrier.waveform);
    write_outputs(number);
}

Pitch Player::pitch_of(const Voice& voice) const {
    const Channel& channel = channels_[voice.channel];
    const bool is_drum = voice.patch.fixed_note != 0;
    const int note = (is_drum ? voice.patch.fixed_note : voice.note) + voice.patch.transpose;
    const Pitch bend = (channel.bend - 0x2000) * channel.bend_range / 0x2000;
    const Pitch tuning =
        channel.coarse_tuning + (channel.fine_tuning - tuning_centre) * pitch_per_semitone / tuning_centre;
    return note * pitch_per_semitone + bend + (is_drum ? 0 : tuning);
}

void Player::tune(Voice& voice) const {
    voice.pitch = chip_pitch(pitch_of(voice));
    voice.multiples = multiples_for(voice.patch, voice.pitch);
}

void Player::write_pitch(unsigned number, bool is_key_down) {
    Voice& voice = voices_[number];
    const Multiples before = voice.multiples;
    tune(voice);
    if (voice.multiples != before) { // a bend across what F-numbers can do
        write_multiples(number);
        write_levels(number);
    }
    const ChipPitch& pitch = voice.pitch;
    const Registers at(number);
    chip_.write(0xA0 + at.channel, static_cast<std::uint8_t>(pitch.f_number));
    chip_.write(0xB0 + at.channel,
                static_cast<std::uint8_t>((is_key_down ? 0x20 : 0) | pitch.block << 2 | pitch.f_number >> 8));
}

} // namespace openportcls::portcls::fmsynth
