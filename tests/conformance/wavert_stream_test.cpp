// Streams, registers, positions, power and removal: R-WRT-01, 09, 15 to 19, R-STATE, R-PNP-08.
#include "wavert_fixture.h"

namespace wavert_test {

class WaveRtStream : public WaveRtTest {};

// Shows WaveRT port: the one of PcNewPort asks its miniport for streams.
TEST_F(WaveRtStream, NewStreamGetsPinDirectionFormatAndThePortStream_R_WRT_01) {
    start();
    inside([&] {
        open_pin(render_pin);
        EXPECT_TRUE(script_.noted("NewStream pin 0 render 48000"));
        IUnknown* same = nullptr;
        auto& port_stream = script_.stream().port_stream();
        ASSERT_EQ(port_stream.QueryInterface(IID_IPortWaveRTStream, reinterpret_cast<PVOID*>(&same)), STATUS_SUCCESS);
        same->Release();
        FILE_OBJECT* capture = nullptr;
        ASSERT_EQ(open_pin(capture_pin, capture, 44100), STATUS_SUCCESS);
        EXPECT_TRUE(script_.noted("NewStream pin 1 capture 44100"));
    });
}

TEST_F(WaveRtStream, AFailedNewStreamFailsTheOpen) {
    start();
    inside([&] {
        FILE_OBJECT* pin = nullptr;
        script_.new_stream_status = STATUS_INSUFFICIENT_RESOURCES;
        EXPECT_EQ(open_pin(render_pin, pin), STATUS_INSUFFICIENT_RESOURCES);
        script_.new_stream_status = STATUS_SUCCESS;
        script_.new_stream_without_object = true;
        EXPECT_EQ(open_pin(render_pin, pin), STATUS_UNSUCCESSFUL);
        script_.new_stream_without_object = false;
        EXPECT_EQ(open_pin(render_pin, pin), STATUS_SUCCESS) << "nothing was left occupied";
    });
}

TEST_F(WaveRtStream, ANewStreamIsInStopAtZero_R_STATE_02) {
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        KSSTATE state = KSSTATE_RUN;
        EXPECT_EQ(get(pin, KSPROPSETID_Connection, KSPROPERTY_CONNECTION_STATE, state), STATUS_SUCCESS);
        EXPECT_EQ(state, KSSTATE_STOP);
        KSRTAUDIO_BUFFER buffer = {};
        ASSERT_EQ(get_buffer(pin, twenty_milliseconds, buffer), STATUS_SUCCESS);
        machine_.run_for(5 * millisecond);
        EXPECT_EQ(position(pin).PlayOffset, 0u);
        run(pin);
        machine_.run_for(5 * millisecond);
        EXPECT_NE(position(pin).PlayOffset, 0u);
        // Another stream knows nothing of this one's.
        FILE_OBJECT* other = open_pin();
        ASSERT_EQ(get_buffer(other, twenty_milliseconds, buffer), STATUS_SUCCESS);
        EXPECT_EQ(position(other).PlayOffset, 0u);
    });
}

TEST_F(WaveRtStream, PositionMovesOnlyInRun_R_WRT_09_R_STATE_04) {
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        KSRTAUDIO_BUFFER buffer = {};
        ASSERT_EQ(get_buffer(pin, twenty_milliseconds, buffer), STATUS_SUCCESS);
        EXPECT_EQ(position(pin).PlayOffset, 0u) << "R-STATE-02";
        EXPECT_EQ(set_state(pin, KSSTATE_PAUSE), STATUS_SUCCESS);
        machine_.run_for(5 * millisecond);
        EXPECT_EQ(position(pin).PlayOffset, 0u);
        run(pin);
        machine_.run_for(5 * millisecond);
        EXPECT_EQ(position(pin).PlayOffset, byte_rate / 200);
        EXPECT_EQ(set_state(pin, KSSTATE_PAUSE), STATUS_SUCCESS);
        const auto frozen = position(pin).PlayOffset;
        machine_.run_for(5 * millisecond);
        EXPECT_EQ(position(pin).PlayOffset, frozen);
        run(pin);
        machine_.run_for(20 * millisecond);
        EXPECT_EQ(position(pin).PlayOffset, frozen) << "once around the cyclic buffer";
        EXPECT_EQ(set_state(pin, KSSTATE_STOP), STATUS_SUCCESS);
        EXPECT_EQ(position(pin).PlayOffset, 0u);
    });
}

