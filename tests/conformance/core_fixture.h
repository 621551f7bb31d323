// A machine with the core test driver (core_driver.h) on it, and a client of its filters.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core_driver.h"
#include "executive/io/io_manager.h"
#include "executive/kernel.h"
#include "executive/registry/registry.h"
#include "ks/create_name.h"
#include "machine/machine.h"
#include "pnp/pnp_manager.h"
#include "portcls/portcls_system.h"

namespace conformance {

namespace executive = openportcls::executive;
namespace machine = openportcls::machine;
namespace pnp = openportcls::pnp;
namespace ks = openportcls::ks;
using portcls::PortClsSystem;
using portcls::WindowsVersion;

inline const GUID looped_set = KSEVENTSETID_LoopedStreaming;

struct PinConnect {
    KSPIN_CONNECT connect;
    KSDATAFORMAT_WAVEFORMATEX format;
};

// body(seed) for many schedules, up to the first that fails.
template<class Body>
void for_each_schedule(std::uint64_t schedules, Body&& body) {
    for (std::uint64_t seed = 1; seed <= schedules && !::testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE(seed);
        body(seed);
    }
}

class CoreTest : public ::testing::Test {
protected:
    CoreTest() : CoreTest(config()) {}
    explicit CoreTest(const machine::MachineConfig& config) : machine_(config) {
        conformance::script() = &script_;
        executive::install(machine_);
        manager_ = &machine_.add_subsystem<pnp::PnpManager>();
    }
    ~CoreTest() override = default;

    static machine::MachineConfig config() {
        machine::MachineConfig result;
        result.memory_bytes = 64 << 20;
        return result;
    }

    // A machine whose schedule is chosen at random.
    static machine::MachineConfig exploring(std::uint64_t seed) {
        machine::MachineConfig result = config();
        result.policy = machine::PolicyKind::pct;
        result.seed = seed;
        return result;
    }
    // So many times whoever is ready may run.
    void let_others_run(std::uint64_t times) {
        for (std::uint64_t i = 0; i < times; ++i) {
            machine_.preemption_point();
        }
    }

    // The releases before the newest: before start().
    void be(WindowsVersion version) {
        machine_.enter([&] { PortClsSystem::current().set_windows_version(version); });
    }

    // Loads the driver and starts its device; the script is in force from here.
    void start() {
        load();
        add_device();
        ASSERT_EQ(node_->state(), pnp::DeviceState::started) << std::hex << node_->problem();
    }
    void load() {
        inside([&] { script_.adapter = new_adapter(); });
        pnp::DriverOptions options;
        options.service_name = "core_test";
        auto driver = manager_->load_static_driver(core_driver_entry, options);
        ASSERT_TRUE(driver) << driver.error().message;
        driver_ = *driver;
    }
    void add_device() {
        pnp::DeviceSpec spec;
        spec.parameters = parameters_;
        auto node = manager_->add_device(*driver_, spec);
        add_status_ = node.status();
        if (node) {
            node_ = *node;
        } else {
            add_message_ = node.error().message;
            if (!manager_->devices().empty()) {
                node_ = manager_->devices().front();
            }
        }
    }
    // start(), and both filters opened.
    void start_and_open() {
        start();
        inside([&] {
            ASSERT_EQ(open_filter(u"Topology", topology_), STATUS_SUCCESS);
            ASSERT_EQ(open_filter(u"Wave", wave_), STATUS_SUCCESS);
        });
    }

    template<class Function>
    void inside(Function&& function) {
        const bool survived = machine_.enter(std::forward<Function>(function));
        ASSERT_TRUE(survived) << machine_.bugcheck_report()->to_text();
    }
    // Runs something that must end in a bugcheck; its rule's text.
    template<class Function>
    std::string crash(Function&& function) {
        return machine_.enter(std::forward<Function>(function)) ? std::string() : machine_.bugcheck_report()->rule;
    }

    void TearDown() override {
        if (machine_.is_halted()) {
            return;
        }
        machine_.enter([&] {
            close_all();
            release_ports();
            if (script_.adapter != nullptr) {
                script_.adapter->Release();
                script_.adapter = nullptr;
            }
        });
    }
    void close_all() {
        while (!files_.empty()) {
            executive::close_file(files_.back());
            files_.pop_back();
        }
        topology_ = wave_ = nullptr;
    }
    void close(FILE_OBJECT* file) {
        std::erase(files_, file);
        executive::close_file(file);
    }
    void release_ports() {
        for (IPort** port : {&script_.topology_port, &script_.wave_port}) {
            if (*port != nullptr) {
                (*port)->Release();
                *port = nullptr;
            }
        }
    }

