// The MIDI port: IPortMidi, IMiniportMidi and KSMUSICFORMAT streams.
#include "midi_fixture.h"

namespace conformance {

using testing::ElementsAre;
using testing::ElementsAreArray;
using MidiPort = MidiTest;

class MidiPosition : public MidiTest {
protected:
    KSAUDIO_POSITION position_of(FILE_OBJECT* pin) {
        const GUID set = KSPROPSETID_Audio;
        KSAUDIO_POSITION position = {};
        EXPECT_EQ(property(pin, set, KSPROPERTY_AUDIO_POSITION, KSPROPERTY_TYPE_GET, &position, sizeof position),
                  STATUS_SUCCESS);
        return position;
    }
};

// ---- binding --------------------------------------------------------------------------------------------------------

// The MIDI port and the DMus port; IPortMidi, IPortDMus; IMiniportMidi, IMiniportDMus.
TEST_F(MidiPort, R_SUB_13_BothClassIdsGiveOnePortThatTakesEitherMiniport) {
    script_.class_id = &CLSID_PortDMus;
    start(false); // IMiniportMidi behind CLSID_PortDMus
    EXPECT_EQ(script_.port_init_status, STATUS_SUCCESS);
    auto* const midi = port_as<IPortMidi>(IID_IPortMidi);
    auto* const dmus = port_as<IPortDMus>(IID_IPortDMus);
    ASSERT_NE(midi, nullptr);
    ASSERT_NE(dmus, nullptr);
    EXPECT_EQ(script_.port_seen, static_cast<IUnknown*>(midi)) << "IMiniportMidi::Init is given the IPortMidi";
}

TEST_F(MidiPort, R_SUB_13_TheMidiPortTakesADirectMusicMiniport) {
    script_.class_id = &CLSID_PortMidi;
    start(true);
    EXPECT_EQ(script_.port_init_status, STATUS_SUCCESS);
    auto* const dmus = port_as<IPortDMus>(IID_IPortDMus);
    ASSERT_NE(dmus, nullptr);
    EXPECT_NE(port_as<IPortMidi>(IID_IPortMidi), nullptr);
    EXPECT_EQ(script_.port_seen, static_cast<IUnknown*>(dmus)) << "IMiniportDMus::Init is given the IPortDMus";
}

TEST_F(MidiPort, R_SUB_13_BeforeXpTheMidiPortTakesNoDirectMusicMiniport) {
    be(WindowsVersion::windows_2000);
    script_.class_id = &CLSID_PortMidi;
    script_.is_dmus = true;
    load();
    EXPECT_FALSE(NT_SUCCESS(script_.port_init_status));
}

TEST_F(MidiPort, R_SUB_13_BeforeXpTheDirectMusicPortTakesNoMidiMiniport) {
    be(WindowsVersion::windows_2000);
    script_.class_id = &CLSID_PortDMus;
    load();
    EXPECT_FALSE(NT_SUCCESS(script_.port_init_status));
}

TEST_F(MidiPort, R_SUB_13_BeforeXpEachHasItsOwnInterface) {
    be(WindowsVersion::windows_2000);
    script_.class_id = &CLSID_PortMidi;
    start(false);
    EXPECT_NE(port_as<IPortMidi>(IID_IPortMidi), nullptr);
    EXPECT_EQ(port_as<IPortDMus>(IID_IPortDMus), nullptr);
}

TEST_F(MidiPort, R_INIT_06_InitGivesTheServiceGroupOfNotify) {
    start(false);
    notify(nullptr);
    EXPECT_EQ(script_.service_irqls.size(), 1U);
}

// IPortMidi::RegisterServiceGroup, IMiniportMidi::Service.
TEST_F(MidiPort, R_MIDI_03_ARegisteredGroupServesBeforeInitHasReturned) {
    script_.registers_group = true;
    ULONG served_inside = 0;
    script_.in_init = [&](IUnknown* port) {
        auto midi = portcls::ComPointer<IPortMidi>::query(port, IID_IPortMidi);
        midi->Notify(script_.group);
        machine_.settle();
        served_inside = static_cast<ULONG>(script_.service_irqls.size());
    };
    start(false);
    EXPECT_EQ(served_inside, 1U);
    notify(script_.group);
    EXPECT_EQ(script_.service_irqls.size(), 2U) << "registered and returned: served once each time";
}

TEST_F(MidiPort, R_MIDI_02_NotifyFromAnyIrqlServicesAtDispatchLevel) {
    start(false);
    auto* const midi = port_as<IPortMidi>(IID_IPortMidi);
    inside([&] {
        KIRQL irql;
        KeRaiseIrql(DISPATCH_LEVEL + 3, &irql);
        midi->Notify(script_.group);
        EXPECT_TRUE(script_.service_irqls.empty());
        KeLowerIrql(irql);
        machine_.settle();
    });
    EXPECT_THAT(script_.service_irqls, ElementsAre(DISPATCH_LEVEL));
}

// IMiniportMidi::NewStream.
TEST_F(MidiPort, R_MIDI_08_NewStreamHearsOfTheDirection) {
    start(false);
    open_pin(midi_render);
    EXPECT_EQ(script_.capture_seen, FALSE);
    EXPECT_EQ(script_.pin_seen, midi_render);
    open_pin(midi_capture);
    EXPECT_NE(script_.capture_seen, FALSE);
    EXPECT_EQ(script_.pin_seen, midi_capture);
}

TEST_F(MidiPort, R_MIDI_08_TheStreamsGroupServesTheStream) {
    start(false);
    FILE_OBJECT* const pin = running_pin(midi_capture);
    MidiRequest& request = read(pin);
    script_.to_read = {note_on};
    notify(script_.midi_streams.front()->group.get());
    ASSERT_TRUE(request.is_done());
    EXPECT_EQ(midi_records(request).front().bytes, note_on);
}

// ---- render ---------------------------------------------------------------------------------------------------------

// IMiniportMidiStream::Write.
TEST_F(MidiPort, R_MIDI_01_OnlyBytesThatAreDueReachTheMiniport) {
    start(false);
    FILE_OBJECT* const pin = running_pin(midi_render);
    write(pin, std::vector<MidiRecord>{{0, note_on}, {50, note_off}});
    EXPECT_THAT(bytes_of(script_.played), ElementsAre(note_on));
    run_for(49);
    EXPECT_EQ(script_.played.size(), 1U);
    run_for(2);
    EXPECT_THAT(bytes_of(script_.played), ElementsAre(note_on, note_off));
    EXPECT_NEAR(static_cast<double>(since(script_.played[1].at)), 50.0 * millisecond, millisecond)
        << "a millisecond or better";
}

TEST_F(MidiPort, R_MIDI_10_TheNextRecordIsAlignedAndPaddingIsNotPlayed) {
    start(false);
    FILE_OBJECT* const pin = running_pin(midi_render);
    const MidiBytes program = {0xC0, 5};
    const MidiBytes clock = {0xF8};
    MidiRequest& request = write(pin, std::vector<MidiRecord>{{0, program}, {0, clock}, {0, note_on}});
    run_for(2);
    EXPECT_EQ(joined(script_.played), (MidiBytes{0xC0, 5, 0xF8, 0x90, 60, 100}));
    EXPECT_EQ(request.status, STATUS_SUCCESS);
}

TEST_F(MidiPort, R_MIDI_10_ARecordLargerThanItsBufferIsRefused) {
    start(false);
    FILE_OBJECT* const pin = running_pin(midi_render);
    std::vector<BYTE> bytes = packed(std::vector<MidiRecord>{{0, note_on}});
    bytes[4] = 200; // ByteCount
    MidiRequest& request = write(pin, bytes);
    run_for(1);
    EXPECT_EQ(request.status, STATUS_INVALID_PARAMETER);
    EXPECT_TRUE(script_.played.empty());
}

TEST_F(MidiPort, R_MIDI_11_DeltasCountFromTheHeaderAndThenFromEachOther) {
    start(false);
    FILE_OBJECT* const pin = running_pin(midi_render);
    write(pin, std::vector<MidiRecord>{{5, {0xC0, 1}}, {10, {0xC0, 2}}, {10, {0xC0, 3}}}, 20 * millisecond);
    run_for(60);
    ASSERT_EQ(script_.played.size(), 3U);
    const double expected[] = {25, 35, 45};
    for (int i = 0; i < 3; ++i) {
        EXPECT_NEAR(static_cast<double>(since(script_.played[i].at)), expected[i] * millisecond, millisecond);
    }
}

// ns-ks-kstime: a scaled time is in units of Numerator / Denominator of 100 ns.
TEST_F(MidiPort, R_MIDI_11_AHeadersTimeIsInItsOwnUnits) {
    start(false);
    FILE_OBJECT* const pin = running_pin(midi_render);
    MidiRequest& request = *requests_.emplace_back(std::make_unique<MidiRequest>());
    request.buffer = packed(std::vector<MidiRecord>{{0, note_on}});
    describe(request.header, request.buffer, 0, true, static_cast<ULONG>(request.buffer.size()));
    request.header.PresentationTime = {3, 10'000'000, 30}; // the third frame of thirty in a second
    send(pin, request, IOCTL_KS_WRITE_STREAM, sizeof request.header);
    run_for(200);
    ASSERT_EQ(script_.played.size(), 1U);
    EXPECT_NEAR(static_cast<double>(since(script_.played[0].at)), 100.0 * millisecond, millisecond);
}

TEST_F(MidiPort, R_MIDI_11_WhatIsPastPlaysAtOnce) {
    start(false);
    FILE_OBJECT* const pin = running_pin(midi_render);
    run_for(100);
    write(pin, std::vector<MidiRecord>{{0, note_on}}, 30 * millisecond);
    EXPECT_THAT(bytes_of(script_.played), ElementsAre(note_on));
}

// The example of ns-ksmedia-ksmusicformat.
TEST_F(MidiPort, R_MIDI_12_RequestsAreWorkedOffStrictlyInOrder) {
    start(false);
    FILE_OBJECT* const pin = running_pin(midi_render);
    MidiRequest& first =
        write(pin, std::vector<MidiRecord>{{0, {0xC0, 1}}, {1, {0xC0, 2}}, {7, {0xC0, 3}}}, 123 * millisecond);
    MidiRequest& second = write(pin, std::vector<MidiRecord>{{5, {0xC0, 4}}, {15, {0xC0, 5}}}, 120 * millisecond);
    run_for(130);
    EXPECT_FALSE(first.is_done());
    run_for(2);
    EXPECT_TRUE(first.is_done());
    EXPECT_FALSE(second.is_done());
    run_for(20);
    EXPECT_TRUE(second.is_done());
    ASSERT_EQ(script_.played.size(), 5U);
    const double expected[] = {123, 124, 131, 131, 140};
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(script_.played[i].bytes[1], i + 1);
        EXPECT_NEAR(static_cast<double>(since(script_.played[i].at)), expected[i] * millisecond, millisecond);
    }
}

