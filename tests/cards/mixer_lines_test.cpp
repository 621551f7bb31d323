// R-WDMA: the mixer lines of the sample drivers, and that what a line shows can be asked, set and watched.
#include "ac97_fixture.h"
#include "sb16_fixture.h"

namespace openportcls::cards {
namespace {

using testing::ElementsAre;

std::vector<std::string> controls_of(const MixerLine& line) {
    std::vector<std::string> result;
    for (const MixerControl& control : line.controls) {
        result.push_back(std::string(mixer_control_name(control.type)) + " " + control.name);
    }
    return result;
}

const MixerLine& line_of(const std::vector<MixerLine>& lines, std::string_view component, std::size_t destination) {
    for (const MixerLine& line : lines) {
        if (line.component == component && (line.destination == destination || destination == no_mixer_line)) {
            return line;
        }
    }
    ADD_FAILURE() << "no line " << component;
    return lines.at(0);
}

class Ac97Lines : public Ac97 {
protected:
    void read() {
        start();
        auto mixers = read_mixers(*machine);
        ASSERT_TRUE(mixers) << mixers.error().message;
        ASSERT_EQ(mixers->size(), 1U) << "one device";
        lines = std::move(mixers->front());
    }
    Mixer lines;
};

// R-WDMA-01: the capture pin has the highest number of all that end a path; R-WDMA-04: the mux names the pins' lines.
TEST_F(Ac97Lines, R_WDMA_01_destinations_of_the_codec) {
    read();
    ASSERT_EQ(lines.destinations.size(), 2U);
    const MixerLine& out =
        lines.destinations[0].component == "DST_WAVEIN" ? lines.destinations[1] : lines.destinations[0];
    const MixerLine& in =
        lines.destinations[0].component == "DST_WAVEIN" ? lines.destinations[0] : lines.destinations[1];
    EXPECT_EQ(in.component, "DST_WAVEIN");
    EXPECT_EQ(in.target, "WAVEIN");
    EXPECT_EQ(in.filter, "Wave") << "behind the physical connection, where the stream leaves";
    EXPECT_EQ(out.filter, "Topology");
    EXPECT_THAT(controls_of(out), ElementsAre("MUTE Master mute", "VOLUME Master volume"));
    EXPECT_EQ(out.channels(), 2U);
    ASSERT_EQ(in.controls.size(), 3U);
    EXPECT_EQ(in.controls[2].type, MixerControlType::mux);
    std::vector<std::string> inputs;
    for (const std::size_t input : in.controls[2].inputs) {
        ASSERT_NE(input, no_mixer_line);
        inputs.push_back(lines.sources[input].component);
    }
    EXPECT_THAT(inputs, ElementsAre("SRC_LINE", "SRC_COMPACTDISC", "SRC_MICROPHONE", "SRC_ANALOG", "SRC_UNDEFINED",
                                    "SRC_UNDEFINED", "SRC_UNDEFINED"));
}

// R-WDMA-04: what a mux records of a mix is a line without a pin, named by the mix.
TEST_F(Ac97Lines, R_WDMA_04_mixes_of_the_codec) {
    read();
    const std::size_t wave_in = lines.destinations[0].component == "DST_WAVEIN" ? 0 : 1;
    const std::vector<std::size_t>& inputs = lines.destinations[wave_in].controls.at(2).inputs;
    ASSERT_EQ(inputs.size(), 7U);
    const std::pair<std::size_t, const char*> mixes[] = {{inputs[5], "Stereo mix"}, {inputs[6], "Mono mix"}};
    for (const auto& [index, name] : mixes) {
        const MixerLine& line = lines.sources.at(index);
        EXPECT_EQ(line.name, name);
        EXPECT_EQ(line.pin, UINT32_MAX);
        EXPECT_EQ(line.filter, "Topology");
        EXPECT_EQ(line.destination, wave_in);
        EXPECT_TRUE(line.controls.empty());
    }
}

// R-WDMA-02, R-WDMA-03: pins that are heard and recorded have a line for each, with the controls of its way.
TEST_F(Ac97Lines, R_WDMA_02_sources_of_the_codec_R_WDMA_03) {
    read();
    const std::size_t wave_in = lines.destinations[0].component == "DST_WAVEIN" ? 0 : 1;
    const std::size_t heard = 1 - wave_in;
    EXPECT_THAT(controls_of(line_of(lines.sources, "SRC_COMPACTDISC", heard)),
                ElementsAre("VOLUME CD volume", "MUTE CD mute"));
    EXPECT_TRUE(line_of(lines.sources, "SRC_COMPACTDISC", wave_in).controls.empty());
    const MixerLine& wave = line_of(lines.sources, "SRC_WAVEOUT", heard);
    EXPECT_EQ(wave.filter, "Wave") << "where the stream enters";
    EXPECT_THAT(controls_of(wave), ElementsAre("VOLUME Wave volume", "MUTE Wave mute"));
    EXPECT_EQ(wave.target, "WAVEOUT");
    for (const MixerLine& line : lines.sources) {
        EXPECT_LT(line.destination, 2U);
    }
}

// R-WDMA-06: every control of every line answers get, set and basic support, channel by channel.
TEST_F(Ac97Lines, R_WDMA_06_controls_answer_on_their_nodes) {
    read();
    unsigned seen = 0;
    const auto check = [&](const MixerLine& line) {
        for (const MixerControl& control : line.controls) {
            Filter filter = machine->open_first(control.filter).value();
            ++seen;
            if (control.type == MixerControlType::mux) {
                EXPECT_TRUE(filter.set_mux(control.node, filter.mux(control.node).value()));
                EXPECT_EQ(control.channels, 0U);
                continue;
            }
            const Key key =
                control.type == MixerControlType::volume ? property::audio_volume_level : property::audio_mute;
            EXPECT_GE(control.channels, 1U);
            for (std::uint32_t channel = 0; channel < control.channels; ++channel) {
                const Target target = Target::channel(control.node, channel);
                const auto support = filter.support(key, target);
                ASSERT_TRUE(support) << control.name;
                EXPECT_TRUE(support->can_get && support->can_set);
                const auto value = filter.get<std::int32_t>(key, target);
                ASSERT_TRUE(value) << control.name << channel;
                EXPECT_TRUE(filter.set(key, *value, target));
            }
            EXPECT_FALSE(filter.get<std::int32_t>(key, Target::channel(control.node, control.channels)))
                << control.name << ": no more channels than it says";
        }
    };
    for (const auto* each : {&lines.destinations, &lines.sources}) {
        std::for_each(each->begin(), each->end(), check);
    }
    EXPECT_GT(seen, 15U);
}

// R-WDMA-07: what somebody else sets is told by KSEVENT_CONTROL_CHANGE.
TEST_F(Ac97Lines, R_WDMA_07_changes_are_told) {
    read();
    const auto heard = [&](const MixerControl& control, auto&& change) {
        EXPECT_TRUE(control.tells_changes) << control.name;
        Filter listener = machine->open_first(control.filter).value();
        Filter other = machine->open_first(control.filter).value();
        EventOptions options;
        options.target = Target::node(control.node);
        auto event = listener.subscribe(event::control_change, options);
        ASSERT_TRUE(event) << event.error().message;
        EXPECT_FALSE(event->take());
        change(other, control.node);
        EXPECT_TRUE(event->take()) << control.name;
    };
    for (const MixerLine& line : lines.destinations) {
        for (const MixerControl& control : line.controls) {
            heard(control, [&](Filter& filter, std::uint32_t node) {
                switch (control.type) {
                case MixerControlType::mux:
                    EXPECT_TRUE(filter.set_mux(node, 2));
                    break;
                case MixerControlType::mute:
                    EXPECT_TRUE(filter.set_mute(node, 0, true));
                    break;
                default:
                    EXPECT_TRUE(filter.set_volume(node, 0, 0));
                    break;
                }
            });
        }
    }
}

class Sb16Lines : public Sb16 {};

// R-WDMA-05: pin categories and node types, as the SB16's synthesizer and mixer have them.
TEST_F(Sb16Lines, R_WDMA_05_lines_of_the_sound_blaster) {
    start();
    auto mixers = read_mixers(*machine);
    ASSERT_TRUE(mixers) << mixers.error().message;
    ASSERT_FALSE(mixers->empty());
    const Mixer& lines = mixers->front();
    EXPECT_EQ(line_of(lines.destinations, "DST_WAVEIN", no_mixer_line).target, "WAVEIN");
    const MixerLine& microphone = line_of(lines.sources, "SRC_MICROPHONE", no_mixer_line);
    EXPECT_EQ(microphone.target, "WAVEIN");
    bool has_volume = false;
    for (const MixerLine& line : lines.sources) {
        for (const MixerControl& control : line.controls) {
            has_volume = has_volume || control.type == MixerControlType::volume;
            EXPECT_GE(control.channels, 1U) << control.name;
        }
    }
    EXPECT_TRUE(has_volume);
}

} // namespace
} // namespace openportcls::cards
