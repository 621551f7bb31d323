#include "general_midi_piece.h"

#include <cstdint>
#include <initializer_list>
#include <map>
#include <span>
#include <string_view>

namespace music {

namespace {

using Bytes = std::vector<std::byte>;

constexpr unsigned ticks_per_beat = 480;
constexpr unsigned bar = 4 * ticks_per_beat;
constexpr unsigned bars = 32;
constexpr unsigned middle = bars / 2 * bar; // where the tempo and some instruments change

void put(Bytes& bytes, std::initializer_list<unsigned> values) {
    for (const unsigned value : values) {
        bytes.push_back(static_cast<std::byte>(value));
    }
}

void put_number(Bytes& bytes, unsigned value, unsigned count) {
    while (count-- != 0) {
        put(bytes, {value >> (8 * count) & 0xFF});
    }
}

void put_quantity(Bytes& bytes, unsigned value) {
    for (unsigned shift = 21; shift != 0; shift -= 7) {
        if (value >> shift != 0) {
            put(bytes, {0x80 | (value >> shift & 0x7F)});
        }
    }
    put(bytes, {value & 0x7F});
}

// Events in any order of time; those of one tick stay in theirs.
class Track {
public:
    explicit Track(unsigned channel = 0) : channel_(channel) {}

    void raw(unsigned tick, std::initializer_list<unsigned> values) {
        Bytes event;
        put(event, values);
        events_.emplace(tick, std::move(event));
    }
    void name(std::string_view text) {
        Bytes event;
        put(event, {0xFF, 0x03, static_cast<unsigned>(text.size())});
        for (const char letter : text) {
            put(event, {static_cast<unsigned char>(letter)});
        }
        events_.emplace(0, std::move(event));
    }
    void program(unsigned tick, unsigned number) { raw(tick, {0xC0 | channel_, number}); }
    void controller(unsigned tick, unsigned number, unsigned value) { raw(tick, {0xB0 | channel_, number, value}); }
    void bend(unsigned tick, unsigned value) { raw(tick, {0xE0 | channel_, value & 0x7F, value >> 7}); }
    void pressure(unsigned tick, unsigned value) { raw(tick, {0xD0 | channel_, value}); }
    // Released by a note-on of velocity 0, so that running status goes on.
    void note(unsigned tick, unsigned length, unsigned key, unsigned velocity) {
        raw(tick, {0x90 | channel_, key, velocity});
        raw(tick + length, {0x90 | channel_, key, 0});
    }

