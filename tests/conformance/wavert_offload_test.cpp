// The offload engine, signal processing modes, rights and notifications: R-OFF-01 to R-OFF-10, R-DRM-04, R-DRM-05.
#include "portcls/portcls_system.h"
#include "wavert_fixture.h"

namespace wavert_test {

class WaveRtOffload : public WaveRtTest {
protected:
    WaveRtOffload() {
        script_.device_engine = true;
        script_.engine = true;
        script_.engine2 = true;
        script_.modes = true;
    }

    template<class Value>
    NTSTATUS get_node(FILE_OBJECT* file, const GUID& set, ULONG id, Value& value) {
        return send(file, node_request(set, id, KSPROPERTY_TYPE_GET), value);
    }
    template<class Value>
    NTSTATUS set_node(FILE_OBJECT* file, const GUID& set, ULONG id, Value value) {
        return send(file, node_request(set, id, KSPROPERTY_TYPE_SET), value);
    }
    template<class Value>
    NTSTATUS get_channel(FILE_OBJECT* file, const GUID& set, ULONG id, ULONG channel, Value& value) {
        return send(file, channel_request(set, id, KSPROPERTY_TYPE_GET, channel), value);
    }
    template<class Value>
    NTSTATUS set_channel(FILE_OBJECT* file, const GUID& set, ULONG id, ULONG channel, Value value) {
        return send(file, channel_request(set, id, KSPROPERTY_TYPE_SET, channel), value);
    }
};

TEST_F(WaveRtOffload, DescriptorNamesThePins_R_OFF_01) {
    start();
    inside([&] {
        KSAUDIOENGINE_DESCRIPTOR descriptor = {};
        ASSERT_EQ(get_node(filter_, KSPROPSETID_AudioEngine, KSPROPERTY_AUDIOENGINE_DESCRIPTOR, descriptor),
                  STATUS_SUCCESS);
        EXPECT_EQ(descriptor.nHostPinId, render_pin);
        EXPECT_EQ(descriptor.nLoopbackPinId, bridge_pin);
        EXPECT_TRUE(script_.noted("GetAudioEngineDescriptor node 0"));
        EXPECT_EQ(send(filter_,
                       node_request(KSPROPSETID_AudioEngine, KSPROPERTY_AUDIOENGINE_DESCRIPTOR, KSPROPERTY_TYPE_GET, 7),
                       descriptor),
                  STATUS_INVALID_PARAMETER)
            << "no such node";
    });
}

TEST_F(WaveRtOffload, WithoutTheInterfaceThereIsNoEngine_R_OFF_01) {
    script_.device_engine = script_.engine = script_.engine2 = false;
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        KSAUDIOENGINE_DESCRIPTOR descriptor = {};
        EXPECT_EQ(get_node(filter_, KSPROPSETID_AudioEngine, KSPROPERTY_AUDIOENGINE_DESCRIPTOR, descriptor),
                  STATUS_NOT_SUPPORTED);
        BOOL enabled = FALSE;
        EXPECT_EQ(get_node(pin, KSPROPSETID_AudioEngine, KSPROPERTY_AUDIOENGINE_LFXENABLE, enabled),
                  STATUS_NOT_SUPPORTED);
        LONG volume = 0;
        EXPECT_EQ(get_channel(pin, KSPROPSETID_Audio, KSPROPERTY_AUDIO_VOLUMELEVEL, 0, volume), STATUS_NOT_SUPPORTED);
        EXPECT_EQ(set_node(pin, KSPROPSETID_Audio, KSPROPERTY_AUDIO_WAVERT_CURRENT_WRITE_LASTBUFFER_POSITION, ULONG{4}),
                  STATUS_NOT_SUPPORTED);
    });
}

