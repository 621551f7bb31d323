// General MIDI's percussion map, and what Roland's and Yamaha's sets add below and above it, as variations of timbres.
#include <array>

#include "portcls/miniports/fmsynth/timbres.h"

namespace openportcls::portcls::fmsynth {

namespace {

constexpr std::uint8_t undamped = 0;
constexpr std::uint8_t hi_hats = 1;
constexpr std::uint8_t whistles = 2;
constexpr std::uint8_t guiros = 3;
constexpr std::uint8_t cuicas = 4;
constexpr std::uint8_t triangles = 5;

// The note the instrument plays, the carrier's decay, what is added to both levels (in 0.75 dB), group of instruments
// that cut each other off.
struct Instrument {
    Timbre base;
    std::uint8_t note;
    std::uint8_t decay = undamped;
    std::uint8_t softer = 0;
    std::uint8_t group = 0;
};

using enum Timbre;

constexpr std::array<Instrument, last_percussion_note - first_percussion_note + 1> instruments = {{
    {synth_bass, 84, 8},           // 27 high Q
    {snare, 72, 9},                // 28 slap
    {noise, 64, 8, 6},             // 29 scratch push
    {noise, 70, 8, 6},             // 30 scratch pull
    {click, 74, 9},                // 31 sticks
    {click, 80, 10},               // 32 square click
    {click, 86, 9},                // 33 metronome click
    {glass, 96, 6},                // 34 metronome bell
    {kick, 42},                    // 35 acoustic bass drum
    {kick, 45, 8},                 // 36 bass drum 1
    {click, 70, 8},                // 37 side stick
    {snare, 60},                   // 38 acoustic snare
    {snare, 66, 8},                // 39 hand clap
    {snare, 64, 8},                // 40 electric snare
    {tom, 41},                     // 41 low floor tom
    {hi_hat, 80, 9, 0, hi_hats},   // 42 closed hi-hat
    {tom, 45},                     // 43 high floor tom
    {hi_hat, 77, 9, 2, hi_hats},   // 44 pedal hi-hat
    {tom, 48},                     // 45 low tom
    {hi_hat, 80, 5, 0, hi_hats},   // 46 open hi-hat
    {tom, 52},                     // 47 low-mid tom
    {tom, 55},                     // 48 hi-mid tom
    {cymbal, 76, 3},               // 49 crash cymbal 1
    {tom, 59},                     // 50 high tom
    {cymbal, 82, 4, 4},            // 51 ride cymbal 1
    {cymbal, 68, 4},               // 52 Chinese cymbal
    {cowbell, 86, 5},              // 53 ride bell
    {hi_hat, 88, 7, 2},            // 54 tambourine
    {cymbal, 84, 5},               // 55 splash cymbal
    {cowbell, 68},                 // 56 cowbell
    {cymbal, 72, 3},               // 57 crash cymbal 2
    {noise, 48, 6, 4},             // 58 vibraslap
    {cymbal, 80, 4, 4},            // 59 ride cymbal 2
    {tom, 69, 8},                  // 60 high bongo
    {tom, 64, 8},                  // 61 low bongo
    {tom, 62, 9},                  // 62 muted high conga
    {tom, 60},                     // 63 open high conga
    {tom, 55},                     // 64 low conga
    {tom, 67, 7},                  // 65 high timbale
    {tom, 62, 7},                  // 66 low timbale
    {cowbell, 80},                 // 67 high agogo
    {cowbell, 75},                 // 68 low agogo
    {noise, 84, 8, 4},             // 69 cabasa
    {noise, 90, 9, 4},             // 70 maracas
    {whistle, 95, 8, 0, whistles}, // 71 short whistle
    {whistle, 95, 4, 0, whistles}, // 72 long whistle
    {noise, 72, 8, 4, guiros},     // 73 short guiro
    {noise, 72, 6, 4, guiros},     // 74 long guiro
    {click, 91, 8},                // 75 claves
    {click, 84},                   // 76 high wood block
    {click, 77},                   // 77 low wood block
    {tom, 76, 8, 4, cuicas},       // 78 muted cuica
    {tom, 71, 6, 4, cuicas},       // 79 open cuica
    {glass, 98, 8, 0, triangles},  // 80 muted triangle
    {glass, 98, 4, 0, triangles},  // 81 open triangle
    {noise, 92, 8, 4},             // 82 shaker
    {hi_hat, 92, 6, 4},            // 83 jingle bell
    {bell_pad, 96, 4},             // 84 bell tree
    {click, 87, 9},                // 85 castanets
    {kick, 50, 9},                 // 86 muted surdo
    {kick, 48, 6},                 // 87 open surdo
}};

} // namespace

bool percussion_patch(unsigned note, Patch& patch) {
    if (note < first_percussion_note || note > last_percussion_note) {
        return false;
    }
    const Instrument& instrument = instruments[note - first_percussion_note];
    patch = timbre(instrument.base);
    patch.fixed_note = instrument.note;
    patch.exclusive_group = instrument.group;
    const unsigned level = patch.carrier.level + instrument.softer;
    patch.carrier.level = static_cast<std::uint8_t>(level);
    if (instrument.decay != undamped) {
        patch.carrier.attack_decay = static_cast<std::uint8_t>((patch.carrier.attack_decay & 0xF0) | instrument.decay);
    }
    // Key-up makes no difference to a drum: it dies away as fast as it would have.
    const unsigned decay = patch.carrier.attack_decay & 0x0F;
    patch.carrier.sustain_release = static_cast<std::uint8_t>(0xF0 | decay);
    patch.modulator.sustain_release = static_cast<std::uint8_t>((patch.modulator.sustain_release & 0xF0) | decay);
    return true;
}

} // namespace openportcls::portcls::fmsynth
