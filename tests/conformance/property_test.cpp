// R-PROP: automation tables and the way of a request to its handler.
#include <dmusprop.h>

#include "property_fixture.h"

namespace conformance {

TEST_F(R_PROP, R_PROP_01_request_reaches_the_handler_of_filter_and_pin_table) {
    start_and_open();
    inside([&] {
        script_.stored_value = 0x12345678;
        ULONG value = 0;
        EXPECT_EQ(property(wave_, custom(custom_value), value), STATUS_SUCCESS);
        EXPECT_EQ(value, 0x12345678u);
        EXPECT_EQ(information_, sizeof(ULONG));
        FILE_OBJECT* const pin = open_pin();
        EXPECT_EQ(property(pin, custom(custom_value), value), STATUS_SUCCESS);
        EXPECT_EQ(script_.calls.size(), 2u);
    });
}

TEST_F(R_PROP, R_PROP_02_targets_are_miniport_and_stream) {
    start_and_open();
    inside([&] {
        ULONG value = 0;
        property(wave_, custom(custom_value), value);
        EXPECT_EQ(last().request.MajorTarget, static_cast<IUnknown*>(script_.wave_miniport));
        EXPECT_EQ(last().request.MinorTarget, nullptr);
        FILE_OBJECT* const pin = open_pin();
        property(pin, custom(custom_value), value);
        EXPECT_EQ(last().request.MajorTarget, static_cast<IUnknown*>(script_.wave_miniport));
        EXPECT_EQ(last().request.MinorTarget, static_cast<IUnknown*>(script_.streams.at(0)->main_interface()));
    });
}

// Shows KSPROPERTY_TYPE_TOPOLOGY, R-PROP-03.
TEST_F(R_PROP, R_PROP_03_topology_flag_decides_the_header) {
    start_and_open();
    inside([&] {
        ULONG value = 0;
        EXPECT_EQ(property(topology_, node_request(custom_set, custom_value, volume_node), value), STATUS_SUCCESS);
        EXPECT_EQ(last().request.Node, volume_node);
        property(topology_, custom(custom_value), value);
        EXPECT_EQ(last().request.Node, ULONG(-1));
        // Too short for a node id; a node that does not exist.
        const KSPROPERTY no_room = request(custom_set, custom_value, KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_TOPOLOGY);
        EXPECT_EQ(property(topology_, no_room, value), STATUS_INVALID_BUFFER_SIZE);
        EXPECT_EQ(property(topology_, node_request(custom_set, custom_value, 2), value), STATUS_INVALID_PARAMETER);
        // A node without a table knows no set.
        EXPECT_EQ(property(topology_, node_request(custom_set, custom_value, mute_node), value),
                  STATUS_PROPSET_NOT_FOUND);
    });
}

TEST_F(R_PROP, R_PROP_04_instance_is_what_follows_the_header) {
    start_and_open();
    inside([&] {
        ULONG value = 0;
        property(topology_, custom(custom_value), value);
        EXPECT_EQ(last().request.Instance, nullptr);
        EXPECT_EQ(last().request.InstanceSize, 0u);
        KSNODEPROPERTY_AUDIO_CHANNEL channel = {};
        channel.NodeProperty.Property =
            request(custom_set, custom_value, KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_TOPOLOGY);
        channel.NodeProperty.NodeId = volume_node;
        channel.Channel = 5;
        property(topology_, channel, value);
        EXPECT_EQ(last().request.InstanceSize, sizeof channel - sizeof(KSNODEPROPERTY));
        ASSERT_NE(last().request.Instance, nullptr);
        property(topology_, pin_request(custom_set, custom_value, 7), value);
        EXPECT_EQ(last().request.InstanceSize, sizeof(KSP_PIN) - sizeof(KSPROPERTY));
    });
}

// Shows KSPROPERTY_TYPE_SET.
TEST_F(R_PROP, R_PROP_05_value_travels_both_ways) {
    start_and_open();
    inside([&] {
        ULONG value = 77;
        EXPECT_EQ(property(wave_, custom(custom_value, KSPROPERTY_TYPE_SET), value), STATUS_SUCCESS);
        EXPECT_EQ(script_.stored_value, 77u);
        EXPECT_EQ(last().request.ValueSize, sizeof(ULONG));
        ULONG values[4] = {};
        EXPECT_EQ(property(wave_, custom(custom_value), values), STATUS_SUCCESS);
        EXPECT_EQ(values[0], 77u);
        EXPECT_EQ(information_, sizeof(ULONG)) << "what the handler returned, not what there is room for";
    });
}

TEST_F(R_PROP, R_PROP_06_verb_and_item_are_passed_on) {
    start_and_open();
    inside([&] {
        ULONG value = 0;
        property(topology_, node_request(custom_set, custom_value, volume_node, KSPROPERTY_TYPE_SET), value);
        EXPECT_EQ(last().request.Verb, ULONG{KSPROPERTY_TYPE_SET}) << "without the topology bit";
        EXPECT_EQ(last().request.PropertyItem->Id, custom_value);
        EXPECT_NE(last().request.Irp, nullptr);
    });
}

// Shows KSPROPERTY_PIN_CTYPES.
TEST_F(R_PROP, R_PROP_07_the_port_answers_what_the_table_lacks) {
    start_and_open();
    inside([&] {
        ULONG pins = 0;
        EXPECT_EQ(property(topology_, request(KSPROPSETID_Pin, KSPROPERTY_PIN_CTYPES), pins), STATUS_SUCCESS);
        EXPECT_EQ(pins, 2u);
    });
}

TEST_F(R_PROP, R_PROP_16_pin_handle_reaches_filter_properties) {
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin(capture_pin); // its own table is empty
        ULONG value = 0;
        EXPECT_EQ(property(pin, custom(custom_value), value), STATUS_SUCCESS);
        EXPECT_EQ(last().request.MinorTarget, nullptr) << "taken as a filter request";
        EXPECT_EQ(property(pin, request(KSPROPSETID_Pin, KSPROPERTY_PIN_CTYPES), value), STATUS_SUCCESS);
        EXPECT_EQ(value, 3u);
        // A filter handle does not reach a pin's properties.
        KSSTATE state = KSSTATE_RUN;
        EXPECT_EQ(
            property(wave_, request(KSPROPSETID_Connection, KSPROPERTY_CONNECTION_STATE, KSPROPERTY_TYPE_SET), state),
            STATUS_PROPSET_NOT_FOUND);
    });
}