TEST_F(WaveRtOffload, FilterMeansDeviceAndPinMeansStream_R_OFF_02) {
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        EXPECT_EQ(set_channel(filter_, KSPROPSETID_Audio, KSPROPERTY_AUDIO_VOLUMELEVEL, 1, LONG{-0x10000}),
                  STATUS_SUCCESS);
        LONG volume = 1;
        EXPECT_EQ(get_channel(pin, KSPROPSETID_Audio, KSPROPERTY_AUDIO_VOLUMELEVEL, 1, volume), STATUS_SUCCESS);
        EXPECT_EQ(volume, 0) << "the stream's own";
        EXPECT_EQ(get_channel(filter_, KSPROPSETID_Audio, KSPROPERTY_AUDIO_VOLUMELEVEL, 1, volume), STATUS_SUCCESS);
        EXPECT_EQ(volume, -0x10000);
        EXPECT_EQ(set_channel(pin, KSPROPSETID_Audio, KSPROPERTY_AUDIO_MUTE, 0, BOOL{TRUE}), STATUS_SUCCESS);
        BOOL muted = TRUE;
        EXPECT_EQ(get_channel(filter_, KSPROPSETID_Audio, KSPROPERTY_AUDIO_MUTE, 0, muted), STATUS_SUCCESS);
        EXPECT_FALSE(muted);
        EXPECT_EQ(get_channel(pin, KSPROPSETID_Audio, KSPROPERTY_AUDIO_MUTE, 0, muted), STATUS_SUCCESS);
        EXPECT_TRUE(muted);
        LONG peak = 0;
        EXPECT_EQ(get_channel(pin, KSPROPSETID_Audio, KSPROPERTY_AUDIO_PEAKMETER2, 0, peak), STATUS_SUCCESS);
        EXPECT_EQ(peak, 1000);
        EXPECT_EQ(get_channel(pin, KSPROPSETID_Audio, KSPROPERTY_AUDIO_PEAKMETER2, 0, peak), STATUS_SUCCESS);
        EXPECT_EQ(peak, 0) << "R-PROP-26";
        EXPECT_EQ(get_channel(filter_, KSPROPSETID_Audio, KSPROPERTY_AUDIO_PEAKMETER2, 0, peak), STATUS_SUCCESS);
        EXPECT_EQ(peak, 77);
        EXPECT_EQ(get_channel(pin, KSPROPSETID_Audio, KSPROPERTY_AUDIO_VOLUMELEVEL, 2, volume),
                  STATUS_INVALID_PARAMETER)
            << "two channels";
    });
}

// Shows KSPROPERTY_AUDIOENGINE_LFXENABLE, KSPROPERTY_AUDIOENGINE_GFXENABLE.
TEST_F(WaveRtOffload, EffectsAreSwitchedPerStreamAndPerDevice_R_OFF_02) {
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        BOOL enabled = FALSE;
        EXPECT_EQ(set_node(pin, KSPROPSETID_AudioEngine, KSPROPERTY_AUDIOENGINE_LFXENABLE, BOOL{FALSE}),
                  STATUS_SUCCESS);
        EXPECT_EQ(get_node(filter_, KSPROPSETID_AudioEngine, KSPROPERTY_AUDIOENGINE_GFXENABLE, enabled),
                  STATUS_SUCCESS);
        EXPECT_TRUE(enabled);
        EXPECT_EQ(get_node(pin, KSPROPSETID_AudioEngine, KSPROPERTY_AUDIOENGINE_LFXENABLE, enabled), STATUS_SUCCESS);
        EXPECT_FALSE(enabled);
        EXPECT_EQ(get_node(filter_, KSPROPSETID_AudioEngine, KSPROPERTY_AUDIOENGINE_LFXENABLE, enabled),
                  STATUS_NOT_SUPPORTED)
            << "too little addressing";
        EXPECT_EQ(get_node(pin, KSPROPSETID_AudioEngine, KSPROPERTY_AUDIOENGINE_GFXENABLE, enabled), STATUS_SUCCESS)
            << "R-PROP-16: more addressing than needed";
    });
}

