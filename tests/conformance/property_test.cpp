// R-PROP: automation tables and property dispatch.
#include "core_fixture.h"

namespace conformance {

class R_PROP : public CoreTest {
protected:
    static KSPROPERTY custom(ULONG id, ULONG verb = KSPROPERTY_TYPE_GET) { return request(custom_set, id, verb); }
    const Call& last() const { return script_.calls.back(); }

    // A thread that stays in a handler, under the device lock, for 2 ms.
    struct Blocker {
        FILE_OBJECT* file;
        bool done = false;
        static void run(void* context) {
            auto& self = *static_cast<Blocker*>(context);
            const KSPROPERTY in = custom(custom_locked);
            ULONG value = 0;
            ULONG_PTR information = 0;
            executive::device_control(self.file, IOCTL_KS_PROPERTY, &in, sizeof in, &value, sizeof value, &information,
                                      KernelMode);
            self.done = true;
        }
    };
};

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

TEST_F(R_PROP, R_PROP_07_the_port_answers_what_the_table_lacks) {
    start_and_open();
    inside([&] {
        ULONG pins = 0;
        EXPECT_EQ(property(topology_, request(KSPROPSETID_Pin, KSPROPERTY_PIN_CTYPES), pins), STATUS_SUCCESS);
        EXPECT_EQ(pins, 2u);
    });
}

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

namespace {

struct Completed {
    ULONG count = 0;
    NTSTATUS status = 0;
    ULONG_PTR information = 0;
    static void on(void* context, NTSTATUS status, ULONG_PTR information) {
        auto& self = *static_cast<Completed*>(context);
        ++self.count;
        self.status = status;
        self.information = information;
    }
};

} // namespace

TEST_F(R_PROP, R_PROP_17_pending_request_is_completed_later_at_DISPATCH_LEVEL) {
    start_and_open();
    inside([&] {
        Completed completed;
        const KSPROPERTY in = custom(custom_pending);
        ULONG value = 0;
        EXPECT_EQ(executive::start_device_control(wave_, IOCTL_KS_PROPERTY, &in, sizeof in, &value, sizeof value,
                                                  Completed::on, &completed),
                  STATUS_PENDING);
        ASSERT_NE(script_.pending_request, nullptr);
        EXPECT_EQ(completed.count, 0u);
        EXPECT_EQ(PcCompletePendingPropertyRequest(script_.pending_request, STATUS_PENDING), STATUS_INVALID_PARAMETER)
            << "R-PROP-18";
        // Others are served meanwhile: the device lock is free.
        ULONG other = 0;
        EXPECT_EQ(property(wave_, custom(custom_value), other), STATUS_SUCCESS);
        const ULONG answer = 0xCAFE;
        std::memcpy(script_.pending_request->Value, &answer, sizeof answer);
        script_.pending_request->ValueSize = sizeof answer;
        KIRQL old;
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        EXPECT_EQ(PcCompletePendingPropertyRequest(script_.pending_request, STATUS_SUCCESS), STATUS_SUCCESS);
        KeLowerIrql(old);
        EXPECT_EQ(completed.count, 1u);
        EXPECT_EQ(completed.status, STATUS_SUCCESS);
        EXPECT_EQ(completed.information, sizeof(ULONG));
        EXPECT_EQ(value, 0xCAFEu);
    });
}

TEST_F(R_PROP, R_PROP_17_completion_may_come_before_the_handler_returns) {
    start_and_open();
    inside([&] {
        ULONG value = 0;
        EXPECT_EQ(property(wave_, custom(custom_early), value), STATUS_SUCCESS);
        EXPECT_EQ(value, 0x42424242u);
        EXPECT_EQ(information_, sizeof value);
    });
}

TEST_F(R_PROP, R_PROP_19_handlers_of_a_device_exclude_each_other) {
    start_and_open();
    inside([&] {
        struct Asker {
            FILE_OBJECT* file;
            NTSTATUS status = STATUS_PENDING;
            static void run(void* context) {
                auto& self = *static_cast<Asker*>(context);
                const KSPROPERTY in = custom(custom_locked);
                ULONG value = 0;
                ULONG_PTR information = 0;
                self.status = executive::device_control(self.file, IOCTL_KS_PROPERTY, &in, sizeof in, &value,
                                                        sizeof value, &information, KernelMode);
            }
        };
        Asker askers[] = {{wave_}, {topology_}, {wave_}};
        for (Asker& asker : askers) {
            machine_.release_thread(*machine_.create_thread("asker", Asker::run, &asker));
        }
        machine_.run_for(500'000'000);
        for (const Asker& asker : askers) {
            EXPECT_EQ(asker.status, STATUS_SUCCESS);
        }
        EXPECT_EQ(script_.calls.size(), 3u);
        EXPECT_EQ(script_.most_handlers_inside, 1u);
    });
}

TEST_F(R_PROP, R_PROP_19_UsePositionLock_takes_positions_out_of_the_device_lock) {
    {
        pnp::RegistryParameter parameter;
        parameter.name = "DispatchSettings\\UsePositionLock";
        parameter.data = {1, 0, 0, 0};
        parameters_.push_back(parameter);
        start_and_open();
        inside([&] {
            FILE_OBJECT* const pin = open_pin();
            Blocker blocker{wave_};
            machine_.release_thread(*machine_.create_thread("blocker", Blocker::run, &blocker));
            machine_.run_for(1'000'000);
            ASSERT_EQ(script_.handlers_inside, 1u);
            KSAUDIO_POSITION position = {};
            EXPECT_EQ(property(pin, request(KSPROPSETID_Audio, KSPROPERTY_AUDIO_POSITION), position), STATUS_SUCCESS);
            EXPECT_FALSE(blocker.done) << "the position did not wait for the device lock";
            ULONG value = 0;
            EXPECT_EQ(property(wave_, custom(custom_value), value), STATUS_SUCCESS);
            EXPECT_TRUE(blocker.done) << "other properties do";
        });
    }
}

TEST_F(R_PROP, R_PROP_19_without_the_setting_positions_wait_too) {
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        Blocker blocker{wave_};
        machine_.release_thread(*machine_.create_thread("blocker", Blocker::run, &blocker));
        machine_.run_for(1'000'000);
        KSAUDIO_POSITION position = {};
        EXPECT_EQ(property(pin, request(KSPROPSETID_Audio, KSPROPERTY_AUDIO_POSITION), position), STATUS_SUCCESS);
        EXPECT_TRUE(blocker.done);
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
