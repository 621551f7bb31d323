// MIDI through the client library: a driver with an IMiniportMidi, one with an IMiniportDMus, each a loop.
#include <optional>

#include <gmock/gmock.h>

#include <openportcls/openportcls.hpp>

namespace openportcls {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using Bytes = std::vector<std::byte>;

namespace {

constexpr std::int32_t status_no_match = static_cast<std::int32_t>(0xC0000272);

Bytes bytes(std::initializer_list<int> values) {
    Bytes result;
    for (const int value : values) {
        result.push_back(static_cast<std::byte>(value));
    }
    return result;
}

Bytes exclusive(std::size_t count) {
    Bytes result(count);
    for (std::size_t i = 0; i < count; ++i) {
        result[i] = static_cast<std::byte>(i * 3 % 128);
    }
    result.front() = std::byte{0xF0};
    result.back() = std::byte{0xF7};
    return result;
}

const Bytes note_on = bytes({0x90, 60, 100});
const Bytes note_off = bytes({0x80, 60, 0});

} // namespace

class Midi : public testing::Test {
protected:
    void start(const char* module, const char* inf, std::vector<std::string> parameters = {},
               const MachineOptions& machine_options = {}) {
        machine.emplace(Machine::create(machine_options).value());
        DriverOptions options;
        options.inf = inf;
        options.parameters = std::move(parameters);
        auto loaded = machine->load_driver(module, options);
        ASSERT_TRUE(loaded) << loaded.error().message;
        driver.emplace(std::move(*loaded));
        filter.emplace(machine->open_first("Midi").value());
    }
    void start_midi() { start(MIDI_MODULE, MIDI_INF); }
    void start_dmus(std::vector<std::string> parameters = {}) { start(DMUS_MODULE, DMUS_INF, std::move(parameters)); }
    void TearDown() override {
        output.reset();
        input.reset();
        filter.reset();
        if (driver) {
            EXPECT_FALSE(machine->crash_report()) << *machine->crash_report();
            auto leaks = driver->unload();
            ASSERT_TRUE(leaks) << leaks.error().message;
            for (const LeakLine& leak : *leaks) {
                ADD_FAILURE() << leak.kind << " " << leak.what << ": " << leak.bytes << " bytes left";
            }
        }
    }
    void open(MidiPinKind kind = MidiPinKind::any) {
        MidiOptions options;
        options.kind = kind;
        auto opened_input = MidiInput::open(*filter, options);
        ASSERT_TRUE(opened_input) << opened_input.error().message;
        input.emplace(std::move(*opened_input));
        auto opened_output = MidiOutput::open(*filter, options);
        ASSERT_TRUE(opened_output) << opened_output.error().message;
        output.emplace(std::move(*opened_output));
        ASSERT_TRUE(input->start());
        ASSERT_TRUE(output->start());
    }
    void send(nanoseconds time, const Bytes& message) {
        MidiMessage sent;
        sent.time = time;
        sent.bytes = message;
        const auto done = output->send(sent);
        ASSERT_TRUE(done) << done.error().message;
    }
    MidiMessage receive() {
        auto got = input->receive();
        EXPECT_TRUE(got) << got.error().message;
        EXPECT_TRUE(*got) << "nothing came";
        return *got ? **got : MidiMessage{};
    }
    static void expect_near(nanoseconds time, nanoseconds expected, nanoseconds tolerance) {
        EXPECT_LE(std::chrono::abs(time - expected), tolerance) << time.count() << " " << expected.count();
    }

