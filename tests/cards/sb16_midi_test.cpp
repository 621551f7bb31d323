// MIDI through the UART of the card, whose driver waits for the hardware.
#include <algorithm>

#include <gtest/gtest.h>

#include "card_fixture.h"

namespace openportcls::cards {
namespace {

using std::chrono::microseconds;

// A thread that stops the stream waits for the processor that serves it, and does not keep it at work.
TEST(Sb16Midi, StopsWhileAnotherProcessorPlays) {
    constexpr Scheduling policies[] = {Scheduling::first_come, Scheduling::random, Scheduling::pct};
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        MachineOptions options;
        options.hardware = {"sb16"};
        options.scheduling = policies[seed % 3];
        options.processors = static_cast<unsigned>(2 + seed % 3);
        options.seed = seed;
        auto machine = Machine::create(options).value();
        DriverOptions driver_options;
        driver_options.inf = OPENPORTCLS_SB16_INF;
        auto driver = machine.load_driver(OPENPORTCLS_SB16, driver_options);
        ASSERT_TRUE(driver) << driver.error().message;
        Filter filter = machine.open_first("Uart").value();
        MidiOptions legacy;
        legacy.kind = seed % 2 == 0 ? MidiPinKind::legacy : MidiPinKind::direct_music;
        MidiOutput output = MidiOutput::open(filter, legacy).value();
        for (unsigned count = 0; count < 10; ++count) {
            std::vector<MidiMessage> messages;
            for (int index = 0; index < 20; ++index) {
                messages.push_back({microseconds(500 * index), {std::byte{0x90}, std::byte{60}, std::byte{100}}});
            }
            ASSERT_TRUE(output.send(messages)) << seed;
            ASSERT_TRUE(machine.run_for(microseconds(2000 + 37 * count + 7 * seed)));
            const auto stopped = output.stop();
            ASSERT_TRUE(stopped) << "seed " << seed << ": " << stopped.error().message;
        }
    }
}

// Of a system exclusive message in parts every one leaves the plug at its time, and so does what comes between them.
TEST(Sb16Midi, ADividedMessageLeavesThePlugInOrder) {
    const auto message = [](int milliseconds, std::initializer_list<int> bytes) {
        MidiMessage made;
        made.time = std::chrono::milliseconds(milliseconds);
        for (const int byte : bytes) {
            made.bytes.push_back(static_cast<std::byte>(byte));
        }
        return made;
    };
    const std::vector<MidiMessage> messages = {message(10, {0xF0, 0x7D, 1, 2}),
                                               message(100, {3, 4, 0xF7}),
                                               message(200, {0x90, 60, 64}),
                                               message(300, {0xF8}),
                                               message(310, {0xF0, 1, 2}),
                                               message(320, {0xF8}),
                                               message(330, {7}),
                                               message(340, {8, 9}),
                                               message(350, {0xF7}),
                                               message(360, {0x90, 61, 64}),
                                               message(370, {0xC0, 5}),
                                               message(380, {0xF2, 1, 2})};
    for (const MidiPinKind kind : {MidiPinKind::legacy, MidiPinKind::direct_music}) {
        MachineOptions options;
        options.hardware = {"sb16"};
        auto machine = Machine::create(options).value();
        DriverOptions driver_options;
        driver_options.inf = OPENPORTCLS_SB16_INF;
        auto driver = machine.load_driver(OPENPORTCLS_SB16, driver_options);
        ASSERT_TRUE(driver) << driver.error().message;
        Filter filter = machine.open_first("Uart").value();
        std::vector<std::byte> heard;
        std::vector<std::chrono::nanoseconds> times;
        ASSERT_TRUE(machine.listen_midi("sb16", [&](std::chrono::nanoseconds time, std::byte value) {
            heard.push_back(value);
            times.push_back(time - microseconds(320)); // when it began
        }));
        MidiOptions pin;
        pin.kind = kind;
        MidiOutput output = MidiOutput::open(filter, pin).value();
        ASSERT_TRUE(output.start());
        const auto begin = machine.now();
        ASSERT_TRUE(output.send(messages));
        ASSERT_TRUE(output.drain());
        ASSERT_TRUE(machine.run_for(std::chrono::milliseconds(20)));
        std::size_t at = 0;
        for (const MidiMessage& each : messages) {
            ASSERT_LE(at + each.bytes.size(), heard.size());
            EXPECT_TRUE(std::equal(each.bytes.begin(), each.bytes.end(), heard.begin() + at)) << each.time.count();
            EXPECT_LE(std::chrono::abs(times[at] - begin - each.time), std::chrono::milliseconds(1))
                << each.time.count();
            at += each.bytes.size();
        }
        EXPECT_EQ(at, heard.size());
    }
}

} // namespace
} // namespace openportcls::cards
