// WavePci: what becomes of requests, whatever happens meanwhile.
#include "card_fixture.h"

namespace openportcls::ports {

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
