// Sends a MIDI file through a driver while what it sounds like is heard.
#pragma once

#include <functional>
#include <optional>

#include <openportcls/midi_file.hpp>
#include <openportcls/openportcls.hpp>

#include "cli/midi_comparison.h"
#include "cli/midi_sound.h"
#include "cli/outputs.h"

namespace openportcls::cli {

enum class MidiSynth : std::uint8_t { fm, fluidsynth };

struct MidiRun {
    std::string filter;
    std::uint32_t pin = 0;
    MidiPinKind kind = MidiPinKind::legacy;
    std::string where;
    WaveFormat format;
    std::uint64_t events = 0; // sent
    std::uint64_t frames = 0;
    double peak = 0;
    std::optional<MidiComparison> cable;    // what left the MIDI plug
    std::optional<MidiComparison> loopback; // what came back in
    bool is_interrupted = false;

    double seconds() const { return static_cast<double>(frames) / format.rate; }
};

struct MidiOrder {
    MidiSynth synth = MidiSynth::fluidsynth;
    std::filesystem::path sound_font;
    std::uint32_t rate = 48000;
    std::string filter; // empty: the first that leads to the synthesizer
    bool loops_back = false;
    std::vector<std::string> out;
};

Result<MidiRun> play_midi(Machine& machine, const MidiFile& file, const MidiOrder& order);

} // namespace openportcls::cli