    // ---- opening ----------------------------------------------------------------------------------------------
    // The path of a subdevice's first interface.
    static std::u16string path_of(std::u16string_view reference) {
        for (const auto* entry : executive::Kernel::current().interfaces.enumerate(nullptr, false)) {
            if (entry->reference == reference) {
                return entry->symbolic_link;
            }
        }
        return {};
    }
    NTSTATUS open_path(std::u16string_view path, FILE_OBJECT* related, FILE_OBJECT*& file) {
        file = nullptr;
        const NTSTATUS status = executive::open_file(path, related, &file);
        if (NT_SUCCESS(status) && file != nullptr) {
            files_.push_back(file);
        }
        return status;
    }
    NTSTATUS open_filter(std::u16string_view reference, FILE_OBJECT*& file) {
        return open_path(path_of(reference), nullptr, file);
    }
    NTSTATUS open_child(FILE_OBJECT* parent, const GUID& kind, const void* parameters, ULONG bytes,
                        FILE_OBJECT*& file) {
        return open_path(ks::make_create_name(kind, parameters, bytes), parent, file);
    }

    static KSDATAFORMAT_WAVEFORMATEX pcm(ULONG rate = 48000, WORD bits = 16, WORD channels = 2) {
        KSDATAFORMAT_WAVEFORMATEX format = {};
        format.DataFormat.FormatSize = sizeof(format);
        format.DataFormat.MajorFormat = KSDATAFORMAT_TYPE_AUDIO;
        format.DataFormat.SubFormat = KSDATAFORMAT_SUBTYPE_PCM;
        format.DataFormat.Specifier = KSDATAFORMAT_SPECIFIER_WAVEFORMATEX;
        format.WaveFormatEx.wFormatTag = WAVE_FORMAT_PCM;
        format.WaveFormatEx.nChannels = channels;
        format.WaveFormatEx.nSamplesPerSec = rate;
        format.WaveFormatEx.wBitsPerSample = bits;
        format.WaveFormatEx.nBlockAlign = static_cast<WORD>(channels * bits / 8);
        format.WaveFormatEx.nAvgBytesPerSec = rate * format.WaveFormatEx.nBlockAlign;
        return format;
    }
    static PinConnect connection(ULONG pin) {
        PinConnect result = {};
        result.connect.Interface.Set = KSINTERFACESETID_Standard;
        result.connect.Interface.Id = KSINTERFACE_STANDARD_LOOPED_STREAMING;
        result.connect.Medium.Set = KSMEDIUMSETID_Standard;
        result.connect.Medium.Id = KSMEDIUM_STANDARD_DEVIO;
        result.connect.PinId = pin;
        result.connect.Priority.PriorityClass = KSPRIORITY_NORMAL;
        result.connect.Priority.PrioritySubClass = 1;
        result.format = pcm(48000, 16, pin == capture_pin ? 1 : 2);
        return result;
    }
    NTSTATUS open_pin(const void* connect, ULONG bytes, FILE_OBJECT*& file) {
        const GUID kind = KSNAME_Pin;
        return open_child(wave_, kind, connect, bytes, file);
    }
    NTSTATUS open_pin(const PinConnect& connect, FILE_OBJECT*& file) {
        return open_pin(&connect, sizeof connect, file);
    }
    FILE_OBJECT* open_pin(ULONG pin = render_pin) {
        FILE_OBJECT* file = nullptr;
        EXPECT_EQ(open_pin(connection(pin), file), STATUS_SUCCESS);
        return file;
    }

