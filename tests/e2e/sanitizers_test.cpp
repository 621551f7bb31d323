// Drivers built with sanitizers, coverage and debug information: what is wrong in them is named with its line and the
// seed that shows it again, and what is right stays quiet. tests/drivers/faults makes the mistakes.
#include <cstdlib>
#include <fstream>
#include <map>

#include <gmock/gmock.h>

#include "command.h"
#include "drivertools/process.h"

namespace e2e {
namespace {

using openportcls::WaveFormat;
using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

class Sanitizers : public Command {
protected:
    static std::string cable_source() { return OPENPORTCLS_SOURCE "/drivers/cable/cable.vcxproj"; }
    static std::string cable_inf() { return OPENPORTCLS_SOURCE "/drivers/cable/cable.inx"; }
    static std::string faults_folder() { return OPENPORTCLS_SOURCE "/tests/drivers/faults"; }

    void build(const std::string& source, const std::string& module, const std::vector<std::string>& more) const {
        std::vector<std::string> arguments = {"build", source, "-o", path(module), "--cache", OPENPORTCLS_DRIVER_CACHE};
        arguments.insert(arguments.end(), more.begin(), more.end());
        const Ran built = portcls(arguments);
        ASSERT_EQ(built.status, 0) << built.error;
    }

    // "races.cpp:57": the line with this word in a comment.
    static std::string place(const std::string& file, const std::string& mark) {
        std::ifstream source(faults_folder() + "/" + file);
        std::string line;
        for (unsigned number = 1; std::getline(source, line); ++number) {
            if (line.ends_with("// " + mark)) {
                return "/" + file + ":" + std::to_string(number);
            }
        }
        ADD_FAILURE() << file << " has no line marked " << mark;
        return {};
    }

    Ran commit(unsigned fault, const std::vector<std::string>& more = {}) const {
        std::vector<std::string> arguments = {"info",
                                              "--driver",
                                              path("f.so"),
                                              "--inf",
                                              faults_folder() + "/faults.inx",
                                              "--parameter",
                                              "Fault=" + std::to_string(fault)};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return portcls(arguments);
    }

