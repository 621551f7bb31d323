// WaveCyclic: what the positions of a stream count, and what happens at them.
#include "card_fixture.h"

namespace openportcls::ports {

// R-WCYC-12, audio-position-property: 0 at first, and from then on the client's bytes that have been played. The
// silence of an underrun, and that in front of what comes after it, is not among them.
TEST_F(WaveCyclic, R_WCYC_12_the_silence_of_an_underrun_is_not_counted) {
    start();
    Pin render = open_render();
    ASSERT_TRUE(render.set_state(PinState::run));
    ASSERT_TRUE(machine->run_for(milliseconds(55)));
    EXPECT_EQ(position(render).play, 0U);
    std::uint64_t played = 0;
    for (std::uint64_t written = 2 * interval; written <= 8 * interval; written += 2 * interval) {
        Bytes sound = noise(2 * interval);
        const StreamRequest write = submit(render, sound);
        for (int elapsed = 0; elapsed < 60; ++elapsed) {
            const Position now = position(render);
            ASSERT_EQ(now.write, written);
            ASSERT_GE(now.play, played) << "after " << elapsed << " ms";
            ASSERT_LE(now.play, played + interval) << "after " << elapsed << " ms";
            played = now.play;
            ASSERT_TRUE(machine->run_for(milliseconds(1)));
        }
        EXPECT_EQ(position(render).play, written);
    }
}

// R-EVENT-12: every request with the mark ends a stream, however many of them lie in the buffer at once.
TEST_F(WaveCyclic, R_EVENT_12_each_end_within_forty_milliseconds_is_an_event) {
    start();
    Pin render = open_render();
    auto ended = render.subscribe(connection_end_of_stream).value();
    ASSERT_TRUE(render.set_state(PinState::pause));
    Bytes sounds[] = {noise(interval), noise(interval), noise(2 * interval)};
    std::vector<StreamRequest> writes;
    for (Bytes& sound : sounds) {
        writes.push_back(submit(render, sound, end_of_stream));
        EXPECT_TRUE(writes.back().is_done()) << "all of them are in the buffer";
    }
    ASSERT_TRUE(render.set_state(PinState::run));
    std::vector<std::uint64_t> ends;
    for (int elapsed = 0; elapsed < 100; ++elapsed) {
        ASSERT_TRUE(machine->run_for(milliseconds(1)));
        if (ended.take()) {
            ends.push_back(position(render).play);
        }
    }
    EXPECT_THAT(ends, testing::ElementsAre(interval, 2 * interval, 4 * interval));
}

// R-STATE-04: those that were to come when the stream was stopped do not.
TEST_F(WaveCyclic, AStoppedStreamHasNoEndsLeft) {
    start();
    Pin render = open_render();
    auto ended = render.subscribe(connection_end_of_stream).value();
    ASSERT_TRUE(render.set_state(PinState::pause));
    Bytes sound = noise(2 * interval);
    StreamRequest write = submit(render, sound, end_of_stream);
    ASSERT_TRUE(render.set_state(PinState::stop));
    ASSERT_TRUE(render.set_state(PinState::run));
    ASSERT_TRUE(machine->run_for(milliseconds(100)));
    EXPECT_FALSE(ended.take());
}

// The device may be reading the next interval: what is in it is heard, and only then what the client has set.
TEST_F(WaveCyclic, TheIntervalThatTheDeviceReadsIsNotOverwrittenWhenTheLoopIsSet) {
    start();
    listen(milliseconds(400));
    Pin render = open_render(true);
    Bytes loop = noise(20 * interval);
    ASSERT_TRUE(render.set_state(PinState::pause));
    StreamRequest write = submit(render, loop);
    ASSERT_TRUE(render.set_state(PinState::run));
    ASSERT_TRUE(machine->run_for(milliseconds(105)));
    const std::uint64_t read = position(render).play;
    ASSERT_TRUE(render.set(property::audio_position, Position{15 * interval, 0}));
    ASSERT_TRUE(machine->run_for(milliseconds(200)));
    Bytes expected = part(loop, 0, read + interval);
    expected.insert(expected.end(), loop.begin() + 15 * interval, loop.end());
    EXPECT_NE(find(heard(), expected), std::string::npos);
}

} // namespace openportcls::ports
