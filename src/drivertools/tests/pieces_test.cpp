// The single steps between a driver's source and its module.
#include "drivertools/compile_flags.h"
#include "drivertools/elf_file.h"
#include "drivertools/exception_blocks.h"
#include "drivertools/friend_prototypes.h"
#include "drivertools/host_bridge.h"
#include "drivertools/include_overlay.h"
#include "drivertools/kernel_imports.h"
#include "drivertools/module_note.h"
#include "drivertools/source_survey.h"
#include "drivertools/symbol_names.h"
#include "drivertools/unit_compiler.h"
#include "temporary_folder.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace openportcls;
using namespace openportcls::drivertools;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::StartsWith;

TEST(SymbolNames, AreReadableAndDifferent) {
    auto first = linker_safe_name("?NewStream@CMiniportWaveRT@@UEAAJPEAXK@Z",
                                  "CMiniportWaveRT::NewStream(void *, unsigned long)");
    auto second = linker_safe_name("?NewStream@CMiniportWaveRT@@UEAAJPEAX@Z", "CMiniportWaveRT::NewStream(void *)");
    EXPECT_EQ(readable_part(first), "CMiniportWaveRT::NewStream");
    EXPECT_EQ(readable_part(second), "CMiniportWaveRT::NewStream");
    EXPECT_NE(first, second);
    EXPECT_EQ(first, linker_safe_name("?NewStream@CMiniportWaveRT@@UEAAJPEAXK@Z",
                                      "CMiniportWaveRT::NewStream(void *, unsigned long)"));
    for (const auto& name : {first, second})
        EXPECT_EQ(name.find_first_of("@? \t#"), std::string::npos);
}

TEST(SymbolNames, KeepWhatPeopleKnow) {
    auto readable = [](std::string_view mangled, std::string_view demangled) {
        return std::string(readable_part(linker_safe_name(mangled, demangled)));
    };
    EXPECT_EQ(readable("??0A@@QEAA@XZ", "A::A(void)"), "A::A");
    EXPECT_EQ(readable("??1A@@UEAA@XZ", "A::~A(void)"), "A::~A");
    EXPECT_EQ(readable("??2@YAPEAX_K@Z", "operator new(unsigned __int64)"), "operator_new");
    EXPECT_EQ(readable("??RF@@QEAAXXZ", "F::operator()(void)"), "F::operator()");
    EXPECT_EQ(readable("??_7A@@6B@", "const A::`vftable'"), "A::vftable");
    EXPECT_EQ(readable("?y@?1??fb@@YAHH@Z@4HA", "`int __cdecl fb(int)'::`2'::y"), "int_fb::2::y");
    EXPECT_EQ(readable("??_C@_05abc@hello@", "\"hello\""), "string");
    EXPECT_EQ(linker_safe_name("?DriverEntry@@YAJPEAX0@Z", "DriverEntry(void *, void *)"), "DriverEntry");
    EXPECT_EQ(readable_part("ordinary"), "ordinary");
    EXPECT_EQ(readable_part("x.opcnothexadecimals12"), "x.opcnothexadecimals12");
    EXPECT_TRUE(needs_new_name("?f@@YAXXZ"));
    EXPECT_FALSE(needs_new_name("DriverEntry"));
}

TEST(SymbolNames, ReadsUndnamesOutput) {
    EXPECT_THAT(parse_undname_output("?a@@YAXXZ\na(void)\n\n?bad\n\n?b@@3HA\nb\n"),
                ElementsAre(Pair("?a@@YAXXZ", "a(void)"), Pair("?bad", ""), Pair("?b@@3HA", "b")));
}

