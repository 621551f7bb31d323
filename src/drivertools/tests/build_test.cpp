// Whole builds, with the real compiler, headers and runtime for drivers.
#include "drivertools/drivertools.h"
#include "drivertools/elf_file.h"
#include "drivertools/module_linker.h"
#include "drivertools/process.h"
#include "drivertools/text.h"
#include "temporary_folder.h"

#include <cstdlib>
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace openportcls;
using namespace openportcls::drivertools;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

namespace {

// What the test drivers here import; the builds of real drivers use libopenportcls itself.
constexpr std::string_view few_exports[] = {"DbgPrint"};

class Build : public testing::Test {
protected:
    BuildRequest request(const std::filesystem::path& path) {
        BuildRequest request;
        request.path = path;
        request.output = folder / "out.so";
        request.cache_directory = cache;
        request.exports = few_exports;
        request.on_diagnostics = [this](std::string_view text) { diagnostics += text; };
        return request;
    }

    Result<BuildReport> build(const BuildRequest& asked) {
        diagnostics.clear();
        return build_driver(asked);
    }

    static std::string message(const Result<BuildReport>& report) {
        return report ? std::string() : report.error().message;
    }

    TemporaryFolder folder;
    std::string diagnostics;
    // Kept between runs, so that the runtime for drivers is compiled once; a test's own files are always new to it.
    const std::filesystem::path cache = OPENPORTCLS_TEST_CACHE;
};

using DriverEntry = std::int32_t __attribute__((ms_abi)) (*)(void*, void*);

class LoadedModule {
public:
    explicit LoadedModule(const std::filesystem::path& file) : handle_(::dlopen(file.c_str(), RTLD_NOW)) {
        EXPECT_NE(handle_, nullptr) << ::dlerror();
    }
    ~LoadedModule() {
        if (handle_)
            ::dlclose(handle_);
    }
    std::int32_t enter() const {
        auto entry = handle_ ? reinterpret_cast<DriverEntry>(::dlsym(handle_, "DriverEntry")) : nullptr;
        EXPECT_NE(entry, nullptr);
        return entry ? entry(nullptr, nullptr) : -1;
    }

private:
    void* handle_;
};

constexpr const char* entry_returning_three = "extern \"C\" long DriverEntry(void*, void*) { return 3; }\n";

std::set<std::string> local_names(const std::filesystem::path& module) {
    std::set<std::string> names;
    auto file = ElfFile::open(module);
    EXPECT_TRUE(file);
    if (file)
        for (const auto& symbol : file->symbols())
            names.emplace(symbol.name);
    return names;
}

} // namespace

TEST_F(Build, EveryTrapCompilesAndRuns) {
    auto asked = request(OPENPORTCLS_BUILD_TRAPS);
    asked.exports.reset();
    auto report = build(asked);
    ASSERT_TRUE(report) << message(report) << "\n" << diagnostics;
    EXPECT_EQ(LoadedModule(report->module).enter(), 0) << "10000 * check + line of tests/drivers/build-traps";

    auto file = ElfFile::open(report->module);
    ASSERT_TRUE(file);
    for (const char* section : {"PAGE", "INIT"}) {
        ASSERT_NE(file->section(section), nullptr) << section;
        EXPECT_GT(file->section(section)->size, 0U) << section;
        EXPECT_EQ(file->section(section)->alignment, 4096U) << section;
    }
    // They share no page with other code: a loader may drop the one and watch the other.
    for (const char* name : {"PAGE", "INIT"}) {
        const auto* own = file->section(name);
        auto end = (own->offset + own->size + 4095) / 4096 * 4096;
        for (const auto& other : file->sections()) {
            bool inside = other.size != 0 && other.offset < end && other.offset + other.size > own->offset;
            bool same_segment = (other.flags & own->flags) == own->flags; // allocated, executable
            if (same_segment && &other != own)
                EXPECT_FALSE(inside) << other.name << " shares a page with " << name;
        }
    }
    EXPECT_EQ(file->section(".drectve"), nullptr);
    auto names = local_names(report->module);
    EXPECT_THAT(names, Contains("CTrap::NonDelegatingQueryInterface"));
    EXPECT_THAT(names, Contains("paged_function"));
    for (const auto& name : names)
        EXPECT_EQ(name.find('@'), std::string::npos) << name;
    // Nothing but the entry is visible to other modules.
    for (const auto& symbol : file->dynamic_symbols())
        if (symbol.defined)
            EXPECT_EQ(symbol.name, "DriverEntry");
}

