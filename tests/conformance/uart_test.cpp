// The system's MPU-401 miniports (PcNewMiniport), on a model of an MPU-401.
#include "hardware/midi/mpu401.h"
#include "midi_fixture.h"

namespace conformance {

namespace hardware = openportcls::hardware;
using testing::ElementsAre;
using testing::ElementsAreArray;

namespace {

constexpr ULONG irq = 9;
constexpr ULONG port_address = 0x330;

// Pins of a DMusUART filter with everything.
constexpr ULONG uart_midi_out = 0;
constexpr ULONG uart_dmus_out = 1;
constexpr ULONG uart_midi_in = 3;
constexpr ULONG uart_dmus_in = 4;

} // namespace

class Uart : public MidiTest, public hardware::MidiSink {
protected:
    // `is_dmus`: which of the miniports. Returns before the filter is opened when the device does not start.
    void start_uart(const GUID& class_id, bool is_dmus, bool has_interrupt = true) {
        script_.system_miniport = &class_id;
        script_.is_dmus = is_dmus;
        spec_.resources = {pnp::Resource::port(port_address, 2)};
        if (has_interrupt) {
            spec_.resources.push_back(pnp::Resource::interrupt(irq));
        }
        const auto routed = pnp::translate_interrupt(irq);
        auto made = hardware::Mpu401::create(
            machine_, machine_.interrupt_line(routed.vector, routed.irql, machine::TriggerMode::level), options_);
        ASSERT_TRUE(made) << made.error().message;
        mpu_ = std::move(*made);
        mpu_->connect(this);
        load();
        if (node_ != nullptr && node_->state() == pnp::DeviceState::started) {
            inside([&] { ASSERT_EQ(open_path(path_of(), nullptr, filter_), STATUS_SUCCESS); });
        }
    }
    void TearDown() override {
        MidiTest::TearDown();
        auto leaks = manager_->unload(*driver_);
        ASSERT_TRUE(leaks) << leaks.error().message;
        EXPECT_TRUE(leaks->empty()) << leaks->to_text();
        mpu_.reset();
    }
    void receive(std::uint8_t byte, machine::Nanoseconds time) override {
        heard_.push_back(byte);
        times_.push_back(time / 100);
    }
    FILE_OBJECT* open_format(ULONG pin, const GUID& subformat) {
        struct {
            KSPIN_CONNECT connect{};
            KSDATAFORMAT format{};
        } request;
        request.connect.Interface.Set = KSINTERFACESETID_Standard;
        request.connect.Medium.Set = KSMEDIUMSETID_Standard;
        request.connect.PinId = pin;
        request.connect.Priority = {KSPRIORITY_NORMAL, 1};
        request.format.FormatSize = sizeof request.format;
        request.format.MajorFormat = KSDATAFORMAT_TYPE_MUSIC;
        request.format.SubFormat = subformat;
        request.format.Specifier = KSDATAFORMAT_SPECIFIER_NONE;
        FILE_OBJECT* file = nullptr;
        inside([&] {
            const GUID kind = KSNAME_Pin;
            open_status_ = open_path(ks::make_create_name(kind, &request, sizeof request), filter_, file);
        });
        return file;
    }
    FILE_OBJECT* running(ULONG pin, const GUID& subformat) {
        FILE_OBJECT* const file = open_format(pin, subformat);
        EXPECT_EQ(open_status_, STATUS_SUCCESS);
        set_state(file, KSSTATE_RUN);
        begun_ = now();
        return file;
    }
    template<class Value>
    std::vector<Value> pin_values(ULONG id, ULONG count) {
        std::vector<Value> values;
        for (ULONG pin = 0; pin < count; ++pin) {
            KSP_PIN request{};
            request.Property.Set = KSPROPSETID_Pin;
            request.Property.Id = id;
            request.Property.Flags = KSPROPERTY_TYPE_GET;
            request.PinId = pin;
            Value value{};
            ULONG_PTR information = 0;
            inside([&] {
                EXPECT_EQ(executive::device_control(filter_, IOCTL_KS_PROPERTY, &request, sizeof request, &value,
                                                    sizeof value, &information),
                          STATUS_SUCCESS);
            });
            values.push_back(value);
        }
        return values;
    }
    ULONG pin_count() {
        ULONG count = 0;
        const GUID set = KSPROPSETID_Pin;
        EXPECT_EQ(property(filter_, set, KSPROPERTY_PIN_CTYPES, KSPROPERTY_TYPE_GET, &count, sizeof count),
                  STATUS_SUCCESS);
        return count;
    }
    // The first data range of a pin.
    KSDATARANGE_MUSIC range_of(ULONG pin) {
        KSP_PIN request{};
        request.Property.Set = KSPROPSETID_Pin;
        request.Property.Id = KSPROPERTY_PIN_DATARANGES;
        request.Property.Flags = KSPROPERTY_TYPE_GET;
        request.PinId = pin;
        struct {
            KSMULTIPLE_ITEM head;
            KSDATARANGE_MUSIC range;
            BYTE more[64];
        } value{};
        ULONG_PTR information = 0;
        inside([&] {
            EXPECT_EQ(executive::device_control(filter_, IOCTL_KS_PROPERTY, &request, sizeof request, &value,
                                                sizeof value, &information),
                      STATUS_SUCCESS);
        });
        return value.range;
    }
    template<class Value>
    NTSTATUS node_property(FILE_OBJECT* pin, ULONG id, ULONG node, Value& value, ULONG flags = KSPROPERTY_TYPE_GET,
                           const SYNTH_PORTPARAMS* instance = nullptr) {
        struct {
            KSNODEPROPERTY request{};
            SYNTH_PORTPARAMS parameters{};
        } in;
        in.request.Property.Set = KSPROPSETID_Synth;
        in.request.Property.Id = id;
        in.request.Property.Flags = flags | KSPROPERTY_TYPE_TOPOLOGY;
        in.request.NodeId = node;
        ULONG bytes = sizeof in.request;
        if (instance != nullptr) {
            in.parameters = *instance;
            bytes += sizeof *instance;
        }
        NTSTATUS status = STATUS_UNSUCCESSFUL;
        ULONG_PTR information = 0;
        inside([&] {
            status = executive::device_control(pin, IOCTL_KS_PROPERTY, &in, bytes, &value, sizeof value, &information);
        });
        return status;
    }