TEST_F(R_PROP, R_PROP_20_node_properties_through_a_pin_handle_carry_the_stream) {
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        ULONG value = 0;
        EXPECT_EQ(property(pin, node_request(custom_set, custom_value, wave_node), value), STATUS_SUCCESS);
        EXPECT_EQ(last().request.Node, wave_node);
        EXPECT_EQ(last().request.MinorTarget, static_cast<IUnknown*>(script_.streams.at(0)->main_interface()));
        // The same node through the other sink or source pin is that pin's, through the filter it is the filter's.
        FILE_OBJECT* const capture = open_pin(capture_pin);
        EXPECT_EQ(property(capture, node_request(custom_set, custom_value, wave_node), value), STATUS_SUCCESS);
        EXPECT_EQ(last().request.MinorTarget, static_cast<IUnknown*>(script_.streams.at(1)->main_interface()));
        EXPECT_EQ(property(wave_, node_request(custom_set, custom_value, wave_node), value), STATUS_SUCCESS);
        EXPECT_EQ(last().request.MinorTarget, nullptr);
        EXPECT_EQ(last().request.Node, wave_node);
    });
}

namespace {

const GUID synth_set = KSPROPSETID_Synth;
const GUID synth_clock_set = KSPROPSETID_SynthClock;
constexpr ULONG master_clock = KSPROPERTY_SYNTH_MASTERCLOCK;
const GUID effects_type = KSNODETYPE_3D_EFFECTS;
const GUID synthesizer_type = KSNODETYPE_SYNTHESIZER;

// A node whose setting is each stream's own, as a 3D node's speaker configuration is.
NTSTATUS NTAPI per_stream_handler(PCPROPERTY_REQUEST* request) {
    script()->calls.push_back({"per stream", *request, 0});
    return request->MinorTarget == nullptr ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}
const PCPROPERTY_ITEM effects_items[] = {
    {&audio_set, KSPROPERTY_AUDIO_CHANNEL_CONFIG, PCPROPERTY_ITEM_FLAG_SET, per_stream_handler}};
const PCPROPERTY_ITEM synthesizer_items[] = {
    {&synth_set, KSPROPERTY_SYNTH_VOLUME, PCPROPERTY_ITEM_FLAG_SET, per_stream_handler},
    {&synth_set, KSPROPERTY_SYNTH_CAPS, PCPROPERTY_ITEM_FLAG_SET, per_stream_handler},
    {&synth_clock_set, KSPROPERTY_SYNTH_MASTERCLOCK, PCPROPERTY_ITEM_FLAG_SET, per_stream_handler},
};
template<ULONG count>
PCAUTOMATION_TABLE table_of(const PCPROPERTY_ITEM (&items)[count]) {
    return {sizeof items[0], count, items, sizeof(PCMETHOD_ITEM), 0, nullptr, sizeof(PCEVENT_ITEM), 0, nullptr, 0};
}
const PCAUTOMATION_TABLE effects_automation = table_of(effects_items);
const PCAUTOMATION_TABLE synthesizer_automation = table_of(synthesizer_items);
const PCNODE_DESCRIPTOR effects_nodes[] = {{0, &effects_automation, &effects_type, nullptr}};
const PCNODE_DESCRIPTOR synthesizer_nodes[] = {{0, nullptr, &effects_type, nullptr},
                                               {0, &synthesizer_automation, &synthesizer_type, nullptr}};

} // namespace