TEST(FriendPrototypes, AreFoundBehindTheirClass) {
    std::string_view text = "class CMini : public IMini, public CUnknown {\n"
                            "  // friend int NotThis(int);\n"
                            "  enum { A = '{' };\n"
                            "public:\n"
                            "  friend NTSTATUS PropertyHandler_Level(IN PPCPROPERTY_REQUEST Request);\n"
                            "  friend _IRQL_requires_max_(2) BOOLEAN\n    Isr(void* a, int (*b)(int));\n"
                            "  friend KDEFERRED_ROUTINE TimerRoutine;\n"
                            "  friend class Other;\n"
                            "  friend int inline_one() { return 1; }\n"
                            "  struct Inner { friend void Deep(Inner*); };\n"
                            "};\n"
                            "int after;\n";
    auto functions = friend_functions(text);
    std::vector<std::string> names;
    for (const auto& function : functions) {
        names.push_back(function.name);
        EXPECT_EQ(text.substr(function.behind_class, 5), "\nint ");
    }
    EXPECT_THAT(names, ElementsAre("PropertyHandler_Level", "Isr", "TimerRoutine", "Deep"));
    EXPECT_EQ(functions[2].prototype, "KDEFERRED_ROUTINE TimerRoutine;");
}

TEST(FriendPrototypes, AreFoundBeforeTheDeclarationOfTheirClass) {
    auto place = [](std::string_view text) {
        auto functions = friend_functions(text);
        EXPECT_EQ(functions.size(), 1U) << text;
        return functions.empty()
                   ? std::string()
                   : functions[0].class_declaration + "|" + std::string(text.substr(functions[0].before_class, 12));
    };
    EXPECT_EQ(place("int x;\nclass H { friend void F(H*); };"), "class H;|class H { fr");
    EXPECT_EQ(place("void f() { }\n#pragma code_seg()\nclass __declspec(novtable) H final : public A<struct B> "
                    "{ friend void F(H*); };"),
              "class H;|class __decl");
    EXPECT_EQ(place("namespace n {\ntypedef struct _H { struct I { friend void F(); }; } H, *PH;\n}"),
              "struct _H;|typedef stru");
    EXPECT_EQ(place("DECLARE_INTERFACE_(IA, IUnknown) { friend int F(int); };"), "struct IA;|DECLARE_INTE");
    EXPECT_EQ(place("template <class T> class H { friend int F(int); };"), "|template <cl");
    EXPECT_EQ(place("class A::H { friend int F(int); };"), "|class A::H {");
    EXPECT_EQ(place("struct { friend int F(int); } one;"), "|struct { fri");
}

TEST(FriendPrototypes, ChangeNoLineNumber) {
    std::string_view text = "class A {\n friend int F(int);\n friend int G(int);\n};\nint x;\n";
    auto changed = with_friend_prototypes(text, {"G"});
    EXPECT_EQ(changed, "class A {\n friend int F(int);\n friend int G(int);\n}; int G ( int );\nint x;\n");
    EXPECT_EQ(with_friend_prototypes(text, {"H"}), text);
    EXPECT_EQ(with_friend_prototypes(text, {before_class("F"), "G", before_class("G")}),
              "class A; int F ( int ); int G ( int ); class A {\n friend int F(int);\n friend int G(int);\n}; "
              "int G ( int );\nint x;\n");
}

TEST(FriendPrototypes, CarryTheClassOfANestedType) {
    auto prototype = [](std::string_view members) {
        auto functions = friend_functions("class H : public B {\npublic:\n" + std::string(members) + "\n};");
        return functions.size() == 1 ? functions[0].prototype : "not one";
    };
    EXPECT_EQ(prototype("struct R { int a; }; friend void F(R* r, const R& s);"),
              "void F ( H::R * r , const H::R & s );");
    EXPECT_EQ(prototype("typedef enum _S { a, b } S, *PS; friend S F(IN PS state, ULONG S);"),
              "H::S F ( IN H::PS state , ULONG S );");
    EXPECT_EQ(prototype("typedef NTSTATUS (NTAPI *PFN)(int x); int g(PFN) { int t; } friend int F(PFN);"),
              "int F ( H::PFN );");
    EXPECT_EQ(prototype("using Word = int; enum class Way : int { up }; union U { int a; }; friend Word F(Way, U);"),
              "H::Word F ( H::Way , H::U );");
    EXPECT_EQ(prototype("struct I { struct D { int d; }; friend void F(D, struct D*); };"),
              "void F ( H::I::D , struct H::I::D * );");
    EXPECT_EQ(prototype("struct R; friend void F(R*, X::R, ULONG R);"), "void F ( H::R * , X :: R , ULONG R );");
    // It cannot stand before the class, but in the bodies that use it.
    constexpr std::string_view text =
        "class H { struct R { }; friend int F(R*); int g() { return F(0); } int h() { } };";
    EXPECT_EQ(with_friend_prototypes(text, {before_class("F")}),
              "class H { struct R { }; friend int F(R*); int g() { int F ( H::R * ); return F(0); } int h() { } };");
}

