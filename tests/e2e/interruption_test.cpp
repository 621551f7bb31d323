// Ctrl-C, whatever the command waits for: the first ends it in order. (The second: broken_cable_test.cpp.)
#include <gmock/gmock.h>

#include "command.h"

namespace e2e {
namespace {

using openportcls::WaveFormat;
using testing::HasSubstr;

// A shell has its background processes ignore SIGINT until they ask for it, which takes seconds where others work.
constexpr const char* wait_until_it_listens =
    "listens() {\n"
    "  until (((0x$(sed -n 's/^SigCgt:\\t//p' /proc/$1/status) & 0x4002) == 0x4002)); do sleep 0.1; done\n"
    "  sleep 1\n"
    "}\n";

class Interruptions : public Command {
protected:
    // $0 the command, $1 the test's folder, $2 the signal, `listens PID` waits. What the script does in a process that
    // does not end is ended.
    Ran shell(const std::string& script, const std::string& signal = "INT") const {
        return run({"timeout", "-s", "KILL", "120", "bash", "-c", wait_until_it_listens + script, OPENPORTCLS_COMMAND,
                    path("."), signal});
    }
};

// `sleep` keeps the pipe open and writes nothing.
TEST_F(Interruptions, ASourceThatStallsIsNotWaitedFor) {
    write("in.wav", WaveFormat{}, noise(WaveFormat{}, 48000));
    for (const char* signal : {"INT", "TERM"}) {
        const Ran ran = shell("exec 3< <(head -c 40044 \"$1/in.wav\"; exec sleep 100 2>/dev/null)\n"
                              "\"$0\" play - --out \"wav:$1/heard.wav\" <&3 & player=$!\n"
                              "listens $player; kill -s $2 $player; wait $player",
                              signal);
        EXPECT_EQ(ran.status, 0) << ran.error;
        EXPECT_THAT(ran.out, HasSubstr("interrupted: that is not the whole file"));
        EXPECT_EQ(read(path("heard.wav")).bytes.size(), 40000U) << "all that came";
    }
}

TEST_F(Interruptions, AReaderThatStallsIsNotWaitedFor) {
    for (const char* signal : {"INT", "TERM"}) {
        const Ran ran =
            shell("mkfifo \"$1/pipe\"; exec 3<>\"$1/pipe\"\n"
                  "\"$0\" record - --seconds 100 >\"$1/pipe\" & recorder=$!\n"
                  "listens $recorder; kill -s $2 $recorder; wait $recorder; status=$?; rm \"$1/pipe\"; exit $status",
                  signal);
        EXPECT_EQ(ran.status, 0) << ran.error;
        EXPECT_THAT(ran.error, HasSubstr("interrupted: shorter than was asked for"));
    }
}

// One that reads on gets whole frames to the end.
TEST_F(Interruptions, AReaderThatReadsGetsAll) {
    const Ran ran =
        shell("\"$0\" record - --seconds 100 --paced > >(cat >\"$1/heard.wav\") & recorder=$!\n"
              "listens $recorder; kill -s $2 $recorder; wait $recorder; status=$?; sleep 0.3; exit $status");
    EXPECT_EQ(ran.status, 0) << ran.error;
    const std::uintmax_t bytes = std::filesystem::file_size(path("heard.wav")) - 68; // the header
    EXPECT_GT(bytes, 4U * 4096);
    EXPECT_EQ(bytes % (4 * 4096), 0U);
}

} // namespace
} // namespace e2e
