// IOCTL_KS_RESET_STATE on MIDI and DirectMusic pins (R-KS-03): what is sequenced, or waits for the device or for the
// client, is forgotten with the requests. Time goes on: it begins anew in STOP alone (R-DMUS-13).
#include "midi_fixture.h"

namespace conformance {

using testing::ElementsAre;

class MidiReset : public MidiTest {
protected:
    void reset(FILE_OBJECT* pin, KSRESET to) {
        inside([&] {
            ULONG_PTR information = 0;
            EXPECT_EQ(executive::device_control(pin, IOCTL_KS_RESET_STATE, &to, sizeof to, nullptr, 0, &information),
                      STATUS_SUCCESS);
        });
    }
    void reset(FILE_OBJECT* pin) {
        reset(pin, KSRESET_BEGIN);
        run_for(5);
        reset(pin, KSRESET_END);
    }
    KSAUDIO_POSITION position(FILE_OBJECT* pin) {
        KSAUDIO_POSITION result = {1, 1};
        EXPECT_EQ(
            property(pin, KSPROPSETID_Audio, KSPROPERTY_AUDIO_POSITION, KSPROPERTY_TYPE_GET, &result, sizeof result),
            STATUS_SUCCESS);
        return result;
    }
    void expect_at_the_beginning(FILE_OBJECT* pin) {
        const KSAUDIO_POSITION now = position(pin);
        EXPECT_EQ(now.PlayOffset, 0U);
        EXPECT_EQ(now.WriteOffset, 0U);
    }
};

TEST_F(MidiReset, R_KS_03_ForgetsWhatIsSequenced) {
    start(true);
    FILE_OBJECT* const pin = running_pin(dmus_render);
    const auto ends = watch_end(pin);
    write_last(pin, std::vector<DmusRecord>{{0, note_on}, {500 * millisecond, note_off}});
    run_for(5);
    EXPECT_THAT(bytes_of(script_.played), ElementsAre(note_on));
    reset(pin);
    expect_at_the_beginning(pin);
    run_for(1000);
    EXPECT_THAT(bytes_of(script_.played), ElementsAre(note_on)) << "what comes after the reset is not played";
    EXPECT_EQ(ends(), 0) << "nor has it an end (R-EVENT-12)";
    write(pin, std::vector<DmusRecord>{{now() - begun_ + 20 * millisecond, note_off}});
    run_for(15);
    EXPECT_EQ(script_.played.size(), 1U);
    run_for(10);
    EXPECT_THAT(bytes_of(script_.played), ElementsAre(note_on, note_off)) << "at its time";
    EXPECT_EQ(position(pin).PlayOffset, note_off.size());
}

// All of the sequencer's room is there again.
TEST_F(MidiReset, R_DMUS_03_WhatIsForgottenGoesToTheAllocator) {
    start(true);
    FILE_OBJECT* const pin = running_pin(dmus_render);
    const std::vector<DmusRecord> many(30'000, DmusRecord{500 * millisecond, note_on});
    for (int round = 0; round < 8; ++round) {
        EXPECT_TRUE(write(pin, many).is_done()) << round;
        reset(pin);
    }
    run_for(1000);
    EXPECT_EQ(script_.played.size(), 0U);
}

TEST_F(MidiReset, R_KS_03_ForgetsWhatIsSequencedInPauseToo) {
    start(true);
    FILE_OBJECT* const pin = open_pin(dmus_render);
    set_state(pin, KSSTATE_PAUSE);
    write(pin, std::vector<DmusRecord>{{0, note_on}});
    reset(pin);
    expect_at_the_beginning(pin);
    set_state(pin, KSSTATE_RUN);
    run_for(50);
    EXPECT_EQ(script_.played.size(), 0U);
}

// R-DMUS-02: what the miniport sequences is with it. When it comes back, it is no progress of what follows.
TEST_F(MidiReset, WhatComesBackFromTheMiniportLaterDoesNotCount) {
    std::vector<DMUS_KERNEL_EVENT*> kept;
    MxfUnderTest* stream = nullptr;
    script_.put = [&](MxfUnderTest& to, DMUS_KERNEL_EVENT* event) {
        stream = &to;
        kept.push_back(event);
    };
    start(true);
    FILE_OBJECT* const pin = running_pin(dmus_render);
    write(pin, std::vector<DmusRecord>{{0, note_on}, {0, note_off}});
    run_for(5);
    ASSERT_EQ(kept.size(), 1U) << "one chain";
    reset(pin);
    inside([&] { stream->allocator->PutMessage(kept.front()); });
    expect_at_the_beginning(pin);
}

TEST_F(MidiReset, R_KS_03_ForgetsWhatABusyDeviceHasNotTaken) {
    start(false);
    FILE_OBJECT* const pin = running_pin(midi_render);
    bool is_busy = true;
    MidiBytes taken;
    script_.write = [&](const BYTE* bytes, ULONG count, ULONG* written) {
        *written = is_busy ? std::min<ULONG>(count, taken.empty() ? 4 : 0) : count;
        taken.insert(taken.end(), bytes, bytes + *written);
        return STATUS_SUCCESS;
    };
    MidiRequest& request = write(pin, std::vector<MidiRecord>{{0, exclusive(40)}, {10, note_on}});
    run_for(20);
    EXPECT_EQ(taken.size(), 4U);
    reset(pin, KSRESET_BEGIN);
    EXPECT_EQ(request.status, STATUS_CANCELLED);
    is_busy = false;
    run_for(20);
    reset(pin, KSRESET_END);
    run_for(20);
    EXPECT_EQ(taken.size(), 4U) << "the rest of it is not sent";
    expect_at_the_beginning(pin);
    write(pin, std::vector<MidiRecord>{{0, note_off}});
    run_for(5);
    EXPECT_EQ(MidiBytes(taken.begin() + 4, taken.end()), note_off);
}

TEST_F(MidiReset, R_KS_03_ForgetsWhatNobodyHasFetched) {
    start(false);
    FILE_OBJECT* const pin = running_pin(midi_capture);
    script_.to_read = {note_on, {0x90}}; // the last one has begun
    notify(nullptr);
    reset(pin, KSRESET_BEGIN);
    script_.to_read = {{61, 100}, note_on};
    notify(nullptr);
    reset(pin, KSRESET_END);
    script_.to_read = {{62, 100}, note_off};
    notify(nullptr);
    MidiRequest& request = read(pin);
    run_for(5);
    ASSERT_TRUE(request.is_done());
    const std::vector<MidiRecord> records = midi_records(request);
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records.front().bytes, note_off);
}

// A wave sink: the synthesizer goes on; the sound that nobody has fetched is passed over (R-DMUS-15).
class SinkReset : public MidiReset, public testing::WithParamInterface<ULONG> {};

TEST_P(SinkReset, R_DMUS_15_AWaveSinkCountsFromItsReset) {
    script_.synth_rate = GetParam();
    be(WindowsVersion::xp);
    start(true);
    FILE_OBJECT* const pin = running_pin(dmus_wave);
    run_for(300);
    const std::size_t syncs = script_.syncs.size();
    reset(pin);
    expect_at_the_beginning(pin);
    MidiRequest& request = read(pin, 9600); // 50 ms
    run_for(45);
    EXPECT_FALSE(request.is_done()) << "it is filled with what comes now";
    run_for(15);
    EXPECT_TRUE(request.is_done());
    EXPECT_EQ(position(pin).WriteOffset, 9600U);
    EXPECT_EQ(position(pin).PlayOffset, 60U * 192);
    ASSERT_GT(script_.syncs.size(), syncs);
    EXPECT_FALSE(script_.syncs.back().second) << "the sample clock runs on";
}

INSTANTIATE_TEST_SUITE_P(Rates, SinkReset, testing::Values(0, 48000));

} // namespace conformance
