// R-ENTRY, R-INIT: what comes with a start, and what is left of one that failed.
#include <fstream>
#include <set>

#include <fmt/format.h>

#include "core_fixture.h"

namespace conformance {

class Start : public CoreTest {
protected:
    NTSTATUS add_topology(WCHAR* name, IPort*& port, IRP* irp = nullptr, IResourceList* resources = nullptr) {
        EXPECT_EQ(PcNewPort(&port, CLSID_PortTopology), STATUS_SUCCESS);
        IMiniport* const miniport = new_topology_miniport();
        NTSTATUS status = port->Init(script_.functional_device, irp, miniport, nullptr, resources);
        miniport->Release();
        if (NT_SUCCESS(status)) {
            status = PcRegisterSubdevice(script_.functional_device, name, port);
        }
        return status;
    }
};

// R-ENTRY-08: power and Plug and Play interfaces can be registered as soon as PcAddAdapterDevice is through.
TEST_F(Start, R_ENTRY_08_interfaces_registered_before_the_start_are_in_force) {
    script_.register_in_add_device = true;
    start();
    ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD3));
    ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD0));
    EXPECT_EQ(script_.count_of("adapter1:D3"), 1u);
    ASSERT_TRUE(manager_->query_stop(*node_)) << "IAdapterPnpManagement";
    ASSERT_TRUE(manager_->cancel_stop(*node_));
}

// R-ENTRY-09, R-CONN-07: the limit counts what is registered at one time, dynamic subdevices like the others.
TEST_F(Start, R_ENTRY_09_MaxObjects_counts_dynamic_subdevices_R_CONN_07) {
    script_.max_objects = 3;
    start();
    inside([&] {
        static WCHAR third[] = u"Third";
        static WCHAR fourth[] = u"Fourth";
        IPort* port = nullptr;
        IPort* one_too_many = nullptr;
        EXPECT_EQ(add_topology(third, port), STATUS_SUCCESS);
        EXPECT_EQ(add_topology(fourth, one_too_many), STATUS_INSUFFICIENT_RESOURCES);
        auto subdevices = portcls::ComPointer<IUnregisterSubdevice>::query(port, IID_IUnregisterSubdevice);
        EXPECT_EQ(subdevices->UnregisterSubdevice(script_.functional_device, port), STATUS_SUCCESS);
        EXPECT_EQ(PcRegisterSubdevice(script_.functional_device, fourth, one_too_many), STATUS_SUCCESS)
            << "there is room again";
        port->Release();
        one_too_many->Release();
    });
}

// R-ENTRY-10: what lies behind the default extension is the adapter's, zeroed at the beginning.
TEST_F(Start, R_ENTRY_10_bytes_behind_the_default_extension_are_the_adapters) {
    constexpr ULONG more = 256;
    script_.extension_bytes = PORT_CLASS_DEVICE_EXTENSION_SIZE + more;
    start_and_open();
    inside([&] {
        EXPECT_EQ(PORT_CLASS_DEVICE_EXTENSION_SIZE, 64 * sizeof(ULONG_PTR));
        auto* const own =
            static_cast<UCHAR*>(script_.functional_device->DeviceExtension) + PORT_CLASS_DEVICE_EXTENSION_SIZE;
        for (ULONG i = 0; i < more; ++i) {
            ASSERT_EQ(own[i], 0u) << i;
            own[i] = static_cast<UCHAR>(i);
        }
        FILE_OBJECT* const pin = open_pin();
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
        close(pin);
        for (ULONG i = 0; i < more; ++i) {
            ASSERT_EQ(own[i], static_cast<UCHAR>(i)) << i;
        }
    });
}

// R-ENTRY-12: the list is made from the resources of the IRP, in both forms.
TEST_F(Start, R_ENTRY_12_the_resource_list_holds_what_the_device_was_given) {
    load();
    bool called = false;
    script_.start = [&](DEVICE_OBJECT*, IRP*, IResourceList* resources) {
        called = true;
        EXPECT_EQ(resources->NumberOfEntries(), 2u);
        EXPECT_EQ(resources->NumberOfPorts(), 1u);
        EXPECT_EQ(resources->NumberOfInterrupts(), 1u);
        EXPECT_EQ(resources->FindUntranslatedPort(0)->u.Port.Start.QuadPart, 0x220);
        EXPECT_EQ(resources->FindTranslatedPort(0)->u.Port.Length, 16u);
        EXPECT_EQ(resources->FindUntranslatedInterrupt(0)->u.Interrupt.Level, 5u);
        EXPECT_NE(resources->FindTranslatedInterrupt(0)->u.Interrupt.Vector, 5u);
        return STATUS_SUCCESS;
    };
    pnp::DeviceSpec spec;
    spec.resources = {pnp::Resource::port(0x220, 16), pnp::Resource::interrupt(5)};
    auto node = manager_->add_device(*driver_, spec);
    ASSERT_TRUE(node) << node.error().message;
    EXPECT_TRUE(called);
}

