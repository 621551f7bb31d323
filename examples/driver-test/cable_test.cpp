// A driver's tests, with nothing but GoogleTest and the library. Put your own module in the place of "cable".
#include <openportcls/openportcls.hpp>

#include <gtest/gtest.h>

using namespace openportcls;
using std::chrono::milliseconds;

namespace {

std::vector<std::byte> sound(std::size_t bytes) {
    return std::vector<std::byte>(bytes, std::byte{42});
}

class CableTest : public testing::Test {
protected:
    void start(const MachineOptions& options = {}) {
        machine.emplace(Machine::create(options).value());
        auto loaded = machine->load_driver("cable");
        ASSERT_TRUE(loaded) << loaded.error().message;
        driver.emplace(std::move(*loaded));
    }
    Device device() { return driver->devices().front(); }
    // What every test of a driver should end with: it goes, and leaves nothing behind.
    void expect_clean_unload() {
        auto leaks = driver->unload();
        ASSERT_TRUE(leaks) << leaks.error().message;
        for (const LeakLine& leak : *leaks) {
            ADD_FAILURE() << leak.kind << " " << leak.what << ": " << leak.bytes << " bytes left";
        }
        EXPECT_FALSE(machine->crash_report()) << *machine->crash_report();
    }

    std::optional<Machine> machine;
    std::optional<Driver> driver;
};

TEST_F(CableTest, StreamsGoOnAfterAPowerCycle) {
    start();
    {
        Filter filter = machine->open_first("render").value();
        RenderStream stream = RenderStream::open(filter, WaveFormat{}).value();
        ASSERT_TRUE(stream.write(sound(48000)));
        ASSERT_TRUE(device().set_power(3)); // D3: asleep
        ASSERT_TRUE(machine->run_for(milliseconds(100)));
        const auto asleep = stream.position();
        ASSERT_TRUE(device().set_power(0)); // D0
        ASSERT_TRUE(stream.write(sound(48000)));
        const auto awake = stream.position();
        ASSERT_TRUE(awake) << awake.error().message;
        ASSERT_TRUE(stream.drain());
    }
    expect_clean_unload();
}

TEST_F(CableTest, SettingsSurviveSleepOfTheWholeMachine) {
    start();
    {
        Filter topology = machine->open_first("Topology").value();
        ASSERT_TRUE(topology.set_volume(0, 0, -20));
        ASSERT_TRUE(machine->sleep(3)); // S3
        ASSERT_TRUE(machine->wake());
        EXPECT_EQ(topology.volume(0, 0).value(), -20);
    }
    expect_clean_unload();
}

TEST_F(CableTest, SurpriseRemovalFailsWhatIsOpenAndLosesNothing) {
    start();
    {
        Filter filter = machine->open_first("render").value();
        RenderStream stream = RenderStream::open(filter, WaveFormat{}).value();
        ASSERT_TRUE(stream.write(sound(48000)));
        ASSERT_TRUE(device().surprise_remove());
        EXPECT_FALSE(stream.write(sound(48000)));
    }
    expect_clean_unload();
}

// The same test under other interleavings of interrupts, DPCs and threads. A failure is repeated by its seed.
TEST_F(CableTest, StartsAndStopsUnderManyInterleavings) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        MachineOptions options;
        options.scheduling = Scheduling::random;
        options.seed = seed;
        start(options);
        {
            Filter filter = machine->open_first("render").value();
            RenderStream stream = RenderStream::open(filter, WaveFormat{}).value();
            ASSERT_TRUE(stream.write(sound(48000)));
            ASSERT_TRUE(stream.pause());
            ASSERT_TRUE(stream.stop());
        }
        expect_clean_unload();
    }
}

} // namespace
