// The jacks of a card: where samples leave and enter it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hardware/midi/midi_wire.h"
#include "hardware/sample_clock.h"

namespace openportcls::hardware {

// One moment of both channels; full scale is -1 to 1. 24 bits of integer sample go through a float unchanged.
struct Frame {
    float left = 0;
    float right = 0;
};

// Blocks that cards move at once have at most so many frames: 10 ms at the highest rate, and some.
inline constexpr std::size_t longest_block = 512;

// When a block of frames is: frame number `first` of a row that runs at `rate` since `origin`. Numbers, not times, so
// that a source at the same rate gives each of its frames exactly once. A rate of 0 is a single level, at `origin`.
struct SampleTime {
    Nanoseconds origin = 0;
    SampleRate rate;
    std::uint64_t first = 0;
};

// What is plugged into an output. Called at hardware level: it may not call the machine.
class SoundSink {
public:
    virtual ~SoundSink() = default;
    virtual void hear(const SampleTime& when, std::span<const Frame> frames) = 0;
};

// What is plugged into an input: sound as a function of time, since several converters of a card may ask for the same
// moment. Called at hardware level.
class SoundSource {
public:
    virtual ~SoundSource() = default;
    virtual void give(const SampleTime& when, std::span<Frame> frames) = 0;
};

struct OutputSocket {
    std::string_view name;
    SoundSink* plugged = nullptr;
};

struct InputSocket {
    std::string_view name;
    unsigned channels = 2;
    SoundSource* plugged = nullptr;

    // Silence where nothing is plugged in. A socket of one channel has the left one, for both.
    void read(const SampleTime& when, std::span<Frame> frames) const;
};

// The MIDI port of a card, as seen from its plug.
class MidiPort {
public:
    virtual ~MidiPort() = default;
    virtual void plug(MidiSink* sink) = 0;
    // A byte has arrived.
    virtual void receive(std::uint8_t byte) = 0;
};

// A recording that starts when it is first asked for, and is over once.
class Recording final : public SoundSource {
public:
    Recording(std::uint32_t rate, std::vector<Frame> frames) : rate_(rate), frames_(std::move(frames)) {}
    void give(const SampleTime& when, std::span<Frame> frames) override;

private:
    std::uint32_t rate_;
    std::vector<Frame> frames_;
    bool is_started_ = false;
    Nanoseconds start_ = 0;
};

} // namespace openportcls::hardware