    static std::size_t count(const std::string& text, const std::string& word) {
        std::size_t found = 0;
        for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
            ++found;
        }
        return found;
    }
};

const std::vector<std::vector<std::string>> schedulings = {{"--scheduling", "first_come"},
                                                           {"--scheduling", "random", "--seed", "3"},
                                                           {"--scheduling", "random", "--seed", "4"},
                                                           {"--scheduling", "pct", "--seed", "5"}};

// ---- ThreadSanitizer
// -------------------------------------------------------------------------------------------------

class Races : public Sanitizers {
protected:
    void SetUp() override {
        Sanitizers::SetUp();
        if (e2e::command_is_sanitized) {
            GTEST_SKIP() << "skipped: the command's own sanitizer would answer";
        }
        build(faults_folder(), "f.so", {"--sanitize=thread"});
    }
};

TEST_F(Races, CablePlaysAndRecordsWithout) {
    build(cable_source(), "cable.so", {"--sanitize=thread"});
    WaveFormat format;
    const std::string file = write("in.wav", format, noise(format, 9000));
    for (std::vector<std::string> scheduling : schedulings) {
        std::vector<std::string> play = {"play", file, "--driver", path("cable.so"), "--inf", cable_inf(), "--verify"};
        play.insert(play.end(), scheduling.begin(), scheduling.end());
        const Ran played = portcls(play);
        EXPECT_EQ(played.status, 0) << played.error;
        EXPECT_THAT(played.out, HasSubstr("bit for bit"));
        EXPECT_EQ(played.error, "");
        std::vector<std::string> record = {"record",   path("out.wav"),  "--seconds", "0.2",
                                           "--driver", path("cable.so"), "--inf",     cable_inf()};
        record.insert(record.end(), scheduling.begin(), scheduling.end());
        const Ran recorded = portcls(record);
        EXPECT_EQ(recorded.status, 0) << recorded.error;
        EXPECT_THAT(recorded.error, Not(HasSubstr("ThreadSanitizer")));
    }
}

TEST_F(Races, BetweenADpcAndAThreadAreNamedWithTheirLinesAndTheSeed) {
    for (const auto& scheduling : schedulings) {
        const Ran ran = commit(1, scheduling);
        EXPECT_EQ(ran.status, 1);
        EXPECT_THAT(ran.error, AllOf(HasSubstr("WARNING: ThreadSanitizer: data race"),
                                     HasSubstr(place("races.cpp", "RACE_THREAD")),
                                     HasSubstr(place("races.cpp", "RACE_TIMER")), HasSubstr("'DPC'")));
        EXPECT_EQ(count(ran.error, "WARNING: ThreadSanitizer"), 1U) << ran.error;
        const std::string seed = scheduling.size() > 2 ? scheduling[3] : "1";
        EXPECT_THAT(ran.error, HasSubstr("seed " + seed + ", step "));
        EXPECT_THAT(ran.error, HasSubstr("ThreadSanitizer reported 1 data race; the same run again: --scheduling " +
                                         scheduling[1] + " --seed " + seed));
    }
}

// A DPC may run on any processor, at the same time as another.
TEST_F(Races, BetweenDpcsOfTwoProcessorsAreNamed) {
    for (const auto& scheduling : schedulings) {
        const Ran ran = commit(2, scheduling);
        EXPECT_EQ(ran.status, 1);
        EXPECT_THAT(ran.error, AllOf(HasSubstr("data race"), HasSubstr(place("races.cpp", "RACE_OTHER")),
                                     HasSubstr(place("races.cpp", "RACE_TIMER"))));
        EXPECT_EQ(count(ran.error, "WARNING: ThreadSanitizer"), 1U) << ran.error;
    }
}

TEST_F(Races, TheSameSeedReportsAtTheSameStep) {
    const auto step = [&] {
        const Ran ran = commit(1, {"--scheduling", "random", "--seed", "9"});
        const auto at = ran.error.find("The second access was made");
        return at == std::string::npos ? "" : ran.error.substr(at, ran.error.find('\n', at) - at);
    };
    const std::string first = step();
    EXPECT_THAT(first, HasSubstr("seed 9, step "));
    EXPECT_EQ(step(), first);
}

TEST_F(Races, AreNoneWithTheLock) {
    for (const auto& scheduling : schedulings) {
        for (const unsigned fault : {3U, 4U}) {
            const Ran ran = commit(fault, scheduling);
            EXPECT_EQ(ran.status, 0) << fault << "\n" << ran.error;
            EXPECT_THAT(ran.error, Not(HasSubstr("ThreadSanitizer")));
        }
    }
}

TEST_F(Races, AreNoneWhereTheKernelsSynchronisationIsUsed) {
    for (const auto& scheduling : schedulings) {
        const Ran ran = commit(5, scheduling);
        EXPECT_EQ(ran.status, 0) << ran.error;
        EXPECT_THAT(ran.error, Not(HasSubstr("ThreadSanitizer")));
    }
}

// ---- AddressSanitizer and UndefinedBehaviorSanitizer
// -----------------------------------------------------------------

class Errors : public Sanitizers {
protected:
    void SetUp() override {
        Sanitizers::SetUp();
        if (e2e::command_is_sanitized) {
            GTEST_SKIP() << "skipped: the command's own sanitizer would answer";
        }
        build(faults_folder(), "f.so", {"--sanitize=address,undefined", "--debug"});
    }

