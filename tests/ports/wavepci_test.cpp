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

// R-WPCI-12. IPreFetchOffset::SetPreFetchOffset. R-WPCI-19: DirectSound adds its 10 ms itself; the port adds nothing.
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
TEST_F(WavePci, PlacesOfALoopAreEvents) {
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

} // namespace openportcls::ports
