// Odd files, odd names, odd places, odd terminals: what a person's computer has.
#include <fstream>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <sndfile.h>

#include "command.h"

namespace e2e {
namespace {

using openportcls::WaveFormat;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Surroundings : public Command {
protected:
    std::string good() const {
        WaveFormat format;
        return write("good.wav", format, noise(format, 4800));
    }
    // $0 is the command, $1 the file, $2 the test's folder.
    Ran shell(const std::string& script) const {
        return run({"sh", "-c", script, OPENPORTCLS_COMMAND, good(), folder_.string()});
    }
};

TEST_F(Surroundings, NamesWithSpacesAndLettersOfTheWorldAreKept) {
    std::filesystem::create_directories(path("Größe & ☃ 音/it's \"here\""));
    const std::string folder = path("Größe & ☃ 音/it's \"here\"/");
    std::filesystem::copy_file(good(), folder + "Lied №1.wav");
    const Ran ran = portcls({"play", folder + "Lied №1.wav", "--out", "wav:" + folder + "gehört.wav", "--trace",
                             folder + "spur.json", "--registry", folder + "reg", "--sandbox", folder, "--json"});
    ASSERT_EQ(ran.status, 0) << ran.error;
    EXPECT_EQ(ran.json()["play"]["file"], folder + "Lied №1.wav");
    EXPECT_EQ(read(folder + "gehört.wav").bytes.size(), 4U * 4800);
    EXPECT_GT(std::filesystem::file_size(folder + "spur.json"), 100U);
    EXPECT_EQ(portcls({"graph", "-o", folder + "bild.dot"}).status, 0);
    // A name that is no UTF-8 must not break the JSON.
    const std::string latin = path("gr\xFC\xDF.wav");
    std::filesystem::copy_file(good(), latin);
    const Ran answered = portcls({"play", latin, "--json"});
    EXPECT_EQ(answered.status, 0) << answered.error;
    EXPECT_THAT(answered.json()["play"]["file"].get<std::string>(), testing::EndsWith(".wav"));
}

TEST_F(Surroundings, NeitherHomeNorLocaleNorTerminalIsNeeded) {
    const std::string file = good();
    const Ran bare = run({"env", "-i", OPENPORTCLS_COMMAND, "play", file, "--verify"});
    EXPECT_EQ(bare.status, 0) << bare.error;
    EXPECT_EQ(bare.error, "");
    for (const char* language : {"C", "de_DE.UTF-8", "tr_TR.UTF-8", "nonsense"}) {
        const Ran ran = portcls_with({std::string("LANG=") + language, std::string("LC_ALL=") + language, "TERM=dumb"},
                                     {"play", file, "--verify", "--json", "--period", "2.5"});
        EXPECT_EQ(ran.status, 0) << ran.error;
        EXPECT_EQ(ran.json()["play"]["period_frames"], 120) << language;
    }
}

TEST_F(Surroundings, ClosedStandardStreamsAreNotPrintedInto) {
    const Ran closed = shell("\"$0\" play \"$1\" --out \"wav:$2/heard.wav\" >&-");
    expect_failure(closed, 1, "standard output cannot be written: Bad file descriptor");
    EXPECT_EQ(read(path("heard.wav")).bytes.size(), 4U * 4800);
    EXPECT_EQ(shell("\"$0\" play \"$1\" --out \"wav:$2/quiet.wav\" --verbose 2>&- >/dev/null").status, 0);
    EXPECT_EQ(text_of(path("quiet.wav")), text_of(path("heard.wav")));
    EXPECT_EQ(shell("\"$0\" play \"$1\" --out \"wav:$2/all.wav\" <&- >&- 2>&-").status, 1);
    EXPECT_EQ(text_of(path("all.wav")), text_of(path("heard.wav")));
}

// The terminal goes, with it the place for the bar: what was recorded until then stays.
TEST_F(Surroundings, ATerminalThatClosesEndsARecordingAndKeepsIt) {
    const std::string out = "wav:" + path("heard.wav");
    int terminal = -1;
    const pid_t child = forkpty(&terminal, nullptr, nullptr, nullptr);
    ASSERT_GE(child, 0);
    if (child == 0) {
        execl(OPENPORTCLS_COMMAND, OPENPORTCLS_COMMAND, "record", "--paced", "--seconds", "60", "--out", out.c_str(),
              nullptr);
        _exit(127);
    }
    char text[256]; // the bar is drawn once it records
    EXPECT_GT(::read(terminal, text, sizeof text), 0);
    ::usleep(200'000);
    ::close(terminal);
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status));
    const auto bytes = read(path("heard.wav")).bytes.size();
    EXPECT_GT(bytes, 0U);
    EXPECT_LT(bytes, 4U * 48000 * 50);
}

TEST_F(Surroundings, NohupGoesOn) {
    const Ran ran = shell("trap '' HUP; \"$0\" record --paced --seconds 1 --out \"wav:$2/heard.wav\" & "
                          "sleep 0.5; kill -HUP $!; wait $!");
    EXPECT_EQ(ran.status, 0) << ran.error;
    EXPECT_GE(read(path("heard.wav")).bytes.size(), 4U * 48000);
}

// As any program in a pipe: whoever has read enough ends it, and what was written to files is whole.
TEST_F(Surroundings, AReaderThatGoesAwayEndsIt) {
    const Ran head = shell("\"$0\" coverage | head -1");
    EXPECT_EQ(head.status, 0);
    EXPECT_EQ(head.error, "");
    const Ran gone = shell("\"$0\" play \"$1\" --out \"wav:$2/heard.wav\" | true");
    EXPECT_EQ(gone.error, "");
    EXPECT_EQ(read(path("heard.wav")).bytes.size(), 4U * 4800);
}

// "-" is standard output, as it is for sound: nothing else is printed there, and no file has that name.
TEST_F(Surroundings, ATraceCanBePrinted) {
    const Ran ran = shell("cd \"$2\" && \"$0\" play \"$1\" --trace -");
    EXPECT_EQ(ran.status, 0) << ran.error;
    EXPECT_GT(ran.json()["traceEvents"].size(), 100U);
    EXPECT_THAT(ran.error, HasSubstr("bit for bit"));
    EXPECT_FALSE(std::filesystem::exists(path("-")));
    expect_failure(shell("\"$0\" play \"$1\" --out wav:- --trace -"), 2, "--trace - and --out wav:- are the same file");
}

TEST_F(Surroundings, AFolderThatCannotBeWrittenToIsNoHindrance) {
    std::filesystem::create_directories(path("locked"));
    std::filesystem::permissions(path("locked"), std::filesystem::perms(0555));
    // Root may write everywhere but below /proc.
    const Ran ran = shell("cd /proc && \"$0\" play \"$1\" --verify --scheduling random && \"$0\" info && \"$0\" graph");
    EXPECT_EQ(ran.status, 0) << ran.error;
    const Ran refused = shell("cd /proc && \"$0\" play \"$1\" --out wav:heard.wav");
    expect_failure(refused, 1, "heard.wav: cannot be written");
    expect_failure(shell("cd /proc && \"$0\" graph -o x.dot"), 1, "x.dot: cannot be written");
    expect_failure(shell("cd /proc && \"$0\" info --trace t.json"), 1, "t.json");
}

TEST_F(Surroundings, UnreadableFilesAreSaidToBe) {
    const std::string file = good();
    std::filesystem::permissions(file, std::filesystem::perms(0));
    const Ran ran =
        run({"setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", OPENPORTCLS_COMMAND, "play", file});
    if (ran.error.find("setpriv") != std::string::npos || ran.status == 127) {
        expect_failure(portcls({"play", file}), 1, "cannot be read: Permission denied"); // we are nobody special
        return;
    }
    expect_failure(ran, 1, "good.wav: ");
}

TEST_F(Surroundings, NarrowTerminalsAreNotWrittenOverTheirEdge) {
    WaveFormat format;
    const std::string file = write("long.wav", format, noise(format, 24000));
    for (const auto [columns, mark] : {std::pair{"200", "[####"}, {"45", "[##"}, {"12", "s"}, {"0", "[####"}}) {
        const std::string command = std::string("stty cols ") + columns + " 2>/dev/null; " OPENPORTCLS_COMMAND +
                                    " play " + file + " --paced >/dev/null";
        const Ran ran = run({"script", "-qec", command, "/dev/null"});
        EXPECT_EQ(ran.status, 0) << ran.out;
        EXPECT_THAT(ran.out, HasSubstr(mark)) << columns;
        for (std::size_t at = 0, end = 0; at < ran.out.size() && std::string(columns) != "0"; at = end + 1) {
            end = std::min(ran.out.find('\r', at), ran.out.size());
            const std::string line = ran.out.substr(at, end - at);
            EXPECT_LE(line.size(), std::stoul(columns) + 3) << "3 clear the line: " << line;
        }
    }
}

TEST_F(Surroundings, RecordingInterruptedEndsInOrder) {
    for (const char* signal : {"INT", "TERM"}) {
        // Once there is something recorded, however long that takes.
        const std::string script =
            "\"$0\" record \"$1/$2.wav\" --seconds 60 --paced & recorder=$!; "
            "for ((i = 0; i < 400; ++i)); do [[ -n $(find \"$1\" -name \"*$2.wav*\" -size +32k) ]] "
            "&& break; sleep 0.05; done; "
            "kill -s $2 $recorder; wait $recorder";
        const Ran ran = run({"bash", "-c", script, OPENPORTCLS_COMMAND, path("."), signal});
        EXPECT_EQ(ran.status, 0) << ran.error;
        EXPECT_THAT(ran.out, HasSubstr("interrupted: shorter than was asked for"));
        const Sound sound = read(path(std::string(signal) + ".wav"));
        EXPECT_GT(sound.bytes.size(), 4U * 4096);
        EXPECT_LT(sound.bytes.size(), 4U * 48000 * 30);
    }
}

struct Odd {
    const char* name;
    int format; // of libsndfile
    int rate;
    int channels;
    const char* says; // what is said of it
};

TEST_F(Surroundings, OddSoundIsPlayedAsItIs) {
    const std::vector<Odd> files = {
        {"24.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_24, 44100, 2, "44100 Hz, 2 ch, 24 bit"},
        {"mono.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 8000, 1, "8000 Hz, 1 ch, 16 bit"},
        {"large.wav", SF_FORMAT_WAVEX | SF_FORMAT_FLOAT, 192000, 8, "192000 Hz, 8 ch, float"},
        {"5.wav", SF_FORMAT_WAVEX | SF_FORMAT_PCM_32, 96000, 5, "96000 Hz, 5 ch, 32 bit"},
    };
    for (const Odd& odd : files) {
        for (const int frames : {0, 1, 999}) {
            SF_INFO info{};
            info.samplerate = odd.rate;
            info.channels = odd.channels;
            info.format = odd.format;
            SNDFILE* file = sf_open(path(odd.name).c_str(), SFM_WRITE, &info);
            ASSERT_NE(file, nullptr) << odd.name;
            const std::vector<int> samples(static_cast<std::size_t>(frames * odd.channels), 0x12345600);
            sf_writef_int(file, samples.data(), frames);
            sf_close(file);
            if (frames == 0 && std::filesystem::file_size(path(odd.name)) == 0) {
                continue;
            }
            const Ran ran = portcls({"play", path(odd.name), "--verify", "--out", "wav:" + path("heard.wav")});
            EXPECT_EQ(ran.status, 0) << odd.name << ", " << frames << " frames: " << ran.error;
            EXPECT_EQ(ran.error, "") << odd.name;
            EXPECT_THAT(ran.out, AllOf(HasSubstr(odd.says), HasSubstr(": " + std::to_string(frames) + " frames"),
                                       HasSubstr("0 glitches"), HasSubstr("equals the input bit for bit")));
            EXPECT_TRUE(read(path("heard.wav")).bytes == read(path(odd.name)).bytes) << odd.name;
        }
    }
}

} // namespace
} // namespace e2e