TEST_F(Build, TrapsRunWithoutOptimisationToo) {
    auto asked = request(OPENPORTCLS_BUILD_TRAPS);
    asked.exports.reset();
    asked.configuration = Configuration::debug;
    auto report = build(asked);
    ASSERT_TRUE(report) << message(report) << "\n" << diagnostics;
    EXPECT_EQ(LoadedModule(report->module).enter(), 0);
}

TEST_F(Build, TheNoteTellsHowTheModuleWasMade) {
    folder.add("drv/a.cpp", entry_returning_three);
    folder.add("drv/a.inx", "[Version]\n");
    auto asked = request(folder / "drv");
    asked.sanitizers.undefined = true;
    asked.coverage = true;
    auto report = build(asked);
    ASSERT_TRUE(report) << message(report) << diagnostics;
    auto note = read_module_note(report->module);
    ASSERT_TRUE(note) << note.error().message;
    EXPECT_EQ(*note, report->note);
    EXPECT_EQ(note->name, "drv");
    EXPECT_EQ(note->abi_version, module_abi_version);
    EXPECT_EQ(note->source_folder, folder / "drv");
    EXPECT_THAT(note->inf_files, testing::ElementsAre(folder / "drv/a.inx"));
    EXPECT_TRUE(note->has_sanitizer("undefined"));
    EXPECT_TRUE(note->coverage);
    EXPECT_FALSE(note->fuzz);
}

TEST_F(Build, ARebuildCompilesOnlyWhatChanged) {
    folder.add("drv/a.cpp",
               "#include \"shared.h\"\nextern \"C\" long DriverEntry(void*, void*) { return other() + VALUE; }\n");
    folder.add("drv/b.cpp", "#include \"shared.h\"\nint other() { return 1; }\n");
    folder.add("drv/c.cpp", "int lonely() { return 1; }\n");
    folder.add("drv/Shared.h", "int other();\n#define VALUE 2\n");
    auto first = build(request(folder / "drv"));
    ASSERT_TRUE(first) << message(first) << diagnostics;
    EXPECT_EQ(LoadedModule(first->module).enter(), 3);

    auto again = build(request(folder / "drv"));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->compiled, 0U);

    folder.add("drv/b.cpp", "#include \"shared.h\"\nint other() { return 10; }\n");
    auto one = build(request(folder / "drv"));
    ASSERT_TRUE(one);
    EXPECT_EQ(one->compiled, 1U);
    EXPECT_EQ(LoadedModule(one->module).enter(), 12);

    folder.add("drv/Shared.h", "int other();\n#define VALUE 20\n");
    auto header = build(request(folder / "drv"));
    ASSERT_TRUE(header);
    EXPECT_EQ(header->compiled, 2U);
    EXPECT_EQ(LoadedModule(header->module).enter(), 30);
    EXPECT_THAT(header->dependencies, Contains(folder / "drv/Shared.h"));

    folder.add("drv/out.so", "a build product beside the sources changes nothing");
    EXPECT_EQ(build(request(folder / "drv"))->compiled, 0U);
}

TEST_F(Build, CompilerErrorsReachTheUserUnchanged) {
    auto source = folder.add("drv/a.cpp", "extern \"C\" long DriverEntry(void*, void*)\n{\n    return absent;\n}\n");
    folder.add("drv/b.cpp", "int also() { return wrong }\n");
    auto report = build(request(folder / "drv"));
    ASSERT_FALSE(report);
    EXPECT_THAT(report.error().message, HasSubstr("2 of "));
    EXPECT_THAT(diagnostics, HasSubstr(source.string() + ":3:12: error: use of undeclared identifier 'absent'"));
    EXPECT_THAT(diagnostics, HasSubstr("b.cpp:1:26: error"));
}

