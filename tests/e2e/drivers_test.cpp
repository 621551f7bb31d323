// Drivers built from source by `portcls build`, with and without sanitizers.
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>

#include <gmock/gmock.h>

#include "command.h"

namespace e2e {
namespace {

using openportcls::WaveFormat;
using testing::HasSubstr;
using testing::Not;

class Drivers : public Command {
protected:
    Ran build(const std::string& source, const std::string& module, std::vector<std::string> more = {}) const {
        std::vector<std::string> arguments = {"build", source, "-o", path(module), "--cache", OPENPORTCLS_DRIVER_CACHE};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return portcls(arguments);
    }
    static std::string cable_source() { return OPENPORTCLS_SOURCE "/drivers/cable/cable.vcxproj"; }
    static std::string cable_inf() { return OPENPORTCLS_SOURCE "/drivers/cable/cable.inx"; }

    static bool is_clean(const Ran& ran) {
        return ran.error.find("Sanitizer") == std::string::npos &&
               ran.error.find("runtime error") == std::string::npos &&
               ran.error.find("left behind") == std::string::npos;
    }
};

TEST_F(Drivers, BuildMakesAModuleThatPlays) {
    const Ran built = build(cable_source(), "cable.so");
    ASSERT_EQ(built.status, 0) << built.error;
    WaveFormat format;
    const std::string file = write("in.wav", format, noise(format, 9000));
    const Ran ran = portcls({"play", file, "--driver", path("cable.so"), "--inf", cable_inf(), "--verify"});
    EXPECT_EQ(ran.status, 0) << ran.error;
    EXPECT_THAT(ran.out, HasSubstr("bit for bit"));
}

// Inside the machine, where exceptions work too. The module has no AddDevice: it gets no further than DriverEntry.
TEST_F(Drivers, EveryTrapOfTheDialectHoldsInTheMachine) {
    for (const std::vector<std::string>& flags :
         {std::vector<std::string>{}, {"--debug"}, {"--sanitize=address,undefined"}}) {
        const Ran built = build(OPENPORTCLS_SOURCE "/tests/drivers/build-traps", "traps.so", flags);
        ASSERT_EQ(built.status, 0) << built.error;
        const Ran ran = portcls({"info", "--driver", path("traps.so"), "--verbose"});
        EXPECT_THAT(ran.error, HasSubstr("every trap holds"));
        EXPECT_TRUE(is_clean(ran)) << ran.error;
    }
}

TEST_F(Drivers, BuildSaysWhatIsWrong) {
    const Ran missing = build(path("nothing"), "x.so");
    EXPECT_EQ(missing.status, 1);
    EXPECT_THAT(missing.error, HasSubstr("nothing"));
    std::ofstream(path("broken.cpp")) << "#include <wdm.h>\nint broken( { return 1; }\n";
    const Ran broken = portcls({"build", "--name", "broken", path("broken.cpp"), "-o", path("broken.so")});
    EXPECT_EQ(broken.status, 1);
    EXPECT_THAT(broken.error, HasSubstr("broken.cpp:2"));
}

TEST_F(Drivers, SanitizersRunClean) {
    for (const char* sanitizers : {"--sanitize=undefined", "--sanitize=address,undefined"}) {
        const Ran built = build(cable_source(), "cable.so", {sanitizers});
        ASSERT_EQ(built.status, 0) << built.error;
        WaveFormat format;
        const std::string file = write("in.wav", format, noise(format, 9000));
        const Ran ran = portcls({"play", file, "--driver", path("cable.so"), "--inf", cable_inf(), "--verify"});
        EXPECT_EQ(ran.status, 0) << sanitizers << "\n" << ran.error;
        EXPECT_THAT(ran.out, HasSubstr("bit for bit"));
        EXPECT_TRUE(is_clean(ran)) << ran.error;
    }
}

TEST_F(Drivers, LeakingDriverFails) {
    std::vector<std::string> command = {"build", "--name", "forgetful", "-o", path("forgetful.so")};
    for (const char* source : {"engine", "format", "stream", "timer", "topology", "wave"}) {
        command.push_back(std::string(OPENPORTCLS_SOURCE "/drivers/cable/") + source + ".cpp");
    }
    command.insert(command.end(), {OPENPORTCLS_SOURCE "/tests/drivers/forgetful/forgetful.cpp", "-I",
                                   OPENPORTCLS_SOURCE "/drivers/cable", "--cache", OPENPORTCLS_DRIVER_CACHE});
    const Ran built = portcls(command);
    ASSERT_EQ(built.status, 0) << built.error;

    const auto expect_list = [](const Ran& ran) {
        EXPECT_EQ(ran.status, 1) << ran.error;
        EXPECT_EQ(ran.error, "portcls: the driver was unloaded and left behind:\n"
                             "  1 x pool: tag 'Frgt', nonpaged, 100 bytes\n"
                             "  1 x thread: still running\n"
                             "  1 x timer: still set, KeCancelTimer not called\n");
    };
    WaveFormat format;
    const std::string file = write("in.wav", format, noise(format, 4800));
    const std::vector<std::string> driver = {"--driver", path("forgetful.so"), "--inf", cable_inf(), "--json"};
    std::vector<std::string> play = {"play", file};
    play.insert(play.end(), driver.begin(), driver.end());
    const Ran played = portcls(play);
    expect_list(played);
    EXPECT_EQ(played.json()["play"]["frames"], 4800) << "what was played is told all the same";

    std::vector<std::string> record = {"record", path("out.wav"), "--seconds", "0.1"};
    record.insert(record.end(), driver.begin(), driver.end());
    expect_list(portcls(record));
}

// ---- Microsoft's simpleaudiosample, where a copy is at hand --------------------------------------------------------

class SimpleAudioSample : public Drivers {
protected:
    void SetUp() override {
        Drivers::SetUp();
        const char* folder = std::getenv("OPENPORTCLS_SIMPLEAUDIOSAMPLE");
        if (folder == nullptr) {
            GTEST_SKIP() << "skipped: OPENPORTCLS_SIMPLEAUDIOSAMPLE does not name the sample's folder";
        }
        source_ = folder;
        before_ = contents();
        for (const auto& entry : std::filesystem::recursive_directory_iterator(source_)) {
            if (entry.path().extension() == ".inx") {
                inf_ = entry.path();
            }
        }
    }

