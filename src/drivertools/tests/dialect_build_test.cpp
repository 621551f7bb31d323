// Whole builds of what Microsoft's compiler takes without further ado.
#include "driver_build.h"

#include <gmock/gmock.h>

using namespace openportcls;
using namespace openportcls::drivertools;
using testing::HasSubstr;
using testing::Not;

namespace {

class Dialect : public Build {
protected:
    // What DriverEntry returns; everything the library exports may be imported.
    std::int32_t run(const std::filesystem::path& project) {
        auto asked = request(project);
        asked.exports.reset();
        auto report = build(asked);
        EXPECT_TRUE(report) << message(report) << "\n" << diagnostics;
        notes = report ? report->notes : std::vector<std::string>();
        return report ? LoadedModule(report->module).enter() : -1;
    }

    std::vector<std::string> notes;
};

constexpr const char* entry_in_c = "NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path) { "
                                   "(void)Driver; (void)Path; return run(); }\n";
constexpr const char* entry_in_cpp =
    "extern \"C\" NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT, PUNICODE_STRING) { return run(); }\n";

std::string vcxproj(const std::string& compile, const std::string& items) {
    return "<Project><PropertyGroup><ConfigurationType>Driver</ConfigurationType></PropertyGroup>"
           "<ItemDefinitionGroup><ClCompile>" +
           compile + "</ClCompile></ItemDefinitionGroup><ItemGroup>" + items + "</ItemGroup></Project>";
}

// https://learn.microsoft.com/cpp/cpp/try-except-statement: "_try" and the like are synonyms with extensions on.
constexpr const char* blocks_with_one_underscore =
    "#include <ntddk.h>\n"
    "static int run(void) {\n"
    "    volatile int reached = 0;\n"
    "    int i;\n"
    "    _try { ExRaiseStatus(STATUS_NO_MEMORY); } _except (GetExceptionCode() == STATUS_NO_MEMORY) { reached += 1; }\n"
    "    _try { _leave; } _finally { reached += 10; }\n"
    "    for (i = 0; i < 3; ++i) {\n"
    "        _try { if (i == 1) break; reached += 100; } _finally { reached += 1000; }\n"
    "    }\n"
    "    return reached;\n"
    "}\n";

} // namespace

TEST_F(Dialect, ExceptionBlocksMayHaveOneUnderscore) {
    folder.add("c/a.c", std::string(blocks_with_one_underscore) + entry_in_c);
    folder.add("cpp/a.cpp", std::string(blocks_with_one_underscore) + entry_in_cpp);
    // They run in tests/drivers/build-traps, inside a machine.
    for (const char* project : {"c", "cpp"}) {
        auto asked = request(folder / project);
        asked.exports.reset();
        auto report = build(asked);
        EXPECT_TRUE(report) << message(report) << "\n" << diagnostics;
    }
}

TEST_F(Dialect, MistakesWithExceptionBlocksAreToldInTheDriversWords) {
    folder.add("a.c", "#include <ntddk.h>\nvoid f(void) { __leave; }\nlong g(void) { return GetExceptionCode(); }\n"
                      "void h(void) { __try { f(); } __except { f(); } }\n");
    EXPECT_FALSE(build(request(folder.path())));
    EXPECT_THAT(diagnostics, HasSubstr("a.c:2:"));
    EXPECT_THAT(diagnostics, HasSubstr("outside of an exception block"));
    EXPECT_THAT(diagnostics, HasSubstr("a.c:4:"));
    EXPECT_THAT(diagnostics, Not(HasSubstr("opc_")));
}

TEST_F(Dialect, StructuresArePackedButNotTheKits) {
    folder.add("drv.vcxproj", vcxproj("<StructMemberAlignment>1Byte</StructMemberAlignment>"
                                      "<AdditionalOptions>/J</AdditionalOptions>",
                                      "<ClCompile Include=\"a.cpp\"/>"));
    folder.add("own.h", "struct Own { char letter; int number; };\n");
    folder.add("a.cpp",
               "#include \"own.h\"\n#include <NTDDK.h>\n#include <ks.h>\n"
               "struct Late { char letter; LARGE_INTEGER number; };\n"
               "static int run() { char letter = (char)0xFF; return (sizeof(Own) == 5) + 2 * (sizeof(Late) == 9)"
               " + 4 * (FIELD_OFFSET(DRIVER_OBJECT, MajorFunction) == 0x70)"
               " + 8 * (sizeof(KSSTREAM_HEADER) == 56) + 16 * (letter == 255); }\n" +
                   std::string(entry_in_cpp));
    EXPECT_EQ(run(folder / "drv.vcxproj"), 31);
    EXPECT_THAT(notes, testing::Contains(HasSubstr("-fpack-struct=1")));
}

TEST_F(Dialect, ThePrecompiledHeaderOfAnotherFolderIsIncluded) {
    folder.add("drv.vcxproj",
               vcxproj("<PrecompiledHeader>Use</PrecompiledHeader><PrecompiledHeaderFile>pch.h</PrecompiledHeaderFile>",
                       "<ClCompile Include=\"src\\pch.cpp\"><PrecompiledHeader>Create</PrecompiledHeader></ClCompile>"
                       "<ClCompile Include=\"src\\sub\\a.cpp\"/>"));
    folder.add("src/pch.h", "#include <ntddk.h>\nenum { FromHeader = 7 };\n");
    folder.add("src/pch.cpp", "#include \"pch.h\"\n");
    folder.add("src/sub/a.cpp",
               std::string("#include \"pch.h\"\nstatic int run() { return FromHeader; }\n") + entry_in_cpp);
    EXPECT_EQ(run(folder / "drv.vcxproj"), 7);
}

