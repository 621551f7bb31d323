// The UART miniport, and what it has in common with the others of the system.
#include "uart_fixture.h"

namespace conformance {

using testing::ElementsAre;
using testing::ElementsAreArray;

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

TEST_F(Uart, APowerCycleEndsInUartModeAgain) {
    start_uart(CLSID_MiniportDriverDMusUART, true);
    const auto set_power = [&](DEVICE_POWER_STATE state) { ASSERT_TRUE(manager_->set_device_power(*node_, state)); };
    set_power(PowerDeviceD3);
    mpu_->chip().forget();
    EXPECT_FALSE(mpu_->chip().is_uart());
    set_power(PowerDeviceD0);
    EXPECT_TRUE(mpu_->chip().is_uart());
}

} // namespace conformance