    std::vector<std::string> with_driver(std::vector<std::string> arguments) const {
        for (const std::string& word : {std::string("--driver"), path("sample.so"), std::string("--inf"), inf_}) {
            arguments.push_back(word);
        }
        return arguments;
    }

    // Every file with its time and bytes: "no edit of the driver's files, ever".
    std::map<std::string, std::pair<std::filesystem::file_time_type, std::string>> contents() const {
        std::map<std::string, std::pair<std::filesystem::file_time_type, std::string>> all;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(source_)) {
            if (entry.is_regular_file()) {
                all[entry.path()] = {entry.last_write_time(), text_of(entry.path())};
            }
        }
        return all;
    }

    void TearDown() override {
        if (!source_.empty()) {
            EXPECT_TRUE(contents() == before_) << "the sample's folder was changed";
        }
        Drivers::TearDown();
    }

    // What is recorded: RMS and frequency.
    void expect_tone(const Ran& recorded, double hertz) const {
        ASSERT_EQ(recorded.status, 0) << recorded.error;
        EXPECT_TRUE(is_clean(recorded)) << recorded.error;
        const Sound sound = read(path("r.wav"));
        const auto samples = sound.channel(0);
        EXPECT_NEAR(frequency(samples, sound.format.rate), hertz, 1);
        EXPECT_NEAR(root_mean_square(samples), 0.5 / std::sqrt(2.0), 0.01) << "half of full scale";
    }