// Shows KSPROPERTY_AUDIOENGINE_DEVICEFORMAT, KSPROPERTY_AUDIOENGINE_SUPPORTEDDEVICEFORMATS.
TEST_F(WaveRtOffload, FormatsAreSizedFirst_R_OFF_03) {
    start();
    inside([&] {
        const auto mix = node_request(KSPROPSETID_AudioEngine, KSPROPERTY_AUDIOENGINE_MIXFORMAT, KSPROPERTY_TYPE_GET);
        EXPECT_EQ(send_without_value(filter_, mix), STATUS_BUFFER_OVERFLOW);
        EXPECT_EQ(information_, sizeof(KSDATAFORMAT_WAVEFORMATEX));
        EXPECT_TRUE(script_.noted("GetEngineFormatSize 0"));
        EXPECT_FALSE(script_.noted("GetMixFormat 82"));
        ULONG little = 0;
        EXPECT_EQ(send(filter_, mix, little), STATUS_BUFFER_TOO_SMALL);
        KSDATAFORMAT_WAVEFORMATEX format = {};
        ASSERT_EQ(send(filter_, mix, format), STATUS_SUCCESS);
        EXPECT_EQ(format.WaveFormatEx.nSamplesPerSec, 48000u);

        format.WaveFormatEx.nSamplesPerSec = 44100;
        format.WaveFormatEx.nAvgBytesPerSec = 44100 * frame_bytes;
        EXPECT_EQ(set_node(filter_, KSPROPSETID_AudioEngine, KSPROPERTY_AUDIOENGINE_DEVICEFORMAT, format),
                  STATUS_SUCCESS);
        KSDATAFORMAT_WAVEFORMATEX device = {};
        EXPECT_EQ(get_node(filter_, KSPROPSETID_AudioEngine, KSPROPERTY_AUDIOENGINE_DEVICEFORMAT, device),
                  STATUS_SUCCESS);
        EXPECT_EQ(device.WaveFormatEx.nSamplesPerSec, 44100u);
        format.DataFormat.FormatSize = 4096;
        EXPECT_FALSE(
            NT_SUCCESS(set_node(filter_, KSPROPSETID_AudioEngine, KSPROPERTY_AUDIOENGINE_DEVICEFORMAT, format)))
            << "longer than the buffer it came in";

        const auto supported =
            node_request(KSPROPSETID_AudioEngine, KSPROPERTY_AUDIOENGINE_SUPPORTEDDEVICEFORMATS, KSPROPERTY_TYPE_GET);
        KSMULTIPLE_ITEM header = {};
        EXPECT_EQ(send(filter_, supported, header), STATUS_SUCCESS);
        EXPECT_EQ(header.Count, 2u);
        std::vector<UCHAR> list(header.Size);
        EXPECT_EQ(send(filter_, &supported, sizeof(supported), list.data(), header.Size), STATUS_SUCCESS);
        EXPECT_EQ(information_, header.Size);
    });
}

// Shows KSPROPERTY_AUDIOENGINE_BUFFER_SIZE_RANGE.
TEST_F(WaveRtOffload, BufferSizeRangeDependsOnTheFormat) {
    start();
    inside([&] {
        struct {
            KSP_NODE node;
            KSDATAFORMAT_WAVEFORMATEX format;
        } in = {node_request(KSPROPSETID_AudioEngine, KSPROPERTY_AUDIOENGINE_BUFFER_SIZE_RANGE, KSPROPERTY_TYPE_GET),
                connection(render_pin).format};
        KSAUDIOENGINE_BUFFER_SIZE_RANGE range = {};
        ASSERT_EQ(send(filter_, in, range), STATUS_SUCCESS);
        EXPECT_EQ(range.MinBufferBytes, byte_rate / 100);
        EXPECT_EQ(range.MaxBufferBytes, byte_rate);
        EXPECT_EQ(send(filter_, in.node, range), STATUS_INVALID_BUFFER_SIZE) << "no format";
        in.format.DataFormat.FormatSize = sizeof(KSDATAFORMAT);
        EXPECT_FALSE(NT_SUCCESS(send(filter_, in, range))) << "no wave format in it";
    });
}

TEST_F(WaveRtOffload, VolumeCurvesReachTheStream_R_OFF_04_R_PROP_15) {
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        const KSAUDIOENGINE_VOLUMELEVEL level = {-6 * 0x10000, AUDIO_CURVE_TYPE_WINDOWS_FADE, 1'000'000};
        EXPECT_EQ(set_channel(pin, KSPROPSETID_AudioEngine, KSPROPERTY_AUDIOENGINE_VOLUMELEVEL, 0xFFFFFFFF, level),
                  STATUS_SUCCESS);
        EXPECT_TRUE(script_.noted("SetStreamChannelVolume 4294967295 curve 1 1000000"));
        LONG volume = 0;
        EXPECT_EQ(get_channel(pin, KSPROPSETID_AudioEngine, KSPROPERTY_AUDIOENGINE_VOLUMELEVEL, 1, volume),
                  STATUS_SUCCESS);
        EXPECT_EQ(volume, -6 * 0x10000);
        EXPECT_EQ(get_channel(pin, KSPROPSETID_AudioEngine, KSPROPERTY_AUDIOENGINE_VOLUMELEVEL, 0xFFFFFFFF, volume),
                  STATUS_INVALID_PARAMETER)
            << "which one?";
        KSAUDIOENGINE_VOLUMELEVEL unknown_curve = level;
        unknown_curve.CurveType = static_cast<AUDIO_CURVE_TYPE>(2);
        EXPECT_EQ(set_channel(pin, KSPROPSETID_AudioEngine, KSPROPERTY_AUDIOENGINE_VOLUMELEVEL, 0, unknown_curve),
                  STATUS_INVALID_PARAMETER);
        EXPECT_EQ(set_channel(pin, KSPROPSETID_AudioEngine, KSPROPERTY_AUDIOENGINE_VOLUMELEVEL, 0, LONG{0}),
                  STATUS_BUFFER_TOO_SMALL)
            << "a set carries the curve too";
    });
}

