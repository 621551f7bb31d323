// Every method of every interface between the WaveRT port and its miniport, and the request that leads to it:
// IMiniportWaveRT, IMiniportWaveRTStream, IMiniportWaveRTStreamNotification, IMiniportAudioEngineNode and the others.
#include <functional>

#include "executive/objects/object_manager.h"
#include "portcls/portcls_system.h"
#include "wavert_fixture.h"

namespace wavert_test {

class WaveRtInterfaces : public WaveRtTest {
protected:
    WaveRtInterfaces() {
        script_.packets = script_.device_engine = script_.engine = script_.engine2 = true;
        script_.modes = script_.drm = script_.power_notify = true;
        script_.position_register = {&register_memory_, 64, 0, 0, 4};
        script_.clock_register = {&register_memory_, 64, 1, 1, 1};
    }

    // The request succeeds, and the driver's method is called during it and not before.
    void expect_call(const char* method, const std::function<NTSTATUS()>& request) {
        script_.called.erase(method);
        EXPECT_EQ(request(), STATUS_SUCCESS) << method;
        EXPECT_TRUE(script_.called.contains(method)) << method;
    }
    template<class Value>
    std::function<NTSTATUS()> getting(FILE_OBJECT* file, const GUID& set, ULONG id) {
        return [this, file, &set, id] {
            Value value = {};
            return send(file, request(set, id, KSPROPERTY_TYPE_GET), value);
        };
    }
    template<class Value>
    std::function<NTSTATUS()> getting_node(FILE_OBJECT* file, const GUID& set, ULONG id) {
        return [this, file, &set, id] {
            Value value = {};
            return send(file, node_request(set, id, KSPROPERTY_TYPE_GET), value);
        };
    }
    template<class Value>
    std::function<NTSTATUS()> setting_node(FILE_OBJECT* file, const GUID& set, ULONG id, Value value = {}) {
        return [this, file, &set, id, value]() mutable {
            return send(file, node_request(set, id, KSPROPERTY_TYPE_SET), value);
        };
    }
    template<class Value>
    std::function<NTSTATUS()> channel(FILE_OBJECT* file, ULONG id, ULONG verb) {
        return [this, file, id, verb] {
            Value value = {};
            return send(file, channel_request(audio_, id, verb, 0), value);
        };
    }
    std::function<NTSTATUS()> describing(FILE_OBJECT* file, ULONG id) {
        return [this, file, id] {
            UCHAR room[256];
            const auto property = channel_request(audio_, id, KSPROPERTY_TYPE_BASICSUPPORT, 0);
            return send(file, &property, sizeof(property), room, sizeof(room));
        };
    }

    const GUID audio_ = KSPROPSETID_Audio;
    const GUID rt_audio_ = KSPROPSETID_RtAudio;
    const GUID engine_ = KSPROPSETID_AudioEngine;
    ULONGLONG register_memory_ = 0;
};

TEST_F(WaveRtInterfaces, MethodsOfIMiniportWaveRT) {
    start();
    inside([&] {
        for (const char* method : {"Init", "GetDescription", "GetDeviceDescription"}) {
            EXPECT_TRUE(script_.called.contains(method)) << "by IPort::Init: " << method;
        }
        expect_call("NewStream", [&] {
            FILE_OBJECT* pin = nullptr;
            return open_pin(render_pin, pin);
        });
    });
}

TEST_F(WaveRtInterfaces, MethodsOfIMiniportWaveRTStream) {
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        expect_call("SetFormat", [&] {
            KSDATAFORMAT_WAVEFORMATEX format = connection(render_pin).format;
            return send(pin, request(KSPROPSETID_Connection, KSPROPERTY_CONNECTION_DATAFORMAT, KSPROPERTY_TYPE_SET),
                        format);
        });
        expect_call("SetState", [&] { return set_state(pin, KSSTATE_ACQUIRE); });
        expect_call("AllocateAudioBuffer", [&] {
            KSRTAUDIO_BUFFER buffer = {};
            return get_buffer(pin, 4096, buffer);
        });
        expect_call("GetPosition", getting<KSAUDIO_POSITION>(pin, audio_, KSPROPERTY_AUDIO_POSITION));
        expect_call("GetPosition", getting<KSAUDIO_POSITIONEX>(pin, audio_, KSPROPERTY_AUDIO_POSITIONEX));
        expect_call("GetHWLatency", getting<KSRTAUDIO_HWLATENCY>(pin, rt_audio_, KSPROPERTY_RTAUDIO_HWLATENCY));
        KSRTAUDIO_HWREGISTER_PROPERTY property = {};
        KSRTAUDIO_HWREGISTER mapped = {};
        property.Property = request(rt_audio_, KSPROPERTY_RTAUDIO_POSITIONREGISTER, KSPROPERTY_TYPE_GET);
        expect_call("GetPositionRegister", [&] { return send(pin, property, mapped); });
        property.Property.Id = KSPROPERTY_RTAUDIO_CLOCKREGISTER;
        expect_call("GetClockRegister", [&] { return send(pin, property, mapped); });
        expect_call("FreeAudioBuffer", [&] {
            close_pin(pin);
            return STATUS_SUCCESS;
        });
    });
}