    const GUID midi_ = KSDATAFORMAT_SUBTYPE_MIDI;
    const GUID dmus_ = KSDATAFORMAT_SUBTYPE_DIRECTMUSIC;
    hardware::Mpu401Options options_;
    std::unique_ptr<hardware::Mpu401> mpu_;
    MidiBytes heard_;
    std::vector<LONGLONG> times_;
    NTSTATUS open_status_ = STATUS_UNSUCCESSFUL;
};

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
    EXPECT_TRUE(mpu_->is_uart());
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
    for (const std::uint32_t fifo : {0U, 16U}) {
        options_.output_fifo = fifo;
    }
    start_uart(CLSID_MiniportDriverUart, false);
    FILE_OBJECT* const pin = running(0, midi_);
    MidiBytes message(1000, 0x33);
    message.front() = 0xF0;
    message.back() = 0xF7;
    write(pin, std::vector<MidiRecord>{{0, message}});
    run_for(700);
    EXPECT_THAT(heard_, ElementsAreArray(message));
    EXPECT_EQ(mpu_->lost_bytes(), 0U);
    EXPECT_LT(since(times_.back()), 400 * millisecond) << "1000 bytes are 320 ms";
}

TEST_F(Uart, AnInterfaceWithoutAFifoIsFedByteByByte) {
    options_.output_fifo = 0;
    start_uart(CLSID_MiniportDriverUart, false);
    FILE_OBJECT* const pin = running(0, midi_);
    MidiBytes message(101, 0x33);
    message.front() = 0xF0;
    message.back() = 0xF7;
    write(pin, std::vector<MidiRecord>{{0, message}});
    run_for(200);
    EXPECT_THAT(heard_, ElementsAreArray(message));
    EXPECT_EQ(mpu_->lost_bytes(), 0U);
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
    mpu_->write_port(0, 1, machine::AccessWidth::byte, hardware::Mpu401::command_reset); // the power was off
    set_power(PowerDeviceD0);
    EXPECT_TRUE(mpu_->is_uart());
}

// ---- DMusUART -------------------------------------------------------------------------------------------------------

