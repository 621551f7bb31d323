// R-PWR-04, R-STATE-06: streams of every port pause for a power change and go on after it; no frame is lost or played
// twice. A loop shows both directions at once: what was rendered is what was captured.
#include "every_port.h"

namespace openportcls::ports {
namespace {

enum class Power : std::uint8_t { device_d1, device_d3, system_s3 };

using PowerCase = std::tuple<PortKind, Power>;

std::string power_case_name(const testing::TestParamInfo<PowerCase>& info) {
    static constexpr const char* names[] = {"D1", "D3", "S3"};
    return std::get<0>(info.param).name + std::string(names[static_cast<int>(std::get<1>(info.param))]);
}

class PortPower : public testing::Test, public testing::WithParamInterface<PowerCase> {
protected:
    void SetUp() override { loop.start(std::get<0>(GetParam())); }
    void TearDown() override { loop.finish(); }

    void down() {
        const Power power = std::get<1>(GetParam());
        if (power == Power::system_s3) {
            ASSERT_TRUE(loop.machine->sleep(3));
        } else {
            ASSERT_TRUE(loop.device().set_power(power == Power::device_d1 ? 1 : 3));
        }
    }
    void up() {
        if (std::get<1>(GetParam()) == Power::system_s3) {
            ASSERT_TRUE(loop.machine->wake());
        } else {
            ASSERT_TRUE(loop.device().set_power(0));
        }
    }
    // Off and on three times, at moments that no period ends at.
    void nap() {
        for (const int asleep : {300, 7, 61}) {
            ASSERT_TRUE(loop.machine->run_for(std::chrono::microseconds(103'400)));
            down();
            ASSERT_TRUE(loop.machine->run_for(milliseconds(asleep)));
            up();
        }
    }
    void pass(milliseconds duration) { ASSERT_TRUE(loop.machine->run_for(duration)); }

    PortLoop loop;
};

std::uint64_t play_position(const Pin& pin) {
    auto value = pin.get<Position>(property::audio_position);
    EXPECT_TRUE(value) << value.error().message;
    return value->play;
}

std::vector<std::byte> numbered_note(int number) {
    return {std::byte{0x90}, static_cast<std::byte>(number % 128), static_cast<std::byte>(number / 128 + 1)};
}

} // namespace

// Every frame that is rendered is captured, once and in order.
class WavePower : public PortPower {};

TEST_P(WavePower, R_PWR_04_R_STATE_06_no_frame_is_lost_or_played_twice) {
    const Bytes sound = noise(60 * interval);
    Bytes heard;
    std::size_t played = 0;
    {
        auto capture = CaptureStream::open(*loop.filter, WaveFormat{});
        ASSERT_TRUE(capture) << capture.error().message;
        auto render = RenderStream::open(*loop.filter, WaveFormat{});
        ASSERT_TRUE(render) << render.error().message;
        ASSERT_TRUE(capture->on_period([&](std::span<const std::byte> period) {
            heard.insert(heard.end(), period.begin(), period.end());
            return true;
        }));
        ASSERT_TRUE(render->on_period([&](std::span<std::byte> period) {
            std::fill(period.begin(), period.end(), std::byte{});
            const std::size_t part = std::min(period.size(), sound.size() - played);
            std::copy_n(sound.begin() + static_cast<std::ptrdiff_t>(played), part, period.begin());
            played += part;
            return true;
        }));
        nap();
        pass(milliseconds(800));
    }
    ASSERT_EQ(played, sound.size());
    const std::size_t at = find(heard, sound);
    ASSERT_NE(at, std::string::npos) << "bit for bit, without a seam";
    EXPECT_TRUE(is_silent(part(heard, 0, at)));
    EXPECT_TRUE(is_silent(part(heard, at + sound.size(), heard.size() - at - sound.size())));
}

// A stream's position stands still without power, in both directions, and its state is the client's all the time.
TEST_P(WavePower, R_STATE_06_positions_stand_still) {
    for (const bool capture : {false, true}) {
        auto pin = loop.open(capture);
        ASSERT_TRUE(pin) << pin.error().message;
        ASSERT_TRUE(pin->set_state(PinState::pause));
        ASSERT_TRUE(loop.queue(*pin, capture));
        ASSERT_TRUE(pin->set_state(PinState::run));
        pass(milliseconds(55));
        down();
        // Asking is an access, but no reason to leave a state that power management has set.
        ASSERT_NE(loop.context().power().device_state(), PowerDeviceD0);
        const auto before = play_position(*pin);
        pass(milliseconds(200));
        EXPECT_EQ(play_position(*pin), before);
        EXPECT_EQ(pin->state().value(), PinState::run);
        up();
        pass(milliseconds(55));
        EXPECT_NE(play_position(*pin), before);
        loop.request.reset();
    }
}

// R-PWR-09: a client changes states while the hardware is off; they are made good when it is on.
TEST_P(WavePower, R_PWR_09_states_set_without_power_hold_after_it) {
    auto pin = loop.open(false);
    ASSERT_TRUE(pin) << pin.error().message;
    ASSERT_TRUE(pin->set_state(PinState::pause));
    ASSERT_TRUE(loop.queue(*pin, false));
    ASSERT_TRUE(pin->set_state(PinState::run));
    pass(milliseconds(55));
    down();
    ASSERT_TRUE(pin->set_state(PinState::pause));
    up();
    const auto paused = play_position(*pin);
    pass(milliseconds(100));
    EXPECT_EQ(play_position(*pin), paused) << "paused it stays";
    down();
    ASSERT_TRUE(pin->set_state(PinState::run));
    pass(milliseconds(100));
    EXPECT_EQ(play_position(*pin), paused) << "and the hardware is off";
    up();
    pass(milliseconds(55));
    EXPECT_NE(play_position(*pin), paused);
    down();
    ASSERT_TRUE(pin->set_state(PinState::stop));
    up();
    EXPECT_EQ(pin->state().value(), PinState::stop);
    EXPECT_EQ(play_position(*pin), 0U);
    if (loop.request) {
        EXPECT_EQ(loop.request->wait().error().status, status_cancelled);
    }
    loop.request.reset();
}

// The client does not see that the device sleeps: a stream that has not begun takes requests from PAUSE on, and they
// are played or filled from their first byte when there is power.
TEST_P(WavePower, R_STATE_06_a_stream_begins_without_power) {
    for (const bool capture : {false, true}) {
        Bytes heard;
        auto listener = CaptureStream::open(*loop.filter, WaveFormat{});
        ASSERT_TRUE(listener) << listener.error().message;
        ASSERT_TRUE(listener->on_period([&](std::span<const std::byte> period) {
            heard.insert(heard.end(), period.begin(), period.end());
            return true;
        }));
        auto pin = loop.open(capture);
        ASSERT_TRUE(pin) << pin.error().message;
        down();
        ASSERT_TRUE(pin->set_state(PinState::pause));
        EXPECT_EQ(pin->state().value(), PinState::pause);
        const auto queued = loop.queue(*pin, capture);
        ASSERT_TRUE(queued) << queued.error().message;
        ASSERT_TRUE(pin->set_state(PinState::run));
        EXPECT_EQ(pin->state().value(), PinState::run);
        pass(milliseconds(100));
        EXPECT_EQ(play_position(*pin), 0U);
        up();
        pass(milliseconds(255));
        EXPECT_NE(play_position(*pin), 0U);
        if (loop.request) {
            EXPECT_FALSE(loop.request->is_done());
            EXPECT_TRUE(capture || find(heard, part(loop.buffer, 0, 20 * interval)) != std::string::npos);
        }
        loop.request.reset();
    }
}

INSTANTIATE_TEST_SUITE_P(EveryPort, WavePower,
                         testing::Combine(testing::ValuesIn(port_kinds, port_kinds + 3),
                                          testing::Values(Power::device_d1, Power::device_d3, Power::system_s3)),
                         power_case_name);

// In STOP no request is queued, and none is left: without power, too.
class RequestPower : public PortPower {};

TEST_P(RequestPower, R_STATE_06_a_stop_without_power_gives_back_what_is_queued) {
    for (const bool capture : {false, true}) {
        auto pin = loop.open(capture);
        ASSERT_TRUE(pin) << pin.error().message;
        down();
        const auto refused = loop.queue(*pin, capture);
        EXPECT_EQ(refused ? loop.request->wait().error().status : refused.error().status, status_invalid_device_state);
        ASSERT_TRUE(pin->set_state(PinState::pause));
        const auto queued = loop.queue(*pin, capture);
        ASSERT_TRUE(queued) << queued.error().message;
        EXPECT_FALSE(loop.request->is_done());
        ASSERT_TRUE(pin->set_state(PinState::stop));
        ASSERT_TRUE(loop.request->is_done());
        EXPECT_EQ(loop.request->wait().error().status, status_cancelled);
        up();
        EXPECT_EQ(pin->state().value(), PinState::stop);
        loop.request.reset();
    }
}

INSTANTIATE_TEST_SUITE_P(EveryPort, RequestPower,
                         testing::Combine(testing::ValuesIn(port_kinds + 1, port_kinds + std::size(port_kinds)),
                                          testing::Values(Power::device_d1, Power::device_d3, Power::system_s3)),
                         power_case_name);

// Every message that is sent arrives, once, in order and at its time: a stream's time stands still without power.
class MusicPower : public PortPower {};

TEST_P(MusicPower, R_PWR_04_R_STATE_06_no_message_is_lost_or_played_twice) {
    constexpr int count = 60;
    {
        MidiOptions options;
        const PortKind& kind = std::get<0>(GetParam());
        options.kind = kind.sound == Sound::midi ? MidiPinKind::legacy : MidiPinKind::direct_music;
        auto input = MidiInput::open(*loop.filter, options);
        ASSERT_TRUE(input) << input.error().message;
        auto output = MidiOutput::open(*loop.filter, options);
        ASSERT_TRUE(output) << output.error().message;
        ASSERT_TRUE(input->start());
        ASSERT_TRUE(output->start());
        std::vector<MidiMessage> messages(count);
        for (int i = 0; i < count; ++i) {
            messages[i].time = milliseconds(10 * (i + 1));
            messages[i].bytes = numbered_note(i);
        }
        ASSERT_TRUE(output->send(messages));
        nap();
        pass(milliseconds(600));
        for (int i = 0; i < count; ++i) {
            auto got = input->receive();
            ASSERT_TRUE(got) << got.error().message;
            ASSERT_TRUE(*got) << "message " << i << " is lost";
            EXPECT_EQ((*got)->bytes, numbered_note(i));
            EXPECT_FALSE((*got)->follows_a_loss);
            EXPECT_NEAR(static_cast<double>((*got)->time.count()), 1e7 * (i + 1), 4e6)
                << "time did not stand still for message " << i;
        }
        EXPECT_FALSE(input->receive(milliseconds(200)).value()) << "one too many";
    }
}

// What waits in either direction without power is still there after it.
TEST_P(MusicPower, R_PWR_04_requests_wait_for_power) {
    for (const bool capture : {false, true}) {
        auto pin = loop.open(capture);
        ASSERT_TRUE(pin) << pin.error().message;
        ASSERT_TRUE(pin->set_state(PinState::run));
        ASSERT_TRUE(loop.queue(*pin, capture));
        const bool taken = loop.kind->ends_well(capture); // read at once
        EXPECT_EQ(loop.request->is_done(), taken);
        down();
        pass(milliseconds(100));
        EXPECT_EQ(loop.request->is_done(), taken);
        ASSERT_TRUE(pin->set_state(PinState::pause));
        up();
        pass(milliseconds(100));
        EXPECT_EQ(loop.request->is_done(), taken);
        ASSERT_TRUE(pin->set_state(PinState::stop));
        EXPECT_EQ(static_cast<bool>(loop.request->wait()), taken);
        loop.request.reset();
    }
}

TEST_P(MusicPower, R_STATE_06_a_stream_begins_without_power) {
    MidiOptions options;
    const PortKind& kind = std::get<0>(GetParam());
    options.kind = kind.sound == Sound::midi ? MidiPinKind::legacy : MidiPinKind::direct_music;
    auto input = MidiInput::open(*loop.filter, options);
    ASSERT_TRUE(input) << input.error().message;
    auto output = MidiOutput::open(*loop.filter, options);
    ASSERT_TRUE(output) << output.error().message;
    down();
    auto started = input->start();
    ASSERT_TRUE(started) << started.error().message;
    ASSERT_TRUE(output->start());
    MidiMessage message;
    message.time = milliseconds(10);
    message.bytes = numbered_note(1);
    const auto sent = output->send({&message, 1});
    ASSERT_TRUE(sent) << sent.error().message;
    pass(milliseconds(100));
    EXPECT_FALSE(input->receive(milliseconds(0)).value());
    up();
    pass(milliseconds(100));
    const auto got = input->receive();
    ASSERT_TRUE(got) << got.error().message;
    ASSERT_TRUE(*got);
    EXPECT_EQ((*got)->bytes, message.bytes);
}

INSTANTIATE_TEST_SUITE_P(EveryPort, MusicPower,
                         testing::Combine(testing::ValuesIn(port_kinds + 3, port_kinds + std::size(port_kinds)),
                                          testing::Values(Power::device_d1, Power::device_d3, Power::system_s3)),
                         power_case_name);

} // namespace openportcls::ports