TEST_F(MidiPort, R_MIDI_12_EveryHeaderOfARequestIsPlayedInItsTurn) {
    start(false);
    FILE_OBJECT* const pin = running_pin(midi_render);
    MidiRequest& request = write_two(pin, std::vector<MidiRecord>{{0, {0xC0, 1}}, {3, {0xC0, 2}}}, 10 * millisecond,
                                     std::vector<MidiRecord>{{0, {0xC0, 3}}}, 20 * millisecond);
    run_for(15);
    EXPECT_EQ(script_.played.size(), 2U);
    EXPECT_FALSE(request.is_done());
    run_for(10);
    EXPECT_TRUE(request.is_done());
    EXPECT_EQ(request.status, STATUS_SUCCESS);
    ASSERT_EQ(script_.played.size(), 3U);
    const double expected[] = {10, 13, 20};
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(script_.played[i].bytes[1], i + 1);
        EXPECT_NEAR(static_cast<double>(since(script_.played[i].at)), expected[i] * millisecond, millisecond);
    }
}

TEST_F(MidiPort, R_MIDI_12_ARequestThatIsCancelledHalfwayLeavesThePlaceToTheNext) {
    start(false);
    FILE_OBJECT* const pin = running_pin(midi_render);
    MidiRequest& first = write_two(pin, std::vector<MidiRecord>{{0, {0xC0, 1}}}, 10 * millisecond,
                                   std::vector<MidiRecord>{{0, {0xC0, 2}}}, 30 * millisecond);
    MidiRequest& second = write(pin, std::vector<MidiRecord>{{0, {0xC0, 3}}}, 20 * millisecond);
    run_for(15);
    cancel(first);
    EXPECT_EQ(first.status, STATUS_CANCELLED);
    run_for(10);
    EXPECT_EQ(second.status, STATUS_SUCCESS);
    ASSERT_EQ(script_.played.size(), 2U);
    EXPECT_EQ(script_.played[1].bytes[1], 3);
}

