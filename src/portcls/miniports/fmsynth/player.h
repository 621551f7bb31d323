// MIDI messages to notes on the chip: channels, voices, and which voice a note gets.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "portcls/miniports/fmsynth/chip.h"
#include "portcls/miniports/fmsynth/multiples.h"
#include "portcls/miniports/fmsynth/patch.h"
#include "portcls/miniports/fmsynth/pitch.h"

namespace openportcls::portcls::fmsynth {

// Up to DISPATCH_LEVEL, one call at a time.
class Player {
public:
    static constexpr unsigned channel_count = 16;
    static constexpr unsigned percussion_channel = 9;
    static constexpr unsigned most_voices = 18;

    explicit Player(Chip& chip) : chip_(chip) {}

    void reset(); // as at power-up: every note off, every controller at its default
    void silence();

    // `second` is 0 where a message has none.
    void channel_message(std::uint8_t status, std::uint8_t first, std::uint8_t second);
    void exclusive(const std::uint8_t* bytes, std::size_t count); // without F0h and F7h

    // Of the volume node: attenuation in 1/16 dB of the left and the right output.
    void set_output_attenuation(unsigned output, std::uint16_t attenuation);

private:
    static constexpr std::uint16_t tuning_centre = 0x2000;
    struct Channel {
        std::uint8_t program = 0;
        std::uint8_t volume = 100;
        std::uint8_t expression = 127;
        std::uint8_t pan = 64;
        std::uint8_t modulation = 0;
        bool is_sustaining = false;
        std::uint16_t bend = 0x2000;
        std::uint16_t parameter = 0x3FFF; // registered parameter number; this one is none
        Pitch bend_range = 2 * pitch_per_semitone;
        Pitch coarse_tuning = 0;
        std::uint16_t fine_tuning = tuning_centre; // 14 bits for one semitone down to one up
    };
    enum class VoiceState : std::uint8_t { released, sustained, held };
    struct Voice {
        VoiceState state = VoiceState::released;
        std::uint8_t channel = 0;
        std::uint8_t note = 0;
        std::uint8_t velocity = 0;
        std::uint32_t since = 0; // when it came into its state; 0: never used
        Patch patch{};
        ChipPitch pitch{};
        Multiples multiples{};
    };

    void note_on(unsigned channel, std::uint8_t note, std::uint8_t velocity);
    void note_off(unsigned channel, std::uint8_t note);
    void control_change(unsigned channel, std::uint8_t controller, std::uint8_t value);
    void reset_controllers(unsigned channel);
    void set_sustain(unsigned channel, bool is_down);
    void set_parameter(unsigned channel, std::uint8_t value);
    void set_parameter_fine(unsigned channel, std::uint8_t value);
    void write_pitches(unsigned channel);
    void all_notes_off(unsigned channel);
    void all_sound_off(unsigned channel);

    unsigned choose_voice(unsigned channel, std::uint8_t note) const;
    void release(unsigned voice);
    void cut_off(unsigned voice);
    void cut_off_group(std::uint8_t group);

    Pitch pitch_of(const Voice& voice) const;
    void tune(Voice& voice) const;
    void write_patch(unsigned voice);
    void write_levels(unsigned voice);
    void write_multiples(unsigned voice);
    void write_outputs(unsigned voice);
    void write_pitch(unsigned voice, bool is_key_down);
    template<class Function>
    void each_sounding(unsigned channel, Function&& function);
    unsigned attenuation_of(unsigned voice) const;

    Chip& chip_;
    std::array<Channel, channel_count> channels_;
    std::array<Voice, most_voices> voices_;
    std::array<std::uint16_t, 2> output_attenuation_{};
    std::uint16_t master_attenuation_ = 0; // universal exclusive "master volume"
    std::uint32_t now_ = 0;                // counts changes of voices
};

} // namespace openportcls::portcls::fmsynth
