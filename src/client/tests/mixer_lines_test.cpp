// R-WDMA: mixer lines of topologies that are drawn here; those of real drivers are in tests/cards.
#include "client/mixer_graph.h"

#include <gmock/gmock.h>

#include <ks.h>
#include <ksmedia.h>

#include "client/guid_bytes.h"

namespace openportcls::client {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A filter, drawn pin by pin and node by node.
class MixerLines : public testing::Test {
protected:
    std::uint32_t pin(const char* name, PinFlow flow, const GUID& category = KSCATEGORY_AUDIO, bool is_bridge = true) {
        PinInfo info;
        info.id = static_cast<std::uint32_t>(filter().pins.size());
        info.name = name;
        info.flow = flow;
        info.kind = is_bridge ? PinKind::bridge : PinKind::none;
        info.category = from_windows(category);
        filter().pins.push_back(info);
        return info.id;
    }
    std::uint32_t source(const char* name) { return pin(name, PinFlow::in); }
    std::uint32_t destination(const char* name) { return pin(name, PinFlow::out); }

    // Volumes, mutes and muxes have a control of that name.
    std::uint32_t node(const char* name, const GUID& type = KSNODETYPE_VOLUME) {
        NodeInfo info;
        info.id = static_cast<std::uint32_t>(filter().nodes.size());
        info.type = from_windows(type);
        info.name = name;
        filter().nodes.push_back(info);
        MixerControl control;
        control.node = info.id;
        control.name = name;
        control.type = IsEqualGUID(type, KSNODETYPE_MUX)    ? MixerControlType::mux
                       : IsEqualGUID(type, KSNODETYPE_MUTE) ? MixerControlType::mute
                                                            : MixerControlType::volume;
        const bool has_none = IsEqualGUID(type, KSNODETYPE_SUM) || IsEqualGUID(type, KSNODETYPE_DAC);
        filter().controls.push_back(has_none ? std::vector<MixerControl>{} : std::vector<MixerControl>{control});
        return info.id;
    }
    void from_pin(std::uint32_t pin, std::uint32_t to, std::uint32_t input = 1) {
        filter().connections.push_back({UINT32_MAX, pin, to, input});
    }
    void join(std::uint32_t from, std::uint32_t to, std::uint32_t input = 1) {
        filter().connections.push_back({from, 0, to, input});
    }
    void to_pin(std::uint32_t from, std::uint32_t pin) { filter().connections.push_back({from, 0, UINT32_MAX, pin}); }

    MixerFilter& filter() { return filters.back(); }
    Mixer parse() {
        Mixer mixer;
        find_mixer_lines(make_mixer_graph(filters), mixer);
        return mixer;
    }
    static std::vector<std::string> names(const std::vector<MixerLine>& lines) {
        std::vector<std::string> result;
        for (const MixerLine& line : lines) {
            result.push_back(line.name);
        }
        return result;
    }
    static std::vector<std::string> controls(const MixerLine& line) {
        std::vector<std::string> result;
        for (const MixerControl& control : line.controls) {
            result.push_back(control.name);
        }
        return result;
    }
    static const MixerLine& named(const std::vector<MixerLine>& lines, const char* name) {
        for (const MixerLine& line : lines) {
            if (line.name == name) {
                return line;
            }
        }
        ADD_FAILURE() << "no line " << name;
        return lines.front();
    }

