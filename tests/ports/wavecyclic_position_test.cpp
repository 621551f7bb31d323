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

// R-WCYC-12: the positions of a loop are in the buffer that is played, whatever was played before it.
TEST_F(WaveCyclic, R_WCYC_12_positions_are_in_the_loop_that_is_heard) {
    start();
    listen(milliseconds(900));
    Pin render = open_render(true);
    Bytes first = noise(5 * interval + 12);
    Bytes second = noise(7 * interval + 4, 9);
    // What has been played last lies before the play position.
    const auto expect_heard = [&](const Bytes& loop, const char* when) {
        for (int round = 0; round < 9; ++round) {
            ASSERT_TRUE(machine->run_for(milliseconds(10)));
            const std::uint64_t play = position(render).play;
            ASSERT_LT(play, loop.size()) << when;
            Bytes before = part(loop, 0, play);
            before.insert(before.begin(), loop.begin(), loop.end());
            const Bytes all = heard();
            EXPECT_TRUE(std::equal(all.end() - interval, all.end(), before.end() - interval)) << when << ' ' << round;
        }
    };
    ASSERT_TRUE(render.set_state(PinState::pause));
    const StreamRequest looped = submit(render, first);
    ASSERT_TRUE(render.set_state(PinState::run));
    ASSERT_TRUE(machine->run_for(milliseconds(105)));
    expect_heard(first, "in the first buffer");
    const StreamRequest next = submit(render, second);
    ASSERT_TRUE(machine->run_for(milliseconds(100)));
    expect_heard(second, "in the second");
    const std::uint64_t before = position(render).play;
    ASSERT_TRUE(render.set(property::audio_position, Position{3 * interval + 100, 0}));
    EXPECT_EQ(position(render).play, before) << "the device reads the next interval";
    ASSERT_TRUE(machine->run_for(milliseconds(10)));
    EXPECT_EQ(position(render).play, 3 * interval + 100) << "what is set follows it";
    expect_heard(second, "where it was set");
}

} // namespace openportcls::ports