TEST_F(WaveRtInterfaces, MethodsOfIMiniportWaveRTStreamNotification) {
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        expect_call("AllocateBufferWithNotification", [&] {
            KSRTAUDIO_BUFFER buffer = {};
            return get_buffer_with_notification(pin, 4096, 2, buffer);
        });
        HANDLE event = create_event();
        expect_call("RegisterNotificationEvent", [&] { return register_event(pin, event); });
        expect_call("UnregisterNotificationEvent", [&] { return unregister_event(pin, event); });
        expect_call("FreeBufferWithNotification", [&] {
            close_pin(pin);
            return STATUS_SUCCESS;
        });
        ZwClose(event);
    });
}

// IMiniportWaveRTInputStream and IMiniportWaveRTOutputStream.
TEST_F(WaveRtInterfaces, MethodsOfThePacketInterfaces) {
    start();
    inside([&] {
        KSRTAUDIO_BUFFER buffer = {};
        FILE_OBJECT* render = open_pin(render_pin);
        ASSERT_EQ(get_buffer_with_notification(render, byte_rate / 50, 2, buffer), STATUS_SUCCESS);
        expect_call("GetPacketCount", getting<ULONG>(render, rt_audio_, KSPROPERTY_RTAUDIO_PACKETCOUNT));
        expect_call(
            "GetOutputStreamPresentationPosition",
            getting<KSAUDIO_PRESENTATION_POSITION>(render, rt_audio_, KSPROPERTY_RTAUDIO_PRESENTATION_POSITION));
        expect_call("SetWritePacket", [&] {
            KSRTAUDIO_SETWRITEPACKET_INFO packet = {};
            return send(render, request(rt_audio_, KSPROPERTY_RTAUDIO_SETWRITEPACKET, KSPROPERTY_TYPE_SET), packet);
        });
        FILE_OBJECT* capture = open_pin(capture_pin);
        ASSERT_EQ(get_buffer_with_notification(capture, byte_rate / 50, 2, buffer), STATUS_SUCCESS);
        run(capture);
        machine_.run_for(15 * millisecond);
        expect_call("GetReadPacket",
                    getting<KSRTAUDIO_GETREADPACKET_INFO>(capture, rt_audio_, KSPROPERTY_RTAUDIO_GETREADPACKET));
    });
}

