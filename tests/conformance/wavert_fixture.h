// A machine with the WaveRT test driver started, and a client of it.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "executive/io/io_manager.h"
#include "executive/kernel.h"
#include "ks/create_name.h"
#include "machine/machine.h"
#include "pnp/pnp_manager.h"
#include "wavert_driver.h"

namespace wavert_test {

namespace executive = openportcls::executive;
namespace machine = openportcls::machine;
namespace pnp = openportcls::pnp;

inline constexpr machine::Nanoseconds millisecond = machine::nanoseconds_per_millisecond;

// KSDATAFORMAT_WAVEFORMATEX behind a KSPIN_CONNECT, as a client lays it out.
struct PinConnect {
    KSPIN_CONNECT connect;
    KSDATAFORMAT_WAVEFORMATEX format;
};

class WaveRtTest : public ::testing::Test {
protected:
    WaveRtTest() : machine_(config()) {}

    static machine::MachineConfig config() {
        machine::MachineConfig result;
        result.memory_bytes = 64 << 20;
        return result;
    }

    void SetUp() override {
        script_.device_description.Version = DEVICE_DESCRIPTION_VERSION;
        script_.device_description.Master = TRUE;
        script_.device_description.ScatterGather = TRUE;
        script_.device_description.Dma32BitAddresses = TRUE;
        script_.device_description.InterfaceType = PCIBus;
        script_.device_description.MaximumLength = 0xFFFFFFFF;
    }

    static pnp::DriverOptions driver_options() {
        pnp::DriverOptions options;
        options.service_name = "wavert_test";
        return options;
    }

    // Loads the driver, starts its device and opens its filter. The script is in force from here.
    void start() {
        if (!installed_) {
            executive::install(machine_);
        }
        manager_ = &machine_.add_subsystem<pnp::PnpManager>();
        auto driver = manager_->load_static_driver(driver_entry, driver_options());
        ASSERT_TRUE(driver) << driver.error().message;
        pnp::DeviceSpec spec;
        spec.parameters = parameters_;
        auto node = manager_->add_device(**driver, spec);
        ASSERT_TRUE(node) << node.error().message;
        node_ = *node;
        inside([&] {
            const GUID category = KSCATEGORY_AUDIO;
            const auto interfaces = executive::Kernel::current().interfaces.enumerate(&category);
            ASSERT_FALSE(interfaces.empty());
            ASSERT_EQ(executive::open_file(interfaces.front()->symbolic_link, nullptr, &filter_), STATUS_SUCCESS);
        });
    }

    template<class Function>
    void inside(Function&& function) {
        if (HasFatalFailure()) { // of start()
            return;
        }
        const bool survived = machine_.enter(std::forward<Function>(function));
        ASSERT_TRUE(survived) << machine_.bugcheck_report()->to_text();
    }

    void TearDown() override {
        if (machine_.is_halted()) {
            return;
        }
        machine_.enter([&] {
            while (!pins_.empty()) {
                executive::close_file(pins_.back());
                pins_.pop_back();
            }
            if (filter_ != nullptr) {
                executive::close_file(filter_);
            }
        });
    }

    static PinConnect connection(ULONG pin, ULONG rate = sample_rate, USHORT channels = 2) {
        PinConnect result = {};
        result.connect.Interface.Set = KSINTERFACESETID_Standard;
        result.connect.Interface.Id = KSINTERFACE_STANDARD_LOOPED_STREAMING;
        result.connect.Medium.Set = KSMEDIUMSETID_Standard;
        result.connect.Medium.Id = KSMEDIUM_STANDARD_DEVIO;
        result.connect.PinId = pin;
        result.connect.Priority.PriorityClass = KSPRIORITY_NORMAL;
        result.connect.Priority.PrioritySubClass = 1;
        KSDATAFORMAT_WAVEFORMATEX& format = result.format;
        format.DataFormat.FormatSize = sizeof(format);
        format.DataFormat.MajorFormat = KSDATAFORMAT_TYPE_AUDIO;
        format.DataFormat.SubFormat = KSDATAFORMAT_SUBTYPE_PCM;
        format.DataFormat.Specifier = KSDATAFORMAT_SPECIFIER_WAVEFORMATEX;
        format.WaveFormatEx.wFormatTag = WAVE_FORMAT_PCM;
        format.WaveFormatEx.nChannels = channels;
        format.WaveFormatEx.nSamplesPerSec = rate;
        format.WaveFormatEx.wBitsPerSample = 16;
        format.WaveFormatEx.nBlockAlign = static_cast<USHORT>(2 * channels);
        format.WaveFormatEx.nAvgBytesPerSec = rate * 2 * channels;
        return result;
    }

    NTSTATUS open_pin(ULONG pin, FILE_OBJECT*& file, ULONG rate = sample_rate) {
        const PinConnect connect = connection(pin, rate);
        const GUID kind = KSNAME_Pin;
        const auto name = openportcls::ks::make_create_name(kind, &connect, sizeof(connect));
        file = nullptr;
        const NTSTATUS status = executive::open_file(name, filter_, &file);
        if (NT_SUCCESS(status)) {
            pins_.push_back(file);
        }
        return status;
    }
    // The pin most tests need.
    FILE_OBJECT* open_pin(ULONG pin = render_pin) {
        FILE_OBJECT* file = nullptr;
        EXPECT_EQ(open_pin(pin, file), STATUS_SUCCESS);
        return file;
    }
    void close_pin(FILE_OBJECT* file) {
        std::erase(pins_, file);
        executive::close_file(file);
    }

