// The other commands, and what all of them say to bad input.
#include <fstream>

#include <gmock/gmock.h>

#include "command.h"

namespace e2e {
namespace {

using openportcls::WaveFormat;
using testing::AllOf;
using testing::AnyOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class Commands : public Command {};

// ---- bad input -----------------------------------------------------------------------------------------------------

TEST_F(Commands, WrongUsageIsStatus2) {
    expect_failure(portcls({}), 2, "subcommand");
    expect_failure(portcls({"sing"}), 2, "sing");
    expect_failure(portcls({"play"}), 2, "file");
    expect_failure(portcls({"play", "x.wav", "--frobnicate"}), 2, "--frobnicate");
    expect_failure(portcls({"play", "x.wav", "--seed", "many"}), 2, "many");
    expect_failure(portcls({"play", "x.wav", "--scheduling", "fair"}), 2, "fair");
    expect_failure(portcls({"play", "x.wav", "--os", "95"}), 2, "95");
    expect_failure(portcls({"play", "x.wav", "--out", "pulse"}), 2, "\"pulse\" is no output");
    expect_failure(portcls({"play", "x.wav", "--loopback", "two"}), 2, "two");
    expect_failure(portcls({"record"}), 2, "nowhere to record to");
    expect_failure(portcls({"record", path("x.wav"), "--bits", "17"}), 2, "17");
    expect_failure(portcls({"record", path("x.wav"), "--bits", "16", "--float"}), 2, "--float has 32 bits");
    expect_failure(portcls({"graph", "-o", "picture.png"}), 2, ".svg or .dot");
    expect_failure(portcls({"mixer", "set"}), 2, "NODE [CHANNEL] LEVEL");
    expect_failure(portcls({"mixer", "set", "Topology:0", "loud"}), 2, "\"loud\" is no setting");
    expect_failure(portcls({"mixer", "set", "Topology:0", "x", "-6dB"}), 2, "\"x\" is no channel");
    expect_failure(portcls({"mixer", "set", "Topology:0", "source three"}), 2, "\"three\" is no source");
    expect_failure(portcls({"mixer", "set", "source 3"}), 2, "NODE [CHANNEL] LEVEL");
    expect_failure(portcls({"mixer", "set", "Topology:0", "-6dB", "--quietly"}), 2, "--quietly");
    expect_failure(portcls({"coverage", "--table", "furniture"}), 2, "no table \"furniture\"");
    EXPECT_EQ(portcls({"build"}).status, 2);
}

TEST_F(Commands, FilesThatCannotBePlayedAreStatus1) {
    expect_failure(portcls({"play", path("nothing.wav")}), 1, "nothing.wav: no such file");
    std::ofstream(path("letter.wav")) << "Dear Sir or Madam, this is not a sound at all, as you will have noticed.";
    expect_failure(portcls({"play", path("letter.wav")}), 1, "letter.wav: not a sound file");
    std::ofstream(path("empty.wav")).close();
    expect_failure(portcls({"play", path("empty.wav")}), 1, "empty.wav: not a sound file");
    expect_failure(portcls({"play", folder_.string()}), 1, "is a folder");
    WaveFormat format;
    const std::string cut = write("cut.wav", format, noise(format, 1000));
    std::filesystem::resize_file(cut, 3000);
    expect_failure(portcls({"play", cut}), 1,
                   "cut.wav: cut off: its header promises 4000 bytes of sound, 2956 are there");
    const std::string good = write("good.wav", format, noise(format, 100));
    expect_failure(portcls({"play", good, "--out", "wav:" + path("no/such/folder.wav")}), 1,
                   "folder.wav: cannot be written");
    expect_failure(portcls({"play", good, "--out", "alsa:no_such_device_here"}), 1, "ALSA device no_such_device_here");
}

TEST_F(Commands, DriversThatCannotBeLoadedAreStatus1) {
    expect_failure(portcls({"info", "--driver", "zither"}), 1, "no driver named \"zither\"");
    expect_failure(portcls({"info", "--driver", path("nothing.so")}), 1, "nothing.so");
    std::ofstream(path("text.so")) << "This is no module.";
    expect_failure(portcls({"info", "--driver", path("text.so")}), 1, "text.so");
    std::ofstream(path("empty.so")).close();
    expect_failure(portcls({"info", "--driver", path("empty.so")}), 1, "empty.so");
    expect_failure(portcls({"info", "--driver", OPENPORTCLS_COMMAND ".so"}), 1, "portcls.so");
}

TEST_F(Commands, InstallationProblemsAreStatus1) {
    expect_failure(portcls({"info", "--inf", path("nothing.inf")}), 1, "nothing.inf");
    std::ofstream(path("bare.inf")) << "[Version]\nSignature=\"$WINDOWS NT$\"\nClass=MEDIA\n";
    expect_failure(portcls({"info", "--inf", path("bare.inf")}), 1, "bare.inf");
    expect_failure(portcls({"info", "--hardware-id", "PCI\\VEN_1234"}), 1, "PCI\\VEN_1234");
}

TEST_F(Commands, PinsAndControlsThatAreNotThereAreStatus1) {
    WaveFormat format;
    const std::string good = write("good.wav", format, noise(format, 100));
    expect_failure(portcls({"play", good, "--pin", "99"}), 1, "no filter has a pin 99");
    expect_failure(portcls({"play", good, "--filter", "Wave", "--pin", "2"}), 1,
                   "pin 2 of Wave does not play, it records");
    expect_failure(portcls({"play", good, "--pin", "2"}), 1,
                   "pin 2 of Wave does not play, it records; pin 2 of Topology is a bridge");
    expect_failure(portcls({"record", path("x.wav"), "--pin", "0"}), 1, "pin 0 of Wave does not record, it plays");
    expect_failure(portcls({"play", good, "--filter", "Gramophone"}), 1, "no filter \"Gramophone\"");
    expect_failure(portcls({"play", good, "--loopback", "17"}), 1, "pin 17");
    expect_failure(portcls({"mixer", "set", "Balance", "-6dB"}), 1, "no control \"Balance\"");
    expect_failure(portcls({"mixer", "set", "Topology:0", "mute"}), 1, "has no mute");
    expect_failure(portcls({"mixer", "set", "Topology:0", "31", "-6dB"}), 1, "channels");
    expect_failure(portcls({"play", good, "--set", "Balance=-6dB"}), 1, "no control \"Balance\"");
}

TEST_F(Commands, EveryCommandHasHelp) {
    const Ran all = portcls({"--help"});
    EXPECT_EQ(all.status, 0);
    for (const char* command :
         {"drivers", "hardware", "build", "play", "record", "midi", "info", "graph", "mixer", "coverage"}) {
        EXPECT_THAT(all.out, HasSubstr(command));
        const Ran ran = portcls({command, "--help"});
        for (const char* internal : {"->", "ENUM", "{}", "} OR {", "value in"}) {
            EXPECT_THAT(ran.out, testing::Not(HasSubstr(internal))) << command;
        }
        EXPECT_EQ(ran.status, 0) << command;
        EXPECT_GT(ran.out.size(), 80U) << command;
    }
    EXPECT_EQ(portcls({"help"}).out, all.out);
    EXPECT_EQ(portcls({"--version"}).status, 0);
}

// ---- facts ---------------------------------------------------------------------------------------------------------

TEST_F(Commands, DriversAndHardware) {
    EXPECT_THAT(portcls({"drivers"}).out, HasSubstr("cable"));
    const auto drivers = portcls({"drivers", "--json"}).json();
    ASSERT_TRUE(drivers["drivers"].is_array());
    EXPECT_EQ(drivers["drivers"][0]["name"], "cable");
    EXPECT_TRUE(portcls({"hardware", "--json"}).json()["hardware"].is_array());
}

TEST_F(Commands, InfoListsWhatTheDriverOffers) {
    const Ran text = portcls({"info"});
    ASSERT_EQ(text.status, 0) << text.error;
    for (const char* part : {"driver cable", "started", "filter Wave", "filter Topology",
                             "8000 to 192000 Hz, up to 8 ch", "connected to Topology:0", "volume", "jack of pin"}) {
        EXPECT_THAT(text.out, HasSubstr(part));
    }
    const auto facts = portcls({"info", "--json"}).json()["info"];
    EXPECT_EQ(facts["driver"], "cable");
    EXPECT_EQ(facts["devices"][0]["state"], "started");
    ASSERT_EQ(facts["filters"].size(), 2U);
    for (const auto& filter : facts["filters"]) {
        EXPECT_EQ(filter["pins"].size(), 4U);
        EXPECT_FALSE(filter["connections"].empty());
        if (filter["name"] == "Topology") {
            EXPECT_EQ(filter["nodes"].size(), 6U);
            EXPECT_EQ(filter["jacks"].size(), 2U);
        }
    }
}

TEST_F(Commands, GraphIsDrawn) {
    const Ran dot = portcls({"graph"});
    ASSERT_EQ(dot.status, 0) << dot.error;
    EXPECT_THAT(dot.out, AllOf(StartsWith("digraph"), HasSubstr("volume"), HasSubstr("style=dashed")));
    ASSERT_EQ(portcls({"graph", "-o", path("x.dot")}).status, 0);
    EXPECT_EQ(text_of(path("x.dot")), dot.out);
    const Ran svg = portcls({"graph", "-o", path("x.svg")});
    if (svg.error.find("package graphviz") != std::string::npos) {
        GTEST_SKIP() << "skipped: no Graphviz here";
    }
    ASSERT_EQ(svg.status, 0) << svg.error;
    EXPECT_THAT(text_of(path("x.svg")), AllOf(HasSubstr("<svg"), HasSubstr("volume"), HasSubstr("</svg>")));
}

TEST_F(Commands, MixerShowsAndSets) {
    const auto before = portcls({"mixer", "--json"}).json()["mixer"];
    ASSERT_TRUE(before.is_array());
    const auto named = [](const nlohmann::json& mixer, int node) {
        for (const auto& control : mixer) {
            if (control["filter"] == "Topology" && control["node"] == node) {
                return control;
            }
        }
        ADD_FAILURE() << "no node " << node;
        return nlohmann::json();
    };
    EXPECT_EQ(named(before, 0)["volume"][0], 0.0);
    EXPECT_EQ(named(before, 0)["minimum"], -96.0);
    EXPECT_EQ(named(before, 1)["mute"][0], false);

    const auto lower = portcls({"mixer", "set", "--json", "Topology:0", "-6dB"}).json()["mixer"];
    const nlohmann::json lowered = named(lower, 0);
    for (const auto& volume : lowered["volume"]) {
        EXPECT_EQ(volume, -6.0);
    }
    const auto left = portcls({"mixer", "set", "--json", "topology:0", "0", "-12.5"}).json()["mixer"];
    EXPECT_EQ(named(left, 0)["volume"][0], -12.5);
    EXPECT_EQ(named(left, 0)["volume"][1], 0.0);
    const auto muted = portcls({"mixer", "set", "--json", "Topology:1", "mute"}).json()["mixer"];
    EXPECT_EQ(named(muted, 1)["mute"][0], true);
    EXPECT_THAT(portcls({"mixer"}).out, HasSubstr("volume"));

    // By number alone where one filter has such a control, and by name in any case.
    EXPECT_EQ(named(portcls({"mixer", "set", "--json", "0", "-3dB"}).json()["mixer"], 0)["volume"][0], -3.0);
    const auto by_name = portcls({"mixer", "set", "--json", "LINE IN VOLUME", "1", "-9dB"}).json()["mixer"];
    EXPECT_EQ(named(by_name, 3)["name"], "Line in volume");
    EXPECT_EQ(named(by_name, 3)["volume"][1], -9.0);
    EXPECT_EQ(named(by_name, 3)["volume"][0], 0.0);
    EXPECT_EQ(named(by_name, 0)["volume"][1], 0.0);
    expect_failure(portcls({"mixer", "set", "Volume", "-3dB"}), 1,
                   "no control \"Volume\"; there is: Topology:0 \"Master volume\"");
}

TEST_F(Commands, MixerFindsControlsByTheirNames) {
    const auto level = [](const nlohmann::json& mixer, const char* title) {
        for (const auto& control : mixer) {
            if (control["name"] == title) {
                return control["volume"][0].get<double>();
            }
        }
        ADD_FAILURE() << "no control " << title;
        return 1.0;
    };
    const auto mixer = portcls({"mixer", "set", "--json", "line in volume", "-9dB"}).json()["mixer"];
    EXPECT_EQ(level(mixer, "Line in volume"), -9.0);
    EXPECT_EQ(level(mixer, "Master volume"), 0.0);
    const Ran wrong = portcls({"mixer", "set", "Bass", "-9dB"});
    EXPECT_NE(wrong.status, 0);
    EXPECT_THAT(wrong.error, AllOf(HasSubstr("no control \"Bass\""), HasSubstr("\"Master volume\"")));
}

// "on" would read as muted.
TEST_F(Commands, MixerSaysMutedOrUnmuted) {
    EXPECT_THAT(portcls({"mixer"}).out, AllOf(HasSubstr(" unmuted"), Not(HasSubstr(" muted"))));
    EXPECT_THAT(portcls({"mixer", "set", "Topology:1", "mute"}).out, HasSubstr(" muted"));
}

// The request that crashed it is what is reported: not that the control is missing, nor the unloading that follows.
TEST_F(Commands, ADriverThatCrashesWhenAskedIsReported) {
    std::string source = text_of(OPENPORTCLS_SOURCE "/examples/knob/knob.cpp");
    const std::string read = "*Level = Knob->m_Level;";
    ASSERT_NE(source.find(read), std::string::npos);
    source.replace(source.find(read), read.size(), "*(volatile LONG*)8 = 1;");
    const std::string driver = path("knob.so");
    ASSERT_EQ(portcls({"build", write_text("knob.cpp", source), "--name", "knob", "-o", driver}).status, 0);
    const std::string inf = OPENPORTCLS_SOURCE "/examples/knob/knob.inf";
    for (const std::vector<std::string>& asked :
         {std::vector<std::string>{"mixer"}, {"mixer", "set", "Volume", "-6dB"}}) {
        std::vector<std::string> arguments = asked;
        arguments.insert(arguments.end(), {"--driver", driver, "--inf", inf});
        const Ran ran = portcls(arguments);
        EXPECT_EQ(ran.status, 1);
        EXPECT_THAT(ran.error, AllOf(HasSubstr("the driver crashed\n*** PAGE_FAULT"), HasSubstr("LevelHandler"),
                                     Not(HasSubstr("no control")), Not(HasSubstr("unloading"))));
    }
}

TEST_F(Commands, RecordWritesWhatWasAskedFor) {
    const Ran ran = portcls({"record", "--out", "wav:" + path("r.wav"), "--seconds", "0.5", "--rate", "44100",
                             "--channels", "1", "--bits", "24"});
    ASSERT_EQ(ran.status, 0) << ran.error;
    EXPECT_THAT(ran.out, HasSubstr("peak level: silence"));
    const Sound sound = read(path("r.wav"));
    EXPECT_EQ(sound.format.rate, 44100U);
    EXPECT_EQ(sound.format.channels, 1);
    EXPECT_EQ(sound.format.bits, 24);
    EXPECT_EQ(sound.bytes.size(), 3U * 22050);
    const auto facts = portcls({"record", path("f.wav"), "--seconds", "0.1", "--float", "--json"}).json()["record"];
    EXPECT_EQ(facts["frames"], 4800);
    EXPECT_EQ(facts["peak"], 0.0);
    EXPECT_TRUE(read(path("f.wav")).format.is_float);
}

TEST_F(Commands, RecordConvertsWhatTheDriverDoesNotGive) {
    const Ran ran = portcls({"record", path("r.wav"), "--seconds", "0.25", "--bits", "8"});
    ASSERT_EQ(ran.status, 0) << ran.error;
    EXPECT_THAT(ran.error, HasSubstr("the driver gives 16 bit: converting to 8 bit"));
    EXPECT_EQ(read(path("r.wav")).format.bits, 8);
    EXPECT_EQ(read(path("r.wav")).bytes.size(), 2U * 12000);
}

TEST_F(Commands, CoverageHasAStateForEveryRow) {
    const Ran text = portcls({"coverage"});
    ASSERT_EQ(text.status, 0) << text.error;
    EXPECT_THAT(text.out, AllOf(HasSubstr("portcls_api: "), HasSubstr("kernel_api: "), HasSubstr("ks_properties: "),
                                HasSubstr("rules: ")));
    const auto rows = portcls({"coverage", "--json"}).json()["coverage"];
    ASSERT_GT(rows.size(), 1000U);
    for (const auto& row : rows) {
        const std::string state = row["state"];
        EXPECT_THAT(state, AnyOf("done", "declared", "refused", "todo")) << row;
        EXPECT_EQ(row["test"].get<std::string>().empty(), state == "todo") << row;
        EXPECT_TRUE(!row["reason"].get<std::string>().empty() || (state != "todo" && state != "refused")) << row;
    }
    const auto rules = portcls({"coverage", "--json", "--table", "rules", "--state", "done"}).json()["coverage"];
    EXPECT_FALSE(rules.empty());
    // What is exported and in no table is listed too, and says when it is not done.
    EXPECT_THAT(portcls({"coverage", "--table", "exports", "--state", "refused"}).out,
                AllOf(HasSubstr("ZwCreateSection"), HasSubstr("STATUS_NOT_IMPLEMENTED")));
}

TEST_F(Commands, ARegistryThatCannotBeKeptIsAFailure) {
    const Ran ran = portcls({"info", "--registry", "/proc/openportcls-registry"});
    EXPECT_EQ(ran.status, 1);
    EXPECT_THAT(ran.error, HasSubstr("registry"));
}

TEST_F(Commands, TraceIsATimeline) {
    ASSERT_EQ(portcls({"info", "--trace", path("t.json")}).status, 0);
    EXPECT_GT(std::filesystem::file_size(path("t.json")), 100U);
    const Ran ran = portcls({"info", "--trace", path("no/such/folder.json")});
    EXPECT_EQ(ran.status, 1);
    EXPECT_THAT(ran.error, HasSubstr("folder.json"));
}

} // namespace
} // namespace e2e
