// The DirectMusic port and synthesizers: the wave sink, DLS downloads, and a sequencer with much to do.
#include <algorithm>
#include <random>

#include "midi_fixture.h"

namespace conformance {

using DmusSynth = MidiTest;

namespace {

void NTAPI note_status(void* context, NTSTATUS result, ULONG_PTR) {
    *static_cast<NTSTATUS*>(context) = result;
}

} // namespace

// ---- the wave sink --------------------------------------------------------------------------------------------------

TEST_F(DmusSynth, R_DMUS_22_FromVistaOnThereIsNoSoftwareSynthesizer) {
    be(WindowsVersion::vista);
    start(true);
    inside([&] {
        FILE_OBJECT* file = nullptr;
        EXPECT_EQ(open_pin(dmus_wave, file), STATUS_NOT_SUPPORTED);
    });
    open_pin(dmus_render); // hardware MIDI goes on
}

TEST_F(DmusSynth, R_SUB_15_SoftwareSynthesizersEndWithXp) {
    be(WindowsVersion::xp_sp2);
    start(true);
    open_pin(dmus_wave);
    EXPECT_EQ(script_.type_seen, DMUS_STREAM_WAVE_SINK);
}

// ISynthSinkDMus::Render, ISynthSinkDMus::SyncToMaster.
TEST_F(DmusSynth, R_DMUS_15_TheWaveSinkPullsTheSynthesizer) {
    be(WindowsVersion::xp);
    start(true);
    FILE_OBJECT* const pin = open_pin(dmus_wave);
    set_state(pin, KSSTATE_PAUSE);
    MidiRequest& request = read(pin, 19'200); // 100 ms
    set_state(pin, KSSTATE_RUN);
    run_for(99);
    EXPECT_FALSE(request.is_done());
    run_for(12);
    ASSERT_TRUE(request.is_done());
    EXPECT_EQ(request.header.DataUsed, 19'200U);
    for (std::size_t i = 0; i < request.buffer.size(); ++i) {
        ASSERT_EQ(request.buffer[i], static_cast<BYTE>(i)) << "the position is the stream's, in bytes";
    }
    ASSERT_GT(script_.syncs.size(), 5U);
    EXPECT_NE(script_.syncs.front().second, FALSE) << "fStart with the first of a RUN";
    for (std::size_t i = 1; i < script_.syncs.size(); ++i) {
        EXPECT_EQ(script_.syncs[i].second, FALSE);
        EXPECT_GT(script_.syncs[i].first, script_.syncs[i - 1].first);
    }
    script_.syncs.clear();
    set_state(pin, KSSTATE_PAUSE);
    set_state(pin, KSSTATE_RUN);
    ASSERT_FALSE(script_.syncs.empty());
    EXPECT_NE(script_.syncs.front().second, FALSE);
}

// ISynthSinkDMus::SampleToRefTime, ISynthSinkDMus::RefTimeToSample: a synthesizer whose samples are shorter than the
// format says is asked for more of them, and its clock tells the time of its samples.
TEST_F(DmusSynth, R_DMUS_15_TheSynthesizerSaysHowLongItsSamplesAre) {
    be(WindowsVersion::xp);
    script_.synth_rate = 96'000; // twice the format's
    start(true);
    FILE_OBJECT* const pin = open_pin(dmus_wave);
    FILE_OBJECT* clock = nullptr;
    inside([&] {
        const GUID kind = KSNAME_Clock;
        const KSCLOCK_CREATE parameters = {};
        ASSERT_EQ(open_path(ks::make_create_name(kind, &parameters, sizeof parameters), pin, clock), STATUS_SUCCESS);
    });
    set_state(pin, KSSTATE_PAUSE);
    MidiRequest& request = read(pin, 19'200); // 100 ms by the format
    set_state(pin, KSSTATE_RUN);
    run_for(61);
    ASSERT_TRUE(request.is_done());
    const GUID set = KSPROPSETID_Clock;
    LONGLONG physical = 0;
    LONGLONG presentation = 0;
    EXPECT_EQ(property(clock, set, KSPROPERTY_CLOCK_PHYSICALTIME, KSPROPERTY_TYPE_GET, &physical, sizeof physical),
              STATUS_SUCCESS);
    EXPECT_EQ(property(clock, set, KSPROPERTY_CLOCK_TIME, KSPROPERTY_TYPE_GET, &presentation, sizeof presentation),
              STATUS_SUCCESS);
    EXPECT_NEAR(static_cast<double>(physical), 61.0 * millisecond, 1.0 * millisecond);
    EXPECT_NEAR(static_cast<double>(presentation), 122.0 * millisecond, 2.0 * millisecond) << "by the format";
    close(clock);
}

// nf-dmusicks-isynthsinkdmus-synctomaster: the sample clock is zero where a RUN begins, on the master clock. The
// position that is rendered is that clock's, the pin's goes on.
TEST_F(DmusSynth, R_DMUS_15_TheSampleClockBeginsWithEachRun) {
    be(WindowsVersion::xp);
    script_.synth_rate = 48'000;
    start(true);
    run_for(777); // the master clock does not begin with the stream
    FILE_OBJECT* const pin = open_pin(dmus_wave);
    set_state(pin, KSSTATE_PAUSE);
    MidiRequest& first = read(pin, 9'600);
    MidiRequest& second = read(pin, 3 * 347 * 192 - 9'600);
    for (unsigned round = 0; round < 3; ++round) {
        script_.renders.clear();
        set_state(pin, KSSTATE_RUN);
        run_for(347);
        set_state(pin, KSSTATE_PAUSE);
        run_for(500);
        ASSERT_FALSE(script_.renders.empty());
        LONGLONG next = 0;
        for (const auto& [bytes, position] : script_.renders) {
            ASSERT_EQ(position, next) << round;
            next += bytes;
        }
        EXPECT_EQ(next, 347 * 192) << "nothing of it is lost";
    }
    EXPECT_TRUE(first.is_done());
    EXPECT_TRUE(second.is_done());
    const GUID set = KSPROPSETID_Audio;
    KSAUDIO_POSITION position{};
    EXPECT_EQ(property(pin, set, KSPROPERTY_AUDIO_POSITION, KSPROPERTY_TYPE_GET, &position, sizeof position),
              STATUS_SUCCESS);
    EXPECT_NEAR(static_cast<double>(position.PlayOffset), 1041 * 192.0, 3 * 192.0);
    EXPECT_NEAR(static_cast<double>(position.WriteOffset), 1041 * 192.0, 3 * 192.0);
}

// A client without requests loses what was to be rendered, but its position goes on over a pause.
TEST_F(DmusSynth, R_DMUS_15_WithoutRequestsPositionsDoNotStepBack) {
    be(WindowsVersion::xp);
    script_.synth_rate = 48'000;
    start(true);
    FILE_OBJECT* const pin = open_pin(dmus_wave);
    const auto play_offset = [&] {
        const GUID set = KSPROPSETID_Audio;
        KSAUDIO_POSITION position{};
        EXPECT_EQ(property(pin, set, KSPROPERTY_AUDIO_POSITION, KSPROPERTY_TYPE_GET, &position, sizeof position),
                  STATUS_SUCCESS);
        return position.PlayOffset;
    };
    set_state(pin, KSSTATE_RUN);
    run_for(205);
    EXPECT_EQ(play_offset(), 205U * 192);
    set_state(pin, KSSTATE_PAUSE);
    run_for(100);
    EXPECT_EQ(play_offset(), 205U * 192);
    set_state(pin, KSSTATE_RUN);
    EXPECT_EQ(play_offset(), 205U * 192);
    const MidiRequest& request = read(pin, 1'920);
    run_for(20);
    EXPECT_EQ(play_offset(), 225U * 192);
    ASSERT_TRUE(request.is_done());
    ASSERT_FALSE(script_.renders.empty());
    EXPECT_EQ(script_.renders.front().second, 0) << "of the new sample clock";
}

// IPositionNotify, IPositionNotify::PositionNotify: its identifier is in no header, and releases from Windows XP on do
// not declare it: the port asks its streams for nothing but what is documented.
TEST_F(DmusSynth, NobodyAsksForAnIPositionNotify) {
    be(WindowsVersion::xp);
    start(true);
    for (const ULONG pin : {ULONG{dmus_render}, ULONG{dmus_wave}}) {
        FILE_OBJECT* const file = open_pin(pin);
        set_state(file, KSSTATE_RUN);
        run_for(30);
        set_state(file, KSSTATE_STOP);
    }
    ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD3));
    ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD0));
    EXPECT_FALSE(script_.interfaces_asked.empty());
    const GUID documented[] = {IID_IMXF, IID_ISynthSinkDMus, IID_IPowerNotify, IID_IDrmAudioStream};
    for (const GUID& asked : script_.interfaces_asked) {
        EXPECT_TRUE(std::any_of(std::begin(documented), std::end(documented),
                                [&](const GUID& each) { return IsEqualGUID(each, asked); }))
            << std::hex << asked.Data1;
    }
}

TEST_F(DmusSynth, R_DMUS_15_AStreamWithoutAnISynthSinkDMusIsNoWaveSink) {
    be(WindowsVersion::xp);
    script_.has_synth_sink = false;
    start(true);
    inside([&] {
        FILE_OBJECT* file = nullptr;
        EXPECT_EQ(open_pin(dmus_wave, file), STATUS_NOT_SUPPORTED);
    });
}

// ---- DLS ------------------------------------------------------------------------------------------------------------

TEST_F(DmusSynth, R_DMUS_17_AnUnloadMayEndLater) {
    start(true);
    FILE_OBJECT* const pin = open_pin(dmus_render);
    // DLS data passes through the port as it is.
    std::vector<BYTE> collection(5000, 0x44);
    struct {
        KSNODEPROPERTY request{};
        SYNTH_BUFFER buffer{};
    } download;
    download.request.Property.Set = KSPROPSETID_Synth_Dls;
    download.request.Property.Id = KSPROPERTY_SYNTH_DLS_DOWNLOAD;
    download.request.Property.Flags = KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_TOPOLOGY;
    download.request.NodeId = 0;
    download.buffer = {static_cast<DWORD>(collection.size()), collection.data()};
    SYNTHDOWNLOAD handle{};
    ULONG_PTR information = 0;
    inside([&] {
        EXPECT_EQ(executive::device_control(pin, IOCTL_KS_PROPERTY, &download, sizeof download, &handle, sizeof handle,
                                            &information),
                  STATUS_SUCCESS);
    });
    EXPECT_EQ(script_.downloaded, collection);
    ASSERT_NE(handle.DownloadHandle, nullptr);

    KSNODEPROPERTY unload = download.request;
    unload.Property.Id = KSPROPERTY_SYNTH_DLS_UNLOAD;
    unload.Property.Flags = KSPROPERTY_TYPE_SET | KSPROPERTY_TYPE_TOPOLOGY;
    NTSTATUS ended = STATUS_PENDING;
    inside([&] {
        const NTSTATUS status =
            executive::start_device_control(pin, IOCTL_KS_PROPERTY, &unload, sizeof unload, &handle.DownloadHandle,
                                            sizeof(HANDLE), &note_status, &ended);
        EXPECT_EQ(status, STATUS_PENDING) << "notes are sounding";
    });
    run_for(10);
    EXPECT_EQ(ended, STATUS_PENDING);
    ASSERT_NE(script_.pending_unload, nullptr);
    EXPECT_EQ(script_.unloaded, handle.DownloadHandle);
    inside([&] { PcCompletePendingPropertyRequest(script_.pending_unload, STATUS_SUCCESS); });
    EXPECT_EQ(ended, STATUS_SUCCESS);
}

// ---- a hundred thousand events --------------------------------------------------------------------------------------

TEST_F(DmusSynth, AHundredThousandEventsWaitInTheSequencer) {
    start(true);
    FILE_OBJECT* const pin = running_pin(dmus_render);
    constexpr int count = 100'000;
    std::vector<DmusRecord> records;
    std::mt19937 random(7);
    for (int i = 0; i < count; ++i) {
        records.push_back({static_cast<LONGLONG>(1000 * millisecond + random() % (1000 * millisecond)), note_on});
    }
    EXPECT_TRUE(write(pin, records).is_done());
    EXPECT_TRUE(script_.played.empty());
    run_for(3000);
    ASSERT_EQ(script_.played.size(), static_cast<std::size_t>(count));
    LONGLONG worst = 0;
    for (int i = 0; i < count; ++i) {
        ASSERT_TRUE(i == 0 || script_.played[i].due >= script_.played[i - 1].due);
        worst = std::max(worst, script_.played[i].at - script_.played[i].due);
    }
    EXPECT_LE(worst, millisecond);
}

} // namespace conformance