TEST_F(Build, ErrorsInAHeaderSeenThroughACopyNameTheDriversOwnFile) {
    folder.add("drv/a.cpp",
               "#include \"CLASS.H\"\nextern \"C\" long DriverEntry(void*, void*) { return Handler(nullptr); }\n"
               "long Handler(C*) { return 1; }\n");
    auto header = folder.add("drv/class.h", "class C {\n  friend long Handler(C*);\n};\nint broken = absent;\n");
    ASSERT_FALSE(build(request(folder / "drv")));
    EXPECT_THAT(diagnostics, HasSubstr("class.h:4:14: error: use of undeclared identifier 'absent'"));
    EXPECT_THAT(diagnostics, Not(HasSubstr("'Handler'")));
    EXPECT_THAT(diagnostics, Not(HasSubstr(cache.string())));
}

TEST_F(Build, FriendsAreRememberedForTheNextBuild) {
    folder.add("drv/a.cpp", "#include \"class.h\"\nlong (*table[])(C*) = {Handler};\n"
                            "extern \"C\" long DriverEntry(void*, void*) { return table[0](nullptr); }\n");
    folder.add("drv/b.cpp", "#include \"class.h\"\nlong Handler(C*) { return 8; }\n");
    folder.add("drv/class.h", "class C {\n  friend long Handler(C*);\n};\n");
    auto asked = request(folder / "drv");
    auto report = build(asked);
    ASSERT_TRUE(report) << message(report) << diagnostics;
    EXPECT_EQ(LoadedModule(report->module).enter(), 8);
    EXPECT_THAT(diagnostics, IsEmpty());
    EXPECT_EQ(build(asked)->compiled, 0U);
    folder.add("drv/class.h", "class C {\n  friend long Handler(C*);\n};\n#define CHANGED\n");
    int compilations = 0;
    asked.on_command = [&](std::string_view command) {
        compilations += command.find("a.cpp -o") != std::string_view::npos;
    };
    ASSERT_TRUE(build(asked));
    EXPECT_EQ(compilations, 1);
}

TEST_F(Build, SymbolsNobodyProvidesAreRefusedWithTheirUser) {
    auto user =
        folder.add("drv/a.cpp", "extern \"C\" int DbgPrint(const char*, ...);\nextern \"C\" int ExNotThere(int);\n"
                                "struct Missing { int nowhere(int); };\n"
                                "extern \"C\" long DriverEntry(void*, void*) { Missing m; DbgPrint(\"\"); return "
                                "ExNotThere(1) + m.nowhere(2); }\n");
    auto report = build(request(folder / "drv"));
    ASSERT_FALSE(report);
    EXPECT_THAT(report.error().message, HasSubstr("ExNotThere (used by " + user.string() + ")"));
    EXPECT_THAT(report.error().message, HasSubstr("Missing::nowhere (used by"));
    EXPECT_THAT(report.error().message, Not(HasSubstr("DbgPrint")));
    EXPECT_FALSE(std::filesystem::exists(folder / "out.so"));
}

TEST_F(Build, AHostSymbolIsNotTakenForAnExport) {
    // malloc exists in every Linux process, but not in the Windows kernel.
    folder.add("drv/a.cpp", "extern \"C\" void* malloc(unsigned long long);\n"
                            "extern \"C\" long DriverEntry(void*, void*) { void* volatile memory = malloc(1); return "
                            "memory != nullptr; }\n");
    auto report = build(request(folder / "drv"));
    ASSERT_FALSE(report);
    EXPECT_THAT(report.error().message, HasSubstr("malloc"));
}

TEST_F(Build, ADriverWithoutAnEntryIsRefused) {
    folder.add("drv/a.cpp", "int f() { return 1; }\n");
    auto report = build(request(folder / "drv"));
    ASSERT_FALSE(report);
    EXPECT_THAT(report.error().message, HasSubstr("no source file defines DriverEntry"));
}

TEST_F(Build, EntriesOfOtherShapesAreFound) {
    folder.add("cpp/a.cpp", "long DriverEntry(void*, void*) { return 4; }\n");
    auto mangled = build(request(folder / "cpp"));
    ASSERT_TRUE(mangled) << message(mangled) << diagnostics;
    EXPECT_EQ(LoadedModule(mangled->module).enter(), 4);
    folder.add("gs/a.c", "long GsDriverEntry(void* a, void* b) { return 5; }\n");
    auto guarded = build(request(folder / "gs"));
    ASSERT_TRUE(guarded) << message(guarded) << diagnostics;
    EXPECT_EQ(LoadedModule(guarded->module).enter(), 5);
}

