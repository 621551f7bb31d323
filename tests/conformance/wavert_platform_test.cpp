// What the port asks its miniport for, on which release, and how streams live with rebalancing and power.
#include "portcls/portcls_system.h"
#include "wavert_fixture.h"

namespace wavert_test {

class WaveRtPlatform : public WaveRtTest {
protected:
    static bool contains(const std::vector<GUID>& list, const GUID& id) {
        return std::any_of(list.begin(), list.end(), [&](const GUID& each) { return IsEqualGUID(each, id) != 0; });
    }
    void be(portcls::WindowsVersion version) {
        executive::install(machine_);
        machine_.enter([&] { portcls::PortClsSystem::current().set_windows_version(version); });
        installed_ = true;
    }
    NTSTATUS map_position_register(FILE_OBJECT* pin) {
        KSRTAUDIO_HWREGISTER_PROPERTY property = {};
        KSRTAUDIO_HWREGISTER mapped = {};
        property.Property = request(KSPROPSETID_RtAudio, KSPROPERTY_RTAUDIO_POSITIONREGISTER, KSPROPERTY_TYPE_GET);
        return send(pin, property, mapped);
    }

    ULONGLONG register_memory_ = 0;
};

TEST_F(WaveRtPlatform, OptionalInterfacesOfTheMiniport_R_INIT_09) {
    start();
    for (const GUID& id : {IID_IPinCount, IID_IPinName, IID_IPowerNotify, IID_IMiniportPnpNotify,
                           IID_IMiniportAudioEngineNode, IID_IMiniportAudioSignalProcessing}) {
        EXPECT_TRUE(contains(script_.asked_of_miniport, id)) << std::hex << id.Data1;
    }
}

TEST_F(WaveRtPlatform, OptionalInterfacesOfTheStream_R_INIT_10) {
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        for (const GUID& id :
             {IID_IMiniportWaveRTStreamNotification, IID_IMiniportWaveRTInputStream, IID_IMiniportWaveRTOutputStream,
              IID_IMiniportStreamAudioEngineNode, IID_IMiniportStreamAudioEngineNode2}) {
            EXPECT_TRUE(contains(script_.asked_of_stream, id)) << std::hex << id.Data1;
        }
        KSDRMAUDIOSTREAM_CONTENTID content = {};
        send(pin, request(KSPROPSETID_DrmAudioStream, KSPROPERTY_DRMAUDIOSTREAM_CONTENTID, KSPROPERTY_TYPE_SET),
             content, KernelMode);
        EXPECT_TRUE(contains(script_.asked_of_stream, IID_IDrmAudioStream));
        ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD3));
        EXPECT_TRUE(contains(script_.asked_of_stream, IID_IPowerNotify));
        ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD0));
    });
}

// A driver that offers more than the release knows runs there, because it is asked only for what the release knows.
TEST_F(WaveRtPlatform, NewerInterfacesAreNotAskedForOnVista_R_VER_03) {
    script_.packets = script_.device_engine = script_.engine = script_.engine2 = true;
    be(portcls::WindowsVersion::vista);
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        EXPECT_FALSE(contains(script_.asked_of_stream, IID_IMiniportWaveRTOutputStream));
        EXPECT_FALSE(contains(script_.asked_of_stream, IID_IMiniportStreamAudioEngineNode));
        EXPECT_FALSE(contains(script_.asked_of_miniport, IID_IMiniportAudioEngineNode));
        ULONG count = 0;
        EXPECT_EQ(get(pin, KSPROPSETID_RtAudio, KSPROPERTY_RTAUDIO_PACKETCOUNT, count), STATUS_NOT_FOUND)
            << "Windows 10";
        BOOL answer = FALSE;
        EXPECT_EQ(get(pin, KSPROPSETID_RtAudio, KSPROPERTY_RTAUDIO_QUERY_NOTIFICATION_SUPPORT, answer),
                  STATUS_NOT_FOUND)
            << "Windows 7";
        IUnknown* none = nullptr;
        EXPECT_EQ(script_.port->QueryInterface(IID_IPortClsEtwHelper, reinterpret_cast<PVOID*>(&none)),
                  STATUS_INVALID_PARAMETER);
        KSRTAUDIO_BUFFER buffer = {};
        EXPECT_EQ(get_buffer_with_notification(pin, 4096, 2, buffer), STATUS_SUCCESS) << "there since Vista";
    });
}

TEST_F(WaveRtPlatform, BeforeVistaThereIsNoWaveRt) {
    be(portcls::WindowsVersion::xp_sp2);
    inside([&] {
        IPort* port = nullptr;
        EXPECT_EQ(PcNewPort(&port, CLSID_PortWaveRT), STATUS_INVALID_PARAMETER) << "like any class that nobody knows";
        EXPECT_EQ(port, nullptr);
    });
}

