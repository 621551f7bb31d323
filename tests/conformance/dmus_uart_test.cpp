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
    EXPECT_EQ(mpu_->chip().lost_bytes(), 0U);
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

// IMXF::PutMessage, DMUS_KERNEL_EVENT: a package's events are played in its place, those of packages within as well,
// and everything goes back to the allocator.
TEST_F(Uart, R_DMUS_06_PackagesAreUnpacked) {
    script_.watches_system_miniport = true;
    start_uart(CLSID_MiniportDriverDMusUART, true);
    running(uart_dmus_out, dmus_);
    ASSERT_EQ(script_.watched.size(), 1U);
    const auto [stream, allocator] = script_.watched.front();
    const auto message = [allocator = allocator](const MidiBytes& bytes) {
        DMUS_KERNEL_EVENT* event = nullptr;
        EXPECT_EQ(allocator->GetMessage(&event), STATUS_SUCCESS);
        event->cbEvent = static_cast<USHORT>(bytes.size());
        std::copy(bytes.begin(), bytes.end(), event->uData.abData);
        return event;
    };
    const auto package = [allocator = allocator](DMUS_KERNEL_EVENT* inner) {
        DMUS_KERNEL_EVENT* event = nullptr;
        EXPECT_EQ(allocator->GetMessage(&event), STATUS_SUCCESS);
        SET_PACKAGE_EVT(event);
        event->uData.pPackageEvt = inner;
        return event;
    };
    inside([&, stream = stream] {
        DMUS_KERNEL_EVENT* const one = message({0x90, 1, 1});
        one->pNextEvt = message({0x90, 2, 2});
        DMUS_KERNEL_EVENT* const within = package(message({0x90, 3, 3}));
        within->pNextEvt = message({0x90, 4, 4});
        one->pNextEvt->pNextEvt = within;
        DMUS_KERNEL_EVENT* const first = package(one);
        first->pNextEvt = package(nullptr);
        first->pNextEvt->pNextEvt = message({0x90, 5, 5});
        KIRQL irql;
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        EXPECT_EQ(stream->PutMessage(first), STATUS_SUCCESS);
        EXPECT_EQ(stream->PutMessage(message({0x90, 6, 6})), STATUS_SUCCESS);
        KeLowerIrql(irql);
    });
    run_for(50);
    EXPECT_THAT(heard_, ElementsAre(0x90, 1, 1, 0x90, 2, 2, 0x90, 3, 3, 0x90, 4, 4, 0x90, 5, 5, 0x90, 6, 6));
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
    EXPECT_EQ(open_status_, STATUS_DEVICE_BUSY) << "R-PIN-01, as the counts have said";
    open_format(uart_dmus_in, dmus_);
    EXPECT_EQ(open_status_, STATUS_SUCCESS) << "the other direction has its own";
}

