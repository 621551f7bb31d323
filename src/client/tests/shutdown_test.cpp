// S5: the machine is off. What would ask a driver fails with one status; what was open can be closed.
#include <openportcls/openportcls.h>
#include <openportcls/openportcls.hpp>

#include <filesystem>
#include <unistd.h>

#include <fmt/format.h>

#include <gtest/gtest.h>

#include "client/state.h"
#include "executive/kernel.h"

#include <ntstatus.h>

namespace openportcls {
namespace {

using std::chrono::milliseconds;

TEST(Shutdown, SystemStatesAreOneToFive) {
    auto machine = Machine::create().value();
    for (const unsigned state : {0U, 6U, UINT32_MAX}) {
        EXPECT_EQ(machine.sleep(state).status(), STATUS_INVALID_PARAMETER) << state;
    }
    for (const unsigned state : {1U, 2U, 3U, 4U}) {
        EXPECT_TRUE(machine.sleep(state)) << state;
        EXPECT_EQ(machine.sleep(5).status(), STATUS_INVALID_DEVICE_STATE) << "wake it first";
        EXPECT_TRUE(machine.wake()) << state;
    }
    EXPECT_TRUE(machine.sleep(5));
    EXPECT_EQ(machine.wake().status(), STATUS_INVALID_DEVICE_STATE);
    EXPECT_EQ(machine.sleep(5).status(), STATUS_SYSTEM_SHUTDOWN);
    EXPECT_EQ(machine.sleep(3).status(), STATUS_SYSTEM_SHUTDOWN);
}

TEST(PowerSource, IsWhatDriversHearOf) {
    auto machine = Machine::create().value();
    const auto is_on_battery = [&] {
        bool is = false;
        EXPECT_EQ(machine.state()->call([&] {
            is = executive::Kernel::current().power.is_on_battery();
            return STATUS_SUCCESS;
        }),
                  STATUS_SUCCESS);
        return is;
    };
    EXPECT_FALSE(is_on_battery());
    EXPECT_TRUE(machine.set_power_source(Machine::PowerSource::battery));
    EXPECT_TRUE(is_on_battery());
    EXPECT_TRUE(machine.set_power_source(Machine::PowerSource::ac));
    EXPECT_FALSE(is_on_battery());
    ASSERT_TRUE(machine.sleep(5));
    EXPECT_EQ(machine.set_power_source(Machine::PowerSource::battery).status(), STATUS_SYSTEM_SHUTDOWN);
}

class MachineThatIsOff : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(render.start());
        ASSERT_TRUE(capture.on_period([this](std::span<const std::byte>) {
            ++periods;
            return true;
        }));
        ASSERT_TRUE(machine.run_for(milliseconds(30)));
        ASSERT_GT(periods, 0);
        const auto off = machine.sleep(5);
        ASSERT_TRUE(off) << off.error().message;
    }
    void TearDown() override { EXPECT_FALSE(machine.crash_report()); }

    Machine machine = Machine::create().value();
    Driver driver = machine.load_driver("cable").value();
    Filter wave = machine.open_first("Wave").value();
    Filter topology = machine.open_first("Topology").value();
    RenderStream render = RenderStream::open(wave, WaveFormat{}).value();
    CaptureStream capture = CaptureStream::open(wave, WaveFormat{}).value();
    Pin pin = Pin::open(wave, 0, WaveFormat{}, ProcessingMode::raw).value();
    Event event = topology.subscribe(event::control_change, {.target = Target::node(0)}).value();
    int periods = 0;
};

TEST_F(MachineThatIsOff, AnswersNothingThatADriverWouldHaveToAnswer) {
    Device device = driver.devices().front();
    std::byte frames[4096] = {};
    const std::int32_t statuses[] = {
        machine.open_first("Wave").status(),
        machine.load_driver("cable").status(),
        driver.add_device().status(),
        driver.unload().status(),
        device.set_power(0).status(),
        device.remove().status(),
        device.surprise_remove().status(),
        device.stop().status(),
        device.start().status(),
        machine.run_for(milliseconds(1)).status(),
        wave.pins().status(),
        topology.volume(0, 0).status(),
        topology.set_volume(0, 0, -3).status(),
        RenderStream::open(wave, WaveFormat{}).status(),
        Pin::open(wave, 0, WaveFormat{}).status(),
        topology.subscribe(event::control_change, {.target = Target::node(0)}).status(),
        event.wait(milliseconds(1)).status(),
        event.on_signal([] {}).status(),
        pin.set_state(PinState::run).status(),
        pin.write(frames).status(),
        render.write(frames).status(),
        render.drain().status(),
        render.start().status(),
        render.pause().status(),
        render.position().status(),
        render.on_period([](std::span<std::byte>) { return true; }).status(),
        capture.read(frames).status(),
        capture.read_available(frames).status(),
        capture.stop().status(),
    };
    for (std::size_t i = 0; i < std::size(statuses); ++i) {
        EXPECT_EQ(statuses[i], STATUS_SYSTEM_SHUTDOWN) << "number " << i;
    }
    EXPECT_FALSE(event.take());
    EXPECT_NE(machine.run_for(milliseconds(1)).error().message.find("is off (S5)"), std::string::npos);
}

