// The cable with one mistake each: what the command says of it, and that it says so in time.
#include <fcntl.h>
#include <fstream>
#include <sys/file.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include "command.h"

namespace e2e {
namespace {

using openportcls::WaveFormat;
using testing::HasSubstr;
using testing::Not;

// Nobody else has one of this file meanwhile, in any process.
class Turn {
public:
    explicit Turn(const std::string& file) : file_(open(file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600)) {
        EXPECT_EQ(flock(file_, LOCK_EX), 0) << file;
    }
    ~Turn() { close(file_); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

private:
    int file_;
};

class BrokenCable : public Command {
protected:
    void SetUp() override {
        Command::SetUp();
        file_ = write("in.wav", WaveFormat{}, noise(WaveFormat{}, 24000));
    }

    // `mistake` goes in front of `place`, which there is once in `source`. All tests do it in the same copy, one after
    // the other: what the others have not touched is compiled once, for its place is part of what the cache knows it
    // by.
    void break_it(const std::string& source, const std::string& place, const std::string& mistake) {
        const std::filesystem::path cable = OPENPORTCLS_SOURCE "/drivers/cable";
        const std::string broken = OPENPORTCLS_DRIVER_CACHE "/broken-cable";
        std::filesystem::create_directories(broken);
        const Turn turn(broken + "/turn");
        for (const auto& entry : std::filesystem::directory_iterator(cable)) {
            if (entry.path().extension() == ".cpp" || entry.path().extension() == ".h") {
                std::filesystem::copy_file(entry.path(), broken + "/" + entry.path().filename().string(),
                                           std::filesystem::copy_options::overwrite_existing);
            }
        }
        std::string text = text_of(broken + "/" + source);
        const std::size_t at = text.find(place);
        ASSERT_NE(at, std::string::npos) << place;
        ASSERT_EQ(text.find(place, at + 1), std::string::npos) << place;
        text.insert(at, mistake + "\n");
        std::ofstream(broken + "/" + source, std::ios::trunc) << text;
        const Ran built = portcls({"build", broken, "-o", path("broken.so"), "--cache", OPENPORTCLS_DRIVER_CACHE});
        ASSERT_EQ(built.status, 0) << built.error;
    }

    Ran with_it(std::vector<std::string> arguments) const {
        std::vector<std::string> command = {"timeout", "-s", "KILL", "200", OPENPORTCLS_COMMAND};
        command.insert(command.end(), arguments.begin(), arguments.end());
        command.insert(command.end(),
                       {"--driver", path("broken.so"), "--inf", OPENPORTCLS_SOURCE "/drivers/cable/cable.inx"});
        return run(command);
    }
    Ran record() const { return with_it({"record", path("heard.wav"), "--seconds", "0.1"}); }
    Ran play(const std::vector<std::string>& more = {}) const {
        std::vector<std::string> arguments = {"play", file_};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return with_it(arguments);
    }

