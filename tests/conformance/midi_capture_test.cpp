// The MIDI port: what a miniport reads becomes KSMUSICFORMAT records.
#include "midi_fixture.h"

namespace conformance {

using testing::Each;
using testing::ElementsAre;
using testing::ElementsAreArray;
using MidiPort = MidiTest;

// ---- capture --------------------------------------------------------------------------------------------------------

// IMiniportMidiStream::Read.
TEST_F(MidiPort, R_MIDI_04_ReadIsCalledUntilItGivesNothing) {
    start(false);
    FILE_OBJECT* const pin = running_pin(midi_capture);
    MidiRequest& request = read(pin);
    script_.to_read = {{0x90, 60}, {100, 0x80, 60}, {0}};
    script_.service_irqls.clear();
    notify(nullptr);
    EXPECT_EQ(script_.reads, 4U);
    ASSERT_TRUE(request.is_done());
    const auto records = midi_records(request);
    ASSERT_EQ(records.size(), 2U);
    EXPECT_EQ(records[0].bytes, note_on) << "a message that came in two parts";
    EXPECT_EQ(records[1].bytes, note_off);
}

TEST_F(MidiPort, R_MIDI_09_ReadRunsAtDispatchLevel) {
    start(false);
    FILE_OBJECT* const pin = running_pin(midi_capture);
    read(pin);
    script_.to_read = {note_on};
    notify(nullptr);
    EXPECT_THAT(script_.service_irqls, Each(DISPATCH_LEVEL));
}

TEST_F(MidiPort, R_MIDI_11_CapturedMessagesCarryTheStreamsTime) {
    start(false);
    FILE_OBJECT* const pin = running_pin(midi_capture);
    run_for(30);
    script_.to_read = {note_on};
    notify(nullptr);
    run_for(15);
    script_.to_read = {note_off};
    notify(nullptr);
    MidiRequest& request = read(pin); // both have waited for it
    ASSERT_TRUE(request.is_done());
    EXPECT_NE(request.header.OptionsFlags & KSSTREAM_HEADER_OPTIONSF_TIMEVALID, 0U);
    EXPECT_NEAR(static_cast<double>(request.header.PresentationTime.Time), 30.0 * millisecond, millisecond);
    const auto records = midi_records(request);
    ASSERT_EQ(records.size(), 2U);
    EXPECT_EQ(records[0].delta, 0U);
    EXPECT_EQ(records[1].delta, 15U);
}

TEST_F(MidiPort, RunningStatusIsWrittenOutAndRealTimePassesThrough) {
    start(false);
    FILE_OBJECT* const pin = running_pin(midi_capture);
    MidiRequest& request = read(pin);
    script_.to_read = {{0x90, 60, 100, 62, 0xF8, 101}};
    notify(nullptr);
    const auto records = midi_records(request);
    ASSERT_EQ(records.size(), 3U);
    EXPECT_EQ(records[0].bytes, note_on);
    EXPECT_EQ(records[1].bytes, MidiBytes{0xF8});
    EXPECT_EQ(records[2].bytes, (MidiBytes{0x90, 62, 101}));
}

TEST_F(MidiPort, ALongExclusiveMessageIsCapturedInParts) {
    start(false);
    FILE_OBJECT* const pin = running_pin(midi_capture);
    const MidiBytes message = exclusive(3000);
    for (std::size_t at = 0; at < message.size(); at += 200) {
        script_.to_read.emplace_back(message.begin() + static_cast<std::ptrdiff_t>(at),
                                     message.begin() + static_cast<std::ptrdiff_t>(std::min(at + 200, message.size())));
    }
    notify(nullptr);
    MidiBytes got;
    while (got.size() < message.size()) {
        MidiRequest& request = read(pin, 700); // smaller than a part
        ASSERT_TRUE(request.is_done());
        for (const MidiRecord& record : midi_records(request)) {
            got.insert(got.end(), record.bytes.begin(), record.bytes.end());
        }
    }
    EXPECT_EQ(got, message);
}

TEST_F(MidiPort, ABufferTooSmallForAnyMessageIsRefused) {
    start(false);
    FILE_OBJECT* const pin = running_pin(midi_capture);
    script_.to_read = {note_on};
    notify(nullptr);
    EXPECT_EQ(read(pin, 10).status, STATUS_BUFFER_TOO_SMALL);
    MidiRequest& request = read(pin);
    ASSERT_TRUE(request.is_done());
    EXPECT_EQ(midi_records(request).front().bytes, note_on) << "it is not lost";
}

TEST_F(MidiPort, AnOverflowIsReportedToTheClient) {
    start(false);
    FILE_OBJECT* const pin = running_pin(midi_capture);
    for (int i = 0; i < 3000; ++i) { // more than the pool holds
        script_.to_read.push_back({0xC0, static_cast<BYTE>(i % 128)});
    }
    notify(nullptr);
    std::size_t got = 0;
    for (;;) {
        MidiRequest& request = read(pin, 4096);
        if (!request.is_done()) {
            script_.to_read = {note_on};
            notify(nullptr);
            ASSERT_TRUE(request.is_done());
            EXPECT_NE(request.header.OptionsFlags & KSSTREAM_HEADER_OPTIONSF_DATADISCONTINUITY, 0U);
            EXPECT_EQ(midi_records(request).front().bytes, note_on);
            break;
        }
        EXPECT_EQ(request.header.OptionsFlags & KSSTREAM_HEADER_OPTIONSF_DATADISCONTINUITY, 0U);
        got += midi_records(request).size();
    }
    EXPECT_EQ(got, 2048U) << "the oldest are kept";
}

TEST_F(MidiPort, WhatComesInStopOrAcquireIsThrownAway) {
    start(false);
    FILE_OBJECT* const pin = open_pin(midi_capture);
    script_.to_read = {note_on};
    notify(nullptr);
    set_state(pin, KSSTATE_ACQUIRE);
    script_.to_read = {note_on};
    notify(nullptr);
    set_state(pin, KSSTATE_PAUSE);
    MidiRequest& request = read(pin);
    EXPECT_FALSE(request.is_done());
    script_.to_read = {note_off};
    notify(nullptr);
    ASSERT_TRUE(request.is_done());
    EXPECT_EQ(midi_records(request).front().bytes, note_off);
}

} // namespace conformance