// Shows KSPROPERTY_AUDIOENGINE_MIXFORMAT.
TEST_F(WaveRtInterfaces, MethodsOfIMiniportAudioEngineNode) {
    start();
    inside([&] {
        expect_call("GetAudioEngineDescriptor",
                    getting_node<KSAUDIOENGINE_DESCRIPTOR>(filter_, engine_, KSPROPERTY_AUDIOENGINE_DESCRIPTOR));
        expect_call("GetGfxState", getting_node<BOOL>(filter_, engine_, KSPROPERTY_AUDIOENGINE_GFXENABLE));
        expect_call("SetGfxState", setting_node<BOOL>(filter_, engine_, KSPROPERTY_AUDIOENGINE_GFXENABLE));
        const auto mix = getting_node<KSDATAFORMAT_WAVEFORMATEX>(filter_, engine_, KSPROPERTY_AUDIOENGINE_MIXFORMAT);
        expect_call("GetEngineFormatSize", mix);
        expect_call("GetMixFormat", mix);
        expect_call("GetDeviceFormat",
                    getting_node<KSDATAFORMAT_WAVEFORMATEX>(filter_, engine_, KSPROPERTY_AUDIOENGINE_DEVICEFORMAT));
        expect_call("SetDeviceFormat",
                    setting_node(filter_, engine_, KSPROPERTY_AUDIOENGINE_DEVICEFORMAT, connection(render_pin).format));
        expect_call("GetSupportedDeviceFormats",
                    getting_node<KSMULTIPLE_ITEM>(filter_, engine_, KSPROPERTY_AUDIOENGINE_SUPPORTEDDEVICEFORMATS));
        expect_call("GetBufferSizeRange", [&] {
            struct {
                KSP_NODE node;
                KSDATAFORMAT_WAVEFORMATEX format;
            } in = {node_request(engine_, KSPROPERTY_AUDIOENGINE_BUFFER_SIZE_RANGE, KSPROPERTY_TYPE_GET),
                    connection(render_pin).format};
            KSAUDIOENGINE_BUFFER_SIZE_RANGE range = {};
            return send(filter_, in, range);
        });
        const auto get_volume = channel<LONG>(filter_, KSPROPERTY_AUDIO_VOLUMELEVEL, KSPROPERTY_TYPE_GET);
        expect_call("GetDeviceChannelCount", get_volume);
        expect_call("GetDeviceChannelVolume", get_volume);
        expect_call("SetDeviceChannelVolume",
                    channel<LONG>(filter_, KSPROPERTY_AUDIO_VOLUMELEVEL, KSPROPERTY_TYPE_SET));
        expect_call("GetDeviceChannelMute", channel<BOOL>(filter_, KSPROPERTY_AUDIO_MUTE, KSPROPERTY_TYPE_GET));
        expect_call("SetDeviceChannelMute", channel<BOOL>(filter_, KSPROPERTY_AUDIO_MUTE, KSPROPERTY_TYPE_SET));
        expect_call("GetDeviceChannelPeakMeter",
                    channel<LONG>(filter_, KSPROPERTY_AUDIO_PEAKMETER2, KSPROPERTY_TYPE_GET));
        expect_call("GetDeviceAttributeSteppings", describing(filter_, KSPROPERTY_AUDIO_MUTE));
    });
}

// IMiniportStreamAudioEngineNode and IMiniportStreamAudioEngineNode2.
TEST_F(WaveRtInterfaces, MethodsOfTheStreamsEngineNodes) {
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        expect_call("GetLfxState", getting_node<BOOL>(pin, engine_, KSPROPERTY_AUDIOENGINE_LFXENABLE));
        expect_call("SetLfxState", setting_node<BOOL>(pin, engine_, KSPROPERTY_AUDIOENGINE_LFXENABLE));
        const auto get_volume = channel<LONG>(pin, KSPROPERTY_AUDIO_VOLUMELEVEL, KSPROPERTY_TYPE_GET);
        expect_call("GetStreamChannelCount", get_volume);
        expect_call("GetStreamChannelVolume", get_volume);
        expect_call("SetStreamChannelVolume", channel<LONG>(pin, KSPROPERTY_AUDIO_VOLUMELEVEL, KSPROPERTY_TYPE_SET));
        expect_call("GetStreamChannelMute", channel<BOOL>(pin, KSPROPERTY_AUDIO_MUTE, KSPROPERTY_TYPE_GET));
        expect_call("SetStreamChannelMute", channel<BOOL>(pin, KSPROPERTY_AUDIO_MUTE, KSPROPERTY_TYPE_SET));
        expect_call("GetStreamChannelPeakMeter", channel<LONG>(pin, KSPROPERTY_AUDIO_PEAKMETER2, KSPROPERTY_TYPE_GET));
        expect_call("GetStreamAttributeSteppings", describing(pin, KSPROPERTY_AUDIO_PEAKMETER2));
        expect_call("GetStreamPresentationPosition",
                    getting_node<KSAUDIO_PRESENTATION_POSITION>(pin, audio_, KSPROPERTY_AUDIO_PRESENTATION_POSITION));
        expect_call("SetStreamCurrentWritePosition",
                    setting_node<ULONG>(pin, audio_, KSPROPERTY_AUDIO_WAVERT_CURRENT_WRITE_POSITION, 64));
        expect_call("GetStreamLinearBufferPosition",
                    getting_node<ULONGLONG>(pin, audio_, KSPROPERTY_AUDIO_LINEAR_BUFFER_POSITION));
        expect_call("SetStreamLoopbackProtection",
                    setting_node<ULONG>(pin, engine_, KSPROPERTY_AUDIOENGINE_LOOPBACK_PROTECTION));
        expect_call("SetStreamCurrentWritePositionForLastBuffer",
                    setting_node<ULONG>(pin, audio_, KSPROPERTY_AUDIO_WAVERT_CURRENT_WRITE_LASTBUFFER_POSITION, 64));
    });
}