TEST_F(WaveRtPlatform, TheFilterIsFoundAsRealtime_R_SUB_07) {
    start();
    inside([&] {
        for (const GUID& category : {GUID(KSCATEGORY_AUDIO), GUID(KSCATEGORY_RENDER), GUID(KSCATEGORY_REALTIME)}) {
            EXPECT_EQ(executive::Kernel::current().interfaces.enumerate(&category).size(), 1u);
        }
    });
}

TEST_F(WaveRtPlatform, PowerHandlersRunAtPassiveLevel_R_PWR_10) {
    script_.power_notify = true;
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        run(pin);
        ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD3));
        EXPECT_EQ(script_.power_irql, PASSIVE_LEVEL);
        ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD0));
    });
}

TEST_F(WaveRtPlatform, AMappedRegisterForbidsRebalancingWithoutPackets_R_PNP_02) {
    script_.rebalance = true;
    script_.position_register = {&register_memory_, 64, 0, 0, 4};
    start();
    inside([&] {
        EXPECT_TRUE(manager_->query_stop(*node_)) << "no streams";
        EXPECT_TRUE(manager_->cancel_stop(*node_));
        FILE_OBJECT* pin = open_pin();
        run(pin);
        EXPECT_TRUE(manager_->query_stop(*node_)) << "a stream whose client reads no register";
        EXPECT_TRUE(manager_->cancel_stop(*node_));
        ASSERT_EQ(map_position_register(pin), STATUS_SUCCESS);
        EXPECT_FALSE(manager_->query_stop(*node_));
        close_pin(pin);

        script_.packets = true;
        pin = open_pin();
        run(pin);
        ASSERT_EQ(map_position_register(pin), STATUS_SUCCESS);
        EXPECT_TRUE(manager_->query_stop(*node_)) << "with packets the client can do without";
        EXPECT_TRUE(manager_->cancel_stop(*node_));
    });
}

// R-PNP-05: IMiniportPnpNotify::PnpStop of each subdevice, then the adapter's.
TEST_F(WaveRtPlatform, MiniportsStopBeforeTheAdapter_R_PNP_05) {
    script_.rebalance = true;
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        run(pin);
        script_.journal.clear();
        ASSERT_TRUE(manager_->stop(*node_));
        EXPECT_EQ(script_.text(), "PnpQueryStop\nSetState PAUSE\nSetState ACQUIRE\nSetState STOP\n"
                                  "miniport PnpStop\nadapter PnpStop\n");
        close_pin(pin);
        executive::close_file(filter_);
        filter_ = nullptr;
    });
}

// The handle may be closed before or after the device stops; either way each thing is freed once.
TEST_F(WaveRtPlatform, CloseAfterStop_R_PNP_06_R_PNP_09) {
    script_.rebalance = true;
    start();
    inside([&] {
        FILE_OBJECT* early = open_pin();
        FILE_OBJECT* late = open_pin();
        KSRTAUDIO_BUFFER buffer = {};
        ASSERT_EQ(get_buffer(early, 4096, buffer), STATUS_SUCCESS);
        ASSERT_EQ(get_buffer_with_notification(late, 8192, 2, buffer), STATUS_SUCCESS);
        HANDLE event = create_event();
        ASSERT_EQ(register_event(late, event), STATUS_SUCCESS);
        run(early);
        run(late);
        close_pin(early);
        EXPECT_TRUE(script_.noted("FreeAudioBuffer 4096"));
        script_.journal.clear();
        ASSERT_TRUE(manager_->stop(*node_));
        const auto when = [&](const char* what) { return std::ranges::find(script_.journal, what); };
        EXPECT_TRUE(script_.noted("SetState STOP"));
        EXPECT_TRUE(script_.noted("adapter PnpStop"));
        EXPECT_LT(when("SetState STOP"), when("adapter PnpStop"));
        EXPECT_EQ(script_.streams_alive, 1u) << "the stop does not wait for stream objects";
        EXPECT_FALSE(script_.noted("FreeBufferWithNotification 8192"));
        std::memset(buffer.BufferAddress, 1, buffer.ActualBufferSize);
        EXPECT_FALSE(NT_SUCCESS(set_state(late, KSSTATE_RUN))) << "R-PNP-07";
        close_pin(late);
        EXPECT_TRUE(script_.noted("UnregisterNotificationEvent"));
        EXPECT_TRUE(script_.noted("FreeBufferWithNotification 8192"));
        EXPECT_EQ(script_.streams_alive, 0u);
        ZwClose(event);
        executive::close_file(filter_);
        filter_ = nullptr;
    });
}

} // namespace wavert_test
