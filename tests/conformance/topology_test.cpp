// The Topology port, and how a topology is described: R-DESC.
#include "core_fixture.h"

namespace conformance {

namespace {

const GUID sum_type = KSNODETYPE_SUM;
const GUID mux_type = KSNODETYPE_MUX;
const GUID volume_type = KSNODETYPE_VOLUME;
const PCNODE_DESCRIPTOR mixer_nodes[] = {
    {0, nullptr, &volume_type, nullptr}, // 0
    {0, nullptr, &volume_type, nullptr}, // 1
    {0, nullptr, &sum_type, nullptr},    // 2
    {0, nullptr, &mux_type, nullptr},    // 3
};
// The input pin fans out to both volumes and to the multiplexer (R-DESC-15); the sum has two parents by its input
// pins, the second volume has two by one and the same.
const PCCONNECTION_DESCRIPTOR mixer_connections[] = {
    {PCFILTER_NODE, topology_in_pin, 0, 1},
    {PCFILTER_NODE, topology_in_pin, 1, 1},
    {0, 0, 1, 1},
    {0, 0, 2, 1},
    {1, 0, 2, 2},
    {2, 0, 3, 1},
    {PCFILTER_NODE, topology_in_pin, 3, 2},
    {3, 0, PCFILTER_NODE, topology_out_pin},
};

KSDATARANGE_MUSIC range_of_music = {{{sizeof(KSDATARANGE_MUSIC), 0, 0, 0, KSDATAFORMAT_TYPE_MUSIC,
                                      KSDATAFORMAT_SUBTYPE_MIDI, KSDATAFORMAT_SPECIFIER_NONE}},
                                    KSMUSIC_TECHNOLOGY_PORT,
                                    0,
                                    0,
                                    0xFFFF};

} // namespace

class Topology : public CoreTest {
protected:
    std::vector<KSTOPOLOGY_CONNECTION> connections(FILE_OBJECT* filter) {
        return list<KSTOPOLOGY_CONNECTION>(filter, request(KSPROPSETID_Topology, KSPROPERTY_TOPOLOGY_CONNECTIONS));
    }
    void describe_mixer() {
        script_.adjust = [](PCFILTER_DESCRIPTOR& filter, bool wave) {
            if (!wave) {
                filter.NodeCount = RTL_NUMBER_OF(mixer_nodes);
                filter.Nodes = mixer_nodes;
                filter.ConnectionCount = RTL_NUMBER_OF(mixer_connections);
                filter.Connections = mixer_connections;
            }
        };
        start_and_open();
    }
};

// The Topology port of PcNewPort has IPortTopology, and calls IMiniportTopology::Init and IMiniport::GetDescription of
// its miniport, once each; from Windows 2000 on.
TEST_F(Topology, the_Topology_port) {
    be(WindowsVersion::windows_2000);
    script_.register_wave = false;
    start();
    inside([&] {
        EXPECT_EQ(script_.text(), "start init description") << "Init, then GetDescription";
        auto port = portcls::ComPointer<IPortTopology>::query(script_.topology_port, IID_IPortTopology);
        EXPECT_TRUE(port);
        ASSERT_EQ(open_filter(u"Topology", topology_), STATUS_SUCCESS);
        EXPECT_EQ(list<GUID>(topology_, request(KSPROPSETID_Topology, KSPROPERTY_TOPOLOGY_NODES)).size(), 2u);
        EXPECT_EQ(script_.count_of("description"), 1u) << "the descriptor is the miniport's and stays (R-INIT-04)";
        IPort* another = nullptr;
        ASSERT_EQ(PcNewPort(&another, CLSID_PortTopology), STATUS_SUCCESS);
        // R-INIT-01: a WaveRT miniport has no IMiniportTopology.
        IMiniport* const miniport = new_wave_miniport();
        EXPECT_FALSE(NT_SUCCESS(another->Init(script_.functional_device, nullptr, miniport, nullptr, nullptr)));
        EXPECT_FALSE(NT_SUCCESS(another->Init(script_.functional_device, nullptr, nullptr, nullptr, nullptr)));
        EXPECT_FALSE(NT_SUCCESS(another->Init(nullptr, nullptr, miniport, nullptr, nullptr)));
        EXPECT_EQ(another->Init(script_.functional_device, nullptr, script_.topology_miniport, nullptr, nullptr),
                  STATUS_SUCCESS);
        EXPECT_EQ(another->Init(script_.functional_device, nullptr, script_.topology_miniport, nullptr, nullptr),
                  STATUS_INVALID_DEVICE_REQUEST)
            << "once";
        another->Release();
        miniport->Release();
    });
}

// Input 1 and output 0 of single-path nodes; output 0 and inputs 1 to n of SUM and MUX: as the driver says it.
TEST_F(Topology, R_DESC_06_logical_node_pins_reach_the_client_unchanged) {
    describe_mixer();
    inside([&] {
        const auto seen = connections(topology_);
        ASSERT_EQ(seen.size(), RTL_NUMBER_OF(mixer_connections));
        for (std::size_t i = 0; i < seen.size(); ++i) {
            const PCCONNECTION_DESCRIPTOR& said = mixer_connections[i];
            EXPECT_EQ(seen[i].FromNode, said.FromNode) << i;
            EXPECT_EQ(seen[i].FromNodePin, said.FromNodePin) << i;
            EXPECT_EQ(seen[i].ToNode, said.ToNode) << i;
            EXPECT_EQ(seen[i].ToNodePin, said.ToNodePin) << i;
            if (seen[i].FromNode != KSFILTER_NODE) {
                EXPECT_EQ(seen[i].FromNodePin, 0u) << "output";
            }
        }
    });
}

TEST_F(Topology, R_DESC_15_fan_out_and_several_parents_are_legal) {
    describe_mixer();
    inside([&] {
        ULONG from_the_pin = 0;
        ULONG into_second_volume = 0;
        for (const KSTOPOLOGY_CONNECTION& connection : connections(topology_)) {
            from_the_pin += connection.FromNode == KSFILTER_NODE && connection.FromNodePin == topology_in_pin;
            into_second_volume += connection.ToNode == 1 && connection.ToNodePin == 1;
        }
        EXPECT_EQ(from_the_pin, 3u);
        EXPECT_EQ(into_second_volume, 2u);
    });
}

// Instance limits: -1 is no limit, 0 is never.
TEST_F(Topology, R_DESC_09_instance_limits) {
    static WidePin pins[3];
    script_.adjust = [](PCFILTER_DESCRIPTOR& filter, bool wave) {
        if (wave) {
            for (ULONG i = 0; i < 3; ++i) {
                pins[i] = reinterpret_cast<const WidePin*>(filter.Pins)[i];
            }
            pins[render_pin].pin.MaxFilterInstanceCount = static_cast<ULONG>(-1);
            pins[render_pin].pin.MaxGlobalInstanceCount = static_cast<ULONG>(-1);
            pins[capture_pin].pin.MaxGlobalInstanceCount = 0; // of a pin that is no bridge
            filter.Pins = &pins[0].pin;
        }
    };
    start_and_open();
    inside([&] {
        for (int i = 0; i < 40; ++i) {
            EXPECT_NE(open_pin(render_pin), nullptr);
        }
        KSPIN_CINSTANCES counts = {};
        for (const ULONG id : {KSPROPERTY_PIN_CINSTANCES, KSPROPERTY_PIN_GLOBALCINSTANCES}) {
            EXPECT_EQ(property(wave_, pin_request(KSPROPSETID_Pin, id, render_pin), counts), STATUS_SUCCESS);
            EXPECT_EQ(counts.PossibleCount, static_cast<ULONG>(KSINSTANCE_INDETERMINATE));
            EXPECT_EQ(counts.CurrentCount, 40u);
        }
        FILE_OBJECT* file = nullptr;
        EXPECT_EQ(open_pin(connection(capture_pin), file), STATUS_DEVICE_BUSY);
        EXPECT_EQ(script_.count_of("new_stream:1"), 0u);
    });
}

// IN is a sink, which clients write to and the stream renders; OUT is a source. Bridge pins only say their direction.
TEST_F(Topology, R_DESC_13_data_flow_decides_between_sink_and_source) {
    start_and_open();
    inside([&] {
        open_pin(render_pin);
        EXPECT_FALSE(script_.streams.back()->capture());
        open_pin(capture_pin);
        EXPECT_TRUE(script_.streams.back()->capture());
        const std::pair<ULONG, KSPIN_DATAFLOW> bridges[] = {{topology_in_pin, KSPIN_DATAFLOW_IN},
                                                            {topology_out_pin, KSPIN_DATAFLOW_OUT}};
        for (const auto& [pin, expected] : bridges) {
            KSPIN_DATAFLOW flow = {};
            EXPECT_EQ(property(topology_, pin_request(KSPROPSETID_Pin, KSPROPERTY_PIN_DATAFLOW, pin), flow),
                      STATUS_SUCCESS);
            EXPECT_EQ(flow, expected);
        }
    });
}

// Arrays of pointers to ranges of different kinds; the client gets them one behind the other, each on 8 bytes.
TEST_F(Topology, R_DESC_20_ranges_of_audio_and_music) {
    static PKSDATARANGE ranges[3];
    static WidePin pins[3];
    static KSDATARANGE_AUDIO audio = {{{sizeof(KSDATARANGE_AUDIO), 0, 0, 0, KSDATAFORMAT_TYPE_AUDIO,
                                        KSDATAFORMAT_SUBTYPE_PCM, KSDATAFORMAT_SPECIFIER_WAVEFORMATEX}},
                                      2,
                                      16,
                                      16,
                                      8000,
                                      48000};
    // A range of the vendor's whose size is no multiple of 8.
    static struct {
        alignas(8) KSDATARANGE range;
        UCHAR more[8];
    } odd = {{{sizeof(KSDATARANGE) + 3, 0, 0, 0, KSDATAFORMAT_TYPE_AUDIO, custom_set, KSDATAFORMAT_SPECIFIER_NONE}},
             {1, 2, 3}};
    ranges[0] = &odd.range;
    ranges[1] = &range_of_music.DataRange;
    ranges[2] = &audio.DataRange;
    script_.adjust = [](PCFILTER_DESCRIPTOR& filter, bool wave) {
        if (wave) {
            for (ULONG i = 0; i < 3; ++i) {
                pins[i] = reinterpret_cast<const WidePin*>(filter.Pins)[i];
            }
            pins[render_pin].pin.KsPinDescriptor.DataRanges = ranges;
            pins[render_pin].pin.KsPinDescriptor.DataRangesCount = 3;
            filter.Pins = &pins[0].pin;
        }
    };
    start_and_open();
    inside([&] {
        const auto bytes = whole(wave_, pin_request(KSPROPSETID_Pin, KSPROPERTY_PIN_DATARANGES, render_pin));
        const auto& header = *reinterpret_cast<const KSMULTIPLE_ITEM*>(bytes.data());
        EXPECT_EQ(header.Count, 3u);
        std::size_t at = sizeof(KSMULTIPLE_ITEM);
        for (const PKSDATARANGE expected : ranges) {
            ASSERT_LE(at + expected->FormatSize, bytes.size());
            EXPECT_EQ(at % 8, 0u);
            EXPECT_EQ(std::memcmp(bytes.data() + at, expected, expected->FormatSize), 0);
            at += (expected->FormatSize + 7) & ~std::size_t{7};
        }
        EXPECT_EQ(at, bytes.size());
        EXPECT_NE(open_pin(render_pin), nullptr) << "the range that fits is found behind the others";
    });
}

// IMiniport::DataRangeIntersection: PASSIVE_LEVEL; a range of the client's, one of the pin's own, and the room there
// is.
TEST_F(Topology, the_miniport_intersects_first) {
    struct Question {
        ULONG pin;
        ULONG own_rate;
        ULONG room;
    };
    std::vector<Question> asked;
    script_.intersection = [&](ULONG pin, KSDATARANGE*, KSDATARANGE* own, ULONG room, void* format, ULONG* bytes) {
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
        asked.push_back({pin, reinterpret_cast<KSDATARANGE_AUDIO*>(own)->MaximumSampleFrequency, room});
        if (asked.size() % 2 != 0) {
            return STATUS_NO_MATCH;
        }
        *bytes = sizeof(KSDATAFORMAT_WAVEFORMATEX);
        if (room == 0) {
            return STATUS_BUFFER_OVERFLOW;
        }
        *static_cast<KSDATAFORMAT_WAVEFORMATEX*>(format) = pcm(11025);
        return STATUS_SUCCESS;
    };
    start_and_open();
    inside([&] {
        struct {
            KSP_PIN pin;
            KSMULTIPLE_ITEM header;
            KSDATARANGE_AUDIO range;
        } in = {};
        in.pin = pin_request(KSPROPSETID_Pin, KSPROPERTY_PIN_DATAINTERSECTION, render_pin);
        in.header = {sizeof(KSMULTIPLE_ITEM) + sizeof(KSDATARANGE_AUDIO), 1};
        in.range.DataRange = {{sizeof(KSDATARANGE_AUDIO), 0, 0, 0, KSDATAFORMAT_TYPE_AUDIO, KSDATAFORMAT_SUBTYPE_PCM,
                               KSDATAFORMAT_SPECIFIER_WAVEFORMATEX}};
        in.range.MaximumChannels = 2;
        in.range.MinimumBitsPerSample = in.range.MaximumBitsPerSample = 16;
        in.range.MinimumSampleFrequency = in.range.MaximumSampleFrequency = 44100;
        KSDATAFORMAT_WAVEFORMATEX format = {};
        EXPECT_EQ(property(wave_, in, format), STATUS_SUCCESS);
        EXPECT_EQ(format.WaveFormatEx.nSamplesPerSec, 11025u) << "the miniport's word, not the default handler's";
        ASSERT_EQ(asked.size(), 2u);
        EXPECT_EQ(asked[0].own_rate, 96000u) << "the pin's first range";
        EXPECT_EQ(asked[1].own_rate, 48000u) << "no match: the next";
        EXPECT_EQ(asked[1].room, sizeof format);
        EXPECT_EQ(property(wave_, in), STATUS_BUFFER_OVERFLOW);
        EXPECT_EQ(information_, sizeof format);
    });
}

// IPinCount::PinCount and IPinName::GetPinName belong to their release; without them the descriptor speaks.
TEST_F(Topology, optional_interfaces_of_older_releases) {
    script_.pin_counter = script_.pin_namer = true;
    be(WindowsVersion::vista);
    start_and_open();
    inside([&] {
        KSPIN_CINSTANCES counts = {};
        EXPECT_EQ(property(wave_, pin_request(KSPROPSETID_Pin, KSPROPERTY_PIN_CINSTANCES, render_pin), counts),
                  STATUS_SUCCESS);
        EXPECT_EQ(script_.count_of("pin_count"), 1u) << "PinCount: Windows XP";
        std::vector<char> name(64);
        const KSP_PIN in = pin_request(KSPROPSETID_Pin, KSPROPERTY_PIN_NAME, render_pin);
        const NTSTATUS status = property(wave_, &in, sizeof in, name.data(), static_cast<ULONG>(name.size()));
        EXPECT_FALSE(NT_SUCCESS(status) && std::memcmp(name.data(), u"pin 0", 10) == 0) << "GetPinName: Windows 7";
    });
}

// R-PIN-03: at PASSIVE_LEVEL, for each of the questions and before each new stream; no stream comes or goes by it.
TEST_F(Topology, R_PIN_03_PinCount_runs_at_passive_level) {
    script_.pin_counter = true;
    ULONG calls = 0;
    script_.count = [&](ULONG, ULONG*, ULONG*, ULONG*, ULONG*, ULONG*) {
        ++calls;
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
        EXPECT_EQ(script_.streams_alive, 0u);
    };
    start_and_open();
    inside([&] {
        KSPIN_CINSTANCES counts = {};
        ULONG necessary = 0;
        EXPECT_EQ(property(wave_, pin_request(KSPROPSETID_Pin, KSPROPERTY_PIN_CINSTANCES, render_pin), counts),
                  STATUS_SUCCESS);
        EXPECT_EQ(property(wave_, pin_request(KSPROPSETID_Pin, KSPROPERTY_PIN_GLOBALCINSTANCES, render_pin), counts),
                  STATUS_SUCCESS);
        EXPECT_EQ(
            property(wave_, pin_request(KSPROPSETID_Pin, KSPROPERTY_PIN_NECESSARYINSTANCES, render_pin), necessary),
            STATUS_SUCCESS);
        EXPECT_EQ(calls, 3u);
        EXPECT_EQ(script_.count_of("new_stream:0"), 0u);
        open_pin(render_pin);
        EXPECT_EQ(calls, 4u);
        EXPECT_EQ(script_.streams_alive, 1u);
    });
}

// Shows KSPROPERTY_CONNECTION_STATE. ACQUIRE and PAUSE are two states for the client; for a stream that has nothing to
// acquire they are one.
TEST_F(Topology, R_STATE_03_acquire_and_pause_differ_in_name_only) {
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        const auto state_property = request(KSPROPSETID_Connection, KSPROPERTY_CONNECTION_STATE);
        for (const KSSTATE state : {KSSTATE_ACQUIRE, KSSTATE_PAUSE, KSSTATE_ACQUIRE}) {
            EXPECT_EQ(set_state(pin, state), STATUS_SUCCESS);
            KSSTATE seen = KSSTATE_RUN;
            EXPECT_EQ(property(pin, state_property, seen), STATUS_SUCCESS);
            EXPECT_EQ(seen, state);
            KSAUDIO_POSITION position = {};
            EXPECT_EQ(property(pin, request(KSPROPSETID_Audio, KSPROPERTY_AUDIO_POSITION), position), STATUS_SUCCESS);
        }
        EXPECT_EQ(script_.count_of("acquire"), 2u);
        EXPECT_EQ(script_.count_of("pause"), 1u);
        EXPECT_EQ(script_.count_of("run"), 0u);
    });
}

} // namespace conformance
