// IOCTL_KS_RESET_STATE (ni-ks-ioctl_ks_reset_state): a pin is what it was when it was acquired. What has been taken of
// the requests is not played, what has been recorded is not fetched, and positions count from 0.
#include <optional>

#include "every_port.h"

namespace openportcls::ports {
namespace {

void reset(Pin& pin) {
    ASSERT_TRUE(pin.reset(true));
    ASSERT_TRUE(pin.reset(false));
}

void expect_at_the_beginning(const Position& now) {
    EXPECT_EQ(now.play, 0U);
    EXPECT_EQ(now.write, 0U);
}

// A card that is heard, and a stream that has been playing for 105 ms.
template<class Card>
class Reset : public Card {
protected:
    void play() {
        this->start();
        this->listen(milliseconds(800));
        render.emplace(this->open_render());
        ASSERT_TRUE(render->set_state(PinState::run));
        write.emplace(this->submit(*render, forgotten));
        ASSERT_TRUE(this->machine->run_for(milliseconds(105)));
    }
    void TearDown() override { // the pin goes before its card
        again.reset();
        write.reset();
        render.reset();
        Card::TearDown();
    }
    void submit_later() { again.emplace(this->submit(*render, later)); }

    Bytes forgotten = noise(30 * interval, 3);
    Bytes later = noise(10 * interval, 4);
    std::optional<Pin> render;
    std::optional<StreamRequest> write;
    std::optional<StreamRequest> again;
};
class WaveCyclicReset : public Reset<WaveCyclic> {};
class WavePciReset : public Reset<WavePci> {};

} // namespace

// 40 ms have been copied ahead of the device by then. What comes after the reset is heard whole.
TEST_F(WaveCyclicReset, R_KS_03_what_a_reset_forgets_is_not_heard) {
    play();
    const std::uint64_t played = position(*render).play;
    ASSERT_TRUE(render->reset(true));
    ASSERT_TRUE(machine->run_for(milliseconds(95)));
    expect_at_the_beginning(position(*render));
    ASSERT_TRUE(render->reset(false));
    submit_later();
    ASSERT_TRUE(machine->run_for(milliseconds(300)));
    const Bytes all = heard();
    const std::size_t at = find(all, part(forgotten, 0, played));
    const std::size_t next = find(all, later);
    ASSERT_NE(at, std::string::npos);
    ASSERT_NE(next, std::string::npos);
    ASSERT_GT(next, at + played);
    EXPECT_TRUE(is_silent(part(all, at + played, next - at - played)));
    EXPECT_EQ(position(*render).play, later.size());
}

TEST_F(WaveCyclicReset, R_KS_03_nor_after_a_reset_of_a_paused_stream) {
    play();
    ASSERT_TRUE(render->set_state(PinState::pause));
    const std::uint64_t played = position(*render).play;
    reset(*render);
    expect_at_the_beginning(position(*render));
    submit_later();
    ASSERT_TRUE(machine->run_for(milliseconds(50)));
    ASSERT_TRUE(render->set_state(PinState::run));
    ASSERT_TRUE(machine->run_for(milliseconds(300)));
    const Bytes all = heard();
    EXPECT_NE(find(all, part(forgotten, 0, played)), std::string::npos);
    EXPECT_EQ(find(all, part(forgotten, played, interval)), std::string::npos);
    EXPECT_NE(find(all, later), std::string::npos) << "from its first byte";
}

// What is written at once goes ahead of the place that the device reads.
TEST_F(WaveCyclicReset, ARunningStreamPlaysTheFirstByteAfterAReset) {
    play();
    reset(*render);
    submit_later();
    EXPECT_EQ(position(*render).play, 0U);
    ASSERT_TRUE(machine->run_for(milliseconds(7)));
    EXPECT_EQ(position(*render).play, 0U) << "10 ms of silence come before it";
    ASSERT_TRUE(machine->run_for(milliseconds(300)));
    EXPECT_NE(find(heard(), later), std::string::npos);
}

TEST_F(WaveCyclic, AResetForgetsTheEndsThatHaveNotCome) {
    start();
    Pin render = open_render();
    auto ended = render.subscribe(connection_end_of_stream).value();
    ASSERT_TRUE(render.set_state(PinState::run));
    Bytes sound = noise(2 * interval);
    StreamRequest write = submit(render, sound, end_of_stream);
    reset(render);
    ASSERT_TRUE(machine->run_for(milliseconds(100)));
    EXPECT_FALSE(ended.take());
}

TEST_F(WaveCyclic, AResetDropsWhatHasBeenRecorded) {
    start();
    Pin listener = Pin::open(*wave, 1, WaveFormat{}).value();
    Pin render = open_render();
    Bytes sound = noise(12 * interval, 3);
    ASSERT_TRUE(listener.set_state(PinState::run));
    ASSERT_TRUE(render.set_state(PinState::run));
    StreamRequest write = submit(render, sound);
    ASSERT_TRUE(machine->run_for(milliseconds(105)));
    ASSERT_TRUE(listener.reset(true));
    ASSERT_TRUE(machine->run_for(milliseconds(55))); // the sound is over
    ASSERT_TRUE(listener.reset(false));
    expect_at_the_beginning(position(listener));
    Bytes into = noise(4 * interval, 9);
    StreamBlock block{into};
    auto read = listener.submit_read({&block, 1});
    ASSERT_TRUE(read) << read.error().message;
    ASSERT_TRUE(machine->run_for(milliseconds(60)));
    ASSERT_TRUE(read->is_done());
    EXPECT_TRUE(is_silent(into));
    EXPECT_EQ(position(listener).write, 4 * interval);
    EXPECT_GE(position(listener).play, 4 * interval);
    EXPECT_LE(position(listener).play, 7 * interval);
}

TEST_F(WaveCyclic, ALoopBeginsAnewAfterAReset) {
    start();
    listen(milliseconds(800));
    Pin render = open_render(true);
    Bytes first = noise(7 * interval + 12, 3);
    Bytes second = noise(5 * interval, 4);
    ASSERT_TRUE(render.set_state(PinState::pause));
    StreamRequest write = submit(render, first);
    ASSERT_TRUE(render.set_state(PinState::run));
    ASSERT_TRUE(machine->run_for(milliseconds(205)));
    ASSERT_TRUE(render.reset(true));
    EXPECT_EQ(write.wait().error().status, status_cancelled);
    ASSERT_TRUE(machine->run_for(milliseconds(100)));
    expect_at_the_beginning(position(render));
    ASSERT_TRUE(render.reset(false));
    StreamRequest again = submit(render, second);
    EXPECT_EQ(position(render).play, 0U);
    ASSERT_TRUE(machine->run_for(milliseconds(35)));
    EXPECT_GT(position(render).play, 0U);
    EXPECT_LE(position(render).play, 4 * interval);
    ASSERT_TRUE(machine->run_for(milliseconds(200)));
    EXPECT_NE(find(heard(), second), std::string::npos);
}

// An end that nothing has begun is none.
TEST_F(WaveCyclic, TheEndOfNoResetForgetsNothing) {
    start();
    listen(milliseconds(500));
    Pin render = open_render();
    Bytes sound = noise(20 * interval, 3);
    ASSERT_TRUE(render.set_state(PinState::run));
    StreamRequest write = submit(render, sound);
    ASSERT_TRUE(machine->run_for(milliseconds(105)));
    ASSERT_TRUE(render.reset(false));
    ASSERT_TRUE(machine->run_for(milliseconds(200)));
    EXPECT_NE(find(heard(), sound), std::string::npos);
    EXPECT_EQ(position(render).play, sound.size());
}

// The device goes on where it is; what it counts is the miniport's own.
TEST_F(WavePciReset, R_KS_03_positions_count_from_a_reset) {
    play();
    reset(*render);
    expect_at_the_beginning(position(*render));
    submit_later();
    ASSERT_TRUE(machine->run_for(milliseconds(50)));
    EXPECT_GT(position(*render).play, 0U);
    EXPECT_LE(position(*render).play, position(*render).write);
    EXPECT_LE(position(*render).play, 5 * interval);
    ASSERT_TRUE(machine->run_for(milliseconds(200)));
    EXPECT_NE(find(heard(), later), std::string::npos);
    EXPECT_EQ(position(*render).write, later.size());
}

TEST_F(WavePci, ALoopsPositionsLieInTheBufferThatFollowsAReset) {
    start();
    Pin render = open_render(true);
    Bytes first = noise(7 * interval + 12, 3);
    Bytes second = noise(5 * interval, 4);
    ASSERT_TRUE(render.set_state(PinState::pause));
    StreamRequest write = submit(render, first);
    ASSERT_TRUE(render.set_state(PinState::run));
    ASSERT_TRUE(machine->run_for(milliseconds(205)));
    reset(render);
    expect_at_the_beginning(position(render));
    StreamRequest again = submit(render, second);
    ASSERT_TRUE(machine->run_for(milliseconds(32)));
    EXPECT_GT(position(render).play, 0U);
    EXPECT_LE(position(render).play, 4 * interval);
}

TEST_F(WavePci, ARecordingCountsFromItsReset) {
    start();
    Pin listener = Pin::open(*wave, 1, WaveFormat{}).value();
    Bytes into = noise(30 * interval);
    StreamBlock block{into};
    ASSERT_TRUE(listener.set_state(PinState::run));
    auto read = listener.submit_read({&block, 1});
    ASSERT_TRUE(machine->run_for(milliseconds(105)));
    reset(listener);
    EXPECT_EQ(read->wait().error().status, status_cancelled);
    expect_at_the_beginning(position(listener));
    Bytes more = noise(30 * interval);
    StreamBlock next{more};
    auto again = listener.submit_read({&next, 1});
    ASSERT_TRUE(machine->run_for(milliseconds(105)));
    EXPECT_LE(position(listener).write, position(listener).play);
    ASSERT_TRUE(listener.set_state(PinState::stop));
    EXPECT_GE(again->used().front(), 8 * interval) << "what has been recorded since is the client's (R-WPCI-11)";
    EXPECT_LE(again->used().front(), 11 * interval);
}

namespace {

class PortReset : public testing::TestWithParam<PortKind> {
protected:
    void SetUp() override { loop.start(GetParam()); }
    void TearDown() override { loop.finish(); }

