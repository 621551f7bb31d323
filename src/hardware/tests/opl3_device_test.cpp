// The OPL3 model on a bus: ports, timers, detection, pulling samples.
#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "hardware/opl3/device.h"

namespace openportcls::hardware::opl3 {
namespace {

using machine::AccessWidth;
constexpr Nanoseconds microsecond = 1000;

class Card {
public:
    explicit Card(Model model) : chip(clock, model) {}

    void write(unsigned index, std::uint8_t value) {
        const std::uint32_t base = index >> 8 != 0 ? 2 : 0;
        chip.write_port(0, base, AccessWidth::byte, index & 0xFF);
        chip.write_port(0, base + 1, AccessWidth::byte, value);
    }
    std::uint8_t status() { return static_cast<std::uint8_t>(chip.read_port(0, 0, AccessWidth::byte)); }
    void pass(Nanoseconds time) { clock.advance_to(clock.now() + time); }

    // What every OPL program does to find the chip.
    bool is_detected() {
        write(0x04, 0x60);
        write(0x04, 0x80);
        const std::uint8_t before = status();
        write(0x02, 0xFF);
        write(0x04, 0x21);
        pass(81 * microsecond);
        const std::uint8_t after = status();
        write(0x04, 0x60);
        write(0x04, 0x80);
        return (before & 0xE0) == 0 && (after & 0xE0) == 0xC0;
    }

