// What the AC'97 driver says it takes, and formats that are chosen while the card sleeps.
#include "ac97_fixture.h"

#include <cstring>

#include <ks.h>
#include <ksmedia.h>

#include "client/state.h"

namespace openportcls::cards {
namespace {

// Whether the wave filter is a WaveRT one.
class Ac97Formats : public Ac97, public testing::WithParamInterface<bool> {
protected:
    void start_form(const std::string& hardware) {
        GetParam() ? start_wavert({hardware}) : start({hardware});
        ASSERT_EQ(is_wavert(), GetParam());
    }
    // ---- the ports, as no driver is asked about them ----
    std::uintptr_t port(std::size_t range) const {
        return static_cast<std::uintptr_t>(machine->state()->pnp->devices().front()->held_resources().at(range).start);
    }
    std::uint32_t codec(std::uint32_t offset) const {
        std::uint32_t value = 0;
        EXPECT_TRUE(machine->state()->machine->enter(
            [&] { value = READ_PORT_USHORT(reinterpret_cast<PUSHORT>(port(0) + offset)); }));
        return value;
    }
    void set_codec(std::uint32_t offset, USHORT value) const {
        EXPECT_TRUE(machine->state()->machine->enter(
            [&] { WRITE_PORT_USHORT(reinterpret_cast<PUSHORT>(port(0) + offset), value); }));
    }
    std::uint32_t global_status() const {
        std::uint32_t value = 0;
        EXPECT_TRUE(machine->state()->machine->enter(
            [&] { value = READ_PORT_ULONG(reinterpret_cast<PULONG>(port(1) + 0x30)); }));
        return value;
    }
    // What the pin makes of a range of so many channels, or the status.
    std::int32_t intersect(std::uint32_t pin, ULONG channels, WAVEFORMATEX& chosen) const {
        struct {
            KSP_PIN pin;
            KSMULTIPLE_ITEM list;
            KSDATARANGE_AUDIO range;
        } request{};
        request.pin.Property = {{{KSPROPSETID_Pin, KSPROPERTY_PIN_DATAINTERSECTION, KSPROPERTY_TYPE_GET}}};
        request.pin.PinId = pin;
        request.list = {sizeof request.list + sizeof request.range, 1};
        request.range.DataRange.FormatSize = sizeof request.range;
        request.range.DataRange.MajorFormat = KSDATAFORMAT_TYPE_AUDIO;
        request.range.DataRange.SubFormat = KSDATAFORMAT_SUBTYPE_PCM;
        request.range.DataRange.Specifier = KSDATAFORMAT_SPECIFIER_WAVEFORMATEX;
        request.range.MaximumChannels = channels;
        request.range.MinimumBitsPerSample = 8;
        request.range.MaximumBitsPerSample = 32;
        request.range.MinimumSampleFrequency = 1;
        request.range.MaximumSampleFrequency = 192000;
        KSDATAFORMAT_WAVEFORMATEX format{};
        const ControlResult result = wave->control(IOCTL_KS_PROPERTY, std::as_bytes(std::span(&request, 1)),
                                                   std::as_writable_bytes(std::span(&format, 1)));
        chosen = format.WaveFormatEx;
        return result.status;
    }
};

// R-FMT-06: a range implies one channel as well. What an intersection finds can be opened (R-FMT-05), so a client that
// has mono only finds nothing.
TEST_P(Ac97Formats, R_FMT_05_WhatAnIntersectionFindsIsTaken) {
    for (const char* card : {"ac97", "ac97:vra=0"}) {
        SCOPED_TRACE(card);
        start_form(card);
        for (const std::uint32_t pin : {0U, 2U}) {
            WAVEFORMATEX chosen{};
            EXPECT_EQ(intersect(pin, 1, chosen), STATUS_NO_MATCH) << "pin " << pin;
            for (const ULONG channels : {2U, 6U, static_cast<ULONG>(-1)}) {
                EXPECT_EQ(intersect(pin, channels, chosen), STATUS_SUCCESS) << channels << " channels, pin " << pin;
                EXPECT_EQ(chosen.nChannels, 2);
                EXPECT_TRUE(
                    Pin::open(*wave, pin, format(chosen.nSamplesPerSec, chosen.nChannels, chosen.wBitsPerSample)));
            }
            EXPECT_FALSE(Pin::open(*wave, pin, format(48000, 1, 16)));
        }
        TearDown();
        driver.reset();
    }
}

// The ends of the range are the codec's: it takes the rate below which the driver says it has none, and no lower one.
TEST_P(Ac97Formats, TheLowestRateIsTheCodecs) {
    start_form("ac97");
    for (const std::uint32_t pin : {0U, 2U}) {
        const auto ranges = wave->pins().value().at(pin).ranges;
        ASSERT_EQ(ranges.size(), 1U);
        EXPECT_EQ(ranges[0].minimum_rate, 8000U);
        EXPECT_EQ(ranges[0].maximum_rate, 48000U);
        EXPECT_TRUE(Pin::open(*wave, pin, format(8000, 2, 16)));
        EXPECT_FALSE(Pin::open(*wave, pin, format(7999, 2, 16)));
        EXPECT_FALSE(Pin::open(*wave, pin, format(48001, 2, 16)));
    }
    ASSERT_TRUE(Pin::open(*wave, 0, format(48000, 2, 16)));
    set_codec(0x2C, 1);
    EXPECT_EQ(codec(0x2C), 8000U);
}

// R-PWR-09: below D0 the codec is left alone; what is chosen there holds from D0 on. A read from a codec that does not
// answer would show in the global status.
TEST_P(Ac97Formats, R_PWR_09_WhatIsChosenWithoutPowerHolds) {
    for (const std::uint32_t state : {1U, 3U}) {
        start_form("ac97");
        Device device = driver->devices().front();
        std::optional<Pin> render = Pin::open(*wave, 0, format(48000, 2, 16)).value();
        std::optional<Pin> capture = Pin::open(*wave, 2, format(48000, 2, 16)).value();
        ASSERT_TRUE(device.set_power(state));
        const auto choose = [](Pin& pin, std::uint32_t rate) {
            Bytes value = data_format(format(rate, 2, 16));
            return pin.property(property::connection_data_format.set, property::connection_data_format.id, property_set,
                                {}, value);
        };
        const auto chosen = choose(*render, 22050);
        EXPECT_TRUE(chosen) << chosen.error().message;
        EXPECT_TRUE(choose(*capture, 11025));
        EXPECT_FALSE(choose(*capture, 96000)) << "nor is everything taken there";
        ASSERT_TRUE(mixer->set_mute(node("Line mute"), 0, true));
        ASSERT_TRUE(device.set_power(3)); // from one sleep to another
        ASSERT_TRUE(device.set_power(0));
        EXPECT_EQ(codec(0x2C), 22050U);
        EXPECT_EQ(codec(0x32), 11025U);
        EXPECT_EQ(codec(0x10) & 0x8000, 0x8000U);
        constexpr std::uint32_t read_completion_status = 0x8000;
        EXPECT_EQ(global_status() & read_completion_status, 0U);
        ASSERT_TRUE(choose(*render, 32000));
        EXPECT_EQ(codec(0x2C), 32000U) << "with power, at once";
        ASSERT_TRUE(mixer->set_mute(node("Line mute"), 0, false));
        EXPECT_EQ(codec(0x10) & 0x8000, 0U);
        render.reset();
        capture.reset();
        TearDown();
        driver.reset();
    }
}

TEST_F(Ac97, ASoundIsHeardAtTheRateThatWasChosenWithoutPower) {
    start();
    Device device = driver->devices().front();
    Pin render = Pin::open(*wave, 0, format(48000, 2, 16)).value();
    ASSERT_TRUE(device.set_power(3));
    const WaveFormat played = format(22050, 2, 16);
    Bytes value = data_format(played);
    ASSERT_TRUE(render.property(property::connection_data_format.set, property::connection_data_format.id, property_set,
                                {}, value));
    ASSERT_TRUE(device.set_power(0));
    ASSERT_TRUE(render.set_state(PinState::pause));
    Bytes sound = noise(played, 2205);
    const StreamBlock block{sound};
    auto written = render.submit_write({&block, 1});
    ASSERT_TRUE(written);
    ASSERT_TRUE(render.set_state(PinState::run));
    ASSERT_TRUE(machine->run_for(milliseconds(150)));
    EXPECT_EQ(heard_rate, 22050);
    EXPECT_NE(find(played, sound), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Forms, Ac97Formats, testing::Bool(),
                         [](const auto& info) { return info.param ? "WaveRt" : "WavePci"; });

} // namespace
} // namespace openportcls::cards