TEST_F(MachineThatIsOff, StandsStillAndStillTellsOfItself) {
    const auto then = machine.now();
    const int heard = periods;
    (void)machine.run_for(std::chrono::seconds(1));
    EXPECT_EQ(machine.now(), then);
    EXPECT_EQ(periods, heard);
    EXPECT_EQ(machine.filters().size(), 2U) << "the registry is there";
    EXPECT_EQ(driver.name(), "cable");
    EXPECT_EQ(driver.devices().size(), 1U);
    EXPECT_TRUE(capture.on_period({})) << "ending a callback asks nobody";
    EXPECT_TRUE(machine.save_registry());
    const auto trace =
        std::filesystem::temp_directory_path() / fmt::format("openportcls-shutdown-trace-{}.json", ::getpid());
    EXPECT_TRUE(machine.start_trace(trace));
    EXPECT_TRUE(machine.stop_trace());
    std::filesystem::remove(trace);
}

TEST_F(MachineThatIsOff, LetsGoOfWhatIsOpen) {
    {
        const Filter closed = std::move(topology);
    }
    {
        const Pin closed = std::move(pin);
    }
    {
        const RenderStream closed = std::move(render);
    }
    {
        const Event ended = std::move(event);
    }
}

// With requests at the driver: they are given back when their owner goes.
TEST(Shutdown, RequestsAtADriverComeBack) {
    auto machine = Machine::create({.hardware = {"sb16"}}).value();
    const auto driver = machine.load_driver("sb16");
    ASSERT_TRUE(driver) << driver.error().message;
    Filter wave = machine.open_first("Wave").value();
    RenderStream render = RenderStream::open(wave, WaveFormat{.rate = 44100}).value();
    std::vector<std::byte> frames(44100);
    ASSERT_TRUE(render.write(frames));
    ASSERT_TRUE(machine.sleep(5));
    EXPECT_EQ(render.write(frames).status(), STATUS_SYSTEM_SHUTDOWN);
    {
        const RenderStream closed = std::move(render);
    }
    EXPECT_FALSE(machine.crash_report());
}

// In real time: the thread waits for requests, and does not spin.
TEST(Shutdown, AThreadOfItsOwnOutlivesItsMachinesPower) {
    auto thread = MachineThread::start().value();
    thread.run([](Machine& machine) { return machine.load_driver("cable"); }).value();
    LiveRender render = LiveRender::open(thread, "render", WaveFormat{}).value();
    ASSERT_TRUE(render.start());
    ASSERT_TRUE(thread.run([](Machine& machine) { return machine.sleep(5); }));
    EXPECT_EQ(thread.run([](Machine& machine) { return machine.run_for(milliseconds(1)); }).status(),
              STATUS_SYSTEM_SHUTDOWN);
    ASSERT_TRUE(render.failure());
    EXPECT_EQ(render.failure()->status, STATUS_SYSTEM_SHUTDOWN);
    EXPECT_EQ(render.stop().status(), STATUS_SYSTEM_SHUTDOWN);
}

TEST(Shutdown, TheSameInC) {
    opc_machine* machine = nullptr;
    ASSERT_EQ(opc_machine_create(nullptr, &machine), 0);
    opc_driver* driver = nullptr;
    ASSERT_EQ(opc_driver_load(machine, "cable", nullptr, &driver), 0);
    EXPECT_EQ(opc_machine_sleep(machine, 6), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(opc_machine_sleep(machine, 5), 0) << opc_last_error();
    EXPECT_EQ(opc_machine_run_for(machine, 1), STATUS_SYSTEM_SHUTDOWN);
    EXPECT_EQ(opc_machine_wake(machine), STATUS_INVALID_DEVICE_STATE);
    EXPECT_EQ(opc_machine_crash_report(machine), nullptr);
    opc_driver_release(driver);
    opc_machine_destroy(machine);
}

} // namespace
} // namespace openportcls