    Bytes chunk() {
        Bytes body;
        unsigned tick = 0;
        std::byte running{};
        for (const auto& [when, event] : events_) {
            put_quantity(body, when - tick);
            tick = when;
            const bool is_channel_message = event.front() < std::byte{0xF0};
            const bool repeats = is_channel_message && event.front() == running;
            running = is_channel_message ? event.front() : std::byte{};
            body.insert(body.end(), event.begin() + (repeats ? 1 : 0), event.end());
        }
        put_quantity(body, bars * bar - tick);
        put(body, {0xFF, 0x2F, 0x00});
        Bytes chunk;
        put(chunk, {'M', 'T', 'r', 'k'});
        put_number(chunk, static_cast<unsigned>(body.size()), 4);
        chunk.insert(chunk.end(), body.begin(), body.end());
        return chunk;
    }

private:
    unsigned channel_;
    std::multimap<unsigned, Bytes> events_; // by tick
};

// A minor, F, C, G; the second half's third line goes to E.
struct Chord {
    unsigned bass;
    unsigned notes[3];
};
constexpr Chord chords[] = {{45, {57, 60, 64}}, {41, {57, 60, 65}}, {48, {55, 60, 64}}, {43, {55, 59, 62}}};
constexpr Chord dominant = {40, {56, 59, 64}};

const Chord& chord_of(unsigned number) {
    return number >= bars / 2 && number % 8 == 7 ? dominant : chords[number % 4];
}

// 120 beats a minute for 16 bars are 32 s; 437.5 ms a beat for as many are 28 s.
Track conductor() {
    Track track;
    track.name("One minute");
    track.raw(0, {0xFF, 0x58, 0x04, 4, 2, 24, 8});
    track.raw(0, {0xFF, 0x51, 0x03, 0x07, 0xA1, 0x20});
    track.raw(0, {0xF0, 5, 0x7E, 0x7F, 0x09, 0x01, 0xF7});               // General MIDI on
    track.raw(240, {0xF0, 7, 0x7F, 0x7F, 0x04, 0x01, 0x00, 0x78, 0xF7}); // master volume
    track.raw(middle, {0xFF, 0x51, 0x03, 0x06, 0xAC, 0xFC});
    return track;
}

Track piano() {
    Track track(0);
    track.name("Piano");
    track.program(240, 0);
    track.controller(250, 7, 100);
    track.controller(260, 10, 40);
    track.program(middle - 10, 4);
    for (unsigned number = 0; number < bars; ++number) {
        const Chord& chord = chord_of(number);
        constexpr unsigned order[] = {0, 1, 2, 1, 0, 2, 1, 2};
        track.controller(number * bar + 20, 64, 127);
        for (unsigned eighth = 0; eighth < 8; ++eighth) {
            const unsigned tick = std::max(number * bar + eighth * ticks_per_beat / 2, 480U);
            if (number != 0 || eighth >= 2) {
                track.note(tick, ticks_per_beat / 2 - 20, chord.notes[order[eighth]] + (eighth >= 4 ? 12 : 0),
                           eighth == 0 ? 84 : 64 + eighth * 2);
            }
        }
        track.controller(number * bar + bar - 30, 64, 0);
    }
    return track;
}

Track bass() {
    Track track(1);
    track.name("Bass");
    track.program(270, 33);
    track.controller(280, 7, 110);
    for (unsigned number = 2; number < bars; ++number) {
        const unsigned root = chord_of(number).bass - 12;
        track.note(number * bar, ticks_per_beat, root, 96);
        track.note(number * bar + 3 * ticks_per_beat / 2, ticks_per_beat / 2 - 10, root, 80);
        track.note(number * bar + 2 * ticks_per_beat, ticks_per_beat - 10, root + 7, 88);
        track.note(number * bar + 3 * ticks_per_beat, ticks_per_beat - 10, root + 12, 84);
    }
    return track;
}

Track strings() {
    Track track(2);
    track.name("Strings");
    track.program(290, 48);
    track.controller(300, 7, 90);
    track.controller(310, 10, 88);
    track.controller(320, 91, 64);
    for (unsigned number = 4; number < bars; ++number) {
        for (const unsigned key : chord_of(number).notes) {
            track.note(number * bar + 5, bar - 25, key, 70);
        }
        for (unsigned step = 0; step < 16; ++step) { // it swells and fades
            track.controller(number * bar + step * bar / 16 + 60, 11, step < 8 ? 64 + step * 7 : 120 - (step - 8) * 7);
        }
    }
    return track;
}

Track lead() {
    Track track(3);
    track.name("Lead");
    track.program(330, 73);
    track.controller(340, 7, 105);
    track.controller(350, 101, 0); // the bend's range: two semitones
    track.controller(352, 100, 0);
    track.controller(354, 6, 2);
    track.program(middle - 20, 56);
    constexpr unsigned melody[] = {76, 74, 72, 69, 72, 74, 76, 79, 77, 76, 72, 69, 71, 74, 79, 76};
    for (unsigned number = 8; number < bars - 1; ++number) {
        for (unsigned quarter = 0; quarter < 4; ++quarter) {
            const unsigned tick = number * bar + quarter * ticks_per_beat + 10;
            const unsigned key = melody[(number % 4) * 4 + quarter];
            track.note(tick, ticks_per_beat - 40, key, 92);
            if (quarter == 3) { // up to the note, then vibrato and pressure
                for (unsigned step = 0; step <= 8; ++step) {
                    track.bend(tick - 5 + step * 15, 4096 + step * 512);
                }
                for (unsigned step = 0; step < 6; ++step) {
                    track.controller(tick + 150 + step * 40, 1, step < 5 ? 20 + step * 16 : 0);
                    track.pressure(tick + 160 + step * 40, step < 5 ? 30 + step * 12 : 0);
                }
            }
        }
    }
    return track;
}

Track drums() {
    Track track(9);
    track.name("Drums");
    track.controller(360, 7, 110);
    constexpr unsigned kick = 36;
    constexpr unsigned snare = 38;
    constexpr unsigned closed_hat = 42;
    constexpr unsigned open_hat = 46;
    constexpr unsigned crash = 49;
    for (unsigned number = 2; number < bars; ++number) {
        const unsigned begin = number * bar;
        for (unsigned eighth = 0; eighth < 8; ++eighth) {
            track.note(begin + eighth * ticks_per_beat / 2, 60, eighth == 7 ? open_hat : closed_hat,
                       eighth % 2 == 0 ? 80 : 56);
        }
        track.note(begin, 60, kick, 110);
        track.note(begin + 5 * ticks_per_beat / 2, 60, kick, 100);
        track.note(begin + ticks_per_beat, 60, snare, 104);
        track.note(begin + 3 * ticks_per_beat, 60, snare, 108);
        if (number % 8 == 0) {
            track.note(begin, 120, crash, 100);
        }
        if (number % 8 == 7) { // a fill over the toms
            for (unsigned hit = 0; hit < 4; ++hit) {
                track.note(begin + 3 * ticks_per_beat + hit * ticks_per_beat / 4 + 10, 60, 50 - hit * 2, 96);
            }
        }
    }
    return track;
}

} // namespace

std::vector<std::byte> general_midi_piece() {
    Track tracks[] = {conductor(), piano(), bass(), strings(), lead(), drums()};
    Bytes file;
    put(file, {'M', 'T', 'h', 'd'});
    put_number(file, 6, 4);
    put_number(file, 1, 2);
    put_number(file, static_cast<unsigned>(std::size(tracks)), 2);
    put_number(file, ticks_per_beat, 2);
    for (Track& track : tracks) {
        const Bytes chunk = track.chunk();
        file.insert(file.end(), chunk.begin(), chunk.end());
    }
    return file;
}

} // namespace music