TEST(FriendPrototypes, StandOutsideOfConditionsInAClassHead) {
    constexpr std::string_view split =
        "int x;\nclass A\n#if X\n : public B {\n#else\n{\n#endif\n friend int F(A*);\n};\nint y;";
    EXPECT_EQ(with_friend_prototypes(split, {"F", before_class("F")}),
              "int x;\nclass A; int F ( A * ); class A\n#if X\n : public B {\n#else\n{\n#endif\n friend int F(A*);\n}; "
              "int F ( A * );\nint y;");
    constexpr std::string_view whole = "int x;\n#if X\nclass A : public B\n#else\nclass A\n#endif\n{\n friend int "
                                       "F(A*);\n};\n";
    EXPECT_EQ(
        with_friend_prototypes(whole, {before_class("F")}),
        "int x;\nclass A; int F ( A * ); \n#line 2\n#if X\nclass A : public B\n#else\nclass A\n#endif\n{\n friend "
        "int F(A*);\n};\n");
    constexpr std::string_view open = "#if X\nclass A : public B {\n#elif Y\nclass A : public C {\n#else\nclass A "
                                      "{\n#endif\n friend int F(A*);\n};\nvoid g() { }\n";
    EXPECT_TRUE(
        with_friend_prototypes(open, {before_class("F")}).starts_with("class A; int F ( A * ); \n#line 1\n#if"));
    EXPECT_NE(with_friend_prototypes(open, {"F"}).find("}; int F ( A * );\nvoid"), std::string::npos);
    constexpr std::string_view inside = "#if X\nclass A {\n friend int F(A*);\n};\n#endif\n";
    EXPECT_TRUE(
        with_friend_prototypes(inside, {before_class("F")}).starts_with("#if X\nclass A; int F ( A * ); class A"));
    constexpr std::string_view linkage =
        "#ifdef __cplusplus\nextern \"C\" {\n#endif\nclass A { friend int F(A*); };\n#ifdef "
        "__cplusplus\n}\n#endif\n";
    EXPECT_EQ(friend_functions(linkage).size(), 1U);
}

TEST(FriendPrototypes, UnderstandsInterfacesAndUnfinishedText) {
    auto in_interface = friend_functions("DECLARE_INTERFACE_(IA, IUnknown) { friend int F(int); };");
    ASSERT_EQ(in_interface.size(), 1U);
    EXPECT_TRUE(friend_functions("class A { friend int F(int); ").empty());
    EXPECT_TRUE(friend_functions("friend int F(int);").empty());
    EXPECT_TRUE(friend_functions("} } friend \"").empty());
}

TEST(FriendPrototypes, NamesComeFromTheCompilersErrors) {
    EXPECT_THAT(undeclared_identifiers("a.cpp:3:5: error: use of undeclared identifier 'Isr'; did you mean 'x'?\n"
                                       "b.h:1:1: error: use of undeclared identifier 'Dpc'\n"),
                ElementsAre("Dpc", "Isr"));
    EXPECT_TRUE(undeclared_identifiers("a.cpp:3:5: error: expected ';'").empty());
}

using Problems = std::vector<std::pair<std::size_t, bool>>;

Problems exception_blocks(std::string_view source, Language language = Language::cpp) {
    Problems problems;
    for (const auto& problem : exception_block_problems(source, language))
        problems.emplace_back(problem.line, problem.refused);
    return problems;
}

