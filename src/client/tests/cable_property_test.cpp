// The cable driver's controls and jacks as the property rules want them, through the public library.
#include <openportcls/openportcls.hpp>

#include <array>
#include <cstring>

#include <gtest/gtest.h>

#include <ks.h>
#include <ksmedia.h>

namespace openportcls {
namespace {

constexpr std::uint32_t render_volume_node = 0;
constexpr std::uint32_t render_peak_node = 2;
constexpr std::uint32_t line_out_pin = 1;
constexpr std::uint32_t pin_count = 4;

class CableProperty : public testing::Test {
protected:
    void SetUp() override {
        auto made = Machine::create();
        ASSERT_TRUE(made) << made.error().message;
        machine_ = std::make_unique<Machine>(std::move(*made));
        auto loaded = machine_->load_driver("cable");
        ASSERT_TRUE(loaded) << loaded.error().message;
        driver_ = std::make_unique<Driver>(std::move(*loaded));
        auto filter = machine_->open_first("Topology");
        ASSERT_TRUE(filter) << filter.error().message;
        topology_ = std::make_unique<Filter>(std::move(*filter));
    }

    template<class Request>
    NTSTATUS send(const Request& request, void* value, std::size_t bytes) {
        const auto result = topology_->control(IOCTL_KS_PROPERTY, std::as_bytes(std::span(&request, 1)),
                                               std::span(static_cast<std::byte*>(value), bytes));
        information_ = result.information;
        return result.status;
    }
    static KSNODEPROPERTY_AUDIO_CHANNEL channel(ULONG id, std::uint32_t node, LONG number, ULONG verb) {
        KSNODEPROPERTY_AUDIO_CHANNEL request = {};
        request.NodeProperty.Property = {{{KSPROPSETID_Audio, id, verb | KSPROPERTY_TYPE_TOPOLOGY}}};
        request.NodeProperty.NodeId = node;
        request.Channel = number;
        return request;
    }
    static KSP_PIN jack(ULONG id, std::uint32_t pin) {
        KSP_PIN request = {};
        request.Property = {{{KSPROPSETID_Jack, id, KSPROPERTY_TYPE_GET}}};
        request.PinId = pin;
        return request;
    }

