// What an application sends is data of any size: none of it may reach the driver unchecked, crash it or stop it.
#include <openportcls/openportcls.hpp>

#include <algorithm>
#include <cstring>
#include <memory>

#include <gtest/gtest.h>

#include <ks.h>
#include <ksmedia.h>

namespace openportcls {
namespace {

class Structures : public testing::Test {
protected:
    void SetUp() override {
        auto made = Machine::create();
        ASSERT_TRUE(made) << made.error().message;
        machine = std::make_unique<Machine>(std::move(*made));
        auto loaded = machine->load_driver("cable");
        ASSERT_TRUE(loaded) << loaded.error().message;
        driver = std::make_unique<Driver>(std::move(*loaded));
    }

    std::vector<std::byte> second_of_sound() const { return std::vector<std::byte>(192000, std::byte{1}); }

    // After whatever was sent, the same device plays.
    void expect_alive(Filter& wave) const {
        ASSERT_EQ(machine->crash_report(), std::nullopt);
        auto stream = RenderStream::open(wave, WaveFormat{});
        ASSERT_TRUE(stream) << stream.error().message;
        EXPECT_TRUE(stream->write(second_of_sound()));
        EXPECT_TRUE(stream->drain());
    }

    std::unique_ptr<Machine> machine;
    std::unique_ptr<Driver> driver;
};

constexpr std::uint32_t all_codes[] = {IOCTL_KS_PROPERTY,      IOCTL_KS_METHOD,      IOCTL_KS_ENABLE_EVENT,
                                       IOCTL_KS_DISABLE_EVENT, IOCTL_KS_READ_STREAM, IOCTL_KS_WRITE_STREAM,
                                       IOCTL_KS_RESET_STATE};

// The header of a real property, method or event, cut off and continued with other bytes.
std::vector<std::byte> request(const GUID& set, ULONG id, ULONG flags, std::size_t bytes) {
    KSIDENTIFIER header{};
    header.Set = set;
    header.Id = id;
    header.Flags = flags;
    std::vector<std::byte> in(bytes, std::byte{0xA5});
    std::copy_n(reinterpret_cast<const std::byte*>(&header), std::min(bytes, sizeof header), in.begin());
    return in;
}

// Shows no row: whatever is answered, nothing breaks.
TEST_F(Structures, of_every_size_are_answered_with_a_status) {
    Filter wave = std::move(*machine->open_first("Wave"));
    const struct {
        GUID set;
        ULONG id;
    } targets[] = {
        {KSPROPSETID_Pin, KSPROPERTY_PIN_CTYPES},
        {KSPROPSETID_Pin, KSPROPERTY_PIN_DATAINTERSECTION},
        {KSPROPSETID_Pin, KSPROPERTY_PIN_PROPOSEDATAFORMAT},
        {KSPROPSETID_Topology, KSPROPERTY_TOPOLOGY_NODES},
        {KSPROPSETID_Audio, KSPROPERTY_AUDIO_POSITION},
        {KSPROPSETID_Connection, KSPROPERTY_CONNECTION_STATE},
        {KSPROPSETID_RtAudio, KSPROPERTY_RTAUDIO_BUFFER},
        {KSEVENTSETID_Connection, KSEVENT_CONNECTION_ENDOFSTREAM},
    };
    auto stream = RenderStream::open(wave, WaveFormat{});
    ASSERT_TRUE(stream) << stream.error().message;
    std::vector<std::byte> out(256);
    for (const std::uint32_t code : all_codes) {
        for (const auto& target : targets) {
            for (const ULONG flags : {KSPROPERTY_TYPE_GET, KSPROPERTY_TYPE_SET, KSPROPERTY_TYPE_BASICSUPPORT,
                                      KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_TOPOLOGY}) {
                for (std::size_t in_bytes = 0; in_bytes <= 96; ++in_bytes) {
                    const auto in = request(target.set, target.id, flags, in_bytes);
                    const std::size_t out_bytes = in_bytes * 7 % 65;
                    const auto room = std::span(out).first(out_bytes);
                    const auto of_filter = wave.control(code, in, room);
                    const auto of_pin = stream->control(code, in, room);
                    // KsDisableEvent: no input at all takes every event of the handle away; a reset is four bytes.
                    const bool is_short = in_bytes < sizeof(KSIDENTIFIER) && code != IOCTL_KS_RESET_STATE &&
                                          (code != IOCTL_KS_DISABLE_EVENT || in_bytes > 0);
                    if (is_short) {
                        EXPECT_LT(of_filter.status, 0) << code << " " << in_bytes;
                        EXPECT_LT(of_pin.status, 0) << code << " " << in_bytes;
                    }
                    ASSERT_EQ(machine->crash_report(), std::nullopt) << code << " " << target.id << " " << in_bytes;
                }
            }
        }
    }
}

// Shows no row: nothing that is refused here is known to be refused for the right reason.
TEST_F(Structures, of_connections_of_every_size_are_refused) {
    Filter wave = std::move(*machine->open_first("Wave"));
    for (std::size_t bytes = 0; bytes < sizeof(KSDATAFORMAT_WAVEFORMATEX); ++bytes) {
        std::vector<std::byte> in(sizeof(KSP_PIN) + bytes, std::byte{0});
        KSP_PIN header{};
        header.Property.Set = KSPROPSETID_Pin;
        header.Property.Id = KSPROPERTY_PIN_PROPOSEDATAFORMAT;
        header.Property.Flags = KSPROPERTY_TYPE_SET;
        std::memcpy(in.data(), &header, sizeof header);
        std::vector<std::byte> format(bytes, std::byte{0xFF});
        EXPECT_LT(wave.control(IOCTL_KS_PROPERTY, std::span(in).first(sizeof header), format).status, 0) << bytes;
    }
    expect_alive(wave);
}

// ---- a stream whose device stops, sleeps or goes -------------------------------------------------------------------

TEST_F(Structures, writing_to_a_device_that_is_gone_is_an_error_and_nothing_more) {
    Filter wave = std::move(*machine->open_first("Wave"));
    auto render = RenderStream::open(wave, WaveFormat{});
    auto capture = CaptureStream::open(wave, WaveFormat{});
    ASSERT_TRUE(render && capture);
    ASSERT_TRUE(render->write(second_of_sound()));
    ASSERT_TRUE(driver->devices().front().surprise_remove());
    std::vector<std::byte> room(19200);
    for (int attempt = 0; attempt < 3; ++attempt) {
        const auto written = render->write(second_of_sound());
        ASSERT_FALSE(written);
        EXPECT_EQ(written.error().status, STATUS_DEVICE_REMOVED) << written.error().message;
        EXPECT_FALSE(capture->read(room));
        EXPECT_FALSE(render->position());
    }
    EXPECT_FALSE(RenderStream::open(wave, WaveFormat{}));
    EXPECT_EQ(machine->crash_report(), std::nullopt);
}

TEST_F(Structures, a_device_with_open_streams_is_not_removed) {
    Filter wave = std::move(*machine->open_first("Wave"));
    auto render = RenderStream::open(wave, WaveFormat{});
    ASSERT_TRUE(render);
    ASSERT_TRUE(render->write(second_of_sound()));
    EXPECT_FALSE(driver->devices().front().remove());
    EXPECT_TRUE(render->write(second_of_sound())) << "refused, so nothing has happened";
    EXPECT_TRUE(render->drain());
}

TEST_F(Structures, a_stopped_stream_starts_again_when_written) {
    Filter wave = std::move(*machine->open_first("Wave"));
    auto render = RenderStream::open(wave, WaveFormat{});
    ASSERT_TRUE(render);
    ASSERT_TRUE(render->write(second_of_sound()));
    ASSERT_TRUE(render->stop());
    EXPECT_EQ(render->position()->play_offset, 0U);
    EXPECT_TRUE(render->write(second_of_sound()));
    EXPECT_TRUE(render->drain());
}

} // namespace
} // namespace openportcls