namespace {

// A selector with three inputs: its logical pins are 0 for the output, 1 to 3 for the inputs.
constexpr ULONG selector_inputs = 3;
ULONG selected_pin;

NTSTATUS NTAPI selector_handler(PCPROPERTY_REQUEST* request) {
    script()->calls.push_back({"selector", *request, 0});
    if (request->ValueSize < sizeof(ULONG)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    ULONG& pin = *static_cast<ULONG*>(request->Value);
    if (request->Verb == KSPROPERTY_TYPE_GET) {
        pin = selected_pin;
        request->ValueSize = sizeof pin;
        return STATUS_SUCCESS;
    }
    if (pin < 1 || pin > selector_inputs) {
        return STATUS_INVALID_PARAMETER;
    }
    selected_pin = pin;
    return STATUS_SUCCESS;
}
const GUID selector_type = KSNODETYPE_MUX;
const PCPROPERTY_ITEM selector_items[] = {
    {&audio_set, KSPROPERTY_AUDIO_MUX_SOURCE, PCPROPERTY_ITEM_FLAG_GET | PCPROPERTY_ITEM_FLAG_SET, selector_handler}};
const PCAUTOMATION_TABLE selector_automation = table_of(selector_items);
const PCNODE_DESCRIPTOR selector_nodes[] = {{0, &selector_automation, &selector_type, nullptr}};
const PCCONNECTION_DESCRIPTOR selector_connections[] = {
    {KSFILTER_NODE, topology_in_pin, 0, 1},
    {KSFILTER_NODE, topology_in_pin, 0, 2},
    {KSFILTER_NODE, topology_in_pin, 0, 3},
    {0, 0, KSFILTER_NODE, topology_out_pin},
};

} // namespace

// A client finds the node's input pins in the filter's connections and selects by their numbers.
TEST_F(R_PROP, R_PROP_25_a_selectors_value_is_the_number_of_its_input_pin) {
    script_.adjust = [](PCFILTER_DESCRIPTOR& filter, bool wave) {
        if (!wave) {
            filter.Nodes = selector_nodes;
            filter.NodeCount = 1;
            filter.Connections = selector_connections;
            filter.ConnectionCount = RTL_NUMBER_OF(selector_connections);
        }
    };
    start_and_open();
    inside([&] {
        std::vector<ULONG> inputs;
        for (const auto& connection :
             list<KSTOPOLOGY_CONNECTION>(topology_, request(KSPROPSETID_Topology, KSPROPERTY_TOPOLOGY_CONNECTIONS))) {
            if (connection.ToNode == 0) {
                inputs.push_back(connection.ToNodePin);
            }
        }
        EXPECT_EQ(inputs, (std::vector<ULONG>{1, 2, 3}));
        const auto in = [](ULONG verb) {
            return node_request(KSPROPSETID_Audio, KSPROPERTY_AUDIO_MUX_SOURCE, 0, verb);
        };
        for (ULONG input : inputs) {
            ULONG now = 0;
            EXPECT_EQ(property(topology_, in(KSPROPERTY_TYPE_SET), input), STATUS_SUCCESS);
            EXPECT_EQ(property(topology_, in(KSPROPERTY_TYPE_GET), now), STATUS_SUCCESS);
            EXPECT_EQ(now, input);
        }
        for (ULONG none : {0u, selector_inputs + 1}) {
            EXPECT_EQ(property(topology_, in(KSPROPERTY_TYPE_SET), none), STATUS_INVALID_PARAMETER);
        }
        EXPECT_EQ(selected_pin, 3u);
    });
}

// What tells a driver the two apart is the stream: it comes with a pin's handle only.
TEST_F(R_PROP, R_PROP_21_channel_configuration_of_a_3D_node_wants_a_pin) {
    script_.adjust = [](PCFILTER_DESCRIPTOR& filter, bool wave) {
        if (wave) {
            filter.Nodes = effects_nodes;
        }
    };
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        KSAUDIO_CHANNEL_CONFIG stereo = {KSAUDIO_SPEAKER_STEREO};
        const auto in = node_request(KSPROPSETID_Audio, KSPROPERTY_AUDIO_CHANNEL_CONFIG, 0, KSPROPERTY_TYPE_SET);
        EXPECT_EQ(property(wave_, in, stereo), STATUS_INVALID_PARAMETER) << "the driver's refusal comes through";
        EXPECT_EQ(last().request.MinorTarget, nullptr);
        EXPECT_EQ(property(pin, in, stereo), STATUS_SUCCESS);
        EXPECT_EQ(last().request.MinorTarget, static_cast<IUnknown*>(script_.streams.at(0)->main_interface()));
    });
}

