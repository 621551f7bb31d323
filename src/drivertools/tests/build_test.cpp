// Whole builds, with the real compiler, headers and runtime for drivers.
#include "driver_build.h"

#include <gmock/gmock.h>
#include <map>
#include <mutex>
#include <sys/stat.h>

using namespace openportcls;
using namespace openportcls::drivertools;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

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

TEST_F(Build, AnOutputThatIsNoFileIsRefusedAndStays) {
    folder.add("drv/a.cpp", entry_returning_three);
    auto asked = request(folder / "drv");
    asked.output = folder / "pipe";
    ASSERT_EQ(::mkfifo(asked.output.c_str(), 0600), 0);
    EXPECT_EQ(message(build(asked)), (folder / "pipe").string() + ": not a file");
    EXPECT_TRUE(std::filesystem::is_fifo(folder / "pipe"));
    asked.output = folder / "drv";
    EXPECT_EQ(message(build(asked)), (folder / "drv").string() + ": not a file");
    std::filesystem::create_symlink("loop", folder / "loop");
    asked.output = folder / "loop";
    EXPECT_THAT(message(build(asked)), HasSubstr("a link to nowhere"));
}

// A cache of the user's that cannot be written costs time, nothing else.
TEST_F(Build, GoesWithoutACacheThatCannotBeWritten) {
    folder.add("drv/a.cpp", entry_returning_three);
    auto asked = request(folder / "drv");
    asked.cache_directory.clear();
    ::setenv("OPENPORTCLS_CACHE", "/proc/nowhere", 1);
    ::setenv("TMPDIR", folder.path().c_str(), 1);
    const auto report = build(asked);
    ::unsetenv("OPENPORTCLS_CACHE");
    ::unsetenv("TMPDIR");
    ASSERT_TRUE(report) << message(report) << "\n" << diagnostics;
    EXPECT_THAT(report->notes, Contains(HasSubstr("/proc/nowhere cannot be written")));
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
        EXPECT_THAT(entry.path().filename().string(), Not(HasSubstr("openportcls-"))) << "it is taken away";
    }
}

TEST_F(Build, ALinkedOutputIsWrittenWhereTheLinkPoints) {
    folder.add("drv/a.cpp", entry_returning_three);
    folder.add("real/old.so", "\x7f"
                              "ELF: what was there before");
    std::filesystem::create_symlink("real/old.so", folder / "old.so");
    std::filesystem::create_symlink("real/new.so", folder / "new.so"); // to a file still to come
    for (const char* name : {"old.so", "new.so"}) {
        auto asked = request(folder / "drv");
        asked.output = folder / name;
        auto report = build(asked);
        ASSERT_TRUE(report) << message(report) << diagnostics;
        EXPECT_TRUE(std::filesystem::is_symlink(asked.output)) << name;
        EXPECT_EQ(LoadedModule(folder / "real" / name).enter(), 3) << name;
    }
}

