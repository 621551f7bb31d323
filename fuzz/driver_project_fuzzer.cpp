// Feeds any bytes to what reads a driver's files before a compiler does: ELF modules and their notes, friend
// declarations, include directives, conditions of MSBuild and nmake.
#include "drivertools/compiler_switches.h"
#include "drivertools/elf_file.h"
#include "drivertools/friend_prototypes.h"
#include "drivertools/module_note.h"
#include "drivertools/msbuild_expression.h"
#include "drivertools/source_survey.h"
#include "drivertools/source_text.h"
#include "drivertools/symbol_names.h"
#include "drivertools/text.h"
#include "drivertools/unit_compiler.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace openportcls::drivertools;
    std::string bytes(reinterpret_cast<const char*>(data), size);
    if (auto file = ElfFile::parse(bytes, "fuzz.so")) {
        (void)file->note("OpenPortCls", 1);
        (void)file->section("PAGE");
    }
    auto text = to_utf8(bytes);
    (void)readable_source(bytes);
    (void)command_line_words(text);
    (void)parse_note_text(text);
    (void)include_directives(text);
    (void)wpp_functions(text);
    (void)parse_depfile(text);
    (void)parse_undname_output(text);
    (void)linker_safe_name(text, text);
    (void)evaluate_condition(text, "/");
    std::set<std::string> wanted;
    for (const auto& function : friend_functions(text)) {
        if (function.before_class > function.behind_class || function.behind_class > text.size()) {
            __builtin_trap();
        }
        wanted.insert(function.name);
        wanted.insert(before_class(function.name));
    }
    (void)with_friend_prototypes(text, wanted);
    return 0;
}