    // What is queued comes back and its successor is taken: whatever the state, with power and without.
    void reset_while_queued(Pin& pin, bool capture) {
        ASSERT_TRUE(loop.queue(pin, capture));
        ASSERT_TRUE(pin.reset(true));
        ASSERT_TRUE(loop.request->is_done());
        loop.request.reset();
        ASSERT_TRUE(pin.reset(true)) << "it may be said twice";
        ASSERT_TRUE(pin.reset(false));
        ASSERT_TRUE(loop.queue(pin, capture));
        loop.request.reset();
        ASSERT_TRUE(pin.reset(true));
        ASSERT_TRUE(pin.reset(false));
    }

    PortLoop loop;
};

} // namespace

TEST_P(PortReset, R_KS_03_a_reset_in_every_state_with_power_and_without) {
    for (const bool capture : {false, true}) {
        auto pin = loop.open(capture);
        ASSERT_TRUE(pin) << pin.error().message;
        reset(*pin);
        for (const PinState state : {PinState::pause, PinState::run, PinState::pause}) {
            ASSERT_TRUE(pin->set_state(state));
            reset_while_queued(*pin, capture);
            ASSERT_TRUE(loop.device().set_power(3));
            reset_while_queued(*pin, capture);
            ASSERT_TRUE(loop.machine->run_for(milliseconds(20)));
            ASSERT_TRUE(loop.device().set_power(0));
            EXPECT_EQ(pin->state().value(), state);
            ASSERT_TRUE(loop.machine->run_for(milliseconds(20)));
        }
        ASSERT_TRUE(pin->reset(true));
        ASSERT_TRUE(pin->set_state(PinState::stop));
        ASSERT_TRUE(pin->reset(false));
    }
}

INSTANTIATE_TEST_SUITE_P(EveryPort, PortReset, testing::ValuesIn(port_kinds + 1, port_kinds + std::size(port_kinds)),
                         [](const auto& info) { return info.param.name; });

} // namespace openportcls::ports