// R-ENTRY-13: a StartDevice that fails half-way fails the start, and what it had registered is gone.
TEST_F(Start, R_ENTRY_13_a_failing_start_leaves_no_subdevice) {
    script_.start = [&](DEVICE_OBJECT* device, IRP* irp, IResourceList* resources) {
        script_.functional_device = device;
        static WCHAR name[] = u"Topology";
        IPort* port = nullptr;
        EXPECT_EQ(add_topology(name, port, irp, resources), STATUS_SUCCESS);
        port->Release();
        EXPECT_FALSE(path_of(u"Topology").empty());
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    };
    load();
    add_device();
    EXPECT_EQ(add_status_, STATUS_DEVICE_CONFIGURATION_ERROR);
    EXPECT_EQ(script_.miniports_alive, 0u);
    inside([&] { EXPECT_EQ(executive::Kernel::current().interfaces.enumerate().size(), 0u); });
}

namespace {

NTSTATUS NTAPI count_arrivals(PVOID structure, PVOID context) {
    const auto& change = *static_cast<DEVICE_INTERFACE_CHANGE_NOTIFICATION*>(structure);
    *static_cast<ULONG*>(context) += IsEqualGUID(change.Event, GUID_DEVICE_INTERFACE_ARRIVAL) ? 1 : 0;
    return STATUS_SUCCESS;
}

} // namespace

// nf-wdm-iosetdeviceinterfacestate: a subdevice's interfaces arrive, and can be opened, when START_DEVICE is complete.
TEST_F(Start, subdevices_arrive_and_open_when_the_start_is_complete) {
    ULONG arrivals = 0;
    PVOID notification = nullptr;
    NTSTATUS opened = STATUS_SUCCESS;
    script_.start = [&](DEVICE_OBJECT* device, IRP* irp, IResourceList* resources) {
        script_.functional_device = device;
        static WCHAR name[] = u"Topology";
        EXPECT_EQ(IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange,
                                                 PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES,
                                                 const_cast<GUID*>(&KSCATEGORY_TOPOLOGY), device->DriverObject,
                                                 count_arrivals, &arrivals, &notification),
                  STATUS_SUCCESS);
        IPort* port = nullptr;
        EXPECT_EQ(add_topology(name, port, irp, resources), STATUS_SUCCESS);
        port->Release();
        EXPECT_EQ(arrivals, 0u);
        FILE_OBJECT* file = nullptr;
        opened = executive::open_file(path_of(u"Topology"), nullptr, &file);
        return STATUS_SUCCESS;
    };
    load();
    add_device();
    EXPECT_EQ(add_status_, STATUS_SUCCESS);
    EXPECT_EQ(opened, STATUS_NO_SUCH_DEVICE);
    EXPECT_EQ(arrivals, 1u);
    inside([&] {
        FILE_OBJECT* file = nullptr;
        ASSERT_EQ(executive::open_file(path_of(u"Topology"), nullptr, &file), STATUS_SUCCESS);
        executive::close_file(file);
        EXPECT_EQ(IoUnregisterPlugPlayNotificationEx(notification), STATUS_SUCCESS);
    });
}

namespace {

ULONG ticks[2] = {};
void NTAPI tick(DEVICE_OBJECT* device, void* context) {
    EXPECT_EQ(device, script()->functional_device);
    ++*static_cast<ULONG*>(context);
}

} // namespace