    std::string file_;
};

constexpr const char* before_state_changes = "switch (State) {\n    case KSSTATE_STOP:";
constexpr const char* before_buffer_is_given = "return STATUS_SUCCESS;\n}\n\nvoid CCableStream::FreeBuffer(";
constexpr const char* before_packet_is_given = "++m_NextRead;\n    *MoreData";
constexpr const char* before_packet_is_taken = "if (m_EndOfStream) {\n        return STATUS_INVALID_DEVICE_STATE;";

// ---- what does not come -------------------------------------------------------------------------------------------

TEST_F(BrokenCable, APacketGivenAgainAndAgainEndsInAnError) {
    break_it("stream.cpp", before_packet_is_given, "*PacketNumber = 0; *MoreData = FALSE; return STATUS_SUCCESS;");
    const Ran ran = record();
    expect_failure(ran, 1, "STATUS_IO_TIMEOUT");
    EXPECT_THAT(ran.error, HasSubstr("GetReadPacket gives packet 0 again and again; the one that follows is 1"));
}

struct EndlessLoop {
    const char* name;
    const char* body;
    std::vector<std::string> options;
};

void PrintTo(const EndlessLoop& loop, std::ostream* out) {
    *out << loop.name;
}

class EndlessLoops : public BrokenCable, public testing::WithParamInterface<EndlessLoop> {};

// Time passes in all of them, so that they are none to a machine that is alone with itself.
TEST_P(EndlessLoops, OfARequestAreReported) {
    break_it("stream.cpp", before_state_changes,
             std::string("LARGE_INTEGER Delay; Delay.QuadPart = -100000;\nif (State == KSSTATE_RUN) for (;;) ") +
                 GetParam().body);
    const Ran ran = play(GetParam().options);
    EXPECT_EQ(ran.status, 1) << ran.error;
    EXPECT_THAT(ran.error, HasSubstr("THREAD_STUCK_IN_DEVICE_DRIVER (0xea)"));
    EXPECT_THAT(ran.error, HasSubstr("A driver has not come back from a request for "));
    EXPECT_THAT(ran.error, HasSubstr("Wave pin 2: setting property 0 of "));
    EXPECT_THAT(ran.error, HasSubstr("CCableStream::SetState"));
}

// One waits as long as the command does unless told otherwise: ten seconds of the processor.
const std::vector<std::string> impatiently = {"--watchdog", "1"};
INSTANTIATE_TEST_SUITE_P(Table, EndlessLoops,
                         testing::Values(EndlessLoop{"Yield", "YieldProcessor();", {}},
                                         EndlessLoop{"Counter", "KeQueryPerformanceCounter(NULL);", impatiently},
                                         EndlessLoop{"Stall", "KeStallExecutionProcessor(10);", impatiently},
                                         EndlessLoop{"Delay", "KeDelayExecutionThread(KernelMode, FALSE, &Delay);",
                                                     impatiently}),
                         [](const auto& info) { return info.param.name; });

// The first asks, and nobody listens.
TEST_F(BrokenCable, TheSecondSignalKillsAndLeavesNothingBehind) {
    break_it("stream.cpp", before_state_changes, "if (State == KSSTATE_RUN) for (;;) YieldProcessor();");
    for (const char* signal : {"INT", "TERM"}) {
        const Ran ran =
            run({"bash", "-c",
                 "\"$0\" play \"$1/in.wav\" --out \"wav:$1/heard.wav\" --driver \"$1/broken.so\" --inf \"$3\" & "
                 "player=$!; for ((i = 0; i < 100; ++i)); do "
                 "[[ -n $(find \"$1\" -name '.heard.wav.*') ]] && break; sleep 0.05; done; "
                 "sleep 0.3; kill -s $2 $player; sleep 0.5; kill -s $2 $player; wait $player",
                 OPENPORTCLS_COMMAND, path("."), signal, OPENPORTCLS_SOURCE "/drivers/cable/cable.inx"});
        EXPECT_EQ(ran.status, std::string(signal) == "INT" ? 130 : 143) << ran.out << ran.error;
        EXPECT_THAT(files(), Not(testing::Contains(HasSubstr("heard.wav"))));
    }
}

// ---- what is to be verified ---------------------------------------------------------------------------------------

TEST_F(BrokenCable, AChangedBitFailsVerification) {
    break_it("stream.cpp", before_packet_is_taken, "if (PacketNumber == 5) Buffer[4] ^= 1;");
    EXPECT_EQ(play().status, 0);
    const Ran ran = play({"--verify"});
    EXPECT_EQ(ran.status, 1);
    EXPECT_THAT(ran.error, HasSubstr("--verify: the output is not the input"));
}

TEST_F(BrokenCable, AGlitchFailsVerification) {
    break_it("stream.cpp", before_packet_is_taken, "if (PacketNumber == 5) return STATUS_DATA_LATE_ERROR;");
    const Ran ran = play({"--verify"});
    EXPECT_EQ(ran.status, 1);
    EXPECT_THAT(ran.out, HasSubstr("bit for bit")) << "the cable plays what it was not told of, too";
    EXPECT_THAT(ran.error, HasSubstr("--verify: 1 glitch\n"));
    EXPECT_EQ(play().status, 0);
}

// ---- what the driver did wrong is said to everybody ---------------------------------------------------------------

struct BadBuffer {
    const char* name;
    const char* mistake;
    const char* objection;
};

class BadBuffers : public BrokenCable, public testing::WithParamInterface<BadBuffer> {};

TEST_P(BadBuffers, AreRefusedWithTheReason) {
    break_it("stream.cpp", before_buffer_is_given, GetParam().mistake);
    const Ran ran = play();
    expect_failure(ran, 1, std::string("the miniport's buffer is refused: ") + GetParam().objection);
    EXPECT_THAT(ran.error, HasSubstr("allocating the stream's buffer: STATUS_UNSUCCESSFUL"));
    EXPECT_EQ(ran.error.find("is refused"), ran.error.rfind("is refused")) << "said once: " << ran.error;
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadBuffers,
    testing::Values(BadBuffer{"Empty", "*ActualSize = 0;", "*ActualSize is 0"},
                    BadBuffer{"BeyondThePage", "*OffsetFromFirstPage = 5000;", "*OffsetFromFirstPage is 5000"},
                    BadBuffer{"NoCacheType", "*CacheType = (MEMORY_CACHING_TYPE)77;", "*CacheType 77 is none"},
                    BadBuffer{"NoMdl", "FreeBuffer(Mdl); *BufferMdl = NULL; return STATUS_SUCCESS;", "it has no MDL"}),
    [](const auto& info) { return info.param.name; });

TEST_F(BrokenCable, AStopThatFailsIsAWarningAtTheEnd) {
    break_it("stream.cpp", before_state_changes,
             "if (State == KSSTATE_STOP && m_State != State) {\n"
             "m_Engine->Reset(this); m_State = State; return STATUS_DEVICE_BUSY; }");
    const Ran ran = play();
    EXPECT_EQ(ran.status, 0) << ran.error;
    const std::string warning = "the miniport's SetState to STOP failed (NTSTATUS 0x80000011)";
    EXPECT_THAT(ran.error, HasSubstr(warning));
    EXPECT_EQ(ran.error.find(warning), ran.error.rfind(warning)) << ran.error;
}

// ---- what drivers print -------------------------------------------------------------------------------------------

TEST_F(BrokenCable, WhatIsPrintedInPiecesIsOneLine) {
    break_it(
        "stream.cpp", before_state_changes,
        "WCHAR Text[] = {L'n', 0, L'm', L'e'}; UNICODE_STRING Name = {8, 8, Text};\n"
        "if (State == KSSTATE_RUN) { DbgPrint(\"one \"); DbgPrint(\"%d \", 2); DbgPrint(\"%wZ three\\nfour\", &Name); "
        "}");
    const Ran ran = play({"--verbose", "--loopback", "none"});
    EXPECT_EQ(ran.status, 0) << ran.error;
    EXPECT_THAT(ran.error, HasSubstr("one 2 nme three\n"));
    EXPECT_THAT(ran.error, HasSubstr("\nfour\n")) << "the end ends a line, too";
}

TEST_F(BrokenCable, WhatWasPrintedBeforeACrashIsNotLost) {
    if (command_is_sanitized) {
        GTEST_SKIP() << "skipped: the command's own sanitizer would answer the crash";
    }
    break_it("stream.cpp", before_state_changes,
             "if (State == KSSTATE_RUN) { DbgPrint(\"now it comes\"); *(volatile int*)0 = 1; }");
    const Ran ran = play({"--verbose"});
    EXPECT_EQ(ran.status, 1);
    EXPECT_THAT(ran.error, HasSubstr("now it comes\n"));
}

} // namespace
} // namespace e2e