// IMiniportAudioSignalProcessing, IDrmAudioStream, IPowerNotify and, from driver to port, IPortClsEtwHelper and
// IPortClsStreamResourceManager.
TEST_F(WaveRtInterfaces, MethodsOfTheSmallInterfaces) {
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        expect_call("GetModes", [&] {
            KSP_PIN property = {};
            property.Property =
                request(KSPROPSETID_AudioSignalProcessing, KSPROPERTY_AUDIOSIGNALPROCESSING_MODES, KSPROPERTY_TYPE_GET);
            KSMULTIPLE_ITEM header = {};
            return send(filter_, property, header);
        });
        expect_call("SetContentId", [&] {
            const ULONG id = portcls::PortClsSystem::current().drm().create({FALSE, 0, FALSE});
            KSDRMAUDIOSTREAM_CONTENTID content = {id, {}};
            return send(pin,
                        request(KSPROPSETID_DrmAudioStream, KSPROPERTY_DRMAUDIOSTREAM_CONTENTID, KSPROPERTY_TYPE_SET),
                        content, KernelMode);
        });
        expect_call("PowerChangeNotify", [&] {
            const bool changed =
                manager_->set_device_power(*node_, PowerDeviceD3) && manager_->set_device_power(*node_, PowerDeviceD0);
            return changed ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
        });
        IPortClsEtwHelper* helper = nullptr;
        ASSERT_EQ(script_.port->QueryInterface(IID_IPortClsEtwHelper, reinterpret_cast<PVOID*>(&helper)),
                  STATUS_SUCCESS);
        EXPECT_EQ(helper->MiniportWriteEtwEvent(eMINIPORT_PIN_STATE, 1, 2, 3, 4), STATUS_SUCCESS);
        EXPECT_EQ(helper->MiniportWriteEtwEvent(eMINIPORT_MaxValue, 1, 2, 3, 4), STATUS_INVALID_PARAMETER);
        helper->Release();
        IPortClsStreamResourceManager* manager = nullptr;
        ASSERT_EQ(script_.port->QueryInterface(IID_IPortClsStreamResourceManager, reinterpret_cast<PVOID*>(&manager)),
                  STATUS_SUCCESS);
        PCSTREAMRESOURCE_DESCRIPTOR descriptor;
        PCSTREAMRESOURCE_DESCRIPTOR_INIT(&descriptor);
        descriptor.Type = ePcStreamResourceInterrupt;
        descriptor.Resource.Interrupt.Generic = &descriptor;
        PCSTREAMRESOURCE handle = nullptr;
        EXPECT_EQ(manager->AddStreamResource(nullptr, &descriptor, &handle), STATUS_SUCCESS);
        EXPECT_EQ(manager->RemoveStreamResource(handle), STATUS_SUCCESS);
        manager->Release();
    });
}

// The access flags that ks_properties states. Shows no row: what they answer is tested elsewhere.
TEST_F(WaveRtInterfaces, BasicSupportOfTheRtAudioSet) {
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        constexpr ULONG get = KSPROPERTY_TYPE_GET;
        constexpr ULONG set = KSPROPERTY_TYPE_SET;
        const struct {
            ULONG id;
            ULONG verbs;
        } rows[] = {
            {KSPROPERTY_RTAUDIO_BUFFER, get},
            {KSPROPERTY_RTAUDIO_HWLATENCY, get},
            {KSPROPERTY_RTAUDIO_POSITIONREGISTER, get},
            {KSPROPERTY_RTAUDIO_CLOCKREGISTER, get},
            {KSPROPERTY_RTAUDIO_BUFFER_WITH_NOTIFICATION, get},
            {KSPROPERTY_RTAUDIO_REGISTER_NOTIFICATION_EVENT, get | set},
            {KSPROPERTY_RTAUDIO_UNREGISTER_NOTIFICATION_EVENT, get | set},
            {KSPROPERTY_RTAUDIO_QUERY_NOTIFICATION_SUPPORT, get},
            {KSPROPERTY_RTAUDIO_PACKETCOUNT, get},
            {KSPROPERTY_RTAUDIO_PRESENTATION_POSITION, get},
            {KSPROPERTY_RTAUDIO_GETREADPACKET, get},
            {KSPROPERTY_RTAUDIO_SETWRITEPACKET, set},
        };
        for (const auto& row : rows) {
            ULONG access = 0;
            EXPECT_EQ(send(pin, request(rt_audio_, row.id, KSPROPERTY_TYPE_BASICSUPPORT), access), STATUS_SUCCESS)
                << row.id;
            EXPECT_EQ(access, row.verbs | KSPROPERTY_TYPE_BASICSUPPORT) << row.id;
            ULONG value = 0;
            if ((row.verbs & set) == 0) {
                EXPECT_EQ(send(pin, request(rt_audio_, row.id, set), value), STATUS_NOT_FOUND) << row.id;
            }
            EXPECT_FALSE(NT_SUCCESS(send(filter_, request(rt_audio_, row.id, get), value))) << "pins only";
        }
    });
}

