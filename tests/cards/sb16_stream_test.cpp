// Playing and recording through the Sound Blaster 16.
#include "sb16_fixture.h"

namespace openportcls::cards {
namespace {

// ---- playing --------------------------------------------------------------------------------------------------------

constexpr std::uint32_t end_of_stream = 0x200; // KSSTREAM_HEADER_OPTIONSF_ENDOFSTREAM
constexpr Key connection_end_of_stream{{0x7f4bcbe0, 0x9ea5, 0x11cf, {0xa5, 0xd6, 0x28, 0xdb, 0x04, 0xc1, 0x00, 0x00}},
                                       4};

struct Position {
    std::uint64_t play;
    std::uint64_t write;
};

class Sb16Formats : public Sb16, public testing::WithParamInterface<std::tuple<int, int, int>> {};

TEST_P(Sb16Formats, R_WCYC_18_PlayBitForBitThroughASlaveChannel) {
    start();
    const auto [rate, channels, bits] = GetParam();
    const WaveFormat played = format(static_cast<std::uint32_t>(rate), static_cast<std::uint16_t>(channels),
                                     static_cast<std::uint16_t>(bits));
    const Bytes sound = noise(played, played.rate / 2 + 7);
    play(played, sound);
    EXPECT_EQ(heard_rate, rate);
    EXPECT_EQ(find(played, sound), 0U) << "of " << heard.size() << " frames";
    if (channels == 1) {
        EXPECT_EQ(heard[3].left, heard[3].right);
    }
}

TEST_P(Sb16Formats, RecordBitForBitFromTheLineInput) {
    start();
    const auto [rate, channels, bits] = GetParam();
    const WaveFormat recorded = format(static_cast<std::uint32_t>(rate), static_cast<std::uint16_t>(channels),
                                       static_cast<std::uint16_t>(bits));
    const auto sound = tone(recorded.rate, recorded.rate / 4, 0.9F);
    ASSERT_TRUE(machine->listen("line out", {})); // who would hear the line from now on
    ASSERT_TRUE(machine->feed("line in", recorded.rate, sound));
    auto stream = CaptureStream::open(*wave, recorded);
    ASSERT_TRUE(stream) << stream.error().message;
    Bytes bytes(sound.size() * recorded.bytes_per_frame());
    auto read = stream->read(bytes);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(first_difference(bytes, to_bytes(sound, recorded)), std::nullopt) << "byte, of " << bytes.size();
    EXPECT_EQ(stream->glitches(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Each, Sb16Formats,
                         testing::Combine(testing::Values(5000, 8000, 11025, 22050, 44100, 48000),
                                          testing::Values(1, 2), testing::Values(8, 16)));

TEST_F(Sb16, RefusesWhatTheCardCannotDo) {
    start();
    for (const WaveFormat& refused :
         {format(4000, 2, 16), format(96000, 2, 16), format(48000, 2, 24), format(48000, 4, 16)}) {
        EXPECT_FALSE(RenderStream::open(*wave, refused)) << to_string(refused);
    }
}

TEST_F(Sb16, ThePortPicksTheBestOfARange) {
    start();
    WaveRange range;
    range.minimum_rate = 8000;
    range.maximum_rate = 96000;
    range.maximum_channels = 6;
    range.minimum_bits = 8;
    range.maximum_bits = 24;
    range.is_pcm = true;
    const auto best = wave->intersect(0, range);
    ASSERT_TRUE(best) << best.error().message;
    EXPECT_EQ(best->rate, 48000U);
    EXPECT_EQ(best->channels, 2U);
    EXPECT_EQ(best->bits, 16U);
}

TEST_F(Sb16, ALongSoundHasNoSeams) {
    start();
    const WaveFormat played = format(44100, 2, 16);
    const Bytes sound = noise(played, 44100 * 30);
    play(played, sound);
    EXPECT_EQ(find(played, sound), 0U);
}

TEST_F(Sb16, SilenceFollowsWhenNothingIsWritten) {
    start();
    const WaveFormat played = format(8000, 1, 8);
    auto stream = RenderStream::open(*wave, played);
    ASSERT_TRUE(stream);
    const Bytes sound = noise(played, 800);
    ASSERT_TRUE(stream->write(sound));
    ASSERT_TRUE(stream->start());
    ASSERT_TRUE(machine->run_for(milliseconds(500)));
    EXPECT_EQ(find(played, sound), 0U);
    ASSERT_GT(heard.size(), 3900U) << "the card plays on";
    for (std::size_t index = 800; index < heard.size(); ++index) {
        ASSERT_EQ(heard[index].left, 0) << index;
    }
}

TEST_F(Sb16, APauseKeepsThePlaceAndASecondRunGoesOn) {
    start();
    const WaveFormat played = format(48000, 2, 16);
    auto stream = RenderStream::open(*wave, played);
    ASSERT_TRUE(stream);
    const Bytes sound = noise(played, 48000);
    ASSERT_TRUE(stream->write(std::span(sound).first(96000)));
    ASSERT_TRUE(stream->pause());
    const auto before = stream->position().value();
    const std::size_t frames_before = heard.size();
    ASSERT_TRUE(machine->run_for(milliseconds(300)));
    EXPECT_EQ(stream->position().value().play_offset, before.play_offset);
    EXPECT_EQ(heard.size(), frames_before);
    ASSERT_TRUE(stream->start());
    ASSERT_TRUE(stream->write(std::span(sound).subspan(96000)));
    ASSERT_TRUE(stream->drain());
    EXPECT_EQ(find(played, sound), 0U);
}

TEST_F(Sb16, R_WCYC_11_ThePositionIsWhatWasHeard) {
    start();
    const WaveFormat played = format(22050, 2, 16);
    auto stream = RenderStream::open(*wave, played);
    ASSERT_TRUE(stream);
    const Bytes sound = noise(played, 22050);
    ASSERT_TRUE(stream->write(sound));
    for (int times = 0; times < 20; ++times) {
        ASSERT_TRUE(machine->run_for(std::chrono::microseconds(3'333)));
        const auto position = stream->position().value();
        EXPECT_EQ(position.play_offset, std::min<std::uint64_t>(heard.size() * 4, sound.size()));
    }
}

// R-WCYC-12: nor is the silence before data that come late, which is heard but is not the client's.
TEST_F(Sb16, R_WCYC_12_ThePositionIsWhatWasHeardOfTheSoundAfterAnUnderrun) {
    start();
    const WaveFormat played = format(48000, 2, 16);
    Pin render = Pin::open(*wave, 0, played).value();
    ASSERT_TRUE(render.set_state(PinState::run));
    ASSERT_TRUE(machine->run_for(milliseconds(50)));
    Bytes sound = noise(played, 480);
    for (unsigned times = 1; times <= 4; ++times) {
        const StreamBlock block{sound};
        auto written = render.submit_write({&block, 1});
        ASSERT_TRUE(written) << written.error().message;
        for (int elapsed = 0; elapsed < 70; ++elapsed) {
            const auto position = render.get<Position>(property::audio_position).value();
            ASSERT_EQ(position.play, frames_of_sound() * 4) << elapsed << " ms after write " << times;
            ASSERT_EQ(position.write, sound.size() * times);
            ASSERT_TRUE(machine->run_for(milliseconds(1)));
        }
        EXPECT_EQ(frames_of_sound(), 480U * times);
    }
}

// R-EVENT-12: once the last sample is at the converter, and not one sample before.
TEST_F(Sb16, R_EVENT_12_TheStreamEndsWithItsLastSample) {
    start();
    const WaveFormat played = format(5000, 1, 8);
    Pin render = Pin::open(*wave, 0, played).value();
    auto ended = render.subscribe(connection_end_of_stream).value();
    ASSERT_TRUE(render.set_state(PinState::pause));
    std::vector<Bytes> sounds(3, noise(played, 25));
    std::vector<StreamRequest> writes;
    for (Bytes& sound : sounds) {
        StreamBlock block{sound};
        block.options = end_of_stream;
        writes.push_back(render.submit_write({&block, 1}).value());
    }
    ASSERT_TRUE(render.set_state(PinState::run));
    std::vector<std::size_t> ends;
    while (heard.size() < 100) {
        ASSERT_TRUE(machine->run_for(std::chrono::microseconds(20)));
        ASSERT_TRUE(render.get<Position>(property::audio_position));
        if (ended.take()) {
            ends.push_back(heard.size());
        }
    }
    EXPECT_THAT(ends, testing::ElementsAre(25, 50, 75));
}

// R-STATE-04: the position that a stream stands still at is the one that it has come to, not that of the last
// interrupt.
TEST_F(Sb16, R_STATE_04_APausedStreamStandsWhereItHasCome) {
    start();
    const WaveFormat played = format(48000, 2, 16);
    Pin render = Pin::open(*wave, 0, played).value();
    ASSERT_TRUE(render.set_state(PinState::pause));
    Bytes sound = noise(played, 4800);
    const StreamBlock block{sound};
    auto written = render.submit_write({&block, 1});
    ASSERT_TRUE(written) << written.error().message;
    for (const int microseconds : {3'000, 14'000, 17'500}) {
        ASSERT_TRUE(render.set_state(PinState::run));
        ASSERT_TRUE(machine->run_for(std::chrono::microseconds(microseconds)));
        ASSERT_TRUE(render.set_state(PinState::pause));
        EXPECT_EQ(render.get<Position>(property::audio_position).value().play, heard.size() * 4);
    }
}

// R-FMT-16: the new format has intervals of its own (R-WCYC-05), and 40 ms of it are other bytes (R-WCYC-07). Words and
// bytes go through different DMA channels: the driver refuses to change that.
TEST_F(Sb16, R_FMT_16_AnotherFormatOfTheSameStreamIsHeardBitForBit) {
    for (const PinState at : {PinState::stop, PinState::acquire, PinState::pause}) {
        for (const auto& [from, to] : {std::pair{format(5000, 1, 16), format(48000, 2, 16)},
                                       {format(8000, 1, 8), format(44100, 2, 8)},
                                       {format(48000, 2, 16), format(5000, 1, 16)},
                                       {format(11025, 1, 8), format(22050, 2, 8)}}) {
            SCOPED_TRACE(to_string(from) + " to " + to_string(to) + " in state " +
                         std::to_string(static_cast<int>(at)));
            heard.clear();
            start();
            {
                auto pin = Pin::open(*wave, 0, from);
                ASSERT_TRUE(pin) << pin.error().message;
                ASSERT_TRUE(pin->set_state(at));
                Bytes value = data_format(to);
                ASSERT_TRUE(pin->property(property::connection_data_format.set, property::connection_data_format.id,
                                          property_set, {}, value));
                ASSERT_TRUE(pin->set_state(PinState::pause));
                Bytes sound = noise(to, to.rate);
                StreamBlock block{sound};
                auto written = pin->submit_write({&block, 1});
                ASSERT_TRUE(written) << written.error().message;
                ASSERT_TRUE(pin->set_state(PinState::run));
                ASSERT_TRUE(machine->run_for(milliseconds(1100)));
                EXPECT_TRUE(written->is_done());
                EXPECT_NE(find(to, sound), std::string::npos);
            }
            TearDown();
            driver.reset();
        }
    }
}

// ---- both at once ---------------------------------------------------------------------------------------------------

TEST_F(Sb16, PlaysAndRecordsAtOnce) {
    start();
    const WaveFormat played = format(44100, 2, 16);
    const WaveFormat recorded = format(11025, 1, 8);
    const auto fed = tone(11025, 11025);
    ASSERT_TRUE(machine->feed("line in", 11025, fed));
    ASSERT_TRUE(mixer->set_mute(node("Line mute"), 0, true)); // recorded, not heard
    ASSERT_TRUE(mixer->set_mute(node("Line mute"), 1, true));
    auto capture = CaptureStream::open(*wave, recorded);
    ASSERT_TRUE(capture) << capture.error().message;
    Bytes taken;
    ASSERT_TRUE(capture->on_period([&](std::span<const std::byte> period) {
        taken.insert(taken.end(), period.begin(), period.end());
        return true;
    }));
    const Bytes sound = noise(played, 44100);
    play(played, sound);
    ASSERT_TRUE(capture->stop());
    EXPECT_EQ(find(played, sound), 0U);
    const Bytes expected = to_bytes(fed, recorded);
    ASSERT_GT(taken.size(), 10000U);
    ASSERT_LE(taken.size(), expected.size() + 4000);
    const std::size_t compared = std::min(taken.size(), expected.size());
    EXPECT_TRUE(std::equal(taken.begin(), taken.begin() + static_cast<std::ptrdiff_t>(compared), expected.begin()));
}

TEST_F(Sb16, OneChannelForEachWidth) {
    start();
    auto capture = CaptureStream::open(*wave, format(8000, 1, 16));
    ASSERT_TRUE(capture);
    auto refused = RenderStream::open(*wave, format(8000, 1, 16));
    EXPECT_FALSE(refused) << "the 16-bit channel is taken";
    EXPECT_TRUE(RenderStream::open(*wave, format(8000, 1, 8)));
}

TEST_F(Sb16, AStreamThatWasClosedLeavesItsChannel) {
    start();
    for (int times = 0; times < 3; ++times) {
        const WaveFormat played = format(48000, 1, 16);
        heard.clear();
        const Bytes sound = noise(played, 4800, static_cast<unsigned>(times));
        play(played, sound);
        EXPECT_EQ(find(played, sound), 0U);
        auto capture = CaptureStream::open(*wave, played);
        EXPECT_TRUE(capture);
    }
}

TEST_F(Sb16, ADeviceThatGoesAwayWhileItPlaysLeavesNothing) {
    start();
    auto stream = RenderStream::open(*wave, format(48000, 2, 16));
    ASSERT_TRUE(stream);
    ASSERT_TRUE(stream->write(noise(stream->format(), 9600)));
    ASSERT_TRUE(driver->devices().front().surprise_remove());
    ASSERT_TRUE(machine->run_for(milliseconds(100)));
    EXPECT_FALSE(stream->write(noise(stream->format(), 9600)));
}

// ---- power ----------------------------------------------------------------------------------------------------------

TEST_F(Sb16, GoesOnAfterSleep) {
    start();
    const WaveFormat played = format(48000, 2, 16);
    ASSERT_TRUE(mixer->set_volume(node("Line volume"), 0, -20));
    auto stream = RenderStream::open(*wave, played);
    ASSERT_TRUE(stream);
    const Bytes sound = noise(played, 9600);
    ASSERT_TRUE(stream->write(sound));
    auto device = driver->devices().front();
    ASSERT_TRUE(device.set_power(3));
    const std::size_t before = heard.size();
    ASSERT_TRUE(machine->run_for(milliseconds(200)));
    EXPECT_EQ(heard.size(), before);
    ASSERT_TRUE(device.set_power(0));
    ASSERT_TRUE(stream->drain());
    EXPECT_EQ(find(played, sound), 0U);
    EXPECT_EQ(mixer->volume(node("Line volume"), 0).value(), -20);
}

} // namespace
} // namespace openportcls::cards
