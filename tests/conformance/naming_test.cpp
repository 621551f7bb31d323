// R-SUB, R-CONN: names, categories and the life of dynamic subdevices. R-INIT: what a port does during Init.
#include "core_fixture.h"
#include "machine/observer.h"

namespace conformance {

class Naming : public CoreTest {
protected:
    // Makes a topology subdevice beside the driver's own.
    NTSTATUS add_subdevice(WCHAR* name, IPort*& port) {
        EXPECT_EQ(PcNewPort(&port, CLSID_PortTopology), STATUS_SUCCESS);
        IMiniport* const miniport = new_topology_miniport();
        NTSTATUS status = port->Init(script_.functional_device, nullptr, miniport, nullptr, nullptr);
        miniport->Release();
        if (NT_SUCCESS(status)) {
            status = PcRegisterSubdevice(script_.functional_device, name, port);
        }
        return status;
    }
    static std::size_t enabled(std::u16string_view reference) {
        std::size_t count = 0;
        for (const auto* entry : executive::Kernel::current().interfaces.enumerate()) {
            count += entry->reference == reference;
        }
        return count;
    }
};

// PortCls keeps the pointer and not the text: what stands there counts when somebody opens the subdevice.
TEST_F(Naming, R_SUB_04_the_name_stays_the_adapters_memory) {
    start();
    inside([&] {
        WCHAR name[] = u"First";
        IPort* port = nullptr;
        ASSERT_EQ(add_subdevice(name, port), STATUS_SUCCESS);
        std::u16string path = path_of(u"First");
        FILE_OBJECT* file = nullptr;
        EXPECT_EQ(open_path(path, nullptr, file), STATUS_SUCCESS);
        std::memcpy(name, u"Other", sizeof name);
        EXPECT_EQ(open_path(path, nullptr, file), STATUS_OBJECT_NAME_NOT_FOUND);
        std::memcpy(name, u"First", sizeof name);
        EXPECT_EQ(open_path(path, nullptr, file), STATUS_SUCCESS);
        auto unregister = portcls::ComPointer<IUnregisterSubdevice>::query(port, IID_IUnregisterSubdevice);
        EXPECT_EQ(unregister->UnregisterSubdevice(script_.functional_device, port), STATUS_SUCCESS);
        port->Release();
    });
}

TEST_F(Naming, R_SUB_06_conventional_names_and_any_other) {
    script_.max_objects = 12;
    start();
    static WCHAR uart[] = u"UART";
    static WCHAR fm[] = u"FMSynth";
    static WCHAR table[] = u"Wavetable";
    static WCHAR music[] = u"DMusic";
    static WCHAR odd[] = u"Köpf hörer #7";
    inside([&] {
        EXPECT_EQ(enabled(u"Wave"), 3u);
        EXPECT_EQ(enabled(u"Topology"), 2u);
        for (WCHAR* name : {uart, fm, table, music, odd}) {
            IPort* port = nullptr;
            EXPECT_EQ(add_subdevice(name, port), STATUS_SUCCESS);
            port->Release();
            FILE_OBJECT* file = nullptr;
            EXPECT_EQ(open_filter(name, file), STATUS_SUCCESS);
        }
    });
}

// It is the system's mixer's category. No page says that the registration fails; the run's trace says it.
TEST_F(Naming, R_SUB_08_KSCATEGORY_AUDIO_DEVICE_is_reported) {
    struct Listener : machine::Observer {
        void on_event(const machine::TraceEvent& event) override {
            found = found || event.detail.find("R-SUB-08") != std::string_view::npos;
        }
        bool found = false;
    };
    static const GUID categories[] = {KSCATEGORY_AUDIO, KSCATEGORY_AUDIO_DEVICE};
    for (const bool misused : {false, true}) {
        Listener listener;
        machine_.add_observer(listener);
        script_.adjust = [&](PCFILTER_DESCRIPTOR& filter, bool wave) {
            if (misused && !wave) {
                filter.Categories = categories;
                filter.CategoryCount = 2;
            }
        };
        if (driver_ == nullptr) {
            load();
        }
        add_device();
        EXPECT_EQ(add_status_, STATUS_SUCCESS);
        EXPECT_EQ(listener.found, misused);
        machine_.remove_observer(listener);
        inside([&] { release_ports(); });
        ASSERT_TRUE(manager_->remove(*node_));
    }
}

// R-SUB-11: the connection comes after both subdevices; in the other order there is nothing to connect.
TEST_F(Naming, R_SUB_11_connections_follow_the_registration_of_both_ends) {
    start();
    inside([&] {
        IPort* port = nullptr;
        ASSERT_EQ(PcNewPort(&port, CLSID_PortTopology), STATUS_SUCCESS);
        IMiniport* const miniport = new_topology_miniport();
        ASSERT_EQ(port->Init(script_.functional_device, nullptr, miniport, nullptr, nullptr), STATUS_SUCCESS);
        miniport->Release();
        const auto connect = [&] {
            return PcRegisterPhysicalConnection(script_.functional_device, script_.topology_port, topology_out_pin,
                                                port, topology_in_pin);
        };
        EXPECT_EQ(connect(), STATUS_INVALID_PARAMETER) << "one end is not registered yet";
        static WCHAR name[] = u"Late";
        ASSERT_EQ(PcRegisterSubdevice(script_.functional_device, name, port), STATUS_SUCCESS);
        EXPECT_EQ(connect(), STATUS_SUCCESS);
        port->Release();
    });
}

// A resource list that counts what is done to it.
class CountingList final : public portcls::ComObject<CountingList, IResourceList> {
public:
    void* find_interface(const GUID& id) {
        return IsEqualGUID(id, IID_IResourceList) ? static_cast<IResourceList*>(this) : nullptr;
    }
    ULONG NTAPI NumberOfEntries() override { return 0; }
    ULONG NTAPI NumberOfEntriesOfType(CM_RESOURCE_TYPE) override { return 0; }
    PCM_PARTIAL_RESOURCE_DESCRIPTOR NTAPI FindTranslatedEntry(CM_RESOURCE_TYPE, ULONG) override { return nullptr; }
    PCM_PARTIAL_RESOURCE_DESCRIPTOR NTAPI FindUntranslatedEntry(CM_RESOURCE_TYPE, ULONG) override { return nullptr; }
    NTSTATUS NTAPI AddEntry(PCM_PARTIAL_RESOURCE_DESCRIPTOR, PCM_PARTIAL_RESOURCE_DESCRIPTOR) override {
        ++writes;
        return STATUS_SUCCESS;
    }
    NTSTATUS NTAPI AddEntryFromParent(PRESOURCELIST, CM_RESOURCE_TYPE, ULONG) override {
        ++writes;
        return STATUS_SUCCESS;
    }
    PCM_RESOURCE_LIST NTAPI TranslatedList() override { return nullptr; }
    PCM_RESOURCE_LIST NTAPI UntranslatedList() override { return nullptr; }

