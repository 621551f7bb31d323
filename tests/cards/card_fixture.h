// A machine with a sound card and its driver, and who listens to its line output.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <random>

#include <gmock/gmock.h>

#include <openportcls/openportcls.hpp>

namespace openportcls::cards {

using std::chrono::milliseconds;
using Bytes = std::vector<std::byte>;

inline constexpr std::int32_t status_insufficient_resources = static_cast<std::int32_t>(0xC000009A);

// No sample of it is silence, so that silence is told from sound.
inline Bytes noise(const WaveFormat& format, std::size_t frames, unsigned seed = 1) {
    std::mt19937 random(seed);
    Bytes bytes(frames * format.bytes_per_frame());
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        bytes[at] = static_cast<std::byte>(random() % 127 + 1); // of 8 bits: never 80h; of 16 bits: never 0
    }
    return bytes;
}

inline void append_sample(Bytes& bytes, float level, const WaveFormat& format) {
    if (format.bits == 8) {
        bytes.push_back(static_cast<std::byte>(std::lrint(level * 128) + 128));
        return;
    }
    const auto value = static_cast<std::int16_t>(std::lrint(level * 32768));
    bytes.push_back(static_cast<std::byte>(value & 0xFF));
    bytes.push_back(static_cast<std::byte>(value >> 8 & 0xFF));
}

inline Bytes to_bytes(const std::vector<SoundFrame>& frames, const WaveFormat& format) {
    Bytes bytes;
    for (const SoundFrame& frame : frames) {
        append_sample(bytes, frame.left, format);
        if (format.channels == 2) {
            append_sample(bytes, frame.right, format);
        }
    }
    return bytes;
}

inline std::optional<std::size_t> first_difference(const Bytes& one, const Bytes& other) {
    const auto [at, there] = std::mismatch(one.begin(), one.end(), other.begin(), other.end());
    return at == one.end() && there == other.end() ? std::nullopt : std::optional<std::size_t>(at - one.begin());
}

// A tone that any width shows well.
inline std::vector<SoundFrame> tone(std::uint32_t rate, std::size_t frames, float amplitude = 0.5F) {
    std::vector<SoundFrame> sound(frames);
    for (std::size_t index = 0; index < frames; ++index) {
        const double phase = 2 * 3.14159265358979 * 440 * static_cast<double>(index) / rate;
        sound[index].left = amplitude * static_cast<float>(std::sin(phase));
        sound[index].right = amplitude / 2 * static_cast<float>(std::cos(phase));
    }
    return sound;
}

class CardTest : public testing::Test {
protected:
    void start_card(const std::vector<std::string>& hardware, const char* module, const char* inf,
                    const std::vector<std::string>& parameters = {}) {
        options.hardware = hardware;
        auto created = Machine::create(options);
        ASSERT_TRUE(created) << created.error().message;
        machine.emplace(std::move(*created));
        DriverOptions driver_options;
        driver_options.inf = inf;
        driver_options.parameters = parameters;
        auto loaded = machine->load_driver(module, driver_options);
        ASSERT_TRUE(loaded) << loaded.error().message;
        driver.emplace(std::move(*loaded));
        wave.emplace(machine->open_first("Wave").value());
        mixer.emplace(machine->open_first("Topology").value());
        ASSERT_TRUE(machine->listen("line out", [this](double rate, std::span<const SoundFrame> frames) {
            heard_rate = rate;
            heard.insert(heard.end(), frames.begin(), frames.end());
        }));
    }
    void TearDown() override {
        wave.reset();
        mixer.reset();
        if (driver) {
            EXPECT_FALSE(machine->crash_report()) << *machine->crash_report();
            auto leaks = driver->unload();
            ASSERT_TRUE(leaks) << leaks.error().message;
            for (const LeakLine& leak : *leaks) {
                ADD_FAILURE() << leak.kind << " " << leak.what << ": " << leak.bytes << " bytes left";
            }
        }
    }

