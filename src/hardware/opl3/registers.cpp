// The register half of the synthesizer (data sheet, "register map").
#include <utility>

#include "hardware/opl3/synthesizer.h"

namespace openportcls::hardware::opl3 {

namespace {

constexpr unsigned second_array = 0x100;
constexpr unsigned channels_per_array = 9;
constexpr unsigned operators_per_array = 18;

// Operator numbers of an array's registers: groups of six with two unused numbers after each.
constexpr bool is_operator_register(unsigned offset) {
    return offset < 22 && offset % 8 < 6;
}
constexpr unsigned operator_of(unsigned offset) {
    return offset / 8 * 6 + offset % 8;
}

} // namespace

// Channels 0-2 have operators 0-2 and 3-5, channels 3-5 operators 6-8 and 9-11, and so on.
unsigned Synthesizer::operator_index(unsigned channel, unsigned which) {
    const unsigned in_array = channel % channels_per_array;
    return channel / channels_per_array * operators_per_array + in_array / 3 * 6 + in_array % 3 + which * 3;
}

void Synthesizer::write(unsigned index, std::uint8_t value) {
    index %= register_count;
    // With NEW clear the second array has one register only, the one that sets it.
    if (index >= second_array && (model_ == Model::ym3812 || (!is_new() && index != 0x105))) {
        return;
    }
    registers_[index] = value;
    const unsigned offset = index % second_array;
    const unsigned array = index / second_array;
    const unsigned group = offset & 0xE0;
    switch (group) {
    case 0x20:
    case 0x40:
    case 0x60:
    case 0x80:
    case 0xE0:
        if (is_operator_register(offset & 0x1F)) {
            write_operator(group, array * operators_per_array + operator_of(offset & 0x1F), value);
        }
        break;
    case 0xA0:
    case 0xC0:
        if (index == 0xBD) {
            write_rhythm(value);
        } else if ((offset & 0xF) < channels_per_array) {
            write_channel(index, value);
        }
        break;
    default:
        write_chip(index, value);
        break;
    }
}

void Synthesizer::write_chip(unsigned index, std::uint8_t) {
    switch (index) {
    case 0x01: // waveform select enable, of the YM3812
        for (unsigned number = 0; number < operator_count; ++number) {
            update_waveform(number);
        }
        break;
    case 0x08: // keyboard split
        for (unsigned channel = 0; channel < channel_count; ++channel) {
            update_pitch(channel);
        }
        break;
    case 0x104:
    case 0x105:
        refresh_modes();
        break;
    default: // timers are the device's
        break;
    }
}

// NEW and CONNECTION SEL change the meaning of what is in the registers.
void Synthesizer::refresh_modes() {
    for (unsigned number = 0; number < operator_count; ++number) {
        update_waveform(number);
    }
    for (unsigned channel = 0; channel < channel_count; ++channel) {
        update_output(channel);
        update_pitch(channel);
        update_keys(channel);
    }
}

void Synthesizer::write_operator(unsigned group, unsigned number, std::uint8_t value) {
    Operator& target = operators_[number];
    switch (group) {
    case 0x20:
        target.write_multiple(value);
        break;
    case 0x40:
        target.write_level(value);
        break;
    case 0x60:
        target.write_attack_decay(value);
        break;
    case 0x80:
        target.write_sustain_release(value);
        break;
    default:
        update_waveform(number);
        break;
    }
}

void Synthesizer::update_waveform(unsigned number) {
    const unsigned in_array = number % operators_per_array;
    const unsigned array = number / operators_per_array;
    const unsigned selected = registers_[array * second_array + 0xE0 + in_array / 6 * 8 + in_array % 6];
    unsigned waveform = selected & (is_new() ? 7 : 3);
    if (model_ == Model::ym3812 && (registers_[0x01] & 0x20) == 0) {
        waveform = 0;
    }
    operators_[number].select_waveform(waveform);
}

void Synthesizer::write_channel(unsigned index, std::uint8_t value) {
    const unsigned number = index / second_array * channels_per_array + (index & 0xF);
    Channel& channel = channels_[number];
    switch (index & 0xF0) {
    case 0xA0:
        channel.pitch.f_number = (channel.pitch.f_number & 0x300) | value;
        update_pitch(number);
        break;
    case 0xB0:
        channel.pitch.f_number = (channel.pitch.f_number & 0xFF) | (value & 3U) << 8;
        channel.pitch.block = value >> 2 & 7;
        channel.is_key_down = (value & 0x20) != 0;
        update_pitch(number);
        update_keys(number);
        break;
    case 0xC0:
        channel.feedback = value >> 1 & 7;
        channel.is_parallel = (value & 1) != 0;
        update_output(number);
        break;
    default: // D0h: nothing there
        break;
    }
}

void Synthesizer::update_output(unsigned number) {
    const unsigned value = registers_[number / channels_per_array * second_array + 0xC0 + number % channels_per_array];
    channels_[number].is_left = !is_new() || (value & 0x10) != 0;
    channels_[number].is_right = !is_new() || (value & 0x20) != 0;
}

// A pair of channels that plays as one takes pitch and key from its first.
void Synthesizer::update_pitch(unsigned channel) {
    const Pitch& pitch = channels_[leader_of(channel)].pitch;
    const bool splits_below = (registers_[0x08] & 0x40) != 0;
    for (unsigned which : {0U, 1U}) {
        op(channel, which).tune(pitch, splits_below);
        if (is_four_operator(channel)) {
            op(channel + 3, which).tune(pitch, splits_below);
        }
    }
}

void Synthesizer::update_keys(unsigned channel) {
    const bool is_down = channels_[leader_of(channel)].is_key_down;
    for (unsigned which : {0U, 1U}) {
        op(channel, which).set_key(KeySource::channel, is_down);
        if (is_four_operator(channel)) {
            op(channel + 3, which).set_key(KeySource::channel, is_down);
        }
    }
}

// Data sheet, "rhythm mode": channels 6 to 8 of the first array become five instruments.
void Synthesizer::write_rhythm(std::uint8_t value) {
    static constexpr std::pair<unsigned, unsigned> instruments[] = {
        {7, 0}, // hi-hat
        {8, 1}, // top cymbal
        {8, 0}, // tom-tom
        {7, 1}, // snare drum
        {6, 1}, // bass drum, with its modulator
    };
    const unsigned keys = (value & 0x20) != 0 ? value & 0x1FU : 0;
    for (unsigned bit = 0; bit < std::size(instruments); ++bit) {
        op(instruments[bit].first, instruments[bit].second).set_key(KeySource::rhythm, (keys >> bit & 1) != 0);
    }
    op(6, 0).set_key(KeySource::rhythm, (keys >> 4 & 1) != 0);
}

// CONNECTION SEL: bits 0-2 pair channels 0-2 with 3-5, bits 3-5 the same of the second array.
bool Synthesizer::is_four_operator(unsigned channel) const {
    const unsigned in_array = channel % channels_per_array;
    const unsigned bit = channel / channels_per_array * 3 + in_array;
    return is_new() && in_array < 3 && (registers_[0x104] >> bit & 1) != 0;
}

bool Synthesizer::is_second_of_pair(unsigned channel) const {
    const unsigned in_array = channel % channels_per_array;
    return in_array >= 3 && in_array < 6 && is_four_operator(channel - 3);
}

} // namespace openportcls::hardware::opl3
