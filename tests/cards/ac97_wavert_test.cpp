// The WaveRT form of the AC'97 driver: a cyclic buffer that the bus master goes round.
#include "ac97_fixture.h"

#include "client/state.h"

namespace openportcls::cards {
namespace {

class Ac97WaveRtRates : public Ac97, public testing::WithParamInterface<std::uint32_t> {};

TEST_P(Ac97WaveRtRates, PlaysBitForBit) {
    start_wavert();
    ASSERT_TRUE(is_wavert());
    const WaveFormat played = format(GetParam(), 2, 16);
    const Bytes sound = noise(played, played.rate * 2 + 7); // hundreds of laps of the buffer, tens of the list
    play(played, sound);
    EXPECT_EQ(heard_rate, GetParam());
    EXPECT_EQ(find(played, sound), 0U) << "of " << heard.size() << " frames";
}

TEST_P(Ac97WaveRtRates, RecordsBitForBitFromTheLineInput) {
    start_wavert();
    const WaveFormat recorded = format(GetParam(), 2, 16);
    const auto sound = tone(recorded.rate, recorded.rate, 0.9F);
    ASSERT_TRUE(machine->feed("line in", recorded.rate, sound));
    auto stream = CaptureStream::open(*wave, recorded);
    ASSERT_TRUE(stream) << stream.error().message;
    EXPECT_TRUE(stream->uses_events());
    Bytes bytes(sound.size() * recorded.bytes_per_frame());
    auto read = stream->read(bytes);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(first_difference(bytes, to_bytes(sound, recorded)), std::nullopt);
    EXPECT_EQ(stream->glitches(), 0U);
}

// R-WRT-12: a callback for each packet, at the moment at which the bus master is through with it.
TEST_P(Ac97WaveRtRates, R_WRT_12_AnEventForEachPacket) {
    start_wavert();
    const WaveFormat played = format(GetParam(), 2, 16);
    auto stream = RenderStream::open(*wave, played);
    ASSERT_TRUE(stream) << stream.error().message;
    ASSERT_TRUE(stream->uses_events());
    EXPECT_EQ(stream->period_frames(), played.rate / 100);
    const Bytes sound = noise(played, played.rate);
    std::size_t given = 0;
    int late = 0;
    ASSERT_TRUE(stream->on_period([&](std::span<std::byte> period) {
        const std::size_t done = given / 4;
        const std::size_t ahead = done > heard.size() ? done - heard.size() : 0;
        late += given >= 2 * period.size() && ahead != stream->period_frames() ? 1 : 0;
        const std::size_t bytes = std::min(period.size(), sound.size() - given);
        std::copy_n(sound.begin() + static_cast<std::ptrdiff_t>(given), bytes, period.begin());
        given += bytes;
        return given < sound.size();
    }));
    ASSERT_TRUE(machine->run_for(std::chrono::seconds(1)));
    EXPECT_EQ(late, 0);
    EXPECT_EQ(given, sound.size());
    EXPECT_EQ(stream->glitches(), 0U);
    EXPECT_EQ(find(played, Bytes(sound.begin(), sound.end() - 2 * played.rate / 100 * 4)), 0U);
}

INSTANTIATE_TEST_SUITE_P(Each, Ac97WaveRtRates, testing::Values(8000U, 22050U, 44100U, 48000U));

// R-WRT-17: the place in the buffer is that of the sample that is heard.
TEST_F(Ac97, R_WRT_17_TheWaveRtPositionIsWhatIsHeard) {
    start_wavert();
    const WaveFormat played = format(44100, 2, 16);
    auto stream = RenderStream::open(*wave, played);
    ASSERT_TRUE(stream);
    const Bytes sound = noise(played, 44100);
    std::size_t given = 0;
    ASSERT_TRUE(stream->on_period([&](std::span<std::byte> period) {
        std::copy_n(sound.begin() + static_cast<std::ptrdiff_t>(given), period.size(), period.begin());
        given += period.size();
        return given + period.size() <= sound.size();
    }));
    for (int times = 0; times < 500; ++times) {
        ASSERT_TRUE(machine->run_for(std::chrono::microseconds(1'667)));
        const auto position = stream->position().value();
        const std::uint64_t expected = heard.size() % stream->buffer_frames();
        const std::uint64_t frame = position.play_offset / 4;
        const std::uint64_t distance = (frame + stream->buffer_frames() - expected) % stream->buffer_frames();
        EXPECT_TRUE(distance <= 1 || distance == stream->buffer_frames() - 1U)
            << "at " << frame << " instead of " << expected;
    }
}

// Long pieces, of which several make a packet; one notification more or less does not change what is heard.
TEST_F(Ac97, LongBuffersOfTheWaveRtFormAreSeveralPieces) {
    start_wavert();
    const WaveFormat played = format(48000, 2, 16);
    for (const int period : {1, 500, 1500, 4000}) {
        heard.clear();
        StreamOptions stream_options;
        stream_options.period = milliseconds(period);
        auto stream = RenderStream::open(*wave, played, stream_options);
        ASSERT_TRUE(stream) << period << " ms: " << stream.error().message;
        EXPECT_TRUE(stream->uses_events());
        const Bytes sound = noise(played, 48 * static_cast<std::size_t>(period) * 7 + 5, static_cast<unsigned>(period));
        auto written = stream->write(sound);
        ASSERT_TRUE(written) << written.error().message;
        ASSERT_TRUE(stream->drain());
        EXPECT_EQ(stream->glitches(), 0U) << period;
        EXPECT_EQ(find(played, sound), 0U) << period << " ms";
    }
    StreamOptions too_long;
    too_long.period = std::chrono::seconds(6);
    EXPECT_FALSE(RenderStream::open(*wave, played, too_long)) << "more than the list can describe";
}

TEST_F(Ac97, AWaveRtPauseKeepsThePlaceWhereverItIs) {
    start_wavert();
    const WaveFormat played = format(48000, 2, 16);
    auto stream = RenderStream::open(*wave, played);
    ASSERT_TRUE(stream);
    const Bytes sound = noise(played, 48000);
    std::size_t given = 0;
    std::mt19937 random(3);
    while (given < sound.size()) {
        const std::size_t bytes = std::min<std::size_t>(sound.size() - given, (random() % 4000 + 1) * 4);
        ASSERT_TRUE(stream->write(std::span(sound).subspan(given, bytes)));
        given += bytes;
        ASSERT_TRUE(stream->pause());
        const auto before = stream->position().value().play_offset;
        const std::size_t frames_before = heard.size();
        ASSERT_TRUE(machine->run_for(milliseconds(random() % 30)));
        ASSERT_EQ(stream->position().value().play_offset, before);
        ASSERT_EQ(before / 4, heard.size() % stream->buffer_frames());
        ASSERT_EQ(heard.size(), frames_before);
        ASSERT_TRUE(stream->start());
    }
    ASSERT_TRUE(stream->drain());
    EXPECT_EQ(find(played, sound), 0U);
}

TEST_F(Ac97, AWaveRtStopBeginsAnew) {
    start_wavert();
    const WaveFormat played = format(22050, 2, 16);
    auto stream = RenderStream::open(*wave, played);
    ASSERT_TRUE(stream);
    for (unsigned times = 0; times < 3; ++times) {
        heard.clear();
        const Bytes sound = noise(played, 5000 + times, times);
        ASSERT_TRUE(stream->write(sound));
        ASSERT_TRUE(stream->drain());
        ASSERT_TRUE(stream->stop());
        EXPECT_EQ(stream->position().value().play_offset, 0U);
        EXPECT_EQ(find(played, sound), 0U);
    }
}

TEST_F(Ac97, PlaysAndRecordsAtOnceThroughWaveRt) {
    start_wavert();
    const WaveFormat played = format(48000, 2, 16);
    const WaveFormat recorded = format(11025, 2, 16);
    const auto fed = tone(11025, 11025);
    ASSERT_TRUE(machine->feed("line in", 11025, fed));
    ASSERT_TRUE(mixer->set_mute(node("Line mute"), 0, true)); // recorded, not heard
    auto capture = CaptureStream::open(*wave, recorded);
    ASSERT_TRUE(capture) << capture.error().message;
    Bytes taken;
    ASSERT_TRUE(capture->on_period([&](std::span<const std::byte> period) {
        taken.insert(taken.end(), period.begin(), period.end());
        return true;
    }));
    const Bytes sound = noise(played, 48000);
    play(played, sound);
    ASSERT_TRUE(capture->stop());
    EXPECT_EQ(find(played, sound), 0U);
    const Bytes expected = to_bytes(fed, recorded);
    ASSERT_GT(taken.size(), 40000U);
    const std::size_t compared = std::min(taken.size(), expected.size());
    EXPECT_TRUE(std::equal(taken.begin(), taken.begin() + static_cast<std::ptrdiff_t>(compared), expected.begin()));
}

TEST_F(Ac97, TheWaveRtFormRefusesWhatTheOtherRefuses) {
    start_wavert({"ac97:vra=0"});
    const WaveFormat any = format(48000, 2, 16);
    for (const WaveFormat& refused : {format(44100, 2, 16), format(96000, 2, 16), format(48000, 1, 16)}) {
        EXPECT_FALSE(RenderStream::open(*wave, refused)) << to_string(refused);
    }
    StreamOptions packets;
    packets.packets = PacketMode::required;
    auto without = RenderStream::open(*wave, any, packets);
    EXPECT_FALSE(without && without->write(noise(any, 48000))) << "it has no packets";
    without = Error{};
    for (int times = 0; times < 2; ++times) {
        auto render = RenderStream::open(*wave, any);
        ASSERT_TRUE(render) << render.error().message;
        EXPECT_FALSE(RenderStream::open(*wave, any));
        EXPECT_TRUE(CaptureStream::open(*wave, any));
    }
}

TEST_F(Ac97, AWaveRtDeviceThatGoesAwayWhileItPlaysLeavesNothing) {
    start_wavert();
    auto stream = RenderStream::open(*wave, format(48000, 2, 16));
    ASSERT_TRUE(stream);
    ASSERT_TRUE(stream->write(noise(stream->format(), 9600)));
    ASSERT_TRUE(driver->devices().front().surprise_remove());
    ASSERT_TRUE(machine->run_for(milliseconds(100)));
    EXPECT_FALSE(stream->write(noise(stream->format(), 9600)));
}

// What was to be heard next is heard next. The buffer's content is its own clock: nobody fills it meanwhile.
TEST_F(Ac97, TheWaveRtFormGoesOnAfterSleep) {
    start_wavert();
    const WaveFormat played = format(44100, 2, 16);
    auto stream = RenderStream::open(*wave, played);
    ASSERT_TRUE(stream);
    const Bytes sound = noise(played, stream->buffer_frames());
    ASSERT_EQ(stream->buffer().size(), sound.size());
    std::copy(sound.begin(), sound.end(), stream->buffer().begin());
    ASSERT_TRUE(stream->start());
    ASSERT_TRUE(machine->run_for(milliseconds(33)));
    auto device = driver->devices().front();
    ASSERT_TRUE(device.set_power(3));
    const std::size_t before = heard.size();
    EXPECT_NEAR(static_cast<double>(before), 0.033 * 44100, 1);
    ASSERT_TRUE(machine->run_for(milliseconds(200)));
    EXPECT_EQ(heard.size(), before);
    ASSERT_TRUE(device.set_power(0));
    ASSERT_TRUE(machine->run_for(milliseconds(100)));
    EXPECT_GT(heard.size(), before + 4000);
    const Bytes bytes = to_bytes(heard, played);
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        ASSERT_EQ(bytes[at], sound[at % sound.size()]) << "byte " << at;
    }
}

// R-STATE-06: a client that writes needs not know that the device slept, for as long or as short as it may be and
// wherever in the buffer that was.
TEST_F(Ac97, AWaveRtWriteAndDrainGoOnAfterSleep) {
    start_wavert();
    const WaveFormat played = format(44100, 2, 16);
    const Bytes sound = noise(played, 2 * 44100);
    auto device = driver->devices().front();
    for (const bool whole_system : {false, true}) {
        heard.clear();
        auto stream = RenderStream::open(*wave, played);
        ASSERT_TRUE(stream);
        std::size_t given = 0;
        std::mt19937 random(5);
        while (given < sound.size()) {
            const std::size_t bytes = std::min<std::size_t>(sound.size() - given, (random() % 9000 + 1) * 4);
            ASSERT_TRUE(stream->write(std::span(sound).subspan(given, bytes)));
            given += bytes;
            ASSERT_TRUE(whole_system ? machine->sleep(3) : device.set_power(random() % 2 == 0 ? 3 : 1));
            const std::size_t before = heard.size();
            ASSERT_TRUE(machine->run_for(milliseconds(random() % 5000)));
            EXPECT_EQ(heard.size(), before);
            ASSERT_TRUE(whole_system ? machine->wake() : device.set_power(0));
        }
        auto drained = stream->drain();
        ASSERT_TRUE(drained) << drained.error().message;
        EXPECT_EQ(stream->glitches(), 0U);
        EXPECT_EQ(find(played, sound), 0U);
        EXPECT_TRUE(stream->stop());
    }
}

// The world goes on meanwhile: what the card could not hear is missing from the recording, and nothing else is. Each
// frame says its number.
TEST_F(Ac97, AWaveRtRecordingGoesOnAfterSleep) {
    start_wavert();
    constexpr std::size_t base = 30'000;
    const WaveFormat recorded = format(44100, 2, 16);
    auto stream = CaptureStream::open(*wave, recorded);
    ASSERT_TRUE(stream);
    std::vector<SoundFrame> numbers(30 * std::size_t{recorded.rate});
    for (std::size_t index = 0; index < numbers.size(); ++index) {
        numbers[index] = {static_cast<float>(index % base) / 32768, static_cast<float>(index / base) / 32768};
    }
    ASSERT_TRUE(machine->feed("line in", recorded.rate, numbers));
    auto device = driver->devices().front();
    std::mt19937 random(7);
    std::vector<std::array<double, 2>> sleeps; // from which frame to which
    std::vector<std::uint16_t> samples(2 * std::size_t{recorded.rate / 4});
    const auto bytes = std::as_writable_bytes(std::span(samples));
    ASSERT_TRUE(stream->start());
    const auto begin = machine->now();
    const auto frame_now = [&] { return static_cast<double>((machine->now() - begin).count()) * recorded.rate / 1e9; };
    for (std::size_t taken = 0; taken < bytes.size();) {
        const std::size_t part = std::min<std::size_t>(bytes.size() - taken, (random() % 3000 + 1) * 4);
        ASSERT_TRUE(stream->read(bytes.subspan(taken, part)));
        taken += part;
        ASSERT_TRUE(machine->run_for(milliseconds(3))); // no two sleeps at the same frame
        sleeps.push_back({frame_now(), 0});
        ASSERT_TRUE(device.set_power(3));
        ASSERT_TRUE(machine->run_for(milliseconds(random() % 3000 + 10)));
        ASSERT_TRUE(device.set_power(0));
        sleeps.back()[1] = frame_now();
    }
    EXPECT_EQ(stream->glitches(), 0U);
    std::size_t seams = 0;
    for (std::size_t at = 0, before = 0; at < samples.size(); at += 2) {
        const std::size_t number = samples[at] + samples[at + 1] * base;
        if (at != 0 && number != before + 1) {
            ASSERT_LT(seams, sleeps.size());
            EXPECT_NEAR(static_cast<double>(before), sleeps[seams][0], 2);
            EXPECT_NEAR(static_cast<double>(number), sleeps[seams][1], 2);
            ++seams;
        }
        before = number;
    }
    EXPECT_GE(seams, sleeps.size() - 2) << "the last ones were after what was read";
}

std::uint32_t mixer_base(client::MachineState& state) {
    const auto& held = state.pnp->devices().front()->held_resources();
    return static_cast<std::uint32_t>(held.front().start);
}

// R-PNP-01. A rebalance while it plays: the base address registers move, the streams go, the next ones play as before.
TEST_F(Ac97, R_PNP_01_ARebalanceMovesTheCard) {
    start_wavert();
    auto& pnp = *machine->state()->pnp;
    pnp::DeviceNode& node = *pnp.devices().front();
    const WaveFormat played = format(48000, 2, 16);
    const Bytes sound = noise(played, 4800);
    std::vector<pnp::Resource> moved = node.held_resources();
    ASSERT_GE(moved.size(), 3U) << "two ranges of ports and an interrupt";
    const std::uint32_t before = mixer_base(*machine->state());
    const std::uint32_t master = this->node("Master volume");
    moved[0].start = 0xE000;
    moved[1].start = 0xE400;
    {
        auto running = RenderStream::open(*wave, played);
        ASSERT_TRUE(running) << running.error().message;
        ASSERT_TRUE(running->write(sound));
        const auto done = pnp.rebalance(node, moved);
        ASSERT_TRUE(done) << done.error().message;
        EXPECT_EQ(node.state(), pnp::DeviceState::started);
        EXPECT_FALSE(running->write(sound)) << "R-PNP-07: it is not started again";
        EXPECT_FALSE(mixer->set_volume(master, 0, -6)) << "nor is the old filter";
    }
    EXPECT_NE(mixer_base(*machine->state()), before);
    std::uint32_t answered = 0;
    ASSERT_TRUE(machine->state()->machine->enter([&] {
        answered = READ_PORT_USHORT(reinterpret_cast<PUSHORT>(std::uintptr_t{0xE018})); // PCM out volume
        EXPECT_EQ(READ_PORT_USHORT(reinterpret_cast<PUSHORT>(std::uintptr_t{before} + 0x18)), 0xFFFF) << "nobody";
    }));
    EXPECT_EQ(answered, 0x0808U);
    wave.emplace(machine->open_first("Wave").value());
    mixer.emplace(machine->open_first("Topology").value());
    heard.clear();
    play(played, sound);
    EXPECT_NE(find(played, sound), std::string::npos);
}

// The same after an orderly stop; a WavePci port does not take part, so that the device goes on.
TEST_F(Ac97, R_PNP_01_OnlyTheWaveRtFormCanBeStopped) {
    const WaveFormat played = format(44100, 2, 16);
    const Bytes sound = noise(played, 4410);
    start_wavert();
    Device device = driver->devices().front();
    ASSERT_TRUE(device.stop());
    EXPECT_TRUE(machine->filters().empty());
    ASSERT_TRUE(device.start());
    wave.emplace(machine->open_first("Wave").value());
    mixer.emplace(machine->open_first("Topology").value());
    play(played, sound);
    EXPECT_NE(find(played, sound), std::string::npos);
    TearDown();
    heard.clear();
    start();
    EXPECT_FALSE(driver->devices().front().stop());
    play(played, sound);
    EXPECT_NE(find(played, sound), std::string::npos);
}

// WaveRT came with Windows Vista.
TEST_F(Ac97, WithoutTheWaveRtPortTheDriverIsAWavePciOne) {
    options.windows = "xp";
    start_wavert();
    EXPECT_FALSE(is_wavert());
    const WaveFormat played = format(48000, 2, 16);
    const Bytes sound = noise(played, 9600);
    play(played, sound);
    EXPECT_EQ(find(played, sound), 0U);
}

TEST_F(Ac97, WaveRtHasToBeAskedFor) {
    start();
    EXPECT_FALSE(is_wavert());
    EXPECT_TRUE(driver->warnings().empty()) << driver->warnings().front();
}

} // namespace
} // namespace openportcls::cards