TEST_F(MidiPort, R_MIDI_05_ABusyDeviceIsAskedAgainForTheRest) {
    start(false);
    FILE_OBJECT* const pin = running_pin(midi_render);
    std::vector<ULONG> asked;
    script_.write = [&](const BYTE*, ULONG count, ULONG* written) {
        asked.push_back(count);
        *written = asked.size() % 2 != 0 ? 0 : std::min<ULONG>(count, 4);
        return STATUS_SUCCESS;
    };
    const MidiBytes message = exclusive(10);
    MidiRequest& request = write(pin, std::vector<MidiRecord>{{0, message}});
    run_for(20);
    EXPECT_TRUE(request.is_done());
    EXPECT_EQ(joined(script_.played), message);
    EXPECT_THAT(asked, ElementsAre(10, 10, 6, 6, 2, 2));
}

TEST_F(MidiPort, R_MIDI_05_ABrokenDeviceEndsTheRequestWithItsError) {
    start(false);
    FILE_OBJECT* const pin = running_pin(midi_render);
    bool is_broken = true;
    script_.write = [&](const BYTE*, ULONG, ULONG*) { return is_broken ? STATUS_IO_DEVICE_ERROR : STATUS_SUCCESS; };
    MidiRequest& first = write(pin, std::vector<MidiRecord>{{0, note_on}, {1, note_off}});
    run_for(2);
    EXPECT_EQ(first.status, STATUS_IO_DEVICE_ERROR);
    is_broken = false;
    MidiRequest& second = write(pin, std::vector<MidiRecord>{{0, note_off}});
    run_for(2);
    EXPECT_EQ(second.status, STATUS_SUCCESS);
    EXPECT_THAT(bytes_of(script_.played), ElementsAre(note_off));
}