    std::optional<Machine> machine;
    std::optional<Driver> driver;
    std::optional<Filter> filter;
    std::optional<MidiInput> input;
    std::optional<MidiOutput> output;
};

// ---- legacy pins ----------------------------------------------------------------------------------------------------

TEST_F(Midi, ThePinsTellWhatTheyCarry) {
    start_dmus();
    const auto pins = midi_pins(*filter).value();
    ASSERT_EQ(pins.size(), 4U);
    EXPECT_EQ(pins[0].kind, MidiPinKind::legacy);
    EXPECT_EQ(pins[0].flow, PinFlow::in);
    EXPECT_EQ(pins[1].kind, MidiPinKind::direct_music);
    EXPECT_EQ(pins[2].flow, PinFlow::out);
    EXPECT_EQ(pins[3].kind, MidiPinKind::direct_music);
    EXPECT_NE(pins[0].technology, Guid{});
}

// As often as it is asked: there are no requests left to wait for.
TEST_F(Midi, AnInputWhoseDeviceHasGoneSaysSo) {
    start_midi();
    open();
    ASSERT_TRUE(driver->devices().front().surprise_remove());
    for (int attempt = 0; attempt < 10; ++attempt) {
        EXPECT_FALSE(input->receive(milliseconds(10))) << attempt;
    }
    EXPECT_FALSE(output->send_now(note_on));
}

TEST_F(Midi, WhatIsSentIsHeardAtItsTime) {
    start_midi();
    open();
    send(milliseconds(20), note_on);
    send(milliseconds(70), note_off);
    const MidiMessage first = receive();
    const MidiMessage second = receive();
    EXPECT_EQ(first.bytes, note_on);
    EXPECT_EQ(second.bytes, note_off);
    expect_near(first.time, milliseconds(20), milliseconds(3)); // the loop's cable takes a millisecond
    expect_near(second.time - first.time, milliseconds(50), milliseconds(2));
    EXPECT_FALSE(first.goes_on);
    EXPECT_FALSE(first.follows_a_loss);
}

TEST_F(Midi, SeveralMessagesOfOneRequest) {
    start_midi();
    open();
    std::vector<MidiMessage> messages;
    for (int i = 0; i < 20; ++i) {
        MidiMessage message;
        message.time = milliseconds(10 * i);
        message.bytes = bytes({0xC0, i});
        messages.push_back(message);
    }
    ASSERT_TRUE(output->send(messages));
    ASSERT_TRUE(output->drain());
    EXPECT_GE(output->time(), milliseconds(190));
    for (int i = 0; i < 20; ++i) {
        const MidiMessage got = receive();
        EXPECT_EQ(got.bytes, bytes({0xC0, i}));
        expect_near(got.time, milliseconds(10 * i), milliseconds(3));
    }
}

TEST_F(Midi, ALongExclusiveMessageComesBackWhole) {
    start_midi();
    open();
    const Bytes message = exclusive(20'000);
    send({}, message);
    Bytes got;
    for (bool more = true; more;) {
        const MidiMessage part = receive();
        ASSERT_FALSE(part.bytes.empty());
        EXPECT_FALSE(part.follows_a_loss);
        got.insert(got.end(), part.bytes.begin(), part.bytes.end());
        more = part.goes_on;
    }
    EXPECT_EQ(got, message);
}

// A clock in the middle of a long message is no part of it, and does not end it.
TEST_F(Midi, ARealTimeMessageBetweenThePartsOfALongOne) {
    start_midi();
    open();
    const Bytes message = exclusive(3000);
    const Bytes clock = bytes({0xF8});
    std::vector<MidiMessage> sent(3);
    sent[0].bytes.assign(message.begin(), message.begin() + 1500);
    sent[1].bytes = clock;
    sent[2].bytes.assign(message.begin() + 1500, message.end());
    ASSERT_TRUE(output->send(sent));
    Bytes got;
    int clocks = 0;
    int parts = 0;
    for (bool more = true; more;) {
        const MidiMessage part = receive();
        ASSERT_FALSE(part.bytes.empty());
        if (part.bytes == clock) {
            EXPECT_FALSE(part.goes_on);
            EXPECT_GT(parts, 0);
            ++clocks;
            continue;
        }
        ++parts;
        got.insert(got.end(), part.bytes.begin(), part.bytes.end());
        more = part.goes_on;
    }
    EXPECT_EQ(got, message);
    EXPECT_GE(parts, 3);
    EXPECT_EQ(clocks, 1);
}

TEST_F(Midi, PauseAndStop) {
    start_midi();
    open();
    send(milliseconds(50), note_on);
    ASSERT_TRUE(machine->run_for(milliseconds(20)));
    ASSERT_TRUE(output->pause());
    const nanoseconds held = output->time();
    ASSERT_TRUE(machine->run_for(seconds(1)));
    EXPECT_EQ(output->time(), held);
    EXPECT_FALSE(*input->receive(milliseconds(10)));
    ASSERT_TRUE(output->start());
    EXPECT_EQ(receive().bytes, note_on);
    send(output->time() + milliseconds(50), note_on);
    ASSERT_TRUE(output->stop());
    EXPECT_EQ(output->time(), nanoseconds(0));
    EXPECT_FALSE(*input->receive(milliseconds(200))) << "stopping forgets what has not been played";
    ASSERT_TRUE(output->send_now(note_off));
    EXPECT_EQ(receive().bytes, note_off);
}

TEST_F(Midi, NothingComesWithinTheTime) {
    start_midi();
    auto opened = MidiInput::open(*filter);
    ASSERT_TRUE(opened) << opened.error().message;
    const auto before = machine->now();
    const auto got = opened->receive(milliseconds(100));
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_FALSE(*got);
    expect_near(machine->now() - before, milliseconds(100), milliseconds(20));
}

TEST_F(Midi, ErrorsSayWhatIsMissing) {
    start_midi();
    MidiOptions options;
    options.kind = MidiPinKind::direct_music;
    const auto missing = MidiOutput::open(*filter, options);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.status(), status_no_match);
    EXPECT_NE(missing.error().message.find("DirectMusic"), std::string::npos) << missing.error().message;
    options.pin = 1;
    const auto wrong = MidiOutput::open(*filter, options);
    ASSERT_FALSE(wrong);
    EXPECT_NE(wrong.error().message.find("pin 1"), std::string::npos) << wrong.error().message;
    auto only = MidiOutput::open(*filter);
    ASSERT_TRUE(only);
    EXPECT_FALSE(MidiOutput::open(*filter)) << "there is one";
}

TEST_F(Midi, ALateReaderHearsThatSomethingWasLost) {
    start_midi();
    MidiOptions options;
    options.buffer_bytes = 64;
    options.buffer_count = 1;
    input.emplace(MidiInput::open(*filter, options).value());
    output.emplace(MidiOutput::open(*filter).value());
    ASSERT_TRUE(input->start());
    ASSERT_TRUE(output->start());
    std::vector<MidiMessage> messages(4000);
    for (MidiMessage& message : messages) {
        message.bytes = bytes({0xC0, 5});
    }
    ASSERT_TRUE(output->send(messages));
    ASSERT_TRUE(output->drain());
    ASSERT_TRUE(machine->run_for(seconds(1)));
    std::size_t got = 0;
    bool lost = false;
    while (auto message = input->receive(milliseconds(1)).value()) {
        lost = lost || message->follows_a_loss;
        ++got;
    }
    EXPECT_LT(got, messages.size());
    EXPECT_GT(got, 2000U);
    ASSERT_TRUE(output->send_now(note_on));
    const MidiMessage next = receive();
    EXPECT_TRUE(lost || next.follows_a_loss);
}

TEST_F(Midi, StoppingAnInputForgetsWhatHasComeAndWasNotRead) {
    start_midi();
    MidiOptions options;
    options.buffer_bytes = 64; // of several messages
    options.buffer_count = 1;
    input.emplace(MidiInput::open(*filter, options).value());
    output.emplace(MidiOutput::open(*filter).value());
    ASSERT_TRUE(input->start());
    ASSERT_TRUE(output->start());
    std::vector<MidiMessage> messages(40);
    for (MidiMessage& message : messages) {
        message.bytes = note_on;
    }
    ASSERT_TRUE(output->send(messages));
    ASSERT_TRUE(output->drain());
    ASSERT_TRUE(machine->run_for(milliseconds(100)));
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(receive().bytes, note_on);
    }
    ASSERT_TRUE(input->stop());
    ASSERT_TRUE(input->start());
    ASSERT_TRUE(output->send_now(note_off));
    EXPECT_EQ(receive().bytes, note_off);
    EXPECT_FALSE(*input->receive(milliseconds(100)));
}

