// The card's FM synthesizer on each Windows: its miniport is the system's, which has none from Vista on.
#include "sb16_fixture.h"

namespace openportcls::cards {
namespace {

class Sb16Releases : public Sb16, public testing::WithParamInterface<const char*> {
protected:
    Sb16Releases() { options.windows = GetParam(); }

    static bool has_system_fm() { return std::string_view(GetParam()) == "xp"; }
    std::vector<std::string> filters() const {
        std::vector<std::string> names;
        for (const FilterInfo& filter : machine->filters()) {
            names.push_back(filter.name);
        }
        return names;
    }
};

// R-SUB-12. What cannot be made is left out, and nothing of it stays behind (TearDown).
TEST_P(Sb16Releases, TheRestOfTheCardDoesWithoutItsSynthesizer) {
    start();
    auto expected = std::vector<std::string>{"Wave", "Topology", "Uart"};
    if (has_system_fm()) {
        expected.emplace_back("FM");
    }
    EXPECT_THAT(filters(), testing::UnorderedElementsAreArray(expected));
    const WaveFormat played = format(44100, 2, 16);
    const Bytes sound = noise(played, 4410);
    play(played, sound);
    EXPECT_NE(find(played, sound), std::string::npos);
    Filter uart = machine->open_first("Uart").value();
    MidiOutput output = MidiOutput::open(uart).value();
    EXPECT_TRUE(output.start());
}

// The mixer's input for the chip is on the card whoever plays the chip: then nothing but a line like the others'.
TEST_P(Sb16Releases, TheMixerShowsItsSynthesizerInput) {
    start();
    const auto pins = mixer->pins().value();
    const auto pin = std::ranges::find_if(pins, [](const PinInfo& each) { return each.name == "Synthesizer"; });
    ASSERT_NE(pin, pins.end());
    EXPECT_EQ(pin->connected_to, has_system_fm() ? "FM:1" : "");
    ASSERT_TRUE(mixer->set_volume(node("MIDI volume"), 0, -20));
    EXPECT_EQ(mixer->volume(node("MIDI volume"), 0).value(), -20);
    const auto mixers = read_mixers(*machine);
    ASSERT_TRUE(mixers) << mixers.error().message;
    ASSERT_EQ(mixers->size(), 1U);
    std::size_t lines = 0;
    for (const MixerLine& line : mixers->front().sources) {
        if (!line.controls.empty() && line.controls[0].name == "MIDI volume") {
            ++lines;
            EXPECT_EQ(line.filter, has_system_fm() ? "FM" : "Topology");
            EXPECT_EQ(line.component, has_system_fm() ? "SRC_WAVEOUT" : "SRC_SYNTHESIZER");
        }
    }
    EXPECT_EQ(lines, 2U) << "one to the output, one to the recording source";
}

INSTANTIATE_TEST_SUITE_P(Windows, Sb16Releases, testing::Values("xp", "vista", "7", "8", "8.1", "10", "11"),
                         [](const auto& info) {
                             std::string name = info.param;
                             std::ranges::replace(name, '.', '_');
                             return name;
                         });

} // namespace
} // namespace openportcls::cards
