// The FM synthesizer miniports: what they are to a port. Their music is in fmsynth_music_test.cpp.
#include "fmsynth_fixture.h"

namespace openportcls::portcls {
namespace {

class FmSynth : public FmSynthTest {
protected:
    PCFILTER_DESCRIPTOR& description() {
        PCFILTER_DESCRIPTOR* result = nullptr;
        EXPECT_EQ(miniport_->GetDescription(&result), STATUS_SUCCESS);
        return *result;
    }

    struct VolumeRequest : PCPROPERTY_REQUEST {
        ULONG channel = 0;
        UCHAR buffer[256] = {};

        VolumeRequest(IMiniportMidi* miniport, const PCPROPERTY_ITEM* item, ULONG verb, ULONG size) {
            MajorTarget = miniport;
            MinorTarget = nullptr;
            Node = 1;
            PropertyItem = item;
            Verb = verb;
            InstanceSize = sizeof(channel);
            Instance = &channel;
            ValueSize = size;
            Value = buffer;
            Irp = nullptr;
        }
    };
    VolumeRequest volume_request(ULONG verb, ULONG size) {
        const auto* table = description().Nodes[1].AutomationTable;
        return {miniport_.get(), &table->Properties[0], verb, size};
    }
    NTSTATUS set_volume(ULONG channel, LONG level) {
        auto request = volume_request(KSPROPERTY_TYPE_SET, sizeof(LONG));
        request.channel = channel;
        *reinterpret_cast<LONG*>(request.buffer) = level;
        return request.PropertyItem->Handler(&request);
    }
    LONG volume(ULONG channel) {
        auto request = volume_request(KSPROPERTY_TYPE_GET, sizeof(LONG));
        request.channel = channel;
        EXPECT_EQ(request.PropertyItem->Handler(&request), STATUS_SUCCESS);
        EXPECT_EQ(request.ValueSize, sizeof(LONG));
        return *reinterpret_cast<LONG*>(request.buffer);
    }
};

TEST_F(FmSynth, IsASystemMiniport_R_SUB_12) {
    inside([&] {
        for (const GUID* class_id : {&CLSID_MiniportDriverFmSynth, &CLSID_MiniportDriverFmSynthWithVol}) {
            make(*class_id);
            EXPECT_TRUE(ComPointer<IMiniport>::query(miniport_.get(), IID_IMiniport));
            EXPECT_TRUE(ComPointer<IPowerNotify>::query(miniport_.get(), IID_IPowerNotify));
            EXPECT_FALSE(ComPointer<IUnknown>::query(miniport_.get(), IID_IMiniportTopology));
            PCFILTER_DESCRIPTOR* none = nullptr;
            EXPECT_EQ(miniport_->GetDescription(&none), STATUS_DEVICE_NOT_READY);
        }
    });
}

TEST_F(FmSynth, FindsItsChip) {
    inside([&] {
        make();
        EXPECT_EQ(initialise(0x220, 4), STATUS_NO_SUCH_DEVICE) << "nothing there";
        EXPECT_EQ(initialise(base, 0), STATUS_DEVICE_CONFIGURATION_ERROR) << "no port range";
        EXPECT_EQ(initialise(), STATUS_SUCCESS);
        const auto* range =
            reinterpret_cast<const KSDATARANGE_MUSIC*>(description().Pins[0].KsPinDescriptor.DataRanges[0]);
        EXPECT_EQ(range->Notes, 18u);
        EXPECT_TRUE(chip_.synthesizer().is_new());
    });
}

TEST_F(FmSynth, FirstArrayOnlyIsAnOpl2) {
    inside([&] {
        make();
        ASSERT_EQ(initialise(base, 2), STATUS_SUCCESS);
        const auto* range =
            reinterpret_cast<const KSDATARANGE_MUSIC*>(description().Pins[0].KsPinDescriptor.DataRanges[0]);
        EXPECT_EQ(range->Notes, 9u);
        EXPECT_FALSE(chip_.synthesizer().is_new());
    });
}

// FmSynth miniport: a MIDI pin, a synthesizer, a bridge pin.
TEST_F(FmSynth, Description) {
    inside([&] {
        make();
        ASSERT_EQ(initialise(), STATUS_SUCCESS);
        const auto& filter = description();
        ASSERT_EQ(filter.PinCount, 2u);
        const auto& midi = filter.Pins[0];
        EXPECT_EQ(midi.MaxFilterInstanceCount, 1u);
        EXPECT_EQ(midi.KsPinDescriptor.DataFlow, KSPIN_DATAFLOW_IN);
        EXPECT_EQ(midi.KsPinDescriptor.Communication, KSPIN_COMMUNICATION_SINK);
        const auto* range = reinterpret_cast<const KSDATARANGE_MUSIC*>(midi.KsPinDescriptor.DataRanges[0]);
        EXPECT_EQ(range->DataRange.FormatSize, sizeof(KSDATARANGE_MUSIC));
        EXPECT_TRUE(IsEqualGUID(range->DataRange.SubFormat, KSDATAFORMAT_SUBTYPE_MIDI));
        EXPECT_TRUE(IsEqualGUID(range->Technology, KSMUSIC_TECHNOLOGY_FMSYNTH));
        EXPECT_EQ(range->Channels, 16u);
        EXPECT_EQ(range->ChannelMask, 0xFFFFu);
        EXPECT_EQ(filter.Pins[1].MaxGlobalInstanceCount, 0u) << "a bridge pin";
        EXPECT_EQ(filter.Pins[1].KsPinDescriptor.Communication, KSPIN_COMMUNICATION_NONE);
        ASSERT_EQ(filter.NodeCount, 1u);
        EXPECT_TRUE(IsEqualGUID(*filter.Nodes[0].Type, KSNODETYPE_SYNTHESIZER));
        ASSERT_EQ(filter.ConnectionCount, 2u);
        EXPECT_EQ(filter.Connections[0].FromNode, PCFILTER_NODE);
        EXPECT_EQ(filter.Connections[0].ToNode, 0u);
        EXPECT_EQ(filter.Connections[0].ToNodePin, 1u);
        EXPECT_EQ(filter.Connections[1].ToNode, PCFILTER_NODE);
        EXPECT_EQ(filter.Connections[1].ToNodePin, 1u);
        ASSERT_EQ(filter.CategoryCount, 3u);
        EXPECT_TRUE(IsEqualGUID(filter.Categories[0], KSCATEGORY_AUDIO));
        EXPECT_TRUE(IsEqualGUID(filter.Categories[2], KSCATEGORY_SYNTHESIZER));
    });
}

// FmSynthWithVol miniport: a volume node between the two.
TEST_F(FmSynth, DescriptionWithVolume) {
    inside([&] {
        make(CLSID_MiniportDriverFmSynthWithVol);
        ASSERT_EQ(initialise(), STATUS_SUCCESS);
        const auto& filter = description();
        ASSERT_EQ(filter.NodeCount, 2u);
        EXPECT_TRUE(IsEqualGUID(*filter.Nodes[1].Type, KSNODETYPE_VOLUME));
        EXPECT_TRUE(IsEqualGUID(*filter.Nodes[1].Name, KSAUDFNAME_MIDI_VOLUME));
        ASSERT_EQ(filter.ConnectionCount, 3u);
        EXPECT_EQ(filter.Connections[1].FromNode, 0u);
        EXPECT_EQ(filter.Connections[1].ToNode, 1u);
        EXPECT_EQ(filter.Connections[2].FromNode, 1u);
    });
}

TEST_F(FmSynth, VolumeNodeAnswersBasicSupport_R_PROP_11_R_PROP_13) {
    inside([&] {
        make(CLSID_MiniportDriverFmSynthWithVol);
        ASSERT_EQ(initialise(), STATUS_SUCCESS);
        constexpr ULONG all =
            sizeof(KSPROPERTY_DESCRIPTION) + sizeof(KSPROPERTY_MEMBERSHEADER) + 2 * sizeof(KSPROPERTY_STEPPING_LONG);
        const struct {
            ULONG size;
            NTSTATUS status;
            ULONG answered;
        } cases[] = {{0, STATUS_BUFFER_OVERFLOW, all},
                     {sizeof(ULONG), STATUS_SUCCESS, sizeof(ULONG)},
                     {sizeof(KSPROPERTY_DESCRIPTION), STATUS_SUCCESS, sizeof(KSPROPERTY_DESCRIPTION)},
                     {all - 1, STATUS_BUFFER_TOO_SMALL, all - 1},
                     {200, STATUS_SUCCESS, all}};
        for (const auto& each : cases) {
            auto request = volume_request(KSPROPERTY_TYPE_BASICSUPPORT, each.size);
            EXPECT_EQ(request.PropertyItem->Handler(&request), each.status) << each.size;
            EXPECT_EQ(request.ValueSize, each.answered) << each.size;
            if (each.size >= sizeof(ULONG) && NT_SUCCESS(each.status)) {
                EXPECT_EQ(*reinterpret_cast<ULONG*>(request.buffer),
                          static_cast<ULONG>(KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_SET | KSPROPERTY_TYPE_BASICSUPPORT));
            }
            if (each.size == 200) {
                const auto* members =
                    reinterpret_cast<KSPROPERTY_MEMBERSHEADER*>(request.buffer + sizeof(KSPROPERTY_DESCRIPTION));
                EXPECT_EQ(members->MembersCount, 2u);
                const auto* range = reinterpret_cast<const KSPROPERTY_STEPPING_LONG*>(members + 1);
                EXPECT_EQ(range[1].SteppingDelta, 49152u) << "0.75 dB";
                EXPECT_EQ(range[1].Bounds.SignedMinimum, -47 * 65536 - 16384);
                EXPECT_EQ(range[1].Bounds.SignedMaximum, 0);
            }
        }
    });
}

TEST_F(FmSynth, VolumeNodeTakesTheNearestLevel_R_PROP_14) {
    inside([&] {
        make(CLSID_MiniportDriverFmSynthWithVol);
        ASSERT_EQ(initialise(), STATUS_SUCCESS);
        EXPECT_EQ(volume(0), 0);
        EXPECT_EQ(set_volume(0, -6 * 65536 - 100), STATUS_SUCCESS);
        EXPECT_EQ(volume(0), -6 * 65536);
        EXPECT_EQ(volume(1), 0);
        EXPECT_EQ(set_volume(1, 65536), STATUS_SUCCESS);
        EXPECT_EQ(volume(1), 0);
        EXPECT_EQ(set_volume(1, INT32_MIN), STATUS_SUCCESS);
        EXPECT_EQ(volume(1), -63 * 49152);
        EXPECT_EQ(set_volume(2, 0), STATUS_INVALID_PARAMETER);
        auto request = volume_request(KSPROPERTY_TYPE_GET, 0);
        EXPECT_EQ(request.PropertyItem->Handler(&request), STATUS_BUFFER_OVERFLOW);
        EXPECT_EQ(request.ValueSize, sizeof(LONG));
        request.ValueSize = 2;
        EXPECT_EQ(request.PropertyItem->Handler(&request), STATUS_BUFFER_TOO_SMALL);
        request.InstanceSize = 0;
        EXPECT_EQ(request.PropertyItem->Handler(&request), STATUS_INVALID_PARAMETER);
    });
}

TEST_F(FmSynth, VolumeNodeIsHeard) {
    inside([&] {
        open(CLSID_MiniportDriverFmSynthWithVol);
        play({0xC0, 16, 0x90, 60, 127});
        pass(100);
        const double full = hear_levels(100).left;
        set_volume(0, -9 * 65536);
        set_volume(1, -9 * 65536);
        EXPECT_NEAR(decibels(hear_levels(100).left / full), -9, 0.3);
        set_volume(0, INT32_MIN);
        set_volume(1, INT32_MIN);
        EXPECT_EQ(hear_levels(50).left, 0);
        set_volume(0, 0);
        set_volume(1, -18 * 65536);
        play({0xB0, 10, 127});
        const Levels right = hear_levels(100);
        EXPECT_EQ(right.left, 0);
        EXPECT_NEAR(decibels(right.right / full), -18, 0.5);
    });
}

TEST_F(FmSynth, StreamRules_R_MIDI_06_R_MIDI_07_R_MIDI_08) {
    inside([&] {
        make();
        ASSERT_EQ(initialise(), STATUS_SUCCESS);
        EXPECT_EQ(open_stream(true), STATUS_INVALID_DEVICE_REQUEST) << "nothing to capture";
        EXPECT_EQ(open_stream(false, 1), STATUS_INVALID_PARAMETER) << "the bridge pin";
        ASSERT_EQ(open_stream(), STATUS_SUCCESS);
        auto first = stream_;
        EXPECT_EQ(open_stream(), STATUS_INVALID_DEVICE_REQUEST) << "one at a time";
        KSDATAFORMAT format = midi_format();
        EXPECT_EQ(first->SetFormat(&format), STATUS_SUCCESS);
        format.SubFormat = KSDATAFORMAT_SUBTYPE_PCM;
        EXPECT_EQ(first->SetFormat(&format), STATUS_INVALID_PARAMETER);
        ULONG count = 1;
        UCHAR byte = 0;
        EXPECT_EQ(first->Read(&byte, 1, &count), STATUS_INVALID_DEVICE_REQUEST);
        EXPECT_EQ(count, 0u);
        first.reset();
        EXPECT_EQ(open_stream(), STATUS_SUCCESS);
    });
}

TEST_F(FmSynth, KeepsItsRegistersWithoutPower_R_PWR_09) {
    inside([&] {
        open();
        play({0xC0, 80, 0x90, 69, 100});
        pass(50);
        auto power = ComPointer<IPowerNotify>::query(miniport_.get(), IID_IPowerNotify);
        POWER_STATE state;
        state.DeviceState = PowerDeviceD3;
        power->PowerChangeNotify(state);
        pass(500);
        EXPECT_EQ(hear_levels(20).left, 0);
        // What the chip forgets.
        for (unsigned index = 0x20; index < 0xF6; ++index) {
            for (unsigned array : {0U, 2U}) {
                chip_.write_port(0, array, machine::AccessWidth::byte, index);
                chip_.write_port(0, array + 1, machine::AccessWidth::byte, 0);
            }
        }
        chip_.write_port(0, 2, machine::AccessWidth::byte, 0x05);
        chip_.write_port(0, 3, machine::AccessWidth::byte, 0);
        play({0x90, 76, 100});
        EXPECT_EQ(keys_down(), 0u) << "the hardware is left alone";
        state.DeviceState = PowerDeviceD0;
        power->PowerChangeNotify(state);
        EXPECT_TRUE(chip_.synthesizer().is_new());
        EXPECT_EQ(keys_down(), 2u);
        play({0x80, 76, 0});
        pass(500);
        EXPECT_NEAR(frequency(hear_left(100)) / 440, 1, 0.01);
    });
}

TEST_F(FmSynth, StandsStillSilently) {
    inside([&] {
        open();
        play({0xC0, 80, 0x90, 69, 100});
        pass(50);
        EXPECT_GT(hear_levels(20).left, 100);
        EXPECT_EQ(stream_->SetState(KSSTATE_PAUSE), STATUS_SUCCESS);
        pass(50);
        EXPECT_EQ(hear_levels(20).left, 0);
        EXPECT_EQ(stream_->SetState(KSSTATE_RUN), STATUS_SUCCESS);
        play({0x90, 69, 100});
        pass(50);
        stream_.reset();
        pass(50);
        EXPECT_EQ(hear_levels(20).left, 0);
        EXPECT_EQ(keys_down(), 0u);
    });
}

} // namespace
} // namespace openportcls::portcls
