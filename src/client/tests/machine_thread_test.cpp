// A machine on its own thread, in real time.
#include <openportcls/openportcls.hpp>

#include <algorithm>
#include <optional>
#include <thread>

#include <gtest/gtest.h>
#include <ntstatus.h>

namespace openportcls {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

class MachineThreadTest : public testing::Test {
protected:
    MachineThreadTest() {
        auto loaded = machine.run([](Machine& inside) { return inside.load_driver("cable"); });
        EXPECT_TRUE(loaded) << loaded.error().message;
        driver.emplace(std::move(*loaded));
    }
    MachineThread machine = MachineThread::start().value();
    std::optional<Driver> driver; // used on the machine's thread
};

TEST_F(MachineThreadTest, functions_run_on_its_thread_in_order) {
    const auto id = machine.run([](Machine&) { return std::this_thread::get_id(); });
    EXPECT_NE(id, std::this_thread::get_id());
    std::vector<int> order;
    machine.post([&](Machine&) { order.push_back(1); });
    machine.post([&](Machine&) { order.push_back(2); });
    machine.run([&](Machine&) {
        order.push_back(3);
        machine.run([&](Machine&) { order.push_back(4); }); // from its own thread: at once
    });
    EXPECT_EQ(order, (std::vector<int>{1, 2, 3, 4}));
}

TEST_F(MachineThreadTest, time_passes_by_the_hosts_clock_and_requests_interrupt_the_sleep) {
    const auto time = [&] { return machine.run([](Machine& inside) { return inside.now(); }); };
    auto began = steady_clock::now();
    std::chrono::nanoseconds passed{};
    steady_clock::duration host{};
    // On a busy host the first reading may be late, and more time pass from there than is the host's. Not every time.
    for (int attempt = 0; attempt == 0 || (attempt < 10 && passed > host + milliseconds(5)); ++attempt) {
        began = steady_clock::now();
        const auto before = time();
        std::this_thread::sleep_for(milliseconds(100));
        passed = time() - before;
        host = steady_clock::now() - began;
        EXPECT_GE(passed, milliseconds(90));
    }
    EXPECT_LE(passed, host + milliseconds(5));
    // Nothing is scheduled for seconds: a request is served long before.
    machine.run([](Machine&) {});
    EXPECT_LT(steady_clock::now() - began, std::chrono::seconds(5));
}

// A machine that was behind when its first stream ran has a new idea of what time it is; requests still come at once.
TEST_F(MachineThreadTest, requests_are_served_at_once_also_after_the_clock_was_set) {
    machine.run([](Machine& inside) {
        std::this_thread::sleep_for(milliseconds(100));
        Filter filter = inside.open_first("render").value();
        RenderStream stream = RenderStream::open(filter, WaveFormat{}).value();
        ASSERT_TRUE(stream.start());
        ASSERT_TRUE(stream.stop());
    });
    auto quickest = steady_clock::duration::max();
    for (int i = 0; i < 10; ++i) {
        const auto asked = steady_clock::now();
        machine.run([](Machine&) {});
        quickest = std::min(quickest, steady_clock::now() - asked);
    }
    EXPECT_LT(quickest, milliseconds(50));
}

TEST_F(MachineThreadTest, many_threads_may_ask) {
    int sum = 0; // the machine's thread only
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int j = 0; j < 200; ++j) {
                machine.run([&](Machine&) { ++sum; });
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(machine.run([&](Machine&) { return sum; }), 800);
}

TEST_F(MachineThreadTest, a_machine_that_cannot_be_made_says_why) {
    MachineThreadOptions options;
    options.machine.windows = "95";
    const auto refused = MachineThread::start(options);
    EXPECT_EQ(refused.status(), STATUS_INVALID_PARAMETER);
}

// What an application writes from its own thread comes back, in order, through the capture ring.
TEST_F(MachineThreadTest, sound_crosses_the_rings_both_ways) {
    LiveOptions options;
    options.ring = std::chrono::seconds(10); // a loaded host may keep this thread waiting
    const WaveFormat format;
    auto capture = LiveCapture::open(machine, "capture", format, options);
    auto render = LiveRender::open(machine, "render", format, options);
    ASSERT_TRUE(capture) << capture.error().message;
    ASSERT_TRUE(render) << render.error().message;
    std::vector<std::byte> sound(48000 / 4 * format.bytes_per_frame());
    for (std::size_t i = 0; i < sound.size(); ++i) {
        sound[i] = static_cast<std::byte>(i * 7 + i / 251 + 1);
    }
    ASSERT_EQ(render->write(std::span(sound).first(sound.size())), sound.size());
    ASSERT_TRUE(capture->start());
    ASSERT_TRUE(render->start());
    std::vector<std::byte> heard;
    std::vector<std::byte> chunk(4096);
    const auto deadline = steady_clock::now() + std::chrono::seconds(20);
    while (std::search(heard.begin(), heard.end(), sound.begin(), sound.end()) == heard.end() &&
           steady_clock::now() < deadline) {
        auto waited = capture->wait_for_data(chunk.size(), std::chrono::seconds(20));
        ASSERT_TRUE(waited) << waited.error().message;
        const std::size_t got = capture->read(chunk);
        heard.insert(heard.end(), chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(got));
    }
    EXPECT_NE(std::search(heard.begin(), heard.end(), sound.begin(), sound.end()), heard.end());
    ASSERT_TRUE(render->drain(std::chrono::seconds(20)));
    EXPECT_FALSE(render->failure());
    EXPECT_GT(render->frames(), 12000U);
    EXPECT_TRUE(render->start()) << "it runs, and plays what comes next";
    EXPECT_TRUE(render->stop());
    EXPECT_TRUE(render->start());
}

TEST_F(MachineThreadTest, an_empty_ring_is_counted_and_room_is_waited_for) {
    LiveOptions options;
    options.ring = milliseconds(20);
    auto render = LiveRender::open(machine, "render", WaveFormat{}, options);
    ASSERT_TRUE(render) << render.error().message;
    ASSERT_TRUE(render->start());
    std::this_thread::sleep_for(milliseconds(40));
    EXPECT_EQ(render->glitches(), 0U) << "nothing has been written yet";
    constexpr std::size_t ring_bytes = 960 * 4;
    const std::vector<std::byte> sound(2 * ring_bytes, std::byte{1});
    ASSERT_TRUE(render->wait_for_room(ring_bytes, std::chrono::seconds(20)));
    EXPECT_EQ(render->write(sound), ring_bytes) << "what fits, without waiting";
    ASSERT_TRUE(render->wait_for_room(ring_bytes, std::chrono::seconds(20)));
    const auto deadline = steady_clock::now() + std::chrono::seconds(20);
    while (render->glitches() == 0 && steady_clock::now() < deadline) {
        std::this_thread::sleep_for(milliseconds(5));
    }
    EXPECT_GT(render->glitches(), 0U);
    ASSERT_TRUE(render->stop());
    EXPECT_EQ(render->wait_for_room(0).status(), 0);
}

TEST_F(MachineThreadTest, opening_what_is_not_there_fails_with_the_usual_status) {
    EXPECT_EQ(LiveRender::open(machine, "nothing", WaveFormat{}).status(), STATUS_OBJECT_NAME_NOT_FOUND);
    EXPECT_EQ(LiveCapture::open(machine, "capture", WaveFormat{.rate = 3}).status(), STATUS_NO_MATCH);
}

TEST_F(MachineThreadTest, a_removed_device_is_noticed) {
    auto render = LiveRender::open(machine, "render", WaveFormat{});
    ASSERT_TRUE(render);
    ASSERT_TRUE(render->start());
    EXPECT_FALSE(render->failure());
    ASSERT_TRUE(machine.run([&](Machine&) { return driver->devices().front().surprise_remove(); }));
    ASSERT_TRUE(render->failure());
    EXPECT_NE(render->failure()->message.find("Wave pin 0"), std::string::npos) << render->failure()->message;
}

} // namespace
} // namespace openportcls