// R-ENTRY-17, R-ENTRY-18: the triple identifies a timeout; they come while the device is started, also after a
// rebalance.
TEST_F(Start, R_ENTRY_17_timeouts_by_triple_and_only_while_started) {
    script_.register_pnp = true;
    start();
    inside([&] {
        ticks[0] = ticks[1] = 0;
        DEVICE_OBJECT* const device = script_.functional_device;
        EXPECT_EQ(PcRegisterIoTimeout(device, tick, &ticks[0]), STATUS_SUCCESS);
        EXPECT_EQ(PcRegisterIoTimeout(device, tick, &ticks[1]), STATUS_SUCCESS) << "another context";
        EXPECT_EQ(PcRegisterIoTimeout(device, tick, &ticks[1]), STATUS_UNSUCCESSFUL);
        EXPECT_EQ(PcRegisterIoTimeout(device, nullptr, nullptr), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(PcRegisterIoTimeout(node_->pdo(), tick, nullptr), STATUS_INVALID_PARAMETER);
        machine_.run_for(2'500'000'000);
        EXPECT_EQ(ticks[0], 2u);
        EXPECT_EQ(ticks[1], 2u);
        EXPECT_EQ(PcUnregisterIoTimeout(device, tick, &ticks[1]), STATUS_SUCCESS);
        EXPECT_EQ(PcUnregisterIoTimeout(device, tick, &ticks[1]), STATUS_NOT_FOUND);
        release_ports();
    });
    ASSERT_TRUE(manager_->stop(*node_));
    inside([&] {
        machine_.run_for(5'000'000'000);
        EXPECT_EQ(ticks[0], 2u) << "stopped";
    });
    ASSERT_TRUE(manager_->start(*node_));
    inside([&] {
        machine_.run_for(2'500'000'000);
        EXPECT_EQ(ticks[0], 4u);
        EXPECT_EQ(ticks[1], 2u);
    });
}

// R-INIT-02: the third argument of the miniport's Init is the port itself, in the type that the miniport is for.
TEST_F(Start, R_INIT_02_the_port_hands_in_its_own_interface) {
    start();
    inside([&] {
        auto topology = portcls::ComPointer<IPortTopology>::query(script_.topology_port, IID_IPortTopology);
        auto wave = portcls::ComPointer<IPortWaveRT>::query(script_.wave_port, IID_IPortWaveRT);
        EXPECT_EQ(script_.topology_port_seen, topology.get());
        EXPECT_EQ(script_.wave_port_seen, wave.get());
    });
}

// R-COM-04: an outer unknown is none of these objects' business; ports themselves pass none.
TEST_F(Start, R_COM_04_outer_unknowns_are_ignored) {
    start();
    inside([&] {
        PSERVICEGROUP group = nullptr;
        ASSERT_EQ(PcNewServiceGroup(&group, script_.adapter), STATUS_SUCCESS);
        auto identity = portcls::ComPointer<IUnknown>::query(group, IID_IUnknown);
        EXPECT_NE(identity.get(), script_.adapter) << "an object of its own, not a part of the adapter's";
        identity.reset();
        EXPECT_EQ(group->Release(), 0u);
        IRegistryKey* key = nullptr;
        ASSERT_EQ(
            script_.wave_port->NewRegistryKey(&key, script_.adapter, DriverRegistryKey, KEY_READ, nullptr, 0, nullptr),
            STATUS_SUCCESS);
        EXPECT_EQ(key->Release(), 0u);
        script_.adapter->AddRef();
        EXPECT_EQ(script_.adapter->Release(), 1u) << "and nobody kept it";
    });
}

namespace {

// Every interface id of the GUID table.
std::vector<std::pair<std::string, GUID>> interface_ids() {
    std::vector<std::pair<std::string, GUID>> ids;
    std::ifstream table(CONFORMANCE_FACTS "/guids.tsv");
    for (std::string line; std::getline(table, line);) {
        const std::size_t tab = line.find('\t');
        if (line.starts_with("IID_") && tab != std::string::npos) {
            const std::string text = line.substr(tab + 1, 38);
            UNICODE_STRING wide;
            const std::u16string characters(text.begin(), text.end());
            RtlInitUnicodeString(&wide, characters.c_str());
            GUID id = {};
            EXPECT_EQ(RtlGUIDFromString(&wide, &id), STATUS_SUCCESS) << line;
            ids.emplace_back(line.substr(0, tab), id);
        }
    }
    return ids;
}

} // namespace

// "Windows Vista Support for WDM Audio": all that Windows XP has, but for what concerns the mixer API, NT4's drivers
// and AUX devices, none of which is PortCls'. (Looped position events end there too: R-EVENT-10.)
TEST_F(Start, R_VER_05_Vista_has_what_XP_has) {
    be(WindowsVersion::vista);
    script_.pin_counter = script_.pin_namer = true;
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        const auto offered = [&](WindowsVersion version) {
            PortClsSystem::current().set_windows_version(version);
            std::set<std::string> names;
            for (const auto& [name, id] : interface_ids()) {
                for (IPort* port : {script_.topology_port, script_.wave_port}) {
                    if (portcls::ComPointer<IUnknown>::query(port, id)) {
                        names.insert(name);
                    }
                }
            }
            for (const GUID& set : {KSPROPSETID_Pin, KSPROPSETID_Topology, KSPROPSETID_General, KSPROPSETID_Connection,
                                    KSPROPSETID_Stream, KSPROPSETID_Audio, KSPROPSETID_DrmAudioStream}) {
                for (FILE_OBJECT* file : {topology_, wave_, pin}) {
                    for (ULONG id = 0; id < 24; ++id) {
                        ULONG access = 0;
                        if (NT_SUCCESS(property(file, request(set, id, KSPROPERTY_TYPE_BASICSUPPORT), access))) {
                            names.insert(fmt::format("{:08x} {} {}", set.Data1, id, file == pin ? "pin" : "filter"));
                        }
                    }
                }
            }
            return names;
        };
        const std::set<std::string> before = offered(WindowsVersion::xp_sp2);
        const std::set<std::string> after = offered(WindowsVersion::vista);
        EXPECT_GT(before.size(), 30u);
        for (const std::string& name : before) {
            EXPECT_TRUE(after.contains(name)) << name;
        }
        DRMRIGHTS rights = {};
        EXPECT_EQ(PcGetContentRights(0, &rights), STATUS_SUCCESS);
        KSPIN_CINSTANCES counts = {};
        const ULONG asked = script_.count_of("pin_count");
        EXPECT_EQ(property(wave_, pin_request(KSPROPSETID_Pin, KSPROPERTY_PIN_CINSTANCES, render_pin), counts),
                  STATUS_SUCCESS);
        EXPECT_EQ(script_.count_of("pin_count"), asked + 1);
    });
}

} // namespace conformance
