// R-PROP: sizes of answers, basic support, lists.
#include "property_fixture.h"

namespace conformance {

// Shows IOCTL_KS_PROPERTY.
TEST_F(R_PROP, R_PROP_08_zero_length_get_asks_for_the_size) {
    start_and_open();
    inside([&] {
        EXPECT_EQ(property(wave_, custom(custom_value)), STATUS_BUFFER_OVERFLOW);
        EXPECT_EQ(information_, sizeof(ULONG));
        EXPECT_EQ(property(wave_, request(KSPROPSETID_Pin, KSPROPERTY_PIN_CTYPES)), STATUS_BUFFER_OVERFLOW);
        EXPECT_EQ(information_, sizeof(ULONG));
        EXPECT_EQ(property(wave_, pin_request(KSPROPSETID_Pin, KSPROPERTY_PIN_CINSTANCES, 0)), STATUS_BUFFER_OVERFLOW);
        EXPECT_EQ(information_, sizeof(KSPIN_CINSTANCES));
    });
}

TEST_F(R_PROP, R_PROP_09_short_buffer_is_too_small) {
    start_and_open();
    inside([&] {
        USHORT small = 0;
        EXPECT_EQ(property(wave_, custom(custom_value), small), STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(information_, 0u);
        EXPECT_EQ(property(wave_, request(KSPROPSETID_Pin, KSPROPERTY_PIN_CTYPES), small), STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(property(wave_, custom(custom_value, KSPROPERTY_TYPE_SET), small), STATUS_BUFFER_TOO_SMALL);
    });
}

// The value is a copy in the kernel's memory, as long as the client said: what lies behind is not the handler's.
TEST_F(R_PROP, a_handler_that_writes_past_the_value_is_found) {
    start_and_open();
    inside([&] {
        ULONG value[2] = {};
        script_.bytes_written_past = 0;
        EXPECT_EQ(property(wave_, custom(custom_value), value), STATUS_SUCCESS);
    });
    script_.bytes_written_past = 1;
    UCHAR large[1000] = {};
    machine_.enter([&] { property(wave_, custom(custom_value), large); });
    ASSERT_TRUE(machine_.is_halted());
    EXPECT_EQ(machine_.bugcheck_report()->code, 0x19u) << "BAD_POOL_HEADER";
    EXPECT_THAT(machine_.bugcheck_report()->rule,
                testing::HasSubstr("wrote past the 1000 bytes of the request's value"));
}

// Shows KSPROPERTY_TYPE_BASICSUPPORT.
TEST_F(R_PROP, R_PROP_11_basic_support_by_the_port_knows_three_sizes) {
    start_and_open();
    inside([&] {
        for (const ULONG id : {custom_value, custom_get_only}) {
            const ULONG expected =
                KSPROPERTY_TYPE_BASICSUPPORT | KSPROPERTY_TYPE_GET | (id == custom_value ? KSPROPERTY_TYPE_SET : 0);
            ULONG access = 0;
            EXPECT_EQ(property(wave_, custom(id, KSPROPERTY_TYPE_BASICSUPPORT), access), STATUS_SUCCESS);
            EXPECT_EQ(access, expected);
            KSPROPERTY_DESCRIPTION description = {};
            EXPECT_EQ(property(wave_, custom(id, KSPROPERTY_TYPE_BASICSUPPORT), description), STATUS_SUCCESS);
            EXPECT_EQ(description.AccessFlags, expected);
            EXPECT_EQ(description.DescriptionSize, sizeof description);
            EXPECT_EQ(description.MembersListCount, 0u);
            UCHAR odd[7];
            EXPECT_EQ(property(wave_, custom(id, KSPROPERTY_TYPE_BASICSUPPORT), odd), STATUS_BUFFER_TOO_SMALL);
        }
        EXPECT_TRUE(script_.calls.empty()) << "the item has no BASICSUPPORT flag";
        // The port's own properties are described likewise.
        ULONG access = 0;
        EXPECT_EQ(
            property(wave_, request(KSPROPSETID_Pin, KSPROPERTY_PIN_CTYPES, KSPROPERTY_TYPE_BASICSUPPORT), access),
            STATUS_SUCCESS);
        EXPECT_EQ(access, ULONG{KSPROPERTY_TYPE_BASICSUPPORT | KSPROPERTY_TYPE_GET});
    });
}

TEST_F(R_PROP, R_PROP_11_basic_support_goes_to_the_handler_that_asks_for_it) {
    start_and_open();
    inside([&] {
        ULONG access = 0;
        EXPECT_EQ(property(wave_, custom(custom_basic, KSPROPERTY_TYPE_BASICSUPPORT), access), STATUS_SUCCESS);
        ASSERT_EQ(script_.calls.size(), 1u);
        EXPECT_EQ(last().request.Verb, ULONG{KSPROPERTY_TYPE_BASICSUPPORT});
    });
}

// A node whose handler answers basic support itself, as DirectMusic's do: one DWORD, whatever the client has room for.
TEST_F(R_PROP, R_PROP_10_a_nodes_own_basic_support_is_one_DWORD) {
    start_and_open();
    inside([&] {
        const auto in = node_request(custom_set, custom_basic, volume_node, KSPROPERTY_TYPE_BASICSUPPORT);
        ULONG access[8] = {};
        EXPECT_EQ(property(topology_, in, access), STATUS_SUCCESS);
        EXPECT_EQ(information_, sizeof(ULONG));
        EXPECT_EQ(access[0], ULONG{KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_BASICSUPPORT});
        EXPECT_EQ(last().request.Verb, ULONG{KSPROPERTY_TYPE_BASICSUPPORT});
        EXPECT_EQ(last().request.Node, volume_node);
        EXPECT_EQ(property(topology_, in), STATUS_BUFFER_OVERFLOW);
        EXPECT_EQ(information_, sizeof(ULONG));
        USHORT small = 0;
        EXPECT_EQ(property(topology_, in, small), STATUS_BUFFER_TOO_SMALL);
    });
}

TEST_F(R_PROP, R_PROP_29_data_ranges_are_64_bit_aligned_and_attributes_follow) {
    start_and_open();
    inside([&] {
        const std::vector<char> render = whole(wave_, pin_request(KSPROPSETID_Pin, KSPROPERTY_PIN_DATARANGES, 0));
        const auto& header = *reinterpret_cast<const KSMULTIPLE_ITEM*>(render.data());
        EXPECT_EQ(header.Count, 2u);
        EXPECT_EQ(header.Size, sizeof header + 2 * sizeof(KSDATARANGE_AUDIO));
        const std::vector<char> capture = whole(wave_, pin_request(KSPROPSETID_Pin, KSPROPERTY_PIN_DATARANGES, 1));
        const auto& list = *reinterpret_cast<const KSMULTIPLE_ITEM*>(capture.data());
        EXPECT_EQ(list.Count, 2u) << "the attribute list counts as an item";
        const auto& attributes =
            *reinterpret_cast<const KSMULTIPLE_ITEM*>(capture.data() + sizeof list + sizeof(KSDATARANGE_AUDIO));
        EXPECT_EQ(attributes.Count, 1u);
        EXPECT_EQ(attributes.Size, sizeof attributes + sizeof(KSATTRIBUTE));
    });
}

// Shows KSPROPERTY_TYPE_SETSUPPORT.
TEST_F(R_PROP, set_support_of_no_set_lists_the_sets) {
    start_and_open();
    inside([&] {
        const KSPROPERTY in = request(GUID_NULL, 0, KSPROPERTY_TYPE_SETSUPPORT);
        EXPECT_EQ(property(wave_, in), STATUS_BUFFER_OVERFLOW);
        std::vector<GUID> sets(information_ / sizeof(GUID));
        ASSERT_FALSE(sets.empty());
        EXPECT_EQ(property(wave_, &in, sizeof in, sets.data(), static_cast<ULONG>(information_)), STATUS_SUCCESS);
        const auto has = [&](const GUID& set) {
            return std::any_of(sets.begin(), sets.end(), [&](const GUID& g) { return IsEqualGUID(g, set); });
        };
        EXPECT_TRUE(has(custom_set));
        EXPECT_TRUE(has(KSPROPSETID_Pin));
        EXPECT_TRUE(has(KSPROPSETID_Topology));
    });
}

TEST_F(R_PROP, R_PROP_33_multiple_item_header_alone) {
    start_and_open();
    inside([&] {
        const KSPROPERTY in = request(KSPROPSETID_Topology, KSPROPERTY_TOPOLOGY_NODES);
        KSMULTIPLE_ITEM header = {};
        EXPECT_EQ(property(topology_, in, header), STATUS_SUCCESS);
        EXPECT_EQ(header.Count, 2u);
        EXPECT_EQ(header.Size, sizeof header + 2 * sizeof(GUID));
        EXPECT_EQ(information_, sizeof header);
        UCHAR bigger[sizeof header + 4];
        EXPECT_EQ(property(topology_, in, bigger), STATUS_BUFFER_TOO_SMALL);
        UCHAR smaller[4];
        EXPECT_EQ(property(topology_, in, smaller), STATUS_BUFFER_TOO_SMALL);
    });
}

TEST_F(R_PROP, relations_and_payload_size) {
    start_and_open();
    inside([&] {
        KSMULTIPLE_ITEM relations = {};
        EXPECT_EQ(property(wave_, custom(custom_value, KSPROPERTY_TYPE_RELATIONS), relations), STATUS_SUCCESS);
        EXPECT_EQ(relations.Size, sizeof relations);
        EXPECT_EQ(relations.Count, 0u);
        ULONG size = 0;
        EXPECT_EQ(property(wave_, custom(custom_value, KSPROPERTY_TYPE_GETPAYLOADSIZE), size), STATUS_SUCCESS);
        EXPECT_EQ(size, sizeof(ULONG));
        EXPECT_EQ(property(wave_,
                           request(KSPROPSETID_Topology, KSPROPERTY_TOPOLOGY_NODES, KSPROPERTY_TYPE_GETPAYLOADSIZE),
                           size),
                  STATUS_SUCCESS);
        EXPECT_EQ(size, sizeof(KSMULTIPLE_ITEM) + sizeof(GUID));
    });
}

TEST_F(R_PROP, R_OFF_08_signal_processing_modes_through_the_miniport) {
    script_.modes = true;
    start_and_open();
    inside([&] {
        const auto modes = list<GUID>(
            wave_, pin_request(KSPROPSETID_AudioSignalProcessing, KSPROPERTY_AUDIOSIGNALPROCESSING_MODES, render_pin));
        ASSERT_EQ(modes.size(), 2u);
        EXPECT_TRUE(IsEqualGUID(modes[0], AUDIO_SIGNALPROCESSINGMODE_RAW));
        EXPECT_EQ(
            property(wave_, pin_request(KSPROPSETID_AudioSignalProcessing, KSPROPERTY_AUDIOSIGNALPROCESSING_MODES, 17)),
            STATUS_INVALID_PARAMETER);
    });
}

TEST_F(R_PROP, signal_processing_modes_are_new_in_Windows_8_1) {
    be(WindowsVersion::windows_8);
    script_.modes = true;
    start_and_open();
    inside([&] {
        EXPECT_EQ(property(wave_, pin_request(KSPROPSETID_AudioSignalProcessing, KSPROPERTY_AUDIOSIGNALPROCESSING_MODES,
                                              render_pin)),
                  STATUS_PROPSET_NOT_FOUND);
    });
}

} // namespace conformance