    static KSPROPERTY request(const GUID& set, ULONG id, ULONG flags) {
        KSPROPERTY result = {};
        result.Set = set;
        result.Id = id;
        result.Flags = flags;
        return result;
    }
    static KSP_NODE node_request(const GUID& set, ULONG id, ULONG flags, ULONG node = engine_node) {
        KSP_NODE result = {};
        result.Property = request(set, id, flags | KSPROPERTY_TYPE_TOPOLOGY);
        result.NodeId = node;
        return result;
    }
    static KSNODEPROPERTY_AUDIO_CHANNEL channel_request(const GUID& set, ULONG id, ULONG flags, ULONG channel) {
        KSNODEPROPERTY_AUDIO_CHANNEL result = {};
        result.NodeProperty.Property = request(set, id, flags | KSPROPERTY_TYPE_TOPOLOGY);
        result.NodeProperty.NodeId = engine_node;
        result.Channel = static_cast<LONG>(channel);
        return result;
    }

    NTSTATUS send(FILE_OBJECT* file, const void* in, ULONG in_bytes, void* out, ULONG out_bytes,
                  KPROCESSOR_MODE mode = UserMode) {
        information_ = 0;
        return executive::device_control(file, IOCTL_KS_PROPERTY, in, in_bytes, out, out_bytes, &information_, mode);
    }
    template<class Request, class Value>
    NTSTATUS send(FILE_OBJECT* file, const Request& in, Value& value, KPROCESSOR_MODE mode = UserMode) {
        return send(file, &in, sizeof(in), &value, sizeof(value), mode);
    }
    template<class Request>
    NTSTATUS send_without_value(FILE_OBJECT* file, const Request& in) {
        return send(file, &in, sizeof(in), nullptr, 0);
    }

    NTSTATUS set_state(FILE_OBJECT* pin, KSSTATE state) {
        const auto property = request(KSPROPSETID_Connection, KSPROPERTY_CONNECTION_STATE, KSPROPERTY_TYPE_SET);
        return send(pin, property, state);
    }
    void run(FILE_OBJECT* pin) { EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS); }

    NTSTATUS get_buffer(FILE_OBJECT* pin, ULONG size, KSRTAUDIO_BUFFER& buffer, void* base = nullptr) {
        KSRTAUDIO_BUFFER_PROPERTY property = {};
        property.Property = request(KSPROPSETID_RtAudio, KSPROPERTY_RTAUDIO_BUFFER, KSPROPERTY_TYPE_GET);
        property.BaseAddress = base;
        property.RequestedBufferSize = size;
        return send(pin, property, buffer);
    }
    NTSTATUS get_buffer_with_notification(FILE_OBJECT* pin, ULONG size, ULONG count, KSRTAUDIO_BUFFER& buffer) {
        KSRTAUDIO_BUFFER_PROPERTY_WITH_NOTIFICATION property = {};
        property.Property =
            request(KSPROPSETID_RtAudio, KSPROPERTY_RTAUDIO_BUFFER_WITH_NOTIFICATION, KSPROPERTY_TYPE_GET);
        property.RequestedBufferSize = size;
        property.NotificationCount = count;
        return send(pin, property, buffer);
    }
    NTSTATUS notification_event(FILE_OBJECT* pin, ULONG id, HANDLE event, ULONG verb = KSPROPERTY_TYPE_GET) {
        KSRTAUDIO_NOTIFICATION_EVENT_PROPERTY property = {};
        property.Property = request(KSPROPSETID_RtAudio, id, verb);
        property.NotificationEvent = event;
        return send_without_value(pin, property);
    }
    NTSTATUS register_event(FILE_OBJECT* pin, HANDLE event, ULONG verb = KSPROPERTY_TYPE_GET) {
        return notification_event(pin, KSPROPERTY_RTAUDIO_REGISTER_NOTIFICATION_EVENT, event, verb);
    }
    NTSTATUS unregister_event(FILE_OBJECT* pin, HANDLE event, ULONG verb = KSPROPERTY_TYPE_GET) {
        return notification_event(pin, KSPROPERTY_RTAUDIO_UNREGISTER_NOTIFICATION_EVENT, event, verb);
    }
    static HANDLE create_event() {
        HANDLE handle = nullptr;
        EXPECT_EQ(ZwCreateEvent(&handle, EVENT_ALL_ACCESS, nullptr, SynchronizationEvent, FALSE), STATUS_SUCCESS);
        return handle;
    }

    template<class Value>
    NTSTATUS get(FILE_OBJECT* pin, const GUID& set, ULONG id, Value& value) {
        return send(pin, request(set, id, KSPROPERTY_TYPE_GET), value);
    }
    KSAUDIO_POSITION position(FILE_OBJECT* pin) {
        KSAUDIO_POSITION result = {};
        EXPECT_EQ(get(pin, KSPROPSETID_Audio, KSPROPERTY_AUDIO_POSITION, result), STATUS_SUCCESS);
        return result;
    }

    // In force until the machine has ended: the driver's objects are destroyed with it.
    struct ScriptInForce {
        explicit ScriptInForce(Script& running) { wavert_test::script() = &running; }
        ~ScriptInForce() { wavert_test::script() = nullptr; }
    };

    Script script_;
    ScriptInForce script_in_force_{script_};
    std::vector<pnp::RegistryParameter> parameters_;
    machine::Machine machine_;
    bool installed_ = false; // the executive, by a test that sets the machine up before start()
    pnp::PnpManager* manager_ = nullptr;
    pnp::DeviceNode* node_ = nullptr;
    FILE_OBJECT* filter_ = nullptr;
    std::vector<FILE_OBJECT*> pins_;
    ULONG_PTR information_ = 0;
};

} // namespace wavert_test
