// What a trace shows: valid text whatever drivers print, and streams by the name that everything about them has.
#include <openportcls/openportcls.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <ntddk.h>
#include <unistd.h>

#include "client/state.h"
#include "portcls/helpers/engine_events.h"

namespace openportcls {
namespace {

using std::chrono::milliseconds;

class Trace : public testing::Test {
protected:
    ~Trace() override { std::filesystem::remove(file); }
    std::string text() const {
        std::ifstream stream(file);
        return {std::istreambuf_iterator<char>(stream), {}};
    }
    // What the pattern's first group stands for, at each of its places.
    static std::set<std::string> found(const std::string& trace, const std::string& pattern) {
        std::set<std::string> found;
        const std::regex expression(pattern);
        for (std::sregex_iterator match(trace.begin(), trace.end(), expression); match != std::sregex_iterator();
             ++match) {
            found.insert((*match)[1]);
        }
        return found;
    }
    // The tracks on which events of this name stand.
    static std::set<std::string> tracks(const std::string& trace, const std::string& name) {
        return found(trace, "\"pid\":2,\"tid\":(\\d+),\"ts\":[0-9.]+,\"name\":\"" + name);
    }

    Machine machine = Machine::create().value();
    std::filesystem::path file =
        std::filesystem::temp_directory_path() / fmt::format("openportcls-trace-{}.json", getpid());
};

TEST_F(Trace, TakesBytesThatAreNoUtf8ForLatin1) {
    ASSERT_TRUE(machine.start_trace(file));
    machine.state()->machine->enter([] { DbgPrint("caf\xe9 caf\xc3\xa9 \xff\xed\xa0\x80 \xc0\xaf \"\\"); });
    ASSERT_TRUE(machine.stop_trace());
    EXPECT_NE(text().find("caf\\u00e9 caf\xc3\xa9 \\u00ff\\u00ed\\u00a0\\u0080 \\u00c0\\u00af \\\"\\\\"),
              std::string::npos)
        << text();
}

TEST_F(Trace, AStreamsStatesPositionsAndGlitchesStandOnOneTrack) {
    auto driver = machine.load_driver("cable");
    ASSERT_TRUE(driver) << driver.error().message;
    Filter wave = machine.open_first("Wave").value();
    ASSERT_TRUE(machine.start_trace(file));
    std::string states;
    {
        auto first = RenderStream::open(wave, WaveFormat{});
        auto second = RenderStream::open(wave, WaveFormat{});
        ASSERT_TRUE(first);
        ASSERT_TRUE(second);
        const std::vector<std::byte> sound(48000 * 4 / 5, std::byte{1}); // 200 ms
        ASSERT_TRUE(first->write(sound));
        ASSERT_TRUE(second->start());
        ASSERT_TRUE(second->write(sound));
        ASSERT_TRUE(machine.run_for(milliseconds(500)));
        ASSERT_TRUE(second->write(sound)); // too late
        EXPECT_GE(second->glitches(), 1U);
        EXPECT_EQ(first->glitches(), 0U);
    }
    ASSERT_TRUE(machine.stop_trace());
    const std::string trace = text();
    const auto all = tracks(trace, "stream state");
    EXPECT_EQ(all.size(), 2U);
    EXPECT_EQ(tracks(trace, "position"), all);
    const auto glitched = tracks(trace, "glitch");
    EXPECT_EQ(glitched.size(), 1U) << trace.substr(0, 2000);
    EXPECT_TRUE(all.contains(*glitched.begin()));
}

// Before the trace as well as in it: every track has a name, and a stream's says what it is of.
TEST_F(Trace, ThreadsAndStreamsHaveNames) {
    auto driver = machine.load_driver("cable");
    ASSERT_TRUE(driver) << driver.error().message;
    Filter wave = machine.open_first("Wave").value();
    auto before = RenderStream::open(wave, WaveFormat{});
    ASSERT_TRUE(before);
    ASSERT_TRUE(machine.start_trace(file));
    {
        auto within = RenderStream::open(wave, WaveFormat{});
        ASSERT_TRUE(within);
        for (RenderStream* stream : {&*before, &*within}) {
            ASSERT_TRUE(stream->start());
            ASSERT_TRUE(stream->write(std::vector<std::byte>(4800, std::byte{1})));
        }
        ASSERT_TRUE(machine.run_for(milliseconds(50)));
    }
    ASSERT_TRUE(machine.stop_trace());
    const std::string trace = text();
    for (const char* process : {"2", "3"}) {
        const std::set<std::string> used =
            found(trace, fmt::format("\"ph\":\"[^M]\",(?:\"s\":\"t\",)?\"pid\":{},\"tid\":(\\d+)", process));
        EXPECT_FALSE(used.empty()) << process;
        const std::set<std::string> named =
            found(trace, fmt::format("\"ph\":\"M\",\"pid\":{},\"tid\":([1-9]\\d*),\"name\":\"thread_name\"", process));
        EXPECT_TRUE(std::includes(named.begin(), named.end(), used.begin(), used.end())) << process;
    }
    EXPECT_EQ(found(trace, "\"name\":\"(stream \\d+: Wave pin \\d+)\"").size(), 1U);
    EXPECT_EQ(found(trace, "\"name\":\"(stream \\d+)\"").size(), 1U);
}

// eMINIPORT_GLITCH_REPORT is a glitch in the trace, and text to whoever listens.
TEST_F(Trace, GlitchesThatDriversReportAreText) {
    std::string printed;
    machine.on_debug_print([&](std::string_view text) { printed += text; });
    machine.state()->machine->enter(
        [] { EXPECT_EQ(portcls::write_engine_event(eMINIPORT_GLITCH_REPORT, 1, 2, 3, 4), STATUS_SUCCESS); });
    EXPECT_EQ(printed, "glitch_report 0x1 0x2 0x3 0x4");
}

} // namespace
} // namespace openportcls
