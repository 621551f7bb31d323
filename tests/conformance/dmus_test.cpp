// The DirectMusic port: IPortDMus, IMiniportDMus, the event graph, the sequencer, the wave sink.
#include <algorithm>
#include <random>

#include "midi_fixture.h"

namespace conformance {

using testing::Each;
using testing::ElementsAre;
using DmusPort = MidiTest;

namespace {

constexpr double a_moment = 10; // what a call takes, in 100 ns

} // namespace

// ---- render ---------------------------------------------------------------------------------------------------------

// IMiniportDMus, IMXF::PutMessage.
TEST_F(DmusPort, R_DMUS_01_EventsReachTheMiniportWhenTheyAreDue) {
    start(true);
    FILE_OBJECT* const pin = running_pin(dmus_render);
    MidiRequest& request =
        write(pin, std::vector<DmusRecord>{{30 * millisecond, note_off}, {10 * millisecond, note_on}});
    EXPECT_TRUE(request.is_done()) << "it is in the sequencer";
    run_for(9);
    EXPECT_TRUE(script_.played.empty());
    run_for(40);
    ASSERT_THAT(bytes_of(script_.played), ElementsAre(note_on, note_off)) << "by time, not as they came";
    EXPECT_NEAR(static_cast<double>(since(script_.played[0].at)), 10.0 * millisecond, millisecond);
    EXPECT_NEAR(static_cast<double>(since(script_.played[1].at)), 30.0 * millisecond, millisecond);
    EXPECT_NEAR(static_cast<double>(since(script_.played[0].due)), static_cast<double>(10 * millisecond), a_moment)
        << "in the master clock's time";
    EXPECT_EQ(script_.played[0].irql, DISPATCH_LEVEL);
}

// Shows R-DMUS-01.
TEST_F(DmusPort, R_DMUS_01_ThePrefetchIsTakenOffTheTime) {
    script_.prefetch = 8 * millisecond;
    start(true);
    FILE_OBJECT* const pin = running_pin(dmus_render);
    write(pin, std::vector<DmusRecord>{{30 * millisecond, note_off}, {20 * millisecond, note_on}});
    run_for(11);
    EXPECT_TRUE(script_.played.empty());
    run_for(2);
    EXPECT_THAT(bytes_of(script_.played), ElementsAre(note_on));
    run_for(8);
    EXPECT_EQ(script_.played.size(), 1U);
    run_for(2);
    ASSERT_THAT(bytes_of(script_.played), ElementsAre(note_on, note_off));
    EXPECT_NEAR(static_cast<double>(since(script_.played[0].due)), static_cast<double>(20 * millisecond), a_moment);
}

TEST_F(DmusPort, R_DMUS_02_AHugePrefetchLeavesSequencingToTheHardware) {
    script_.prefetch = DONT_HOLD_FOR_SEQUENCING;
    start(true);
    FILE_OBJECT* const pin = running_pin(dmus_render);
    write(pin, std::vector<DmusRecord>{{3'600'000 * millisecond, note_on}});
    ASSERT_EQ(script_.played.size(), 1U);
    EXPECT_NEAR(static_cast<double>(since(script_.played[0].due)), static_cast<double>(3'600'000 * millisecond),
                a_moment);
}

TEST_F(DmusPort, R_DMUS_03_TheAllocatorIsTheLastLink) {
    start(true);
    FILE_OBJECT* const pin = running_pin(dmus_render);
    // Many times what a pool holds: events that come back are used again.
    for (int round = 0; round < 30; ++round) {
        std::vector<DmusRecord> records(5000, {0, note_on});
        write(pin, records);
        run_for(1);
    }
    EXPECT_EQ(script_.played.size(), 150'000U);
}

// IMXF::ConnectOutput, IMXF::DisconnectOutput.
TEST_F(DmusPort, R_DMUS_03_CaptureIsConnectedToTheSinkUntilThePinCloses) {
    start(true);
    FILE_OBJECT* const pin = open_pin(dmus_capture);
    EXPECT_EQ(script_.count_of("connect"), 1U);
    MxfUnderTest& stream = *script_.mxfs.front();
    EXPECT_TRUE(stream.sink);
    close(pin);
    EXPECT_EQ(script_.count_of("disconnect"), 1U);
}

TEST_F(DmusPort, R_DMUS_04_TheAllocatorHandsOutZeroedEventsAndBuffersOfOneSize) {
    start(true);
    open_pin(dmus_capture);
    IAllocatorMXF& allocator = *script_.mxfs.front()->allocator.get();
    inside([&] {
        DMUS_KERNEL_EVENT* event = nullptr;
        ASSERT_EQ(allocator.GetMessage(&event), STATUS_SUCCESS);
        event->cbEvent = 3;
        event->uData.abData[0] = 0x90;
        event->ullPresTime100ns = 7;
        ASSERT_EQ(allocator.PutMessage(event), STATUS_SUCCESS);
        DMUS_KERNEL_EVENT* again = nullptr;
        ASSERT_EQ(allocator.GetMessage(&again), STATUS_SUCCESS);
        EXPECT_EQ(again, event);
        EXPECT_EQ(again->cbEvent, 0);
        EXPECT_EQ(again->uData.pbData, nullptr);
        EXPECT_EQ(again->ullPresTime100ns, 0);
        EXPECT_EQ(again->pNextEvt, nullptr);
        EXPECT_EQ(again->cbStruct, sizeof *again);
        allocator.PutMessage(again);

        const USHORT size = allocator.GetBufferSize();
        BYTE* first = nullptr;
        BYTE* second = nullptr;
        ASSERT_EQ(allocator.GetBuffer(&first), STATUS_SUCCESS);
        ASSERT_EQ(allocator.GetBuffer(&second), STATUS_SUCCESS);
        EXPECT_GE(std::abs(second - first), size);
        EXPECT_EQ(allocator.GetBufferSize(), size);
        EXPECT_EQ(allocator.PutBuffer(first), STATUS_SUCCESS);
        EXPECT_FALSE(NT_SUCCESS(allocator.PutBuffer(first))) << "it is not out any more";
        // An event takes its buffer home.
        ASSERT_EQ(allocator.GetMessage(&event), STATUS_SUCCESS);
        event->cbEvent = 100;
        event->uData.pbData = second;
        EXPECT_EQ(allocator.PutMessage(event), STATUS_SUCCESS);
        EXPECT_FALSE(NT_SUCCESS(allocator.PutBuffer(second)));
        void* mxf = nullptr;
        ASSERT_EQ(allocator.QueryInterface(IID_IMXF, &mxf), STATUS_SUCCESS);
        static_cast<IMXF*>(mxf)->Release();
    });
}

TEST_F(DmusPort, R_DMUS_05_LongEventsPointToABuffer) {
    start(true);
    FILE_OBJECT* const pin = running_pin(dmus_render);
    bool was_inline = true;
    script_.put = [&](MxfUnderTest& stream, DMUS_KERNEL_EVENT* event) {
        was_inline = SHORT_EVT(event);
        script_.played.push_back({});
        script_.played.back().bytes.assign(event->uData.pbData, event->uData.pbData + event->cbEvent);
        stream.output()->PutMessage(event);
    };
    const MidiBytes message = exclusive(sizeof(PBYTE) + 1);
    write(pin, std::vector<DmusRecord>{{0, message}});
    EXPECT_FALSE(was_inline);
    EXPECT_THAT(bytes_of(script_.played), ElementsAre(message));
    script_.put = [&](MxfUnderTest& stream, DMUS_KERNEL_EVENT* event) {
        was_inline = SHORT_EVT(event);
        stream.output()->PutMessage(event);
    };
    write(pin, std::vector<DmusRecord>{{0, exclusive(sizeof(PBYTE))}});
    EXPECT_TRUE(was_inline);
}

TEST_F(DmusPort, R_DMUS_06_LongExclusiveMessagesTravelInPartsMarkedIncomplete) {
    start(true);
    FILE_OBJECT* const pin = running_pin(dmus_render);
    const MidiBytes message = exclusive(2500);
    write(pin, std::vector<DmusRecord>{{0, message, 1, 0}});
    MidiBytes whole;
    for (std::size_t i = 0; i < script_.played.size(); ++i) {
        const Played& part = script_.played[i];
        EXPECT_EQ((part.flags & DMUS_KEF_EVENT_INCOMPLETE) != 0, i + 1 < script_.played.size());
        whole.insert(whole.end(), part.bytes.begin(), part.bytes.end());
    }
    EXPECT_GT(script_.played.size(), 1U);
    EXPECT_EQ(whole, message);
}

TEST_F(DmusPort, R_DMUS_06_APackageIsTakenApartAndComesBackWhole) {
    start(true);
    FILE_OBJECT* const pin = running_pin(dmus_capture);
    MidiRequest& request = read(pin);
    MxfUnderTest& stream = *script_.mxfs.front();
    for (int round = 0; round < 3000; ++round) { // nothing of it is lost to the pool
        inside([&] {
            DMUS_KERNEL_EVENT* const first = stream.make(note_on, now(), DMUS_KEF_EVENT_COMPLETE);
            ASSERT_NE(first, nullptr);
            first->pNextEvt = stream.make(exclusive(20), now(), DMUS_KEF_EVENT_COMPLETE);
            DMUS_KERNEL_EVENT* const package = stream.make({}, now(), DMUS_KEF_PACKAGE_EVENT);
            package->cbEvent = sizeof *first; // whatever a miniport makes of it
            package->uData.pPackageEvt = first;
            if (round == 0) {
                stream.output()->PutMessage(package);
            } else {
                stream.allocator->PutMessage(package);
            }
        });
    }
    ASSERT_TRUE(request.is_done());
    const auto records = dmus_records(request);
    ASSERT_EQ(records.size(), 2U);
    EXPECT_EQ(records[0].bytes, note_on);
    EXPECT_EQ(records[1].bytes, exclusive(20));
}

TEST_F(DmusPort, R_DMUS_07_EventsOfOneTimeArriveAsAChainInTheirOrder) {
    start(true);
    FILE_OBJECT* const pin = running_pin(dmus_render);
    write(pin, std::vector<DmusRecord>{{10 * millisecond, {0xC0, 1}},
                                       {5 * millisecond, {0xC0, 0}},
                                       {10 * millisecond, {0xC0, 2}},
                                       {10 * millisecond, {0xC0, 3}}});
    run_for(12);
    ASSERT_EQ(script_.played.size(), 4U);
    for (BYTE i = 0; i < 4; ++i) {
        EXPECT_EQ(script_.played[i].bytes[1], i);
    }
    EXPECT_NE(script_.played[0].call, script_.played[1].call);
    EXPECT_EQ(script_.played[1].call, script_.played[3].call);
}

TEST_F(DmusPort, R_DMUS_08_AMiniportThatWritesReservedMembersIsReported) {
    struct Listener final : machine::Observer {
        bool heard = false;
        void on_event(const machine::TraceEvent& event) override {
            heard = heard ||
                    (event.kind == machine::EventKind::log && event.detail.find("R-DMUS-08") != std::string_view::npos);
        }
    } listener;
    start(true);
    open_pin(dmus_render);
    machine_.add_observer(listener);
    IAllocatorMXF& allocator = *script_.mxfs.front()->allocator.get();
    inside([&] {
        DMUS_KERNEL_EVENT* event = nullptr;
        allocator.GetMessage(&event);
        allocator.PutMessage(event);
        EXPECT_FALSE(listener.heard);
        allocator.GetMessage(&event);
        event->cbStruct = 7;
        allocator.PutMessage(event);
    });
    machine_.remove_observer(listener);
    EXPECT_TRUE(listener.heard);
}

TEST_F(DmusPort, R_DMUS_09_TheServiceIsAPutMessageOfNothingOnTheCaptureStream) {
    start(true);
    FILE_OBJECT* const pin = running_pin(dmus_capture);
    MidiRequest& request = read(pin);
    script_.put = [&](MxfUnderTest& stream, DMUS_KERNEL_EVENT* event) {
        ASSERT_EQ(event, nullptr);
        stream.output()->PutMessage(stream.make(note_on, now(), DMUS_KEF_EVENT_COMPLETE));
        stream.output()->PutMessage(stream.make(note_off, now(), DMUS_KEF_EVENT_COMPLETE));
    };
    notify(script_.mxfs.front()->group.get());
    EXPECT_EQ(script_.polls, 1U);
    EXPECT_THAT(script_.service_irqls, ElementsAre(DISPATCH_LEVEL)) << "and IMiniportDMus::Service is not called";
    ASSERT_TRUE(request.is_done());
    EXPECT_EQ(dmus_records(request).size(), 2U) << "what one service brings is one buffer";
}

// What is served beside the streams.
class CountingSink final : public portcls::ComObject<CountingSink, IServiceSink> {
public:
    void* find_interface(const GUID& id) { return id == IID_IServiceSink ? static_cast<IServiceSink*>(this) : nullptr; }
    void NTAPI RequestService() override { ++services; }
    ULONG services = 0;
};

TEST_F(DmusPort, R_DMUS_10_NotifyOfNothingServicesEveryStream) {
    start(true);
    CountingSink* of_miniport = nullptr;
    inside([&] {
        of_miniport = new CountingSink;
        EXPECT_EQ(script_.group->AddMember(of_miniport), STATUS_SUCCESS);
    });
    running_pin(dmus_capture);
    running_pin(midi_capture);
    notify(nullptr);
    EXPECT_EQ(script_.polls, 2U);
    EXPECT_EQ(script_.service_irqls.size(), 2U);
    EXPECT_EQ(of_miniport->services, 1U) << "the group of Init";
    inside([&] {
        script_.group->RemoveMember(of_miniport);
        of_miniport->Release();
    });
}

// IMiniportDMus::Init.
TEST_F(DmusPort, R_DMUS_10_AGroupOfInitServesStreamsWithoutOne) {
    script_.stream_gives_group = false;
    start(true);
    running_pin(dmus_capture);
    notify(script_.group);
    EXPECT_EQ(script_.polls, 1U);
}

// IMXF::SetState.
TEST_F(DmusPort, R_DMUS_11_OutsideRunEventsAreHeldAndStopGivesThemBack) {
    start(true);
    FILE_OBJECT* const pin = open_pin(dmus_render);
    set_state(pin, KSSTATE_PAUSE);
    EXPECT_TRUE(write(pin, std::vector<DmusRecord>{{0, note_on}}).is_done());
    run_for(10);
    EXPECT_TRUE(script_.played.empty());
    set_state(pin, KSSTATE_RUN);
    run_for(1);
    EXPECT_THAT(bytes_of(script_.played), ElementsAre(note_on));
    for (int round = 0; round < 30; ++round) { // more than the pool in all
        write(pin, std::vector<DmusRecord>(4000, {60'000 * millisecond, note_off}));
        run_for(1);
        set_state(pin, KSSTATE_STOP);
        set_state(pin, KSSTATE_RUN);
    }
    run_for(100'000);
    EXPECT_EQ(script_.played.size(), 1U) << "what was held in STOP is never played";
}

TEST_F(DmusPort, R_DMUS_11_CapturedInStopAndAcquireIsThrownAway) {
    start(true);
    FILE_OBJECT* const pin = open_pin(dmus_capture);
    MxfUnderTest& stream = *script_.mxfs.front();
    const auto capture = [&](const MidiBytes& bytes) {
        inside([&] { stream.output()->PutMessage(stream.make(bytes, now(), DMUS_KEF_EVENT_COMPLETE)); });
    };
    for (int i = 0; i < 3000; ++i) {
        capture(note_on);
    }
    set_state(pin, KSSTATE_ACQUIRE);
    capture(note_on);
    set_state(pin, KSSTATE_PAUSE);
    capture(note_off);
    MidiRequest& paused = read(pin);
    ASSERT_TRUE(paused.is_done());
    ASSERT_EQ(dmus_records(paused).size(), 1U);
    EXPECT_EQ(dmus_records(paused)[0].bytes, note_off);
    set_state(pin, KSSTATE_RUN);
    capture(note_on);
    EXPECT_TRUE(read(pin).is_done());
}

TEST_F(DmusPort, R_DMUS_12_RawBytesAreParsedAndCompleteMessagesKeepTheirTime) {
    start(true);
    FILE_OBJECT* const pin = running_pin(dmus_capture);
    MxfUnderTest& stream = *script_.mxfs.front();
    run_for(40);
    const LONGLONG raw_time = begun_ + 20 * millisecond;
    const LONGLONG own_time = begun_ + 33 * millisecond;
    inside([&] {
        stream.output()->PutMessage(stream.make({0x90, 60, 100, 62, 101}, raw_time, DMUS_KEF_EVENT_INCOMPLETE));
        stream.output()->PutMessage(stream.make(note_off, own_time, DMUS_KEF_EVENT_COMPLETE));
    });
    MidiRequest& request = read(pin);
    ASSERT_TRUE(request.is_done());
    EXPECT_NEAR(static_cast<double>(request.header.PresentationTime.Time), 20.0 * millisecond, a_moment);
    const auto records = dmus_records(request);
    ASSERT_EQ(records.size(), 3U);
    EXPECT_EQ(records[0].bytes, note_on);
    EXPECT_EQ(records[1].bytes, (MidiBytes{0x90, 62, 101})) << "running status is written out";
    EXPECT_EQ(records[1].delta, 0);
    EXPECT_EQ(records[2].bytes, note_off);
    EXPECT_EQ(records[2].delta, 13 * millisecond);
}

TEST_F(DmusPort, R_DMUS_13_PresentationTimeStandsStillInPauseAndBeginsAnewInStop) {
    start(true);
    FILE_OBJECT* const pin = running_pin(dmus_render);
    write(pin, std::vector<DmusRecord>{{50 * millisecond, note_on}});
    run_for(20);
    set_state(pin, KSSTATE_PAUSE);
    run_for(1000);
    EXPECT_TRUE(script_.played.empty());
    const LONGLONG resumed = now();
    set_state(pin, KSSTATE_RUN);
    run_for(40);
    ASSERT_EQ(script_.played.size(), 1U);
    EXPECT_NEAR(static_cast<double>(script_.played[0].at - resumed), 30.0 * millisecond, millisecond);
    EXPECT_NEAR(static_cast<double>(script_.played[0].due - resumed), 30.0 * millisecond, millisecond)
        << "the master clock went on, and with it the event's time";
    set_state(pin, KSSTATE_STOP);
    set_state(pin, KSSTATE_RUN);
    begun_ = now();
    write(pin, std::vector<DmusRecord>{{5 * millisecond, note_off}});
    run_for(10);
    ASSERT_EQ(script_.played.size(), 2U);
    EXPECT_NEAR(static_cast<double>(since(script_.played[1].at)), 5.0 * millisecond, millisecond);
}

TEST_F(DmusPort, R_DMUS_14_TheMasterClockTellsTheTimeAtAnyIrqlAndNeverStops) {
    start(true);
    open_pin(dmus_render); // in STOP
    IMasterClock& clock = *script_.mxfs.front()->clock.get();
    const auto time = [&] {
        REFERENCE_TIME value = 0;
        inside([&] {
            KIRQL irql;
            KeRaiseIrql(HIGH_LEVEL, &irql);
            EXPECT_EQ(clock.GetTime(&value), STATUS_SUCCESS);
            KeLowerIrql(irql);
        });
        return value;
    };
    const REFERENCE_TIME before = time();
    run_for(25);
    EXPECT_EQ(time() - before, 25 * millisecond);
    ULONGLONG answered = 0;
    const GUID set = KSPROPSETID_SynthClock;
    EXPECT_EQ(property(filter_, set, KSPROPERTY_SYNTH_MASTERCLOCK, KSPROPERTY_TYPE_GET, &answered, sizeof answered),
              STATUS_SUCCESS);
    EXPECT_NEAR(static_cast<double>(answered), static_cast<double>(time()), 100.0);
}

// IMiniportDMus::NewStream.
TEST_F(DmusPort, R_DMUS_16_TheStreamTypeTellsWhatAPinIs) {
    start(true);
    open_pin(midi_render);
    EXPECT_EQ(script_.type_seen, DMUS_STREAM_MIDI_RENDER);
    open_pin(dmus_capture);
    EXPECT_EQ(script_.type_seen, DMUS_STREAM_MIDI_CAPTURE);
    EXPECT_EQ(DMUS_STREAM_MIDI_INVALID, -1);
}

TEST_F(DmusPort, R_DMUS_19_TheChannelGroupTravelsWithTheEvent) {
    start(true);
    FILE_OBJECT* const pin = running_pin(dmus_render);
    write(pin, std::vector<DmusRecord>{{0, note_on, 3}, {0, note_off, 260}});
    ASSERT_EQ(script_.played.size(), 2U);
    EXPECT_EQ(script_.played[0].group, 3);
    EXPECT_EQ(script_.played[1].group, 260);
    FILE_OBJECT* const capture = running_pin(dmus_capture);
    MxfUnderTest& stream = *script_.mxfs.back();
    inside([&] {
        DMUS_KERNEL_EVENT* const event = stream.make(note_on, now(), DMUS_KEF_EVENT_COMPLETE);
        event->usChannelGroup = 7;
        stream.output()->PutMessage(event);
    });
    MidiRequest& request = read(capture);
    ASSERT_TRUE(request.is_done());
    EXPECT_EQ(dmus_records(request)[0].group, 7U);
}

// Exclusive messages that have to wait, megabytes of them, are kept: what comes behind and is due is played.
TEST_F(DmusPort, WhatIsFarHoldsNothingUp) {
    start(true);
    FILE_OBJECT* const pin = running_pin(dmus_render);
    constexpr int dumps = 300;
    MidiBytes dump(10'000, 0x33);
    dump.front() = 0xF0;
    dump.back() = 0xF7;
    for (int i = 0; i < dumps; ++i) {
        EXPECT_TRUE(write(pin, std::vector<DmusRecord>{{1000 * millisecond, dump}}).is_done());
    }
    write(pin, std::vector<DmusRecord>{{20 * millisecond, note_on}});
    run_for(50);
    ASSERT_EQ(script_.played.size(), 1U);
    EXPECT_EQ(script_.played[0].bytes, note_on);
    EXPECT_NEAR(static_cast<double>(since(script_.played[0].due)), static_cast<double>(20 * millisecond), a_moment);
    script_.played.clear();
    run_for(1000);
    std::size_t bytes = 0;
    for (const auto& each : script_.played) {
        bytes += each.bytes.size();
    }
    EXPECT_EQ(bytes, dumps * dump.size());
    EXPECT_TRUE(write(pin, std::vector<DmusRecord>{{0, note_off}}).is_done());
}

// ns-ks-ksstream_header: without KSSTREAM_HEADER_OPTIONSF_TIMEVALID the time is none, whatever it says.
TEST_F(DmusPort, ATimeThatIsNotValidIsNow) {
    start(true);
    FILE_OBJECT* const pin = running_pin(dmus_render);
    run_for(100);
    write_untimed(pin, std::vector<DmusRecord>{{0, note_on}}, 5000 * millisecond);
    ASSERT_EQ(script_.played.size(), 1U);
    FILE_OBJECT* const legacy = running_pin(midi_render);
    write_untimed(legacy, std::vector<MidiRecord>{{0, note_on}}, 5000 * millisecond);
    EXPECT_EQ(script_.played.size(), 2U);
}

TEST_F(DmusPort, R_DMUS_21_ALegacyPinTakesMidiForADirectMusicMiniport) {
    start(true);
    FILE_OBJECT* const pin = running_pin(midi_render);
    write(pin, std::vector<MidiRecord>{{5, {0x90, 60, 100, 62, 101}}, {5, note_off}});
    run_for(20);
    EXPECT_THAT(bytes_of(script_.played), ElementsAre(note_on, MidiBytes{0x90, 62, 101}, note_off))
        << "one event for each message, the status written out";
    EXPECT_NEAR(static_cast<double>(since(script_.played[0].due)), static_cast<double>(5 * millisecond), a_moment);
    for (const Played& each : script_.played) {
        EXPECT_EQ(each.group, 1) << "R-DMUS-19: the first; 0 is for all";
    }
    FILE_OBJECT* const capture = running_pin(midi_capture);
    MxfUnderTest& stream = *script_.mxfs.back();
    inside([&] { stream.output()->PutMessage(stream.make(note_on, now(), DMUS_KEF_EVENT_COMPLETE)); });
    MidiRequest& request = read(capture);
    ASSERT_TRUE(request.is_done());
    EXPECT_EQ(midi_records(request)[0].bytes, note_on);
}

} // namespace conformance
