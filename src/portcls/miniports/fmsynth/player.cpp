#include "portcls/miniports/fmsynth/player.h"

#include <algorithm>

namespace openportcls::portcls::fmsynth {

namespace {

constexpr std::uint8_t controller_modulation = 1;
constexpr std::uint8_t controller_data = 6;
constexpr std::uint8_t controller_volume = 7;
constexpr std::uint8_t controller_pan = 10;
constexpr std::uint8_t controller_expression = 11;
constexpr std::uint8_t controller_data_fine = 38;
constexpr std::uint8_t controller_sustain = 64;
constexpr std::uint8_t controller_unregistered_fine = 98;
constexpr std::uint8_t controller_unregistered = 99;
constexpr std::uint8_t controller_registered_fine = 100;
constexpr std::uint8_t controller_registered = 101;
constexpr std::uint8_t all_sound_off_message = 120;
constexpr std::uint8_t reset_controllers_message = 121;
constexpr std::uint8_t all_notes_off_message = 123; // and the four mode messages above it

constexpr std::uint16_t no_parameter = 0x3FFF;
constexpr std::uint16_t parameter_bend_range = 0;
constexpr std::uint16_t parameter_fine_tuning = 1;
constexpr std::uint16_t parameter_coarse_tuning = 2;
constexpr int untransposed = 64;
constexpr std::uint8_t switch_on = 64;

} // namespace

// Voices that were a channel's last, also while they die away.
template<class Function>
void Player::each_sounding(unsigned channel, Function&& function) {
    for (unsigned voice = 0; voice < chip_.voice_count(); ++voice) {
        if (voices_[voice].since != 0 && voices_[voice].channel == channel) {
            function(voice);
        }
    }
}

void Player::reset() {
    silence();
    channels_.fill(Channel{});
    master_attenuation_ = 0;
}

void Player::silence() {
    for (unsigned voice = 0; voice < chip_.voice_count(); ++voice) {
        cut_off(voice);
    }
    for (Channel& channel : channels_) {
        channel.is_sustaining = false;
    }
}

void Player::channel_message(std::uint8_t status, std::uint8_t first, std::uint8_t second) {
    const unsigned number = status & 0xF;
    Channel& channel = channels_[number];
    switch (status & 0xF0) {
    case 0x80:
        note_off(number, first);
        break;
    case 0x90:
        if (second == 0) {
            note_off(number, first);
        } else {
            note_on(number, first, second);
        }
        break;
    case 0xB0:
        control_change(number, first, second);
        break;
    case 0xC0:
        channel.program = first; // notes that sound keep theirs
        break;
    case 0xE0:
        channel.bend = static_cast<std::uint16_t>(first | second << 7);
        write_pitches(number);
        break;
    default: // aftertouch: the chip has nothing for it
        break;
    }
}

void Player::exclusive(const std::uint8_t* bytes, std::size_t count) {
    if (count >= 4 && bytes[0] == 0x7E && bytes[2] == 0x09) { // General MIDI on or off
        reset();
    } else if (count == 6 && bytes[0] == 0x7F && bytes[2] == 0x04 && bytes[3] == 0x01) { // master volume
        master_attenuation_ = midi_attenuation(bytes[5]);
        for (unsigned voice = 0; voice < chip_.voice_count(); ++voice) {
            write_levels(voice);
            write_outputs(voice);
        }
    }
}

void Player::set_output_attenuation(unsigned output, std::uint16_t attenuation) {
    output_attenuation_[output] = attenuation;
    for (unsigned voice = 0; voice < chip_.voice_count(); ++voice) {
        write_levels(voice);
        write_outputs(voice);
    }
}

// ---- notes ----------------------------------------------------------------------------------------------------------

void Player::note_on(unsigned channel, std::uint8_t note, std::uint8_t velocity) {
    Patch patch;
    if (channel == percussion_channel) {
        if (!percussion_patch(note, patch)) {
            return;
        }
        if (patch.exclusive_group != 0) {
            cut_off_group(patch.exclusive_group);
        }
    } else {
        patch = program_patch(channels_[channel].program);
    }
    const unsigned number = choose_voice(channel, note);
    if (voices_[number].state != VoiceState::released) {
        release(number);
    }
    voices_[number] = {VoiceState::held, static_cast<std::uint8_t>(channel), note, velocity, ++now_, patch, {}, {}};
    tune(voices_[number]);
    write_patch(number);
    write_pitch(number, true);
}

void Player::note_off(unsigned channel, std::uint8_t note) {
    each_sounding(channel, [&](unsigned number) {
        Voice& voice = voices_[number];
        if (voice.state != VoiceState::held || voice.note != note) {
            return;
        }
        if (channels_[channel].is_sustaining) {
            voice.state = VoiceState::sustained;
            voice.since = ++now_;
        } else {
            release(number);
        }
    });
}

// A note that is repeated gets the voice it has. Else the one that has been silent for longest; else one that only the
// pedal holds; else the oldest note gives way.
unsigned Player::choose_voice(unsigned channel, std::uint8_t note) const {
    unsigned best = 0;
    for (unsigned number = 0; number < chip_.voice_count(); ++number) {
        const Voice& voice = voices_[number];
        if (voice.state != VoiceState::released && voice.channel == channel && voice.note == note) {
            return number;
        }
        const Voice& other = voices_[best];
        if (voice.state != other.state ? voice.state < other.state : voice.since < other.since) {
            best = number;
        }
    }
    return best;
}

void Player::release(unsigned number) {
    write_pitch(number, false);
    voices_[number].state = VoiceState::released;
    voices_[number].since = ++now_;
}

// Not even the release is heard.
void Player::cut_off(unsigned number) {
    if (voices_[number].since == 0) {
        return;
    }
    const unsigned array = number / Chip::voices_per_array * Chip::second_array;
    const unsigned in_array = number % Chip::voices_per_array;
    const unsigned offset = array + in_array / 3 * 8 + in_array % 3;
    chip_.write(0x80 + offset, voices_[number].patch.modulator.sustain_release | 0x0F);
    chip_.write(0x83 + offset, voices_[number].patch.carrier.sustain_release | 0x0F);
    release(number);
}

void Player::cut_off_group(std::uint8_t group) {
    each_sounding(percussion_channel, [&](unsigned number) {
        if (voices_[number].patch.exclusive_group == group) {
            cut_off(number);
        }
    });
}

void Player::all_notes_off(unsigned channel) {
    each_sounding(channel, [&](unsigned number) {
        if (voices_[number].state == VoiceState::held) {
            note_off(channel, voices_[number].note);
        }
    });
}

void Player::all_sound_off(unsigned channel) {
    each_sounding(channel, [&](unsigned number) { cut_off(number); });
}

// ---- controllers ----------------------------------------------------------------------------------------------------

void Player::control_change(unsigned number, std::uint8_t controller, std::uint8_t value) {
    Channel& channel = channels_[number];
    const auto adjust = [&](std::uint8_t& setting, void (Player::*write)(unsigned voice)) {
        setting = value;
        each_sounding(number, [&](unsigned voice) { (this->*write)(voice); });
    };
    switch (controller) {
    case controller_modulation:
        adjust(channel.modulation, &Player::write_multiples);
        break;
    case controller_volume:
        adjust(channel.volume, &Player::write_levels);
        adjust(channel.volume, &Player::write_outputs);
        break;
    case controller_expression:
        adjust(channel.expression, &Player::write_levels);
        adjust(channel.expression, &Player::write_outputs);
        break;
    case controller_pan:
        adjust(channel.pan, &Player::write_outputs);
        each_sounding(number, [&](unsigned voice) { write_levels(voice); });
        break;
    case controller_sustain:
        set_sustain(number, value >= switch_on);
        break;
    case controller_registered:
        channel.parameter = static_cast<std::uint16_t>((channel.parameter & 0x7F) | value << 7);
        break;
    case controller_registered_fine:
        channel.parameter = static_cast<std::uint16_t>((channel.parameter & 0x3F80) | value);
        break;
    case controller_unregistered:
    case controller_unregistered_fine:
        channel.parameter = no_parameter;
        break;
    case controller_data:
        set_parameter(number, value);
        break;
    case controller_data_fine:
        set_parameter_fine(number, value);
        break;
    case all_sound_off_message:
        all_sound_off(number);
        break;
    case reset_controllers_message:
        reset_controllers(number);
        break;
    default:
        if (controller >= all_notes_off_message) {
            all_notes_off(number);
        }
        break;
    }
}

void Player::set_parameter(unsigned number, std::uint8_t value) {
    Channel& channel = channels_[number];
    switch (channel.parameter) {
    case parameter_bend_range:
        channel.bend_range = value * pitch_per_semitone + channel.bend_range % pitch_per_semitone;
        break;
    case parameter_fine_tuning:
        channel.fine_tuning = static_cast<std::uint16_t>((channel.fine_tuning & 0x7F) | value << 7);
        break;
    case parameter_coarse_tuning:
        channel.coarse_tuning = (value - untransposed) * pitch_per_semitone;
        break;
    default:
        return;
    }
    write_pitches(number);
}

void Player::set_parameter_fine(unsigned number, std::uint8_t value) {
    Channel& channel = channels_[number];
    switch (channel.parameter) {
    case parameter_bend_range: // hundredths of a semitone
        channel.bend_range = channel.bend_range / pitch_per_semitone * pitch_per_semitone +
                             std::min<Pitch>(value, 99) * pitch_per_semitone / 100;
        break;
    case parameter_fine_tuning:
        channel.fine_tuning = static_cast<std::uint16_t>((channel.fine_tuning & 0x3F80) | value);
        break;
    default:
        return;
    }
    write_pitches(number);
}

void Player::write_pitches(unsigned number) {
    each_sounding(number, [&](unsigned voice) { write_pitch(voice, voices_[voice].state != VoiceState::released); });
}

// General MIDI recommended practice: program, volume, pan and registered parameters stay.
void Player::reset_controllers(unsigned number) {
    Channel& channel = channels_[number];
    channel.expression = 127;
    channel.modulation = 0;
    channel.bend = 0x2000;
    channel.parameter = no_parameter;
    set_sustain(number, false);
    each_sounding(number, [&](unsigned voice) {
        write_multiples(voice);
        write_levels(voice);
        write_outputs(voice);
        write_pitch(voice, voices_[voice].state != VoiceState::released);
    });
}

void Player::set_sustain(unsigned number, bool is_down) {
    channels_[number].is_sustaining = is_down;
    if (is_down) {
        return;
    }
    each_sounding(number, [&](unsigned voice) {
        if (voices_[voice].state == VoiceState::sustained) {
            release(voice);
        }
    });
}

} // namespace openportcls::portcls::fmsynth