TEST_F(WaveRtStream, MissingStepsAreInserted_R_STATE_01) {
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        script_.journal.clear();
        run(pin);
        EXPECT_EQ(script_.text(), "SetState ACQUIRE\nSetState PAUSE\nSetState RUN\n");
        script_.journal.clear();
        EXPECT_EQ(set_state(pin, KSSTATE_STOP), STATUS_SUCCESS);
        EXPECT_EQ(script_.text(), "SetState PAUSE\nSetState ACQUIRE\nSetState STOP\n");
    });
}

// Shows KSPROPERTY_AUDIO_POSITION.
TEST_F(WaveRtStream, BothOffsetsComeFromTheDriver_R_WRT_17) {
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        KSRTAUDIO_BUFFER buffer = {};
        ASSERT_EQ(get_buffer(pin, twenty_milliseconds, buffer), STATUS_SUCCESS);
        run(pin);
        machine_.run_for(5 * millisecond);
        const KSAUDIO_POSITION now = position(pin);
        EXPECT_EQ(now.PlayOffset, byte_rate / 200);
        EXPECT_EQ(now.WriteOffset, 3 * byte_rate / 200);
        KSAUDIO_POSITIONEX extended = {};
        ASSERT_EQ(get(pin, KSPROPSETID_Audio, KSPROPERTY_AUDIO_POSITIONEX, extended), STATUS_SUCCESS);
        EXPECT_EQ(extended.Position.PlayOffset, now.PlayOffset);
        EXPECT_LE(extended.TimeStamp1.QuadPart, extended.TimeStamp2.QuadPart);
        LARGE_INTEGER frequency;
        KeQueryPerformanceCounter(&frequency);
        EXPECT_EQ(extended.TimerFrequency.QuadPart, frequency.QuadPart);
    });
}

TEST_F(WaveRtStream, HardwareLatencyCannotFail_R_WRT_16) {
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        KSRTAUDIO_HWLATENCY latency = {};
        EXPECT_EQ(get(pin, KSPROPSETID_RtAudio, KSPROPERTY_RTAUDIO_HWLATENCY, latency), STATUS_SUCCESS);
        EXPECT_EQ(latency.FifoSize, 64u);
        EXPECT_EQ(latency.ChipsetDelay, 100u);
        EXPECT_EQ(latency.CodecDelay, 2500u);
    });
}

// Shows KSPROPERTY_RTAUDIO_POSITIONREGISTER, KSPROPERTY_RTAUDIO_CLOCKREGISTER.
TEST_F(WaveRtStream, RegistersAreMappedOncePerPin_R_WRT_15) {
    volatile ULONG position_memory = 1234;
    volatile ULONGLONG clock_memory = 5678;
    script_.position_register = {const_cast<ULONG*>(&position_memory), 32, 0, 0, 4};
    script_.clock_register = {const_cast<ULONGLONG*>(&clock_memory), 64, 24'000'000, 1, 1};
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        KSRTAUDIO_HWREGISTER_PROPERTY property = {};
        KSRTAUDIO_HWREGISTER mapped = {};
        property.Property = request(KSPROPSETID_RtAudio, KSPROPERTY_RTAUDIO_POSITIONREGISTER, KSPROPERTY_TYPE_GET);
        ASSERT_EQ(send(pin, property, mapped), STATUS_SUCCESS);
        EXPECT_EQ(mapped.Width, 32u);
        EXPECT_EQ(mapped.Accuracy, 4u);
        EXPECT_EQ(*static_cast<volatile ULONG*>(mapped.Register), 1234u);
        EXPECT_EQ(send(pin, property, mapped), STATUS_UNSUCCESSFUL) << "a second request fails";

        property.Property.Id = KSPROPERTY_RTAUDIO_CLOCKREGISTER;
        ASSERT_EQ(send(pin, property, mapped), STATUS_SUCCESS);
        EXPECT_EQ(mapped.Numerator, 24'000'000u);
        EXPECT_EQ(*static_cast<volatile ULONGLONG*>(mapped.Register), 5678u);
        EXPECT_EQ(send(pin, property, mapped), STATUS_UNSUCCESSFUL);

        close_pin(pin);
        pin = open_pin();
        EXPECT_EQ(send(pin, property, mapped), STATUS_SUCCESS) << "the mapping dies with the pin";
    });
}