TEST(ExceptionBlocks, AFinallyThatJumpsBehindATryThatIsLeftIsRefused) {
    EXPECT_EQ(exception_blocks("int f() {\n __try {\n  if (x)\n   return 1;\n }\n __finally { g(); }\n return 2;\n}\n"),
              Problems());
    EXPECT_EQ(exception_blocks("int f() {\n__try { return 1; }\n__finally {\nreturn 2; }\n}"), Problems({{4, true}}));
    EXPECT_EQ(exception_blocks("int f() {\n__try { g(); }\n__finally {\nreturn 2; }\n}"), Problems());
    EXPECT_EQ(exception_blocks("int f() { __try { return 1; } __except(1) { return 2; } }"), Problems());
    EXPECT_EQ(exception_blocks("void f() {\nwhile (1) {\n__try { break; }\n__finally {\n__try { } __except (1) { }\n"
                               "}\n}\n}"),
              Problems({{5, true}}));
    // An inner goto stays inside, and so does what jumps inside a loop.
    EXPECT_EQ(exception_blocks("void f() {\n__try {\ngoto in;\nin: while (1) { break; }\n} __finally {\nreturn;\n}\n}"),
              Problems());
    EXPECT_EQ(exception_blocks("void f() {\n__try {\nfor (;;) if (a) { break; }\n} __finally {\nreturn;\n}\n}"),
              Problems());
    EXPECT_EQ(
        exception_blocks("void f() {\n__try {\nswitch (a) {\ncase 1: return;\n}\n} __finally {\ngoto x;\n}\nx:;}"),
        Problems({{7, true}}));
    EXPECT_EQ(exception_blocks("} } __finally { return; "), Problems());
}

TEST(ExceptionBlocks, WhatIsNotQuiteAsOnWindowsIsTold) {
    constexpr std::string_view asks =
        "void f() {\n__try { return; }\n__finally {\nif (AbnormalTermination())\ng(); }\n}";
    EXPECT_EQ(exception_blocks(asks), Problems({{4, false}}));
    EXPECT_EQ(exception_blocks(asks, Language::c), Problems());
    constexpr std::string_view loops = "void f() {\n__try { return; }\n__finally {\nfor (;;) {\nbreak; } }\n}";
    EXPECT_EQ(exception_blocks(loops), Problems({{5, false}}));
    EXPECT_EQ(exception_blocks(loops, Language::c), Problems());
    constexpr std::string_view leaves = "void f() {\nwhile (1) {\n__try {\ncontinue; }\n__except (1) {\nbreak; }\n}\n}";
    EXPECT_EQ(exception_blocks(leaves), Problems());
    EXPECT_EQ(exception_blocks(leaves, Language::c), Problems()); // the block has braces of its own then
    constexpr std::string_view unpaired = "void f() {\nfor (;;) {\n__try {\nbreak;\n";
    EXPECT_EQ(exception_blocks(unpaired, Language::c), Problems({{4, true}}));
}

TEST(ExceptionBlocks, GetBracesWhereALoopsJumpStandsInThem) {
    EXPECT_EQ(with_braced_exception_blocks("while (1) {\n__try {\ncontinue; }\n__except (1) {\nbreak; } }"),
              "while (1) {\n{ opc_seh_braced___try {\ncontinue; }\n__except (1) {\nbreak; } opc_seh_braced_end } }");
    EXPECT_EQ(with_braced_exception_blocks("while (1) { __try { __try { f(); } __finally { } break; } __finally { } }"),
              "while (1) { { opc_seh_braced___try { { opc_seh_braced___try { f(); } __finally { } opc_seh_braced_end } "
              "break; } __finally { } opc_seh_braced_end } }");
    for (std::string_view same : {"__try { while (1) { break; } } __finally { }", "__try { return; } __except (1) { }",
                                  "for (;;) { break; }", "__try { switch (a) { case 1: break; } } __finally { }"})
        EXPECT_EQ(with_braced_exception_blocks(same), same);
    // Braces in the branches of a condition pair once.
    constexpr std::string_view branches = "for (;;) {\n#if A\nif (a) {\n#else\nif (b) {\n#endif\n}\n__try { break; }\n"
                                          "__finally { }\n}\n";
    EXPECT_NE(with_braced_exception_blocks(branches), branches);
    EXPECT_EQ(exception_blocks(branches, Language::c), Problems());
    constexpr std::string_view dead =
        "for (;;) {\n#if 0\n{ {\n#ifdef A\n#else\n#endif\n#endif\n__try { break; }\n__finally "
        "{ }\n}\n";
    EXPECT_EQ(exception_blocks(dead, Language::c), Problems());
    EXPECT_NE(with_braced_exception_blocks(dead), dead);
}