// The DMusUART miniport.
TEST_F(Uart, DirectMusicReachesThePlugInTime) {
    start_uart(CLSID_MiniportDriverDMusUART, true);
    FILE_OBJECT* const pin = running(uart_dmus_out, dmus_);
    write(pin, std::vector<DmusRecord>{{20 * millisecond, note_off}, {10 * millisecond, note_on}});
    run_for(50);
    EXPECT_THAT(heard_, ElementsAre(0x90, 60, 100, 0x80, 60, 0));
    EXPECT_NEAR(static_cast<double>(since(times_[0])), 10.3 * millisecond, millisecond);
    EXPECT_NEAR(static_cast<double>(since(times_[3])), 20.3 * millisecond, millisecond);
}

TEST_F(Uart, ALongDirectMusicMessageKeepsTheCableBusy) {
    start_uart(CLSID_MiniportDriverDMusUART, true);
    FILE_OBJECT* const pin = running(uart_dmus_out, dmus_);
    MidiBytes message(3000, 0x33);
    message.front() = 0xF0;
    message.back() = 0xF7;
    write(pin, std::vector<DmusRecord>{{0, message, 1, 0}, {1, note_on}});
    run_for(1200);
    message.insert(message.end(), note_on.begin(), note_on.end());
    EXPECT_THAT(heard_, ElementsAreArray(message));
    EXPECT_EQ(mpu_->lost_bytes(), 0U);
}

TEST_F(Uart, R_DMUS_11_TheStreamHoldsEventsOutsideRunAndDropsThemInStop) {
    start_uart(CLSID_MiniportDriverDMusUART, true);
    FILE_OBJECT* const pin = running(uart_dmus_out, dmus_);
    MidiBytes message(500, 0x33);
    message.front() = 0xF0;
    message.back() = 0xF7;
    write(pin, std::vector<DmusRecord>{{0, message, 1, 0}});
    run_for(20);
    set_state(pin, KSSTATE_PAUSE);
    run_for(100);
    const std::size_t held = heard_.size();
    EXPECT_LT(held, 100U);
    set_state(pin, KSSTATE_RUN);
    run_for(20);
    EXPECT_GT(heard_.size(), held);
    set_state(pin, KSSTATE_STOP);
    run_for(10); // what was in the device
    const std::size_t stopped = heard_.size();
    set_state(pin, KSSTATE_RUN);
    run_for(100);
    EXPECT_EQ(heard_.size(), stopped);
}

