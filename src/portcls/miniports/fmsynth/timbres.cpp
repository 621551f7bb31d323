// Designed by ear and arithmetic for this synthesizer; README.md says how the columns are to be read.
#include "portcls/miniports/fmsynth/timbres.h"

#include <array>
#include <cstddef>

namespace openportcls::portcls::fmsynth {

namespace {

// What stands in the upper half of register 20h.
constexpr unsigned tremolo = 0x80;
constexpr unsigned vibrato = 0x40;
constexpr unsigned held = 0x20;   // the envelope stays at its sustain level while the key is down
constexpr unsigned faster = 0x10; // upper notes have shorter envelopes

constexpr unsigned darker = 0x40; // 3 dB less per octave
constexpr unsigned parallel = 1;  // both operators are heard

struct Envelope {
    unsigned attack, decay, sustain, release;
};

constexpr OperatorPatch op(unsigned multiple, unsigned level, Envelope envelope, unsigned waveform = 0) {
    return {static_cast<std::uint8_t>(multiple), static_cast<std::uint8_t>(level),
            static_cast<std::uint8_t>(envelope.attack << 4 | envelope.decay),
            static_cast<std::uint8_t>(envelope.sustain << 4 | envelope.release), static_cast<std::uint8_t>(waveform)};
}

constexpr Patch patch(OperatorPatch modulator, OperatorPatch carrier, unsigned feedback, unsigned brightness,
                      unsigned connection = 0, int transpose = 0) {
    Patch result{};
    result.modulator = modulator;
    result.carrier = carrier;
    result.feedback = static_cast<std::uint8_t>(feedback << 1 | connection);
    result.brightness = static_cast<std::uint8_t>(brightness);
    result.transpose = static_cast<std::int8_t>(transpose);
    return result;
}

// Rows in the order of Timbre.
constexpr std::array<Patch, static_cast<std::size_t>(Timbre::count)> timbres = {{
    // piano: the hammer's overtones go first
    patch(op(held | faster | 1, darker | 15, {15, 3, 15, 7}), op(held | faster | 1, 2, {15, 2, 15, 8}), 3, 16),
    // tine piano: a high, short tine over a round tone
    patch(op(held | faster | 15, 42, {15, 6, 15, 8}), op(held | faster | 1, 2, {15, 2, 15, 8}), 0, 14),
    // reed piano
    patch(op(held | faster | 3, darker | 25, {15, 4, 15, 8}), op(held | faster | 1, 2, {15, 3, 15, 8}), 4, 18),
    // harpsichord: a carrier that is rectified sounds an octave higher
    patch(op(held | faster | 3, 25, {15, 2, 15, 8}, 2), op(held | faster | 1, 6, {15, 3, 15, 8}, 3), 4, 0, 0, -12),
    // clavinet
    patch(op(held | faster | 4, 28, {15, 4, 15, 9}), op(held | faster | 1, 4, {15, 4, 15, 10}, 2), 5, 12, 0, -12),
    // glass: celesta, glockenspiel, music box
    patch(op(held | faster | 7, 38, {15, 6, 15, 7}), op(held | faster | 1, 4, {15, 4, 15, 6}), 0, 10),
    // metal bar: vibraphone
    patch(op(held | faster | 4, 38, {15, 4, 15, 6}), op(held | faster | 1, 2, {15, 3, 15, 6}), 0, 10),
    // wood bar: marimba, xylophone
    patch(op(held | faster | 4, 30, {15, 9, 15, 9}), op(held | faster | 1, 2, {15, 5, 15, 7}), 0, 12),
    // tubular bell: partials in ratios of 3.5
    patch(op(held | 7, 30, {15, 3, 15, 4}), op(held | 2, 6, {15, 3, 15, 4}), 0, 8, 0, -12),
    // soft string: nylon guitar
    patch(op(held | faster | 1, darker | 19, {15, 5, 15, 8}), op(held | faster | 1, 2, {15, 3, 15, 8}), 4, 16),
    // steel string
    patch(op(held | faster | 3, darker | 21, {15, 3, 15, 8}), op(held | faster | 1, 2, {15, 3, 15, 8}), 5, 14),
    // muted string
    patch(op(held | faster | 1, 20, {15, 7, 15, 10}), op(held | faster | 1, 2, {15, 6, 15, 10}), 4, 16),
    // overdriven string
    patch(op(held | 1, 18, {15, 1, 2, 8}), op(held | 1, 6, {14, 1, 2, 8}, 2), 6, 4),
    // bass
    patch(op(held | faster | 1, darker | 17, {15, 4, 12, 9}), op(held | faster | 1, 0, {15, 3, 15, 9}), 4, 14),
    // bright bass
    patch(op(held | faster | 2, darker | 17, {15, 4, 12, 9}), op(held | faster | 1, 0, {15, 3, 15, 9}), 5, 14),
    // slap bass
    patch(op(held | faster | 3, 24, {15, 6, 10, 9}), op(held | faster | 1, 0, {15, 3, 15, 9}), 6, 18),
    // synth bass
    patch(op(held | 1, darker | 9, {15, 6, 6, 9}), op(held | 1, 2, {15, 3, 3, 9}), 6, 10),
    // harp, pizzicato
    patch(op(held | faster | 2, darker | 25, {15, 5, 15, 6}), op(held | faster | 1, 2, {14, 4, 15, 6}), 2, 14),
    // pitched drum: timpani, steel drum
    patch(op(held | 3, 30, {15, 7, 15, 7}), op(held | faster | 1, 0, {15, 4, 15, 6}), 3, 14),
    // drawbars
    patch(op(held | 1, 6, {15, 0, 0, 9}), op(held | 3, 12, {15, 0, 0, 9}), 1, 0, parallel),
    // rock organ
    patch(op(held | vibrato | 2, 24, {15, 0, 0, 9}), op(held | vibrato | 1, 4, {15, 0, 0, 9}), 5, 0),
    // pipes
    patch(op(held | 1, 8, {9, 0, 0, 7}), op(held | 4, 14, {10, 0, 0, 7}), 3, 0, parallel),
    // free reed: accordion, harmonica
    patch(op(held | vibrato | 2, 28, {10, 0, 0, 9}, 1), op(held | vibrato | 1, 4, {10, 0, 0, 9}, 1), 4, 8),
    // bow: solo strings
    patch(op(held | vibrato | 1, darker | 15, {9, 2, 2, 8}), op(held | vibrato | 1, 4, {9, 2, 1, 8}), 5, 10),
    // string section
    patch(op(held | vibrato | 1, darker | 16, {7, 2, 2, 6}), op(held | vibrato | 1, 4, {7, 1, 1, 6}), 5, 8),
    // choir
    patch(op(held | vibrato | 2, 30, {7, 1, 1, 6}), op(held | vibrato | tremolo | 1, 4, {7, 1, 1, 6}), 2, 8),
    // brass: the overtones grow after the tone
    patch(op(held | 1, darker | 11, {8, 3, 2, 9}), op(held | 1, 3, {10, 2, 1, 9}), 5, 16),
    // soft brass: horn, tuba
    patch(op(held | 1, darker | 19, {7, 3, 2, 9}), op(held | 1, 3, {9, 2, 1, 8}), 4, 14),
    // single reed: saxophones
    patch(op(held | vibrato | 1, 24, {9, 2, 2, 9}, 1), op(held | vibrato | 1, 4, {10, 2, 1, 9}), 4, 14),
    // double reed: oboe, bassoon
    patch(op(held | vibrato | 4, 30, {10, 2, 2, 9}), op(held | vibrato | 1, 4, {10, 2, 1, 9}, 2), 3, 10, 0, -12),
    // cylinder reed, which has odd partials only: clarinet
    patch(op(held | 2, 28, {9, 2, 2, 9}), op(held | 1, 3, {10, 2, 1, 9}), 0, 12),
    // flute
    patch(op(held | vibrato | 1, 32, {10, 4, 4, 9}), op(held | vibrato | tremolo | 1, 3, {9, 2, 1, 8}), 1, 10),
    // breath: pan flute, shakuhachi, bottle
    patch(op(held | vibrato | 2, 26, {14, 6, 8, 9}), op(held | vibrato | 1, 3, {8, 2, 1, 8}), 6, 10),
    // whistle
    patch(op(held | vibrato | 1, 52, {10, 4, 4, 9}), op(held | vibrato | 1, 4, {10, 2, 1, 9}), 0, 4),
    // square
    patch(op(held | 2, 20, {15, 1, 1, 9}), op(held | 1, 4, {14, 1, 1, 9}), 0, 8),
    // saw
    patch(op(held | 1, 18, {15, 1, 1, 9}), op(held | 1, 4, {14, 1, 1, 9}), 6, 8),
    // chiff
    patch(op(held | 5, 24, {15, 8, 12, 9}), op(held | vibrato | 1, 4, {11, 2, 1, 8}), 3, 14),
    // pad
    patch(op(held | vibrato | 1, darker | 21, {5, 1, 1, 5}), op(held | vibrato | 1, 5, {5, 1, 1, 5}), 4, 6),
    // sweep: the overtones rise and fall slowly
    patch(op(held | 2, 22, {3, 2, 6, 4}), op(held | vibrato | 1, 6, {6, 1, 1, 5}), 5, 6),
    // bell pad
    patch(op(held | 7, 36, {15, 4, 8, 5}), op(held | vibrato | 1, 4, {10, 2, 3, 5}), 1, 8),
    // kick: a click and a low, short tone
    patch(op(held | 0, 12, {15, 9, 15, 9}), op(held | 0, 0, {15, 7, 15, 8}), 4, 12),
    // snare: noise by feedback, over a short tone
    patch(op(held | 12, 0, {15, 7, 15, 8}), op(held | 2, 2, {15, 7, 15, 8}), 7, 4),
    // noise: shakers, brushes, sea
    patch(op(held | 15, 0, {15, 0, 0, 9}, 2), op(held | 7, 6, {13, 7, 15, 8}), 7, 4),
    // hi-hat
    patch(op(held | 15, 2, {15, 0, 0, 9}, 3), op(held | 12, 6, {15, 8, 15, 9}), 7, 4),
    // cymbal
    patch(op(held | 13, 4, {15, 3, 4, 5}, 2), op(held | 10, 6, {15, 4, 15, 5}), 7, 4),
    // tom
    patch(op(held | 1, 26, {15, 8, 15, 8}), op(held | 1, 0, {15, 6, 15, 7}), 4, 14),
    // click: claves, wood blocks, sticks
    patch(op(held | 5, 30, {15, 10, 15, 10}), op(held | 2, 2, {15, 8, 15, 9}), 2, 8, 0, -12),
    // cowbell
    patch(op(held | 3, 24, {15, 7, 15, 8}), op(held | 2, 4, {15, 7, 15, 8}, 2), 4, 8, 0, -12),
}};

} // namespace

const Patch& timbre(Timbre which) {
    return timbres[static_cast<std::size_t>(which)];
}

} // namespace openportcls::portcls::fmsynth