TEST(SourceSurvey, FindsFoldersTraceHeadersAndTraceFunctions) {
    TemporaryFolder folder;
    auto source = folder.add("drv/main.cpp", "#include \"..\\Shared\\x.h\"\n#  include <Main.TMH>\n#include MACRO\n");
    folder.add("shared/x.h",
               "// begin_wpp config\n// FUNC TraceIt{LEVEL=L}(FLAGS, MSG, ...);\n// end_wpp\n// FUNC Not(\n");
    DriverProject project;
    project.folder = folder / "drv";
    project.units.push_back({.file = source});
    auto survey = survey_sources(project);
    EXPECT_THAT(survey.folders, ElementsAre(folder / "drv", folder / "shared"));
    EXPECT_THAT(survey.trace_headers, ElementsAre("Main.TMH"));
    EXPECT_THAT(survey.trace_functions, ElementsAre(Pair("TraceIt", ElementsAre("FLAGS", "MSG", "..."))));
    EXPECT_THAT(trace_header(survey.trace_functions),
                HasSubstr("#define TraceIt(opc_0, MSG, ...) OPC_TRACE(\"TraceIt(\" #opc_0 \")\", MSG, ##__VA_ARGS__)"));
    EXPECT_THAT(trace_header({{"Enter", {"FLAGS"}}}), HasSubstr("#define Enter(...) OPC_TRACE(\"Enter\", \"\")"));
}

TEST(IncludeOverlay, ListsHeadersNotBuildProducts) {
    TemporaryFolder folder;
    folder.add("A \"quoted\".h");
    folder.add("out.so");
    folder.add("odd.ext");
    folder.add("run.tmh");
    OverlayRequest request;
    request.folders.insert(folder.path());
    request.included_names.insert("odd.ext");
    request.trace_header = "/generated/trace.h";
    auto text = overlay_text(request);
    EXPECT_THAT(text, HasSubstr("A \\\"quoted\\\".h"));
    EXPECT_THAT(text, HasSubstr("odd.ext"));
    EXPECT_THAT(text, Not(HasSubstr("out.so")));
    EXPECT_THAT(text, HasSubstr("\"name\":\"run.tmh\",\"external-contents\":\"/generated/trace.h\""));
}

TEST(Depfile, IsParsedWithItsEscapes) {
    EXPECT_THAT(parse_depfile("out/a.o: a.cpp \\\n  with\\ space.h dollar$$.h\\\n  /x/hash\\#.h\n"),
                ElementsAre("a.cpp", "with space.h", "dollar$.h", "/x/hash#.h"));
    EXPECT_TRUE(parse_depfile("").empty());
}

TEST(HostBridge, KnowsFunctionsFromData) {
    EXPECT_TRUE(is_host_function("__asan_report_load4"));
    EXPECT_TRUE(is_host_function("__tsan_func_entry"));
    EXPECT_TRUE(is_host_function("atexit"));
    EXPECT_FALSE(is_host_function("__asan_shadow_memory_dynamic_address"));
    EXPECT_FALSE(is_host_function("__llvm_profile_runtime"));
    EXPECT_FALSE(is_host_function("memcpy"));
    EXPECT_FALSE(is_host_symbol("ExAllocatePool2"));
    // Reports name the driver's place, not the thunk's.
    EXPECT_THAT(bridge_assembly({"__tsan_read4"}), HasSubstr("call __tsan_read4_pc@PLT"));
    EXPECT_THAT(bridge_assembly({"__asan_report_store8"}), HasSubstr("call __asan_report_error@PLT"));
    EXPECT_THAT(bridge_assembly({"__asan_memset"}), HasSubstr("call __asan_memset@PLT"));
    EXPECT_THAT(bridge_assembly({"__asan_memmove"}), HasSubstr("__sanitizer_openportcls_look"));
    EXPECT_THAT(bridge_assembly({"__asan_report_present"}), HasSubstr("call __asan_report_present@PLT"));
}