// What a busy device has not taken when the stream stops is not played by the next run. The positions begin anew, too
// (R-STATE-04).
TEST_F(MidiPosition, AStoppedStreamForgetsWhatABusyDeviceHasNotTaken) {
    start(false);
    FILE_OBJECT* const pin = running_pin(midi_render);
    bool is_busy = true;
    script_.write = [&](const BYTE*, ULONG count, ULONG* written) {
        *written = is_busy ? 0 : count;
        return STATUS_SUCCESS;
    };
    write(pin, std::vector<MidiRecord>{{0, note_on}});
    run_for(5);
    EXPECT_EQ(position_of(pin).WriteOffset, note_on.size());
    set_state(pin, KSSTATE_STOP);
    EXPECT_EQ(position_of(pin).WriteOffset, 0U);
    EXPECT_EQ(position_of(pin).PlayOffset, 0U);
    is_busy = false;
    script_.played.clear();
    set_state(pin, KSSTATE_RUN);
    run_for(20);
    EXPECT_TRUE(script_.played.empty());
}

// KSPROPERTY_AUDIO_POSITION: bytes of MIDI that the port has taken, and those that the miniport is through with.
TEST_F(MidiPosition, ItTellsWhatHasBeenPlayed) {
    start(false);
    FILE_OBJECT* const pin = running_pin(midi_render);
    bool is_busy = true;
    script_.write = [&](const BYTE*, ULONG count, ULONG* written) {
        *written = is_busy ? 0 : count;
        return STATUS_SUCCESS;
    };
    const MidiBytes program = {0xC0, 5};
    write(pin, std::vector<MidiRecord>{{0, note_on}, {20, program}});
    run_for(5);
    EXPECT_EQ(position_of(pin).PlayOffset, 0U);
    EXPECT_EQ(position_of(pin).WriteOffset, 3U);
    is_busy = false;
    run_for(10);
    EXPECT_EQ(position_of(pin).PlayOffset, 3U);
    EXPECT_EQ(position_of(pin).WriteOffset, 3U) << "the second is not due";
    run_for(10);
    EXPECT_EQ(position_of(pin).PlayOffset, 5U);
    EXPECT_EQ(position_of(pin).WriteOffset, 5U);
}

// Shows R-MIDI-09.
TEST_F(MidiPort, R_MIDI_09_WriteRunsAtDispatchLevel) {
    start(false);
    FILE_OBJECT* const pin = running_pin(midi_render);
    write(pin, std::vector<MidiRecord>{{0, note_on}, {5, note_off}});
    run_for(10);
    ASSERT_EQ(script_.played.size(), 2U);
    for (const Played& each : script_.played) {
        EXPECT_EQ(each.irql, DISPATCH_LEVEL);
    }
}

