// WaveCyclic: what is written through stream requests comes out of the card's converter.
#include "card_fixture.h"

namespace openportcls::ports {

// ---- render ---------------------------------------------------------------------------------------------------------

// R-WCYC-01, R-WCYC-03, R-WCYC-06, R-WCYC-19: many laps of the buffer (17 intervals), in requests of any size.
// IMiniportWaveCyclic::Init, IMiniportWaveCyclic::NewStream, IPortWaveCyclic::NewMasterDmaChannel,
// IPortWaveCyclic::Notify, IMiniportWaveCyclicStream::SetState.
TEST_F(WaveCyclic, RequestsOfAnySizeAreHeardBitForBit) {
    for (const std::size_t bytes : {std::size_t{400}, interval, 3 * interval + 4, 200 * interval}) {
        start();
        listen(milliseconds(1500));
        Pin render = open_render();
        Bytes sound = noise(100 * interval);
        std::vector<Bytes> parts;
        for (std::size_t at = 0; at < sound.size(); at += bytes) {
            parts.push_back(part(sound, at, std::min(bytes, sound.size() - at)));
        }
        ASSERT_TRUE(render.set_state(PinState::pause));
        std::vector<StreamRequest> writes;
        for (Bytes& each : parts) {
            writes.push_back(submit(render, each));
        }
        ASSERT_TRUE(render.set_state(PinState::run));
        ASSERT_TRUE(machine->run_for(milliseconds(1200)));
        EXPECT_TRUE(std::all_of(writes.begin(), writes.end(), [](const auto& each) { return each.is_done(); }));
        EXPECT_NE(find(heard(), sound), std::string::npos) << "in requests of " << bytes;
        reads.clear();
        capture.reset();
        writes.clear();
        {
            const Pin closed = std::move(render);
        }
        wave.reset();
        driver.reset();
    }
}

// R-WCYC-07: about 40 ms ahead of the device, no more; R-WCYC-08: before it runs, and without waiting for more.
// R-WCYC-13: the write position is what CopyTo has moved. R-WCYC-04: the interval asked for is 10 ms, the one answered
// (the card says 13) is ignored. IMiniportWaveCyclicStream::SetNotificationFreq.
TEST_F(WaveCyclic, TheBufferIsToppedUpToFortyMilliseconds) {
    start();
    Pin render = open_render();
    Bytes sound = noise(30 * interval);
    ASSERT_TRUE(render.set_state(PinState::pause));
    StreamRequest write = submit(render, sound);
    EXPECT_EQ(position(render).play, 0U);
    EXPECT_EQ(position(render).write, 4 * interval);
    ASSERT_TRUE(render.set_state(PinState::run));
    for (unsigned round = 1; round < 20; ++round) {
        ASSERT_TRUE(machine->run_for(milliseconds(10)));
        const Position now = position(render);
        EXPECT_EQ(now.write - now.play, 4 * interval) << round;
        EXPECT_FALSE(write.is_done());
    }
    ASSERT_TRUE(machine->run_for(milliseconds(71))); // the card ticks on whole milliseconds
    EXPECT_TRUE(write.is_done()) << "copied, if not yet heard";
    EXPECT_LT(position(render).play, sound.size());
}

// R-WCYC-09, R-WCYC-10: what lies behind the data is silence, not what was there a lap ago; later data overwrites it.
// IMiniportWaveCyclicStream::Silence.
TEST_F(WaveCyclic, StarvationIsSilenceAndSoundGoesOn) {
    start();
    listen(milliseconds(1600));
    Pin render = open_render();
    ASSERT_TRUE(render.set_state(PinState::run));
    Bytes filling = noise(40 * interval, 7); // more than a lap: the buffer is full of it
    StreamRequest first = submit(render, filling);
    ASSERT_TRUE(machine->run_for(milliseconds(800)));
    Bytes later = noise(5 * interval, 8);
    StreamRequest second = submit(render, later);
    ASSERT_TRUE(machine->run_for(milliseconds(400)));
    const Bytes all = heard();
    const std::size_t at = find(all, filling);
    ASSERT_NE(at, std::string::npos);
    const std::size_t again = find(all, later);
    ASSERT_NE(again, std::string::npos);
    EXPECT_GT(again, at + filling.size());
    EXPECT_TRUE(is_silent(part(all, at + filling.size(), again - at - filling.size())));
    EXPECT_TRUE(is_silent(part(all, again + later.size(), all.size() - again - later.size())));
}

// Nor is it heard between a device that has overtaken the silence and the data that come then, 10 ms ahead of it.
TEST_F(WaveCyclic, WhatLiesBeforeLateDataIsSilence) {
    start({"IntervalsPerInterrupt=7"});
    listen(milliseconds(1000));
    Pin render = open_render();
    ASSERT_TRUE(render.set_state(PinState::run));
    Bytes filling = noise((4 + 8 * 3) * interval, 7); // 40 ms at once, and 30 at each of eight services
    StreamRequest first = submit(render, filling);
    ASSERT_TRUE(machine->run_for(milliseconds(685))); // the ninth was 50 ms ago
    Bytes later = noise(4 * interval, 8);
    StreamRequest second = submit(render, later);
    ASSERT_TRUE(machine->run_for(milliseconds(200)));
    const Bytes all = heard();
    const std::size_t at = find(all, later);
    ASSERT_EQ(at, 69 * interval);
    EXPECT_FALSE(is_silent(part(all, at - 18 * interval, interval))) << "what the lap before left there";
    EXPECT_TRUE(is_silent(part(all, at - interval, interval)));
}

// Nor is what a stream played before it stopped heard when it runs again.
TEST_F(WaveCyclic, AStoppedStreamStartsWithSilence) {
    start();
    listen(milliseconds(1200));
    Pin render = open_render();
    ASSERT_TRUE(render.set_state(PinState::run));
    Bytes filling = noise(40 * interval, 7);
    StreamRequest write = submit(render, filling);
    ASSERT_TRUE(machine->run_for(milliseconds(300)));
    ASSERT_TRUE(render.set_state(PinState::stop));
    ASSERT_TRUE(machine->run_for(milliseconds(50)));
    const std::size_t before = heard().size();
    ASSERT_GE(before, 30 * interval);
    ASSERT_TRUE(render.set_state(PinState::run));
    ASSERT_TRUE(machine->run_for(milliseconds(400)));
    const Bytes all = heard();
    ASSERT_GE(all.size(), before + 30 * interval);
    EXPECT_FALSE(is_silent(part(all, 0, before)));
    EXPECT_TRUE(is_silent(part(all, before, all.size() - before)));
}

// The last 10 ms of the data are in the buffer, with silence behind them, when more comes: not a byte of that silence
// is heard.
TEST_F(WaveCyclic, DataThatComesJustInTimeOverwritesTheSilence) {
    start();
    listen(milliseconds(800));
    Pin render = open_render();
    ASSERT_TRUE(render.set_state(PinState::run));
    const Bytes sound = noise(40 * interval);
    std::vector<Bytes> parts;
    for (std::size_t at = 0; at < sound.size(); at += 2 * interval) {
        parts.push_back(part(sound, at, 2 * interval));
    }
    std::vector<StreamRequest> writes;
    writes.push_back(submit(render, parts[0]));
    for (std::size_t i = 1; i < parts.size(); ++i) {
        writes.push_back(submit(render, parts[i]));
        ASSERT_TRUE(machine->run_for(milliseconds(20)));
    }
    ASSERT_TRUE(machine->run_for(milliseconds(200)));
    EXPECT_NE(find(heard(), sound), std::string::npos);
}

// R-WCYC-12: not looped, positions go on over the laps; the play position stands where the client's data ends.
// R-WCYC-11. IMiniportWaveCyclicStream::GetPosition.
TEST_F(WaveCyclic, PositionsAreThoseOfTheStream) {
    start();
    Pin render = open_render();
    Bytes sound = noise(60 * interval);
    ASSERT_TRUE(render.set_state(PinState::pause));
    StreamRequest write = submit(render, sound);
    ASSERT_TRUE(render.set_state(PinState::run));
    ASSERT_TRUE(machine->run_for(milliseconds(505)));
    const Position middle = position(render);
    EXPECT_NEAR(static_cast<double>(middle.play), 50.0 * interval, interval);
    EXPECT_EQ(middle.write, middle.play + 4 * interval);
    ASSERT_TRUE(machine->run_for(milliseconds(1000)));
    EXPECT_EQ(position(render).play, sound.size());
    EXPECT_EQ(position(render).write, sound.size());
}

// R-STATE-04, R-STATE-02.
TEST_F(WaveCyclic, APausedStreamStandsStillAndAStoppedOneBeginsAnew) {
    start();
    listen(milliseconds(1000));
    Pin render = open_render();
    Bytes sound = noise(30 * interval);
    ASSERT_TRUE(render.set_state(PinState::pause));
    StreamRequest write = submit(render, sound);
    ASSERT_TRUE(render.set_state(PinState::run));
    ASSERT_TRUE(machine->run_for(milliseconds(100)));
    ASSERT_TRUE(render.set_state(PinState::pause));
    const Position paused = position(render);
    ASSERT_TRUE(machine->run_for(milliseconds(100)));
    EXPECT_EQ(position(render).play, paused.play);
    ASSERT_TRUE(render.set_state(PinState::run));
    ASSERT_TRUE(machine->run_for(milliseconds(400)));
    const Bytes all = heard();
    const std::size_t begin = find(all, part(sound, 0, paused.play));
    ASSERT_NE(begin, std::string::npos);
    EXPECT_NE(find(all, part(sound, paused.play, sound.size() - paused.play)), std::string::npos)
        << "not a frame is lost or heard twice";
    Bytes more = noise(30 * interval, 3);
    StreamRequest stopped = submit(render, more);
    ASSERT_TRUE(render.set_state(PinState::stop));
    EXPECT_EQ(position(render).play, 0U);
    EXPECT_EQ(position(render).write, 0U);
    ASSERT_TRUE(stopped.is_done());
    EXPECT_EQ(stopped.wait().error().status, status_cancelled);
}

TEST_F(WaveCyclic, AStreamThatIsStoppedTakesNoRequests) {
    start();
    Pin render = open_render();
    Bytes sound = noise(interval);
    const StreamBlock block{sound};
    auto request = render.submit_write({&block, 1});
    ASSERT_TRUE(!request || !request->wait());
    EXPECT_EQ(request ? request->wait().error().status : request.error().status, status_invalid_device_state);
}

// Shows KSEVENT_CONNECTION_ENDOFSTREAM (R-EVENT-12): it comes when the end has been heard, not when it has been copied.
TEST_F(WaveCyclic, TheEndOfTheStreamIsAnEvent) {
    start();
    Pin render = open_render();
    auto ended = render.subscribe(connection_end_of_stream);
    ASSERT_TRUE(ended) << ended.error().message;
    Bytes sound = noise(6 * interval + 8);
    ASSERT_TRUE(render.set_state(PinState::pause));
    StreamRequest write = submit(render, sound, end_of_stream);
    ASSERT_TRUE(render.set_state(PinState::run));
    ASSERT_TRUE(machine->run_for(milliseconds(45)));
    EXPECT_TRUE(write.is_done());
    EXPECT_FALSE(ended->take());
    ASSERT_TRUE(machine->run_for(milliseconds(60)));
    EXPECT_TRUE(ended->take());
    EXPECT_GE(position(render).play, sound.size());
    ASSERT_TRUE(machine->run_for(milliseconds(100)));
    EXPECT_FALSE(ended->take());
}

// Its mark may come alone, behind the data.
TEST_F(WaveCyclic, TheEndOfTheStreamMayHaveNoData) {
    start();
    Pin render = open_render();
    auto ended = render.subscribe(connection_end_of_stream).value();
    Bytes sound = noise(5 * interval);
    ASSERT_TRUE(render.set_state(PinState::pause));
    StreamRequest write = submit(render, sound);
    Bytes nothing;
    StreamRequest mark = submit(render, nothing, end_of_stream);
    ASSERT_TRUE(render.set_state(PinState::run));
    ASSERT_TRUE(machine->run_for(milliseconds(40)));
    EXPECT_FALSE(ended.take());
    ASSERT_TRUE(machine->run_for(milliseconds(60)));
    EXPECT_TRUE(mark.is_done());
    EXPECT_TRUE(ended.take());
}

// R-WCYC-05, R-WCYC-07: how much the device moves at once says how the buffer is divided, not how far ahead of the
// device it is filled.
TEST_F(WaveCyclic, FortyMillisecondsDoNotDependOnTheFrameSize) {
    for (const char* const milliseconds_at_once : {"1", "20", "40"}) {
        start({std::string("FrameMilliseconds=") + milliseconds_at_once});
        listen(milliseconds(800));
        Pin render = open_render();
        Bytes sound = noise(60 * interval);
        ASSERT_TRUE(render.set_state(PinState::pause));
        StreamRequest write = submit(render, sound);
        EXPECT_EQ(position(render).write, 4 * interval) << milliseconds_at_once;
        ASSERT_TRUE(render.set_state(PinState::run));
        ASSERT_TRUE(machine->run_for(milliseconds(100)));
        EXPECT_EQ(position(render).write - position(render).play, 4 * interval) << milliseconds_at_once;
        ASSERT_TRUE(machine->run_for(milliseconds(600)));
        EXPECT_NE(find(heard(), sound), std::string::npos) << milliseconds_at_once;
        reads.clear();
        capture.reset();
        {
            const StreamRequest done = std::move(write);
            const Pin closed = std::move(render);
        }
        wave.reset();
        driver.reset();
    }
}

// R-KS-02. R-WCYC-16: a mixer that is refused tries lower rates until one is taken; meanwhile the old format stays.
// IMiniportWaveCyclicStream::SetFormat.
TEST_F(WaveCyclic, TheFormatOfAnOpenStreamIsTheDriversToTake) {
    start();
    Pin render = open_render();
    constexpr std::uint32_t format_id = 2; // KSPROPERTY_CONNECTION_DATAFORMAT
    const auto set_format = [&](std::uint16_t channels, std::uint32_t rate) {
        WaveFormat format;
        format.channels = channels;
        format.rate = rate;
        Bytes bytes = data_format(format);
        auto done = render.property(property::connection_set, format_id, property_set, {}, bytes);
        return done ? 0 : done.error().status;
    };
    const auto format = [&] {
        Bytes bytes(data_format(WaveFormat{}).size());
        EXPECT_TRUE(render.property(property::connection_set, format_id, property_get, {}, bytes));
        return bytes;
    };
    EXPECT_EQ(set_format(2, 48000), 0);
    EXPECT_EQ(set_format(1, 48000), status_invalid_parameter);
    const Bytes before = format();
    for (const std::uint32_t rate : {192000U, 96000U, 88200U}) {
        EXPECT_EQ(set_format(2, rate), status_invalid_parameter) << rate;
        EXPECT_EQ(format(), before);
    }
    EXPECT_EQ(set_format(2, 44100), 0);
    EXPECT_NE(format(), before);
}

// ---- looped ---------------------------------------------------------------------------------------------------------

// R-WCYC-12: one request is played round and round; positions are in its buffer.
TEST_F(WaveCyclic, ALoopedBufferIsHeardUntilAnotherFollows) {
    start();
    listen(milliseconds(800));
    Pin render = open_render(true);
    Bytes loop = noise(5 * interval + 12);
    ASSERT_TRUE(render.set_state(PinState::pause));
    StreamRequest first = submit(render, loop);
    ASSERT_TRUE(render.set_state(PinState::run));
    ASSERT_TRUE(machine->run_for(milliseconds(305)));
    EXPECT_FALSE(first.is_done());
    EXPECT_LT(position(render).play, loop.size());
    EXPECT_LT(position(render).write, loop.size());
    EXPECT_NEAR(static_cast<double>(position(render).play), static_cast<double>(30 * interval % loop.size()), interval);
    Bytes thrice;
    for (int i = 0; i < 3; ++i) {
        thrice.insert(thrice.end(), loop.begin(), loop.end());
    }
    EXPECT_NE(find(heard(), thrice), std::string::npos);
    Bytes other = noise(4 * interval, 9);
    StreamRequest second = submit(render, other);
    ASSERT_TRUE(machine->run_for(milliseconds(300)));
    EXPECT_TRUE(first.is_done()) << "the next one has taken over";
    EXPECT_TRUE(first.wait());
    EXPECT_FALSE(second.is_done());
    Bytes change = loop;
    change.insert(change.end(), other.begin(), other.end());
    change.insert(change.end(), other.begin(), other.end());
    EXPECT_NE(find(heard(), change), std::string::npos);
    second.cancel();
    EXPECT_EQ(second.wait().error().status, status_cancelled);
}

TEST_F(WaveCyclic, ALoopedBufferIsHeardFromWhereItIsSet) {
    start();
    listen(milliseconds(600));
    Pin render = open_render(true);
    Bytes loop = noise(20 * interval);
    ASSERT_TRUE(render.set_state(PinState::pause));
    const auto set = [&](std::uint64_t offset) { return render.set(property::audio_position, Position{offset, 0}); };
    EXPECT_EQ(set(interval).error().status, status_invalid_parameter) << "there is no buffer yet";
    StreamRequest write = submit(render, loop);
    EXPECT_EQ(set(loop.size()).error().status, status_invalid_parameter);
    ASSERT_TRUE(set(13 * interval + 8));
    EXPECT_EQ(position(render).play, 13 * interval + 8);
    ASSERT_TRUE(render.set_state(PinState::run));
    ASSERT_TRUE(machine->run_for(milliseconds(205)));
    Bytes expected = part(loop, 13 * interval + 8, 7 * interval - 8);
    expected.insert(expected.end(), loop.begin(), loop.begin() + 4 * interval);
    const std::size_t first = find(heard(), expected);
    ASSERT_NE(first, std::string::npos);
    EXPECT_TRUE(is_silent(part(heard(), 0, first))) << "nothing of what was in the buffer before";
    ASSERT_TRUE(set(3 * interval + 100));
    ASSERT_TRUE(machine->run_for(milliseconds(50)));
    EXPECT_EQ(set(loop.size()).error().status, status_invalid_parameter) << "and nothing is changed";
    ASSERT_TRUE(machine->run_for(milliseconds(150)));
    EXPECT_NE(find(heard(), part(loop, 3 * interval + 100, 14 * interval)), std::string::npos);
}

// R-WCYC-15: from the play to the write position the sound is on its way; elsewhere the client may write.
TEST_F(WaveCyclic, BetweenThePositionsTheBufferIsTheCards) {
    start();
    listen(milliseconds(700));
    Pin render = open_render(true);
    Bytes loop = noise(20 * interval);
    const Bytes old = loop;
    ASSERT_TRUE(render.set_state(PinState::pause));
    StreamRequest write = submit(render, loop);
    ASSERT_TRUE(render.set_state(PinState::run));
    ASSERT_TRUE(machine->run_for(milliseconds(105)));
    const Position zone = position(render);
    ASSERT_LT(zone.play, zone.write);
    ASSERT_LT(zone.write, loop.size());
    const Bytes changed = noise(loop.size(), 9);
    std::copy(changed.begin(), changed.end(), loop.begin());
    ASSERT_TRUE(machine->run_for(milliseconds(500)));
    Bytes expected = part(old, zone.play, zone.write - zone.play);
    expected.insert(expected.end(), changed.begin() + static_cast<std::ptrdiff_t>(zone.write), changed.end());
    expected.insert(expected.end(), changed.begin(), changed.end());
    EXPECT_NE(find(heard(), expected), std::string::npos);
}

// R-EVENT-10: before Vista.
TEST_F(WaveCyclic, PlacesOfALoopAreEvents) {
    for (const char* windows : {"xp", "vista"}) {
        MachineOptions options;
        options.windows = windows;
        start({}, options);
        Pin render = open_render(true);
        Bytes loop = noise(20 * interval);
        ASSERT_TRUE(render.set_state(PinState::pause));
        StreamRequest write = submit(render, loop);
        EventOptions event;
        const std::uint64_t place = 15 * interval;
        const auto bytes = std::as_bytes(std::span(&place, 1));
        event.parameters.assign(bytes.begin(), bytes.end());
        {
            auto passed = render.subscribe(looped_position, event);
            ASSERT_EQ(static_cast<bool>(passed), std::string_view(windows) == "xp");
            ASSERT_TRUE(render.set_state(PinState::run));
            for (int lap = 0; passed && lap < 3; ++lap) {
                ASSERT_TRUE(machine->run_for(milliseconds(140)));
                EXPECT_FALSE(passed->take()) << lap;
                ASSERT_TRUE(machine->run_for(milliseconds(60)));
                EXPECT_TRUE(passed->take()) << lap;
            }
        }
        {
            const StreamRequest gone = std::move(write);
        }
        {
            const Pin closed = std::move(render);
        }
        wave.reset();
        driver.reset();
    }
}

TEST_F(WaveCyclic, APlainStreamHasNoPositionToSet) {
    start();
    Pin render = open_render();
    ASSERT_TRUE(render.set_state(PinState::pause));
    EXPECT_EQ(render.set(property::audio_position, Position{interval, 0}).error().status, status_not_supported);
}

} // namespace openportcls::ports