TEST(ModuleNoteText, ComesBackAsItWas) {
    ModuleNote note;
    note.name = "cable";
    note.configuration = "debug";
    note.sanitizers = {"address", "undefined"};
    note.coverage = true;
    note.source_folder = "/a b/c";
    note.inf_files = {"/a b/c/cable.inx"};
    note.flags = "-O0 -DX=1";
    auto parsed = parse_note_text(note_text(note));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(*parsed, note);
    EXPECT_TRUE(parsed->has_sanitizer("address"));
    EXPECT_FALSE(parsed->has_sanitizer("thread"));
    EXPECT_FALSE(parse_note_text(""));
    EXPECT_FALSE(parse_note_text("abi=x\nname=a\n"));
}

// As ld.lld 19 prints them: the place once more in brackets where it has a folder, alone where it has none.
TEST(LinkErrors, ExplainWhereAKernelVariableIsReckonedWith) {
    for (const std::string place : {"r.cpp:4 (/folder/r.cpp:4)", "r.cpp:4"}) {
        const std::string explained = explained_link_errors(
            "ld.lld: error: relocation R_X86_64_PC32 cannot be used against symbol 'KeSetEvent'; recompile with -fPIC\n"
            ">>> defined in libopenportcls.so\n>>> referenced by " +
            place + "\n>>>               r.o:(DriverEntry)\n\n");
        const std::string file = place.size() > 10 ? "/folder/r.cpp:4" : "r.cpp:4";
        EXPECT_THAT(explained, StartsWith(file + ": error: 'KeSetEvent' lies in another module")) << explained;
    }
}

TEST(ElfFile, RefusesDamage) {
    EXPECT_FALSE(ElfFile::parse("", "x"));
    EXPECT_FALSE(ElfFile::parse("not an ELF file at all, but long enough to hold a header of one, surely", "x"));
    auto own = read_file("/proc/self/exe");
    ASSERT_TRUE(own);
    ASSERT_TRUE(ElfFile::parse(*own, "own"));
    // Cut anywhere: an answer or an error, never a read outside (the sanitizer builds watch).
    for (std::size_t size : {std::size_t{64}, std::size_t{200}, own->size() / 2, own->size() - 100})
        (void)ElfFile::parse(own->substr(0, size), "cut");
    EXPECT_FALSE(read_module_note("/proc/self/exe"));
}

TEST(CompileFlags, AskForTheWindowsAbi) {
    BuildRequest request;
    auto flags = common_flags(request, Instrumented::yes);
    EXPECT_THAT(flags, Contains("--target=x86_64-pc-windows-msvc-elf"));
    EXPECT_THAT(flags, Contains("-nostdinc"));
    EXPECT_THAT(flags, Contains("-O2"));
    request.sanitizers.address = true;
    request.configuration = Configuration::debug;
    flags = common_flags(request, Instrumented::yes);
    EXPECT_THAT(flags, Contains("-fsanitize=address"));
    EXPECT_THAT(flags, Contains("-O0"));
    EXPECT_THAT(common_flags(request, Instrumented::no), Not(Contains("-fsanitize=address")));
}

TEST(CompileFlags, LetTheLastDefinitionWin) {
    SourceUnit unit;
    unit.defines = {"A=1", "B", "A=2"};
    BuildRequest request;
    request.defines = {"B=3"};
    auto flags = unit_flags(unit, request, "/wdk", "");
    EXPECT_THAT(flags, Not(Contains("-DA=1")));
    EXPECT_THAT(flags, Contains("-DA=2"));
    EXPECT_THAT(flags, Not(Contains("-DB")));
    EXPECT_THAT(flags, Contains("-DB=3"));
}

TEST(CompileFlags, UndefineAfterDefining) {
    SourceUnit unit;
    unit.defines = {"PART=1"};
    BuildRequest request;
    request.undefines = {"PART"};
    auto flags = unit_flags(unit, request, "/wdk", "");
    auto defined = std::find(flags.begin(), flags.end(), "-DPART=1");
    auto undefined = std::find(flags.begin(), flags.end(), "-UPART");
    ASSERT_NE(undefined, flags.end());
    EXPECT_LT(defined, undefined);
}

TEST(Sanitizers, AreParsed) {
    auto both = parse_sanitizers("address,undefined");
    ASSERT_TRUE(both);
    EXPECT_THAT(both->names(), ElementsAre("address", "undefined"));
    EXPECT_FALSE(parse_sanitizers("address,thread"));
    EXPECT_FALSE(parse_sanitizers("memory"));
}
