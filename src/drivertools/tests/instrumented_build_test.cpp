// Builds with sanitizers, coverage and fuzzing, and what the modules do in a process that has the runtime.
#include "driver_build.h"
#include "drivertools/module_linker.h"
#include "drivertools/process.h"
#include "drivertools/text.h"

#include <cstdlib>
#include <gmock/gmock.h>

using namespace openportcls;
using namespace openportcls::drivertools;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

// Instrumented modules run in a process of their own, which has the sanitizer's runtime.
class InstrumentedBuild : public Build {
protected:
    // A small program that loads a module and calls its entry with (16 bytes, number); "twice" does so in two threads.
    std::filesystem::path loader() {
        auto source = folder.add("loader.c", R"(
            #include <dlfcn.h>
            #include <pthread.h>
            #include <stdio.h>
            #include <stdlib.h>
            static int __attribute__((ms_abi)) (*entry)(void*, void*);
            static char* bytes;
            static void* call(void* number) { return (void*)(long)entry(bytes, number); }
            int main(int count, char** words) {
                void* module = dlopen(words[1], RTLD_NOW);
                if (!module) { puts(dlerror()); return 99; }
                entry = dlsym(module, "DriverEntry");
                bytes = malloc(16);
                for (int i = 0; i < 16; ++i) bytes[i] = i;
                pthread_t other;
                if (count > 3) pthread_create(&other, 0, call, (void*)(long)atoi(words[2]));
                long result = (long)call((void*)(long)atoi(words[2]));
                if (count > 3) pthread_join(other, 0);
                free(bytes);
                dlclose(module);
                return result;
            })");
        auto program = folder / "loader";
        auto compiled = run_process(std::vector<std::string>{"cc", source, "-o", program, "-ldl", "-lpthread"});
        EXPECT_TRUE(compiled && compiled->exit_status == 0) << (compiled ? compiled->diagnostics : "no cc");
        return program;
    }

    ProcessResult run(const BuildReport& report, const std::string& argument, bool twice = false) {
        auto runtime = sanitizer_runtime(report.note);
        EXPECT_TRUE(runtime) << (runtime ? "" : runtime.error().message);
        std::vector<std::string> command{"env", "UBSAN_OPTIONS=print_stacktrace=0", "ASAN_OPTIONS=detect_leaks=0",
                                         "ASAN_SYMBOLIZER_PATH=" + symbolizer(),
                                         "TSAN_OPTIONS=external_symbolizer_path=" + symbolizer()};
        if (runtime && *runtime)
            command.push_back("LD_PRELOAD=" + (*runtime)->string());
        for (auto& word : {loader().string(), std::filesystem::absolute(report.module).string(), argument})
            command.push_back(word);
        if (twice)
            command.emplace_back("twice");
        auto ran = run_process(command);
        EXPECT_TRUE(ran);
        return ran ? *ran : ProcessResult();
    }

    static std::string symbolizer() {
        for (const char* file : {"/usr/bin/llvm-symbolizer-19", "/usr/lib/llvm-19/bin/llvm-symbolizer"})
            if (std::filesystem::exists(file))
                return file;
        return {};
    }
};

TEST_F(InstrumentedBuild, AddressSanitizerNamesTheDriversLine) {
    auto source =
        folder.add("drv/a.cpp", "struct CStream { int read(char* data, long long at) {\n    return data[at];\n} };\n"
                                "extern \"C\" long DriverEntry(void* data, void* at)\n"
                                "{ CStream s; return s.read((char*)data, (long long)at); }\n");
    auto asked = request(folder / "drv");
    asked.sanitizers.address = true;
    auto report = build(asked);
    ASSERT_TRUE(report) << message(report) << diagnostics;
    EXPECT_EQ(run(*report, "5").exit_status, 5);
    auto wrong = run(*report, "17");
    EXPECT_NE(wrong.exit_status, 0);
    EXPECT_THAT(wrong.diagnostics, HasSubstr("heap-buffer-overflow"));
    EXPECT_THAT(wrong.diagnostics, HasSubstr("READ of size 1"));
    if (!symbolizer().empty())
        EXPECT_THAT(wrong.diagnostics, testing::ContainsRegex("#0 [^\n]*" + source.string() + ":2"));
}

TEST_F(InstrumentedBuild, UndefinedBehaviourSanitizerReports) {
    auto source =
        folder.add("drv/a.cpp", "extern \"C\" long DriverEntry(void*, void* by)\n{\n    int value = 2147483647;\n"
                                "    value += (int)(long long)by;\n    return value == 5;\n}\n");
    auto asked = request(folder / "drv");
    asked.sanitizers.undefined = true;
    auto report = build(asked);
    ASSERT_TRUE(report) << message(report) << diagnostics;
    EXPECT_THAT(run(*report, "0").diagnostics, Not(HasSubstr("runtime error")));
    EXPECT_THAT(run(*report, "1").diagnostics,
                HasSubstr(source.string() + ":4:11: runtime error: signed integer overflow"));
}