TEST_F(WaveRtOffload, BasicSupportDescribesEachChannel_R_PROP_11_R_PROP_13) {
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        const auto property =
            channel_request(KSPROPSETID_Audio, KSPROPERTY_AUDIO_VOLUMELEVEL, KSPROPERTY_TYPE_BASICSUPPORT, 0);
        for (FILE_OBJECT* file : {pin, filter_}) {
            ULONG flags = 0;
            EXPECT_EQ(send(file, property, flags), STATUS_SUCCESS);
            EXPECT_EQ(flags, KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_SET | KSPROPERTY_TYPE_BASICSUPPORT);
            KSPROPERTY_DESCRIPTION description = {};
            EXPECT_EQ(send(file, property, description), STATUS_SUCCESS);
            struct {
                KSPROPERTY_DESCRIPTION description;
                KSPROPERTY_MEMBERSHEADER members;
                KSPROPERTY_STEPPING_LONG steppings[2];
            } full = {};
            EXPECT_EQ(description.DescriptionSize, sizeof(full));
            ASSERT_EQ(send(file, property, full), STATUS_SUCCESS);
            EXPECT_EQ(information_, sizeof(full));
            EXPECT_EQ(full.description.MembersListCount, 1u);
            EXPECT_EQ(full.members.MembersFlags, static_cast<ULONG>(KSPROPERTY_MEMBER_STEPPEDRANGES));
            EXPECT_EQ(full.members.MembersCount, 2u);
            EXPECT_EQ(full.members.Flags, static_cast<ULONG>(KSPROPERTY_MEMBER_FLAG_BASICSUPPORT_MULTICHANNEL));
            EXPECT_EQ(full.steppings[1].Bounds.SignedMinimum, -96 * 0x10000);
            ULONGLONG odd = 0;
            EXPECT_EQ(send(file, property, odd), STATUS_BUFFER_TOO_SMALL);
        }
    });
}

// Shows KSPROPERTY_AUDIO_WAVERT_CURRENT_WRITE_POSITION.
TEST_F(WaveRtOffload, WritePositionsAndTheDuplicateGlitch_R_OFF_05_X_15) {
    start();
    inside([&] {
        struct Recorder final : machine::Observer {
            void on_event(const machine::TraceEvent& event) override {
                glitches += event.kind == machine::EventKind::glitch;
            }
            int glitches = 0;
        } recorder;
        FILE_OBJECT* pin = open_pin();
        machine_.add_observer(recorder);
        constexpr ULONG id = KSPROPERTY_AUDIO_WAVERT_CURRENT_WRITE_POSITION;
        EXPECT_EQ(set_node(pin, KSPROPSETID_Audio, id, ULONG{1920}), STATUS_SUCCESS);
        EXPECT_EQ(set_node(pin, KSPROPSETID_Audio, id, ULONG{3840}), STATUS_SUCCESS);
        EXPECT_EQ(recorder.glitches, 0);
        EXPECT_EQ(set_node(pin, KSPROPSETID_Audio, id, ULONG{3840}), STATUS_SUCCESS);
        EXPECT_EQ(recorder.glitches, 1) << "reported by the driver through IPortClsEtwHelper";
        EXPECT_TRUE(script_.noted("SetStreamCurrentWritePosition 3840"));
        machine_.remove_observer(recorder);
        EXPECT_EQ(set_node(filter_, KSPROPSETID_Audio, id, ULONG{0}), STATUS_NOT_SUPPORTED);
    });
}

