// R-DESC: descriptors as clients see them. R-CONN: physical connections and dynamic subdevices.
#include "core_fixture.h"

namespace conformance {

class R_DESC : public CoreTest {
protected:
    template<class Value>
    Value pin_value(FILE_OBJECT* filter, ULONG id, ULONG pin) {
        Value value = {};
        EXPECT_EQ(property(filter, pin_request(KSPROPSETID_Pin, id, pin), value), STATUS_SUCCESS);
        return value;
    }
    template<class Request>
    std::u16string text(FILE_OBJECT* filter, const Request& in) {
        const std::vector<char> bytes = whole(filter, in);
        std::u16string result(bytes.size() / sizeof(char16_t), u'\0');
        std::memcpy(result.data(), bytes.data(), bytes.size());
        EXPECT_EQ(result.back(), u'\0');
        result.pop_back();
        return result;
    }
    void name_guid(const std::u16string& below, const GUID& guid, std::u16string_view name) {
        executive::Registry::current().create(below + u"\\" + executive::guid_text(guid))->set_string(u"Name", name);
    }
};

TEST_F(R_DESC, R_DESC_02_entries_are_stepped_by_the_stated_size) {
    start_and_open();
    inside([&] {
        EXPECT_EQ(pin_value<KSPIN_DATAFLOW>(wave_, KSPROPERTY_PIN_DATAFLOW, render_pin), KSPIN_DATAFLOW_IN);
        EXPECT_EQ(pin_value<KSPIN_DATAFLOW>(wave_, KSPROPERTY_PIN_DATAFLOW, capture_pin), KSPIN_DATAFLOW_OUT);
        EXPECT_EQ(pin_value<KSPIN_COMMUNICATION>(wave_, KSPROPERTY_PIN_COMMUNICATION, wave_bridge_pin),
                  KSPIN_COMMUNICATION_NONE);
        ULONG value = 0;
        for (const ULONG id : {custom_value, custom_basic, custom_get_only}) {
            EXPECT_EQ(property(wave_, request(custom_set, id), value), STATUS_SUCCESS);
            EXPECT_EQ(script_.calls.back().private_data, 0x1111u * (id + 1)) << "R-DESC-19: the driver's own data";
        }
    });
}

TEST_F(R_DESC, R_DESC_04_ids_are_array_indices) {
    start_and_open();
    inside([&] {
        KSPIN_DATAFLOW flow = {};
        EXPECT_EQ(property(wave_, pin_request(KSPROPSETID_Pin, KSPROPERTY_PIN_DATAFLOW, 3), flow),
                  STATUS_INVALID_PARAMETER);
        EXPECT_EQ(property(topology_, pin_request(KSPROPSETID_Topology, KSPROPERTY_TOPOLOGY_NAME, 2)),
                  STATUS_INVALID_PARAMETER);
    });
}

TEST_F(R_DESC, R_DESC_08_interfaces_are_the_ports_and_the_missing_medium_is_DevIO) {
    start_and_open();
    inside([&] {
        const auto interfaces =
            list<KSPIN_INTERFACE>(wave_, pin_request(KSPROPSETID_Pin, KSPROPERTY_PIN_INTERFACES, render_pin));
        ASSERT_FALSE(interfaces.empty());
        for (const auto& entry : interfaces) {
            EXPECT_TRUE(IsEqualGUID(entry.Set, KSINTERFACESETID_Standard));
        }
        const auto mediums =
            list<KSPIN_MEDIUM>(wave_, pin_request(KSPROPSETID_Pin, KSPROPERTY_PIN_MEDIUMS, render_pin));
        ASSERT_EQ(mediums.size(), 1u);
        EXPECT_TRUE(IsEqualGUID(mediums[0].Set, KSMEDIUMSETID_Standard));
        EXPECT_EQ(mediums[0].Id, ULONG{KSMEDIUM_STANDARD_DEVIO});
    });
}

TEST_F(R_DESC, R_DESC_10_category_and_names_from_the_registry) {
    start_and_open();
    inside([&] {
        EXPECT_TRUE(IsEqualGUID(pin_value<GUID>(wave_, KSPROPERTY_PIN_CATEGORY, wave_bridge_pin), KSNODETYPE_SPEAKER));
        const auto in = pin_request(KSPROPSETID_Pin, KSPROPERTY_PIN_NAME, wave_bridge_pin);
        const std::u16string global(executive::registry_paths::media_categories);
        name_guid(global, KSNODETYPE_SPEAKER, u"Global speaker");
        EXPECT_EQ(text(wave_, in), u"Global speaker") << "R-DESC-21: no name, so the category's";
        // R-DESC-12: the device's own key comes first from Windows 10 1809 on.
        name_guid(node_->driver_key() + u"\\MediaCategories", KSNODETYPE_SPEAKER, u"Own speaker");
        EXPECT_EQ(text(wave_, in), u"Own speaker");
        for (const auto version : {WindowsVersion::windows_7, WindowsVersion::windows_8_1}) {
            PortClsSystem::current().set_windows_version(version);
            EXPECT_EQ(text(wave_, in), u"Global speaker");
        }
        PortClsSystem::current().set_windows_version(*portcls::parse_windows_version("10"));
        EXPECT_EQ(text(wave_, in), u"Own speaker");
    });
}

TEST_F(R_DESC, R_DESC_11_node_names_by_name_or_type) {
    start_and_open();
    inside([&] {
        const std::u16string global(executive::registry_paths::media_categories);
        name_guid(global, KSAUDFNAME_MASTER_VOLUME, u"Master");
        name_guid(global, KSNODETYPE_MUTE, u"Silence");
        const auto name = [&](ULONG node) {
            KSP_NODE in = {};
            in.Property = request(KSPROPSETID_Topology, KSPROPERTY_TOPOLOGY_NAME);
            in.NodeId = node;
            return text(topology_, in);
        };
        EXPECT_EQ(name(volume_node), u"Master");
        EXPECT_EQ(name(mute_node), u"Silence");
    });
}

// The same name whether the filter is asked or, with the topology flag, the node (R-PROP-03, R-PROP-07).
TEST_F(R_DESC, R_PROP_03_a_node_tells_its_own_name) {
    start_and_open();
    inside([&] {
        name_guid(std::u16string(executive::registry_paths::media_categories), KSAUDFNAME_MASTER_VOLUME, u"Master");
        KSP_NODE in = {};
        in.Property =
            request(KSPROPSETID_Topology, KSPROPERTY_TOPOLOGY_NAME, KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_TOPOLOGY);
        in.NodeId = volume_node;
        EXPECT_EQ(text(topology_, in), u"Master");
        in.Property.Flags = KSPROPERTY_TYPE_BASICSUPPORT | KSPROPERTY_TYPE_TOPOLOGY;
        ULONG access = 0;
        EXPECT_EQ(property(topology_, in, access), STATUS_SUCCESS);
        EXPECT_EQ(access, ULONG{KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_BASICSUPPORT});
        in.NodeId = 99;
        EXPECT_EQ(property(topology_, in, access), STATUS_INVALID_PARAMETER);
    });
}

TEST_F(R_DESC, R_DESC_14_topology_pins_are_never_opened) {
    start_and_open();
    inside([&] {
        FILE_OBJECT* const wave = wave_;
        wave_ = topology_;
        FILE_OBJECT* file = nullptr;
        EXPECT_EQ(open_pin(connection(topology_in_pin), file), STATUS_INVALID_PARAMETER);
        wave_ = wave;
    });
}

// Shows KSPROPERTY_TOPOLOGY_NODES, KSPROPERTY_TOPOLOGY_CONNECTIONS, KSPROPERTY_TOPOLOGY_CATEGORIES.
TEST_F(R_DESC, R_DESC_17_topology_set_from_the_arrays) {
    start_and_open();
    inside([&] {
        const auto nodes = list<GUID>(topology_, request(KSPROPSETID_Topology, KSPROPERTY_TOPOLOGY_NODES));
        ASSERT_EQ(nodes.size(), 2u);
        EXPECT_TRUE(IsEqualGUID(nodes[0], KSNODETYPE_VOLUME));
        EXPECT_TRUE(IsEqualGUID(nodes[1], KSNODETYPE_MUTE));
        const auto connections =
            list<KSTOPOLOGY_CONNECTION>(topology_, request(KSPROPSETID_Topology, KSPROPERTY_TOPOLOGY_CONNECTIONS));
        ASSERT_EQ(connections.size(), 3u);
        EXPECT_EQ(connections[0].FromNode, ULONG{KSFILTER_NODE}); // R-DESC-05
        EXPECT_EQ(connections[2].ToNodePin, topology_out_pin);
        const auto categories = list<GUID>(topology_, request(KSPROPSETID_Topology, KSPROPERTY_TOPOLOGY_CATEGORIES));
        ASSERT_EQ(categories.size(), 2u); // R-DESC-16
        EXPECT_TRUE(IsEqualGUID(categories[1], KSCATEGORY_TOPOLOGY));
    });
}

// Shows KSPROPERTY_PIN_DATARANGES.
TEST_F(R_DESC, R_DESC_18_data_ranges_can_be_replaced_at_run_time) {
    start_and_open();
    inside([&] {
        static KSDATARANGE_AUDIO range = {};
        range.DataRange.FormatSize = sizeof range;
        range.DataRange.MajorFormat = KSDATAFORMAT_TYPE_AUDIO;
        range.DataRange.SubFormat = KSDATAFORMAT_SUBTYPE_IEEE_FLOAT;
        range.DataRange.Specifier = KSDATAFORMAT_SPECIFIER_WAVEFORMATEX;
        static PKSDATARANGE ranges[] = {&range.DataRange};
        PCPIN_DESCRIPTOR pin = {};
        pin.KsPinDescriptor.DataRanges = ranges;
        pin.KsPinDescriptor.DataRangesCount = 1;
        auto subdevice = portcls::ComPointer<IPortClsSubdeviceEx>::query(script_.wave_port, IID_IPortClsSubdeviceEx);
        EXPECT_EQ(subdevice->UpdatePinDescriptor(render_pin, 2, &pin), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(subdevice->UpdatePinDescriptor(9, PCUPDATE_PIN_DESC_FLAG_DATARANGES, &pin), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(subdevice->UpdatePinDescriptor(render_pin, PCUPDATE_PIN_DESC_FLAG_DATARANGES, &pin), STATUS_SUCCESS);
        const auto listed =
            list<KSDATARANGE_AUDIO>(wave_, pin_request(KSPROPSETID_Pin, KSPROPERTY_PIN_DATARANGES, render_pin));
        ASSERT_EQ(listed.size(), 1u);
        EXPECT_TRUE(IsEqualGUID(listed[0].DataRange.SubFormat, KSDATAFORMAT_SUBTYPE_IEEE_FLOAT));
        FILE_OBJECT* file = nullptr;
        EXPECT_EQ(open_pin(connection(render_pin), file), STATUS_NO_MATCH);
    });
}

TEST_F(R_DESC, R_DESC_07_bridge_pins_have_no_instances_and_are_never_opened) {
    start_and_open();
    inside([&] {
        const auto counts = pin_value<KSPIN_CINSTANCES>(wave_, KSPROPERTY_PIN_CINSTANCES, wave_bridge_pin);
        EXPECT_EQ(counts.PossibleCount, 0u);
        EXPECT_EQ(counts.CurrentCount, 0u);
        EXPECT_EQ(pin_value<KSPIN_COMMUNICATION>(wave_, KSPROPERTY_PIN_COMMUNICATION, wave_bridge_pin),
                  KSPIN_COMMUNICATION_NONE);
        FILE_OBJECT* file = nullptr;
        EXPECT_EQ(open_pin(connection(wave_bridge_pin), file), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(script_.streams_alive, 0u);
    });
}

TEST_F(R_DESC, R_DESC_16_categories_are_the_device_interfaces) {
    start_and_open();
    inside([&] {
        const std::pair<FILE_OBJECT*, std::u16string_view> filters[] = {{wave_, u"Wave"}, {topology_, u"Topology"}};
        for (const auto& [filter, reference] : filters) {
            std::vector<GUID> interfaces;
            for (const auto* entry : executive::Kernel::current().interfaces.enumerate()) {
                if (entry->reference == reference) {
                    interfaces.push_back(entry->interface_class);
                }
            }
            const auto said = list<GUID>(filter, request(KSPROPSETID_Topology, KSPROPERTY_TOPOLOGY_CATEGORIES));
            ASSERT_EQ(said.size(), interfaces.size());
            for (const GUID& category : said) {
                EXPECT_EQ(std::count_if(interfaces.begin(), interfaces.end(),
                                        [&](const GUID& each) { return IsEqualGUID(each, category); }),
                          1);
            }
        }
    });
}

TEST_F(R_DESC, R_DESC_21_the_pins_own_name_comes_before_its_categorys) {
    static const GUID name = KSAUDFNAME_LINE_IN;
    static std::vector<WidePin> pins;
    script_.adjust = [](PCFILTER_DESCRIPTOR& filter, bool wave) {
        if (wave) {
            const auto* const first = reinterpret_cast<const WidePin*>(filter.Pins);
            pins.assign(first, first + filter.PinCount);
            pins[wave_bridge_pin].pin.KsPinDescriptor.Name = &name;
            filter.Pins = &pins[0].pin;
        }
    };
    start_and_open();
    inside([&] {
        const std::u16string global(executive::registry_paths::media_categories);
        const auto in = pin_request(KSPROPSETID_Pin, KSPROPERTY_PIN_NAME, wave_bridge_pin);
        name_guid(global, KSNODETYPE_SPEAKER, u"The category");
        name_guid(global, name, u"The pin itself");
        EXPECT_EQ(text(wave_, in), u"The pin itself");
    });
}

TEST_F(R_DESC, R_DESC_22_IPinName_names_the_pins) {
    script_.pin_namer = true;
    start_and_open();
    inside([&] {
        EXPECT_EQ(text(wave_, pin_request(KSPROPSETID_Pin, KSPROPERTY_PIN_NAME, 2)), u"pin 2");
        UCHAR small[4];
        EXPECT_EQ(property(wave_, pin_request(KSPROPSETID_Pin, KSPROPERTY_PIN_NAME, 1), small),
                  STATUS_BUFFER_TOO_SMALL);
    });
}

// ---- R-CONN -----------------------------------------------------------------------------------------------------

class R_CONN : public CoreTest {
protected:
    NTSTATUS connection_of(FILE_OBJECT* filter, ULONG pin, ULONG& other_pin, std::u16string& link) {
        UCHAR bytes[1024] = {};
        const KSP_PIN in = pin_request(KSPROPSETID_Pin, KSPROPERTY_PIN_PHYSICALCONNECTION, pin);
        const NTSTATUS status = property(filter, &in, sizeof in, bytes, sizeof bytes);
        if (NT_SUCCESS(status)) {
            const auto& result = *reinterpret_cast<const KSPIN_PHYSICALCONNECTION*>(bytes);
            EXPECT_EQ(result.Size, information_);
            other_pin = result.Pin;
            link = result.SymbolicLinkName;
        }
        return status;
    }
};

// Shows KSPROPERTY_PIN_PHYSICALCONNECTION.
TEST_F(R_CONN, R_CONN_01_asked_from_both_ends) {
    start_and_open();
    inside([&] {
        ULONG pin = 99;
        std::u16string link;
        EXPECT_EQ(connection_of(wave_, wave_bridge_pin, pin, link), STATUS_SUCCESS);
        EXPECT_EQ(pin, topology_in_pin);
        EXPECT_EQ(link, path_of(u"Topology"));
        FILE_OBJECT* file = nullptr;
        EXPECT_EQ(open_path(link, nullptr, file), STATUS_SUCCESS) << "the link opens the other filter";
        EXPECT_EQ(connection_of(topology_, topology_in_pin, pin, link), STATUS_SUCCESS);
        EXPECT_EQ(pin, wave_bridge_pin);
        EXPECT_EQ(link, path_of(u"Wave"));
        EXPECT_EQ(connection_of(topology_, topology_out_pin, pin, link), STATUS_NOT_FOUND);
    });
}

TEST_F(R_CONN, R_CONN_01_only_between_registered_subdevices_and_existing_pins) {
    start();
    inside([&] {
        EXPECT_EQ(
            PcRegisterPhysicalConnection(script_.functional_device, script_.wave_port, 3, script_.topology_port, 0),
            STATUS_INVALID_PARAMETER);
        EXPECT_EQ(PcRegisterPhysicalConnection(script_.functional_device, script_.adapter, 0, script_.topology_port, 0),
                  STATUS_INVALID_PARAMETER);
        IPort* port = nullptr;
        ASSERT_EQ(PcNewPort(&port, CLSID_PortTopology), STATUS_SUCCESS);
        EXPECT_EQ(PcRegisterPhysicalConnection(script_.functional_device, port, 0, script_.topology_port, 0),
                  STATUS_INVALID_PARAMETER);
        port->Release();
    });
}

TEST_F(R_CONN, R_CONN_02_external_ends_are_symbolic_links) {
    start_and_open();
    inside([&] {
        UNICODE_STRING name;
        RtlInitUnicodeString(&name, u"\\??\\other\\filter");
        EXPECT_EQ(PcRegisterPhysicalConnectionToExternal(script_.functional_device, script_.topology_port,
                                                         topology_out_pin, &name, 7),
                  STATUS_SUCCESS);
        ULONG pin = 0;
        std::u16string link;
        EXPECT_EQ(connection_of(topology_, topology_out_pin, pin, link), STATUS_SUCCESS);
        EXPECT_EQ(pin, 7u);
        EXPECT_EQ(link, u"\\??\\other\\filter");
        auto cables = portcls::ComPointer<IUnregisterPhysicalConnection>::query(script_.topology_port,
                                                                                IID_IUnregisterPhysicalConnection);
        EXPECT_EQ(cables->UnregisterPhysicalConnectionToExternal(script_.functional_device, script_.topology_port,
                                                                 topology_out_pin, &name, 8),
                  STATUS_NOT_FOUND);
        EXPECT_EQ(cables->UnregisterPhysicalConnectionToExternal(script_.functional_device, script_.topology_port,
                                                                 topology_out_pin, &name, 7),
                  STATUS_SUCCESS);
        EXPECT_EQ(connection_of(topology_, topology_out_pin, pin, link), STATUS_NOT_FOUND);
        EXPECT_EQ(PcRegisterPhysicalConnectionFromExternal(script_.functional_device, &name, 4, script_.wave_port,
                                                           render_pin),
                  STATUS_SUCCESS);
        EXPECT_EQ(connection_of(wave_, render_pin, pin, link), STATUS_SUCCESS);
        EXPECT_EQ(pin, 4u);
    });
}

// Shows R-CONN-03: of a connection that is unregistered nothing is left, nor of those that the adapter forgot when
// their filter goes.
TEST_F(R_CONN, R_CONN_03_unregistering_connection_and_subdevice) {
    start_and_open();
    inside([&] {
        ULONG to = 0;
        std::u16string link;
        EXPECT_EQ(connection_of(wave_, wave_bridge_pin, to, link), STATUS_SUCCESS);
        EXPECT_EQ(PcRegisterPhysicalConnection(script_.functional_device, script_.topology_port, topology_out_pin,
                                               script_.wave_port, render_pin),
                  STATUS_SUCCESS);
        EXPECT_EQ(connection_of(wave_, render_pin, to, link), STATUS_SUCCESS);
        auto cables = portcls::ComPointer<IUnregisterPhysicalConnection>::query(script_.wave_port,
                                                                                IID_IUnregisterPhysicalConnection);
        auto subdevices =
            portcls::ComPointer<IUnregisterSubdevice>::query(script_.topology_port, IID_IUnregisterSubdevice);
        EXPECT_EQ(cables->UnregisterPhysicalConnection(script_.functional_device, script_.wave_port, wave_bridge_pin,
                                                       script_.topology_port, topology_in_pin),
                  STATUS_SUCCESS);
        EXPECT_EQ(connection_of(wave_, wave_bridge_pin, to, link), STATUS_NOT_FOUND);
        EXPECT_EQ(subdevices->UnregisterSubdevice(script_.functional_device, script_.topology_port), STATUS_SUCCESS);
        EXPECT_EQ(connection_of(wave_, render_pin, to, link), STATUS_NOT_FOUND);
        EXPECT_EQ(subdevices->UnregisterSubdevice(script_.functional_device, script_.topology_port), STATUS_NOT_FOUND);
        for (const auto* entry : executive::Kernel::current().interfaces.enumerate()) {
            EXPECT_NE(entry->reference, u"Topology") << "interfaces are disabled";
        }
        FILE_OBJECT* file = nullptr;
        EXPECT_FALSE(NT_SUCCESS(open_filter(u"Topology", file)));
        ULONG pins = 0;
        EXPECT_EQ(property(topology_, request(KSPROPSETID_Pin, KSPROPERTY_PIN_CTYPES), pins), STATUS_DEVICE_REMOVED)
            << "what is open answers no more";
        EXPECT_EQ(property(wave_, request(KSPROPSETID_Pin, KSPROPERTY_PIN_CTYPES), pins), STATUS_SUCCESS);
        // And again: dynamic subdevices come back (R-CONN-06), the count has room (R-CONN-07).
        WCHAR name[] = u"Topology";
        static std::u16string kept = name;
        EXPECT_EQ(PcRegisterSubdevice(script_.functional_device, kept.data(), script_.topology_port), STATUS_SUCCESS);
        EXPECT_EQ(open_filter(u"Topology", file), STATUS_SUCCESS);
    });
}

TEST_F(R_CONN, R_CONN_04_the_unregistering_interface_keeps_its_subdevice) {
    start();
    inside([&] {
        IUnregisterSubdevice* subdevices = nullptr;
        ASSERT_EQ(
            script_.topology_port->QueryInterface(IID_IUnregisterSubdevice, reinterpret_cast<void**>(&subdevices)),
            STATUS_SUCCESS);
        IPort* const port = script_.topology_port;
        EXPECT_EQ(subdevices->UnregisterSubdevice(script_.functional_device, port), STATUS_SUCCESS);
        release_ports();
        EXPECT_EQ(script_.miniports_alive, 2u) << "wave, and topology through the interface";
        subdevices->Release();
        EXPECT_EQ(script_.miniports_alive, 1u);
    });
}

} // namespace conformance