    machine::Clock clock{false};
    Opl3Device chip;
};

TEST(Opl3Device, IsDetected) {
    Card card(Model::ymf262);
    card.pass(12'345'678);
    EXPECT_TRUE(card.is_detected());
    EXPECT_EQ(card.status() & 0x06, 0);
    EXPECT_EQ(card.chip.name(), "ymf262");
}

TEST(Opl2Device, IsDetected) {
    Card card(Model::ym3812);
    EXPECT_TRUE(card.is_detected());
    EXPECT_EQ(card.status() & 0x06, 0x06);
}

TEST(Opl3Device, TimersOverflowAfterTheirPeriods) {
    Card card(Model::ymf262);
    card.write(0x02, 256 - 10); // 10 * 80.46 us
    card.write(0x03, 256 - 10); // 10 * 321.8 us
    card.write(0x04, 0x03);
    card.pass(720 * microsecond);
    EXPECT_EQ(card.status(), 0x00);
    card.pass(90 * microsecond);
    EXPECT_EQ(card.status(), 0xC0);
    card.pass(2080 * microsecond);
    EXPECT_EQ(card.status(), 0xC0);
    card.pass(340 * microsecond);
    EXPECT_EQ(card.status(), 0xE0);
    card.write(0x04, 0x80);
    EXPECT_EQ(card.status(), 0x00) << "reset leaves the timers running";
    card.pass(805 * microsecond);
    EXPECT_EQ(card.status(), 0xC0);
    card.write(0x04, 0x00);
    card.write(0x04, 0x80);
    card.pass(100'000 * microsecond);
    EXPECT_EQ(card.status(), 0x00) << "stopped";
}

TEST(Opl3Device, MaskedTimersRaiseNoFlag) {
    Card card(Model::ymf262);
    card.write(0x02, 0xFF);
    card.write(0x03, 0xFF);
    card.write(0x04, 0x43);
    card.pass(1000 * microsecond);
    EXPECT_EQ(card.status(), 0xA0);
    card.write(0x04, 0x23);
    EXPECT_EQ(card.status(), 0x00);
    card.pass(100 * microsecond);
    EXPECT_EQ(card.status(), 0xC0);
}

TEST(Opl3Device, PortsSelectAndWrite) {
    Card card(Model::ymf262);
    card.write(0x105, 0x01);
    card.write(0x40, 0x12);
    card.write(0x140, 0x34);
    EXPECT_EQ(card.chip.synthesizer().register_value(0x40), 0x12);
    EXPECT_EQ(card.chip.synthesizer().register_value(0x140), 0x34);
    card.chip.write_port(0, 0, AccessWidth::word, 0x5643); // address and data in one access
    EXPECT_EQ(card.chip.synthesizer().register_value(0x43), 0x56);
    EXPECT_EQ(card.chip.read_port(0, 1, AccessWidth::byte), 0xFFu);
}

void start_tone(Card& card) {
    card.write(0x105, 0x01);
    card.write(0x23, 0x21);
    card.write(0x43, 0x00);
    card.write(0x63, 0xF0);
    card.write(0x83, 0x0F);
    card.write(0xC0, 0x30);
    card.write(0xA0, 0x44);
    card.write(0xB0, 0x20 | 4 << 2 | 2);
}

TEST(Opl3Device, SamplesComeWithTime) {
    Card card(Model::ymf262);
    card.pass(3'000'000);
    card.chip.start_listening();
    start_tone(card);
    std::vector<StereoFrame> frames(100'000);
    EXPECT_EQ(card.chip.read(frames), 0u);
    card.pass(machine::nanoseconds_per_second);
    const std::size_t first = card.chip.read(std::span(frames).first(20'000));
    EXPECT_EQ(first, 20'000u);
    const std::size_t rest = card.chip.read(frames);
    EXPECT_NEAR(static_cast<double>(first + rest), 49716, 1);
    EXPECT_EQ(card.chip.lost_samples(), 0u);
    EXPECT_LE(Opl3Device::time_of(card.chip.next_sample()) - card.clock.now(), 20'200);
    EXPECT_GT(Opl3Device::time_of(card.chip.next_sample() + 1), card.clock.now());
}

TEST(Opl3Device, WritesTakeEffectAtTheirTime) {
    Card card(Model::ymf262);
    card.chip.start_listening();
    card.pass(10'000'000);
    start_tone(card);
    card.pass(10'000'000);
    card.write(0x43, 0x3F);
    card.pass(10'000'000);
    std::vector<StereoFrame> frames(2000);
    const std::size_t count = card.chip.read(frames);
    EXPECT_NEAR(static_cast<double>(count), 1491, 1);
    const auto peak = [&](std::size_t begin, std::size_t end) {
        int result = 0;
        for (std::size_t i = begin; i < end; ++i) {
            result = std::max<int>(result, std::abs(frames[i].left));
        }
        return result;
    };
    EXPECT_EQ(peak(0, 496), 0);
    EXPECT_GT(peak(498, 700), 4000);
    EXPECT_GT(peak(700, 993), 4000);
    EXPECT_LT(peak(995, count), 30);
}

TEST(Opl3Device, ListenerThatIsLateLosesTheOldest) {
    Card card(Model::ymf262);
    card.chip.start_listening();
    start_tone(card);
    card.pass(10 * machine::nanoseconds_per_second);
    std::vector<StereoFrame> frames(Opl3Device::longest_backlog + 1);
    EXPECT_EQ(card.chip.read(frames), Opl3Device::longest_backlog);
    EXPECT_EQ(card.chip.lost_samples(), 497'159u - Opl3Device::longest_backlog);
    EXPECT_EQ(card.chip.read(frames), 0u);
}

// At other rates the tone has the same frequency and strength, whatever the pieces it is asked for in.
TEST(Opl3Device, SoundAtAMixersRate) {
    for (const std::uint64_t hertz : {8000U, 22050U, 44100U, 48000U, 96000U}) {
        Card card(Model::ymf262);
        card.chip.start_listening();
        start_tone(card);
        const double tone = 580 * SampleRate::per_second / 65536; // 440 Hz
        card.pass(1'000'000'000);
        std::vector<FloatFrame> frames(hertz * 9 / 10);
        const Moments moments{100'000'000, hertz, 1, 0};
        card.chip.sound_at(moments, frames);
        double cosine = 0;
        double sine = 0;
        double power = 0;
        for (std::size_t i = 0; i < frames.size(); ++i) {
            const double angle = 2 * 3.14159265358979 * tone * static_cast<double>(i) / static_cast<double>(hertz);
            cosine += frames[i].left * std::cos(angle);
            sine += frames[i].left * std::sin(angle);
            power += frames[i].left * frames[i].left;
        }
        const double amplitude = 2 * std::hypot(cosine, sine) / static_cast<double>(frames.size());
        EXPECT_NEAR(amplitude, 4084 / 32768.0, 0.002) << hertz;
        // What is not the tone: the steps of the chip's own numbers, and errors of the filter.
        const double rest = power / static_cast<double>(frames.size()) - amplitude * amplitude / 2;
        EXPECT_LT(rest, amplitude * amplitude / 2 * 5e-5) << hertz;
        std::vector<FloatFrame> piece(77);
        card.chip.sound_at({moments.origin, hertz, 1, 1000}, piece);
        EXPECT_NEAR(piece[5].left, frames[1005].left, 1e-6);
        EXPECT_NEAR(piece[76].right, frames[1076].right, 1e-6);
    }
}

TEST(Opl3Device, SoundAtMomentsThatAreNotThere) {
    Card card(Model::ymf262);
    std::vector<FloatFrame> frames(10, FloatFrame{1, 1});
    card.chip.sound_at({0, 48000, 1, 0}, frames);
    EXPECT_EQ(frames[0].left, 0) << "nobody listens";
    card.chip.start_listening();
    start_tone(card);
    card.pass(10'000'000);
    card.chip.sound_at({20'000'000, 48000, 1, 0}, frames);
    EXPECT_EQ(frames[9].left, 0) << "the future";
    card.chip.sound_at({9'900'000, 48000, 1, 0}, frames);
    EXPECT_NE(frames[3].left, 0);
    card.pass(10 * machine::nanoseconds_per_second);
    card.chip.sound_at({9'900'000, 48000, 1, 0}, frames);
    EXPECT_EQ(frames[3].left, 0) << "long past";
    card.chip.sound_at({9'900'000, 0, 1, 0}, frames);
    EXPECT_EQ(frames[3].left, 0);
}

TEST(Opl3Device, NobodyListens) {
    Card card(Model::ymf262);
    start_tone(card);
    card.pass(1'000'000 * machine::nanoseconds_per_second);
    std::vector<StereoFrame> frames(100);
    EXPECT_EQ(card.chip.read(frames), 0u);
    card.chip.start_listening();
    card.pass(1'000'000);
    EXPECT_NEAR(static_cast<double>(card.chip.read(frames)), 49.7, 1);
    EXPECT_TRUE(std::any_of(frames.begin(), frames.end(), [](const StereoFrame& each) { return each.left != 0; }));
}

} // namespace
} // namespace openportcls::hardware::opl3