    ULONG writes = 0;
};

// R-INIT-03: read, during Init only: nothing is added, and no reference remains. (The release on the test's own path
// after Init says so.)
TEST_F(Naming, R_INIT_03_the_resource_list_is_only_read_during_Init) {
    start();
    inside([&] {
        auto* const list = new CountingList;
        for (const GUID* kind : {&CLSID_PortTopology, &CLSID_PortWaveRT}) {
            IPort* port = nullptr;
            ASSERT_EQ(PcNewPort(&port, *kind), STATUS_SUCCESS);
            IMiniport* const miniport =
                IsEqualGUID(*kind, CLSID_PortWaveRT) ? new_wave_miniport() : new_topology_miniport();
            EXPECT_EQ(port->Init(script_.functional_device, nullptr, miniport, nullptr, list), STATUS_SUCCESS);
            EXPECT_EQ(script_.resources_seen, list);
            EXPECT_EQ(list->writes, 0u);
            list->AddRef();
            EXPECT_EQ(list->Release(), 1u) << "the port keeps none";
            miniport->Release();
            port->Release();
        }
        EXPECT_EQ(list->Release(), 0u);
    });
}

// R-INIT-12: both kinds of port have them, and each works for the other's subdevice.
TEST_F(Naming, R_INIT_12_every_port_unregisters) {
    start_and_open();
    inside([&] {
        for (IPort* port : {script_.topology_port, script_.wave_port}) {
            EXPECT_TRUE(portcls::ComPointer<IUnregisterSubdevice>::query(port, IID_IUnregisterSubdevice));
            EXPECT_TRUE(
                portcls::ComPointer<IUnregisterPhysicalConnection>::query(port, IID_IUnregisterPhysicalConnection));
        }
        auto cables = portcls::ComPointer<IUnregisterPhysicalConnection>::query(script_.wave_port,
                                                                                IID_IUnregisterPhysicalConnection);
        UNICODE_STRING link;
        RtlInitUnicodeString(&link, u"\\??\\elsewhere");
        DEVICE_OBJECT* const device = script_.functional_device;
        EXPECT_EQ(cables->UnregisterPhysicalConnectionFromExternal(device, &link, 3, script_.wave_port, render_pin),
                  STATUS_NOT_FOUND);
        ASSERT_EQ(PcRegisterPhysicalConnectionFromExternal(device, &link, 3, script_.wave_port, render_pin),
                  STATUS_SUCCESS);
        EXPECT_EQ(cables->UnregisterPhysicalConnectionFromExternal(device, &link, 3, script_.adapter, render_pin),
                  STATUS_INVALID_PARAMETER);
        EXPECT_EQ(
            cables->UnregisterPhysicalConnectionFromExternal(node_->pdo(), &link, 3, script_.wave_port, render_pin),
            STATUS_INVALID_PARAMETER);
        EXPECT_EQ(cables->UnregisterPhysicalConnectionFromExternal(device, &link, 3, script_.wave_port, render_pin),
                  STATUS_SUCCESS);
        auto subdevices =
            portcls::ComPointer<IUnregisterSubdevice>::query(script_.topology_port, IID_IUnregisterSubdevice);
        EXPECT_EQ(subdevices->UnregisterSubdevice(device, nullptr), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(subdevices->UnregisterSubdevice(node_->pdo(), script_.wave_port), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(subdevices->UnregisterSubdevice(device, script_.wave_port), STATUS_SUCCESS);
    });
}

// ---- a jack that is plugged and pulled ------------------------------------------------------------------------

namespace {

bool jack_connected = false;
NTSTATUS NTAPI jack_handler(PCPROPERTY_REQUEST* request) {
    struct Answer {
        KSMULTIPLE_ITEM header;
        KSJACK_DESCRIPTION jack;
    };
    if (request->ValueSize == 0) {
        request->ValueSize = sizeof(Answer);
        return STATUS_BUFFER_OVERFLOW;
    }
    if (request->ValueSize < sizeof(Answer)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    auto& answer = *static_cast<Answer*>(request->Value);
    answer = {};
    answer.header = {sizeof(Answer), 1};
    answer.jack.IsConnected = jack_connected;
    request->ValueSize = sizeof(Answer);
    return STATUS_SUCCESS;
}
const GUID jack_set = KSPROPSETID_Jack;
const PCPROPERTY_ITEM jack_items[] = {{&jack_set, KSPROPERTY_JACK_DESCRIPTION, PCPROPERTY_ITEM_FLAG_GET, jack_handler}};
const PCAUTOMATION_TABLE jack_automation = {
    sizeof(PCPROPERTY_ITEM), 1, jack_items, sizeof(PCMETHOD_ITEM), 0, nullptr, sizeof(PCEVENT_ITEM), 0, nullptr, 0};

} // namespace

class DynamicJack : public Naming {
protected:
    // Without a device in the jack the driver registers its topology filter alone.
    void begin(bool plugged) {
        script_.register_wave = plugged;
        script_.adjust = [](PCFILTER_DESCRIPTOR& filter, bool wave) {
            if (!wave) {
                filter.AutomationTable = &jack_automation;
            }
        };
        jack_connected = plugged;
        start();
        inside([&] { ASSERT_EQ(open_filter(u"Topology", topology_), STATUS_SUCCESS); });
    }
    bool connected() {
        const KSP_PIN in = pin_request(KSPROPSETID_Jack, KSPROPERTY_JACK_DESCRIPTION, topology_out_pin);
        const auto jacks = list<KSJACK_DESCRIPTION>(topology_, in);
        return jacks.size() == 1 && jacks[0].IsConnected;
    }
    NTSTATUS cable_of_topology() {
        UCHAR room[512];
        const KSP_PIN in = pin_request(KSPROPSETID_Pin, KSPROPERTY_PIN_PHYSICALCONNECTION, topology_in_pin);
        return property(topology_, &in, sizeof in, room, sizeof room);
    }
    void plug() {
        DEVICE_OBJECT* const device = script_.functional_device;
        if (script_.wave_port == nullptr) {
            ASSERT_EQ(PcNewPort(&script_.wave_port, CLSID_PortWaveRT), STATUS_SUCCESS);
            IMiniport* const miniport = new_wave_miniport();
            ASSERT_EQ(script_.wave_port->Init(device, nullptr, miniport, nullptr, nullptr), STATUS_SUCCESS);
            miniport->Release();
        }
        static WCHAR name[] = u"Wave";
        ASSERT_EQ(PcRegisterSubdevice(device, name, script_.wave_port), STATUS_SUCCESS);
        ASSERT_EQ(PcRegisterPhysicalConnection(device, script_.wave_port, wave_bridge_pin, script_.topology_port,
                                               topology_in_pin),
                  STATUS_SUCCESS);
        jack_connected = true;
    }
    void pull() {
        DEVICE_OBJECT* const device = script_.functional_device;
        auto cables = portcls::ComPointer<IUnregisterPhysicalConnection>::query(script_.wave_port,
                                                                                IID_IUnregisterPhysicalConnection);
        EXPECT_EQ(cables->UnregisterPhysicalConnection(device, script_.wave_port, wave_bridge_pin,
                                                       script_.topology_port, topology_in_pin),
                  STATUS_SUCCESS);
        auto subdevices = portcls::ComPointer<IUnregisterSubdevice>::query(script_.wave_port, IID_IUnregisterSubdevice);
        EXPECT_EQ(subdevices->UnregisterSubdevice(device, script_.wave_port), STATUS_SUCCESS);
        jack_connected = false;
    }
};

TEST_F(DynamicJack, R_CONN_05_with_a_device_at_the_start) {
    begin(true);
    inside([&] {
        const auto all = executive::Kernel::current().interfaces.enumerate();
        ASSERT_FALSE(all.empty());
        EXPECT_EQ(all.front()->reference, u"Topology") << "its KSCATEGORY_AUDIO interface came first";
        EXPECT_TRUE(connected());
        EXPECT_EQ(cable_of_topology(), STATUS_SUCCESS);
        EXPECT_EQ(open_filter(u"Wave", wave_), STATUS_SUCCESS);
    });
}

// R-CONN-06: IsConnected while the wave filter is registered, and only then.
TEST_F(DynamicJack, R_CONN_05_plugged_and_pulled_again_R_CONN_06) {
    begin(false);
    inside([&] {
        EXPECT_FALSE(connected());
        EXPECT_EQ(enabled(u"Wave"), 0u);
        EXPECT_EQ(cable_of_topology(), STATUS_NOT_FOUND);
        for (int round = 0; round < 3; ++round) {
            plug();
            EXPECT_TRUE(connected());
            EXPECT_EQ(enabled(u"Wave"), 3u);
            EXPECT_EQ(cable_of_topology(), STATUS_SUCCESS);
            ASSERT_EQ(open_filter(u"Wave", wave_), STATUS_SUCCESS);
            FILE_OBJECT* const pin = open_pin();
            EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
            pull();
            EXPECT_FALSE(connected());
            EXPECT_EQ(enabled(u"Wave"), 0u);
            EXPECT_EQ(cable_of_topology(), STATUS_NOT_FOUND);
            EXPECT_FALSE(NT_SUCCESS(set_state(pin, KSSTATE_RUN))) << "what was open answers no more";
            close(pin);
            close(wave_);
            EXPECT_EQ(script_.streams_alive, 0u);
        }
    });
}

} // namespace conformance