    std::string source_;
    std::string inf_;
    std::map<std::string, std::pair<std::filesystem::file_time_type, std::string>> before_;
};

TEST_F(SimpleAudioSample, BuildsListsPlaysRecordsAndUnloads) {
    for (const std::vector<std::string>& flags : {std::vector<std::string>{}, {"--sanitize=address,undefined"}}) {
        const Ran built = build(source_, "sample.so", flags);
        ASSERT_EQ(built.status, 0) << built.error;

        const Ran info = portcls(with_driver({"info", "--json"}));
        ASSERT_EQ(info.status, 0) << info.error;
        EXPECT_TRUE(is_clean(info)) << info.error;
        const auto facts = info.json();
        std::map<std::string, std::size_t> pins;
        for (const auto& filter : facts["info"]["filters"]) {
            pins[filter["name"]] = filter["pins"].size();
            EXPECT_FALSE(filter["connections"].empty()) << filter["name"];
        }
        EXPECT_THAT(pins, testing::UnorderedElementsAre(
                              testing::Pair("WaveSpeaker", 2), testing::Pair("TopologySpeaker", 2),
                              testing::Pair("WaveMicArray1", 2), testing::Pair("TopologyMicArray1", 2)));

        // What it is given to play it saves in its sandbox; the bytes must be there unchanged.
        WaveFormat format;
        const auto bytes = noise(format, 96000);
        std::filesystem::create_directories(path("sandbox"));
        const Ran played = portcls(with_driver({"play", write("in.wav", format, bytes), "--sandbox", path("sandbox"),
                                                "--parameter", "DoNotCreateDataFiles=0", "--json"}));
        ASSERT_EQ(played.status, 0) << played.error;
        EXPECT_TRUE(is_clean(played)) << played.error;
        EXPECT_EQ(played.json()["play"]["glitches"], 0);
        std::string saved;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(path("sandbox"))) {
            if (entry.path().extension() == ".wav") {
                saved = entry.path();
            }
        }
        ASSERT_NE(saved, "") << "the sample saved nothing";
        const std::string file = text_of(saved);
        const std::string sent(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        EXPECT_NE(file.find(sent), std::string::npos) << saved << " does not hold what was played";
        std::filesystem::remove_all(path("sandbox"));

        // Its tone generator: 2000 Hz, 1000 Hz in raw mode.
        expect_tone(portcls(with_driver({"record", path("r.wav"), "--seconds", "1"})), 2000);
        expect_tone(portcls(with_driver({"record", path("r.wav"), "--seconds", "1", "--mode", "raw"})), 1000);
    }
}

// It sets m_KsState after it has started the timer whose callback reads it, without a lock: one race, and its own.
TEST_F(SimpleAudioSample, PlaysAndRecordsUnderThreadSanitizerWithOneRaceOfItsOwn) {
    if (e2e::command_is_sanitized) {
        GTEST_SKIP() << "skipped: ThreadSanitizer cannot be loaded beside the command's own sanitizer";
    }
    ASSERT_EQ(build(source_, "sample.so", {"--sanitize=thread"}).status, 0);
    WaveFormat format;
    const std::string file = write("in.wav", format, noise(format, 9600));
    // In packet mode the client takes the lock between the two sides, which orders them.
    for (const std::vector<std::string>& command :
         {std::vector<std::string>{"play", file, "--no-packets"},
          {"play", file, "--no-packets", "--scheduling", "random", "--seed", "2"},
          {"record", path("r.wav"), "--seconds", "0.2"}}) {
        const Ran ran = portcls(with_driver(command));
        EXPECT_THAT(ran.out, HasSubstr("0 glitches"));
        EXPECT_THAT(ran.error, testing::ContainsRegex("ThreadSanitizer reported 1 data race"));
        EXPECT_THAT(ran.error, testing::AllOf(testing::ContainsRegex("SUMMARY: [^\n]* in TimerNotifyRT"),
                                              HasSubstr("CMiniportWaveRTStream::SetState")));
    }
}

TEST_F(SimpleAudioSample, ParametersDecideWhetherItSaves) {
    ASSERT_EQ(build(source_, "sample.so").status, 0);
    WaveFormat format;
    std::filesystem::create_directories(path("sandbox"));
    const Ran played = portcls(with_driver({"play", write("in.wav", format, noise(format, 4800)), "--sandbox",
                                            path("sandbox"), "--parameter", "DoNotCreateDataFiles=1"}));
    ASSERT_EQ(played.status, 0) << played.error;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path("sandbox"))) {
        EXPECT_NE(entry.path().extension(), ".wav") << entry.path();
    }
}

} // namespace
} // namespace e2e
