// WavePci: the card gathers the sound from the client's memory and scatters what it hears into it.
#include "card_fixture.h"

namespace openportcls::ports {
namespace {

// KSALLOCATOR_FRAMING, as far as it is looked at.
struct Framing {
    std::uint32_t options;
    std::uint32_t pool;
    std::uint32_t frames;
    std::uint32_t frame_size;
    std::uint32_t alignment;
    std::uint32_t reserved;
};

constexpr Key looped_position{{0x4682b940, 0xc6ef, 0x11d0, {0x96, 0xd8, 0x00, 0xaa, 0x00, 0x51, 0xe5, 0x1d}}, 0};

Result<Framing> framing(const Pin& pin) {
    return pin.get<Framing>(Key{property::connection_set, 3 /* KSPROPERTY_CONNECTION_ALLOCATORFRAMING */});
}

} // namespace

// ---- render ---------------------------------------------------------------------------------------------------------

// R-WPCI-01, R-WPCI-07, R-WPCI-17, R-WPCI-20, R-COM-02: pieces of any size at any address; with addresses of 64 and of
// 32 bits, interrupts and a polling driver, few mappings and many. IMiniportWavePci::Init, ::NewStream,
// IPortWavePci::NewMasterDmaChannel, ::Notify, IPortWavePciStream::GetMapping, ::ReleaseMapping.
TEST_F(WavePci, RequestsOfAnySizeAreHeardBitForBit) {
    const std::vector<std::vector<std::string>> cards = {
        {}, {"Dma32=1"}, {"NoGroup=1"}, {"MaxMappings=4"}, {"Dma32=1", "NoGroup=1", "MaxMappings=64"}};
    for (const auto& parameters : cards) {
        for (const std::size_t bytes : {std::size_t{400}, std::size_t{1001}, 3 * interval + 4, 200 * interval}) {
            if (parameters == cards[3] && bytes < interval) {
                continue; // four such mappings are no 10 ms
            }
            start(parameters);
            listen(milliseconds(1500));
            Pin render = open_render();
            const Bytes sound = noise(100 * interval + 40);
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
            ASSERT_TRUE(machine->run_for(milliseconds(1400)));
            EXPECT_NE(find(heard(), sound), std::string::npos) << bytes;
            for (const StreamRequest& write : writes) {
                EXPECT_TRUE(write.is_done());
            }
            EXPECT_EQ(position(render).play, sound.size());
            writes.clear();
            {
                const Pin closed = std::move(render);
            }
            reads.clear();
            capture.reset();
            wave.reset();
            driver.reset();
        }
    }
}

// R-WPCI-12: what is handed out is the card's; R-WPCI-13, R-STATE-02.
TEST_F(WavePci, PositionsAreThoseOfTheStream) {
    start({"MaxMappings=3"});
    Pin render = open_render();
    Bytes sound = noise(60 * interval);
    ASSERT_TRUE(render.set_state(PinState::pause));
    StreamRequest write = submit(render, sound);
    ASSERT_TRUE(render.set_state(PinState::run));
    ASSERT_TRUE(machine->run_for(milliseconds(205)));
    const Position middle = position(render);
    EXPECT_NEAR(static_cast<double>(middle.play), 20.0 * interval, interval);
    EXPECT_GT(middle.write, middle.play);
    EXPECT_LE(middle.write, middle.play + 3 * 4096);
    ASSERT_TRUE(machine->run_for(milliseconds(1000)));
    EXPECT_EQ(position(render).play, sound.size());
    EXPECT_EQ(position(render).write, sound.size());
    ASSERT_TRUE(render.set_state(PinState::stop));
    EXPECT_EQ(position(render).play, 0U);
    EXPECT_EQ(position(render).write, 0U);
}

// R-WPCI-12. IPreFetchOffset::SetPreFetchOffset.
TEST_F(WavePci, APrefetchOffsetIsTheDistanceOfTheCursors) {
    start({"Prefetch=256"});
    Pin render = open_render(true);
    Bytes loop = noise(8 * interval);
    ASSERT_TRUE(render.set_state(PinState::pause));
    StreamRequest write = submit(render, loop);
    ASSERT_TRUE(render.set_state(PinState::run));
    for (int i = 0; i < 30; ++i) {
        ASSERT_TRUE(machine->run_for(milliseconds(10)));
        const Position now = position(render);
        EXPECT_LT(now.play, loop.size());
        EXPECT_EQ(now.write, (now.play + 256) % loop.size());
    }
}

TEST_F(WavePci, APausedStreamStandsStillAndAStoppedOneBeginsAnew) {
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
    ASSERT_NE(find(all, part(sound, 0, paused.play)), std::string::npos);
    EXPECT_NE(find(all, part(sound, paused.play, sound.size() - paused.play)), std::string::npos)
        << "not a frame is lost or heard twice";
    Bytes more = noise(30 * interval, 3);
    StreamRequest stopped = submit(render, more);
    ASSERT_TRUE(machine->run_for(milliseconds(50)));
    ASSERT_TRUE(render.set_state(PinState::stop));
    ASSERT_TRUE(stopped.is_done());
    EXPECT_EQ(stopped.wait().error().status, status_cancelled);
    Bytes again = noise(5 * interval, 4);
    ASSERT_TRUE(render.set_state(PinState::pause));
    StreamRequest anew = submit(render, again);
    ASSERT_TRUE(render.set_state(PinState::run));
    ASSERT_TRUE(machine->run_for(milliseconds(100)));
    EXPECT_NE(find(heard(), again), std::string::npos);
    EXPECT_EQ(position(render).play, again.size());
}

TEST_F(WavePci, AStreamThatIsStoppedTakesNoRequests) {
    start();
    Pin render = open_render();
    Bytes sound = noise(interval);
    const StreamBlock block{sound};
    auto request = render.submit_write({&block, 1});
    EXPECT_EQ(request ? request->wait().error().status : request.error().status, status_invalid_device_state);
}

// R-EVENT-12, KSEVENT_CONNECTION_ENDOFSTREAM: when the card has given back what it ended with.
TEST_F(WavePci, TheEndOfTheStreamIsAnEvent) {
    start();
    Pin render = open_render();
    auto ended = render.subscribe(connection_end_of_stream).value();
    Bytes sound = noise(6 * interval + 8);
    ASSERT_TRUE(render.set_state(PinState::pause));
    StreamRequest write = submit(render, sound, end_of_stream);
    ASSERT_TRUE(render.set_state(PinState::run));
    ASSERT_TRUE(machine->run_for(milliseconds(55)));
    EXPECT_FALSE(write.is_done());
    EXPECT_FALSE(ended.take());
    ASSERT_TRUE(machine->run_for(milliseconds(60)));
    EXPECT_TRUE(write.is_done());
    EXPECT_TRUE(ended.take());
    Bytes more = noise(3 * interval);
    Bytes nothing;
    StreamRequest data = submit(render, more);
    StreamRequest mark = submit(render, nothing, end_of_stream);
    ASSERT_TRUE(machine->run_for(milliseconds(15)));
    EXPECT_FALSE(mark.is_done()) << "its mark may come alone, behind the data";
    EXPECT_FALSE(ended.take());
    ASSERT_TRUE(machine->run_for(milliseconds(50)));
    EXPECT_TRUE(mark.is_done());
    EXPECT_TRUE(ended.take());
    StreamRequest idle = submit(render, nothing, end_of_stream);
    EXPECT_TRUE(idle.is_done()) << "nothing is before it";
    EXPECT_TRUE(ended.take());
}

// ---- looped ---------------------------------------------------------------------------------------------------------

// R-WPCI-06, R-WPCI-13, R-WPCI-18: one request is played round and round; positions are in its buffer.
TEST_F(WavePci, ALoopedBufferIsHeardUntilAnotherFollows) {
    for (const char* parameter : {"Dma32=0", "Dma32=1", "FrameSize=960"}) {
        start({parameter, "MaxMappings=8"});
        listen(milliseconds(800));
        Pin render = open_render(true);
        Bytes loop = noise(5 * interval + 12);
        ASSERT_TRUE(render.set_state(PinState::pause));
        StreamRequest first = submit(render, loop);
        ASSERT_TRUE(render.set_state(PinState::run));
        ASSERT_TRUE(machine->run_for(milliseconds(305)));
        EXPECT_FALSE(first.is_done());
        EXPECT_LT(position(render).write, loop.size());
        const std::size_t expected = 30 * interval % loop.size();
        EXPECT_NEAR(static_cast<double>(position(render).play), static_cast<double>(expected), interval);
        Bytes thrice;
        for (int i = 0; i < 3; ++i) {
            thrice.insert(thrice.end(), loop.begin(), loop.end());
        }
        EXPECT_NE(find(heard(), thrice), std::string::npos);
        Bytes other = noise(4 * interval, 9);
        StreamRequest second = submit(render, other);
        ASSERT_TRUE(machine->run_for(milliseconds(400)));
        EXPECT_TRUE(first.is_done()) << "the next one has taken over";
        EXPECT_TRUE(first.wait());
        EXPECT_FALSE(second.is_done());
        EXPECT_LT(position(render).play, other.size());
        Bytes change = loop;
        change.insert(change.end(), other.begin(), other.end());
        change.insert(change.end(), other.begin(), other.end());
        EXPECT_NE(find(heard(), change), std::string::npos) << parameter;
        second.cancel();
        EXPECT_EQ(second.wait().error().status, status_cancelled);
        {
            const Pin closed = std::move(render);
        }
        reads.clear();
        capture.reset();
        wave.reset();
        driver.reset();
    }
}

// What the card has already is played before.
TEST_F(WavePci, ALoopedBufferIsHeardFromWhereItIsSet) {
    start({"MaxMappings=4", "FrameSize=1920"});
    listen(milliseconds(600));
    Pin render = open_render(true);
    Bytes loop = noise(20 * interval);
    ASSERT_TRUE(render.set_state(PinState::acquire));
    const auto set = [&](std::uint64_t offset) { return render.set(property::audio_position, Position{offset, 0}); };
    EXPECT_EQ(set(interval).error().status, status_invalid_parameter) << "there is no buffer yet";
    ASSERT_TRUE(render.set_state(PinState::run));
    StreamRequest write = submit(render, loop);
    EXPECT_EQ(set(loop.size()).error().status, status_invalid_parameter);
    ASSERT_TRUE(machine->run_for(milliseconds(55)));
    const Position before = position(render);
    ASSERT_TRUE(set(13 * interval + 8));
    EXPECT_EQ(position(render).play, before.play);
    EXPECT_EQ(position(render).write, 13 * interval + 8);
    ASSERT_TRUE(machine->run_for(milliseconds(205)));
    Bytes expected = part(loop, 0, before.write);
    expected.insert(expected.end(), loop.begin() + 13 * interval + 8, loop.end());
    EXPECT_NE(find(heard(), expected), std::string::npos);
    EXPECT_LT(position(render).play, loop.size());
}

// R-EVENT-10, R-EVENT-11: before Vista.
TEST_F(WavePci, PositionsOfALoopAreEvents) {
    for (const bool no_group : {false, true}) {
        MachineOptions options;
        options.windows = "xp";
        start({no_group ? "NoGroup=1" : "NoGroup=0"}, options);
        Pin render = open_render(true);
        Bytes loop = noise(20 * interval);
        ASSERT_TRUE(render.set_state(PinState::pause));
        StreamRequest write = submit(render, loop);
        EventOptions event;
        const std::uint64_t place = 15 * interval;
        const auto bytes = std::as_bytes(std::span(&place, 1));
        event.parameters.assign(bytes.begin(), bytes.end());
        auto passed = render.subscribe(looped_position, event);
        ASSERT_TRUE(passed) << passed.error().message;
        ASSERT_TRUE(render.set_state(PinState::run));
        ASSERT_TRUE(machine->run_for(milliseconds(140)));
        EXPECT_FALSE(passed->take());
        ASSERT_TRUE(machine->run_for(milliseconds(50)));
        EXPECT_TRUE(passed->take());
        ASSERT_TRUE(machine->run_for(milliseconds(140)));
        EXPECT_FALSE(passed->take());
        ASSERT_TRUE(machine->run_for(milliseconds(60)));
        EXPECT_TRUE(passed->take()) << "once a lap";
        {
            const StreamRequest gone = std::move(write);
        }
        {
            const Event unsubscribed = std::move(*passed);
        }
        {
            const Pin closed = std::move(render);
        }
        wave.reset();
        driver.reset();
    }
}

// R-WPCI-16: a preference of the driver's. IMiniportWavePciStream::GetAllocatorFraming.
TEST_F(WavePci, TheFramingIsTheDrivers) {
    start({"FrameSize=1920"});
    const Pin render = open_render();
    const auto wanted = framing(render);
    ASSERT_TRUE(wanted) << wanted.error().message;
    EXPECT_EQ(wanted->frames, 4U);
    EXPECT_EQ(wanted->frame_size, 1920U);
}

// ---- capture --------------------------------------------------------------------------------------------------------

// R-WPCI-11: RUN to STOP ends the packet that is being filled; those behind it are cancelled.
TEST_F(WavePci, AStoppedStreamGivesWhatItHasRecorded) {
    for (const char* parameter : {"Dma32=0", "Dma32=1"}) {
        start({parameter});
        Pin render = open_render();
        Bytes sound = noise(40 * interval);
        ASSERT_TRUE(render.set_state(PinState::pause));
        StreamRequest write = submit(render, sound);
        Pin recorder = Pin::open(*wave, 1, WaveFormat{}).value();
        ASSERT_TRUE(recorder.set_state(PinState::pause));
        Bytes first(50 * interval);
        Bytes second(50 * interval);
        const StreamBlock blocks[] = {{first}, {second}};
        auto partial = recorder.submit_read({blocks, 1});
        auto untouched = recorder.submit_read({blocks + 1, 1});
        ASSERT_TRUE(partial && untouched);
        ASSERT_TRUE(render.set_state(PinState::run));
        ASSERT_TRUE(recorder.set_state(PinState::run));
        ASSERT_TRUE(machine->run_for(milliseconds(125)));
        EXPECT_EQ(position(recorder).play, 12 * interval);
        EXPECT_LE(position(recorder).write, 12 * interval);
        EXPECT_FALSE(partial->is_done());
        ASSERT_TRUE(recorder.set_state(PinState::stop));
        ASSERT_TRUE(partial->is_done());
        EXPECT_TRUE(partial->wait());
        EXPECT_EQ(partial->used().front(), 12 * interval);
        EXPECT_EQ(part(first, 0, 12 * interval), part(sound, 0, 12 * interval));
        EXPECT_EQ(untouched->wait().error().status, status_cancelled);
        EXPECT_EQ(position(recorder).play, 0U);
        EXPECT_EQ(position(recorder).write, 0U);
        {
            const StreamRequest gone = std::move(write);
            const StreamRequest too = std::move(*partial);
            const StreamRequest and_this = std::move(*untouched);
        }
        {
            const Pin closed = std::move(render);
            const Pin closed_too = std::move(recorder);
        }
        wave.reset();
        driver.reset();
    }
}

// R-KS-06.
TEST_F(WavePci, TheBlocksOfARequestFollowEachOther) {
    start();
    const Bytes sound = noise(9 * interval);
    Bytes blocks[] = {part(sound, 0, 2 * interval),
                      part(sound, 2 * interval, 100),
                      {},
                      part(sound, 2 * interval + 100, 7 * interval - 100)};
    Bytes into[] = {Bytes(5 * interval), Bytes(60), {}, Bytes(9 * interval)};
    std::vector<StreamBlock> headers;
    std::vector<StreamBlock> empty;
    for (int i = 0; i < 4; ++i) {
        headers.push_back({blocks[i]});
        empty.push_back({into[i]});
    }
    capture.emplace(Pin::open(*wave, 1, WaveFormat{}).value());
    ASSERT_TRUE(capture->set_state(PinState::pause));
    auto read = capture->submit_read(empty);
    ASSERT_TRUE(read) << read.error().message;
    Pin render = open_render();
    ASSERT_TRUE(render.set_state(PinState::pause));
    auto write = render.submit_write(headers);
    ASSERT_TRUE(write) << write.error().message;
    ASSERT_TRUE(capture->set_state(PinState::run));
    ASSERT_TRUE(render.set_state(PinState::run));
    ASSERT_TRUE(machine->run_for(milliseconds(200)));
    EXPECT_TRUE(write->is_done());
    ASSERT_TRUE(read->is_done());
    Bytes all;
    for (const Bytes& each : into) {
        all.insert(all.end(), each.begin(), each.end());
    }
    EXPECT_NE(find(all, sound), std::string::npos);
}

// ---- requests that end otherwise ------------------------------------------------------------------------------------

// R-WPCI-09: its mappings are revoked, those before and behind it are played.
TEST_F(WavePci, ACancelledRequestIsSkipped) {
    for (const bool runs : {false, true}) {
        start({"MaxMappings=32"});
        listen(milliseconds(500));
        Pin render = open_render();
        Bytes sounds[3] = {noise(6 * interval, 1), noise(6 * interval, 2), noise(6 * interval, 3)};
        ASSERT_TRUE(render.set_state(runs ? PinState::run : PinState::pause));
        std::vector<StreamRequest> writes;
        for (Bytes& sound : sounds) {
            writes.push_back(submit(render, sound));
        }
        writes[1].cancel();
        EXPECT_EQ(writes[1].wait().error().status, status_cancelled);
        ASSERT_TRUE(render.set_state(PinState::run));
        ASSERT_TRUE(machine->run_for(milliseconds(300)));
        Bytes expected = sounds[0];
        expected.insert(expected.end(), sounds[2].begin(), sounds[2].end());
        EXPECT_NE(find(heard(), expected), std::string::npos) << runs;
        EXPECT_TRUE(writes[0].is_done());
        EXPECT_TRUE(writes[2].is_done());
        writes.clear();
        {
            const Pin closed = std::move(render);
        }
        reads.clear();
        capture.reset();
        wave.reset();
        driver.reset();
    }
}

// R-KS-03.
TEST_F(WavePci, AResetGivesBackWhatIsQueued) {
    start();
    Pin render = open_render();
    Bytes sound = noise(30 * interval);
    ASSERT_TRUE(render.set_state(PinState::run));
    StreamRequest write = submit(render, sound);
    ASSERT_TRUE(machine->run_for(milliseconds(25)));
    ASSERT_TRUE(render.reset(true));
    EXPECT_EQ(write.wait().error().status, status_cancelled);
    ASSERT_TRUE(render.reset(false));
    listen(milliseconds(400));
    StreamRequest again = submit(render, sound);
    ASSERT_TRUE(machine->run_for(milliseconds(350)));
    EXPECT_TRUE(again.is_done());
    EXPECT_NE(find(heard(), sound), std::string::npos);
}

// R-PNP-05, in every state.
TEST_F(WavePci, APulledDeviceGivesBackWhatIsQueued) {
    for (const PinState state : {PinState::stop, PinState::acquire, PinState::pause, PinState::run}) {
        start();
        {
            Pin render = open_render();
            Pin recorder = Pin::open(*wave, 1, WaveFormat{}).value();
            Bytes sound = noise(30 * interval);
            Bytes room(30 * interval);
            std::optional<StreamRequest> write;
            std::optional<StreamRequest> read;
            ASSERT_TRUE(render.set_state(state));
            ASSERT_TRUE(recorder.set_state(state));
            if (state != PinState::stop) {
                write.emplace(submit(render, sound));
                const StreamBlock block{room};
                read.emplace(recorder.submit_read({&block, 1}).value());
            }
            ASSERT_TRUE(machine->run_for(milliseconds(30)));
            ASSERT_TRUE(driver->devices().front().surprise_remove());
            if (write) {
                EXPECT_TRUE(write->is_done());
                EXPECT_EQ(write->wait().error().status, status_cancelled);
                EXPECT_TRUE(read->is_done());
            }
            EXPECT_FALSE(render.set_state(PinState::run));
        }
        wave.reset();
        driver.reset();
    }
}

// R-STATE-01: what the miniport refuses is rolled back.
TEST_F(WavePci, AStateThatTheDriverRefusesIsNotReached) {
    start({"Fails=3"});
    Pin render = open_render();
    EXPECT_FALSE(render.set_state(PinState::run));
    EXPECT_EQ(render.state().value(), PinState::stop);
    EXPECT_TRUE(render.set_state(PinState::pause));
}

// ---- many of them ---------------------------------------------------------------------------------------------------

TEST_F(WavePci, EveryStreamHearsItsOwn) {
    start();
    constexpr int streams = 4;
    std::vector<RenderStream> players;
    std::vector<CaptureStream> recorders;
    for (int i = 0; i < streams; ++i) {
        players.push_back(RenderStream::open(*wave, WaveFormat{}).value());
        recorders.push_back(CaptureStream::open(*wave, WaveFormat{}).value());
    }
    EXPECT_FALSE(RenderStream::open(*wave, WaveFormat{}));
    std::vector<Bytes> recorded(streams);
    for (int i = 0; i < streams; ++i) {
        Bytes& bytes = recorded[static_cast<std::size_t>(i)];
        ASSERT_TRUE(recorders[static_cast<std::size_t>(i)].on_period([&bytes](std::span<const std::byte> period) {
            bytes.insert(bytes.end(), period.begin(), period.end());
            return true;
        }));
    }
    for (int i = 0; i < streams; ++i) {
        ASSERT_TRUE(players[static_cast<std::size_t>(i)].write(noise(30 * interval, static_cast<unsigned>(i + 1))));
    }
    for (RenderStream& player : players) {
        ASSERT_TRUE(player.drain());
    }
    ASSERT_TRUE(machine->run_for(milliseconds(50)));
    for (int i = 0; i < streams; ++i) {
        EXPECT_NE(find(recorded[static_cast<std::size_t>(i)], noise(30 * interval, static_cast<unsigned>(i + 1))),
                  std::string::npos)
            << i;
    }
}

// R-WPCI-10: cancelling comes at any moment of the card's.
TEST_F(WavePci, AnyInterleavingIsHeardBitForBit) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        MachineOptions options;
        options.scheduling = seed % 2 == 0 ? Scheduling::random : Scheduling::pct;
        options.seed = seed;
        start({seed % 3 == 0 ? "Dma32=1" : "Dma32=0"}, options);
        listen(milliseconds(700));
        {
            Pin render = open_render();
            const Bytes sound = noise(30 * interval);
            std::vector<Bytes> parts;
            for (std::size_t at = 0; at < sound.size(); at += 1000) {
                parts.push_back(part(sound, at, std::min<std::size_t>(1000, sound.size() - at)));
            }
            ASSERT_TRUE(render.set_state(PinState::pause));
            std::vector<StreamRequest> writes;
            for (Bytes& each : parts) {
                writes.push_back(submit(render, each));
            }
            ASSERT_TRUE(render.set_state(PinState::run));
            ASSERT_TRUE(machine->run_for(milliseconds(450)));
            EXPECT_NE(find(heard(), sound), std::string::npos) << "seed " << seed;
            writes.clear();
            for (Bytes& each : parts) {
                writes.push_back(submit(render, each));
            }
            for (std::size_t i = 0; i < writes.size(); ++i) {
                if (i % 4 == seed % 4) {
                    ASSERT_TRUE(machine->run_for(std::chrono::microseconds(900)));
                    writes[i].cancel();
                }
            }
            ASSERT_TRUE(machine->run_for(milliseconds(400)));
            for (const StreamRequest& write : writes) {
                EXPECT_TRUE(write.is_done()) << "seed " << seed;
            }
        }
        reads.clear();
        capture.reset();
        wave.reset();
        driver.reset();
    }
}

// R-STATE-06: the device sleeps, and no frame is lost or heard twice.
TEST_F(WavePci, SleepIsNotHeard) {
    start();
    listen(milliseconds(900));
    Pin render = open_render();
    Bytes sound = noise(50 * interval);
    ASSERT_TRUE(render.set_state(PinState::run));
    StreamRequest write = submit(render, sound);
    ASSERT_TRUE(machine->run_for(milliseconds(205)));
    ASSERT_TRUE(driver->devices().front().set_power(3));
    const Position asleep = position(render);
    ASSERT_TRUE(machine->run_for(milliseconds(300)));
    EXPECT_EQ(position(render).play, asleep.play);
    ASSERT_TRUE(driver->devices().front().set_power(0));
    ASSERT_TRUE(machine->run_for(milliseconds(500)));
    EXPECT_NE(find(heard(), sound), std::string::npos);
}

} // namespace openportcls::ports