TEST_F(R_PROP, R_PROP_22_two_synthesizer_properties_come_without_a_node) {
    script_.adjust = [](PCFILTER_DESCRIPTOR& filter, bool wave) {
        if (wave) {
            filter.Nodes = synthesizer_nodes;
            filter.NodeCount = 2;
        }
    };
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        const auto set = [&](FILE_OBJECT* file, const GUID& set_guid, ULONG id) {
            LONG value = 0;
            return property(file, request(set_guid, id, KSPROPERTY_TYPE_SET), value);
        };
        EXPECT_EQ(set(pin, KSPROPSETID_Synth, KSPROPERTY_SYNTH_VOLUME), STATUS_SUCCESS);
        EXPECT_EQ(last().request.Node, 1u) << "the node whose table it stands in";
        EXPECT_EQ(last().request.MinorTarget, static_cast<IUnknown*>(script_.streams.at(0)->main_interface()));
        EXPECT_EQ(last().request.InstanceSize, 0u);
        EXPECT_EQ(set(pin, KSPROPSETID_SynthClock, master_clock), STATUS_SUCCESS);
        EXPECT_EQ(last().request.Node, 1u);
        EXPECT_EQ(set(wave_, KSPROPSETID_SynthClock, master_clock), STATUS_INVALID_PARAMETER)
            << "reached through the filter too, without a stream";
        const auto calls = script_.calls.size();
        EXPECT_EQ(set(pin, KSPROPSETID_Synth, KSPROPERTY_SYNTH_CAPS), STATUS_NOT_FOUND) << "others need their node id";
        EXPECT_EQ(script_.calls.size(), calls);
        LONG value = 0;
        EXPECT_EQ(property(pin, node_request(KSPROPSETID_Synth, KSPROPERTY_SYNTH_CAPS, 1, KSPROPERTY_TYPE_SET), value),
                  STATUS_SUCCESS);
    });
}