// Where nobody counts the pins, NewStream sees for itself that the plug is taken.
TEST_F(Uart, NewStreamRefusesASecondStreamOnThePlug) {
    script_.watches_system_miniport = true; // which has no IPinCount
    start_uart(CLSID_MiniportDriverDMusUART, true);
    FILE_OBJECT* const first = open_format(uart_midi_out, midi_);
    ASSERT_EQ(open_status_, STATUS_SUCCESS);
    open_format(uart_dmus_out, dmus_);
    EXPECT_EQ(open_status_, STATUS_INVALID_DEVICE_REQUEST);
    open_format(uart_dmus_in, dmus_);
    EXPECT_EQ(open_status_, STATUS_SUCCESS) << "the other direction has its own";
    close(first);
    open_format(uart_dmus_out, dmus_);
    EXPECT_EQ(open_status_, STATUS_SUCCESS) << "it is free again";
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

// What is sent now has left the plug when the latency clock says: not earlier, and not later.
TEST_F(Uart, R_DMUS_18_TheLatencyClockTellsWhenWhatIsSentNowIsHeard) {
    start_uart(CLSID_MiniportDriverDMusUART, true);
    FILE_OBJECT* const pin = running(uart_dmus_out, dmus_);
    const double a_moment = 500; // what the calls take: 50 us
    for (int attempt = 0; attempt < 3; ++attempt) {
        run_for(5);
        heard_.clear();
        times_.clear();
        ULONGLONG latency = 0;
        ASSERT_EQ(node_property(pin, KSPROPERTY_SYNTH_LATENCYCLOCK, 0, latency), STATUS_SUCCESS);
        write(pin, std::vector<DmusRecord>{{0, note_on}}, since(now()));
        run_for(5);
        ASSERT_THAT(heard_, ElementsAreArray(note_on));
        EXPECT_NEAR(static_cast<double>(times_.back()), static_cast<double>(latency), a_moment);
    }
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
    EXPECT_NEAR(static_cast<double>(latency - master), 0.96 * millisecond, 500) << "three bytes of 320 us";
}

// ---- pins -----------------------------------------------------------------------------------------------------------

TEST_F(Uart, R_FMT_02_EveryStreamPinAnswersItsOwnIntersection) {
    start_uart(CLSID_MiniportDriverDMusUART, true);
    for (const ULONG pin : {uart_midi_out, uart_midi_in}) {
        expect_plain_intersection(pin, midi_);
    }
    for (const ULONG pin : {uart_dmus_out, uart_dmus_in}) {
        expect_plain_intersection(pin, dmus_);
    }
}

TEST_F(Uart, R_FMT_02_SoDoThoseOfTheCapturingMiniport) {
    start_uart(CLSID_MiniportDriverDMusUARTCapture, true);
    expect_plain_intersection(0, midi_);
    expect_plain_intersection(1, dmus_);
}

TEST_F(Uart, R_FMT_02_AndThoseOfTheLegacyMiniport) {
    start_uart(CLSID_MiniportDriverUart, false);
    expect_plain_intersection(0, midi_);
    expect_plain_intersection(2, midi_);
}

// The counts that a client plans with say what an open would.
TEST_F(Uart, R_PIN_04_ThePossibleInstancesAreThoseThatThePlugHasLeft) {
    start_uart(CLSID_MiniportDriverDMusUART, true);
    struct Expected {
        ULONG possible[6];
        ULONG current[6];
    };
    const auto expect = [&](ULONG id, const Expected& expected) {
        const auto counts = pin_values<KSPIN_CINSTANCES>(id, 6);
        for (ULONG pin = 0; pin < 6; ++pin) {
            EXPECT_EQ(counts[pin].PossibleCount, expected.possible[pin]) << "pin " << pin << ", property " << id;
            EXPECT_EQ(counts[pin].CurrentCount, expected.current[pin]) << "pin " << pin << ", property " << id;
        }
    };
    const Expected all_free = {{1, 1, 0, 1, 1, 0}, {}};
    const Expected legacy_out = {{1, 0, 0, 1, 1, 0}, {1, 0, 0, 0, 0, 0}};
    const Expected both_ways = {{1, 0, 0, 0, 1, 0}, {1, 0, 0, 0, 1, 0}};
    const ULONG counted[] = {KSPROPERTY_PIN_CINSTANCES, KSPROPERTY_PIN_GLOBALCINSTANCES};
    for (const ULONG id : counted) {
        expect(id, all_free);
    }
    FILE_OBJECT* const out = open_format(uart_midi_out, midi_);
    for (const ULONG id : counted) {
        expect(id, legacy_out);
    }
    FILE_OBJECT* const in = open_format(uart_dmus_in, dmus_);
    ASSERT_EQ(open_status_, STATUS_SUCCESS);
    for (const ULONG id : counted) {
        expect(id, both_ways);
    }
    // Another client of the device has a filter of its own, and the plug is taken there as well.
    FILE_OBJECT* const first_filter = filter_;
    inside([&] { ASSERT_EQ(open_path(path_of(), nullptr, filter_), STATUS_SUCCESS); });
    expect(KSPROPERTY_PIN_CINSTANCES, {{0, 0, 0, 0, 0, 0}, {}});
    filter_ = first_filter;
    close(out);
    close(in);
    for (const ULONG id : counted) {
        expect(id, all_free);
    }
    EXPECT_THAT(pin_values<ULONG>(KSPROPERTY_PIN_NECESSARYINSTANCES, 6), testing::Each(0U));
}

} // namespace conformance
