// The knob's test: what a vendor's driver test looks like.
#include <openportcls/openportcls.hpp>

#include <gtest/gtest.h>

using namespace openportcls;

namespace {

class KnobTest : public testing::Test {
protected:
    KnobTest() : machine(Machine::create().value()) {
        DriverOptions options;
        options.inf = KNOB_INF;
        auto loaded = machine.load_driver(KNOB_MODULE, options);
        EXPECT_TRUE(loaded) << loaded.error().message;
        driver.emplace(std::move(*loaded));
    }

    Machine machine;
    std::optional<Driver> driver;
};

TEST_F(KnobTest, TurnsAndKeepsItsPlaceOverAPowerCycle) {
    Filter filter = machine.open_first("Topology").value();
    ASSERT_EQ(filter.nodes().value().size(), 1U);
    ASSERT_TRUE(filter.set_volume(0, 0, -10));
    EXPECT_EQ(filter.volume(0, 0).value(), -10);
    Device device = driver->devices().front();
    ASSERT_TRUE(device.set_power(3));
    ASSERT_TRUE(device.set_power(0));
    EXPECT_EQ(filter.volume(0, 0).value(), -10);
    ASSERT_TRUE(filter.set_volume(0, 0, 40));
    EXPECT_EQ(filter.volume(0, 0).value(), 0) << "no further than its end";
    EXPECT_TRUE(filter.support(property::audio_volume_level, Target::node(0)).value().can_set);
}

TEST_F(KnobTest, RefusesShortRequests) {
    Filter filter = machine.open_first("Topology").value();
    std::byte two[2] = {};
    const auto answer = filter.property(property::audio_set, property::audio_volume_level.id,
                                        property_get | property_topology, Target::channel(0, 0).descriptor(), two);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.status(), static_cast<std::int32_t>(0xC0000023)) << answer.error().message; // BUFFER_TOO_SMALL
}

TEST_F(KnobTest, LeavesNothingBehind) {
    const auto leaks = driver->unload();
    ASSERT_TRUE(leaks) << leaks.error().message;
    EXPECT_TRUE(leaks->empty());
}

} // namespace