    // The driver crashes, the host lives to say where, why and how to see it again.
    void expect_crash(unsigned fault, const std::string& kind, const std::string& bugcheck, const std::string& mark,
                      const std::string& file = "memory.cpp") {
        const Ran ran = commit(fault, {"--seed", "7"});
        EXPECT_EQ(ran.status, 1);
        EXPECT_THAT(ran.error, HasSubstr("AddressSanitizer: " + kind));
        EXPECT_THAT(ran.error, HasSubstr(place(file, mark)));
        EXPECT_THAT(ran.error, AllOf(HasSubstr("the driver crashed\n*** " + bugcheck), HasSubstr("seed 7, step ")));
    }
};

TEST_F(Errors, BeyondAPoolBlock) {
    expect_crash(11, "heap-buffer-overflow", "PAGE_FAULT_BEYOND_END_OF_ALLOCATION", "POOL_OVERFLOW");
}

TEST_F(Errors, InFreedPool) {
    expect_crash(12, "heap-use-after-free", "PAGE_FAULT_IN_FREED_SPECIAL_POOL", "POOL_AFTER_FREE");
}

// Devices share them, so that they are no heap blocks; what is nobody's of them is poisoned.
TEST_F(Errors, InPagesThatAreNotTheDrivers) {
    const auto expect = [this](unsigned fault, const std::string& bugcheck, const std::string& mark,
                               const std::string& where) {
        expect_crash(fault, "use-after-poison", bugcheck, mark, "pages.cpp");
        EXPECT_THAT(commit(fault).error, AllOf(HasSubstr(where), HasSubstr("allocated by"), HasSubstr("pages.cpp")));
    };
    const std::string overrun = "PAGE_FAULT_BEYOND_END_OF_ALLOCATION";
    const std::string freed = "PAGE_FAULT_IN_FREED_SPECIAL_POOL";
    expect(28, overrun, "CONTIGUOUS_OVERFLOW", "It lies 0 bytes behind the 1000 bytes at");
    expect(29, freed, "CONTIGUOUS_AFTER_FREE", "It lies at offset 1000 of, now freed, the 4096 bytes at");
    expect(30, overrun, "MDL_OVERFLOW", "It lies 0 bytes behind the 8192 bytes at");
    expect(31, freed, "MDL_AFTER_FREE", "of MmAllocatePagesForMdl.");
    expect(32, overrun, "DMA_OVERFLOW", "of AllocateCommonBuffer.");
}

TEST_F(Errors, BeyondABufferOnTheStack) {
    expect_crash(13, "stack-buffer-overflow", "DRIVER_OVERRAN_STACK_BUFFER", "STACK_OVERFLOW");
}

// memset and memcpy are looked at before they write: what AddressSanitizer only reports would ruin the guest.
TEST_F(Errors, BeforeMemoryIsFilledOrCopied) {
    expect_crash(25, "global-buffer-overflow", "DRIVER_CORRUPTED_EXPOOL", "GLOBAL_FILL");
    expect_crash(26, "heap-buffer-overflow", "PAGE_FAULT_BEYOND_END_OF_ALLOCATION", "POOL_COPY");
    expect_crash(27, "heap-buffer-overflow", "PAGE_FAULT_BEYOND_END_OF_ALLOCATION", "NEGATIVE_FILL");
    // Whatever lies behind the variable, and however often.
    for (unsigned seed = 1; seed <= 8; ++seed) {
        const Ran ran = commit(25, {"--seed", std::to_string(seed)});
        EXPECT_EQ(ran.status, 1);
        EXPECT_THAT(ran.error, AllOf(HasSubstr("*** DRIVER_CORRUPTED_EXPOOL"), HasSubstr("global-buffer-overflow"),
                                     Not(HasSubstr("kernel stack"))));
    }
}

// Kernel functions are not instrumented; they look at what they are given.
TEST_F(Errors, InObjectsGivenToKernelFunctions) {
    for (const auto& [fault, mark] : {std::pair{20U, "SHORT_EVENT"}, std::pair{21U, "FREED_EVENT"}}) {
        const Ran ran = commit(fault);
        EXPECT_EQ(ran.status, 1) << fault;
        EXPECT_THAT(ran.error, AllOf(HasSubstr("*** PAGE_FAULT_BEYOND_END_OF_ALLOCATION"),
                                     HasSubstr("AddressSanitizer"), HasSubstr(place("memory.cpp", mark))));
    }
    const Ran twice = commit(22);
    EXPECT_EQ(twice.status, 1);
    EXPECT_THAT(twice.error, AllOf(HasSubstr("*** BAD_POOL_CALLER"), HasSubstr("freed by thread"),
                                   HasSubstr(place("memory.cpp", "SECOND_FREE"))));
}

TEST_F(Errors, InSignedArithmetic) {
    const Ran ran = commit(14, {"--seed", "8"});
    EXPECT_EQ(ran.status, 1);
    EXPECT_THAT(ran.error, AllOf(HasSubstr("runtime error: signed integer overflow: "),
                                 HasSubstr(place("memory.cpp", "SIGNED_OVERFLOW")), HasSubstr("seed 8, step "),
                                 HasSubstr("UndefinedBehaviorSanitizer reported 1 error; the same run again: "
                                           "--scheduling first_come --seed 8")));
}

// Without a sanitizer as well: what a driver writes over is its own, and the host lives to say whose block it was.
TEST_F(Sanitizers, NoneIsNeededForTheHostToOutliveAnOverrun) {
    if (e2e::command_is_sanitized) {
        GTEST_SKIP() << "skipped: the command's own sanitizer would answer";
    }
    build(faults_folder(), "f.so", {"--debug"});
    const auto expect = [&](unsigned fault, const std::string& bugcheck, const std::string& rule, const char* mark) {
        const Ran ran = commit(fault);
        EXPECT_EQ(ran.status, 1) << fault;
        EXPECT_THAT(ran.error, AllOf(HasSubstr("the driver crashed\n*** " + bugcheck), HasSubstr(rule),
                                     HasSubstr(place("memory.cpp", mark))));
    };
    expect(23, "PAGE_FAULT_BEYOND_END_OF_ALLOCATION", "behind the pool block 'Fult' of 64 bytes", "STACK_OVERFLOW");
    expect(24, "PAGE_FAULT_IN_NONPAGED_AREA", "wrote to invalid memory", "STACK_OVERFLOW");
    expect(22, "BAD_POOL_CALLER", "has been freed already", "SECOND_FREE");
}

// As pool is: when the pages are freed, or when the machine is switched off.
TEST_F(Sanitizers, NoneIsNeededForPagesThatAreNotTheDrivers) {
    if (e2e::command_is_sanitized) {
        GTEST_SKIP() << "skipped: the command's own sanitizer would answer";
    }
    build(faults_folder(), "f.so", {"--debug"});
    const auto expect = [&](unsigned fault, const std::string& bugcheck, const std::string& rule,
                            const std::string& allocated_in) {
        const Ran ran = commit(fault);
        EXPECT_THAT(ran.error, AllOf(HasSubstr("*** " + bugcheck), HasSubstr(rule),
                                     testing::ContainsRegex("allocated by[^*]*" + allocated_in)));
    };
    expect(28, "BAD_POOL_HEADER", "MmFreeContiguousMemory: the 1000 bytes at", "OverrunContiguousMemory");
    expect(29, "BAD_POOL_HEADER", "were written to after they were freed", "UseContiguousMemoryAfterFree");
    expect(30, "BAD_POOL_HEADER", "MmFreePagesFromMdl: the 8192 bytes at", "OverrunPagesOfMdl");
    expect(31, "BAD_POOL_HEADER", "were written to after they were freed", "UsePagesOfMdlAfterFree");
    expect(32, "DRIVER_VERIFIER_DMA_VIOLATION", "FreeCommonBuffer: the 4096 bytes at", "OverrunDmaBuffer");
}

TEST_F(Errors, AreNoneInTheRacesThatTakeTheLock) {
    const Ran ran = commit(5);
    EXPECT_EQ(ran.status, 0) << ran.error;
    EXPECT_EQ(ran.error, "");
}

// ThreadSanitizer puts signals off; the watchdog's has to come through.
TEST_F(Races, AHangEndsInTheWatchdogsReport) {
    const Ran ran = commit(15, {"--watchdog", "1"});
    EXPECT_EQ(ran.status, 1);
    EXPECT_THAT(ran.error, AllOf(HasSubstr("*** CLOCK_WATCHDOG_TIMEOUT"), HasSubstr("an endless loop"),
                                 HasSubstr("seed 1, step ")));
}

// ---- coverage and the debugger
// ---------------------------------------------------------------------------------------

TEST_F(Sanitizers, CoverageOfAPlayedSoundNamesTheDriversFilesAndLines) {
    if (e2e::command_is_sanitized) {
        GTEST_SKIP() << "skipped: the command's own sanitizer would answer";
    }
    build(cable_source(), "cable.so", {"--coverage"});
    WaveFormat format;
    const Ran ran = portcls({"play", write("in.wav", format, noise(format, 4800)), "--driver", path("cable.so"),
                             "--inf", cable_inf(), "--verify"});
    ASSERT_EQ(ran.status, 0) << ran.error;
    const Ran report = portcls({"build", "--coverage-report", path("cable.so"), "--html", path("html")});
    ASSERT_EQ(report.status, 0) << report.error;
    EXPECT_THAT(report.out, AllOf(HasSubstr("engine.cpp"), HasSubstr("stream.cpp"), HasSubstr("topology.cpp")));
    std::string page;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path("html"))) {
        if (entry.path().filename() == "engine.cpp.html") {
            page = text_of(entry.path());
        }
    }
    EXPECT_THAT(page, HasSubstr("MoveRender")) << "annotated source";
}

