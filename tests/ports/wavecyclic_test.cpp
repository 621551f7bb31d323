// WaveCyclic: capture, requests that end otherwise, and the miniport's part.
#include "card_fixture.h"

#include <algorithm>
#include <string>
#include <vector>

namespace openportcls::ports {

// ---- capture --------------------------------------------------------------------------------------------------------

// What the client leaves in the buffer for longer than a lap is lost, oldest first; then it goes on without a seam.
TEST_F(WaveCyclic, ALateReaderLosesTheOldest) {
    start();
    Pin render = open_render();
    Bytes sound = noise(120 * interval);
    ASSERT_TRUE(render.set_state(PinState::pause));
    StreamRequest write = submit(render, sound);
    Pin late = Pin::open(*wave, 1, WaveFormat{}).value();
    ASSERT_TRUE(late.set_state(PinState::run));
    ASSERT_TRUE(render.set_state(PinState::run));
    ASSERT_TRUE(machine->run_for(milliseconds(600)));
    Bytes got(20 * interval);
    auto read = late.read(got);
    ASSERT_TRUE(read) << read.error().message;
    const std::size_t at = find(sound, got);
    ASSERT_NE(at, std::string::npos) << "without a seam";
    EXPECT_GT(at, 40 * interval) << "half a second ago is gone";
    const Position now = position(late);
    EXPECT_GE(now.play, now.write);
}

TEST_F(WaveCyclic, ARequestIsFilledToItsEndAndOnlyThen) {
    start();
    capture.emplace(Pin::open(*wave, 1, WaveFormat{}).value());
    ASSERT_TRUE(capture->set_state(PinState::run));
    Bytes first(interval);
    Bytes second(2 * interval);
    const StreamBlock blocks[] = {{first}, {second}};
    auto request = capture->submit_read(blocks);
    ASSERT_TRUE(request) << request.error().message;
    ASSERT_TRUE(machine->run_for(milliseconds(25)));
    EXPECT_FALSE(request->is_done());
    ASSERT_TRUE(machine->run_for(milliseconds(20)));
    EXPECT_TRUE(request->is_done());
    EXPECT_THAT(request->used(), testing::ElementsAre(interval, 2 * interval));
}

// R-KS-06: each header has a buffer of its own; one without is passed over.
TEST_F(WaveCyclic, TheBlocksOfARequestFollowEachOther) {
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

// ---- requests that end otherwise
// --------------------------------------------------------------------------------------

TEST_F(WaveCyclic, ACancelledRequestIsSkipped) {
    start();
    listen(milliseconds(500));
    Pin render = open_render();
    Bytes sounds[3] = {noise(6 * interval, 1), noise(6 * interval, 2), noise(6 * interval, 3)};
    ASSERT_TRUE(render.set_state(PinState::pause));
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
    EXPECT_NE(find(heard(), expected), std::string::npos);
}

// Shows IOCTL_KS_RESET_STATE, R-KS-03: what is queued comes back, what has been taken of it is forgotten, and until the
// reset has ended nothing else is taken, whatever the state.
TEST_F(WaveCyclic, AResetGivesBackWhatIsQueued) {
    start();
    Pin render = open_render();
    Bytes sound = noise(30 * interval);
    ASSERT_TRUE(render.set_state(PinState::pause));
    StreamRequest write = submit(render, sound);
    EXPECT_EQ(position(render).write, 4 * interval);
    ASSERT_TRUE(render.reset(true));
    EXPECT_EQ(write.wait().error().status, status_cancelled);
    EXPECT_EQ(position(render).write, 0U);
    constexpr auto status_device_not_ready = static_cast<std::int32_t>(0xC00000A3);
    for (const PinState state : {PinState::pause, PinState::stop, PinState::pause}) {
        ASSERT_TRUE(render.set_state(state));
        const StreamBlock block{sound};
        auto refused = render.submit_write({&block, 1});
        ASSERT_TRUE(!refused || refused->is_done());
        EXPECT_EQ(refused ? refused->wait().error().status : refused.error().status, status_device_not_ready);
    }
    ASSERT_TRUE(render.reset(false));
    StreamRequest again = submit(render, sound);
    EXPECT_FALSE(again.is_done());
}

TEST_F(WaveCyclic, BuffersThatAreNoneAreRefused) {
    start();
    Pin render = open_render();
    ASSERT_TRUE(render.set_state(PinState::pause));
    const StreamBlock wild{{reinterpret_cast<std::byte*>(0x1234000), 4096}};
    auto request = render.submit_write({&wild, 1});
    EXPECT_EQ(request ? request->wait().error().status : request.error().status, status_access_violation);
}

// R-PNP-05.
TEST_F(WaveCyclic, APulledDeviceGivesBackWhatIsQueued) {
    start();
    {
        Pin render = open_render();
        Bytes sound = noise(30 * interval);
        ASSERT_TRUE(render.set_state(PinState::run));
        StreamRequest write = submit(render, sound);
        ASSERT_TRUE(machine->run_for(milliseconds(30)));
        ASSERT_TRUE(driver->devices().front().surprise_remove());
        EXPECT_TRUE(write.is_done());
        EXPECT_EQ(write.wait().error().status, status_cancelled);
    }
}

// R-STATE-01: what the miniport refuses is rolled back.
TEST_F(WaveCyclic, AStateThatTheDriverRefusesIsNotReached) {
    start({"Fails=3"});
    Pin render = open_render();
    EXPECT_FALSE(render.set_state(PinState::run));
    EXPECT_EQ(render.state().value(), PinState::stop);
    EXPECT_TRUE(render.set_state(PinState::pause));
}

// A port lives by its references: one that the driver forgets is told of when the driver is unloaded.
TEST_F(WaveCyclic, AForgottenPortIsALeak) {
    start({"Forgets=1"});
    wave.reset();
    auto leaks = driver->unload();
    driver.reset();
    ASSERT_TRUE(leaks) << leaks.error().message;
    ASSERT_EQ(leaks->size(), 1U);
    EXPECT_EQ(leaks->front().kind, "port");
    EXPECT_EQ(leaks->front().what.rfind("wavecyclic, a reference was not released (made at cyclic.so+0x", 0), 0U)
        << leaks->front().what;
}

// So is a helper object, with the function that made it and the place of the call.
TEST_F(WaveCyclic, ForgottenHelpersAreLeaks) {
    start({"Forgets=2"});
    wave.reset();
    auto leaks = driver->unload();
    driver.reset();
    ASSERT_TRUE(leaks) << leaks.error().message;
    std::vector<std::string> found;
    for (const LeakLine& leak : *leaks) {
        found.push_back(leak.kind + ": " + leak.what.substr(0, leak.what.find(" (made at cyclic.so+0x")));
    }
    std::sort(found.begin(), found.end());
    EXPECT_EQ(found, (std::vector<std::string>{
                         "DMA channel: IPortWaveCyclic::NewMasterDmaChannel, a reference was not released",
                         "handle: Key, ZwClose not called", // the registry key's
                         "registry key: PcNewRegistryKey, a reference was not released",
                         "resource list: PcNewResourceSublist, a reference was not released",
                         "service group: PcNewServiceGroup, a reference was not released",
                     }));
}

// ---- the miniport's part --------------------------------------------------------------------------------------------

// R-WCYC-17: a channel of the driver's own does the copying. R-WCYC-02: it stops the system when the port calls any but
// six of its methods.
TEST_F(WaveCyclic, TheChannelCopies) {
    start({"Inverted=1"});
    listen(milliseconds(400));
    Pin render = open_render();
    Bytes sound = noise(20 * interval);
    ASSERT_TRUE(render.set_state(PinState::run));
    StreamRequest write = submit(render, sound);
    ASSERT_TRUE(machine->run_for(milliseconds(350)));
    EXPECT_NE(find(heard(), sound), std::string::npos) << "inverted twice";
    EXPECT_EQ(heard().back(), std::byte{0xFF}) << "the card's silence is not inverted on its way out";
}

// R-WCYC-05: small buffers, and ones that are no multiple of the interval.
TEST_F(WaveCyclic, BuffersOfAnySizeDo) {
    for (const char* bytes : {"4096", "8000", "12345", "65536"}) {
        start({std::string("BufferBytes=") + bytes});
        listen(milliseconds(800));
        Pin render = open_render();
        Bytes sound = noise(50 * interval);
        ASSERT_TRUE(render.set_state(PinState::run));
        StreamRequest write = submit(render, sound);
        ASSERT_TRUE(machine->run_for(milliseconds(750)));
        EXPECT_NE(find(heard(), sound), std::string::npos) << bytes;
        reads.clear();
        capture.reset();
        {
            const StreamRequest done = std::move(write);
        }
        {
            const Pin closed = std::move(render);
        }
        wave.reset();
        driver.reset();
    }
}

TEST_F(WaveCyclic, AnyInterleavingIsHeardBitForBit) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        MachineOptions options;
        options.scheduling = Scheduling::random;
        options.seed = seed;
        start({}, options);
        listen(milliseconds(500));
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
        }
        reads.clear();
        capture.reset();
        wave.reset();
        driver.reset();
    }
}

// R-STATE-06: the device sleeps, and no frame is lost or heard twice.
TEST_F(WaveCyclic, SleepIsNotHeard) {
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

// R-STATE-01: a stream that the driver does not take up after the sleep is in STOP, where no request is queued.
TEST_F(WaveCyclic, AStreamThatDoesNotBeginAfterSleepGivesItsRequestsBack) {
    start({"Fails=3"});
    Pin render = open_render();
    ASSERT_TRUE(driver->devices().front().set_power(3));
    ASSERT_TRUE(render.set_state(PinState::run));
    Bytes sound = noise(5 * interval);
    StreamRequest write = submit(render, sound);
    EXPECT_FALSE(write.is_done());
    ASSERT_TRUE(driver->devices().front().set_power(0));
    EXPECT_EQ(render.state().value(), PinState::stop);
    ASSERT_TRUE(write.is_done());
    EXPECT_EQ(write.wait().error().status, status_cancelled);
}

} // namespace openportcls::ports
