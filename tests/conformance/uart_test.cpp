// The UART miniport, and what it has in common with the others of the system.
#include "uart_fixture.h"

namespace conformance {

using testing::ElementsAre;
using testing::ElementsAreArray;

namespace {

// A port that leaves what the device has in the miniport: it never comes for it.
class AbsentPort final : public portcls::ComObject<AbsentPort, IPortMidi> {
public:
    void* find_interface(const GUID& id) { return id == IID_IPortMidi ? this : nullptr; }
    NTSTATUS NTAPI Init(PDEVICE_OBJECT, PIRP, PUNKNOWN, PUNKNOWN, PRESOURCELIST) override { return STATUS_SUCCESS; }
    NTSTATUS NTAPI GetDeviceProperty(DEVICE_REGISTRY_PROPERTY, ULONG, PVOID, PULONG) override {
        return STATUS_NOT_IMPLEMENTED;
    }
    NTSTATUS NTAPI NewRegistryKey(PREGISTRYKEY*, PUNKNOWN, ULONG, ACCESS_MASK, POBJECT_ATTRIBUTES, ULONG,
                                  PULONG) override {
        return STATUS_NOT_IMPLEMENTED;
    }
    void NTAPI Notify(PSERVICEGROUP) override {}
    void NTAPI RegisterServiceGroup(PSERVICEGROUP) override {}
};

} // namespace

// ---- binding --------------------------------------------------------------------------------------------------------

TEST_F(Uart, R_SUB_09_AnMpu401IsAudioRenderAndCaptureAndNoSynthesizer) {
    start_uart(CLSID_MiniportDriverDMusUART, true);
    std::vector<GUID> categories;
    inside([&] {
        for (const auto* entry : executive::Kernel::current().interfaces.enumerate()) {
            categories.push_back(entry->interface_class);
        }
    });
    ASSERT_EQ(categories.size(), 3U);
    EXPECT_TRUE(IsEqualGUID(categories[0], KSCATEGORY_AUDIO));
    EXPECT_TRUE(IsEqualGUID(categories[1], KSCATEGORY_RENDER));
    EXPECT_TRUE(IsEqualGUID(categories[2], KSCATEGORY_CAPTURE));
}

TEST_F(Uart, R_FMT_15_TheLegacyPinsComeBeforeTheDirectMusicOnes) {
    start_uart(CLSID_MiniportDriverDMusUART, true);
    ASSERT_EQ(pin_count(), 6U);
    using Flow = KSPIN_DATAFLOW;
    EXPECT_THAT(pin_values<Flow>(KSPROPERTY_PIN_DATAFLOW, 6),
                ElementsAre(KSPIN_DATAFLOW_IN, KSPIN_DATAFLOW_IN, KSPIN_DATAFLOW_OUT, KSPIN_DATAFLOW_OUT,
                            KSPIN_DATAFLOW_OUT, KSPIN_DATAFLOW_IN));
    for (const ULONG pin : {uart_midi_out, uart_midi_in}) {
        const KSDATARANGE_MUSIC range = range_of(pin);
        EXPECT_TRUE(IsEqualGUID(range.DataRange.MajorFormat, KSDATAFORMAT_TYPE_MUSIC));
        EXPECT_TRUE(IsEqualGUID(range.DataRange.SubFormat, midi_)) << pin;
        EXPECT_EQ(range.ChannelMask, 0xFFFFU);
        EXPECT_EQ(range.DataRange.FormatSize, sizeof range);
    }
    for (const ULONG pin : {uart_dmus_out, uart_dmus_in}) {
        EXPECT_TRUE(IsEqualGUID(range_of(pin).DataRange.SubFormat, dmus_)) << pin;
    }
}

TEST_F(Uart, R_INIT_15_WithoutSetTechnologyTheRangeSaysPort) {
    start_uart(CLSID_MiniportDriverUart, false);
    EXPECT_TRUE(IsEqualGUID(range_of(0).Technology, KSMUSIC_TECHNOLOGY_PORT));
}

// IMusicTechnology::SetTechnology.
TEST_F(Uart, R_INIT_15_SetTechnologyBeforeInitChangesTheRanges) {
    const GUID technology = KSMUSIC_TECHNOLOGY_WAVETABLE;
    script_.technology = &technology;
    start_uart(CLSID_MiniportDriverDMusUART, true);
    for (const ULONG pin : {uart_midi_out, uart_dmus_out, uart_midi_in, uart_dmus_in}) {
        EXPECT_TRUE(IsEqualGUID(range_of(pin).Technology, technology)) << pin;
    }
}

TEST_F(Uart, R_INIT_15_BeforeXpThereIsNoIMusicTechnology) {
    be(WindowsVersion::windows_2000);
    script_.class_id = &CLSID_PortMidi;
    const GUID technology = KSMUSIC_TECHNOLOGY_WAVETABLE;
    script_.technology = &technology;
    start_uart(CLSID_MiniportDriverUart, false);
    EXPECT_TRUE(IsEqualGUID(range_of(0).Technology, KSMUSIC_TECHNOLOGY_PORT));
}

TEST_F(Uart, WithoutAnInterruptThereIsNoCapture) {
    start_uart(CLSID_MiniportDriverUart, false, false);
    EXPECT_EQ(pin_count(), 2U);
}

TEST_F(Uart, WithoutADeviceInitFails) {
    script_.before_init = [this](DEVICE_OBJECT*, IResourceList*) { mpu_.reset(); };
    start_uart(CLSID_MiniportDriverDMusUART, true);
    EXPECT_EQ(script_.port_init_status, STATUS_IO_DEVICE_ERROR);
}

// "MIDI Processing Unit MPU-401 Technical Reference Manual": in UART mode a reset is not acknowledged.
TEST_F(Uart, AUnitThatIsInUartModeAlreadyIsFound) {
    script_.before_init = [this](DEVICE_OBJECT*, IResourceList*) {
        mpu_->chip().write(1, hardware::Mpu401::command_uart);
        ASSERT_TRUE(mpu_->chip().is_uart());
    };
    start_uart(CLSID_MiniportDriverDMusUART, true);
    EXPECT_EQ(script_.port_init_status, STATUS_SUCCESS);
    EXPECT_TRUE(mpu_->chip().is_uart());
}

TEST_F(Uart, R_INIT_08_TheAdaptersInterruptSyncIsUsed) {
    IInterruptSync* sync = nullptr;
    script_.before_init = [&](DEVICE_OBJECT*, IResourceList* resources) {
        ASSERT_EQ(PcNewInterruptSync(&sync, nullptr, resources, 0, InterruptSyncModeNormal), STATUS_SUCCESS);
        ASSERT_EQ(sync->Connect(), STATUS_SUCCESS);
        script_.adapter = sync;
    };
    start_uart(CLSID_MiniportDriverUart, false);
    ASSERT_EQ(script_.port_init_status, STATUS_SUCCESS)
        << "one of its own would be a second one for an exclusive interrupt";
    FILE_OBJECT* const pin = running(2, midi_);
    MidiRequest& request = read(pin);
    mpu_->play_in(note_on);
    run_for(5);
    EXPECT_TRUE(request.is_done());
    inside([&] {
        sync->Disconnect();
        sync->Release();
    });
}

TEST_F(Uart, R_DMUS_20_WithoutAnAdaptersObjectInitMakesItsOwn) {
    start_uart(CLSID_MiniportDriverDMusUART, true);
    FILE_OBJECT* const pin = running(uart_dmus_in, dmus_);
    MidiRequest& request = read(pin);
    mpu_->play_in(note_on);
    run_for(5);
    ASSERT_TRUE(request.is_done());
}

// ---- UART -----------------------------------------------------------------------------------------------------------

// The UART miniport.
TEST_F(Uart, MidiReachesThePlugInTime) {
    start_uart(CLSID_MiniportDriverUart, false);
    EXPECT_TRUE(mpu_->chip().is_uart());
    FILE_OBJECT* const pin = running(0, midi_);
    MidiRequest& request = write(pin, std::vector<MidiRecord>{{10, note_on}, {20, note_off}});
    run_for(50);
    EXPECT_TRUE(request.is_done());
    EXPECT_THAT(heard_, ElementsAre(0x90, 60, 100, 0x80, 60, 0));
    const double cable = 3'200.0;
    EXPECT_NEAR(static_cast<double>(since(times_[0])), 10.0 * millisecond + cable, millisecond);
    EXPECT_NEAR(static_cast<double>(since(times_[3])), 30.0 * millisecond + cable, millisecond);
}

TEST_F(Uart, ALongMessageKeepsTheCableBusy) {
    start_uart(CLSID_MiniportDriverUart, false);
    FILE_OBJECT* const pin = running(0, midi_);
    MidiBytes message(1000, 0x33);
    message.front() = 0xF0;
    message.back() = 0xF7;
    write(pin, std::vector<MidiRecord>{{0, message}});
    run_for(700);
    EXPECT_THAT(heard_, ElementsAreArray(message));
    EXPECT_EQ(mpu_->chip().lost_bytes(), 0U);
    EXPECT_LT(since(times_.back()), 400 * millisecond) << "1000 bytes are 320 ms";
}

TEST_F(Uart, AnInterfaceWithoutAFifoIsFedByteByByte) {
    output_fifo_ = 0;
    start_uart(CLSID_MiniportDriverUart, false);
    FILE_OBJECT* const pin = running(0, midi_);
    MidiBytes message(101, 0x33);
    message.front() = 0xF0;
    message.back() = 0xF7;
    write(pin, std::vector<MidiRecord>{{0, message}});
    run_for(200);
    EXPECT_THAT(heard_, ElementsAreArray(message));
    EXPECT_EQ(mpu_->chip().lost_bytes(), 0U);
}

TEST_F(Uart, WhatIsPlayedInIsCapturedWithItsTime) {
    start_uart(CLSID_MiniportDriverUart, false);
    FILE_OBJECT* const pin = running(2, midi_);
    MidiRequest& first = read(pin);
    MidiRequest& second = read(pin);
    run_for(10);
    mpu_->play_in(note_on);
    run_for(10);
    mpu_->play_in(note_off);
    run_for(10);
    ASSERT_TRUE(first.is_done());
    ASSERT_TRUE(second.is_done());
    EXPECT_EQ(midi_records(first)[0].bytes, note_on);
    EXPECT_EQ(midi_records(second)[0].bytes, note_off);
    EXPECT_NEAR(static_cast<double>(first.header.PresentationTime.Time), 10.3 * millisecond, millisecond);
    EXPECT_NEAR(static_cast<double>(second.header.PresentationTime.Time), 20.3 * millisecond, millisecond);
}

TEST_F(Uart, R_MIDI_06_TheSystemsStreamsRefuseTheWrongDirection) {
    start_uart(CLSID_MiniportDriverUart, false);
    inside([&] {
        IMiniport* miniport = nullptr;
        ASSERT_EQ(PcNewMiniport(&miniport, CLSID_MiniportDriverUart), STATUS_SUCCESS);
        miniport->Release();
    });
    FILE_OBJECT* const pin = running(2, midi_);
    EXPECT_EQ(write(pin, std::vector<MidiRecord>{{0, note_on}}).status, STATUS_INVALID_DEVICE_REQUEST);
}

// IMiniportMidiStream::SetState: what came before the stream stopped is not of the next run.
TEST_F(Uart, AStreamThatStopsForgetsWhatWasNotRead) {
    script_.before_init = [this](DEVICE_OBJECT*, IResourceList* resources) {
        const auto port = portcls::ComPointer<IPortMidi>::adopt(new AbsentPort);
        portcls::ComPointer<IMiniport> unknown;
        ASSERT_EQ(PcNewMiniport(unknown.receive(), CLSID_MiniportDriverUart), STATUS_SUCCESS);
        const auto miniport = portcls::ComPointer<IMiniportMidi>::query(unknown.get(), IID_IMiniportMidi);
        portcls::ComPointer<IServiceGroup> group;
        ASSERT_EQ(miniport->Init(nullptr, resources, port.get(), group.receive()), STATUS_SUCCESS);
        portcls::ComPointer<IMiniportMidiStream> stream;
        portcls::ComPointer<IServiceGroup> stream_group;
        ASSERT_EQ(
            miniport->NewStream(stream.receive(), nullptr, NonPagedPool, 2, TRUE, nullptr, stream_group.receive()),
            STATUS_SUCCESS);
        const auto play_while_running = [&](const MidiBytes& bytes) {
            stream->SetState(KSSTATE_RUN);
            mpu_->play_in(bytes);
            machine_.run_for(2'000'000);
        };
        const auto bytes_read = [&] {
            BYTE bytes[8];
            ULONG count = 0;
            EXPECT_EQ(stream->Read(bytes, sizeof bytes, &count), STATUS_SUCCESS);
            return MidiBytes(bytes, bytes + count);
        };
        play_while_running({0xF8});
        EXPECT_EQ(bytes_read(), MidiBytes{0xF8});
        play_while_running({0xFA});
        stream->SetState(KSSTATE_STOP);
        play_while_running({0xFC});
        EXPECT_EQ(bytes_read(), MidiBytes{0xFC}) << "what came before is gone";
    };
    start_uart(CLSID_MiniportDriverUart, false);
}

class UartPower : public Uart {
protected:
    // Whoever gave the unit its power may have left it in either mode.
    void expect_uart_after_sleep() {
        for (const bool loses_power : {true, false}) {
            ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD3));
            if (loses_power) {
                mpu_->chip().forget();
                EXPECT_FALSE(mpu_->chip().is_uart());
            }
            ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD0));
            EXPECT_TRUE(mpu_->chip().is_uart()) << loses_power;
        }
    }
};

TEST_F(UartPower, ACycleEndsInUartModeAgain) {
    start_uart(CLSID_MiniportDriverDMusUART, true);
    expect_uart_after_sleep();
}

TEST_F(UartPower, ACycleOfTheLegacyMiniportEndsInUartModeAgain) {
    start_uart(CLSID_MiniportDriverUart, false);
    expect_uart_after_sleep();
}

} // namespace conformance
