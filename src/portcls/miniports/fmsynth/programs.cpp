// General MIDI's 128 programs as variations of timbres.
#include <array>

#include "portcls/miniports/fmsynth/timbres.h"

namespace openportcls::portcls::fmsynth {

namespace {

constexpr std::int8_t same = -1;

// What differs from the timbre: added to the modulator's level (in 0.75 dB, more is duller), and instead of the
// timbre's multiple, feedback, attack of both operators, decay of the carrier, carrier's waveform.
struct Program {
    Timbre base;
    std::int8_t duller = 0;
    std::int8_t multiple = same;
    std::int8_t feedback = same;
    std::int8_t attack = same;
    std::int8_t decay = same;
    std::int8_t waveform = same;
};

using enum Timbre;

constexpr std::array<Program, 128> programs = {{
    // piano
    {piano},                    // acoustic grand
    {piano, -4, same, 4},       // bright acoustic
    {piano, -2, 2, 3, same, 3}, // electric grand
    {piano, 2, 3, 2, same, 3},  // honky-tonk
    {tine_piano},               // electric piano 1
    {reed_piano},               // electric piano 2
    {harpsichord},              // harpsichord
    {clavinet},                 // clavinet
    // chromatic percussion
    {glass, 4, 4},                     // celesta
    {glass, 2, 7, same, same, 4},      // glockenspiel
    {glass, 0, 5, same, same, 3},      // music box
    {metal_bar},                       // vibraphone
    {wood_bar},                        // marimba
    {wood_bar, -4, 3, 2, same, 6},     // xylophone
    {tubular_bell},                    // tubular bells
    {steel_string, -4, 2, 4, same, 3}, // dulcimer
    // organ
    {drawbars},                    // drawbar
    {drawbars, 0, 2, 3, same, 6},  // percussive
    {rock_organ},                  // rock
    {pipes},                       // church
    {pipes, -2, 1, 5, 8, same, 1}, // reed
    {free_reed},                   // accordion
    {free_reed, 4, 1, 2},          // harmonica
    {free_reed, -2, 3},            // tango accordion
    // guitar
    {soft_string},                    // nylon
    {steel_string},                   // steel
    {soft_string, 8, 1, 2},           // jazz
    {steel_string, 4, 2, 3, same, 2}, // clean
    {muted_string},                   // muted
    {overdriven_string, 4},           // overdriven
    {overdriven_string, -4, 1, 7},    // distortion
    {glass, 6, 3, same, same, 3},     // harmonics
    // bass
    {bass, 6, 1, 3},        // acoustic
    {bass},                 // fingered
    {bright_bass},          // picked
    {bass, 4, 1, 5, 12, 2}, // fretless
    {slap_bass},            // slap 1
    {slap_bass, -3, 4},     // slap 2
    {synth_bass},           // synth 1
    {synth_bass, 3, 2, 4},  // synth 2
    // strings
    {bow},                              // violin
    {bow, 3},                           // viola
    {bow, 2, 1, 6, 8},                  // cello
    {bow, 6, 1, 6, 8},                  // contrabass
    {string_section, 0, same, same, 9}, // tremolo
    {harp, -2, 2, 4, same, 6},          // pizzicato
    {harp},                             // harp
    {drum_pitched, 4, 1, 5, same, 3},   // timpani
    // ensemble
    {string_section},                   // strings 1
    {string_section, 2, same, same, 5}, // strings 2, slow
    {string_section, -3, 2, 4},         // synth strings 1
    {string_section, 0, 3, 3, 5},       // synth strings 2
    {choir},                            // choir aahs
    {choir, 6, same, 1},                // voice oohs
    {choir, -4, 2, 3},                  // synth voice
    {brass, 0, 1, 6, 15, 5},            // orchestra hit
    // brass
    {brass},                 // trumpet
    {brass, 4},              // trombone
    {soft_brass, 2},         // tuba
    {brass, 2, 3, 6, 10},    // muted trumpet
    {soft_brass},            // French horn
    {brass, -2, same, 6, 8}, // section
    {brass, -4, 1, 6, 12},   // synth 1
    {brass, 2, 2, 4, 10},    // synth 2
    // reed
    {single_reed, 4},           // soprano saxophone
    {single_reed},              // alto
    {single_reed, -2, same, 5}, // tenor
    {single_reed, -3, same, 6}, // baritone
    {double_reed},              // oboe
    {double_reed, 4},           // English horn
    {double_reed, 2, 2, 4},     // bassoon
    {cylinder_reed},            // clarinet
    // pipe
    {flute, 6},             // piccolo
    {flute},                // flute
    {flute, 2, 3, 0, 11},   // recorder
    {breath, 4},            // pan flute
    {breath, 8, 1, 5},      // bottle
    {breath, 0, 3, 7, 7},   // shakuhachi
    {whistle},              // whistle
    {whistle, -8, 1, 0, 9}, // ocarina
    // synth lead
    {square},                          // square
    {saw},                             // sawtooth
    {chiff, 8, 2, 0, 10},              // calliope
    {chiff},                           // chiff
    {overdriven_string, -2, 3, 5, 14}, // charang
    {choir, -2, 2, 1, 9},              // voice
    {saw, 4, 3, 5},                    // fifths
    {synth_bass, 4, 1, 5},             // bass and lead
    // synth pad
    {bell_pad},              // new age
    {pad},                   // warm
    {pad, -6, 2, 5, 8},      // polysynth
    {choir, 2, same, 3, 4},  // choir
    {bell_pad, 4, 2, 4, 5},  // bowed
    {bell_pad, -2, 5, 2, 6}, // metallic
    {pad, 4, 3, 2, 4},       // halo
    {sweep},                 // sweep
    // synth effects
    {bell_pad, 2, 3, 6},        // rain
    {sweep, 2, 1, 6, 4},        // soundtrack
    {glass, -4, 5, 1, same, 2}, // crystal
    {bell_pad, 0, 1, 5, 7},     // atmosphere
    {bell_pad, -6, 9, 0, 13},   // brightness
    {sweep, 6, 4, 7, 4},        // goblins
    {glass, 8, 2, 4, 12, 2},    // echoes
    {sweep, -2, 3, 3, 5},       // science fiction
    // ethnic
    {steel_string, -6, 5, 6},          // sitar
    {steel_string, -8, 2, 6, same, 5}, // banjo
    {muted_string, -2, 3, 5, same, 4}, // shamisen
    {soft_string, -6, 3, 3, same, 4},  // koto
    {wood_bar, 2, 5, 1},               // kalimba
    {free_reed, -6, 2, 5},             // bagpipe
    {bow, -4, 2, 5},                   // fiddle
    {double_reed, -5, 2, 5},           // shanai
    // percussive
    {glass, -6, 9, 3, same, 5}, // tinkle bell
    {cowbell},                  // agogo
    {drum_pitched},             // steel drums
    {click},                    // wood block
    {tom, -4, 2, 5},            // taiko
    {tom},                      // melodic tom
    {tom, -8, 3, 6},            // synth drum
    {cymbal, 0, same, same, 5}, // reverse cymbal
    // sound effects
    {noise, 0, same, same, same, 9}, // guitar fret noise
    {noise, 4, same, same, 8},       // breath noise
    {noise, 2, same, same, 3, 2},    // seashore
    {whistle, -20, 9, 3, 10, 6},     // bird tweet
    {square, -4, 15, 0, 15},         // telephone ring
    {noise, 0, same, same, 6, 2},    // helicopter
    {noise, -4, same, same, 5, 2},   // applause
    {snare, -4, 13, 7, 15, 4},       // gunshot
}};

std::uint8_t with_attack(std::uint8_t attack_decay, std::int8_t attack) {
    return attack == same ? attack_decay : static_cast<std::uint8_t>((attack_decay & 0x0F) | attack << 4);
}

std::uint8_t with_duller(std::uint8_t level, std::int8_t by) {
    const int changed = (level & 0x3F) + by;
    return static_cast<std::uint8_t>((level & 0xC0) | (changed < 0 ? 0 : changed > 0x3F ? 0x3F : changed));
}

} // namespace

Patch program_patch(unsigned number) {
    const Program& program = programs[number % programs.size()];
    Patch patch = timbre(program.base);
    patch.modulator.level = with_duller(patch.modulator.level, program.duller);
    patch.modulator.attack_decay = with_attack(patch.modulator.attack_decay, program.attack);
    patch.carrier.attack_decay = with_attack(patch.carrier.attack_decay, program.attack);
    if (program.multiple != same) {
        patch.modulator.multiple = static_cast<std::uint8_t>((patch.modulator.multiple & 0xF0) | program.multiple);
    }
    if (program.feedback != same) {
        patch.feedback = static_cast<std::uint8_t>((patch.feedback & 1) | program.feedback << 1);
    }
    if (program.decay != same) {
        patch.carrier.attack_decay = static_cast<std::uint8_t>((patch.carrier.attack_decay & 0xF0) | program.decay);
    }
    if (program.waveform != same) {
        patch.carrier.waveform = static_cast<std::uint8_t>(program.waveform);
    }
    return patch;
}

} // namespace openportcls::portcls::fmsynth