TEST_F(Dialect, VectorTypesAndIntrinsicsAreThere) {
    const std::string source =
        "#include <ntddk.h>\n#include <intrin.h>\n#include <xmmintrin.h>\n#include <EmmIntrin.h>\n#include "
        "<immintrin.h>\n"
        "static ULONG64 privileged(ULONG64 value) {\n"
        "    UCHAR bytes[4] = {0};\n    USHORT words[4] = {0};\n    ULONG longs[4] = {0};\n"
        "    _disable(); __writecr8(__readcr8()); __writeeflags(__readeflags()); _enable();\n"
        "    __inbytestring(0x330, bytes, 4); __inwordstring(0x330, words, 4); __indwordstring(0x330, longs, 4);\n"
        "    __outbytestring(0x330, bytes, 4); __outwordstring(0x330, words, 4); __outdwordstring(0x330, longs, 4);\n"
        "    __outbyte(0x330, __inbyte(0x331)); __outword(0x330, __inword(0x331)); __outdword(0x330, "
        "__indword(0x331));\n"
        "    __wbinvd(); __writemsr(0x1B, __readmsr(0x1B)); __halt(); __invlpg(bytes);\n"
        "    __addgsbyte(1, 2); __addgsword(1, 2); __addgsdword(1, 2); __addgsqword(1, 2); __incgsqword(8);\n"
        "    return value + __readcr0() + __readcr2() + __readcr3() + __readcr4() + __getcallerseflags() + __rdtsc()\n"
        "        + ReadTimeStampCounter() + __readgsqword(0x188);\n}\n"
        "static int run(void) {\n"
        "    ULONG64 quads[4] = {1, 2, 3, 4};\n    ULONG longs[4];\n    USHORT words[4];\n    UCHAR bytes[5] = {1, "
        "2};\n"
        "    int registers[4], result = 0;\n"
        "    __m128i sum = _mm_add_epi32(_mm_set1_epi32(20), _mm_set1_epi32(22));\n"
        "    __m128 halves = _mm_mul_ps(_mm_set1_ps(0.5f), _mm_set1_ps(4.0f));\n"
        "    PreFetchCacheLine(PF_NON_TEMPORAL_LEVEL_ALL, quads); _mm_prefetch((const char*)quads, _MM_HINT_T0);\n"
        "    if (_mm_cvtsi128_si32(sum) != 42 || _mm_cvtss_f32(halves) != 2.0f) result |= 1;\n"
        "    __stosb(bytes + 2, 9, 3); __movsb(bytes + 1, bytes, 4);\n" // upwards: the first byte goes all the way
        "    if (bytes[4] != 1) result |= 2;\n"
        "    __stosw(words, 0xABCD, 4); __movsw(words, (USHORT*)quads, 1);\n"
        "    if (words[0] != 1 || words[3] != 0xABCD) result |= 4;\n"
        "    __stosd(longs, 7, 4); __movsd(longs, (ULONG*)quads, 1);\n"
        "    if (longs[0] != 1 || longs[3] != 7) result |= 8;\n"
        "    __stosq(quads + 2, 5, 2); __movsq(quads, quads + 3, 1);\n"
        "    if (quads[0] != 5 || quads[1] != 2 || quads[2] != 5) result |= 16;\n"
        "    if (__emul(-3, 5) != -15 || __emulu(0xFFFFFFFFu, 2) != 0x1FFFFFFFEull) result |= 32;\n"
        "    if (__ll_lshift(1, 65) != 2 || __ull_rshift(~0ull, 63) != 1 || __ll_rshift(-8, 1) != -4) result |= 64;\n"
        "    if (_abs64(-5) != 5 || _rotl(0x80000001u, 1) != 3 || _rotl64(1, 63) != 1ull << 63) result |= 128;\n"
        "    if (_byteswap_ulong(1) != 0x01000000 || _rotl8(0x81, 1) != 3 || _rotl16(0x8001, 1) != 3) result |= 256;\n"
        "    __cpuid(registers, 1);\n    if (!(registers[3] & 1 << 26)) result |= 512;\n"
        "    __cpuidex(registers, 7, 0);\n    if (registers[1] != 0) result |= 1024;\n"
        "    return registers[0] == 77 ? (int)privileged(1) : result;\n}\n";
    folder.add("c/a.c", source + entry_in_c);
    folder.add("cpp/a.cpp", source + entry_in_cpp);
    EXPECT_EQ(run(folder / "c"), 0);
    EXPECT_EQ(run(folder / "cpp"), 0);
}

// Drivers for old kits declare the intrinsics they use.
TEST_F(Dialect, IntrinsicsMayBeDeclaredByTheDriver) {
    const char* source =
        "#include <ntddk.h>\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n"
        "unsigned char __inbyte(unsigned short Port);\nvoid __stosd(unsigned long*, unsigned long, size_t);\n"
        "void _disable(void);\n#ifdef __cplusplus\n}\n#endif\n"
        "#pragma intrinsic(__inbyte, __stosd, _disable)\n"
        "static int run(void) { unsigned long value; __stosd(&value, 5, 1); "
        "if (value == 6) { _disable(); return __inbyte(1); } return (int)value; }\n";
    folder.add("c/a.c", std::string(source) + entry_in_c);
    folder.add("cpp/a.cpp", std::string(source) + entry_in_cpp);
    EXPECT_EQ(run(folder / "c"), 5);
    EXPECT_EQ(run(folder / "cpp"), 5);
}