    std::unique_ptr<Machine> machine_;
    std::unique_ptr<Driver> driver_;
    std::unique_ptr<Filter> topology_;
    std::uint64_t information_ = 0;
};

// R-DESC-11, R-DESC-12: the system's own names.
TEST_F(CableProperty, nodes_and_pins_have_the_names_of_the_system) {
    const auto nodes = topology_->nodes();
    ASSERT_TRUE(nodes);
    std::vector<std::string> names;
    for (const NodeInfo& node : *nodes) {
        names.push_back(node.name);
    }
    EXPECT_EQ(names, (std::vector<std::string>{"Master volume", "Master mute", "Peak meter", "Line in volume",
                                               "Line mute", "Peak meter"}));
    const auto pins = topology_->pins();
    ASSERT_TRUE(pins);
    EXPECT_EQ(pins->at(line_out_pin).name, "Line");
}

TEST_F(CableProperty, R_PROP_14_levels_beyond_the_range_are_clamped) {
    const auto set = [&](LONG level) {
        return send(channel(KSPROPERTY_AUDIO_VOLUMELEVEL, render_volume_node, 1, KSPROPERTY_TYPE_SET), &level,
                    sizeof level);
    };
    const auto get = [&] {
        LONG level = 1;
        EXPECT_EQ(send(channel(KSPROPERTY_AUDIO_VOLUMELEVEL, render_volume_node, 1, KSPROPERTY_TYPE_GET), &level,
                       sizeof level),
                  STATUS_SUCCESS);
        return level;
    };
    EXPECT_EQ(set(-6 * 65536), STATUS_SUCCESS); // 1/65536 dB
    EXPECT_EQ(get(), -6 * 65536);
    EXPECT_NEAR(*topology_->volume(render_volume_node, 1), -6.0, 0.001);
    EXPECT_EQ(set(20 * 65536), STATUS_SUCCESS);
    EXPECT_EQ(get(), 0);
    EXPECT_EQ(set(-200 * 65536), STATUS_SUCCESS);
    EXPECT_EQ(get(), -96 * 65536);
    EXPECT_EQ(set(MINLONG), STATUS_SUCCESS);
    EXPECT_EQ(get(), MINLONG) << "minus infinity";
    EXPECT_EQ(set(MINLONG + 1), STATUS_SUCCESS);
    EXPECT_EQ(get(), -96 * 65536);
    EXPECT_EQ(*topology_->volume(render_volume_node, 0), 0.0) << "the other channel is untouched";
}

TEST_F(CableProperty, R_PROP_26_a_peak_is_taken_by_reading_it) {
    auto wave = machine_->open_first("Wave");
    ASSERT_TRUE(wave);
    const WaveFormat format{.rate = 48000, .channels = 2, .bits = 16};
    auto render = RenderStream::open(*wave, format, {});
    ASSERT_TRUE(render) << render.error().message;
    EXPECT_EQ(*topology_->peak(render_peak_node, 0), 0.0);
    std::vector<std::int16_t> loud(48000);
    for (std::size_t i = 0; i < loud.size(); i += 2) {
        loud[i] = 16384; // left only
    }
    ASSERT_TRUE(render->write(std::as_bytes(std::span(loud))));
    ASSERT_TRUE(render->drain());
    EXPECT_NEAR(*topology_->peak(render_peak_node, 0), 0.5, 0.01);
    EXPECT_EQ(*topology_->peak(render_peak_node, 0), 0.0) << "since the previous reading";
    EXPECT_EQ(*topology_->peak(render_peak_node, 1), 0.0) << "the right channel";
}

// KSPROPERTY_JACK_DESCRIPTION, KSPROPERTY_JACK_DESCRIPTION2
TEST_F(CableProperty, R_PROP_30_jacks_of_each_pin) {
    for (std::uint32_t pin = 0; pin < pin_count; ++pin) {
        KSMULTIPLE_ITEM header = {};
        std::array<std::byte, 64> value{};
        const ULONG jacks = pin == line_out_pin || pin == line_out_pin + 1 ? 1 : 0;
        const std::uint64_t bytes = sizeof header + jacks * sizeof(KSJACK_DESCRIPTION);
        EXPECT_EQ(send(jack(KSPROPERTY_JACK_DESCRIPTION, pin), nullptr, 0), STATUS_BUFFER_OVERFLOW);
        EXPECT_EQ(information_, bytes);
        EXPECT_EQ(send(jack(KSPROPERTY_JACK_DESCRIPTION, pin), value.data(), bytes - 1), STATUS_BUFFER_TOO_SMALL);
        ASSERT_EQ(send(jack(KSPROPERTY_JACK_DESCRIPTION, pin), value.data(), value.size()), STATUS_SUCCESS);
        EXPECT_EQ(information_, bytes);
        std::memcpy(&header, value.data(), sizeof header);
        EXPECT_EQ(header.Count, jacks) << "pin " << pin;
        EXPECT_EQ(header.Size, bytes);
        ASSERT_EQ(send(jack(KSPROPERTY_JACK_DESCRIPTION2, pin), value.data(), value.size()), STATUS_SUCCESS);
        std::memcpy(&header, value.data(), sizeof header);
        EXPECT_EQ(header.Count, jacks);
        EXPECT_EQ(header.Size, sizeof header + jacks * sizeof(KSJACK_DESCRIPTION2));
    }
    std::array<std::byte, 64> value{};
    EXPECT_EQ(send(jack(KSPROPERTY_JACK_DESCRIPTION, pin_count), value.data(), value.size()), STATUS_INVALID_PARAMETER);
}

// The flags, or the whole of a description, which has no members: more room than that is enough, too. A value of no
// bytes asks how large it is, as of every other property (R-PROP-08).
TEST_F(CableProperty, R_PROP_11_basic_support_of_jacks_is_a_description_without_members) {
    KSP_PIN request = jack(KSPROPERTY_JACK_DESCRIPTION, line_out_pin);
    request.Property.Flags = KSPROPERTY_TYPE_BASICSUPPORT;
    constexpr ULONG access = KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_BASICSUPPORT;
    EXPECT_EQ(send(request, nullptr, 0), STATUS_BUFFER_OVERFLOW);
    EXPECT_EQ(information_, sizeof(KSPROPERTY_DESCRIPTION));
    for (std::size_t bytes = 1; bytes <= 64; ++bytes) {
        alignas(8) std::array<std::byte, 64> value{};
        const NTSTATUS status = send(request, value.data(), bytes);
        if (bytes != sizeof(ULONG) && bytes < sizeof(KSPROPERTY_DESCRIPTION)) {
            EXPECT_EQ(status, STATUS_BUFFER_TOO_SMALL) << bytes;
            continue;
        }
        ULONG flags = 0;
        std::memcpy(&flags, value.data(), sizeof flags);
        EXPECT_EQ(status, STATUS_SUCCESS) << bytes;
        EXPECT_EQ(flags, access) << bytes;
        EXPECT_EQ(information_, std::min(bytes, sizeof(KSPROPERTY_DESCRIPTION)));
    }
}

TEST_F(CableProperty, R_PROP_31_a_jack_without_detection_is_always_connected) {
    struct {
        KSMULTIPLE_ITEM header;
        KSJACK_DESCRIPTION jack;
    } value = {};
    ASSERT_EQ(send(jack(KSPROPERTY_JACK_DESCRIPTION, line_out_pin), &value, sizeof value), STATUS_SUCCESS);
    EXPECT_EQ(value.jack.IsConnected, TRUE);
    // It does not claim to detect (JACKDESC2_PRESENCE_DETECT_CAPABILITY).
    struct {
        KSMULTIPLE_ITEM header;
        KSJACK_DESCRIPTION2 jack;
    } more = {};
    ASSERT_EQ(send(jack(KSPROPERTY_JACK_DESCRIPTION2, line_out_pin), &more, sizeof more), STATUS_SUCCESS);
    EXPECT_EQ(more.jack.JackCapabilities, 0U);
}

} // namespace
} // namespace openportcls