    std::vector<MixerFilter> filters{MixerFilter{"Topology", {}, {}, {}, {}}};
};

TEST_F(MixerLines, R_WDMA_01_highest_pins_first_and_upstream_until_a_SUM) {
    const auto wave = source("Wave");
    const auto cd = source("CD");
    const auto speakers = destination("Speakers");
    const auto phones = destination("Phones");
    const auto wave_volume = node("Wave volume");
    const auto sum = node("Sum", KSNODETYPE_SUM);
    const auto volume = node("Master volume");
    const auto mute = node("Master mute", KSNODETYPE_MUTE);
    const auto phone_volume = node("Phone volume");
    from_pin(wave, wave_volume);
    join(wave_volume, sum, 1);
    from_pin(cd, sum, 2);
    join(sum, volume);
    join(volume, mute);
    to_pin(mute, speakers);
    from_pin(cd, phone_volume);
    to_pin(phone_volume, phones);
    const Mixer mixer = parse();
    EXPECT_THAT(names(mixer.destinations), ElementsAre("Phones", "Speakers"));
    EXPECT_THAT(controls(mixer.destinations[1]), ElementsAre("Master mute", "Master volume"));
    EXPECT_THAT(controls(mixer.destinations[0]), ElementsAre("Phone volume"));
    EXPECT_EQ(mixer.destinations[1].destination, no_mixer_line);
}

TEST_F(MixerLines, R_WDMA_01_several_parents_are_a_virtual_sum) {
    const auto wave = source("Wave");
    const auto cd = source("CD");
    const auto speakers = destination("Speakers");
    const auto wave_volume = node("Wave volume");
    const auto cd_volume = node("CD volume");
    const auto volume = node("Master volume");
    const auto mute = node("Master mute", KSNODETYPE_MUTE);
    from_pin(wave, wave_volume);
    from_pin(cd, cd_volume);
    join(wave_volume, volume, 1);
    join(cd_volume, volume, 1);
    join(volume, mute);
    to_pin(mute, speakers);
    const Mixer mixer = parse();
    EXPECT_THAT(controls(mixer.destinations.at(0)), ElementsAre("Master mute", "Master volume"));
    EXPECT_THAT(names(mixer.sources), ElementsAre("CD", "Wave"));
    EXPECT_THAT(controls(mixer.sources[0]), ElementsAre("CD volume")) << "up to what is the destination's";
    EXPECT_THAT(controls(mixer.sources[1]), ElementsAre("Wave volume"));
}

// Tied together at the pin itself.
TEST_F(MixerLines, R_WDMA_01_a_pin_of_several_parents_ends_at_once) {
    const auto wave = source("Wave");
    const auto cd = source("CD");
    const auto speakers = destination("Speakers");
    const auto wave_volume = node("Wave volume");
    const auto cd_volume = node("CD volume");
    from_pin(wave, wave_volume);
    from_pin(cd, cd_volume);
    to_pin(wave_volume, speakers);
    to_pin(cd_volume, speakers);
    const Mixer mixer = parse();
    EXPECT_THAT(controls(mixer.destinations.at(0)), IsEmpty());
    EXPECT_THAT(controls(named(mixer.sources, "CD")), ElementsAre("CD volume"));
}

TEST_F(MixerLines, R_WDMA_02_nodes_between_two_sums_are_dropped) {
    const auto wave = source("Wave");
    const auto speakers = destination("Speakers");
    const auto dac = node("DAC", KSNODETYPE_DAC);
    const auto wave_volume = node("Wave volume");
    const auto first = node("First sum", KSNODETYPE_SUM);
    const auto lost = node("Between");
    const auto second = node("Second sum", KSNODETYPE_SUM);
    from_pin(wave, dac);
    join(dac, wave_volume);
    join(wave_volume, first);
    join(first, lost);
    join(lost, second);
    to_pin(second, speakers);
    const Mixer mixer = parse();
    ASSERT_THAT(names(mixer.sources), ElementsAre("Wave"));
    EXPECT_THAT(controls(mixer.sources[0]), ElementsAre("Wave volume"));
    EXPECT_EQ(mixer.sources[0].destination, 0U);
    EXPECT_THAT(controls(mixer.destinations[0]), IsEmpty());
}

// A line that meets no SUM is the destination's as a whole.
TEST_F(MixerLines, R_WDMA_02_a_source_line_ends_at_a_destination_line) {
    const auto wave = source("Wave");
    const auto speakers = destination("Speakers");
    const auto volume = node("Volume");
    from_pin(wave, volume);
    to_pin(volume, speakers);
    const Mixer mixer = parse();
    EXPECT_THAT(controls(mixer.destinations.at(0)), ElementsAre("Volume"));
    ASSERT_THAT(names(mixer.sources), ElementsAre("Wave"));
    EXPECT_THAT(controls(mixer.sources[0]), IsEmpty());
}

TEST_F(MixerLines, R_WDMA_02_what_leads_nowhere_is_no_line) {
    source("Dangling");
    const auto lost = source("Lost");
    destination("Silent");
    const auto volume = node("Volume");
    from_pin(lost, volume);
    const Mixer mixer = parse();
    EXPECT_THAT(mixer.sources, IsEmpty());
    EXPECT_THAT(names(mixer.destinations), ElementsAre("Silent"));
}

TEST_F(MixerLines, R_WDMA_03_a_split_copies_the_controls_so_far) {
    const auto line = source("Line in");
    const auto other = source("Other");
    const auto speakers = destination("Speakers");
    const auto phones = destination("Phones");
    const auto common = node("Common volume");
    const auto left = node("Speaker path");
    const auto right = node("Phone path");
    const auto left_sum = node("Speaker sum", KSNODETYPE_SUM);
    const auto right_sum = node("Phone sum", KSNODETYPE_SUM);
    from_pin(line, common);
    join(common, left);
    join(common, right);
    join(left, left_sum, 1);
    join(right, right_sum, 1);
    from_pin(other, left_sum, 2);
    from_pin(other, right_sum, 2);
    to_pin(left_sum, speakers);
    to_pin(right_sum, phones);
    const Mixer mixer = parse();
    EXPECT_THAT(names(mixer.sources), ElementsAre("Other", "Other", "Line in", "Line in"));
    EXPECT_THAT(controls(mixer.sources[2]), ElementsAre("Common volume", "Speaker path"));
    EXPECT_THAT(controls(mixer.sources[3]), ElementsAre("Common volume", "Phone path"));
    EXPECT_EQ(mixer.destinations[mixer.sources[2].destination].name, "Speakers");
    EXPECT_EQ(mixer.destinations[mixer.sources[3].destination].name, "Phones");
}

// Also behind a SUM, where nothing is translated any more.
TEST_F(MixerLines, R_WDMA_03_a_split_behind_a_sum_makes_lines_too) {
    const auto wave = source("Wave");
    const auto speakers = destination("Speakers");
    const auto phones = destination("Phones");
    const auto volume = node("Wave volume");
    const auto sum = node("Sum", KSNODETYPE_SUM);
    const auto left = node("Speaker volume");
    const auto right = node("Phone volume");
    from_pin(wave, volume);
    join(volume, sum);
    join(sum, left);
    join(sum, right);
    to_pin(left, speakers);
    to_pin(right, phones);
    const Mixer mixer = parse();
    ASSERT_THAT(names(mixer.sources), ElementsAre("Wave", "Wave"));
    EXPECT_THAT(controls(mixer.sources[0]), ElementsAre("Wave volume"));
    EXPECT_THAT(controls(mixer.sources[1]), ElementsAre("Wave volume"));
    EXPECT_NE(mixer.sources[0].destination, mixer.sources[1].destination);
}

TEST_F(MixerLines, R_WDMA_04_a_mux_names_its_lines_by_pin_or_by_node) {
    const auto wave = source("Wave");
    const auto cd = source("CD");
    const auto record = destination("Record");
    const auto cd_volume = node("CD volume");
    const auto sum = node("Stereo mix", KSNODETYPE_SUM);
    const auto mix_volume = node("Mix volume");
    const auto mux = node("Source", KSNODETYPE_MUX);
    const auto gain = node("Gain");
    from_pin(wave, sum, 1);
    from_pin(cd, sum, 2);
    join(sum, mix_volume);
    join(mix_volume, mux, 2); // its inputs count from 1, in no order of the connections
    from_pin(cd, cd_volume);
    join(cd_volume, mux, 1);
    join(mux, gain);
    to_pin(gain, record);
    const Mixer mixer = parse();
    ASSERT_THAT(controls(mixer.destinations.at(0)), ElementsAre("Gain", "Source"));
    const MixerControl& selector = mixer.destinations[0].controls[1];
    ASSERT_EQ(selector.inputs.size(), 2U);
    const MixerLine& first = mixer.sources.at(selector.inputs[0]);
    const MixerLine& second = mixer.sources.at(selector.inputs[1]);
    EXPECT_EQ(first.name, "CD");
    EXPECT_THAT(controls(first), ElementsAre("CD volume"));
    EXPECT_EQ(second.name, "Stereo mix") << "the node's name";
    EXPECT_EQ(second.pin, UINT32_MAX) << "a virtual line";
    EXPECT_THAT(controls(second), ElementsAre("Mix volume"));
    EXPECT_EQ(second.destination, 0U);
}

TEST_F(MixerLines, R_WDMA_04_an_input_without_a_source_is_none) {
    const auto record = destination("Record");
    const auto volume = node("Loose end");
    const auto mux = node("Source", KSNODETYPE_MUX);
    join(volume, mux, 1);
    to_pin(mux, record);
    const Mixer mixer = parse();
    EXPECT_THAT(mixer.destinations.at(0).controls.at(0).inputs, ElementsAre(no_mixer_line));
}

struct CategoryCase {
    PinFlow flow;
    GUID category;
    bool is_bridge;
    const char* component;
    const char* target;
};

// R-WDMA-08: bridge pins have the categories of USB terminals; R-WDMA-05: which say what a line is.
TEST_F(MixerLines, R_WDMA_05_pin_categories_R_WDMA_08) {
    const CategoryCase cases[] = {
        {PinFlow::in, KSNODETYPE_MICROPHONE, true, "SRC_MICROPHONE", "WAVEIN"},
        {PinFlow::in, KSNODETYPE_DESKTOP_MICROPHONE, false, "SRC_MICROPHONE", "WAVEIN"},
        {PinFlow::in, KSNODETYPE_LEGACY_AUDIO_CONNECTOR, true, "SRC_WAVEOUT", "WAVEOUT"},
        {PinFlow::in, KSCATEGORY_AUDIO, false, "SRC_WAVEOUT", "WAVEOUT"},
        {PinFlow::in, KSNODETYPE_SPEAKER, false, "SRC_WAVEOUT", "WAVEOUT"},
        {PinFlow::in, KSNODETYPE_CD_PLAYER, true, "SRC_COMPACTDISC", "UNDEFINED"},
        {PinFlow::in, KSNODETYPE_SYNTHESIZER, true, "SRC_SYNTHESIZER", "MIDIOUT"},
        {PinFlow::in, KSNODETYPE_LINE_CONNECTOR, true, "SRC_LINE", "UNDEFINED"},
        {PinFlow::in, KSNODETYPE_TELEPHONE, true, "SRC_TELEPHONE", "UNDEFINED"},
        {PinFlow::in, KSNODETYPE_PHONE_LINE, true, "SRC_TELEPHONE", "UNDEFINED"},
        {PinFlow::in, KSNODETYPE_DOWN_LINE_PHONE, true, "SRC_TELEPHONE", "UNDEFINED"},
        {PinFlow::in, KSNODETYPE_ANALOG_CONNECTOR, true, "SRC_ANALOG", "WAVEIN"},
        {PinFlow::in, KSNODETYPE_ANALOG_CONNECTOR, false, "SRC_ANALOG", "WAVEOUT"},
        {PinFlow::in, KSNODETYPE_SPDIF_INTERFACE, true, "SRC_DIGITAL", "WAVEIN"},
        {PinFlow::in, KSNODETYPE_SPDIF_INTERFACE, false, "SRC_DIGITAL", "WAVEOUT"},
        {PinFlow::in, KSNODETYPE_HEADPHONES, true, "SRC_UNDEFINED", "UNDEFINED"},
        {PinFlow::out, KSNODETYPE_SPEAKER, true, "DST_SPEAKERS", "WAVEOUT"},
        {PinFlow::out, KSNODETYPE_DESKTOP_SPEAKER, true, "DST_SPEAKERS", "WAVEOUT"},
        {PinFlow::out, KSNODETYPE_ROOM_SPEAKER, true, "DST_SPEAKERS", "WAVEOUT"},
        {PinFlow::out, KSNODETYPE_COMMUNICATION_SPEAKER, true, "DST_SPEAKERS", "WAVEOUT"},
        {PinFlow::out, KSCATEGORY_AUDIO, false, "DST_WAVEIN", "WAVEIN"},
        {PinFlow::out, PINNAME_CAPTURE, false, "DST_WAVEIN", "WAVEIN"},
        {PinFlow::out, KSNODETYPE_HEADPHONES, true, "DST_HEADPHONES", "WAVEOUT"},
        {PinFlow::out, KSNODETYPE_HEAD_MOUNTED_DISPLAY_AUDIO, true, "DST_HEADPHONES", "WAVEOUT"},
        {PinFlow::out, KSNODETYPE_TELEPHONE, true, "DST_TELEPHONE", "UNDEFINED"},
        {PinFlow::out, KSNODETYPE_PHONE_LINE, true, "DST_TELEPHONE", "UNDEFINED"},
        {PinFlow::out, KSNODETYPE_DOWN_LINE_PHONE, true, "DST_TELEPHONE", "UNDEFINED"},
        {PinFlow::out, KSNODETYPE_ANALOG_CONNECTOR, true, "DST_SPEAKERS", "WAVEOUT"},
        {PinFlow::out, KSNODETYPE_ANALOG_CONNECTOR, false, "DST_WAVEIN", "WAVEIN"},
        {PinFlow::out, KSNODETYPE_SPDIF_INTERFACE, true, "DST_SPEAKERS", "WAVEOUT"},
        {PinFlow::out, KSNODETYPE_SPDIF_INTERFACE, false, "DST_WAVEIN", "WAVEIN"},
        {PinFlow::out, KSNODETYPE_LINE_CONNECTOR, true, "DST_UNDEFINED", "UNDEFINED"},
    };
    for (const CategoryCase& each : cases) {
        filters.assign(1, MixerFilter{"Topology", {}, {}, {}, {}});
        const auto subject = pin("Subject", each.flow, each.category, each.is_bridge);
        const auto other = pin("Other", each.flow == PinFlow::in ? PinFlow::out : PinFlow::in);
        const auto sum = node("Sum", KSNODETYPE_SUM);
        from_pin(each.flow == PinFlow::in ? subject : other, sum);
        to_pin(sum, each.flow == PinFlow::in ? other : subject);
        const Mixer mixer = parse();
        const MixerLine& line = each.flow == PinFlow::in ? mixer.sources.at(0) : mixer.destinations.at(0);
        EXPECT_EQ(line.component, each.component) << guid_name(from_windows(each.category));
        EXPECT_EQ(line.target, each.target) << guid_name(from_windows(each.category)) << each.is_bridge;
    }
}

// Lines go through physical connections: the wave filter's pin is the source, its bridge is none.
TEST_F(MixerLines, filters_of_a_device_are_one_topology) {
    const auto wave_in = source("Wave in");
    const auto speakers = destination("Speakers");
    const auto volume = node("Volume");
    const auto sum = node("Sum", KSNODETYPE_SUM);
    from_pin(wave_in, volume);
    join(volume, sum);
    to_pin(sum, speakers);
    filters.insert(filters.begin(), MixerFilter{"Wave", {}, {}, {}, {}});
    std::swap(filters[0], filters[1]); // the filter that is drawn is the last one
    const auto client = source("Client");
    const auto bridge = destination("Bridge");
    const auto dac = node("DAC", KSNODETYPE_DAC);
    from_pin(client, dac);
    to_pin(dac, bridge);
    filter().pins[bridge].connected_to = "Topology:0";
    filters[0].pins[wave_in].connected_to = "Wave:1";
    const Mixer mixer = parse();
    EXPECT_THAT(names(mixer.sources), ElementsAre("Client"));
    EXPECT_THAT(names(mixer.destinations), ElementsAre("Speakers"));
    EXPECT_THAT(controls(mixer.sources[0]), ElementsAre("Volume"));
}

// A topology that runs in circles, or splits without end, is parsed all the same.
TEST_F(MixerLines, circles_and_crowds_come_to_an_end) {
    const auto wave = source("Wave");
    const auto speakers = destination("Speakers");
    const auto first = node("First");
    const auto second = node("Second");
    from_pin(wave, first);
    join(first, second);
    join(second, first);
    to_pin(second, speakers);
    EXPECT_EQ(parse().sources.size(), 1U);
    filters.assign(1, MixerFilter{"Topology", {}, {}, {}, {}});
    const auto crowd = source("Crowd");
    const auto out = destination("Out");
    std::uint32_t last = node("Sum", KSNODETYPE_SUM);
    from_pin(crowd, last);
    for (int i = 0; i < 20; ++i) { // a million ways
        const auto left = node("Left", KSNODETYPE_DAC);
        const auto right = node("Right", KSNODETYPE_DAC);
        const auto sum = node("Sum", KSNODETYPE_SUM);
        join(last, left);
        join(last, right);
        join(left, sum, 1);
        join(right, sum, 2);
        last = sum;
    }
    const std::uint32_t end = last;
    for (int i = 0; i < 60; ++i) { // … and from each of them more than can be gone, to where nothing is
        const auto left = node("Left", KSNODETYPE_DAC);
        const auto right = node("Right", KSNODETYPE_DAC);
        const auto sum = node("Sum", KSNODETYPE_SUM);
        join(last, left);
        join(last, right);
        join(left, sum, 1);
        join(right, sum, 2);
        last = sum;
    }
    EXPECT_THAT(parse().sources, IsEmpty());
    to_pin(end, out);
    EXPECT_LE(parse().sources.size(), 4096U);
}

} // namespace
} // namespace openportcls::client