TEST_F(R_PROP, R_PROP_23_methods_are_never_dispatched) {
    start_and_open();
    inside([&] {
        KSMETHOD method = {};
        method.Set = custom_set;
        method.Flags = KSMETHOD_TYPE_READ;
        ULONG value = 0;
        EXPECT_EQ(control(wave_, IOCTL_KS_METHOD, &method, sizeof method, &value, sizeof value),
                  STATUS_PROPSET_NOT_FOUND);
        EXPECT_TRUE(script_.calls.empty());
    });
}

TEST_F(R_PROP, R_PROP_24_the_ports_own_handler_wins) {
    start_and_open();
    inside([&] {
        ULONG pins = 0;
        EXPECT_EQ(property(wave_, request(KSPROPSETID_Pin, KSPROPERTY_PIN_CTYPES), pins), STATUS_SUCCESS);
        EXPECT_EQ(pins, 3u);
        EXPECT_TRUE(script_.calls.empty()) << "the driver's item for the same property was called";
    });
}

TEST_F(R_PROP, R_PROP_32_custom_sets_need_no_registration) {
    start_and_open();
    inside([&] {
        EXPECT_EQ(property(wave_, request(custom_set, 0, KSPROPERTY_TYPE_SETSUPPORT)), STATUS_SUCCESS);
        GUID unknown = custom_set;
        unknown.Data1 ^= 1;
        EXPECT_EQ(property(wave_, request(unknown, 0, KSPROPERTY_TYPE_SETSUPPORT)), STATUS_PROPSET_NOT_FOUND);
        ULONG value = 0;
        EXPECT_EQ(property(wave_, request(unknown, 0), value), STATUS_PROPSET_NOT_FOUND);
        EXPECT_EQ(property(wave_, custom(999), value), STATUS_NOT_FOUND);
        EXPECT_EQ(property(wave_, custom(custom_get_only, KSPROPERTY_TYPE_SET), value), STATUS_NOT_FOUND);
    });
}

TEST_F(R_PROP, malformed_requests_never_reach_the_driver) {
    start_and_open();
    inside([&] {
        const KSPROPERTY in = custom(custom_value);
        ULONG value = 0;
        for (ULONG bytes = 0; bytes < sizeof in; ++bytes) {
            EXPECT_EQ(property(wave_, &in, bytes, &value, sizeof value), STATUS_INVALID_BUFFER_SIZE) << bytes;
        }
        EXPECT_EQ(property(wave_, nullptr, sizeof in, &value, sizeof value), STATUS_ACCESS_VIOLATION);
        EXPECT_EQ(property(wave_, &in, sizeof in, nullptr, 4), STATUS_ACCESS_VIOLATION);
        EXPECT_EQ(property(wave_, custom(custom_value, 0), value), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(property(wave_, custom(custom_value, KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_SET), value),
                  STATUS_INVALID_PARAMETER);
        EXPECT_EQ(property(wave_, custom(custom_value, KSPROPERTY_TYPE_DEFAULTVALUES), value),
                  STATUS_INVALID_PARAMETER);
        EXPECT_EQ(property(wave_, custom(custom_value, 0x40), value), STATUS_INVALID_PARAMETER);
        EXPECT_TRUE(script_.calls.empty());
        // Pin properties want a KSP_PIN.
        EXPECT_EQ(property(wave_, request(KSPROPSETID_Pin, KSPROPERTY_PIN_DATAFLOW), value),
                  STATUS_INVALID_BUFFER_SIZE);
    });
}

TEST_F(R_PROP, a_handler_cannot_overrun_the_client) {
    start_and_open();
    inside([&] {
        ULONG value = 0;
        EXPECT_EQ(property(wave_, custom(custom_greedy), value), STATUS_SUCCESS);
        EXPECT_EQ(information_, sizeof value);
    });
}

TEST_F(R_PROP, the_handler_sees_a_copy_of_the_clients_buffers) {
    start_and_open();
    inside([&] {
        const KSP_PIN in = pin_request(custom_set, custom_value, 1);
        ULONG value = 0;
        property(wave_, in, value);
        EXPECT_NE(last().request.Value, &value);
        EXPECT_NE(last().request.Instance, &in.PinId);
        property(wave_, in, value, KernelMode);
        EXPECT_EQ(last().request.Value, &value) << "kernel callers are trusted";
    });
}

} // namespace conformance
