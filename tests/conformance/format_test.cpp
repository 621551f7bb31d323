// R-FMT: formats and data-range intersection.
#include "core_fixture.h"
#include "ks/data_format.h"

namespace conformance {

class R_FMT : public CoreTest {
protected:
    // KSP_PIN and a list of ranges behind it.
    struct Intersection {
        KSP_PIN pin;
        KSMULTIPLE_ITEM header;
        KSDATARANGE_AUDIO ranges[2];
    };
    static KSDATARANGE_AUDIO range(ULONG channels, ULONG bits, ULONG low_rate, ULONG high_rate,
                                   const GUID& subformat = KSDATAFORMAT_SUBTYPE_PCM,
                                   const GUID& specifier = KSDATAFORMAT_SPECIFIER_WAVEFORMATEX) {
        KSDATARANGE_AUDIO result = {};
        result.DataRange.FormatSize = sizeof result;
        result.DataRange.MajorFormat = KSDATAFORMAT_TYPE_AUDIO;
        result.DataRange.SubFormat = subformat;
        result.DataRange.Specifier = specifier;
        result.MaximumChannels = channels;
        result.MinimumBitsPerSample = 8;
        result.MaximumBitsPerSample = bits;
        result.MinimumSampleFrequency = low_rate;
        result.MaximumSampleFrequency = high_rate;
        return result;
    }
    static Intersection ask(const KSDATARANGE_AUDIO& first, ULONG count = 1) {
        Intersection result = {};
        result.pin = pin_request(KSPROPSETID_Pin, KSPROPERTY_PIN_DATAINTERSECTION, render_pin);
        result.header.Count = count;
        result.header.Size = static_cast<ULONG>(sizeof result.header + count * sizeof first);
        result.ranges[0] = first;
        return result;
    }
    static std::vector<WidePin> pins_of(const PCFILTER_DESCRIPTOR& filter) {
        const auto* const first = reinterpret_cast<const WidePin*>(filter.Pins);
        return {first, first + filter.PinCount};
    }
    // Before start(); the ranges live as long as the test.
    void replace_render_ranges(PKSDATARANGE* ranges, ULONG count) {
        script_.adjust = [this, ranges, count](PCFILTER_DESCRIPTOR& filter, bool wave) {
            if (wave) {
                pins_ = pins_of(filter);
                pins_[render_pin].pin.KsPinDescriptor.DataRanges = ranges;
                pins_[render_pin].pin.KsPinDescriptor.DataRangesCount = count;
                filter.Pins = &pins_[0].pin;
            }
        };
    }
    NTSTATUS intersect(const Intersection& in, KSDATAFORMAT_WAVEFORMATEX& out) {
        out = {};
        return property(wave_, &in, static_cast<ULONG>(sizeof in.pin + in.header.Size), &out, sizeof out);
    }