TEST_F(WaveRtStream, ARegisterThatCannotBeMappedIsRefused_R_WRT_15) {
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        KSRTAUDIO_HWREGISTER_PROPERTY property = {};
        KSRTAUDIO_HWREGISTER mapped = {};
        property.Property = request(KSPROPSETID_RtAudio, KSPROPERTY_RTAUDIO_POSITIONREGISTER, KSPROPERTY_TYPE_GET);
        EXPECT_EQ(send(pin, property, mapped), STATUS_NOT_SUPPORTED) << "the driver has none";
        script_.position_register = {nullptr, 32, 0, 0, 4};
        EXPECT_EQ(send(pin, property, mapped), STATUS_NOT_SUPPORTED) << "no address";
        ULONG memory = 0;
        script_.position_register = {&memory, 16, 0, 0, 4};
        EXPECT_EQ(send(pin, property, mapped), STATUS_NOT_SUPPORTED) << "neither 32 nor 64 bits";
        PHYSICAL_ADDRESS base;
        base.QuadPart = 0xFEBF'0000;
        void* const registers = MmMapIoSpace(base, PAGE_SIZE, MmNonCached);
        ASSERT_NE(registers, nullptr);
        script_.position_register = {registers, 32, 0, 0, 4};
        EXPECT_EQ(send(pin, property, mapped), STATUS_NOT_SUPPORTED) << "a simulated device's, which is no memory";
        script_.clock_register = {registers, 64, 1, 1, 1};
        property.Property.Id = KSPROPERTY_RTAUDIO_CLOCKREGISTER;
        EXPECT_EQ(send(pin, property, mapped), STATUS_NOT_SUPPORTED);
        property.Property.Id = KSPROPERTY_RTAUDIO_POSITIONREGISTER;
        MmUnmapIoSpace(registers, PAGE_SIZE);
        EXPECT_EQ(position(pin).PlayOffset, 0u) << "the client asks for the position instead";
        script_.position_register = {&memory, 32, 0, 0, 4};
        EXPECT_EQ(send(pin, property, mapped), STATUS_SUCCESS) << "refusals do not use up the one mapping";
    });
}

TEST_F(WaveRtStream, FormatChangesReachTheStream_R_WRT_18_R_FMT_16) {
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        auto set_format = [&](ULONG rate) {
            const auto property =
                request(KSPROPSETID_Connection, KSPROPERTY_CONNECTION_DATAFORMAT, KSPROPERTY_TYPE_SET);
            KSDATAFORMAT_WAVEFORMATEX format = connection(render_pin, rate).format;
            return send(pin, property, format);
        };
        EXPECT_EQ(set_format(44100), STATUS_SUCCESS);
        EXPECT_TRUE(script_.noted("SetFormat 44100"));
        run(pin);
        EXPECT_EQ(set_format(48000), STATUS_INVALID_PARAMETER) << "the driver refuses while running";
        EXPECT_EQ(set_state(pin, KSSTATE_STOP), STATUS_SUCCESS);
        script_.set_format_status = STATUS_INVALID_PARAMETER;
        EXPECT_EQ(set_format(48000), STATUS_INVALID_PARAMETER);
    });
}

TEST_F(WaveRtStream, AFailedStateChangeKeepsTheOldState_R_STATE_01) {
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        script_.failing_state = KSSTATE_RUN;
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_DEVICE_CONFIGURATION_ERROR);
        script_.failing_state = -1;
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
    });
}

TEST_F(WaveRtStream, PowerDownPausesAndPowerUpContinues_R_STATE_06_R_PWR_04) {
    script_.power_notify = true;
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        KSRTAUDIO_BUFFER buffer = {};
        ASSERT_EQ(get_buffer(pin, twenty_milliseconds, buffer), STATUS_SUCCESS);
        run(pin);
        script_.journal.clear();
        ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD3));
        EXPECT_EQ(script_.text(), "SetState PAUSE\nPowerChangeNotify 4\n");
        script_.journal.clear();
        ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD0));
        EXPECT_EQ(script_.text(), "PowerChangeNotify 1\nSetState RUN\n");
        EXPECT_EQ(static_cast<void*>(buffer.BufferAddress) != nullptr, true);
        EXPECT_FALSE(script_.noted("FreeAudioBuffer 3840"));
    });
}

