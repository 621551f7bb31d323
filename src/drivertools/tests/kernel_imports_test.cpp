// Addresses of the kernel's functions, and its variables, in drivers (tests/drivers/build-traps/imports.cpp runs them).
#include "driver_build.h"
#include "drivertools/kernel_imports.h"
#include "drivertools/process.h"
#include "drivertools/text.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

using namespace openportcls;
using namespace openportcls::drivertools;
using testing::HasSubstr;
using testing::Not;

namespace {

constexpr const char* entry_of_imports =
    "extern \"C\" int check_imports();\nextern \"C\" long DriverEntry(void*, void*) { return check_imports(); }\n";

} // namespace

TEST_F(Build, ImportsLinkHoweverTheyAreCompiled) {
    auto asked = request("");
    asked.exports.reset();
    asked.name = "imports";
    asked.sources = {folder.add("entry.cpp", entry_of_imports), OPENPORTCLS_BUILD_TRAPS "/imports.cpp"};
    for (auto configuration : {Configuration::release, Configuration::debug})
        for (auto sanitizers : {Sanitizers{true, true, false}, Sanitizers{false, false, true}}) {
            asked.configuration = configuration;
            asked.sanitizers = sanitizers;
            auto report = build(asked);
            EXPECT_TRUE(report) << fmt::format("{}", configuration == Configuration::debug) << sanitizers.thread << ": "
                                << message(report) << "\n"
                                << diagnostics;
        }
    asked.sanitizers = {};
    asked.coverage = asked.fuzz = true;
    auto report = build(asked);
    EXPECT_TRUE(report) << message(report) << "\n" << diagnostics;
}

TEST_F(Build, AUseOfTheKernelsCodeThatCannotBeBuiltIsExplainedWithItsLine) {
    auto source = folder.add("drv/a.cpp", "extern \"C\" int DbgPrint(const char*, ...);\n"
                                          "extern \"C\" long DriverEntry(void*, void*)\n{\n"
                                          "    return *(volatile char*)&DbgPrint;\n}\n");
    auto report = build(request(folder / "drv"));
    ASSERT_FALSE(report);
    EXPECT_THAT(diagnostics, HasSubstr(source.string() + ":4: error: 'DbgPrint' lies in another module"));
    EXPECT_THAT(diagnostics, Not(HasSubstr("-fPIC")));
}

TEST_F(Build, AVariableOfTheKernelsNameInTheDriverIsTheDriversOwn) {
    folder.add("drv/a.cpp", "extern \"C\" unsigned char* KdDebuggerEnabled;\n"
                            "extern \"C\" long DriverEntry(void*, void*) { return *KdDebuggerEnabled; }\n");
    folder.add("drv/b.cpp", "static unsigned char own = 7;\nextern \"C\" unsigned char* KdDebuggerEnabled = &own;\n");
    auto asked = request(folder / "drv");
    asked.exports.reset();
    auto report = build(asked);
    ASSERT_TRUE(report) << message(report) << diagnostics;
    EXPECT_EQ(LoadedModule(report->module).enter(), 7);
}

TEST_F(Build, AVariableOfTheKernelIsThereBeforeStaticObjects) {
    folder.add("drv/a.cpp", "extern \"C\" unsigned char* KdDebuggerNotPresent;\n"
                            "struct S { int value; S() : value(*KdDebuggerNotPresent + 4) {} };\nstatic S object;\n"
                            "extern \"C\" long DriverEntry(void*, void*) { return object.value; }\n");
    auto asked = request(folder / "drv");
    asked.exports.reset();
    auto report = build(asked);
    ASSERT_TRUE(report) << message(report) << diagnostics;
    EXPECT_EQ(LoadedModule(report->module).enter(), 5);
}

class KernelImports : public testing::Test {
protected:
    std::string assembled(const std::string& code) {
        auto source = folder.add("a.s", code);
        auto object = folder / "a.o";
        auto ran = run_process(std::vector<std::string>{"cc", "-c", source, "-o", object});
        EXPECT_TRUE(ran && ran->exit_status == 0) << (ran ? ran->diagnostics : "no cc");
        auto content = read_file(object);
        return content ? *content : std::string();
    }

    static std::string code_of(const std::string& object) {
        auto file = ElfFile::parse(object, "object");
        const auto* text = file ? file->section(".text") : nullptr;
        return text ? object.substr(text->offset, text->size) : std::string();
    }

    TemporaryFolder folder;
    static constexpr const char* code = "inside: leaq outside(%rip),%rcx\n leaq outside(%rip),%r9\n"
                                        " leaq outside+1(%rip),%rcx\n leaq inside(%rip),%rcx\n leaq other(%rip),%rcx\n"
                                        " movq outside(%rip),%rcx\n cmpb $1,outside(%rip)\n call outside@PLT\n"
                                        ".globl other\nother: ret\n";
};

TEST_F(KernelImports, OnlyPlainAddressesOfWhatLiesOutsideAreFetched) {
    auto object = assembled(code);
    auto before = code_of(object);
    auto changed = fetch_addresses_from_table(object, "object");
    ASSERT_TRUE(changed) << changed.error().message;
    EXPECT_EQ(*changed, 2U);
    auto after = code_of(object);
    ASSERT_EQ(after.size(), before.size());
    std::vector<std::size_t> places;
    for (std::size_t index = 0; index < after.size(); ++index)
        if (after[index] != before[index])
            places.push_back(index);
    EXPECT_THAT(places, testing::ElementsAre(1, 8)); // the opcodes of the first two instructions
    EXPECT_EQ(*fetch_addresses_from_table(object, "object"), 0U);
}

TEST_F(KernelImports, DamagedObjectsAreNotFollowedOutsideTheFile) {
    const auto object = assembled(code);
    for (std::size_t size = 0; size < object.size(); ++size) {
        auto cut = object.substr(0, size);
        auto changed = fetch_addresses_from_table(cut, "cut");
        EXPECT_TRUE(!changed || *changed <= 2U);
    }
    for (std::size_t index = 0; index < object.size(); ++index) {
        auto damaged = object;
        damaged[index] = static_cast<char>(damaged[index] ^ 0xff);
        auto changed = fetch_addresses_from_table(damaged, "damaged");
        EXPECT_TRUE(!changed || *changed <= 2U);
    }
}