    static WaveFormat format(std::uint32_t rate, std::uint16_t channels, std::uint16_t bits) {
        WaveFormat result;
        result.rate = rate;
        result.channels = channels;
        result.bits = bits;
        return result;
    }

    // Plays all of it; the stream is closed when it has been heard.
    void play(const WaveFormat& played, const Bytes& sound) {
        auto stream = RenderStream::open(*wave, played);
        ASSERT_TRUE(stream) << stream.error().message;
        auto written = stream->write(sound);
        ASSERT_TRUE(written) << written.error().message;
        auto drained = stream->drain();
        ASSERT_TRUE(drained) << drained.error().message;
        EXPECT_EQ(stream->glitches(), 0U);
    }

    // Where in what was heard the sound begins; npos when it is not there as a whole.
    std::size_t find(const WaveFormat& played, const Bytes& sound) const {
        const Bytes bytes = to_bytes(heard, played);
        const auto at = std::search(bytes.begin(), bytes.end(), sound.begin(), sound.end());
        return at == bytes.end() ? std::string::npos : static_cast<std::size_t>(at - bytes.begin());
    }

    // Of noise(): the others are silence.
    std::size_t frames_of_sound() const {
        return static_cast<std::size_t>(
            std::count_if(heard.begin(), heard.end(), [](const SoundFrame& frame) { return frame.left != 0; }));
    }

    // Before, while and after a stream plays; it is plugged in afterwards.
    void listen_to_the_line() {
        const WaveFormat played = format(48000, 2, 16);
        const auto line = tone(48000, 24000);
        ASSERT_TRUE(machine->run_for(milliseconds(50)));
        EXPECT_TRUE(heard.empty()) << "nothing is plugged in";
        ASSERT_TRUE(machine->feed("line in", 48000, line));
        ASSERT_TRUE(machine->run_for(milliseconds(600)));
        EXPECT_EQ(heard_rate, 48000);
        EXPECT_NE(find(played, to_bytes(line, played)), std::string::npos);
        heard.clear();
        ASSERT_TRUE(machine->feed("line in", 48000, std::vector<SoundFrame>(48000, SoundFrame{0.25F, 0.25F})));
        play(format(44100, 2, 16), to_bytes(std::vector<SoundFrame>(4410, SoundFrame{0.5F, 0.125F}), played));
        EXPECT_EQ(std::count_if(heard.begin(), heard.end(),
                                [](const SoundFrame& frame) { return frame.left == 0.75F && frame.right == 0.375F; }),
                  4410)
            << "with the stream";
        heard.clear();
        ASSERT_TRUE(machine->run_for(milliseconds(100)));
        EXPECT_EQ(heard_rate, 48000);
        EXPECT_EQ(heard.size(), 4800U) << "and after it";
    }

    std::uint32_t node(std::string_view name) const {
        const auto nodes = mixer->nodes().value();
        for (const NodeInfo& each : nodes) {
            if (each.name == name) {
                return each.id;
            }
        }
        ADD_FAILURE() << "no node " << name;
        return UINT32_MAX;
    }

    // Loudest sample of each side of what is heard while `sound` plays.
    SoundFrame peak_of(const Bytes& sound, const WaveFormat& played) {
        heard.clear();
        play(played, sound);
        SoundFrame peak;
        for (const SoundFrame& frame : heard) {
            peak.left = std::max(peak.left, std::abs(frame.left));
            peak.right = std::max(peak.right, std::abs(frame.right));
        }
        return peak;
    }
    static double decibels(float level) { return 20 * std::log10(level); }

    MachineOptions options; // a test may change them before it starts the card
    std::optional<Machine> machine;
    std::optional<Driver> driver;
    std::optional<Filter> wave;
    std::optional<Filter> mixer;
    std::vector<SoundFrame> heard;
    double heard_rate = 0;
};

} // namespace openportcls::cards