TEST_F(InstrumentedBuild, AddressAndUndefinedTogether) {
    folder.add("drv/a.cpp", "static int values[4];\nextern \"C\" long DriverEntry(void* data, void* at)\n"
                            "{ return values[(long long)at & 3] + ((char*)data)[(long long)at]; }\n");
    auto asked = request(folder / "drv");
    asked.sanitizers.address = asked.sanitizers.undefined = true;
    auto report = build(asked);
    ASSERT_TRUE(report) << message(report) << diagnostics;
    EXPECT_EQ(run(*report, "3").exit_status, 3);
}

TEST_F(InstrumentedBuild, ThreadSanitizerNamesTheDriversLine) {
    auto source = folder.add("drv/a.cpp", "static int shared;\nextern \"C\" long DriverEntry(void* data, void* at)\n{\n"
                                          "    shared += ((char*)data)[(long long)at];\n    return 4;\n}\n");
    auto asked = request(folder / "drv");
    asked.sanitizers.thread = true;
    auto report = build(asked);
    ASSERT_TRUE(report) << message(report) << diagnostics;
    auto alone = run(*report, "4");
    EXPECT_EQ(alone.exit_status, 4) << alone.diagnostics;
    auto racing = run(*report, "4", true);
    EXPECT_THAT(racing.diagnostics, HasSubstr("data race"));
    if (!symbolizer().empty())
        EXPECT_THAT(racing.diagnostics, testing::ContainsRegex("#0 DriverEntry [^\n]*" + source.string() + ":4"));
}

TEST_F(InstrumentedBuild, CoverageEndsInAReport) {
    auto source = folder.add("drv/a.cpp",
                             "static int taken(int a) { return a + 1; }\nstatic int missed(int a) { return a + 2; }\n"
                             "extern \"C\" long DriverEntry(void*, void* at)\n"
                             "{ int a = (int)(long long)at; return a < 10 ? taken(a) : missed(a); }\n");
    auto asked = request(folder / "drv");
    asked.coverage = true;
    auto report = build(asked);
    ASSERT_TRUE(report) << message(report) << diagnostics;
    EXPECT_FALSE(coverage_report(report->module)); // not run yet
    EXPECT_EQ(run(*report, "1").exit_status, 2);
    auto table = coverage_report(report->module, folder / "html");
    ASSERT_TRUE(table) << table.error().message;
    EXPECT_THAT(*table, HasSubstr("a.cpp"));
    EXPECT_THAT(*table, HasSubstr("66.67%")); // two of three functions
    EXPECT_TRUE(std::filesystem::exists(folder / "html/index.html"));
    EXPECT_EQ(run(*report, "11").exit_status, 13);
    EXPECT_THAT(*coverage_report(report->module), HasSubstr("100.00%")); // runs add up
}

TEST_F(InstrumentedBuild, CoverageKeepsTheTwoCLibrariesApart) {
    // The driver's memcpy has the Windows convention; the profile runtime inside the module calls the host's way.
    folder.add(
        "drv/a.cpp",
        "extern \"C\" void* memcpy(void*, const void*, unsigned long long);\nextern \"C\" unsigned long long "
        "strlen(const char*);\n"
        "extern \"C\" long DriverEntry(void* data, void* count)\n"
        "{ char copy[16] = {}; memcpy(copy, data, (unsigned long long)count); return (long)strlen(copy + 1); }\n");
    auto asked = request(folder / "drv");
    asked.coverage = true;
    auto report = build(asked);
    ASSERT_TRUE(report) << message(report) << diagnostics;
    EXPECT_EQ(run(*report, "4").exit_status, 3);
    EXPECT_TRUE(coverage_report(report->module));
}

TEST_F(InstrumentedBuild, FuzzedModulesTellTheirCountersToTheFuzzer) {
    folder.add(
        "drv/a.cpp",
        "extern \"C\" long DriverEntry(void* data, void* at)\n{ return ((int*)data)[0] == (int)(long long)at; }\n");
    auto asked = request(folder / "drv");
    asked.fuzz = true;
    auto report = build(asked);
    ASSERT_TRUE(report) << message(report) << diagnostics;
    auto file = ElfFile::open(report->module);
    ASSERT_TRUE(file);
    std::set<std::string> imports;
    for (const auto& symbol : file->dynamic_symbols())
        imports.emplace(symbol.name);
    EXPECT_THAT(imports, Contains("__sanitizer_cov_8bit_counters_init"));
    EXPECT_THAT(imports, Contains("__sanitizer_cov_trace_cmp4"));
}

TEST_F(Build, AddressAndThreadSanitizersExcludeEachOther) {
    auto asked = request(OPENPORTCLS_BUILD_TRAPS);
    asked.sanitizers.address = asked.sanitizers.thread = true;
    EXPECT_FALSE(build(asked));
}

TEST_F(Build, SimpleAudioSampleWithSanitizers) {
    const char* sample = std::getenv("OPENPORTCLS_SIMPLEAUDIOSAMPLE");
    if (!sample)
        GTEST_SKIP() << "OPENPORTCLS_SIMPLEAUDIOSAMPLE does not name a copy of the sample";
    for (auto sanitizers : {Sanitizers{true, true, false}, Sanitizers{false, false, true}}) {
        auto asked = request(sample);
        asked.exports.reset();
        asked.configuration = Configuration::debug;
        asked.sanitizers = sanitizers;
        auto report = build(asked);
        EXPECT_TRUE(report) << message(report) << "\n" << diagnostics;
    }
}
