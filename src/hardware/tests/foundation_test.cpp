// Register tables, the sample clock, sockets, the catalog.
#include <array>
#include <numeric>

#include "hardware/sample_word.h"
#include "hardware/tests/board_fixture.h"

namespace openportcls::hardware {
namespace {

struct Chip {
    std::uint32_t told = 0;
    std::uint32_t NTAPI read_inverted(std::uint32_t stored) { return ~stored & 0xFF; }
    void NTAPI tell(std::uint32_t value) { told = value; }
};
constexpr RegisterEntry<Chip> chip_table[] = {
    {"control", 0x0, 1, 0x81, 0x0F, 0x00, "1"},
    {"status", 0x1, 1, 0xFF, 0x00, 0x03, "2"},
    {"inverted", 0x4, 1, 0x0F, 0xFF, 0x00, "3", handler<&Chip::read_inverted>, handler<&Chip::tell>},
};

TEST(RegisterTable, MasksDecideWhatAWriteDoes) {
    Chip chip;
    RegisterFile<Chip, 0x5> registers{std::span(chip_table)};
    EXPECT_EQ(registers.read(chip, 0), 0x81U);
    registers.write(chip, 0, 0xF2);
    EXPECT_EQ(registers.read(chip, 0), 0x82U) << "the upper bits cannot be written";
    registers.write(chip, 1, 0x06);
    EXPECT_EQ(registers.read(chip, 1), 0xFDU) << "a written one clears bit 1, bit 2 cannot be cleared";
    registers.write(chip, 4, 0x55);
    EXPECT_EQ(chip.told, 0x55U);
    EXPECT_EQ(registers.read(chip, 4), 0xAAU);
    EXPECT_EQ(registers.value(4), 0x55U);
    registers.write(chip, 2, 1);
    EXPECT_EQ(registers.read(chip, 2), UINT32_MAX) << "no register there";
    registers.reset();
    EXPECT_EQ(registers.read(chip, 0), 0x81U);
}

// The loops in wide registers make of every sample what its formula makes, however many there are.
TEST(SampleWord, BlocksAreTheirSamplesTimesTheGain) {
    constexpr std::size_t longest = 0x8000;
    std::vector<std::int16_t> words(2 * longest);
    std::iota(words.begin(), words.end(), INT16_MIN);
    const Gain gain{0.841395F, 1};
    for (const std::int16_t flip : {std::int16_t{0}, std::int16_t{INT16_MIN}}) {
        for (const std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{6}, std::size_t{7}, longest}) {
            std::vector<Frame> frames(count + 1, Frame{5, 5});
            play_words(reinterpret_cast<const std::byte*>(words.data()), flip, gain, std::span(frames).first(count));
            for (std::size_t index = 0; index < count; ++index) {
                const auto left = static_cast<std::int16_t>(words[2 * index] ^ flip);
                const auto right = static_cast<std::int16_t>(words[2 * index + 1] ^ flip);
                ASSERT_EQ(frames[index].left, level_of(left) * gain.left) << index;
                ASSERT_EQ(frames[index].right, level_of(right) * gain.right) << index;
            }
            EXPECT_EQ(frames[count].left, 5) << "behind the end";
        }
    }
}

TEST(SampleWord, AGainIsAppliedInPlaceToo) {
    std::vector<Frame> frames;
    for (int index = 0; index < 7; ++index) {
        frames.push_back({static_cast<float>(index), static_cast<float>(-index)});
    }
    apply({0.3F, 2}, frames, frames);
    for (int index = 0; index < 7; ++index) {
        EXPECT_EQ(frames[static_cast<std::size_t>(index)].left, static_cast<float>(index) * 0.3F);
        EXPECT_EQ(frames[static_cast<std::size_t>(index)].right, static_cast<float>(-index) * 2);
    }
}

TEST(SampleClock, CountsInClosedForm) {
    SampleClock clock;
    clock.start(1'000, {44100, 1});
    EXPECT_EQ(clock.elapsed(1'000), 0U);
    EXPECT_EQ(clock.elapsed(1'000 + machine::nanoseconds_per_second), 44100U);
    EXPECT_EQ(clock.elapsed(500), 0U) << "before the start";
    for (const std::uint64_t count : {1ULL, 2ULL, 441ULL, 44100ULL, 158'760'000'000ULL}) {
        const Nanoseconds then = clock.time_of(count);
        EXPECT_EQ(clock.elapsed(then), count);
        EXPECT_EQ(clock.elapsed(then - 1), count - 1);
    }
}

TEST(SampleClock, ThirdsOfAHertzDoNotAddUp) {
    SampleClock clock;
    clock.start(0, {1'000'000, 90}); // time constant A6h: 11111.1 Hz
    EXPECT_EQ(clock.elapsed(900 * machine::nanoseconds_per_second), 10'000'000U);
}

TEST(SampleClock, MarksAreAtTheTimesOfTheirSamples) {
    for (const SampleRate rate : {SampleRate{48000, 1}, SampleRate{44100, 1}, SampleRate{1'000'000, 90}}) {
        for (const std::int32_t drift : {0, 37}) {
            SampleClock clock;
            clock.set_drift(drift);
            clock.start(12'345, rate);
            std::uint64_t count = 0;
            for (const std::uint64_t block : {480, 480, 480, 441, 441, 441, 1, 1, 0, 0, 480, 480, 7, 441, 441}) {
                count += block;
                ASSERT_EQ(clock.mark(count), clock.time_of(count)) << rate.numerator << " Hz, sample " << count;
            }
        }
    }
}

TEST(SampleClock, DriftIsInPartsPerMillion) {
    SampleClock clock;
    clock.set_drift(100);
    clock.start(0, {48000, 1});
    EXPECT_EQ(clock.elapsed(10'000 * machine::nanoseconds_per_second), 480'048'000U);
    clock.set_drift(-100);
    clock.start(0, {48000, 1});
    EXPECT_EQ(clock.elapsed(10'000 * machine::nanoseconds_per_second), 479'952'000U);
}

TEST(Recording, EqualRatesGiveEachFrameOnce) {
    std::vector<Frame> sound(1000);
    for (std::size_t index = 0; index < sound.size(); ++index) {
        sound[index].left = static_cast<float>(index + 1);
    }
    Recording recording(44100, sound);
    std::array<Frame, 100> block;
    for (std::uint64_t first = 0; first < 1000; first += 100) {
        recording.give({123'456'789, {44100, 1}, first}, block);
        for (std::size_t index = 0; index < block.size(); ++index) {
            ASSERT_EQ(block[index].left, static_cast<float>(first + index + 1));
        }
    }
    recording.give({123'456'789, {44100, 1}, 1000}, block);
    EXPECT_EQ(block[0].left, 0) << "over";
}

TEST(Recording, TwoRowsHearTheSameMoment) {
    std::vector<Frame> sound(48000);
    for (std::size_t index = 0; index < sound.size(); ++index) {
        sound[index].left = static_cast<float>(index);
    }
    Recording recording(48000, sound);
    Frame frame;
    recording.give({1'000'000'000, {48000, 1}, 0}, {&frame, 1}); // it starts
    EXPECT_EQ(frame.left, 0);
    recording.give({1'250'000'000, {8000, 1}, 2}, {&frame, 1});
    EXPECT_EQ(frame.left, 12000 + 12);
    recording.give({900'000'000, {8000, 1}, 0}, {&frame, 1});
    EXPECT_EQ(frame.left, 0) << "before its start";
}

TEST(Catalog, SaysWhatIsWrongWithAnOrder) {
    EXPECT_TRUE(parse_card("sb16"));
    EXPECT_TRUE(parse_card("sb16:io=240,irq=7"));
    EXPECT_THAT(parse_card("sb17").error().message, ::testing::HasSubstr("no model of a card: ac97, sb16"));
    EXPECT_THAT(parse_card("sb16:iq=7").error().message, ::testing::HasSubstr("io, mpu, irq, dma, dma16, drift"));
    EXPECT_THAT(parse_card("sb16:irq=5,irq=7").error().message,
                ::testing::HasSubstr("option irq of sb16 is given twice"));
    EXPECT_THAT(parse_card("sb16:dma=1,irq=5,dma=1").error().message, ::testing::HasSubstr("dma of sb16"));
    EXPECT_THAT(parse_card("sb16:").error().message, ::testing::HasSubstr("NAME=VALUE"));
    EXPECT_THAT(parse_card("sb16:irq=5,").error().message, ::testing::HasSubstr("NAME=VALUE"));
    EXPECT_THAT(parse_card("sb16:irq").error().message, ::testing::HasSubstr("NAME=VALUE"));
}

TEST(Catalog, ModelsCheckTheirOptions) {
    EXPECT_EQ(parse_card("sb16:irq=6").error().message, "sb16:irq=6: one of 2, 5, 7, 10");
    EXPECT_EQ(parse_card("sb16:mpu=330,io=300").error().message, "sb16:io=300: one of 220, 240, 260, 280");
    EXPECT_EQ(parse_card("sb16:drift=x").error().message, "sb16:drift=x: a number from -100000 to 100000");
    EXPECT_EQ(parse_card("ac97:drift=100001").error().message, "ac97:drift=100001: a number from -100000 to 100000");
    EXPECT_EQ(parse_card("ac97:vra=2").error().message, "ac97:vra=2: one of 0, 1");
}

TEST(Catalog, SaysWhatTwoCardsCannotBothHave) {
    const std::string alike[] = {"ac97", "sb16", "sb16"};
    EXPECT_EQ(parse_cards(alike).error().message,
              "sb16 and sb16 would both have ports 220-22f, ports 330-331, interrupt 5, DMA channel 1, DMA channel 5: "
              "set one to others (sb16:OPTION=VALUE, with io, mpu, irq, dma, dma16, drift)");
    const std::string half[] = {"sb16:irq=7,dma16=6", "sb16:io=240"};
    EXPECT_THAT(
        parse_cards(half).error().message,
        ::testing::StartsWith("sb16:irq=7,dma16=6 and sb16:io=240 would both have ports 330-331, DMA channel 1: "));
    const std::string in_turn[] = {"sb16", "sb16:io=240,mpu=300"};
    EXPECT_TRUE(parse_cards(in_turn)) << "one of them has the interrupt and the channels at a time";
    const std::string apart[] = {"ac97", "sb16", "sb16:io=240,mpu=300,irq=7,dma=3,dma16=6", "ac97"};
    ASSERT_TRUE(parse_cards(apart));
    EXPECT_EQ(parse_cards(apart)->size(), 4U);
    EXPECT_EQ(parse_cards({})->size(), 0U);
    const std::string wrong[] = {"sb16", "sb16:irq=6"};
    EXPECT_THAT(parse_cards(wrong).error().message, ::testing::HasSubstr("irq=6: one of"));
}

using Board = BoardTest;

TEST_F(Board, CardsMayNotOverlap) {
    ASSERT_TRUE(plug("sb16"));
    EXPECT_THAT(plug("sb16:irq=7,mpu=300").error().message, ::testing::HasSubstr("overlaps"));
    EXPECT_TRUE(plug("sb16:io=240,mpu=300,irq=7,dma=3,dma16=6"));
    EXPECT_EQ(board.cards().size(), 2U);
    EXPECT_NE(board.output("sb16-2/line out"), nullptr);
    EXPECT_EQ(board.output("line out"), board.output("sb16/line out"));
    EXPECT_EQ(board.output("line in"), nullptr);
    EXPECT_NE(board.input("line in"), nullptr);
    EXPECT_EQ(board.sockets().size(), 8U);
}

} // namespace
} // namespace openportcls::hardware