// AddressSanitizer's library answers for malloc and mmap, which the profile writer calls.
TEST_F(Sanitizers, CoverageGoesWithASanitizer) {
    if (e2e::command_is_sanitized) {
        GTEST_SKIP() << "skipped: the command's own sanitizer would answer";
    }
    for (const std::string sanitizer : {"address,undefined", "thread"}) {
        build(cable_source(), "both.so", {"--coverage", "--sanitize=" + sanitizer});
        WaveFormat format;
        const Ran ran = portcls({"play", write("in.wav", format, noise(format, 4800)), "--driver", path("both.so"),
                                 "--inf", cable_inf(), "--verify"});
        ASSERT_EQ(ran.status, 0) << sanitizer << ran.error;
        const Ran report = portcls({"build", "--coverage-report", path("both.so")});
        EXPECT_EQ(report.status, 0) << sanitizer << report.error;
        EXPECT_THAT(report.out, HasSubstr("stream.cpp"));
    }
}

// Without any sanitizer, in START_DEVICE: the guest ends, with a report, and not the command.
TEST_F(Sanitizers, NoneIsNeededForAReport) {
    if (e2e::command_is_sanitized) {
        GTEST_SKIP() << "skipped: the command's own sanitizer would answer";
    }
    build(faults_folder(), "f.so", {});
    struct {
        unsigned fault;
        const char* bugcheck;
        std::string named;
    } const faults[] = {{11, "BAD_POOL_HEADER (0x19) 0x21", "OverflowPool"},
                        {16, "UNEXPECTED_KERNEL_MODE_TRAP (0x7f) 0x8", place("memory.cpp", "RECURSION")},
                        {17, "DRIVER_OVERRAN_STACK_BUFFER", place("memory.cpp", "STACK_OVERFLOW")},
                        {18, "DPC_WATCHDOG_VIOLATION (0x133) 0x1", place("memory.cpp", "STALL")},
                        {19, "KERNEL_SECURITY_CHECK_FAILURE (0x139) 0x3", "RemoveEntryList"}};
    for (const auto& each : faults) {
        const Ran ran = commit(each.fault);
        EXPECT_EQ(ran.status, 1) << each.fault;
        EXPECT_THAT(ran.error, AllOf(HasSubstr(each.bugcheck), HasSubstr(each.named), HasSubstr("seed 1, step ")));
    }
}