TEST_F(WaveRtStream, SurpriseRemovalKeepsTheBufferUntilClose_R_PNP_08) {
    for (KSSTATE state : {KSSTATE_STOP, KSSTATE_ACQUIRE, KSSTATE_PAUSE, KSSTATE_RUN}) {
        SCOPED_TRACE(state);
        Script script;
        ScriptInForce in_force(script);
        machine::Machine machine(config());
        executive::install(machine);
        auto& manager = machine.add_subsystem<pnp::PnpManager>();
        auto driver = manager.load_static_driver(driver_entry, driver_options());
        ASSERT_TRUE(driver) << driver.error().message;
        auto node = manager.add_device(**driver, {});
        ASSERT_TRUE(node) << node.error().message;
        const bool survived = machine.enter([&] {
            const GUID category = KSCATEGORY_AUDIO;
            const auto interfaces = executive::Kernel::current().interfaces.enumerate(&category);
            ASSERT_FALSE(interfaces.empty());
            ASSERT_EQ(executive::open_file(interfaces.front()->symbolic_link, nullptr, &filter_), STATUS_SUCCESS);
            FILE_OBJECT* pin = open_pin();
            ASSERT_NE(pin, nullptr);
            KSRTAUDIO_BUFFER buffer = {};
            ASSERT_EQ(get_buffer_with_notification(pin, 4096, 2, buffer), STATUS_SUCCESS);
            HANDLE event = create_event();
            ASSERT_EQ(register_event(pin, event), STATUS_SUCCESS);
            if (state != KSSTATE_STOP) {
                ASSERT_EQ(set_state(pin, state), STATUS_SUCCESS);
            }
            ASSERT_TRUE(manager.surprise_remove(**node));
            EXPECT_FALSE(script.noted("FreeBufferWithNotification 4096"));
            std::memset(buffer.BufferAddress, 1, buffer.ActualBufferSize); // the client goes on writing
            KSAUDIO_POSITION ignored = {};
            EXPECT_FALSE(NT_SUCCESS(get(pin, KSPROPSETID_Audio, KSPROPERTY_AUDIO_POSITION, ignored)));
            close_pin(pin);
            EXPECT_TRUE(script.noted("FreeBufferWithNotification 4096"));
            EXPECT_EQ(script.streams_alive, 0u);
            executive::close_file(filter_);
            filter_ = nullptr;
            ZwClose(event);
        });
        ASSERT_TRUE(survived) << machine.bugcheck_report()->to_text();
    }
    wavert_test::script() = &script_;
}

TEST_F(WaveRtStream, PortOffersTheWaveRtServices_R_INIT_13) {
    start();
    inside([&] {
        for (const GUID& id : {IID_IPort, IID_IPortWaveRT, IID_IPortEvents, IID_IPortClsVersion, IID_IPortClsPower,
                               IID_IPortClsEtwHelper, IID_IPortClsStreamResourceManager,
                               IID_IPortClsStreamResourceManager2, IID_IPortClsNotifications, IID_IPortClsPnp,
                               IID_IUnregisterSubdevice, IID_IUnregisterPhysicalConnection}) {
            IUnknown* found = nullptr;
            EXPECT_EQ(script_.port->QueryInterface(id, reinterpret_cast<PVOID*>(&found)), STATUS_SUCCESS);
            if (found != nullptr) {
                found->Release();
            }
        }
        IUnknown* none = nullptr;
        EXPECT_EQ(script_.port->QueryInterface(IID_IPortWavePci, reinterpret_cast<PVOID*>(&none)),
                  STATUS_INVALID_PARAMETER);
        EXPECT_EQ(none, nullptr);
    });
}

TEST_F(WaveRtStream, AFailedMiniportInitFailsTheStart_R_INIT_01) {
    script_.init_status = STATUS_DEVICE_CONFIGURATION_ERROR;
    executive::install(machine_);
    auto& manager = machine_.add_subsystem<pnp::PnpManager>();
    auto driver = manager.load_static_driver(driver_entry, driver_options());
    ASSERT_TRUE(driver) << driver.error().message;
    auto node = manager.add_device(**driver, {});
    EXPECT_FALSE(node && (*node)->state() == pnp::DeviceState::started);
    EXPECT_EQ(script_.miniports_alive, 0u);
}

} // namespace wavert_test