// Shows KSPROPERTY_AUDIO_WAVERT_CURRENT_WRITE_LASTBUFFER_POSITION.
TEST_F(WaveRtOffload, LastBuffer_R_OFF_07) {
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        EXPECT_EQ(
            set_node(pin, KSPROPSETID_Audio, KSPROPERTY_AUDIO_WAVERT_CURRENT_WRITE_LASTBUFFER_POSITION, ULONG{960}),
            STATUS_SUCCESS);
        EXPECT_TRUE(script_.noted("LastBuffer 960"));
    });
}

TEST_F(WaveRtOffload, PositionsOfTheStream) {
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        KSRTAUDIO_BUFFER buffer = {};
        ASSERT_EQ(get_buffer(pin, byte_rate / 50, buffer), STATUS_SUCCESS);
        run(pin);
        machine_.run_for(25 * millisecond);
        ULONGLONG linear = 0;
        EXPECT_EQ(get_node(pin, KSPROPSETID_Audio, KSPROPERTY_AUDIO_LINEAR_BUFFER_POSITION, linear), STATUS_SUCCESS);
        EXPECT_EQ(linear, byte_rate / 40) << "X-21: 64 bits, not reduced to the buffer";
        KSAUDIO_PRESENTATION_POSITION presentation = {};
        EXPECT_EQ(get_node(pin, KSPROPSETID_Audio, KSPROPERTY_AUDIO_PRESENTATION_POSITION, presentation),
                  STATUS_SUCCESS);
        EXPECT_EQ(presentation.u64PositionInBlocks, sample_rate / 40 - 12);
    });
}

TEST_F(WaveRtOffload, LoopbackProtection) {
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        constexpr ULONG id = KSPROPERTY_AUDIOENGINE_LOOPBACK_PROTECTION;
        EXPECT_EQ(set_node(pin, KSPROPSETID_AudioEngine, id, ULONG{CONSTRICTOR_OPTION_MUTE}), STATUS_SUCCESS);
        EXPECT_TRUE(script_.noted("SetStreamLoopbackProtection 1"));
        EXPECT_EQ(set_node(pin, KSPROPSETID_AudioEngine, id, ULONG{2}), STATUS_INVALID_PARAMETER);
    });
}

TEST_F(WaveRtOffload, ProcessingModes_R_OFF_08_R_OFF_09) {
    start();
    inside([&] {
        KSP_PIN property = {};
        property.Property =
            request(KSPROPSETID_AudioSignalProcessing, KSPROPERTY_AUDIOSIGNALPROCESSING_MODES, KSPROPERTY_TYPE_GET);
        property.PinId = render_pin;
        struct {
            KSMULTIPLE_ITEM header;
            GUID modes[2];
        } answer = {};
        EXPECT_EQ(send_without_value(filter_, property), STATUS_BUFFER_OVERFLOW);
        EXPECT_EQ(information_, sizeof(answer));
        ASSERT_EQ(send(filter_, property, answer), STATUS_SUCCESS);
        EXPECT_EQ(answer.header.Count, 2u);
        EXPECT_EQ(answer.header.Size, sizeof(answer));
        EXPECT_TRUE(IsEqualGUID(answer.modes[0], AUDIO_SIGNALPROCESSINGMODE_RAW));
        EXPECT_TRUE(IsEqualGUID(answer.modes[1], AUDIO_SIGNALPROCESSINGMODE_DEFAULT));
        property.PinId = bridge_pin;
        KSMULTIPLE_ITEM none = {1, 1};
        EXPECT_EQ(send(filter_, property, none), STATUS_SUCCESS);
        EXPECT_EQ(none.Count, 0u);
        property.PinId = pin_count;
        EXPECT_EQ(send(filter_, property, answer), STATUS_INVALID_PARAMETER);
    });
}