TEST_F(Build, AMissingSourceOfTheProjectIsNamed) {
    auto project =
        folder.add("p.vcxproj", "<Project><ItemGroup><ClCompile Include=\"gone.cpp\"/></ItemGroup></Project>");
    ASSERT_FALSE(build(request(project)));
    EXPECT_THAT(diagnostics, HasSubstr("gone.cpp: error: the project names this file"));
}

TEST_F(Build, DefinesAndIncludeFoldersOfTheRequestCount) {
    folder.add(
        "drv/a.cpp",
        "#include \"Extra.H\"\nextern \"C\" long DriverEntry(void*, void*) { return FROM_LINE + FROM_EXTRA; }\n");
    folder.add("more/extra.h", "#define FROM_EXTRA 30\n");
    auto asked = request(folder / "drv");
    asked.defines = {"FROM_LINE=4"};
    asked.include_directories = {folder / "more"};
    auto report = build(asked);
    ASSERT_TRUE(report) << message(report) << diagnostics;
    EXPECT_EQ(LoadedModule(report->module).enter(), 34);
}

TEST_F(Build, PathsWithSpacesAndSourcesAsAList) {
    BuildRequest asked = request("");
    asked.sources = {
        folder.add("a folder/my driver.cpp",
                   "#include \"my header.h\"\nextern \"C\" long DriverEntry(void*, void*) { return VALUE; }\n")};
    folder.add("a folder/my header.h", "#define VALUE 6\n");
    asked.name = "spaced";
    auto report = build(asked);
    ASSERT_TRUE(report) << message(report) << diagnostics;
    EXPECT_EQ(LoadedModule(report->module).enter(), 6);
    EXPECT_EQ(report->note.name, "spaced");
    EXPECT_EQ(build(asked)->compiled, 0U);
}

TEST_F(Build, AWayOutOfATryThatSkipsItsFinallyIsNoted) {
    auto source = folder.add("drv/a.cpp", "#include <wdm.h>\nstatic int locked;\n"
                                          "extern \"C\" long DriverEntry(void* a, void*)\n{\n    __try {\n"
                                          "        if (a)\n            return 1;\n    } __finally {\n"
                                          "        locked = 0;\n    }\n    return locked;\n}\n");
    auto asked = request(folder / "drv");
    asked.exports.reset();
    auto report = build(asked);
    ASSERT_TRUE(report) << message(report) << diagnostics;
    EXPECT_THAT(report->notes, testing::ElementsAre(HasSubstr(source.string() + ":7: leaves a __try")));
}

TEST_F(Build, StaticDestructorsRunWhenTheModuleGoes) {
    folder.add("drv/a.cpp", "static int* out;\nstruct S { ~S() { *out = 7; } };\nstatic S object;\n"
                            "extern \"C\" long DriverEntry(void* a, void*) { out = (int*)a; return 0; }\n");
    auto report = build(request(folder / "drv"));
    ASSERT_TRUE(report) << message(report) << diagnostics;
    int value = 0;
    auto* handle = ::dlopen(report->module.c_str(), RTLD_NOW);
    ASSERT_NE(handle, nullptr) << ::dlerror();
    reinterpret_cast<DriverEntry>(::dlsym(handle, "DriverEntry"))(&value, nullptr);
    ::dlclose(handle);
    EXPECT_EQ(value, 7);
}

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

TEST_F(Build, SimpleAudioSampleFromEveryStartingPoint) {
    const char* sample = std::getenv("OPENPORTCLS_SIMPLEAUDIOSAMPLE");
    if (!sample)
        GTEST_SKIP() << "OPENPORTCLS_SIMPLEAUDIOSAMPLE does not name a copy of the sample";
    for (const char* start : {"", "SimpleAudioSample.sln", "Source/Main/Main.vcxproj"}) {
        auto asked = request(std::filesystem::path(sample) / start);
        asked.exports.reset();
        auto report = build(asked);
        ASSERT_TRUE(report) << start << ": " << message(report) << "\n" << diagnostics;
        EXPECT_EQ(report->note.name, "SimpleAudioSample");
        EXPECT_THAT(report->note.inf_files, testing::SizeIs(1));
    }
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
