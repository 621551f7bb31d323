// Calls that make no sense are answered, not obeyed: by an error that says so, and nothing is lost.
#include <openportcls/openportcls.h>
#include <openportcls/openportcls.hpp>

#include <cmath>

#include <gtest/gtest.h>

#include <ntstatus.h>

namespace openportcls {
namespace {

class Misuse : public testing::Test {
protected:
    Misuse() : machine(Machine::create().value()), driver(machine.load_driver("cable").value()) {}

    Machine machine;
    Driver driver;
};

TEST_F(Misuse, ADriverIsUnloadedOnce) {
    Driver same = driver;
    ASSERT_TRUE(driver.unload());
    for (Driver* each : {&driver, &same}) {
        EXPECT_EQ(each->unload().status(), STATUS_INVALID_DEVICE_STATE);
        EXPECT_EQ(each->add_device().status(), STATUS_INVALID_DEVICE_STATE);
        EXPECT_TRUE(each->devices().empty());
    }
    EXPECT_FALSE(machine.crash_report());
    EXPECT_TRUE(machine.load_driver("cable"));
}

// The driver would take the format, and nobody would hear anything.
TEST_F(Misuse, APinOfTheOtherDirectionIsRefused) {
    Filter wave = machine.open_first("Wave").value();
    StreamOptions capture_pin;
    capture_pin.pin = 2;
    const auto render = RenderStream::open(wave, WaveFormat{}, capture_pin);
    EXPECT_EQ(render.status(), STATUS_INVALID_PARAMETER);
    EXPECT_NE(render.error().message.find("records, it does not play"), std::string::npos) << render.error().message;
    StreamOptions render_pin;
    render_pin.pin = 0;
    EXPECT_EQ(CaptureStream::open(wave, WaveFormat{}, render_pin).status(), STATUS_INVALID_PARAMETER);
    EXPECT_FALSE(RenderStream::open(wave, WaveFormat{}, {.pin = 99}));
}

// R-DESC-07: it stands for a connection, whatever its direction.
TEST_F(Misuse, ABridgePinIsRefusedForWhatItIs) {
    Filter wave = machine.open_first("Wave").value();
    for (const std::uint32_t bridge : {1U, 3U}) {
        StreamOptions options;
        options.pin = bridge;
        const Error errors[] = {RenderStream::open(wave, WaveFormat{}, options).error(),
                                CaptureStream::open(wave, WaveFormat{}, options).error(),
                                Pin::open(wave, bridge, WaveFormat{}).error()};
        for (const Error& error : errors) {
            EXPECT_EQ(error.status, STATUS_INVALID_PARAMETER);
            EXPECT_NE(error.message.find("is a bridge pin"), std::string::npos) << error.message;
            EXPECT_EQ(error.message.find("records"), std::string::npos) << error.message;
        }
    }
}

TEST_F(Misuse, EmptyNamesAreNobodys) {
    EXPECT_FALSE(machine.open(""));
    EXPECT_FALSE(machine.open("\\"));
    EXPECT_FALSE(machine.open_first(""));
    EXPECT_FALSE(machine.load_driver(""));
    EXPECT_FALSE(machine.start_trace(""));
    EXPECT_FALSE(machine.listen("", {}));
    EXPECT_FALSE(machine.feed("", 48000, {}));
    EXPECT_FALSE(machine.listen_midi("", {}));
    EXPECT_FALSE(machine.loop_midi(""));
    EXPECT_FALSE(driver.add_device("ROOT\\Nobody"));
    EXPECT_FALSE(driver.add_device("", {""}));
    EXPECT_FALSE(machine.crash_report());
}

// They end what they replace, or do nothing.
TEST_F(Misuse, EmptyFunctionsAreNotCalled) {
    machine.on_debug_print({});
    Filter wave = machine.open_first("Wave").value();
    RenderStream render = RenderStream::open(wave, WaveFormat{}).value();
    EXPECT_TRUE(render.on_period({}));
    CaptureStream capture = CaptureStream::open(wave, WaveFormat{}).value();
    EXPECT_TRUE(capture.on_period({}));
    ASSERT_TRUE(capture.start());
    EXPECT_TRUE(machine.run_for(std::chrono::milliseconds(50)));
    Filter topology = machine.open_first("Topology").value();
    Event event = topology.subscribe(event::control_change, {.target = Target::node(0)}).value();
    EXPECT_TRUE(event.on_signal({}));
    ASSERT_TRUE(topology.set_volume(0, 0, -3));
    EXPECT_TRUE(event.take());
    EXPECT_FALSE(machine.crash_report());
}

TEST(MisuseOfThreads, WhatIsNoFunctionAndWhatIsNoRing) {
    auto thread = MachineThread::start().value();
    thread.post({});
    thread.run([](Machine& machine) { return machine.load_driver("cable"); }).value();
    for (const std::chrono::microseconds ring :
         {std::chrono::microseconds(-1), std::chrono::microseconds::max(), std::chrono::microseconds::min()}) {
        EXPECT_EQ(LiveRender::open(thread, "render", WaveFormat{}, {.ring = ring}).status(), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(LiveCapture::open(thread, "capture", WaveFormat{}, {.ring = ring}).status(),
                  STATUS_INVALID_PARAMETER);
    }
    LiveRender render = LiveRender::open(thread, "render", WaveFormat{}).value();
    EXPECT_EQ(render.wait_for_room(SIZE_MAX, std::chrono::milliseconds::max()).status(), 0);
    EXPECT_EQ(render.wait_for_room(1, std::chrono::milliseconds::min()).status(), 0) << "it is there";
    EXPECT_FALSE(LiveRender::open(thread, "", WaveFormat{}));
}

TEST_F(Misuse, FramesAtNoAddressAreRefused) {
    Filter wave = machine.open_first("Wave").value();
    RenderStream render = RenderStream::open(wave, WaveFormat{}).value();
    EXPECT_EQ(render.write({static_cast<const std::byte*>(nullptr), 4}).status(), STATUS_INVALID_PARAMETER);
    EXPECT_TRUE(render.write({}));
    CaptureStream capture = CaptureStream::open(wave, WaveFormat{}).value();
    EXPECT_EQ(capture.read({static_cast<std::byte*>(nullptr), 4}).status(), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(capture.read_available({static_cast<std::byte*>(nullptr), 4}).status(), STATUS_INVALID_PARAMETER);
    EXPECT_FALSE(machine.crash_report());
}

TEST_F(Misuse, ARunningStreamOfAPulledDeviceDoesNotStart) {
    Filter wave = machine.open_first("Wave").value();
    RenderStream render = RenderStream::open(wave, WaveFormat{}).value();
    ASSERT_TRUE(render.start());
    ASSERT_TRUE(render.start()) << "it runs";
    ASSERT_TRUE(driver.devices().front().surprise_remove());
    EXPECT_EQ(render.start().status(), STATUS_DEVICE_REMOVED);
}

// The next device gets the path of the one that has gone, and is another one all the same.
TEST_F(Misuse, AHandleOfADeviceThatHasGoneNamesNoOther) {
    Device first = driver.devices().front();
    ASSERT_TRUE(first.surprise_remove());
    auto second = driver.add_device();
    ASSERT_TRUE(second) << second.error().message;
    EXPECT_EQ(second->instance_path(), first.instance_path());
    EXPECT_EQ(first.state(), "removed");
    EXPECT_EQ(first.surprise_remove().status(), STATUS_NO_SUCH_DEVICE);
    EXPECT_EQ(second->state(), "started");
}

// Removed ones at once, pulled ones with their last handle.
TEST_F(Misuse, DevicesThatHaveGoneAreNotListed) {
    Device first = driver.devices().front();
    Device second = driver.add_device().value();
    ASSERT_EQ(driver.devices().size(), 2U);
    ASSERT_TRUE(second.remove());
    ASSERT_EQ(driver.devices().size(), 1U);
    EXPECT_EQ(driver.devices().front().instance_path(), first.instance_path());
    {
        const Filter open = machine.open_first("Wave").value();
        ASSERT_TRUE(first.surprise_remove());
        ASSERT_EQ(driver.devices().size(), 1U) << "there is a handle to it";
        EXPECT_EQ(driver.devices().front().state(), "surprise removed");
    }
    ASSERT_TRUE(machine.run_for(std::chrono::milliseconds(1))); // the PnP manager removes it in a thread of its own
    EXPECT_TRUE(driver.devices().empty());
    EXPECT_EQ(first.state(), "removed");
    ASSERT_TRUE(driver.add_device());
    EXPECT_EQ(driver.devices().size(), 1U) << "not the one whose path it has";
}

TEST_F(Misuse, OneModuleTwiceNeedsTwoServiceNames) {
    const auto same = machine.load_driver("cable");
    EXPECT_EQ(same.status(), STATUS_OBJECT_NAME_COLLISION);
    EXPECT_NE(same.error().message.find("service_name"), std::string::npos) << same.error().message;
    DriverOptions options;
    options.service_name = "OtherCable";
    auto other = machine.load_driver("cable", options);
    ASSERT_TRUE(other) << other.error().message;
    EXPECT_EQ(other->name(), "OtherCable");
    EXPECT_EQ(machine.filters().size(), 4U);
    options.service_name = "a\\b";
    EXPECT_EQ(machine.load_driver("cable", options).status(), STATUS_OBJECT_NAME_INVALID);
    EXPECT_TRUE(other->unload());
    EXPECT_EQ(driver.devices().size(), 1U);
}

// What the host's file system has no answer to is an error as well, and nothing is thrown.
TEST_F(Misuse, APathThatCanBeNoPathIsRefused) {
    const std::string name(5000, 'a');
    EXPECT_FALSE(machine.load_driver(name + ".so"));
    EXPECT_FALSE(machine.load_driver("/tmp/" + name));
    EXPECT_FALSE(machine.load_driver("/tmp/" + name + "/driver.so"));
    DriverOptions options;
    options.inf = name + ".inf";
    options.service_name = "Other";
    EXPECT_FALSE(machine.load_driver("cable", options));
    EXPECT_FALSE(Machine::create({.sandbox = name}));
    EXPECT_FALSE(Machine::create({.registry = name}));
    EXPECT_FALSE(Machine::create({.registry = "/tmp/" + name}));
    EXPECT_FALSE(Machine::create({.registry = name.substr(0, 253)})) << "what is written before has a longer name";
    EXPECT_FALSE(machine.start_trace("/tmp/" + name + ".json"));
    EXPECT_FALSE(machine.crash_report());
}

TEST_F(Misuse, AParameterIsGivenOnce) {
    const std::vector<std::string> twice = {"One=1", "Two=2", "one:sz=x"};
    const auto added = driver.add_device({}, twice);
    EXPECT_EQ(added.status(), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(added.error().message, "the parameter one is given twice");
    DriverOptions options;
    options.service_name = "OtherCable";
    options.parameters = twice;
    EXPECT_EQ(machine.load_driver("cable", options).status(), STATUS_INVALID_PARAMETER);
    EXPECT_NE(Machine::create({.hardware = {"sb16:irq=5,irq=7"}}).error().message.find("irq"), std::string::npos);
}

TEST_F(Misuse, ValuesOutsideOfTheOptionsAreRefused) {
    for (const unsigned depth : {1001U, UINT32_MAX}) {
        EXPECT_EQ(Machine::create({.scheduling = Scheduling::pct, .pct_depth = depth}).status(),
                  STATUS_INVALID_PARAMETER)
            << depth;
    }
    for (const unsigned processors : {0U, 33U, 100'000U}) {
        EXPECT_EQ(Machine::create({.processors = processors}).status(), STATUS_INVALID_PARAMETER) << processors;
    }
    EXPECT_EQ(Machine::create({.scheduling = static_cast<Scheduling>(42)}).status(), STATUS_INVALID_PARAMETER);
    Filter wave = machine.open_first("Wave").value();
    const auto open = [&](const StreamOptions& options) {
        return RenderStream::open(wave, WaveFormat{}, options).status();
    };
    EXPECT_EQ(open({.period = std::chrono::microseconds(0)}), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(open({.period = std::chrono::microseconds(-5)}), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(open({.mode = static_cast<ProcessingMode>(9)}), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(open({.packets = static_cast<PacketMode>(9)}), STATUS_INVALID_PARAMETER);
}

TEST_F(Misuse, NumbersThatAreNoneAreRefused) {
    Filter topology = machine.open_first("Topology").value();
    const double before = topology.volume(0, 0).value();
    EXPECT_EQ(topology.set_volume(0, 0, std::nan("")).status(), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(topology.volume(0, 0).value(), before);
    EXPECT_EQ(machine.run_for(std::chrono::nanoseconds(-1)).status(), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(machine.run_for(std::chrono::nanoseconds::max()).status(), STATUS_INVALID_PARAMETER);
    Event event = topology.subscribe(event::control_change, {.target = Target::node(0)}).value();
    EXPECT_EQ(event.wait(std::chrono::nanoseconds(-1)).status(), STATUS_INVALID_PARAMETER);
    for (int round = 0; round < 2; ++round) {
        ASSERT_TRUE(topology.set_volume(0, 0, -5 - round));
        EXPECT_TRUE(event.wait(std::chrono::nanoseconds::max() - std::chrono::nanoseconds(round)));
        EXPECT_TRUE(machine.run_for(std::chrono::milliseconds(1)));
    }
    EXPECT_FALSE(topology.set_volume(UINT32_MAX, 0, 0));
    EXPECT_FALSE(topology.set_volume(0, UINT32_MAX - 1, 0));
    EXPECT_FALSE(topology.set_mux(0, UINT32_MAX));
    EXPECT_FALSE(driver.devices().front().set_power(UINT32_MAX));
}

TEST(MisuseOfC, ValuesOutsideOfTheOptionsAreRefused) {
    opc_machine* machine = nullptr;
    opc_machine_options options;
    opc_machine_options_init(&options);
    options.scheduling = 42;
    EXPECT_EQ(opc_machine_create(&options, &machine), STATUS_INVALID_PARAMETER);
    opc_machine_options_init(&options);
    options.size = 3;
    EXPECT_EQ(opc_machine_create(&options, &machine), STATUS_INFO_LENGTH_MISMATCH);
    EXPECT_EQ(opc_machine_create(nullptr, nullptr), STATUS_INVALID_PARAMETER);
    ASSERT_EQ(opc_machine_create(nullptr, &machine), 0);
    opc_driver* driver = nullptr;
    EXPECT_EQ(opc_driver_load(machine, nullptr, nullptr, &driver), STATUS_INVALID_PARAMETER);
    ASSERT_EQ(opc_driver_load(machine, "cable", nullptr, &driver), 0);
    opc_filter* wave = nullptr;
    ASSERT_EQ(opc_filter_open(machine, "Wave", &wave), 0);
    opc_stream_options stream_options;
    opc_stream_options_init(&stream_options);
    opc_format format;
    opc_format_init(&format);
    opc_stream* stream = nullptr;
    stream_options.size = 1;
    EXPECT_EQ(opc_render_open(wave, &format, &stream_options, &stream), STATUS_INFO_LENGTH_MISMATCH);
    opc_stream_options_init(&stream_options);
    stream_options.mode = 9;
    EXPECT_EQ(opc_render_open(wave, &format, &stream_options, &stream), STATUS_INVALID_PARAMETER);
    ASSERT_EQ(opc_render_open(wave, &format, nullptr, &stream), 0);
    EXPECT_EQ(opc_stream_write(stream, nullptr, 4), STATUS_INVALID_PARAMETER);
    opc_stream_close(stream);
    opc_filter_close(wave);
    EXPECT_EQ(opc_driver_unload(driver, nullptr, nullptr), 0);
    EXPECT_EQ(opc_driver_unload(driver, nullptr, nullptr), STATUS_INVALID_DEVICE_STATE);
    opc_driver_release(driver);
    opc_machine_destroy(machine);
}

} // namespace
} // namespace openportcls