TEST_F(WaveRtInterfaces, RegistryKeysCloseWithTheirObject_R_REG_06) {
    start();
    inside([&] {
        auto& objects = machine_.subsystem<executive::ObjectManager>();
        const std::size_t before = objects.open_handle_count();
        IRegistryKey* key = nullptr;
        ASSERT_EQ(script_.port->NewRegistryKey(&key, nullptr, DriverRegistryKey, KEY_READ, nullptr, 0, nullptr),
                  STATUS_SUCCESS);
        EXPECT_EQ(objects.open_handle_count(), before + 1);
        key->AddRef();
        key->Release();
        EXPECT_EQ(objects.open_handle_count(), before + 1);
        key->Release();
        EXPECT_EQ(objects.open_handle_count(), before);
    });
}

// What each of the methods is asked at DISPATCH_LEVEL.
using RegistryCall = std::pair<const char*, void (*)(IRegistryKey& key)>;

UNICODE_STRING name_in_registry() {
    UNICODE_STRING name;
    RtlInitUnicodeString(&name, u"Name");
    return name;
}

const RegistryCall registry_calls[] = {
    {"QueryKey",
     [](IRegistryKey& key) {
         ULONG needed = 0;
         key.QueryKey(KeyBasicInformation, nullptr, 0, &needed);
     }},
    {"EnumerateKey",
     [](IRegistryKey& key) {
         ULONG needed = 0;
         key.EnumerateKey(0, KeyBasicInformation, nullptr, 0, &needed);
     }},
    {"QueryValueKey",
     [](IRegistryKey& key) {
         ULONG needed = 0;
         UNICODE_STRING name = name_in_registry();
         key.QueryValueKey(&name, KeyValuePartialInformation, nullptr, 0, &needed);
     }},
    {"EnumerateValueKey",
     [](IRegistryKey& key) {
         ULONG needed = 0;
         key.EnumerateValueKey(0, KeyValueBasicInformation, nullptr, 0, &needed);
     }},
    {"SetValueKey",
     [](IRegistryKey& key) {
         ULONG value = 0;
         UNICODE_STRING name = name_in_registry();
         key.SetValueKey(&name, REG_DWORD, &value, sizeof value);
     }},
    {"QueryRegistryValues",
     [](IRegistryKey& key) {
         RTL_QUERY_REGISTRY_TABLE table[1] = {};
         key.QueryRegistryValues(table, nullptr);
     }},
    {"NewSubKey",
     [](IRegistryKey& key) {
         IRegistryKey* sub_key = nullptr;
         UNICODE_STRING name = name_in_registry();
         key.NewSubKey(&sub_key, nullptr, KEY_READ, &name, 0, nullptr);
     }},
    {"DeleteKey", [](IRegistryKey& key) { key.DeleteKey(); }},
};

class RegistryIrql : public WaveRtInterfaces, public testing::WithParamInterface<RegistryCall> {};

// Shows R-REG-08: each of them is a fault of the driver's at DISPATCH_LEVEL, and none at PASSIVE_LEVEL.
TEST_P(RegistryIrql, R_REG_08_methods_are_for_PASSIVE_LEVEL) {
    start();
    const auto& [name, call] = GetParam();
    IRegistryKey* key = nullptr;
    inside([&] {
        script_.port->NewRegistryKey(&key, nullptr, DriverRegistryKey, KEY_ALL_ACCESS, nullptr, 0, nullptr);
        if (std::string_view(name) != "DeleteKey") {
            call(*key);
        }
    });
    machine_.enter([&] {
        KIRQL old;
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        call(*key);
    });
    ASSERT_TRUE(machine_.is_halted()) << name;
    EXPECT_EQ(machine_.bugcheck_report()->code, 0x0Au);
    const std::string& rule = machine_.bugcheck_report()->rule;
    EXPECT_TRUE(rule.starts_with(name)) << rule;
}

INSTANTIATE_TEST_SUITE_P(Methods, RegistryIrql, testing::ValuesIn(registry_calls),
                         [](const auto& info) { return std::string(info.param.first); });

} // namespace wavert_test