    // ---- requests ---------------------------------------------------------------------------------------------
    static KSPROPERTY request(const GUID& set, ULONG id, ULONG flags = KSPROPERTY_TYPE_GET) {
        KSPROPERTY result = {};
        result.Set = set;
        result.Id = id;
        result.Flags = flags;
        return result;
    }
    static KSP_PIN pin_request(const GUID& set, ULONG id, ULONG pin, ULONG flags = KSPROPERTY_TYPE_GET) {
        KSP_PIN result = {};
        result.Property = request(set, id, flags);
        result.PinId = pin;
        return result;
    }
    static KSP_NODE node_request(const GUID& set, ULONG id, ULONG node, ULONG flags = KSPROPERTY_TYPE_GET) {
        KSP_NODE result = {};
        result.Property = request(set, id, flags | KSPROPERTY_TYPE_TOPOLOGY);
        result.NodeId = node;
        return result;
    }
    NTSTATUS control(FILE_OBJECT* file, ULONG code, const void* in, ULONG in_bytes, void* out, ULONG out_bytes,
                     KPROCESSOR_MODE mode = UserMode) {
        information_ = 0;
        return executive::device_control(file, code, in, in_bytes, out, out_bytes, &information_, mode);
    }
    NTSTATUS property(FILE_OBJECT* file, const void* in, ULONG in_bytes, void* out, ULONG out_bytes,
                      KPROCESSOR_MODE mode = UserMode) {
        return control(file, IOCTL_KS_PROPERTY, in, in_bytes, out, out_bytes, mode);
    }
    template<class Request, class Value>
    NTSTATUS property(FILE_OBJECT* file, const Request& in, Value& value, KPROCESSOR_MODE mode = UserMode) {
        return property(file, &in, sizeof in, &value, sizeof value, mode);
    }
    template<class Request>
    NTSTATUS property(FILE_OBJECT* file, const Request& in) {
        return property(file, &in, sizeof in, nullptr, 0);
    }
    // A KSMULTIPLE_ITEM or text, by asking for the size first.
    template<class Request>
    std::vector<char> whole(FILE_OBJECT* file, const Request& in) {
        EXPECT_EQ(property(file, in), STATUS_BUFFER_OVERFLOW);
        std::vector<char> bytes(information_);
        EXPECT_EQ(property(file, &in, sizeof in, bytes.data(), static_cast<ULONG>(bytes.size())), STATUS_SUCCESS);
        EXPECT_EQ(information_, bytes.size());
        return bytes;
    }
    template<class Item, class Request>
    std::vector<Item> list(FILE_OBJECT* file, const Request& in) {
        const std::vector<char> bytes = whole(file, in);
        KSMULTIPLE_ITEM header = {};
        std::memcpy(&header, bytes.data(), std::min(bytes.size(), sizeof header));
        EXPECT_EQ(header.Size, bytes.size());
        std::vector<Item> items(header.Count);
        EXPECT_EQ(bytes.size(), sizeof header + items.size() * sizeof(Item));
        if (!items.empty()) {
            std::memcpy(items.data(), bytes.data() + sizeof header, items.size() * sizeof(Item));
        }
        return items;
    }
    NTSTATUS set_state(FILE_OBJECT* pin, KSSTATE state) {
        return property(pin, request(KSPROPSETID_Connection, KSPROPERTY_CONNECTION_STATE, KSPROPERTY_TYPE_SET), state);
    }

    // ---- events -----------------------------------------------------------------------------------------------
    static KSEVENT event(const GUID& set, ULONG id, ULONG flags = KSEVENT_TYPE_ENABLE) {
        KSEVENT result = {};
        result.Set = set;
        result.Id = id;
        result.Flags = flags;
        return result;
    }
    static HANDLE create_event() {
        HANDLE handle = nullptr;
        EXPECT_EQ(ZwCreateEvent(&handle, EVENT_ALL_ACCESS, nullptr, NotificationEvent, FALSE), STATUS_SUCCESS);
        return handle;
    }
    static bool is_set(HANDLE handle) {
        PVOID object = nullptr;
        EXPECT_EQ(ObReferenceObjectByHandle(handle, EVENT_ALL_ACCESS, *ExEventObjectType, KernelMode, &object, nullptr),
                  STATUS_SUCCESS);
        const bool set = KeReadStateEvent(static_cast<PRKEVENT>(object)) != 0;
        ObDereferenceObject(object);
        return set;
    }
    static KSEVENTDATA event_data(HANDLE handle) {
        KSEVENTDATA data = {};
        data.NotificationType = KSEVENTF_EVENT_HANDLE;
        data.EventHandle.Event = handle;
        return data;
    }
    template<class Request, class Data>
    NTSTATUS enable(FILE_OBJECT* file, const Request& in, Data& data, KPROCESSOR_MODE mode = UserMode) {
        return control(file, IOCTL_KS_ENABLE_EVENT, &in, sizeof in, &data, sizeof data, mode);
    }
    NTSTATUS disable(FILE_OBJECT* file, KSEVENTDATA* data) {
        return control(file, IOCTL_KS_DISABLE_EVENT, data, data == nullptr ? 0 : sizeof *data, nullptr, 0);
    }
    // Through the port's IPortEvents, as the driver does it.
    static void generate(IPort* port, const GUID* set, ULONG id, bool by_pin = false, ULONG pin = 0,
                         bool by_node = false, ULONG node = 0) {
        auto events = portcls::ComPointer<IPortEvents>::query(port, IID_IPortEvents);
        ASSERT_TRUE(events);
        events->GenerateEventList(const_cast<GUID*>(set), id, by_pin, pin, by_node, node);
    }

    // The driver's journal outlives the machine's objects.
    struct ScriptInForce {
        ~ScriptInForce() { conformance::script() = nullptr; }
    };

    Script script_;
    ScriptInForce in_force_;
    std::vector<pnp::RegistryParameter> parameters_;
    machine::Machine machine_;
    pnp::PnpManager* manager_ = nullptr;
    pnp::LoadedDriver* driver_ = nullptr;
    pnp::DeviceNode* node_ = nullptr;
    NTSTATUS add_status_ = STATUS_SUCCESS;
    std::string add_message_;
    FILE_OBJECT* topology_ = nullptr;
    FILE_OBJECT* wave_ = nullptr;
    std::vector<FILE_OBJECT*> files_;
    ULONG_PTR information_ = 0;
};

} // namespace conformance