TEST_F(MidiPort, R_MIDI_06_TheWrongDirectionIsNoRequest) {
    start(false);
    FILE_OBJECT* const render = running_pin(midi_render);
    FILE_OBJECT* const capture = running_pin(midi_capture);
    EXPECT_EQ(read(render).status, STATUS_INVALID_DEVICE_REQUEST);
    EXPECT_EQ(write(capture, std::vector<MidiRecord>{{0, note_on}}).status, STATUS_INVALID_DEVICE_REQUEST);
    const ULONG reads = script_.reads;
    notify(nullptr);
    EXPECT_EQ(script_.reads, reads + 1) << "of the capture stream; Read is never called on the other";
}

// IMiniportMidiStream::SetFormat.
TEST_F(MidiPort, R_MIDI_07_SetFormatReachesTheStreamAndSucceeds) {
    start(false);
    FILE_OBJECT* const pin = open_pin(midi_render);
    KSDATAFORMAT format{};
    format.FormatSize = sizeof format;
    format.MajorFormat = KSDATAFORMAT_TYPE_MUSIC;
    format.SubFormat = KSDATAFORMAT_SUBTYPE_MIDI;
    format.Specifier = KSDATAFORMAT_SPECIFIER_NONE;
    const GUID set = KSPROPSETID_Connection;
    EXPECT_EQ(property(pin, set, KSPROPERTY_CONNECTION_DATAFORMAT, KSPROPERTY_TYPE_SET, &format, sizeof format),
              STATUS_SUCCESS);
    EXPECT_EQ(script_.count_of("format"), 1U);
}

TEST_F(MidiPort, ALongExclusiveMessageArrivesWhole) {
    start(false);
    FILE_OBJECT* const pin = running_pin(midi_render);
    const MidiBytes message = exclusive(5000);
    MidiRequest& request = write(pin, std::vector<MidiRecord>{{0, message}});
    run_for(5);
    EXPECT_TRUE(request.is_done());
    EXPECT_EQ(joined(script_.played), message);
}

TEST_F(MidiPort, PauseHoldsTheStreamsTime) {
    start(false);
    FILE_OBJECT* const pin = running_pin(midi_render);
    MidiRequest& request = write(pin, std::vector<MidiRecord>{{20, note_on}});
    run_for(10);
    set_state(pin, KSSTATE_PAUSE);
    run_for(100);
    EXPECT_TRUE(script_.played.empty());
    set_state(pin, KSSTATE_RUN);
    run_for(8);
    EXPECT_TRUE(script_.played.empty());
    run_for(3);
    EXPECT_EQ(script_.played.size(), 1U);
    EXPECT_TRUE(request.is_done());
}

TEST_F(MidiPort, StopAndCancellingGiveRequestsBack) {
    start(false);
    FILE_OBJECT* const pin = running_pin(midi_render);
    MidiRequest& first = write(pin, std::vector<MidiRecord>{{1000, note_on}});
    MidiRequest& second = write(pin, std::vector<MidiRecord>{{1000, note_on}});
    run_for(1);
    cancel(first);
    EXPECT_EQ(first.status, STATUS_CANCELLED);
    set_state(pin, KSSTATE_STOP);
    EXPECT_EQ(second.status, STATUS_CANCELLED);
    run_for(2000);
    EXPECT_TRUE(script_.played.empty());
    EXPECT_EQ(write(pin, std::vector<MidiRecord>{{0, note_on}}).status, STATUS_INVALID_DEVICE_STATE);
}

// IMiniportMidiStream::SetState.
TEST_F(MidiPort, AFailedStateIsRolledBack) {
    start(false);
    script_.failing_state = KSSTATE_RUN;
    FILE_OBJECT* const pin = open_pin(midi_render);
    KSSTATE state = KSSTATE_RUN;
    const GUID set = KSPROPSETID_Connection;
    EXPECT_EQ(property(pin, set, KSPROPERTY_CONNECTION_STATE, KSPROPERTY_TYPE_SET, &state, sizeof state),
              STATUS_DEVICE_BUSY);
    EXPECT_EQ(script_.journal.back(), "state:0");
}

} // namespace conformance
