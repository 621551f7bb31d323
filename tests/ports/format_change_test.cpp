// A stream's format changes by KSPROPERTY_CONNECTION_DATAFORMAT, not inside the data.
#include "every_port.h"

namespace openportcls::ports {
namespace {

constexpr std::uint32_t type_changed = 0x8; // KSSTREAM_HEADER_OPTIONSF_TYPECHANGED

class FormatChange : public testing::TestWithParam<PortKind> {
protected:
    void SetUp() override { loop.start(GetParam()); }
    void TearDown() override { loop.finish(); }
    PortLoop loop;
};

std::string kind_name(const testing::TestParamInfo<PortKind>& info) {
    return info.param.name;
}

// R-KS-06: a header that carries a format stands alone, and only where the port allows it: PortCls' ports have a
// property for that (R-FMT-16). It is refused with STATUS_INVALID_PARAMETER, and the stream goes on as if it had not
// come.
TEST_P(FormatChange, R_KS_06_a_header_with_a_format_is_refused) {
    auto pin = loop.open(false);
    ASSERT_TRUE(pin) << pin.error().message;
    ASSERT_TRUE(pin->set_state(PinState::pause));
    ASSERT_TRUE(loop.queue(*pin, false));
    Bytes format = loop.kind->sound == Sound::wave ? data_format(WaveFormat{}) : music_format(loop.kind->sound);
    StreamBlock block{format};
    block.options = type_changed;
    Bytes data(64);
    StreamBlock more{data};
    const StreamBlock together[] = {block, more};
    for (const std::span<const StreamBlock> blocks :
         {std::span<const StreamBlock>(&block, 1), std::span<const StreamBlock>(together)}) {
        auto changed = pin->submit_write(blocks);
        EXPECT_EQ(changed ? changed->wait().error().status : changed.error().status, status_invalid_parameter);
    }
    ASSERT_TRUE(pin->set_state(PinState::run));
    ASSERT_TRUE(loop.machine->run_for(milliseconds(40)));
    EXPECT_TRUE(pin->set_state(PinState::stop));
    loop.request.reset();
}

// R-FMT-16: what the miniport refuses leaves the old format; the stream's own format may be set again.
TEST_P(FormatChange, R_FMT_16_the_property_changes_it_while_the_pin_is_open) {
    if (loop.kind->sound != Sound::wave) {
        GTEST_SKIP() << "music has one format";
    }
    auto pin = loop.open(false);
    ASSERT_TRUE(pin) << pin.error().message;
    ASSERT_TRUE(pin->set_state(PinState::pause));
    const auto set = [&](const WaveFormat& format) {
        Bytes value = data_format(format);
        return pin->property(property::connection_data_format.set, property::connection_data_format.id, property_set,
                             {}, value);
    };
    WaveFormat odd;
    odd.channels = 7;
    EXPECT_FALSE(set(odd));
    const auto now = pin->property_value(property::connection_data_format.set, property::connection_data_format.id);
    ASSERT_TRUE(now) << now.error().message;
    EXPECT_EQ(now->size(), data_format(WaveFormat{}).size()) << "the old one";
    EXPECT_TRUE(set(WaveFormat{}));
}

INSTANTIATE_TEST_SUITE_P(RequestPorts, FormatChange,
                         testing::ValuesIn(port_kinds + 1, port_kinds + std::size(port_kinds)), kind_name);

} // namespace
} // namespace openportcls::ports
