// R-SUB, R-INIT, R-COM, R-DESC: making, registering and describing subdevices.
#include <dmusicks.h>

#include <gmock/gmock.h>

#include "core_fixture.h"
#include "portcls/port.h"

namespace conformance {

class R_SUB : public CoreTest {};
class R_INIT : public CoreTest {};
class R_COM : public CoreTest {};

namespace {

std::vector<GUID> categories_of(std::u16string_view reference, bool enabled_only = true) {
    std::vector<GUID> result;
    for (const auto* entry : executive::Kernel::current().interfaces.enumerate(nullptr, enabled_only)) {
        if (entry->reference == reference) {
            result.push_back(entry->interface_class);
        }
    }
    return result;
}

} // namespace

// ---- R-SUB ------------------------------------------------------------------------------------------------------

TEST_F(R_SUB, R_SUB_01_references_given_back_leave_the_port_alive_until_removal) {
    start_and_open();
    inside([&] {
        release_ports(); // what a driver does on every path
        EXPECT_EQ(script_.miniports_alive, 2u);
        ULONG pins = 0;
        EXPECT_EQ(property(wave_, request(KSPROPSETID_Pin, KSPROPERTY_PIN_CTYPES), pins), STATUS_SUCCESS);
        close_all();
    });
    ASSERT_TRUE(manager_->remove(*node_));
    EXPECT_EQ(script_.miniports_alive, 0u);
}

// Shows R-SUB-07: where the description lists none, a filter has those of its kind of port.
TEST_F(R_SUB, R_SUB_07_every_filter_is_audio_and_what_it_is_for) {
    script_.adjust = [](PCFILTER_DESCRIPTOR& filter, bool) { filter.CategoryCount = 0; };
    start();
    const GUID audio = KSCATEGORY_AUDIO;
    const GUID render = KSCATEGORY_RENDER;
    const GUID capture = KSCATEGORY_CAPTURE;
    const std::pair<GUID, std::vector<GUID>> ports[] = {
        {CLSID_PortTopology, {audio, KSCATEGORY_TOPOLOGY}},
        {CLSID_PortWaveRT, {audio, render, capture, KSCATEGORY_REALTIME}},
        {CLSID_PortWaveCyclic, {audio, render, capture}},
        {CLSID_PortWavePci, {audio, render, capture}},
        {CLSID_PortMidi, {audio, render, capture}},
        {CLSID_PortDMus, {audio, render, capture}},
    };
    inside([&] {
        for (const auto& [class_id, categories] : ports) {
            IPort* port = nullptr;
            ASSERT_EQ(PcNewPort(&port, class_id), STATUS_SUCCESS);
            const auto given = portcls::Port::from(port)->default_categories();
            EXPECT_THAT(categories, testing::UnorderedElementsAreArray(given.begin(), given.end()))
                << portcls::Port::from(port)->kind();
            port->Release();
        }
        EXPECT_THAT(categories_of(u"Topology"), testing::UnorderedElementsAreArray(ports[0].second));
        EXPECT_THAT(categories_of(u"Wave"), testing::UnorderedElementsAreArray(ports[1].second));
    });
}

namespace {

// An object of the adapter's own that is a subdevice by what it answers to; a port is behind it.
class Subdevice final : public IUnknown {
public:
    explicit Subdevice(IUnknown& behind) : behind_(behind) {}
    NTSTATUS NTAPI QueryInterface(REFIID id, PVOID* object) override {
        if (!IsEqualGUID(id, IID_IUnknown)) {
            return behind_.QueryInterface(id, object);
        }
        *object = static_cast<IUnknown*>(this);
        AddRef();
        return STATUS_SUCCESS;
    }
    ULONG NTAPI AddRef() override { return ++references; }
    ULONG NTAPI Release() override { return --references; }