// The DMusUARTCapture miniport.
TEST_F(Uart, R_DMUS_12_CapturedBytesAreParsedByThePort) {
    start_uart(CLSID_MiniportDriverDMusUARTCapture, true);
    ASSERT_EQ(pin_count(), 3U) << "it only captures";
    FILE_OBJECT* const pin = running(1, dmus_);
    run_for(10);
    const MidiBytes played = {0x90, 60, 100, 62, 0xF8, 101};
    mpu_->play_in(played);
    run_for(10);
    MidiRequest& request = read(pin);
    ASSERT_TRUE(request.is_done());
    const auto records = dmus_records(request);
    ASSERT_EQ(records.size(), 3U);
    EXPECT_EQ(records[0].bytes, note_on);
    EXPECT_EQ(records[1].bytes, MidiBytes{0xF8});
    EXPECT_EQ(records[2].bytes, (MidiBytes{0x90, 62, 101}));
    EXPECT_NEAR(static_cast<double>(request.header.PresentationTime.Time), 10.3 * millisecond, millisecond);
    EXPECT_EQ(records[1].delta, 4 * 3'200);
    EXPECT_EQ(records[2].delta, 3 * 3'200) << "its first byte came before the clock";
}

TEST_F(Uart, OnePlugForTheLegacyAndTheDirectMusicPin) {
    start_uart(CLSID_MiniportDriverDMusUART, true);
    open_format(uart_midi_out, midi_);
    EXPECT_EQ(open_status_, STATUS_SUCCESS);
    open_format(uart_dmus_out, dmus_);
    EXPECT_EQ(open_status_, STATUS_INVALID_DEVICE_REQUEST);
    open_format(uart_dmus_in, dmus_);
    EXPECT_EQ(open_status_, STATUS_SUCCESS) << "the other direction has its own";
}

// ---- properties -----------------------------------------------------------------------------------------------------

TEST_F(Uart, TheSynthesizerNodeTellsWhatItIs) {
    start_uart(CLSID_MiniportDriverDMusUART, true);
    FILE_OBJECT* const pin = open_format(uart_dmus_out, dmus_);
    SYNTHCAPS caps{};
    ASSERT_EQ(node_property(pin, KSPROPERTY_SYNTH_CAPS, 0, caps), STATUS_SUCCESS);
    EXPECT_TRUE(IsEqualGUID(caps.Guid, CLSID_MiniportDriverDMusUART));
    EXPECT_EQ(caps.Flags, static_cast<DWORD>(SYNTH_PC_EXTERNAL));
    EXPECT_EQ(caps.MaxChannelGroups, 1U);
    EXPECT_EQ(caps.MemorySize, 0U);
    EXPECT_NE(caps.Description[0], 0);
}

TEST_F(Uart, R_DMUS_19_AnMpu401HasOneChannelGroup) {
    start_uart(CLSID_MiniportDriverDMusUART, true);
    FILE_OBJECT* const pin = open_format(uart_dmus_out, dmus_);
    ULONG groups = 0;
    EXPECT_EQ(node_property(pin, KSPROPERTY_SYNTH_CHANNELGROUPS, 0, groups), STATUS_SUCCESS);
    EXPECT_EQ(groups, 1U);
    EXPECT_EQ(node_property(pin, KSPROPERTY_SYNTH_CHANNELGROUPS, 0, groups, KSPROPERTY_TYPE_SET), STATUS_SUCCESS);
    groups = 2;
    EXPECT_EQ(node_property(pin, KSPROPERTY_SYNTH_CHANNELGROUPS, 0, groups, KSPROPERTY_TYPE_SET),
              STATUS_INVALID_PARAMETER);
    SYNTH_PORTPARAMS wished{};
    wished.ValidParams = SYNTH_PORTPARAMS_CHANNELGROUPS | SYNTH_PORTPARAMS_EFFECTS;
    wished.ChannelGroups = 16;
    wished.EffectsFlags = SYNTH_EFFECT_REVERB;
    SYNTH_PORTPARAMS granted{};
    EXPECT_EQ(node_property(pin, KSPROPERTY_SYNTH_PORTPARAMETERS, 0, granted, KSPROPERTY_TYPE_GET, &wished),
              STATUS_SUCCESS);
    EXPECT_EQ(granted.ChannelGroups, 1U);
    EXPECT_EQ(granted.EffectsFlags, static_cast<DWORD>(SYNTH_EFFECT_NONE));
}

TEST_F(Uart, R_DMUS_18_TheLatencyClockIsAheadOfTheMasterClock) {
    start_uart(CLSID_MiniportDriverDMusUART, true);
    FILE_OBJECT* const pin = open_format(uart_dmus_out, dmus_);
    ULONGLONG master = 0;
    ULONGLONG latency = 0;
    const GUID set = KSPROPSETID_SynthClock;
    ASSERT_EQ(property(filter_, set, KSPROPERTY_SYNTH_MASTERCLOCK, KSPROPERTY_TYPE_GET, &master, sizeof master),
              STATUS_SUCCESS);
    ASSERT_EQ(node_property(pin, KSPROPERTY_SYNTH_LATENCYCLOCK, 0, latency), STATUS_SUCCESS);
    EXPECT_GT(latency, master);
    EXPECT_LT(latency - master, 2ULL * millisecond);
}

TEST_F(Uart, TheIntersectionIsAPlainFormat) {
    start_uart(CLSID_MiniportDriverDMusUART, true);
    struct {
        KSP_PIN request{};
        KSMULTIPLE_ITEM list{};
        KSDATARANGE_MUSIC range{};
    } in;
    in.request.Property.Set = KSPROPSETID_Pin;
    in.request.Property.Id = KSPROPERTY_PIN_DATAINTERSECTION;
    in.request.Property.Flags = KSPROPERTY_TYPE_GET;
    in.request.PinId = uart_dmus_out;
    in.list = {sizeof in.list + sizeof in.range, 1};
    in.range = range_of(uart_dmus_out);
    KSDATAFORMAT format{};
    ULONG_PTR information = 0;
    inside([&] {
        EXPECT_EQ(executive::device_control(filter_, IOCTL_KS_PROPERTY, &in, sizeof in, nullptr, 0, &information),
                  STATUS_BUFFER_OVERFLOW);
        EXPECT_EQ(information, sizeof format);
        EXPECT_EQ(
            executive::device_control(filter_, IOCTL_KS_PROPERTY, &in, sizeof in, &format, sizeof format, &information),
            STATUS_SUCCESS);
    });
    EXPECT_EQ(format.FormatSize, sizeof format);
    EXPECT_TRUE(IsEqualGUID(format.SubFormat, dmus_));
}

} // namespace conformance