// Visual Studio saves in UTF-16 or in the system's code page.
TEST_F(Build, SourcesInOtherEncodingsAreRead) {
    const auto utf16 = [](std::string_view ascii) {
        std::string bytes = "\xFF\xFE";
        for (const char character : ascii)
            (bytes += character) += '\0';
        return bytes;
    };
    folder.add("drv/wide.h", utf16("enum { FromHeader = 1 };\n"));
    folder.add("drv/a.cpp", utf16("#include <ntddk.h>\n#include \"wide.h\"\nextern \"C\" int page();\n"
                                  "extern \"C\" NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT, PUNICODE_STRING) "
                                  "{ return FromHeader + page(); }\n"));
    // Windows-1252: e acute and the euro sign; the narrow string keeps its bytes, as it does on Windows.
    folder.add(
        "drv/page.cpp",
        "// caf\xE9 \"\n#include <ntddk.h>\nstatic const WCHAR Wide[] = L\"caf\xE9 \x80\";\n"
        "static const char Narrow[] = \"caf\xE9\";\nextern \"C\" int page() {\n"
        "return Wide[3] == 0xE9 && Wide[5] == 0x20AC && sizeof(Narrow) == 5 && (UCHAR)Narrow[3] == 0xE9 ? 2 : 100; "
        "}\n");
    auto report = build(request(folder / "drv"));
    ASSERT_TRUE(report) << message(report) << "\n" << diagnostics;
    EXPECT_EQ(LoadedModule(report->module).enter(), 3);
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

TEST_F(Build, FriendsCanBeUsedInTheirOwnClass) {
    folder.add("drv/a.cpp", R"(
#include <wdm.h>
struct Request { int value; };
class Holder {
    friend KDEFERRED_ROUTINE TheDpc;
    friend long Handler(Request*);
    friend long Look(const Holder* holder);
    KDPC dpc;
    long seen = 4;

public:
    void* init() { return (void*)static_cast<PKDEFERRED_ROUTINE>(TheDpc); }
    long ask() { Request request{2}; return Handler(&request) + (&Look)(this); }
};
template <class T> struct Table {
    friend long Late(long);
    long ask() { return Late(10); }
};
long Handler(Request* request) { return request->value; }
long Look(const Holder* holder) { return holder->seen; }
long Late(long value) { return value; }
VOID TheDpc(PKDPC, PVOID, PVOID, PVOID) { }
extern "C" long DriverEntry(void*, void*)
{
    Holder holder;
    Table<int> table;
    return holder.init() ? holder.ask() + table.ask() : 0;
}
)");
    auto report = build(request(folder / "drv"));
    ASSERT_TRUE(report) << message(report) << diagnostics;
    EXPECT_EQ(LoadedModule(report->module).enter(), 16);
    EXPECT_THAT(diagnostics, IsEmpty());
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

TEST_F(Build, FoldersThatAreNotThereAreNamed) {
    folder.add("drv/a.cpp", entry_returning_three);
    auto asked = request(folder / "drv");
    asked.include_directories = {folder / "missing", folder / "drv", folder / "drv/a.cpp"};
    auto report = build(asked);
    ASSERT_TRUE(report) << message(report) << diagnostics;
    EXPECT_THAT(report->notes,
                testing::ElementsAre((folder / "missing").string() + ": no such folder to include from (-I)",
                                     (folder / "drv/a.cpp").string() + ": no such folder to include from (-I)"));
    const auto expect_one_error = [&](std::filesystem::path BuildRequest::* place, const std::string& wrong,
                                      const std::string& why) {
        auto other = request(folder / "drv");
        other.*place = folder / wrong;
        EXPECT_EQ(message(build(other)), (folder / wrong).string() + why);
        EXPECT_EQ(diagnostics, "");
    };
    expect_one_error(&BuildRequest::wdk_include_directory, "missing", ": no such folder");
    expect_one_error(&BuildRequest::wdk_include_directory, "drv",
                     ": the headers that drivers include are not here: ntdef.h is missing");
    expect_one_error(&BuildRequest::runtime_directory, "missing", ": no such folder");
    expect_one_error(&BuildRequest::runtime_directory, "drv",
                     ": the sources of the runtime for drivers are not here: stdunk is missing");
    expect_one_error(&BuildRequest::cache_directory, "drv/a.cpp", ": no folder for the cache can be here");
}

TEST_F(Build, ASourceThatIsNamedTwiceIsCompiledOnce) {
    BuildRequest asked = request("");
    const auto source = folder.add("a.cpp", entry_returning_three);
    std::filesystem::create_symlink("a.cpp", folder / "b.cpp");
    asked.sources = {source, source, folder / "b.cpp", folder.add("c.cpp", "int other;\n")};
    asked.name = "twice";
    const auto report = build(asked);
    ASSERT_TRUE(report) << message(report) << diagnostics;
    EXPECT_EQ(LoadedModule(report->module).enter(), 3);
    EXPECT_THAT(report->notes, testing::ElementsAre(source.string() + ": named twice, compiled once",
                                                    (folder / "b.cpp").string() + ": named twice, compiled once"));
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

TEST_F(Build, ExceptionBlocksThatCannotBeBuiltAreNamedWithTheirLine) {
    auto source = folder.add("drv/a.cpp", "#include <wdm.h>\nstatic int locked;\n"
                                          "extern \"C\" long DriverEntry(void* a, void*)\n{\n    __try {\n"
                                          "        if (a)\n            return 1;\n    } __finally {\n"
                                          "        locked = AbnormalTermination();\n    }\n    return locked;\n}\n");
    auto asked = request(folder / "drv");
    asked.exports.reset();
    auto report = build(asked);
    ASSERT_TRUE(report) << message(report) << diagnostics;
    EXPECT_THAT(diagnostics, HasSubstr(source.string() + ":9: warning: AbnormalTermination() is FALSE here"));
    folder.add("drv/a.cpp", "#include <wdm.h>\nextern \"C\" long DriverEntry(void* a, void*)\n{\n    __try {\n"
                            "        if (a)\n            return 1;\n    } __finally {\n"
                            "        return 2;\n    }\n}\n");
    ASSERT_FALSE(build(asked));
    EXPECT_THAT(diagnostics, HasSubstr(source.string() + ":8: error: a __finally that jumps itself"));
}

TEST_F(Build, ExceptionBlocksInAHeaderAreCompiledWithoutOptimisation) {
    folder.add("drv/try.h", "inline int guarded(void* a)\n{\n    int step = 0;\n    __try {\n        step = a != 0;\n"
                            "    } __except (1) {\n        step += 4;\n    }\n    return step;\n}\n");
    folder.add("drv/a.cpp", "#include <wdm.h>\n#include \"try.h\"\nint plain();\n"
                            "extern \"C\" long DriverEntry(void* a, void*) { return guarded(a) + plain(); }\n");
    folder.add("drv/b.cpp", "int plain() { return 1; }\n");
    auto asked = request(folder / "drv");
    asked.exports.reset();
    std::map<std::string, std::string> last_command;
    std::mutex mutex;
    asked.on_command = [&](std::string_view command) {
        std::lock_guard guard(mutex);
        for (std::string_view unit : {"drv/a.cpp", "drv/b.cpp"})
            if (command.find(unit) != std::string_view::npos)
                last_command[std::string(unit)] = command;
    };
    auto report = build(asked);
    ASSERT_TRUE(report) << message(report) << diagnostics;
    EXPECT_THAT(last_command["drv/a.cpp"], HasSubstr(" -O0 "));
    EXPECT_THAT(last_command["drv/b.cpp"], Not(HasSubstr(" -O0 ")));
    EXPECT_EQ(build(asked)->compiled, 0U);
}

// They are driver code: a machine has to be there (tests/e2e/static_objects_test.cpp).
TEST_F(Build, TheDynamicLinkerRunsNoConstructorOrDestructorOfADriver) {
    folder.add("drv/a.cpp", "struct S { S() { *(volatile int*)0 = 1; } ~S() { *(volatile int*)0 = 2; } };\n"
                            "static S object;\n"
                            "static S first __attribute__((init_priority(200)));\n"
                            "extern \"C\" long DriverEntry(void*, void*) { return 0; }\n");
    auto report = build(request(folder / "drv"));
    ASSERT_TRUE(report) << message(report) << diagnostics;
    auto* handle = ::dlopen(report->module.c_str(), RTLD_NOW);
    ASSERT_NE(handle, nullptr) << ::dlerror();
    reinterpret_cast<DriverEntry>(::dlsym(handle, "DriverEntry"))(nullptr, nullptr);
    ::dlclose(handle);
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
