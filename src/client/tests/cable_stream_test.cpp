// The whole stack through the public library: the cable driver, built from source, plays and records.
#include <openportcls/openportcls.hpp>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <random>

#include <gtest/gtest.h>
#include <ntstatus.h>

namespace openportcls {
namespace {

using std::chrono::milliseconds;

class CableTest : public testing::Test {
protected:
    void start(const MachineOptions& options = {}) {
        auto made = Machine::create(options);
        ASSERT_TRUE(made) << made.error().message;
        machine = std::make_unique<Machine>(std::move(*made));
        auto loaded = machine->load_driver("cable");
        ASSERT_TRUE(loaded) << loaded.error().message;
        driver = std::make_unique<Driver>(std::move(*loaded));
    }
    Filter open(const char* name) {
        auto filter = machine->open_first(name);
        EXPECT_TRUE(filter) << filter.error().message;
        return std::move(*filter);
    }
    // Plays `sound` and returns what the capture pin hears meanwhile and `tail` longer.
    std::vector<std::byte> loop(const WaveFormat& format, const std::vector<std::byte>& sound,
                                const StreamOptions& options = {}, milliseconds tail = milliseconds(500)) {
        Filter wave = open("Wave");
        auto capture = CaptureStream::open(wave, format, options);
        EXPECT_TRUE(capture) << capture.error().message;
        auto render = RenderStream::open(wave, format, options);
        EXPECT_TRUE(render) << render.error().message;
        std::vector<std::byte> heard;
        EXPECT_TRUE(capture->on_period([&](std::span<const std::byte> period) {
            heard.insert(heard.end(), period.begin(), period.end());
            return true;
        }));
        auto written = render->write(sound);
        EXPECT_TRUE(written) << written.error().message;
        EXPECT_TRUE(render->drain());
        EXPECT_TRUE(machine->run_for(tail));
        EXPECT_EQ(render->glitches(), 0U);
        EXPECT_EQ(capture->glitches(), 0U);
        return heard;
    }