TEST_F(Sanitizers, DebuggerStopsInTheDriversSource) {
    if (e2e::command_is_sanitized) {
        GTEST_SKIP() << "skipped: the command's own sanitizer would answer";
    }
    if (std::system("gdb --version > /dev/null 2>&1") != 0) {
        GTEST_SKIP() << "skipped: gdb is not there";
    }
    build(cable_source(), "cable.so", {"--debug"});
    WaveFormat format;
    const std::string file = write("in.wav", format, noise(format, 4800));
    std::vector<std::string> command = {
        "gdb", "--batch", "-nx", "-iex", "set auto-load off", "-iex", "set debuginfod enabled off"};
    for (const char* typed : {"set breakpoint pending on", "break CCableEngine::MoveRender", "run", "backtrace 4",
                              "print Until", "print Stream->Format.Rate", "delete", "continue"}) {
        command.insert(command.end(), {"-ex", typed});
    }
    command.insert(command.end(),
                   {"--args", OPENPORTCLS_COMMAND, "play", file, "--driver", path("cable.so"), "--inf", cable_inf()});
    const auto ran = openportcls::drivertools::run_process(command);
    ASSERT_TRUE(ran) << ran.error().message;
    if (ran->diagnostics.find("Operation not permitted") != std::string::npos) {
        GTEST_SKIP() << "skipped: this system does not let gdb trace: " << ran->diagnostics;
    }
    EXPECT_THAT(ran->output, HasSubstr("Breakpoint 1, CCableEngine::MoveRender"));
    EXPECT_THAT(ran->output, testing::ContainsRegex("#0 .*MoveRender.*engine.cpp:[0-9]+"));
    EXPECT_THAT(ran->output, testing::ContainsRegex("#1 .*Advance.*engine.cpp:[0-9]+"));
    EXPECT_THAT(ran->output, HasSubstr("$2 = " + std::to_string(format.rate)));
    EXPECT_THAT(ran->output, HasSubstr("exited normally")) << ran->diagnostics;
}

} // namespace
} // namespace e2e
