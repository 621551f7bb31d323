// MIDI through the DSP's commands 30h to 38h, on the cable of the MPU-401.
#include "hardware/tests/sb16_fixture.h"

namespace openportcls::hardware::sb16 {
namespace {

class Sb16DspMidi : public Sb16Test, private MidiSink {
protected:
    Sb16DspMidi() {
        reset();
        card->midi()->plug(this);
    }
    ~Sb16DspMidi() override { card->midi()->plug(nullptr); }

    void receive(std::uint8_t byte, Nanoseconds time) override {
        sent.push_back(byte);
        times.push_back(time);
    }
    void arrive(std::initializer_list<std::uint8_t> bytes) {
        for (const std::uint8_t byte : bytes) {
            card->midi()->receive(byte);
        }
    }
    bool has_data() { return (in(0x22E) & 0x80) != 0; }
    bool is_busy() { return (in(0x22C) & 0x80) != 0; }
    std::uint8_t version() {
        command({0xE1});
        const std::uint8_t major = answer();
        answer();
        return major;
    }

    std::vector<std::uint8_t> sent;
    std::vector<Nanoseconds> times;
};

// 38h: a byte at a time, as fast as the cable is.
TEST_F(Sb16DspMidi, OutputGoesOntoTheCable) {
    for (const std::uint8_t byte : {0x90, 60, 100, 64, 90}) {
        command({0x38, byte});
    }
    EXPECT_EQ(sent, (std::vector<std::uint8_t>{0x90, 60, 100, 64, 90}));
    for (std::size_t index = 1; index < times.size(); ++index) {
        EXPECT_GE(times[index] - times[index - 1], midi_byte_time);
    }
    EXPECT_TRUE(is_busy()) << "a byte on the cable, another one waiting";
    wait(midi_byte_time);
    EXPECT_FALSE(is_busy());
    EXPECT_EQ(version(), 4) << "other commands go on as before";
}

// 30h and again 30h: polled, without interrupts.
TEST_F(Sb16DspMidi, InputIsPolledUntilTheCommandComesAgain) {
    arrive({0x91});
    EXPECT_FALSE(has_data()) << "nobody has asked for it";
    command({0x30});
    arrive({0x90, 61, 99});
    EXPECT_EQ(answer(), 0x90);
    EXPECT_EQ(answer(), 61);
    EXPECT_EQ(answer(), 99);
    EXPECT_FALSE(has_data());
    EXPECT_EQ(handler.bytes, 0);
    command({0xE1});
    EXPECT_FALSE(has_data()) << "no command is taken meanwhile";
    command({0x30});
    arrive({0x92});
    EXPECT_FALSE(has_data());
    EXPECT_EQ(version(), 4);
}

// 31h: an interrupt for each byte, shown where those of 8-bit transfers are.
TEST_F(Sb16DspMidi, InputByInterrupt) {
    command({0x31});
    arrive({0x90});
    wait(1'000);
    EXPECT_EQ(handler.bytes, 1);
    EXPECT_EQ(handler.midi, 0) << "that is the MPU-401's";
    EXPECT_EQ(answer(), 0x90);
    command({0x31});
    arrive({0x90});
    wait(1'000);
    EXPECT_EQ(handler.bytes, 1);
}

// 32h, 33h, 36h, 37h: milliseconds since the mode began, before each byte.
TEST_F(Sb16DspMidi, TimeStampsComeBeforeTheirBytes) {
    command({0x33});
    wait(70'000 * std::int64_t{1'000'000});
    arrive({0x90});
    wait(1'000);
    EXPECT_EQ(handler.bytes, 1);
    const int low = answer();
    const int middle = answer();
    const int high = answer();
    EXPECT_NEAR(low | middle << 8 | high << 16, 70'000, 1);
    EXPECT_EQ(answer(), 0x90);
}

// 34h to 37h: every byte is MIDI, in both directions, until a reset, which leaves the rest as it was.
TEST_F(Sb16DspMidi, UartModeEndsWithAReset) {
    command({0xD1}); // the speaker is on
    command({0x35});
    command({0x90, 0xE1, 0x34});
    EXPECT_EQ(sent, (std::vector<std::uint8_t>{0x90, 0xE1, 0x34}));
    arrive({0xF8});
    wait(1'000);
    EXPECT_EQ(handler.bytes, 1);
    EXPECT_EQ(answer(), 0xF8);
    reset();
    arrive({0xF8});
    EXPECT_FALSE(has_data());
    command({0xD8});
    EXPECT_EQ(answer(), 0xFF) << "the speaker still is";
    EXPECT_EQ(version(), 4);
    reset();
    command({0xD8});
    EXPECT_EQ(answer(), 0x00) << "outside the mode a reset resets";
}

} // namespace
} // namespace openportcls::hardware::sb16