// ---- DirectMusic pins -----------------------------------------------------------------------------------------------

TEST_F(Midi, DirectMusicIsSequencedByTime) {
    start_dmus();
    open(MidiPinKind::direct_music);
    EXPECT_EQ(output->kind(), MidiPinKind::direct_music);
    EXPECT_EQ(output->pin(), 1U);
    EXPECT_EQ(input->pin(), 3U);
    send(milliseconds(80), note_off);
    send(milliseconds(30), note_on);
    const MidiMessage first = receive();
    const MidiMessage second = receive();
    EXPECT_EQ(first.bytes, note_on);
    EXPECT_EQ(second.bytes, note_off);
    expect_near(second.time - first.time, milliseconds(50), milliseconds(1));
}

TEST_F(Midi, DirectMusicTimesAreFinerThanAMillisecond) {
    start_dmus();
    open(MidiPinKind::direct_music);
    constexpr nanoseconds step = std::chrono::microseconds(250);
    for (int i = 0; i < 8; ++i) {
        send(milliseconds(20) + i * step, bytes({0xC0, i}));
    }
    nanoseconds before{};
    for (int i = 0; i < 8; ++i) {
        const MidiMessage message = receive();
        EXPECT_EQ(message.bytes, bytes({0xC0, i}));
        if (i != 0) {
            expect_near(message.time - before, step, std::chrono::microseconds(100));
        }
        before = message.time;
    }
}

