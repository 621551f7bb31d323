// The DMusUART miniports, and the properties of their synthesizer node.
#include "uart_fixture.h"

namespace conformance {

using testing::ElementsAre;
using testing::ElementsAreArray;

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
