// What `portcls info` says of jacks, by tests/drivers/pnp, whose jack leads to a display.
#include <gmock/gmock.h>

#include "command.h"

namespace e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

class Jacks : public Command {
protected:
    void SetUp() override {
        Command::SetUp();
        const Ran built = portcls({"build", OPENPORTCLS_SOURCE "/tests/drivers/pnp", "-o", path("pnp.so"), "--cache",
                                   OPENPORTCLS_DRIVER_CACHE});
        ASSERT_EQ(built.status, 0) << built.error;
    }
    Ran info(const std::vector<std::string>& more) const {
        std::vector<std::string> arguments = {"info", "--driver", path("pnp.so"), "--inf",
                                              OPENPORTCLS_SOURCE "/tests/drivers/pnp/pnp.inx"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return portcls(arguments);
    }
};

// KSPROPERTY_JACK_SINK_INFO, KSPROPERTY_JACK_DESCRIPTION2 and KSPROPERTY_JACK_DESCRIPTION3.
TEST_F(Jacks, TheDisplayAtTheOtherEndIsShown) {
    const Ran shown = info({"--parameter", "Plugged=1"});
    ASSERT_EQ(shown.status, 0) << shown.error;
    EXPECT_THAT(
        shown.out,
        HasSubstr("jack of pin 1: other digital, HDMI, something is plugged in, notices plugs, configuration 2\n"
                  "           leads to \"Display\" (HDMI, manufacturer 4f50, product 0001), latency 20, "
                  "HDCP\n"));
    const Ran facts = info({"--parameter", "Plugged=1", "--json"});
    ASSERT_EQ(facts.status, 0) << facts.error;
    std::size_t sinks = 0;
    const auto filters = facts.json()["info"]["filters"];
    for (const auto& filter : filters) {
        for (const auto& jack : filter["jacks"]) {
            ASSERT_TRUE(jack.contains("sink")) << jack;
            EXPECT_EQ(jack["sink"], (nlohmann::json{{"name", "Display"},
                                                    {"connection", "HDMI"},
                                                    {"manufacturer", 0x4F50},
                                                    {"product", 1},
                                                    {"latency", 20},
                                                    {"hdcp", true},
                                                    {"content_packets", false},
                                                    {"port", 0}}));
            EXPECT_EQ(jack["state"], 0);
            EXPECT_EQ(jack["presence_detection"], true);
            EXPECT_EQ(jack["dynamic_formats"], false);
            EXPECT_EQ(jack["configuration"], 2);
            ++sinks;
        }
    }
    EXPECT_EQ(sinks, 1U);
}

TEST_F(Jacks, NothingIsSaidOfADisplayThatIsNotThere) {
    const Ran shown = info({});
    ASSERT_EQ(shown.status, 0) << shown.error;
    EXPECT_THAT(shown.out, HasSubstr("jack of pin 1: other digital, HDMI, empty, notices plugs, configuration 1\n"));
    EXPECT_THAT(shown.out, Not(HasSubstr("manufacturer")));
    EXPECT_THAT(info({"--json"}).out, Not(HasSubstr("\"sink\"")));
}

} // namespace
} // namespace e2e