TEST_F(Midi, ThePrefetchComesOffTheTime) {
    start_dmus({"PrefetchMs=15"});
    open(MidiPinKind::direct_music);
    send(milliseconds(50), note_on);
    expect_near(receive().time, milliseconds(35), milliseconds(1));
}

TEST_F(Midi, ChannelGroupsAndLongMessages) {
    start_dmus();
    open(MidiPinKind::direct_music);
    MidiMessage message;
    message.bytes = note_on;
    message.channel_group = 5;
    ASSERT_TRUE(output->send(message));
    const MidiMessage got = receive();
    EXPECT_EQ(got.channel_group, 5U);
    const Bytes long_one = exclusive(10'000);
    send(output->time(), long_one);
    Bytes whole;
    for (bool more = true; more;) {
        const MidiMessage part = receive();
        ASSERT_FALSE(part.bytes.empty());
        whole.insert(whole.end(), part.bytes.begin(), part.bytes.end());
        more = part.goes_on;
    }
    EXPECT_EQ(whole, long_one);
}

TEST_F(Midi, TheLegacyPinsOfADirectMusicDriver) {
    start_dmus();
    open();
    EXPECT_EQ(output->kind(), MidiPinKind::legacy);
    EXPECT_EQ(output->pin(), 0U);
    send(milliseconds(25), note_on);
    const MidiMessage got = receive();
    EXPECT_EQ(got.bytes, note_on);
    expect_near(got.time, milliseconds(25), milliseconds(1));
}

TEST_F(Midi, DrainingWaitsForTheSequencer) {
    start_dmus();
    open(MidiPinKind::direct_music);
    send(milliseconds(300), note_on);
    ASSERT_TRUE(output->drain());
    EXPECT_GE(output->time(), milliseconds(300));
    EXPECT_EQ(receive().bytes, note_on);
    send(output->time() + seconds(10), note_off);
    EXPECT_FALSE(output->drain(seconds(1)));
}

// The same in every order that the scheduler can choose.
TEST_F(Midi, UnderRandomSchedules) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        MachineOptions options;
        options.scheduling = Scheduling::random;
        options.seed = seed;
        start(DMUS_MODULE, DMUS_INF, {}, options);
        open(seed % 2 == 0 ? MidiPinKind::direct_music : MidiPinKind::legacy);
        for (int i = 0; i < 10; ++i) {
            send(milliseconds(2 * i), bytes({0xC0, i}));
        }
        for (int i = 0; i < 10; ++i) {
            EXPECT_EQ(receive().bytes, bytes({0xC0, i})) << seed;
        }
        ASSERT_TRUE(output->stop());
        TearDown();
        driver.reset();
        machine.reset();
    }
}

} // namespace openportcls
