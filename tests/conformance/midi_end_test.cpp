// KSEVENT_CONNECTION_ENDOFSTREAM of MIDI and DirectMusic render pins (R-EVENT-12): what the stream ends with has been
// played, and not only queued.
#include "uart_fixture.h"

namespace conformance {

using testing::ElementsAre;
using MidiEnd = MidiTest;

TEST_F(MidiEnd, R_EVENT_12_ComesWhenTheLastMessageHasBeenWritten) {
    start(false);
    FILE_OBJECT* const pin = running_pin(midi_render);
    const auto ends = watch_end(pin);
    write(pin, std::vector<MidiRecord>{{10, note_on}});
    write_last(pin, std::vector<MidiRecord>{{30, note_off}});
    run_for(29);
    EXPECT_EQ(ends(), 0) << "the request before it ends no stream";
    run_for(2);
    EXPECT_THAT(bytes_of(script_.played), ElementsAre(note_on, note_off));
    EXPECT_EQ(ends(), 1);
    run_for(100);
    EXPECT_EQ(ends(), 1) << "once";
}

TEST_F(MidiEnd, R_EVENT_12_WaitsForABusyDevice) {
    start(false);
    FILE_OBJECT* const pin = running_pin(midi_render);
    const auto ends = watch_end(pin);
    bool is_busy = true;
    script_.write = [&](const BYTE*, ULONG count, ULONG* written) {
        *written = is_busy ? 0 : count;
        return STATUS_SUCCESS;
    };
    write_last(pin, std::vector<MidiRecord>{{0, exclusive(40)}});
    run_for(20);
    EXPECT_EQ(ends(), 0);
    is_busy = false;
    run_for(3);
    EXPECT_EQ(ends(), 1);
}

TEST_F(MidiEnd, R_EVENT_12_TheMarkMayHaveNoData) {
    start(false);
    FILE_OBJECT* const pin = running_pin(midi_render);
    const auto ends = watch_end(pin);
    write(pin, std::vector<MidiRecord>{{20, note_on}});
    write_last(pin, std::vector<MidiRecord>{});
    run_for(19);
    EXPECT_EQ(ends(), 0);
    run_for(2);
    EXPECT_EQ(ends(), 1);
}

TEST_F(MidiEnd, R_EVENT_12_ARequestThatFailsOrIsWithdrawnHasNoEnd) {
    start(false);
    FILE_OBJECT* const pin = running_pin(midi_render);
    const auto ends = watch_end(pin);
    MidiRequest& withdrawn = write_last(pin, std::vector<MidiRecord>{{20, note_on}});
    cancel(withdrawn);
    script_.write = [](const BYTE*, ULONG, ULONG*) { return STATUS_IO_DEVICE_ERROR; };
    MidiRequest& failed = write_last(pin, std::vector<MidiRecord>{{0, note_on}});
    run_for(30);
    EXPECT_EQ(withdrawn.status, STATUS_CANCELLED);
    EXPECT_EQ(failed.status, STATUS_IO_DEVICE_ERROR);
    EXPECT_EQ(ends(), 0);
}

TEST_F(MidiEnd, R_EVENT_12_StopForgetsTheEndThatHasNotCome) {
    start(true);
    FILE_OBJECT* const pin = running_pin(dmus_render);
    const auto ends = watch_end(pin);
    EXPECT_TRUE(write_last(pin, std::vector<DmusRecord>{{50 * millisecond, note_on}}).is_done());
    run_for(10);
    set_state(pin, KSSTATE_STOP);
    run_for(100);
    EXPECT_EQ(ends(), 0);
    set_state(pin, KSSTATE_RUN);
    write_last(pin, std::vector<DmusRecord>{{20 * millisecond, note_on}});
    run_for(22);
    EXPECT_EQ(ends(), 1) << "the next one comes";
}

// ---- DirectMusic ----------------------------------------------------------------------------------------------------

TEST_F(MidiEnd, R_EVENT_12_ComesWhenTheSequencerHasPlayedTheLatestEvent) {
    start(true);
    FILE_OBJECT* const pin = running_pin(dmus_render);
    const auto ends = watch_end(pin);
    MidiRequest& request =
        write_last(pin, std::vector<DmusRecord>{{60 * millisecond, note_off}, {10 * millisecond, note_on}});
    EXPECT_TRUE(request.is_done()) << "it is in the sequencer";
    run_for(59);
    EXPECT_EQ(ends(), 0);
    run_for(2);
    EXPECT_EQ(ends(), 1);
}

// Each end has its own time, whatever has been queued behind it meanwhile; what lies before it counts.
TEST_F(MidiEnd, R_EVENT_12_WhatComesBehindDoesNotHoldItUp) {
    start(true);
    FILE_OBJECT* const pin = running_pin(dmus_render);
    const auto ends = watch_end(pin);
    for (const LONGLONG end : {20, 40, 60}) {
        write_last(pin, std::vector<DmusRecord>{{end * millisecond, note_on}});
    }
    write(pin, std::vector<DmusRecord>{{1000 * millisecond, note_off}});
    write_last(pin, std::vector<DmusRecord>{{80 * millisecond, note_on}});
    run_for(1);
    for (LONG expected = 0; expected < 4; ++expected) {
        EXPECT_EQ(ends(), expected);
        run_for(20);
    }
    run_for(900);
    EXPECT_EQ(ends(), 3);
    run_for(100);
    EXPECT_EQ(ends(), 4);
}

TEST_F(MidiEnd, R_EVENT_12_AsOftenAsStreamsEnd) {
    start(true);
    FILE_OBJECT* const pin = running_pin(dmus_render);
    const auto ends = watch_end(pin);
    for (int i = 0; i < 300; ++i) {
        write_last(pin, std::vector<DmusRecord>{{(300 - i) * millisecond, note_on}});
    }
    run_for(290);
    EXPECT_EQ(ends(), 0) << "the first of them ends last";
    run_for(400);
    EXPECT_EQ(ends(), 300);
    EXPECT_EQ(script_.played.size(), 300U);
}

TEST_F(MidiEnd, R_EVENT_12_WaitsForWhatTheMiniportHolds) {
    script_.prefetch = DONT_HOLD_FOR_SEQUENCING;
    start(true);
    FILE_OBJECT* const pin = running_pin(dmus_render);
    const auto ends = watch_end(pin);
    std::vector<DMUS_KERNEL_EVENT*> held;
    script_.put = [&](MxfUnderTest&, DMUS_KERNEL_EVENT* event) { held.push_back(event); };
    write_last(pin, std::vector<DmusRecord>{{10 * millisecond, note_on}, {20 * millisecond, note_off}});
    ASSERT_EQ(held.size(), 2U);
    run_for(50);
    EXPECT_EQ(ends(), 0) << "the hardware sequences: it has them still";
    const auto give_back = [&](DMUS_KERNEL_EVENT* event) {
        inside([&] { script_.mxfs.front()->allocator->PutMessage(event); });
    };
    give_back(held[0]);
    EXPECT_EQ(ends(), 0);
    give_back(held[1]);
    EXPECT_EQ(ends(), 1);
}

TEST_F(MidiEnd, R_EVENT_12_ALegacyPinOfADirectMusicMiniportHasOneToo) {
    start(true);
    FILE_OBJECT* const pin = running_pin(midi_render);
    const auto ends = watch_end(pin);
    write_last(pin, std::vector<MidiRecord>{{20, note_on}, {10, note_off}});
    run_for(29);
    EXPECT_EQ(ends(), 0);
    run_for(2);
    EXPECT_EQ(ends(), 1);
}

// The pins of a filter share its list of events: each hears of its own stream alone.
TEST_F(MidiEnd, R_EVENT_12_AnotherPinsStreamHasAnEndOfItsOwn) {
    start(true);
    FILE_OBJECT* const legacy = running_pin(midi_render);
    FILE_OBJECT* const music = running_pin(dmus_render);
    const auto legacy_ends = watch_end(legacy);
    const auto music_ends = watch_end(music);
    write_last(legacy, std::vector<MidiRecord>{{10, note_on}});
    run_for(20);
    EXPECT_EQ(legacy_ends(), 1);
    EXPECT_EQ(music_ends(), 0);
    write_last(music, std::vector<DmusRecord>{{10 * millisecond, note_on}});
    run_for(20);
    EXPECT_EQ(legacy_ends(), 1);
    EXPECT_EQ(music_ends(), 1);
}

// "ksevent-connection-endofstream": it is for rendering.
TEST_F(MidiEnd, R_EVENT_12_CapturePinsDoNotOfferIt) {
    start(false);
    for (const ULONG id : {midi_capture, midi_render}) {
        FILE_OBJECT* const pin = running_pin(id);
        inside([&] {
            KSEVENT event{};
            event.Set = KSEVENTSETID_Connection;
            event.Id = KSEVENT_CONNECTION_ENDOFSTREAM;
            event.Flags = KSEVENT_TYPE_BASICSUPPORT;
            ULONG_PTR information = 0;
            EXPECT_EQ(executive::device_control(pin, IOCTL_KS_ENABLE_EVENT, &event, sizeof event, nullptr, 0,
                                                &information, KernelMode),
                      id == midi_capture ? STATUS_PROPSET_NOT_FOUND : STATUS_SUCCESS);
        });
    }
}

// ---- the system's miniports -----------------------------------------------------------------------------------------

TEST_F(Uart, R_EVENT_12_TheEndComesWhenTheDeviceHasTakenTheLastByte) {
    start_uart(CLSID_MiniportDriverDMusUART, true);
    FILE_OBJECT* const pin = running(uart_dmus_out, dmus_);
    const auto ends = watch_end(pin);
    MidiRequest& request = write_last(pin, std::vector<DmusRecord>{{0, exclusive(1000)}});
    EXPECT_TRUE(request.is_done());
    run_for(310); // of 320 ms, of which the device holds 17 bytes' worth
    EXPECT_EQ(ends(), 0);
    run_for(12);
    EXPECT_EQ(ends(), 1);
}

TEST_F(Uart, R_EVENT_12_TheEndOfALegacyStream) {
    start_uart(CLSID_MiniportDriverUart, false);
    FILE_OBJECT* const pin = running(0, midi_);
    const auto ends = watch_end(pin);
    write_last(pin, std::vector<MidiRecord>{{0, exclusive(1000)}});
    run_for(310);
    EXPECT_EQ(ends(), 0);
    run_for(12);
    EXPECT_EQ(ends(), 1);
}

} // namespace conformance
