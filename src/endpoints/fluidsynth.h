// A General MIDI synthesizer in software, through FluidSynth: what would be plugged into a card's MIDI OUT.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include <openportcls/format.hpp>
#include <openportcls/result.hpp>

#include "endpoints/midi_messages.h"

namespace openportcls::endpoints {

// The sound font that is used where none is named: Debian's timgm6mb-soundfont, or whatever is the default one there.
// Empty: there is none.
std::filesystem::path default_sound_font();

// Stereo, 16 bit. It renders when it is told to and looks at no clock: the same bytes at the same times give the same
// frames.
class FluidSynth {
public:
    static Result<std::unique_ptr<FluidSynth>> create(const std::filesystem::path& sound_font, std::uint32_t rate);
    ~FluidSynth();
    FluidSynth(const FluidSynth&) = delete;
    FluidSynth& operator=(const FluidSynth&) = delete;

    WaveFormat format() const;
    // A byte that has arrived, in order of time. First the sound up to then is appended to `frames`.
    void play(std::chrono::nanoseconds time, std::uint8_t byte, std::vector<std::byte>& frames);
    // Appends the sound up to a time.
    void render_until(std::chrono::nanoseconds time, std::vector<std::byte>& frames);
    // Voices that are still heard.
    unsigned active_voices() const;

    // Messages that a synthesizer has no use for (song position and the like), or that it refused.
    std::uint64_t ignored_messages() const { return ignored_; }

private:
    struct Engine;
    FluidSynth(std::unique_ptr<Engine> engine, std::uint32_t rate);
    void play(std::span<const std::uint8_t> message);

    std::unique_ptr<Engine> engine_;
    std::uint32_t rate_;
    std::uint64_t rendered_ = 0; // frames
    std::uint64_t ignored_ = 0;
    MidiMessages messages_;
    std::vector<float> left_;
    std::vector<float> right_;
};

} // namespace openportcls::endpoints
