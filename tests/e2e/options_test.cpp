// Every numeric option of every command, and the files that a command line names: nonsense is status 2 before anything
// runs, in text and in JSON.
#include <algorithm>

#include <gmock/gmock.h>

#include "command.h"

namespace e2e {
namespace {

using openportcls::WaveFormat;
using testing::HasSubstr;

class Options : public Command {
protected:
    std::string good() const {
        WaveFormat format;
        return write("good.wav", format, noise(format, 480));
    }
    // Refused as wrong usage: one line that names what was wrong with it, the same as JSON, no file made.
    void expect_misuse(const std::vector<std::string>& arguments, const std::string& message) const {
        const std::vector<std::string> before = files();
        std::vector<std::string> with_json = arguments;
        with_json.emplace_back("--json");
        const Ran ran = portcls(with_json);
        SCOPED_TRACE(testing::PrintToString(arguments));
        expect_failure(ran, 2, message);
        const auto error = ran.json()["error"];
        EXPECT_EQ("portcls: " + error.value("message", "") + "\n", ran.error);
        EXPECT_EQ(error["exit_status"], 2);
        EXPECT_EQ(error["name"], "STATUS_INVALID_PARAMETER");
        EXPECT_EQ(files(), before);
    }
};

struct NumericOption {
    std::vector<std::string> command; // without the option
    const char* option;
    std::vector<std::string> wrong;
};

TEST_F(Options, NumbersThatMakeNoSenseAreWrongUsage) {
    const std::vector<std::string> play = {"play", good()};
    const std::vector<std::string> record = {"record", path("out.wav"), "--seconds", "0.01"};
    const std::vector<std::string> no_count = {"-1",
                                               "nan",
                                               "inf",
                                               "-inf",
                                               "1.5",
                                               "1e3",
                                               "0x10",
                                               "",
                                               " 1",
                                               "1 ",
                                               "+1",
                                               "ten",
                                               "18446744073709551616",
                                               "99999999999999999999999"};
    std::vector<std::string> no_period = {"nan",   "-nan", "inf", "-inf",   "0",     "-1",    "1e99",
                                          "10001", "0.09", "",    "0x10p1", "10 ms", "1e400", "1,5"};
    std::vector<std::string> no_pin = no_count;
    no_pin.insert(no_pin.end(), {"4294967295", "4294967296", "4294967298"});
    std::vector<std::string> no_positive = no_count;
    no_positive.insert(no_positive.end(), {"0", "00"});
    std::vector<std::string> no_channels = no_positive;
    no_channels.insert(no_channels.end(), {"65", "65537", "65538"});
    std::vector<std::string> no_rate = no_positive;
    no_rate.insert(no_rate.end(), {"1536001", "4295015296"});
    std::vector<NumericOption> options = {
        {play, "--period", no_period},
        {play, "--pin", no_pin},
        {play, "--loopback", no_pin},
        {record, "--period", no_period},
        {record, "--pin", no_pin},
        {record, "--rate", no_rate},
        {record, "--channels", no_channels},
        {record, "--bits", {"0", "-16", "nan", "17", "16.5", "4294967312", ""}},
        {{"record", path("out.wav")}, "--seconds", {"nan", "inf", "-inf", "0", "-1", "1e99", "1000001", "", "5s"}},
    };
    const std::vector<std::vector<std::string>> with_a_machine = {play, record, {"info"}, {"graph"}, {"mixer"}};
    // What all of them take is one list (add_session_options): that the others have it, too, one value of each shows.
    for (const auto& command : with_a_machine) {
        const std::vector<std::string> wrong = command == play ? no_count : std::vector<std::string>{"-1"};
        for (const char* option : {"--seed", "--pct-depth", "--watchdog"}) {
            options.push_back({command, option, wrong});
        }
    }
    // A sanitized command takes a quarter of a second to start. Most options share what reads them: there each has
    // every fourth value, the next one others.
    const std::size_t step = command_is_sanitized ? 4 : 1;
    for (std::size_t number = 0; number < options.size(); ++number) {
        const NumericOption& option = options[number];
        for (std::size_t index = number % std::min(step, option.wrong.size()); index < option.wrong.size();
             index += step) {
            std::vector<std::string> arguments = option.command;
            arguments.insert(arguments.end(), {option.option, option.wrong[index]});
            expect_misuse(arguments, option.option);
        }
    }
    for (const char* depth : {"0", "1001"}) {
        expect_misuse({"play", good(), "--scheduling", "pct", "--pct-depth", depth}, "1 to 1000");
    }
    for (const char* scheduling : {"first_come", "random"}) {
        expect_misuse({"info", "--scheduling", scheduling, "--pct-depth", "3"},
                      "--pct-depth: without --scheduling pct");
    }
    expect_misuse({"info", "--pct-depth", "3"}, "--pct-depth: without --scheduling pct");
    for (const char* depth : {"1", "1000"}) {
        EXPECT_EQ(portcls({"play", good(), "--scheduling", "pct", "--pct-depth", depth}).status, 0) << depth;
    }
    for (const char* seed : {"0", "18446744073709551615", "010"}) {
        EXPECT_EQ(portcls({"play", good(), "--seed", seed}).status, 0) << seed;
    }
    EXPECT_EQ(portcls({"play", good(), "--pin", "00", "--loopback", "2"}).status, 0);
}

TEST_F(Options, LevelsBeyondWhatTheControlHasAreWrongUsage) {
    const std::string file = good();
    for (const char* level : {"+99dB", "0.5dB", "-96.5dB", "1e30dB"}) {
        expect_misuse({"play", file, "--set", std::string("Topology:0=") + level}, "goes from -96.0 to 0.0 dB, not to");
        expect_misuse({"mixer", "set", "Topology:0", level}, "goes from -96.0 to 0.0 dB, not to");
        expect_misuse({"mixer", "set", "Topology:0", "1", level}, "goes from -96.0 to 0.0 dB, not to");
    }
    for (const char* nonsense : {"nan", "inf", "-infdB", "", "loud"}) {
        expect_misuse({"play", file, "--set", std::string("Topology:0=") + nonsense}, "is no setting");
        expect_misuse({"mixer", "set", "Topology:0", nonsense}, "is no setting");
    }
    expect_misuse({"mixer", "set", "Topology:0", "-1", "-6dB"}, "\"-1\" is no channel");
    expect_misuse({"info", "--set", "nonsense"}, "NODE=LEVEL");
    EXPECT_EQ(portcls({"mixer", "set", "Topology:0", "-96dB"}).status, 0);
    EXPECT_EQ(portcls({"mixer", "set", "Topology:0", "+0dB"}).status, 0);
}

TEST_F(Options, ParametersAreWrongUsage) {
    const std::string file = good();
    const std::vector<std::vector<std::string>> commands = {
        {"info"}, {"graph"}, {"mixer"}, {"play", file}, {"record", path("out.wav")}};
    for (const auto& command : commands) {
        for (const char* wrong : {"", "=1", "Name", "Name:dword=many", "Name:shape=round", "Name:dword=99999999999"}) {
            std::vector<std::string> arguments = command;
            arguments.insert(arguments.end(), {"--parameter", wrong});
            expect_misuse(arguments, "--parameter: parameter '" + std::string(wrong) + "'");
        }
    }
}

// The later one would hide the first without a word.
TEST_F(Options, WhatIsGivenTwiceIsWrongUsage) {
    const std::string file = good();
    const std::vector<std::vector<std::string>> commands = {
        {"info"}, {"graph"}, {"mixer"}, {"play", file}, {"record", path("out.wav")}};
    for (const auto& command : commands) {
        const auto expect_with = [&](const std::vector<std::string>& options, const std::string& message) {
            std::vector<std::string> arguments = command;
            arguments.insert(arguments.end(), options.begin(), options.end());
            expect_misuse(arguments, message);
        };
        expect_with({"--hardware", "sb16:irq=5,irq=7"}, "option irq of sb16 is given twice");
        expect_with({"--parameter", "A=1", "--parameter", "B=2", "--parameter", "a:sz=1"},
                    "--parameter: a is given twice");
        expect_with({"--set", "Topology:0=-6dB", "--set", "topology:0=-9dB"},
                    "--set: \"topology:0=-9dB\" hides \"Topology:0=-6dB\"");
    }
    EXPECT_EQ(portcls({"info", "--parameter", "A=1", "--parameter", "B=1", "--set", "Topology:0=-6dB", "--set",
                       "Topology:0,1=-9dB", "--set", "Topology:1=mute"})
                  .status,
              0);
}

TEST_F(Options, OneFileUnderTwoNamesIsWrongUsage) {
    const std::string file = good();
    const std::string out = "wav:" + path("out.wav");
    expect_misuse({"play", file, "--out", out, "--out", out}, "are the same file");
    expect_misuse({"play", file, "--out", out, "--out", "wav:" + path("./x/../out.wav")}, "are the same file");
    expect_misuse({"play", file, "--out", "wav:" + file}, "--out wav:" + file + " and the file to play are the same");
    expect_misuse({"play", file, "--out", out, "--trace", path("out.wav")}, "are the same file");
    expect_misuse({"play", file, "--trace", path("r"), "--registry", path("r")}, "are the same file");
    expect_misuse({"record", path("out.wav"), "--out", out}, "are the same file");
    expect_misuse({"info", "--trace", path("r"), "--registry", path("r")}, "are the same file");
    expect_misuse({"graph", "-o", path("r.dot"), "--trace", path("r.dot")}, "are the same file");
    std::filesystem::create_symlink("r", path("dangling"));
    expect_misuse({"info", "--trace", path("r"), "--registry", path("dangling")}, "are the same file");
    std::filesystem::create_symlink("good.wav", path("link.wav"));
    std::filesystem::create_hard_link(file, path("hard.wav"));
    expect_misuse({"play", file, "--out", "wav:" + path("link.wav")}, "are the same file");
    expect_misuse({"play", file, "--out", "wav:" + path("hard.wav")}, "are the same file");
    // Nor what is run.
    const std::string module = path("a.so");
    const std::string inf = path("a.inx");
    std::filesystem::copy_file(OPENPORTCLS_CABLE, module);
    std::filesystem::copy_file(OPENPORTCLS_SOURCE "/drivers/cable/cable.inx", inf);
    const std::vector<std::string> play{"play", file, "--driver", module, "--inf", inf};
    for (const std::string& output : {"wav:" + module, "wav:" + inf}) {
        std::vector<std::string> words = play;
        words.insert(words.end(), {"--out", output});
        expect_misuse(words, "are the same file");
    }
    expect_misuse({"record", inf, "--driver", module, "--inf", inf}, "are the same file");
    expect_misuse({"play", file, "--driver", module, "--out", "wav:" + inf},
                  "the INF " + inf + " and --out wav:" + inf);
    expect_misuse({"info", "--driver", module, "--inf", inf, "--trace", module}, "are the same file");
    // What is no file cannot be overwritten.
    EXPECT_EQ(portcls({"play", file, "--out", "wav:/dev/null", "--out", "wav:/dev/null"}).status, 0);
    // In the current folder, by a name that does not exist yet.
    const Ran relative = run(
        {"sh", "-c", "cd \"$1\" && \"$0\" record new.wav --out wav:./new.wav", OPENPORTCLS_COMMAND, folder_.string()});
    expect_failure(relative, 2, "are the same file");
}

// ---- JSON ----------------------------------------------------------------------------------------------------------

struct Failing {
    std::vector<std::string> command;
    int status;
    const char* name; // of its NTSTATUS
};

TEST_F(Options, EveryFailureIsAnswered) {
    const std::string file = good();
    const std::vector<Failing> failures = {
        {{}, 2, "STATUS_INVALID_PARAMETER"},
        {{"sing"}, 2, "STATUS_INVALID_PARAMETER"},
        {{"drivers", "--loud"}, 2, "STATUS_INVALID_PARAMETER"},
        {{"hardware", "extra"}, 2, "STATUS_INVALID_PARAMETER"},
        {{"build"}, 2, "STATUS_INVALID_PARAMETER"},
        {{"build", "--frobnicate"}, 2, "STATUS_INVALID_PARAMETER"},
        {{"build", path("nothing")}, 1, nullptr},
        {{"build", "--coverage-report", path("nothing.so")}, 1, nullptr},
        {{"play"}, 2, "STATUS_INVALID_PARAMETER"},
        {{"play", path("nothing.wav")}, 1, "STATUS_NO_SUCH_FILE"},
        {{"play", folder_.string()}, 1, "STATUS_INVALID_PARAMETER"},
        {{"play", file, "--pin", "99"}, 1, "STATUS_NO_MATCH"},
        {{"play", file, "--driver", "zither"}, 1, "STATUS_OBJECT_NAME_NOT_FOUND"},
        {{"play", file, "--out", "wav:/dev/full"}, 1, "STATUS_DISK_FULL"},
        {{"record"}, 2, "STATUS_INVALID_PARAMETER"},
        {{"record", path("no/such/folder.wav")}, 1, "STATUS_ACCESS_DENIED"},
        {{"info", "--inf", path("nothing.inf")}, 1, "STATUS_OBJECT_NAME_NOT_FOUND"},
        {{"info", "--hardware", "tape"}, 2, "STATUS_INVALID_PARAMETER"},
        {{"graph", "-o", "picture.png"}, 2, "STATUS_INVALID_PARAMETER"},
        {{"graph", "-o", path("no/such/folder.dot")}, 1, "STATUS_ACCESS_DENIED"},
        {{"mixer", "set", "Balance", "-6dB"}, 1, "STATUS_NOT_FOUND"},
        {{"mixer", "set", "Topology:0", "loud"}, 2, "STATUS_INVALID_PARAMETER"},
        {{"coverage", "--table", "furniture"}, 2, "STATUS_INVALID_PARAMETER"},
        {{"coverage", "--state", "almost"}, 2, "STATUS_INVALID_PARAMETER"},
    };
    for (const Failing& failure : failures) {
        SCOPED_TRACE(testing::PrintToString(failure.command));
        const Ran text = portcls(failure.command);
        EXPECT_EQ(text.status, failure.status) << text.error;
        EXPECT_EQ(text.out, "");
        std::vector<std::string> with_json = failure.command;
        with_json.emplace_back("--json");
        const Ran ran = portcls(with_json);
        EXPECT_EQ(ran.status, failure.status) << ran.error;
        EXPECT_EQ(ran.error, text.error) << "the text stays";
        const auto answer = ran.json();
        ASSERT_TRUE(answer.contains("error")) << ran.out;
        EXPECT_EQ(answer.size(), 1U);
        const auto& error = answer["error"];
        EXPECT_THAT(ran.error, HasSubstr(error["message"].get<std::string>()));
        EXPECT_EQ(error["exit_status"], failure.status);
        EXPECT_THAT(error["status"].get<std::string>(), testing::MatchesRegex("0x[0-9A-F]{8}"));
        if (failure.name != nullptr) {
            EXPECT_EQ(error["name"], failure.name);
        }
    }
}

// One object even where the run itself went well: what happened, and what failed afterwards.
// --os is the Windows that the INF is read for.
TEST_F(Options, AnOlderWindowsTakesTheModelsThatAnInfHasForIt) {
    const std::string inf = write_text("new.inf", "[Version]\nSignature=\"$WINDOWS NT$\"\nClass=MEDIA\n[Manufacturer]\n"
                                                  "Me=Mine,NTamd64.10.0...14393\n[Mine.NTamd64.10.0...14393]\n"
                                                  "\"Thing\"=Install,ROOT\\Thing\n[Install.NT]\n");
    expect_failure(portcls({"info", "--inf", inf, "--os", "7"}), 1, "new.inf:4: no models for NTamd64 6.1.7601");
    EXPECT_EQ(portcls({"info", "--inf", inf, "--os", "10"}).status, 0);
    expect_failure(portcls({"info", "--os", "xp"}), 1, "no models for NTamd64 5.1.2600");
    EXPECT_EQ(portcls({"info", "--os", "vista"}).status, 0);
    EXPECT_EQ(portcls({"info", "--driver", "sb16", "--os", "xp"}).status, 0);
}

// Before 8.1 the cable's timer is one that ticks with the clock; before 10 there are no packets.
TEST_F(Options, TheCableIsBitExactOnEveryWindowsThatHasWaveRt) {
    for (const char* os : {"vista", "7", "8", "8.1", "10", "11"}) {
        const Ran ran = portcls({"play", good(), "--os", os, "--verify"});
        EXPECT_EQ(ran.status, 0) << os << ": " << ran.error;
    }
}

TEST_F(Options, WhatHappenedIsAnsweredBesideTheFailure) {
    const Ran ran = portcls({"play", good(), "--verify", "--set", "Topology:1=mute", "--json"});
    EXPECT_EQ(ran.status, 1);
    const auto answer = ran.json();
    EXPECT_EQ(answer["play"]["bit_exact"], false);
    EXPECT_EQ(answer["error"]["message"], "--verify: the output is not the input");
    EXPECT_EQ(answer["error"]["name"], "STATUS_DATA_ERROR");
}

TEST_F(Options, EveryCommandAnswersInOneStableObject) {
    const std::string file = good();
    const std::vector<std::vector<std::string>> commands = {{"drivers"}, {"hardware"}, {"coverage", "--table", "rules"},
                                                            {"info"},    {"graph"},    {"mixer"}};
    for (const auto& command : commands) {
        std::vector<std::string> arguments = command;
        arguments.emplace_back("--json");
        const Ran ran = portcls(arguments);
        ASSERT_EQ(ran.status, 0) << ran.error;
        EXPECT_EQ(ran.error, "");
        EXPECT_EQ(ran.json().size(), 1U);
        EXPECT_TRUE(ran.json().contains(command.front())) << ran.out;
        EXPECT_EQ(portcls(arguments).out, ran.out) << command.front() << " answers differently each time";
    }
    const auto graph = portcls({"graph", "--json"}).json()["graph"];
    EXPECT_EQ(graph["driver"], "cable");
    EXPECT_EQ(graph["filters"].size(), 2U);
    EXPECT_EQ(graph["filters"][0]["boxes"][0]["kind"], "stream pin");
    std::size_t physical = 0;
    for (const auto& arrow : graph["arrows"]) {
        physical += arrow["physical"] ? 1 : 0;
    }
    EXPECT_EQ(physical, 2U) << "between Wave and Topology, one for each direction";
    EXPECT_EQ(portcls({"graph", "--json", "-o", path("x.dot")}).json()["graph"]["file"], path("x.dot"));
    EXPECT_EQ(text_of(path("x.dot")), portcls({"graph"}).out);
}

} // namespace
} // namespace e2e