    ULONG references = 1;

private:
    IUnknown& behind_;
};

} // namespace

// Shows R-SUB-02: of what parts an object is made is its own business. It is kept for as long as it is registered.
TEST_F(R_SUB, R_SUB_02_an_object_that_answers_requests_is_a_subdevice) {
    start();
    inside([&] {
        auto subdevices =
            portcls::ComPointer<IUnregisterSubdevice>::query(script_.topology_port, IID_IUnregisterSubdevice);
        ASSERT_EQ(subdevices->UnregisterSubdevice(script_.functional_device, script_.topology_port), STATUS_SUCCESS);
        Subdevice own(*script_.topology_port);
        WCHAR name[] = u"Own";
        ASSERT_EQ(PcRegisterSubdevice(script_.functional_device, name, &own), STATUS_SUCCESS);
        EXPECT_GT(own.references, 1u);
        FILE_OBJECT* file = nullptr;
        ASSERT_EQ(open_filter(u"Own", file), STATUS_SUCCESS);
        ULONG pins = 0;
        EXPECT_EQ(property(file, request(KSPROPSETID_Pin, KSPROPERTY_PIN_CTYPES), pins), STATUS_SUCCESS);
        EXPECT_NE(pins, 0u);
        close(file);
        EXPECT_EQ(subdevices->UnregisterSubdevice(script_.functional_device, &own), STATUS_SUCCESS);
        EXPECT_EQ(own.references, 1u);
    });
}

TEST_F(R_SUB, R_SUB_02_only_a_port_can_be_registered_and_only_once_initialised) {
    start();
    inside([&] {
        WCHAR name[] = u"Other";
        EXPECT_EQ(PcRegisterSubdevice(script_.functional_device, name, script_.adapter), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(PcRegisterSubdevice(script_.functional_device, name, nullptr), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(PcRegisterSubdevice(script_.functional_device, nullptr, script_.wave_port), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(PcRegisterSubdevice(script_.physical_device, name, script_.wave_port), STATUS_INVALID_PARAMETER);
        IPort* port = nullptr;
        ASSERT_EQ(PcNewPort(&port, CLSID_PortTopology), STATUS_SUCCESS);
        EXPECT_EQ(PcRegisterSubdevice(script_.functional_device, name, port), STATUS_INVALID_DEVICE_REQUEST);
        port->Release();
    });
}

TEST_F(R_SUB, R_SUB_03_names_are_unique_and_open_without_regard_to_case) {
    start_and_open();
    inside([&] {
        WCHAR name[] = u"wave";
        EXPECT_EQ(PcRegisterSubdevice(script_.functional_device, name, script_.wave_port),
                  STATUS_OBJECT_NAME_COLLISION);
        std::u16string path = path_of(u"Wave");
        path.replace(path.size() - 4, 4, u"WAVE");
        FILE_OBJECT* file = nullptr;
        EXPECT_EQ(open_path(path, nullptr, file), STATUS_SUCCESS);
        path.replace(path.size() - 4, 4, u"Nope");
        EXPECT_FALSE(NT_SUCCESS(open_path(path, nullptr, file)));
    });
}

TEST_F(R_SUB, R_SUB_05_one_interface_for_each_category) {
    start();
    inside([&] {
        const auto wave = categories_of(u"Wave");
        ASSERT_EQ(wave.size(), 3u);
        EXPECT_TRUE(IsEqualGUID(wave[0], KSCATEGORY_AUDIO));
        EXPECT_TRUE(IsEqualGUID(wave[1], KSCATEGORY_RENDER));
        EXPECT_TRUE(IsEqualGUID(wave[2], KSCATEGORY_CAPTURE));
        EXPECT_EQ(categories_of(u"Topology").size(), 2u);
        FILE_OBJECT* file = nullptr;
        for (const auto* entry : executive::Kernel::current().interfaces.enumerate()) {
            EXPECT_EQ(open_path(entry->symbolic_link, nullptr, file), STATUS_SUCCESS);
        }
    });
}

TEST_F(R_SUB, R_SUB_12_system_miniports_and_classes_that_are_none) {
    start();
    inside([&] {
        IMiniport* miniport = nullptr;
        ASSERT_EQ(PcNewMiniport(&miniport, CLSID_MiniportDriverUart), STATUS_SUCCESS);
        EXPECT_EQ(miniport->Release(), 0U);
        EXPECT_EQ(PcNewMiniport(&miniport, custom_set), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(PcNewMiniport(nullptr, CLSID_MiniportDriverUart), STATUS_INVALID_PARAMETER);
        IPort* port = nullptr;
        EXPECT_EQ(PcNewPort(&port, custom_set), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(PcNewPort(nullptr, CLSID_PortTopology), STATUS_INVALID_PARAMETER);
    });
}

// portcls_api.tsv, "FmSynth miniport" and "FmSynthWithVol miniport": pre-Vista only (nf-portcls-pcnewminiport: by then
// in 32-bit Windows only, which the modelled one is not).
TEST_F(R_SUB, R_SUB_12_FM_synthesizer_miniports_end_with_Vista) {
    using enum WindowsVersion;
    struct Row {
        WindowsVersion version;
        bool fm_synth;
        bool fm_synth_with_volume;
    };
    constexpr Row rows[] = {
        {windows_2000, true, true},      {xp, true, true},           {xp_sp2, true, true},
        {vista, false, false},           {windows_7, false, false},  {windows_8, false, false},
        {windows_8_1, false, false},     {windows_10, false, false}, {windows_10_1511, false, false},
        {windows_10_1703, false, false}, {windows_11, false, false},
    };
    start();
    inside([&] {
        const auto check = [](WindowsVersion version, const GUID& class_id, bool is_there) {
            auto* const stale = reinterpret_cast<IMiniport*>(&version);
            IMiniport* miniport = stale;
            PortClsSystem::current().set_windows_version(version);
            EXPECT_EQ(PcNewMiniport(&miniport, class_id), is_there ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER)
                << "class " << class_id.Data1 << " of " << portcls::windows_version_name(version);
            ASSERT_NE(miniport, stale);
            EXPECT_EQ(miniport != nullptr, is_there) << "as for a class that nobody knows";
            if (miniport != nullptr) {
                EXPECT_EQ(miniport->Release(), 0U);
            }
        };
        for (const Row& row : rows) {
            check(row.version, CLSID_MiniportDriverFmSynth, row.fm_synth);
            check(row.version, CLSID_MiniportDriverFmSynthWithVol, row.fm_synth_with_volume);
            check(row.version, CLSID_MiniportDriverUart, true);
            check(row.version, custom_set, false);
        }
    });
}

// Its other half, the older kinds of port on Vista and later, comes with those ports.
TEST_F(R_SUB, R_SUB_15_WaveRT_begins_with_Vista) {
    be(WindowsVersion::xp_sp2);
    script_.register_wave = false;
    start();
    inside([&] {
        IPort* port = nullptr;
        EXPECT_EQ(PcNewPort(&port, CLSID_PortWaveRT), STATUS_INVALID_PARAMETER) << "a class that nobody knows";
        for (const WindowsVersion version :
             {WindowsVersion::vista, WindowsVersion::windows_7, WindowsVersion::windows_8, WindowsVersion::windows_10,
              WindowsVersion::windows_11}) {
            PortClsSystem::current().set_windows_version(version);
            ASSERT_EQ(PcNewPort(&port, CLSID_PortWaveRT), STATUS_SUCCESS) << portcls::windows_version_name(version);
            IMiniport* const miniport = new_wave_miniport();
            EXPECT_EQ(port->Init(script_.functional_device, nullptr, miniport, nullptr, nullptr), STATUS_SUCCESS);
            miniport->Release();
            port->Release();
        }
    });
}

// The table of miniport-driver-types-by-operating-system, row by row.
TEST_F(R_SUB, R_SUB_15_miniport_types_by_operating_system) {
    struct Row {
        const GUID& port;
        bool xp;
        bool vista;
        bool windows_7;
    };
    const Row rows[] = {
        {CLSID_PortWaveCyclic, true, true, true}, {CLSID_PortWavePci, true, true, true},
        {CLSID_PortWaveRT, false, true, true},    {CLSID_PortTopology, true, true, true},
        {CLSID_PortMidi, true, true, true},       {CLSID_PortDMus, true, true, true},
    };
    start();
    inside([&] {
        const auto check = [](const Row& row, WindowsVersion version, bool is_there) {
            PortClsSystem::current().set_windows_version(version);
            IPort* port = nullptr;
            EXPECT_EQ(PcNewPort(&port, row.port), is_there ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER)
                << "row " << row.port.Data1 << " of " << portcls::windows_version_name(version);
            if (port != nullptr) {
                port->Release();
            }
        };
        for (const Row& row : rows) {
            check(row, WindowsVersion::xp, row.xp);
            check(row, WindowsVersion::vista, row.vista);
            check(row, WindowsVersion::windows_7, row.windows_7);
            check(row, WindowsVersion::windows_11, row.windows_7);
        }
    });
}

// R-SUB-15: the older ones, the WaveCyclic port and the WavePci port, are in every release.
TEST_F(R_SUB, R_SUB_15_WaveCyclic_and_WavePci_stay) {
    start();
    inside([&] {
        for (const WindowsVersion version :
             {WindowsVersion::windows_2000, WindowsVersion::xp, WindowsVersion::vista, WindowsVersion::windows_7,
              WindowsVersion::windows_10, WindowsVersion::windows_11}) {
            PortClsSystem::current().set_windows_version(version);
            for (const GUID* id : {&CLSID_PortWaveCyclic, &CLSID_PortWavePci}) {
                IPort* port = nullptr;
                ASSERT_EQ(PcNewPort(&port, *id), STATUS_SUCCESS) << portcls::windows_version_name(version);
                port->Release();
            }
        }
    });
}

// ---- R-INIT -----------------------------------------------------------------------------------------------------

TEST_F(R_INIT, R_INIT_01_a_miniport_of_another_kind_fails_Init) {
    script_.topology_only_interface = true;
    load();
    add_device();
    EXPECT_FALSE(NT_SUCCESS(add_status_));
    EXPECT_EQ(script_.count_of("init"), 1u) << "the topology miniport's only";
}

// Shows R-INIT-02.
TEST_F(R_INIT, R_INIT_02_the_same_adapter_and_resources_reach_the_miniport) {
    IResourceList* given = nullptr;
    script_.start = [&](DEVICE_OBJECT* device, IRP* irp, IResourceList* resources) {
        given = resources;
        IPort* port = nullptr;
        EXPECT_EQ(PcNewPort(&port, CLSID_PortTopology), STATUS_SUCCESS);
        IMiniport* const miniport = new_topology_miniport();
        EXPECT_EQ(port->Init(device, irp, miniport, script_.adapter, resources), STATUS_SUCCESS);
        EXPECT_NE(script_.adapter, nullptr);
        EXPECT_EQ(script_.adapter_seen, script_.adapter);
        EXPECT_EQ(script_.resources_seen, given);
        EXPECT_EQ(script_.topology_port_seen, portcls::ComPointer<IPortTopology>::query(port, IID_IPortTopology).get());
        EXPECT_EQ(script_.text(), "start init description") << "R-INIT-04";
        port->Release();
        miniport->Release();
        return STATUS_SUCCESS;
    };
    start();
    EXPECT_NE(given, nullptr);
    EXPECT_EQ(script_.miniports_alive, 0u) << "nothing was registered";
}

TEST_F(R_INIT, R_INIT_02_failing_miniport_Init_fails_the_ports) {
    script_.init_status = STATUS_INSUFFICIENT_RESOURCES;
    load();
    add_device();
    EXPECT_EQ(add_status_, STATUS_INSUFFICIENT_RESOURCES);
    EXPECT_EQ(script_.miniports_alive, 0u);
}

struct WrongDescription {
    const char* name;
    void (*spoil)(PCFILTER_DESCRIPTOR& filter);
};

class R_INIT_04 : public CoreTest, public ::testing::WithParamInterface<WrongDescription> {};

// R-DESC-01, R-DESC-02, R-DESC-03. The description is fetched and looked at in Init, so that is what fails.
TEST_P(R_INIT_04, a_wrong_description_fails_Init) {
    script_.adjust = [](PCFILTER_DESCRIPTOR& filter, bool) { GetParam().spoil(filter); };
    load();
    add_device();
    EXPECT_EQ(add_status_, STATUS_INVALID_PARAMETER);
    EXPECT_EQ(script_.miniports_alive, 0u);
}

constexpr WrongDescription wrong_descriptions[] = {
    {"R_DESC_01_version", [](PCFILTER_DESCRIPTOR& filter) { filter.Version = 1; }},
    {"R_DESC_01_reserved",
     [](PCFILTER_DESCRIPTOR& filter) {
         static PCAUTOMATION_TABLE table;
         table = *filter.AutomationTable;
         table.Reserved = 1;
         filter.AutomationTable = &table;
     }},
    {"R_DESC_01_node_flags",
     [](PCFILTER_DESCRIPTOR& filter) {
         static PCNODE_DESCRIPTOR node;
         node = filter.Nodes[0];
         node.Flags = 1;
         filter.Nodes = &node;
         filter.NodeCount = 1;
     }},
    {"R_DESC_02_odd_stride", [](PCFILTER_DESCRIPTOR& filter) { filter.PinSize = sizeof(PCPIN_DESCRIPTOR) + 4; }},
    {"R_DESC_02_short_stride", [](PCFILTER_DESCRIPTOR& filter) { filter.PinSize = sizeof(PCPIN_DESCRIPTOR) - 8; }},
    {"R_DESC_03_nodes", [](PCFILTER_DESCRIPTOR& filter) { filter.Nodes = nullptr; }},
    {"R_DESC_03_pins", [](PCFILTER_DESCRIPTOR& filter) { filter.Pins = nullptr; }},
    {"R_DESC_03_categories", [](PCFILTER_DESCRIPTOR& filter) { filter.Categories = nullptr; }},
    {"R_DESC_03_a_count_that_was_never_set", [](PCFILTER_DESCRIPTOR& filter) { filter.PinCount = 0xCDCDCDCD; }},
    {"R_DESC_03_connections_without_end", [](PCFILTER_DESCRIPTOR& filter) { filter.ConnectionCount = 0xFFFFFFFF; }},
    {"R_DESC_03_properties_without_end",
     [](PCFILTER_DESCRIPTOR& filter) {
         static PCAUTOMATION_TABLE table;
         table = *filter.AutomationTable;
         table.PropertyCount = 1 << 20;
         filter.AutomationTable = &table;
     }},
    {"R_DESC_03_item_without_set",
     [](PCFILTER_DESCRIPTOR& filter) {
         static PCEVENT_ITEM item;
         static PCAUTOMATION_TABLE table;
         table = {};
         table.EventItemSize = sizeof item;
         table.EventCount = 1;
         table.Events = &item;
         filter.AutomationTable = &table;
     }},
    {"a_node_without_type",
     [](PCFILTER_DESCRIPTOR& filter) {
         static PCNODE_DESCRIPTOR node;
         node = filter.Nodes[0];
         node.Type = nullptr;
         filter.Nodes = &node;
         filter.NodeCount = 1;
     }},
    {"a_data_range_that_is_none",
     [](PCFILTER_DESCRIPTOR& filter) {
         static PCPIN_DESCRIPTOR pin;
         static PKSDATARANGE ranges[1] = {nullptr};
         pin = filter.Pins[0];
         pin.KsPinDescriptor.DataRangesCount = 1;
         pin.KsPinDescriptor.DataRanges = ranges;
         filter.Pins = &pin;
         filter.PinCount = 1;
     }},
};

INSTANTIATE_TEST_SUITE_P(R_DESC_01_to_03, R_INIT_04, ::testing::ValuesIn(wrong_descriptions),
                         [](const ::testing::TestParamInfo<WrongDescription>& info) { return info.param.name; });

// R-DESC-03: NULL goes with a count of 0.
TEST_F(R_INIT, R_DESC_03_nothing_has_neither_array_nor_count) {
    script_.adjust = [](PCFILTER_DESCRIPTOR& filter, bool wave) {
        if (!wave) {
            filter.AutomationTable = nullptr;
            filter.Nodes = nullptr;
            filter.NodeCount = 0;
            filter.Connections = nullptr;
            filter.ConnectionCount = 0;
        }
    };
    start_and_open();
    inside([&] {
        EXPECT_TRUE(list<GUID>(topology_, request(KSPROPSETID_Topology, KSPROPERTY_TOPOLOGY_NODES)).empty());
        EXPECT_TRUE(
            list<KSTOPOLOGY_CONNECTION>(topology_, request(KSPROPSETID_Topology, KSPROPERTY_TOPOLOGY_CONNECTIONS))
                .empty());
    });
}

TEST_F(R_INIT, R_INIT_05_without_an_adapter_object) {
    script_.no_unknown_adapter = true;
    int nobody = 0; // a miniport that got nothing would leave it
    script_.adapter_seen = reinterpret_cast<IUnknown*>(&nobody);
    start();
    EXPECT_EQ(script_.adapter_seen, nullptr);
}

TEST_F(R_INIT, R_INIT_11_to_13_services_of_every_port) {
    start();
    inside([&] {
        for (IPort* port : {script_.topology_port, script_.wave_port}) {
            for (const IID* id :
                 {&IID_IPortEvents, &IID_IPortClsVersion, &IID_IUnregisterSubdevice, &IID_IUnregisterPhysicalConnection,
                  &IID_IPortClsPower, &IID_IPortWMIRegistration, &IID_IPortClsEtwHelper, &IID_IPortClsRuntimePower,
                  &IID_IPortClsPnp, &IID_IPortClsStreamResourceManager, &IID_IPortClsStreamResourceManager2,
                  &IID_IPortClsNotifications, &IID_IPortClsSubdeviceEx}) {
                auto service = portcls::ComPointer<IUnknown>::query(port, *id);
                ASSERT_TRUE(service);
                // One object: its identity is the port's.
                auto identity = portcls::ComPointer<IUnknown>::query(service.get(), IID_IUnknown);
                auto expected = portcls::ComPointer<IUnknown>::query(port, IID_IUnknown);
                EXPECT_EQ(identity.get(), expected.get());
            }
        }
        auto version = portcls::ComPointer<IPortClsVersion>::query(script_.topology_port, IID_IPortClsVersion);
        EXPECT_EQ(version->GetVersion(), static_cast<DWORD>(kVersionWindowsLonghorn)); // R-VER-02
        void* none = &none;
        EXPECT_FALSE(NT_SUCCESS(script_.topology_port->QueryInterface(IID_IPortWaveRT, &none)));
        EXPECT_EQ(none, nullptr);
        EXPECT_FALSE(NT_SUCCESS(script_.topology_port->QueryInterface(IID_IDrmPort, &none)))
            << "only WaveCyclic and WavePci have it";
    });
}

TEST_F(R_INIT, R_INIT_13_services_exist_from_their_release_on) {
    struct {
        WindowsVersion version;
        const IID* id;
        bool there;
    } const expected[] = {
        {WindowsVersion::vista, &IID_IPortClsPower, false},
        {WindowsVersion::windows_7, &IID_IPortClsPower, true},
        {WindowsVersion::windows_7, &IID_IPortClsEtwHelper, false},
        {WindowsVersion::windows_8, &IID_IPortClsEtwHelper, true},
        {WindowsVersion::windows_8_1, &IID_IPortClsStreamResourceManager, false},
        {WindowsVersion::windows_10, &IID_IPortClsStreamResourceManager, true},
        {WindowsVersion::windows_10, &IID_IPortClsPnp, false},
        {WindowsVersion::windows_10_1511, &IID_IPortClsPnp, true},
        {WindowsVersion::windows_10_1511, &IID_IPortClsNotifications, false},
        {WindowsVersion::windows_10_1703, &IID_IPortClsNotifications, true},
        {WindowsVersion::xp, &IID_IUnregisterSubdevice, false},
        {WindowsVersion::xp_sp2, &IID_IUnregisterSubdevice, true},
        {WindowsVersion::windows_2000, &IID_IPortClsVersion, false},
        {WindowsVersion::xp, &IID_IPortClsVersion, true},
        {WindowsVersion::windows_2000, &IID_IPortEvents, true},
    };
    start();
    inside([&] {
        for (const auto& row : expected) {
            PortClsSystem::current().set_windows_version(row.version);
            auto service = portcls::ComPointer<IUnknown>::query(script_.topology_port, *row.id);
            EXPECT_EQ(static_cast<bool>(service), row.there) << portcls::windows_version_name(row.version);
        }
    });
}

// ---- R-COM ------------------------------------------------------------------------------------------------------

TEST_F(R_COM, R_COM_01_a_port_keeps_its_miniport) {
    script_.start = [&](DEVICE_OBJECT* device, IRP* irp, IResourceList* resources) {
        IPort* port = nullptr;
        EXPECT_EQ(PcNewPort(&port, CLSID_PortTopology), STATUS_SUCCESS);
        IMiniport* const miniport = new_topology_miniport();
        EXPECT_EQ(port->Init(device, irp, miniport, nullptr, resources), STATUS_SUCCESS);
        miniport->Release();
        EXPECT_EQ(script_.miniports_alive, 1u);
        port->AddRef();
        EXPECT_EQ(port->Release(), 1u);
        EXPECT_EQ(port->Release(), 0u);
        EXPECT_EQ(script_.miniports_alive, 0u);
        return STATUS_SUCCESS;
    };
    start();
}

TEST_F(R_COM, R_COM_01_a_port_kept_beyond_its_device_answers_no_more) {
    start();
    ASSERT_TRUE(manager_->remove(*node_));
    inside([&] {
        ULONG length = 0;
        EXPECT_EQ(script_.wave_port->GetDeviceProperty(DevicePropertyEnumeratorName, 0, nullptr, &length),
                  STATUS_DEVICE_NOT_READY);
        IRegistryKey* key = nullptr;
        EXPECT_EQ(script_.wave_port->NewRegistryKey(&key, nullptr, DriverRegistryKey, KEY_READ, nullptr, 0, nullptr),
                  STATUS_DEVICE_NOT_READY);
        generate(script_.wave_port, &custom_event_set, 0);
        EXPECT_EQ(script_.miniports_alive, 0u) << "the miniports are let go all the same";
        release_ports();
    });
}

TEST_F(R_COM, R_COM_05_both_spellings_of_IUnknown) {
    start();
    inside([&] {
        const GUID com = {0, 0, 0, {0xC0, 0, 0, 0, 0, 0, 0, 0x46}};
        auto kernel = portcls::ComPointer<IUnknown>::query(script_.wave_port, IID_IUnknown);
        auto user = portcls::ComPointer<IUnknown>::query(script_.wave_port, com);
        EXPECT_TRUE(kernel);
        EXPECT_EQ(kernel.get(), user.get());
        auto port = portcls::ComPointer<IPort>::query(script_.wave_port, IID_IPort);
        EXPECT_EQ(port.get(), script_.wave_port);
        EXPECT_FALSE(NT_SUCCESS(script_.wave_port->QueryInterface(com, nullptr)));
    });
}

} // namespace conformance