TEST_F(WaveRtOffload, RightsComeFromTheKernelOnly_R_DRM_04_R_DRM_05) {
    script_.drm = true;
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        auto property = request(KSPROPSETID_DrmAudioStream, KSPROPERTY_DRMAUDIOSTREAM_CONTENTID, KSPROPERTY_TYPE_SET);
        const ULONG id = portcls::PortClsSystem::current().drm().create({TRUE, 0, FALSE});
        KSDRMAUDIOSTREAM_CONTENTID content = {id, {}};
        EXPECT_EQ(send(pin, property, content), STATUS_INVALID_DEVICE_REQUEST);
        EXPECT_EQ(send(pin, property, content, KernelMode), STATUS_SUCCESS);
        EXPECT_TRUE(script_.noted("SetContentId " + std::to_string(id) + " protected"));
        content.ContentId = 77;
        EXPECT_EQ(send(pin, property, content, KernelMode), STATUS_INVALID_PARAMETER) << "nobody knows its rights";
        content.ContentId = id;
        script_.set_content_status = STATUS_NOT_IMPLEMENTED;
        EXPECT_EQ(send(pin, property, content, KernelMode), STATUS_NOT_IMPLEMENTED);
        script_.drm = false;
        FILE_OBJECT* plain = open_pin();
        EXPECT_EQ(send(plain, property, content, KernelMode), STATUS_NOT_IMPLEMENTED);
    });
}

TEST_F(WaveRtOffload, ModuleNotificationsReachThoseWhoRegistered_R_OFF_10_X_05) {
    start();
    inside([&] {
        struct Listener {
            static NTSTATUS NTAPI heard(PVOID structure, PVOID context) {
                auto* change = static_cast<TARGET_DEVICE_CUSTOM_NOTIFICATION*>(structure);
                if (change->Event == KSNOTIFICATIONID_AudioModule) {
                    auto& text = *static_cast<std::string*>(context);
                    text.assign(reinterpret_cast<const char*>(change->CustomDataBuffer), 6);
                }
                return STATUS_SUCCESS;
            }
        };
        std::string heard;
        PVOID registration = nullptr;
        ASSERT_EQ(IoRegisterPlugPlayNotification(EventCategoryTargetDeviceChange, 0, filter_,
                                                 script_.functional_device->DriverObject, Listener::heard, &heard,
                                                 &registration),
                  STATUS_SUCCESS);
        IPortClsNotifications* notifications = nullptr;
        ASSERT_EQ(script_.port->QueryInterface(IID_IPortClsNotifications, reinterpret_cast<PVOID*>(&notifications)),
                  STATUS_SUCCESS);
        PPCNOTIFICATION_BUFFER buffer = nullptr;
        ASSERT_EQ(notifications->AllocNotificationBuffer(NonPagedPoolNx, 6, &buffer), STATUS_SUCCESS);
        std::memcpy(buffer->NotificationBuffer, "module", 6);
        const GUID id = KSNOTIFICATIONID_AudioModule;
        notifications->SendNotification(&id, buffer);
        machine_.run_for(millisecond);
        EXPECT_EQ(heard, "module");
        notifications->AllocNotificationBuffer(NonPagedPoolNx, 6, &buffer);
        notifications->FreeNotificationBuffer(buffer);
        notifications->Release();
        IoUnregisterPlugPlayNotification(registration);
    });
}

TEST_F(WaveRtOffload, StreamResourcesByInterface_R_WRT_30_R_WRT_31) {
    start();
    inside([&] {
        IPortClsStreamResourceManager2* manager = nullptr;
        ASSERT_EQ(script_.port->QueryInterface(IID_IPortClsStreamResourceManager2, reinterpret_cast<PVOID*>(&manager)),
                  STATUS_SUCCESS);
        PCSTREAMRESOURCE_DESCRIPTOR descriptor;
        PCSTREAMRESOURCE_DESCRIPTOR_INIT(&descriptor);
        int interrupt = 0;
        descriptor.Type = ePcStreamResourceInterrupt;
        descriptor.Resource.Interrupt.Generic = &interrupt;
        PCSTREAMRESOURCE handle = nullptr;
        EXPECT_EQ(manager->AddStreamResource(nullptr, &descriptor, &handle), STATUS_SUCCESS);
        EXPECT_EQ(manager->RemoveStreamResource(handle), STATUS_SUCCESS);
        EXPECT_EQ(manager->AddStreamResource2(node_->pdo(), nullptr, &descriptor, &handle), STATUS_SUCCESS);
        EXPECT_EQ(manager->RemoveStreamResource(handle), STATUS_SUCCESS);
        EXPECT_EQ(manager->AddStreamResource(manager, &descriptor, &handle), STATUS_INVALID_PARAMETER);
        manager->Release();
    });
}

} // namespace wavert_test