    std::unique_ptr<Machine> machine;
    std::unique_ptr<Driver> driver;
};

std::vector<std::byte> noise(const WaveFormat& format, unsigned milliseconds_long) {
    std::mt19937 random(7);
    std::vector<std::byte> bytes(static_cast<std::size_t>(format.rate) * milliseconds_long / 1000 *
                                 format.bytes_per_frame());
    if (format.is_float) {
        std::uniform_real_distribution<float> sample(-1.0F, 1.0F);
        for (std::size_t i = 0; i + 4 <= bytes.size(); i += 4) {
            const float value = sample(random);
            std::memcpy(&bytes[i], &value, 4);
        }
        return bytes;
    }
    for (std::byte& each : bytes) {
        each = static_cast<std::byte>(random() & 0xFF);
    }
    return bytes;
}

bool contains(const std::vector<std::byte>& heard, const std::vector<std::byte>& sound) {
    return std::search(heard.begin(), heard.end(), sound.begin(), sound.end()) != heard.end();
}

// drain() stops the stream, which can be written to again.
TEST_F(CableTest, a_drained_stream_plays_the_next_sound) {
    start();
    Filter wave = open("Wave");
    const WaveFormat format;
    auto capture = CaptureStream::open(wave, format);
    ASSERT_TRUE(capture) << capture.error().message;
    std::vector<std::byte> heard;
    ASSERT_TRUE(capture->on_period([&](std::span<const std::byte> period) {
        heard.insert(heard.end(), period.begin(), period.end());
        return true;
    }));
    auto render = RenderStream::open(wave, format);
    ASSERT_TRUE(render) << render.error().message;
    const auto sound = noise(format, 200);
    for (int round = 0; round < 3; ++round) {
        heard.clear();
        const auto begin = machine->now();
        ASSERT_TRUE(render->write(sound));
        ASSERT_TRUE(render->drain());
        EXPECT_EQ(render->frames(), sound.size() / format.bytes_per_frame()) << "what was drained";
        EXPECT_LT(machine->now() - begin, milliseconds(250)) << "round " << round;
        ASSERT_TRUE(machine->run_for(milliseconds(50)));
        EXPECT_TRUE(contains(heard, sound)) << "round " << round;
    }
    ASSERT_TRUE(render->stop());
    EXPECT_EQ(render->frames(), 0U);
}

TEST_F(CableTest, offers_its_filters_with_names_and_categories) {
    start();
    const auto filters = machine->filters();
    ASSERT_EQ(filters.size(), 2U);
    const auto wave =
        std::find_if(filters.begin(), filters.end(), [](const FilterInfo& each) { return each.name == "Wave"; });
    ASSERT_NE(wave, filters.end());
    EXPECT_TRUE(wave->has_category("render"));
    EXPECT_TRUE(wave->has_category("capture"));
    EXPECT_TRUE(wave->has_category("realtime"));
    EXPECT_EQ(wave->friendly_name, "Cable Wave");
    EXPECT_EQ(wave->device, "ROOT\\OPENPORTCLSCABLE\\0000");
}

TEST_F(CableTest, describes_pins_nodes_and_connections) {
    start();
    Filter wave = open("Wave");
    auto pins = wave.pins();
    ASSERT_TRUE(pins) << pins.error().message;
    ASSERT_EQ(pins->size(), 4U);
    EXPECT_EQ((*pins)[0].flow, PinFlow::in);
    ASSERT_EQ((*pins)[0].ranges.size(), 2U);
    EXPECT_EQ((*pins)[0].ranges[0].maximum_rate, 192000U);
    EXPECT_EQ((*pins)[0].ranges[0].maximum_channels, 8U);
    EXPECT_EQ((*pins)[1].connected_to, "Topology:0");
    Filter topology = open("Topology");
    auto nodes = topology.nodes();
    ASSERT_TRUE(nodes) << nodes.error().message;
    EXPECT_EQ(nodes->size(), 6U);
    EXPECT_EQ(guid_name((*nodes)[0].type), "KSNODETYPE_VOLUME");
    auto connections = topology.connections();
    ASSERT_TRUE(connections);
    EXPECT_EQ(connections->size(), 8U);
}

TEST_F(CableTest, carries_sound_bit_for_bit) {
    start();
    const WaveFormat format;
    const auto sound = noise(format, 1000);
    EXPECT_TRUE(contains(loop(format, sound), sound));
}

struct FormatCase {
    WaveFormat format;
};

class CableFormats : public CableTest, public testing::WithParamInterface<WaveFormat> {};

TEST_P(CableFormats, are_carried_bit_for_bit) {
    start();
    const auto sound = noise(GetParam(), 100);
    EXPECT_TRUE(contains(loop(GetParam(), sound), sound)) << to_string(GetParam());
}

WaveFormat make(std::uint32_t rate, std::uint16_t channels, std::uint16_t bits, bool is_float = false) {
    WaveFormat format;
    format.rate = rate;
    format.channels = channels;
    format.bits = bits;
    format.is_float = is_float;
    return format;
}

INSTANTIATE_TEST_SUITE_P(all, CableFormats,
                         testing::Values(make(8000, 1, 16), make(11025, 2, 16), make(22050, 1, 24), make(44100, 2, 16),
                                         make(44100, 2, 24), make(48000, 6, 32), make(96000, 8, 24),
                                         make(192000, 2, 32), make(192000, 8, 32), make(48000, 2, 32, true),
                                         make(96000, 3, 32, true)));

// Every rate that Windows offers, every width, every channel count.
TEST_F(CableTest, every_format_is_carried_bit_for_bit) {
    start();
    for (const std::uint32_t rate : {8000, 11025, 16000, 22050, 32000, 44100, 48000, 88200, 96000, 176400, 192000}) {
        for (std::uint16_t channels = 1; channels <= 8; ++channels) {
            for (const WaveFormat& format : {make(rate, channels, 16), make(rate, channels, 24),
                                             make(rate, channels, 32), make(rate, channels, 32, true)}) {
                const auto sound = noise(format, 30);
                ASSERT_TRUE(contains(loop(format, sound, {}, milliseconds(25)), sound)) << to_string(format);
            }
        }
    }
    Filter wave = open("Wave");
    for (const WaveFormat& format : {make(7999, 2, 16), make(192001, 2, 16), make(48000, 9, 16), make(48000, 2, 8)}) {
        EXPECT_EQ(RenderStream::open(wave, format, {.pin = 0}).status(), STATUS_NO_MATCH) << to_string(format);
    }
}

TEST_F(CableTest, the_meter_shows_the_peak_since_the_last_look) {
    start();
    Filter topology = open("Topology");
    ASSERT_EQ(topology.peak(2, 0).value(), 0.0);
    const WaveFormat format;
    std::vector<std::byte> sound(48000 * 4 / 10);
    for (std::size_t frame = 0; frame < sound.size() / 4; ++frame) {
        const std::int16_t samples[2] = {static_cast<std::int16_t>(frame == 1000 ? -16384 : 100), 8192};
        std::memcpy(&sound[frame * 4], samples, sizeof samples);
    }
    loop(format, sound);
    EXPECT_NEAR(topology.peak(2, 0).value(), 0.5, 0.001);
    EXPECT_NEAR(topology.peak(2, 1).value(), 0.25, 0.001);
    EXPECT_NEAR(topology.peak(5, 1).value(), 0.0, 0.001) << "nobody had looked at the capture meter before";
    EXPECT_EQ(topology.peak(2, 0).value(), 0.0);
}

// Capture in packet mode goes by the packets' numbers: one that is not fetched in time is a glitch, and sound goes on.
TEST_F(CableTest, a_late_reader_in_packet_mode_loses_packets_and_knows) {
    start();
    StreamOptions options;
    options.packets = PacketMode::required;
    Filter wave = open("Wave");
    auto capture = CaptureStream::open(wave, WaveFormat{}, options);
    ASSERT_TRUE(capture) << capture.error().message;
    std::vector<std::byte> period(capture->period_frames() * 4U);
    ASSERT_TRUE(capture->read(period));
    EXPECT_EQ(capture->glitches(), 0U);
    ASSERT_TRUE(machine->run_for(milliseconds(55)));
    ASSERT_TRUE(capture->read(period));
    EXPECT_EQ(capture->glitches(), 1U);
    ASSERT_TRUE(capture->read(period));
    EXPECT_EQ(capture->glitches(), 1U);
}

TEST_F(CableTest, packet_mode_carries_the_same_bits) {
    start();
    StreamOptions options;
    options.packets = PacketMode::required;
    const WaveFormat format;
    const auto sound = noise(format, 300);
    EXPECT_TRUE(contains(loop(format, sound, options), sound));
}

TEST_F(CableTest, processing_modes_open) {
    start();
    for (const auto mode : {StreamOptions::Mode::raw, StreamOptions::Mode::default_mode}) {
        StreamOptions options;
        options.mode = mode;
        Filter wave = open("Wave");
        auto stream = RenderStream::open(wave, WaveFormat{}, options);
        EXPECT_TRUE(stream) << stream.error().message;
    }
}

TEST_F(CableTest, volume_and_mute_are_heard) {
    start();
    Filter topology = open("Topology");
    const WaveFormat format;
    std::vector<std::byte> loud(48000 * 4);
    for (std::size_t i = 0; i + 2 <= loud.size(); i += 2) {
        const std::int16_t sample = (i / 4) % 48 < 24 ? 16384 : -16384;
        std::memcpy(&loud[i], &sample, 2);
    }
    const auto loudest = [](const std::vector<std::byte>& heard) {
        int peak = 0;
        for (std::size_t i = 0; i + 2 <= heard.size(); i += 2) {
            std::int16_t sample;
            std::memcpy(&sample, &heard[i], 2);
            peak = std::max(peak, std::abs(static_cast<int>(sample)));
        }
        return peak;
    };
    for (std::uint32_t channel = 0; channel < 2; ++channel) {
        auto set = topology.set_volume(0, channel, -6.0206);
        ASSERT_TRUE(set) << set.error().message;
    }
    EXPECT_NEAR(*topology.volume(0, 0), -6.02, 0.02);
    EXPECT_NEAR(loudest(loop(format, loud)), 8192, 60);
    ASSERT_TRUE(topology.set_volume(0, 0, 12.0)); // beyond the range: clamped
    EXPECT_EQ(*topology.volume(0, 0), 0.0);
    for (std::uint32_t channel = 0; channel < 2; ++channel) {
        ASSERT_TRUE(topology.set_mute(1, channel, true));
    }
    EXPECT_EQ(loudest(loop(format, loud)), 0);
    auto ranges = topology.volume_ranges(0);
    ASSERT_TRUE(ranges) << ranges.error().message;
    ASSERT_EQ(ranges->size(), 8U);
    EXPECT_EQ((*ranges)[0].minimum, -96.0);
}

TEST_F(CableTest, control_changes_are_announced) {
    start();
    Filter topology = open("Topology");
    const Guid set = *parse_guid("{E85E9698-FA2F-11D1-95BD-00C04FB925D3}"); // KSEVENTSETID_AudioControlChange
    auto subscription = topology.subscribe(set, 0, 0);
    ASSERT_TRUE(subscription) << subscription.error().message;
    EXPECT_FALSE(subscription->take());
    ASSERT_TRUE(topology.set_volume(0, 0, -10));
    EXPECT_TRUE(subscription->take());
    EXPECT_FALSE(subscription->take());
    ASSERT_TRUE(topology.set_mute(1, 0, true)); // another node's event
    EXPECT_FALSE(subscription->take());
}

TEST_F(CableTest, zero_copy_buffer_and_position) {
    start();
    Filter wave = open("Wave");
    auto render = RenderStream::open(wave, WaveFormat{});
    ASSERT_TRUE(render);
    EXPECT_EQ(render->buffer_frames(), 960U);
    EXPECT_EQ(render->buffer().size(), 3840U);
    EXPECT_EQ(render->position()->play_offset, 0U);
    ASSERT_TRUE(render->start());
    ASSERT_TRUE(machine->run_for(milliseconds(5)));
    EXPECT_NEAR(static_cast<double>(render->position()->play_offset), 240 * 4, 8);
    ASSERT_TRUE(render->pause());
    const auto frozen = render->position()->play_offset;
    ASSERT_TRUE(machine->run_for(milliseconds(5)));
    EXPECT_EQ(render->position()->play_offset, frozen);
    ASSERT_TRUE(render->stop());
    EXPECT_EQ(render->position()->play_offset, 0U);
}

TEST_F(CableTest, refuses_what_it_cannot_do_with_the_documented_status) {
    start();
    Filter wave = open("Wave");
    WaveFormat format;
    format.rate = 200000;
    auto stream = RenderStream::open(wave, format);
    ASSERT_FALSE(stream);
    EXPECT_EQ(static_cast<std::uint32_t>(stream.error().status), 0xC0000272U); // STATUS_NO_MATCH
    EXPECT_NE(stream.error().message.find("200000 Hz"), std::string::npos);
    auto missing = machine->open("\\\\?\\nothing\\there");
    ASSERT_FALSE(missing);
    EXPECT_FALSE(machine->load_driver("no-such-driver"));
}

TEST_F(CableTest, surprise_removal_fails_what_is_open_and_loses_nothing_else) {
    start();
    Filter wave = open("Wave");
    auto render = RenderStream::open(wave, WaveFormat{});
    ASSERT_TRUE(render);
    ASSERT_TRUE(render->write(noise(WaveFormat{}, 50)));
    auto device = driver->devices().front();
    auto removed = device.surprise_remove();
    ASSERT_TRUE(removed) << removed.error().message;
    auto written = render->write(noise(WaveFormat{}, 50));
    EXPECT_FALSE(written);
    EXPECT_TRUE(machine->filters().empty());
    EXPECT_EQ(machine->crash_report(), std::nullopt);
}

TEST_F(CableTest, makes_no_folder_for_files_that_nobody_opens) {
    std::string folder = (std::filesystem::temp_directory_path() / "opc-no-sandbox-XXXXXX").string();
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    const char* before = std::getenv("TMPDIR");
    const std::string saved = before != nullptr ? before : "";
    setenv("TMPDIR", folder.c_str(), 1);
    start();
    open("Wave");
    before != nullptr ? setenv("TMPDIR", saved.c_str(), 1) : unsetenv("TMPDIR");
    EXPECT_TRUE(std::filesystem::is_empty(folder));
    std::filesystem::remove_all(folder);
}

TEST_F(CableTest, unloads_without_leaks) {
    start();
    {
        const WaveFormat format;
        const auto sound = noise(format, 100);
        loop(format, sound);
    }
    auto leaks = driver->unload();
    ASSERT_TRUE(leaks) << leaks.error().message;
    for (const LeakLine& leak : *leaks) {
        ADD_FAILURE() << leak.kind << " " << leak.what << " x" << leak.count;
    }
    EXPECT_TRUE(machine->filters().empty());
}

} // namespace
} // namespace openportcls
