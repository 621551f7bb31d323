// The script for people who work on the checkout. What it builds and installs is shown by using it.
#include <gmock/gmock.h>

#include "command.h"

namespace e2e {
namespace {

using testing::HasSubstr;

Ran dev(const std::vector<std::string>& arguments) {
    std::vector<std::string> command = {OPENPORTCLS_SOURCE "/dev"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return run(command);
}

TEST(Dev, EveryCommandHasHelp) {
    const Ran all = dev({"--help"});
    EXPECT_EQ(all.status, 0);
    for (const char* name : {"play", "test", "fuzz", "bench", "build", "format", "lint", "setup", "clean"}) {
        EXPECT_THAT(all.out, HasSubstr(std::string("\n  ") + name));
        const Ran help = dev({name, "--help"});
        EXPECT_EQ(help.status, 0) << name;
        EXPECT_THAT(help.out, HasSubstr(std::string("usage: ./dev ") + name));
        EXPECT_EQ(help.error, "") << name;
    }
}

TEST(Dev, WrongUsageIsStatus2) {
    const Ran wrong = dev({"sing"});
    EXPECT_EQ(wrong.status, 2);
    EXPECT_THAT(wrong.error, HasSubstr("usage: ./dev COMMAND"));
    const std::vector<std::vector<std::string>> commands = {
        {"setup", "--junk"},         {"format", "--junk"},
        {"profile", "--junk"},       {"clean", "--junk"},
        {"build", "--junk"},         {"build", "x.cpp"},
        {"build", "--release", "x"}, {"fuzz", "--junk"},
        {"fuzz", "1", "nothing"},    {"fuzz", "1", "inf_reader", "x"},
        {"bench", "--junk"},         {"bench", "one", "two"},
        {"lint", "--junk"},
    };
    for (const auto& command : commands) {
        const Ran ran = dev(command);
        EXPECT_EQ(ran.status, 2) << testing::PrintToString(command);
        EXPECT_THAT(ran.error, HasSubstr("usage: ./dev " + command.front())) << testing::PrintToString(command);
        EXPECT_EQ(ran.out, "");
    }
}

} // namespace
} // namespace e2e
