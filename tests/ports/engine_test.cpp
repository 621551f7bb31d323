// An audio engine with host, offload and loopback pins, in a driver as vendors build them (tests/drivers/engine).
#include "engine_fixture.h"

namespace openportcls::ports {

// R-OFF-01. IMiniportAudioEngineNode::GetAudioEngineDescriptor.
TEST_F(Engine, R_OFF_01_the_node_names_its_pins) {
    start();
    const auto descriptor =
        wave->get<KSAUDIOENGINE_DESCRIPTOR>(engine(KSPROPERTY_AUDIOENGINE_DESCRIPTOR), Target::node(node));
    ASSERT_TRUE(descriptor) << descriptor.error().message;
    EXPECT_EQ(descriptor->nHostPinId, 0U);
    EXPECT_EQ(descriptor->nOffloadPinId, offload_pin);
    EXPECT_EQ(descriptor->nLoopbackPinId, loopback_pin);
    const auto nodes = wave->nodes().value();
    ASSERT_EQ(nodes.size(), 1U);
    EXPECT_EQ(nodes[0].type, client::from_windows(KSNODETYPE_AUDIO_ENGINE));
}

TEST_F(Engine, R_OFF_01_offloaded_sound_arrives_at_the_loopback_bit_for_bit) {
    start_listening();
    for (const std::uint32_t pin : {0U, offload_pin}) {
        RenderStream stream = open_stream(pin);
        const Bytes sound = noise(50 * interval, pin + 1);
        EXPECT_NE(find(play(stream, sound), sound), std::string::npos) << "pin " << pin;
    }
}

// Two offloaded streams and the host's are one mix; a fourth has no place.
TEST_F(Engine, R_OFF_01_the_engine_mixes) {
    start_listening();
    const Bytes sound = changed(noise(20 * interval), [](auto, std::int16_t sample) { return sample / 4; });
    const Bytes triple = changed(sound, [](auto, std::int16_t sample) { return 3 * sample; });
    std::vector<RenderStream> streams;
    for (const std::uint32_t pin : {0U, offload_pin, offload_pin}) {
        streams.push_back(open_stream(pin));
        auto filled = streams.back().on_period([&, at = std::size_t{0}](std::span<std::byte> period) mutable {
            std::fill(period.begin(), period.end(), std::byte{});
            const std::size_t bytes = std::min(period.size(), sound.size() - at);
            std::copy_n(sound.begin() + static_cast<std::ptrdiff_t>(at), bytes, period.begin());
            at += bytes;
            return true;
        });
        ASSERT_TRUE(filled) << filled.error().message;
    }
    EXPECT_FALSE(RenderStream::open(*wave, WaveFormat{}, {.pin = offload_pin}));
    for (RenderStream& stream : streams) {
        ASSERT_TRUE(stream.start());
    }
    ASSERT_TRUE(machine->run_for(milliseconds(300)));
    EXPECT_NE(find(looped_back, triple), std::string::npos);
}

// R-OFF-02: through the pin, the stream's controls; through the filter, the device's, behind the loopback.
// IMiniportStreamAudioEngineNode::SetStreamChannelVolume, IMiniportStreamAudioEngineNode::SetStreamChannelMute.
TEST_F(Engine, R_OFF_02_a_stream_has_a_volume_of_its_own) {
    start_listening();
    RenderStream stream = open_stream(offload_pin);
    const Key level = property::audio_volume_level;
    ASSERT_TRUE(stream.set<std::int32_t>(level, -6 * 65536, Target::channel(node, 0)));
    ASSERT_TRUE(stream.set<std::int32_t>(property::audio_mute, 1, Target::channel(node, 1)));
    const Bytes sound = noise(20 * interval);
    const Bytes expected =
        changed(sound, [](std::size_t channel, std::int16_t sample) { return channel == 0 ? sample / 2 : 0; });
    EXPECT_NE(find(play(stream, sound), expected), std::string::npos);
    EXPECT_EQ(stream.get<std::int32_t>(level, Target::channel(node, 0)).value(), -6 * 65536);
    EXPECT_EQ(wave->volume(node, 0).value(), 0.0) << "the device's";
    EXPECT_GT(stream.get<std::int32_t>(property::audio_peak_meter, Target::channel(node, 0)).value(), 0);
    EXPECT_EQ(stream.get<std::int32_t>(property::audio_peak_meter, Target::channel(node, 1)).value(), 0);
}

// IMiniportAudioEngineNode::SetDeviceChannelMute, IMiniportAudioEngineNode::GetDeviceChannelPeakMeter.
TEST_F(Engine, R_OFF_02_the_devices_volume_is_behind_the_loopback) {
    start_listening();
    RenderStream stream = open_stream(offload_pin);
    ASSERT_TRUE(wave->set_mute(node, 1, true));
    const auto ranges = wave->volume_ranges(node).value();
    ASSERT_EQ(ranges.size(), 2U);
    EXPECT_EQ(ranges[0].step, 6.0);
    const Bytes sound = noise(20 * interval);
    EXPECT_NE(find(play(stream, sound), sound), std::string::npos);
    EXPECT_GT(wave->peak(node, 0).value(), 0.9);
    EXPECT_EQ(wave->peak(node, 1).value(), 0.0);
    EXPECT_EQ(wave->peak(node, 0).value(), 0.0) << "R-PROP-26: since the last question";
}

// KSPROPERTY_AUDIOENGINE_LOOPBACK_PROTECTION: IMiniportStreamAudioEngineNode::SetStreamLoopbackProtection.
TEST_F(Engine, A_protected_stream_is_not_looped_back) {
    start_listening();
    RenderStream stream = open_stream(offload_pin);
    const Key protection = engine(KSPROPERTY_AUDIOENGINE_LOOPBACK_PROTECTION);
    const Bytes sound = noise(20 * interval);
    ASSERT_TRUE(stream.set<std::uint32_t>(protection, CONSTRICTOR_OPTION_MUTE, Target::node(node)));
    EXPECT_TRUE(is_silent(play(stream, sound)));
    EXPECT_GT(wave->peak(node, 0).value(), 0.9) << "but heard";
    ASSERT_TRUE(stream.set<std::uint32_t>(protection, CONSTRICTOR_OPTION_DISABLE, Target::node(node)));
    EXPECT_NE(find(play(stream, sound), sound), std::string::npos);
}

// R-OFF-05, R-OFF-07: IMiniportStreamAudioEngineNode::SetStreamCurrentWritePosition,
// IMiniportStreamAudioEngineNode2::SetStreamCurrentWritePositionForLastBuffer.
TEST_F(Engine, R_OFF_07_the_last_buffer_ends_where_the_application_says) {
    start_listening();
    RenderStream stream = open_stream(offload_pin);
    const Bytes sound = noise(stream.buffer().size());
    std::copy(sound.begin(), sound.end(), stream.buffer().begin());
    const Key written{property::audio_set, KSPROPERTY_AUDIO_WAVERT_CURRENT_WRITE_POSITION};
    const Key last{property::audio_set, KSPROPERTY_AUDIO_WAVERT_CURRENT_WRITE_LASTBUFFER_POSITION};
    const std::uint32_t end = 1000;
    ASSERT_TRUE(stream.set<std::uint32_t>(written, 960, Target::node(node)));
    EXPECT_EQ(machine->reported_glitches(), 0U);
    ASSERT_TRUE(stream.set<std::uint32_t>(written, 960, Target::node(node)));
    EXPECT_EQ(machine->reported_glitches(), 1U) << "the same position twice";
    ASSERT_TRUE(stream.set<std::uint32_t>(last, end, Target::node(node)));
    ASSERT_TRUE(stream.start());
    ASSERT_TRUE(machine->run_for(milliseconds(200)));
    const auto linear = stream.get<std::uint64_t>(Key{property::audio_set, KSPROPERTY_AUDIO_LINEAR_BUFFER_POSITION},
                                                  Target::node(node));
    EXPECT_GT(linear.value(), sound.size()) << "the position goes on";
    const std::size_t at = find(looped_back, part(sound, 0, end));
    ASSERT_NE(at, std::string::npos);
    EXPECT_TRUE(is_silent(part(looped_back, at + end, looped_back.size() - at - end)));
}

// R-OFF-03: the sizes are asked for first. R-OFF-08, R-OFF-09: IMiniportAudioSignalProcessing::GetModes.
TEST_F(Engine, R_OFF_03_formats_and_modes) {
    start();
    const auto mix = wave->get<KSDATAFORMAT_WAVEFORMATEX>(engine(KSPROPERTY_AUDIOENGINE_MIXFORMAT), Target::node(node));
    ASSERT_TRUE(mix) << mix.error().message;
    EXPECT_EQ(mix->WaveFormatEx.nSamplesPerSec, 48000U);
    const auto formats = wave->get_items<KSDATAFORMAT_WAVEFORMATEX>(
        engine(KSPROPERTY_AUDIOENGINE_SUPPORTEDDEVICEFORMATS), Target::node(node));
    ASSERT_TRUE(formats) << formats.error().message;
    ASSERT_EQ(formats->size(), 1U);
    auto other = *mix;
    EXPECT_TRUE(wave->set(engine(KSPROPERTY_AUDIOENGINE_DEVICEFORMAT), other, Target::node(node)));
    other.WaveFormatEx.nSamplesPerSec = 44100;
    EXPECT_FALSE(wave->set(engine(KSPROPERTY_AUDIOENGINE_DEVICEFORMAT), other, Target::node(node)));
    const std::vector<Guid> modes{client::from_windows(AUDIO_SIGNALPROCESSINGMODE_DEFAULT),
                                  client::from_windows(AUDIO_SIGNALPROCESSINGMODE_RAW)};
    EXPECT_EQ(wave->processing_modes(offload_pin).value(), modes);
    EXPECT_TRUE(wave->processing_modes(loopback_pin).value().empty());
}

} // namespace openportcls::ports