    std::vector<WidePin> pins_;
};

// KSPROPERTY_PIN_DATAINTERSECTION
TEST_F(R_FMT, R_FMT_01_client_ranges_outside_own_ranges_inside) {
    std::vector<std::pair<ULONG, ULONG>> pairs; // client's top rate, own top rate
    script_.intersection = [&](ULONG, KSDATARANGE* client, KSDATARANGE* own, ULONG, void*, ULONG*) {
        pairs.emplace_back(reinterpret_cast<KSDATARANGE_AUDIO*>(client)->MaximumSampleFrequency,
                           reinterpret_cast<KSDATARANGE_AUDIO*>(own)->MaximumSampleFrequency);
        return STATUS_NO_MATCH;
    };
    start_and_open();
    inside([&] {
        Intersection in = ask(range(2, 16, 8000, 11025), 2);
        in.ranges[1] = range(2, 16, 8000, 22050);
        KSDATAFORMAT_WAVEFORMATEX out;
        EXPECT_EQ(intersect(in, out), STATUS_NO_MATCH);
        const std::vector<std::pair<ULONG, ULONG>> expected = {
            {11025, 96000}, {11025, 48000}, {22050, 96000}, {22050, 48000}};
        EXPECT_EQ(pairs, expected);
    });
}

TEST_F(R_FMT, R_FMT_02_miniport_first_then_the_ports_handler) {
    start_and_open();
    inside([&] {
        KSDATAFORMAT_WAVEFORMATEX out;
        script_.clear();
        EXPECT_EQ(intersect(ask(range(2, 16, 8000, 44100)), out), STATUS_SUCCESS);
        EXPECT_EQ(script_.text(), "intersection") << "declined, so the port answered";
        EXPECT_EQ(out.WaveFormatEx.nSamplesPerSec, 44100u);
        script_.intersection = [](ULONG, KSDATARANGE*, KSDATARANGE*, ULONG room, void* format, ULONG* bytes) {
            const KSDATAFORMAT_WAVEFORMATEX own = pcm(12345, 16, 1);
            *bytes = sizeof own;
            if (room == 0) {
                return STATUS_BUFFER_OVERFLOW;
            }
            std::memcpy(format, &own, sizeof own);
            return STATUS_SUCCESS;
        };
        EXPECT_EQ(intersect(ask(range(2, 16, 8000, 44100)), out), STATUS_SUCCESS);
        EXPECT_EQ(out.WaveFormatEx.nSamplesPerSec, 12345u);
        EXPECT_EQ(information_, sizeof out);
    });
}

TEST_F(R_FMT, R_FMT_03_output_buffer_sizes) {
    start_and_open();
    inside([&] {
        const Intersection in = ask(range(2, 16, 8000, 44100));
        const ULONG bytes = static_cast<ULONG>(sizeof in.pin + in.header.Size);
        EXPECT_EQ(property(wave_, &in, bytes, nullptr, 0), STATUS_BUFFER_OVERFLOW);
        EXPECT_EQ(information_, sizeof(KSDATAFORMAT_WAVEFORMATEX));
        UCHAR small[sizeof(KSDATAFORMAT_WAVEFORMATEX) - 1];
        EXPECT_EQ(property(wave_, &in, bytes, small, sizeof small), STATUS_BUFFER_TOO_SMALL);
    });
}

TEST_F(R_FMT, R_FMT_04_default_handler_knows_pcm_mono_and_stereo_only) {
    start_and_open();
    inside([&] {
        KSDATAFORMAT_WAVEFORMATEX out;
        EXPECT_EQ(intersect(ask(range(2, 16, 8000, 44100, KSDATAFORMAT_SUBTYPE_IEEE_FLOAT)), out), STATUS_NO_MATCH);
        EXPECT_EQ(
            intersect(ask(range(2, 16, 8000, 44100, KSDATAFORMAT_SUBTYPE_PCM, KSDATAFORMAT_SPECIFIER_VC_ID)), out),
            STATUS_NO_MATCH);
        EXPECT_EQ(intersect(ask(range(6, 24, 8000, 48000)), out), STATUS_SUCCESS);
        EXPECT_EQ(out.WaveFormatEx.nChannels, 2);
        EXPECT_EQ(out.WaveFormatEx.wFormatTag, WAVE_FORMAT_PCM) << "never extensible";
        EXPECT_EQ(out.WaveFormatEx.cbSize, 0);
        // DSOUND is the other specifier it knows.
        const Intersection dsound =
            ask(range(2, 16, 8000, 48000, KSDATAFORMAT_SUBTYPE_PCM, KSDATAFORMAT_SPECIFIER_DSOUND));
        KSDATAFORMAT_DSOUND format = {};
        EXPECT_EQ(property(wave_, &dsound, static_cast<ULONG>(sizeof dsound.pin + dsound.header.Size), &format,
                           sizeof format),
                  STATUS_SUCCESS);
        EXPECT_TRUE(IsEqualGUID(format.DataFormat.Specifier, KSDATAFORMAT_SPECIFIER_DSOUND));
        EXPECT_EQ(format.BufferDesc.WaveFormatEx.nSamplesPerSec, 48000u);
    });
}

TEST_F(R_FMT, R_FMT_04_two_channels_of_a_pin_that_has_more) {
    KSDATARANGE_AUDIO surround = range(8, 16, 8000, 48000);
    PKSDATARANGE ranges[] = {&surround.DataRange};
    replace_render_ranges(ranges, 1);
    start_and_open();
    inside([&] {
        KSDATAFORMAT_WAVEFORMATEX out;
        ASSERT_EQ(intersect(ask(range(6, 16, 8000, 44100)), out), STATUS_SUCCESS);
        EXPECT_EQ(out.WaveFormatEx.nChannels, 2);
    });
}

TEST_F(R_FMT, R_FMT_05_highest_rate_bits_and_channels_of_the_overlap) {
    start_and_open();
    inside([&] {
        KSDATAFORMAT_WAVEFORMATEX out;
        ASSERT_EQ(intersect(ask(range(1, 32, 4000, 192000)), out), STATUS_SUCCESS);
        EXPECT_EQ(out.WaveFormatEx.nSamplesPerSec, 96000u);
        EXPECT_EQ(out.WaveFormatEx.wBitsPerSample, 24);
        EXPECT_EQ(out.WaveFormatEx.nChannels, 1);
        EXPECT_EQ(out.WaveFormatEx.nBlockAlign, 3);
        EXPECT_EQ(out.WaveFormatEx.nAvgBytesPerSec, 288000u);
        EXPECT_EQ(intersect(ask(range(2, 16, 100000, 192000)), out), STATUS_NO_MATCH) << "no rate in common";
    });
}

TEST_F(R_FMT, R_FMT_06_one_channel_is_always_within_a_range) {
    start_and_open();
    inside([&] {
        KSDATAFORMAT_WAVEFORMATEX out;
        KSDATARANGE_AUDIO client = range(1, 16, 8000, 48000); // at most one: nothing says "at least"
        ASSERT_EQ(intersect(ask(client), out), STATUS_SUCCESS);
        EXPECT_EQ(out.WaveFormatEx.nChannels, 1);
        client.MaximumChannels = 0;
        EXPECT_EQ(intersect(ask(client), out), STATUS_NO_MATCH);
        const KSDATAFORMAT_WAVEFORMATEX mono = pcm(48000, 16, 1);
        KSDATARANGE_AUDIO own = range(2, 16, 8000, 48000);
        const KSDATAFORMAT& format = mono.DataFormat;
        EXPECT_TRUE(ks::format_in_range(format, own.DataRange));
        own.MaximumChannels = 1;
        EXPECT_TRUE(ks::format_in_range(format, own.DataRange));
        own.MinimumBitsPerSample = 24;
        EXPECT_FALSE(ks::format_in_range(format, own.DataRange)) << "bits and rates do have a lower end";
    });
}

TEST_F(R_FMT, R_FMT_07_null_guids_match_anything) {
    start_and_open();
    inside([&] {
        KSDATAFORMAT_WAVEFORMATEX out;
        EXPECT_EQ(intersect(ask(range(2, 16, 8000, 44100, GUID_NULL, GUID_NULL)), out), STATUS_SUCCESS);
        EXPECT_TRUE(IsEqualGUID(out.DataFormat.SubFormat, KSDATAFORMAT_SUBTYPE_PCM));
        EXPECT_TRUE(IsEqualGUID(out.DataFormat.Specifier, KSDATAFORMAT_SPECIFIER_WAVEFORMATEX));
    });
}

// The pin's own range may be the one with wildcards.
TEST_F(R_FMT, R_FMT_07_null_guids_of_the_pin_match_anything) {
    KSDATARANGE_AUDIO any = range(2, 16, 8000, 48000, GUID_NULL, GUID_NULL);
    PKSDATARANGE ranges[] = {&any.DataRange};
    replace_render_ranges(ranges, 1);
    start_and_open();
    inside([&] {
        KSDATAFORMAT_WAVEFORMATEX out;
        EXPECT_EQ(intersect(ask(range(2, 16, 8000, 44100)), out), STATUS_SUCCESS);
        EXPECT_EQ(intersect(ask(range(2, 16, 8000, 44100, KSDATAFORMAT_SUBTYPE_IEEE_FLOAT)), out), STATUS_NO_MATCH)
            << "it matches, but the port's own handler makes PCM only";
        PinConnect connect = connection(render_pin);
        connect.format.DataFormat.SubFormat = KSDATAFORMAT_SUBTYPE_IEEE_FLOAT;
        FILE_OBJECT* file = nullptr;
        EXPECT_EQ(open_pin(connect, file), STATUS_SUCCESS) << "the driver's to refuse";
    });
}

TEST_F(R_FMT, R_FMT_08_discrete_rates_by_a_range_each) {
    KSDATARANGE_AUDIO low = range(2, 16, 44100, 44100);
    KSDATARANGE_AUDIO high = range(2, 16, 48000, 48000);
    PKSDATARANGE ranges[] = {&low.DataRange, &high.DataRange};
    replace_render_ranges(ranges, 2);
    start_and_open();
    inside([&] {
        KSDATAFORMAT_WAVEFORMATEX out;
        EXPECT_EQ(intersect(ask(range(2, 16, 40000, 46000)), out), STATUS_SUCCESS);
        EXPECT_EQ(out.WaveFormatEx.nSamplesPerSec, 44100u);
        EXPECT_EQ(intersect(ask(range(2, 16, 46000, 50000)), out), STATUS_SUCCESS);
        EXPECT_EQ(out.WaveFormatEx.nSamplesPerSec, 48000u);
        EXPECT_EQ(intersect(ask(range(2, 16, 44101, 47999)), out), STATUS_NO_MATCH) << "between the two";
    });
}

TEST_F(R_FMT, R_FMT_08_discrete_rates_by_an_own_handler) {
    script_.intersection = [](ULONG, KSDATARANGE* client, KSDATARANGE*, ULONG room, void* format, ULONG* bytes) {
        const auto& wanted = *reinterpret_cast<const KSDATARANGE_AUDIO*>(client);
        for (const ULONG rate : {48000u, 44100u}) {
            if (rate >= wanted.MinimumSampleFrequency && rate <= wanted.MaximumSampleFrequency) {
                const KSDATAFORMAT_WAVEFORMATEX answer = pcm(rate);
                *bytes = sizeof answer;
                if (room == 0) {
                    return STATUS_BUFFER_OVERFLOW;
                }
                if (room < sizeof answer) {
                    return STATUS_BUFFER_TOO_SMALL;
                }
                std::memcpy(format, &answer, sizeof answer);
                return STATUS_SUCCESS;
            }
        }
        return STATUS_NO_MATCH;
    };
    start_and_open();
    inside([&] {
        KSDATAFORMAT_WAVEFORMATEX out;
        EXPECT_EQ(intersect(ask(range(2, 16, 40000, 46000)), out), STATUS_SUCCESS);
        EXPECT_EQ(out.WaveFormatEx.nSamplesPerSec, 44100u);
        EXPECT_EQ(intersect(ask(range(2, 16, 44101, 47999)), out), STATUS_NO_MATCH);
        const Intersection in = ask(range(2, 16, 40000, 46000));
        EXPECT_EQ(property(wave_, &in, static_cast<ULONG>(sizeof in.pin + in.header.Size), nullptr, 0),
                  STATUS_BUFFER_OVERFLOW);
        EXPECT_EQ(information_, sizeof out) << "R-FMT-03 for the miniport's handler";
    });
}

// A pin of its own: another category name, ranges and answers of the miniport.
TEST_F(R_FMT, R_FMT_09_non_pcm_formats_have_a_pin_of_their_own) {
    static const GUID name = PINNAME_SPDIF_OUT;
    KSDATARANGE_AUDIO ac3 = range(2, 16, 48000, 48000, KSDATAFORMAT_SUBTYPE_IEC61937_DOLBY_DIGITAL);
    PKSDATARANGE ranges[] = {&ac3.DataRange};
    std::vector<WidePin> pins;
    script_.adjust = [&](PCFILTER_DESCRIPTOR& filter, bool wave) {
        if (wave) {
            pins = pins_of(filter);
            pins.push_back(pins[render_pin]);
            pins.back().pin.KsPinDescriptor.DataRanges = ranges;
            pins.back().pin.KsPinDescriptor.DataRangesCount = 1;
            pins.back().pin.KsPinDescriptor.Name = &name;
            filter.Pins = &pins[0].pin;
            filter.PinCount = static_cast<ULONG>(pins.size());
        }
    };
    start_and_open();
    inside([&] {
        constexpr ULONG ac3_pin = 3;
        Intersection in = ask(range(2, 16, 48000, 48000, KSDATAFORMAT_SUBTYPE_IEC61937_DOLBY_DIGITAL));
        KSDATAFORMAT_WAVEFORMATEX out;
        EXPECT_EQ(intersect(in, out), STATUS_NO_MATCH) << "the PCM pin";
        in.pin.PinId = ac3_pin;
        EXPECT_EQ(intersect(in, out), STATUS_NO_MATCH) << "the port's handler knows PCM only";
        ULONG pin_asked = 0;
        script_.intersection = [&](ULONG pin, KSDATARANGE*, KSDATARANGE* own, ULONG, void* format, ULONG* bytes) {
            pin_asked = pin;
            KSDATAFORMAT_WAVEFORMATEX answer = pcm();
            answer.DataFormat.SubFormat = own->SubFormat;
            answer.WaveFormatEx.wFormatTag = WAVE_FORMAT_DOLBY_AC3_SPDIF;
            *bytes = sizeof answer;
            std::memcpy(format, &answer, sizeof answer);
            return STATUS_SUCCESS;
        };
        ASSERT_EQ(intersect(in, out), STATUS_SUCCESS);
        EXPECT_EQ(pin_asked, ac3_pin);
        PinConnect connect = connection(ac3_pin);
        connect.format = out;
        FILE_OBJECT* file = nullptr;
        EXPECT_EQ(open_pin(connect, file), STATUS_SUCCESS);
        connect.connect.PinId = render_pin;
        EXPECT_EQ(open_pin(connect, file), STATUS_NO_MATCH);
        const auto text = whole(wave_, pin_request(KSPROPSETID_Pin, KSPROPERTY_PIN_NAME, ac3_pin));
        EXPECT_NE(text, whole(wave_, pin_request(KSPROPSETID_Pin, KSPROPERTY_PIN_NAME, wave_bridge_pin)));
        EXPECT_EQ(text.size(), sizeof(u"S/PDIF out"));
    });
}

TEST_F(R_FMT, R_FMT_10_plain_and_extensible_pcm_are_both_opened) {
    start_and_open();
    inside([&] {
        struct {
            KSPIN_CONNECT connect;
            KSDATAFORMAT_WAVEFORMATEXTENSIBLE format;
        } extensible = {};
        const PinConnect plain = connection(render_pin);
        extensible.connect = plain.connect;
        extensible.format.DataFormat = plain.format.DataFormat;
        extensible.format.DataFormat.FormatSize = sizeof extensible.format;
        extensible.format.WaveFormatExt.Format = plain.format.WaveFormatEx;
        extensible.format.WaveFormatExt.Format.wFormatTag = WAVE_FORMAT_EXTENSIBLE;
        extensible.format.WaveFormatExt.Format.cbSize = sizeof(WAVEFORMATEXTENSIBLE) - sizeof(WAVEFORMATEX);
        extensible.format.WaveFormatExt.Samples.wValidBitsPerSample = 16;
        extensible.format.WaveFormatExt.dwChannelMask = KSAUDIO_SPEAKER_STEREO;
        extensible.format.WaveFormatExt.SubFormat = KSDATAFORMAT_SUBTYPE_PCM;
        FILE_OBJECT* file = nullptr;
        EXPECT_EQ(open_pin(plain, file), STATUS_SUCCESS);
        EXPECT_EQ(open_pin(&extensible, sizeof extensible, file), STATUS_SUCCESS);
        extensible.format.WaveFormatExt.Format.cbSize = 4;
        close(file);
        EXPECT_EQ(open_pin(&extensible, sizeof extensible, file), STATUS_INVALID_PARAMETER);
    });
}

TEST_F(R_FMT, R_FMT_11_mode_attribute_behind_the_format) {
    start_and_open();
    inside([&] {
        struct {
            KSPIN_CONNECT connect;
            KSDATAFORMAT_WAVEFORMATEX format;
            KSMULTIPLE_ITEM list;
            KSATTRIBUTE attribute;
            GUID mode;
        } in = {};
        const PinConnect plain = connection(capture_pin);
        in.connect = plain.connect;
        in.format = plain.format;
        in.format.DataFormat.Flags = KSDATAFORMAT_ATTRIBUTES;
        in.attribute.Size = sizeof in.attribute + sizeof in.mode;
        in.attribute.Flags = KSATTRIBUTE_REQUIRED;
        in.attribute.Attribute = KSATTRIBUTEID_AUDIOSIGNALPROCESSING_MODE;
        in.mode = AUDIO_SIGNALPROCESSINGMODE_RAW;
        in.list.Count = 1;
        in.list.Size = sizeof in.list + in.attribute.Size;
        FILE_OBJECT* file = nullptr;
        EXPECT_EQ(open_pin(&in, sizeof in, file), STATUS_SUCCESS);
        close(file);
        in.attribute.Attribute.Data1 ^= 1;
        EXPECT_EQ(open_pin(&in, sizeof in, file), STATUS_NO_MATCH) << "a required attribute that the pin does not know";
        in.list.Size = 4;
        EXPECT_EQ(open_pin(&in, sizeof in, file), STATUS_INVALID_BUFFER_SIZE);
        in.connect.PinId = render_pin; // no attributes in its ranges
        in.list.Size = sizeof in.list + in.attribute.Size;
        EXPECT_EQ(open_pin(&in, sizeof in, file), STATUS_NO_MATCH);
    });
}

// Both specifiers reach NewStream whole, with the WAVEFORMATEX where they have it.
TEST_F(R_FMT, R_FMT_13_NewStream_sees_the_clients_format) {
    start_and_open();
    inside([&] {
        const PinConnect plain = connection(render_pin);
        FILE_OBJECT* file = nullptr;
        ASSERT_EQ(open_pin(plain, file), STATUS_SUCCESS);
        ASSERT_EQ(script_.format_seen.size(), sizeof plain.format);
        EXPECT_EQ(std::memcmp(script_.format_seen.data(), &plain.format, sizeof plain.format), 0);
        struct {
            KSPIN_CONNECT connect;
            KSDATAFORMAT_DSOUND format;
        } direct_sound = {};
        direct_sound.connect = plain.connect;
        direct_sound.format.DataFormat = plain.format.DataFormat;
        direct_sound.format.DataFormat.FormatSize = sizeof direct_sound.format;
        direct_sound.format.DataFormat.Specifier = KSDATAFORMAT_SPECIFIER_DSOUND;
        direct_sound.format.BufferDesc.Flags = KSDSOUND_BUFFER_STATIC;
        direct_sound.format.BufferDesc.WaveFormatEx = plain.format.WaveFormatEx;
        ASSERT_EQ(open_pin(&direct_sound, sizeof direct_sound, file), STATUS_SUCCESS);
        ASSERT_EQ(script_.format_seen.size(), sizeof direct_sound.format);
        const auto& seen = *reinterpret_cast<const KSDATAFORMAT_DSOUND*>(script_.format_seen.data());
        EXPECT_TRUE(IsEqualGUID(seen.DataFormat.Specifier, KSDATAFORMAT_SPECIFIER_DSOUND));
        EXPECT_EQ(seen.BufferDesc.Flags, ULONG{KSDSOUND_BUFFER_STATIC});
        EXPECT_EQ(seen.BufferDesc.WaveFormatEx.nSamplesPerSec, 48000u);
        direct_sound.format.BufferDesc.WaveFormatEx.nBlockAlign = 0;
        close(file);
        EXPECT_EQ(open_pin(&direct_sound, sizeof direct_sound, file), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(open_pin(&direct_sound, sizeof direct_sound - 2, file), STATUS_INVALID_BUFFER_SIZE);
    });
}

TEST_F(R_FMT, R_FMT_13_every_truncated_or_inconsistent_format_is_refused) {
    start_and_open();
    inside([&] {
        const PinConnect good = connection(render_pin);
        FILE_OBJECT* file = nullptr;
        for (ULONG bytes = 0; bytes < sizeof good; bytes += 2) {
            EXPECT_EQ(open_pin(&good, bytes, file), STATUS_INVALID_BUFFER_SIZE) << bytes;
        }
        PinConnect bad = good;
        bad.format.DataFormat.FormatSize = sizeof(KSDATAFORMAT) - 1;
        EXPECT_EQ(open_pin(bad, file), STATUS_INVALID_BUFFER_SIZE);
        bad.format.DataFormat.FormatSize = sizeof(KSDATAFORMAT) + 4; // no room for a WAVEFORMATEX
        EXPECT_EQ(open_pin(bad, file), STATUS_INVALID_BUFFER_SIZE);
        bad.format.DataFormat.FormatSize = 0xFFFFFFFF;
        EXPECT_EQ(open_pin(bad, file), STATUS_INVALID_BUFFER_SIZE);
        bad = good;
        bad.format.WaveFormatEx.cbSize = 1000;
        EXPECT_EQ(open_pin(bad, file), STATUS_INVALID_BUFFER_SIZE);
        bad = good;
        bad.format.WaveFormatEx.nBlockAlign = 0;
        EXPECT_EQ(open_pin(bad, file), STATUS_INVALID_PARAMETER);
        bad = good;
        bad.format.DataFormat.SubFormat = KSDATAFORMAT_SUBTYPE_IEEE_FLOAT;
        EXPECT_EQ(open_pin(bad, file), STATUS_NO_MATCH);
        EXPECT_EQ(script_.streams_alive, 0u);
        EXPECT_EQ(script_.count_of("new_stream:0"), 0u);
    });
}

// Shows KSPROPERTY_CONNECTION_DATAFORMAT.
TEST_F(R_FMT, R_FMT_16_format_change_reaches_the_stream_which_may_refuse) {
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        const auto set = request(KSPROPSETID_Connection, KSPROPERTY_CONNECTION_DATAFORMAT, KSPROPERTY_TYPE_SET);
        const auto get = request(KSPROPSETID_Connection, KSPROPERTY_CONNECTION_DATAFORMAT);
        KSDATAFORMAT_WAVEFORMATEX format = pcm(44100, 16, 1);
        EXPECT_EQ(property(pin, set, format), STATUS_SUCCESS);
        EXPECT_EQ(script_.count_of("set_format"), 1u);
        KSDATAFORMAT_WAVEFORMATEX now = {};
        EXPECT_EQ(property(pin, get, now), STATUS_SUCCESS);
        EXPECT_EQ(now.WaveFormatEx.nSamplesPerSec, 44100u);
        script_.set_format_status = STATUS_INVALID_PARAMETER;
        format = pcm(22050, 16, 1);
        EXPECT_EQ(property(pin, set, format), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(property(pin, get, now), STATUS_SUCCESS);
        EXPECT_EQ(now.WaveFormatEx.nSamplesPerSec, 44100u) << "the old format stays";
        EXPECT_EQ(property(pin, &set, sizeof set, &format, sizeof(KSDATAFORMAT)), STATUS_INVALID_BUFFER_SIZE);
        EXPECT_EQ(script_.count_of("set_format"), 2u) << "a truncated format does not reach the driver";
    });
}

// The attribute list behind a range counts as an item of its own.
TEST_F(R_FMT, a_range_and_its_attributes_are_two_items) {
    start_and_open();
    inside([&] {
        struct {
            KSP_PIN pin;
            KSMULTIPLE_ITEM header;
            KSDATARANGE_AUDIO range;
            KSMULTIPLE_ITEM attributes;
            KSATTRIBUTE mode;
        } in = {};
        in.pin = pin_request(KSPROPSETID_Pin, KSPROPERTY_PIN_DATAINTERSECTION, render_pin);
        in.header.Size = sizeof in - sizeof in.pin;
        in.range = range(2, 16, 8000, 44100);
        in.range.DataRange.Flags = KSDATARANGE_ATTRIBUTES;
        in.attributes = {sizeof in.attributes + sizeof in.mode, 1};
        in.mode = {sizeof in.mode, 0, KSATTRIBUTEID_AUDIOSIGNALPROCESSING_MODE};
        KSDATAFORMAT_WAVEFORMATEX out;
        in.header.Count = 1;
        EXPECT_EQ(property(wave_, &in, sizeof in, &out, sizeof out), STATUS_INVALID_PARAMETER);
        in.header.Count = 2;
        EXPECT_EQ(property(wave_, &in, sizeof in, &out, sizeof out), STATUS_SUCCESS);
        EXPECT_EQ(out.WaveFormatEx.nSamplesPerSec, 44100u);
    });
}

TEST_F(R_FMT, truncated_range_lists_are_refused) {
    start_and_open();
    inside([&] {
        Intersection in = ask(range(2, 16, 8000, 44100));
        const ULONG bytes = static_cast<ULONG>(sizeof in.pin + in.header.Size);
        KSDATAFORMAT_WAVEFORMATEX out;
        for (ULONG short_bytes = 0; short_bytes < bytes; ++short_bytes) {
            EXPECT_EQ(property(wave_, &in, short_bytes, &out, sizeof out), STATUS_INVALID_BUFFER_SIZE) << short_bytes;
        }
        in.ranges[0].DataRange.FormatSize = 1;
        EXPECT_EQ(property(wave_, &in, bytes, &out, sizeof out), STATUS_INVALID_BUFFER_SIZE);
        in.ranges[0].DataRange.FormatSize = sizeof in.ranges[0];
        in.header.Count = 0x20000000;
        EXPECT_EQ(property(wave_, &in, bytes, &out, sizeof out), STATUS_INVALID_BUFFER_SIZE);
        in.header.Count = 0;
        EXPECT_EQ(property(wave_, &in, bytes, &out, sizeof out), STATUS_NO_MATCH);
        EXPECT_EQ(script_.count_of("intersection"), 0u);
    });
}

} // namespace conformance
