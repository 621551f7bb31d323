// MIDI through the UART of the card, whose driver waits for the hardware.
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

} // namespace
} // namespace openportcls::cards
