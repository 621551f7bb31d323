#include "drivertools/compile_flags.h"

#include <algorithm>

namespace openportcls::drivertools {

namespace {

// Warnings about the Microsoft dialect itself. What says something about the driver's correctness stays on.
constexpr std::string_view dialect_warnings[] = {"-Wno-unknown-pragmas",
                                                 "-Wno-ignored-attributes",
                                                 "-Wno-ignored-pragma-intrinsic",
                                                 "-Wno-ignored-pragma-optimize",
                                                 "-Wno-pragma-pack",
                                                 "-Wno-pragma-once-outside-header",
                                                 "-Wno-section",
                                                 "-Wno-microsoft",
                                                 "-Wno-multichar",
                                                 "-Wno-four-char-constants",
                                                 "-Wno-extra-tokens",
                                                 "-Wno-invalid-token-paste",
                                                 "-Wno-nonportable-include-path",
                                                 "-Wno-nonportable-system-include-path",
                                                 "-Wno-missing-declarations",
                                                 "-Wno-inconsistent-missing-override",
                                                 "-Wno-unknown-argument",
                                                 "-Wno-comment"};
// Errors to clang that Windows compilers accept.
constexpr std::string_view accepted_in_cpp[] = {
    "-Wno-c++11-narrowing",      "-Wno-writable-strings", "-Wno-register",         "-Wno-reserved-user-defined-literal",
    "-Wno-address-of-temporary", "-Wno-c++17-extensions", "-Wno-c++20-extensions", "-Wno-inconsistent-dllimport"};
constexpr std::string_view accepted_in_c[] = {"-Wno-error=implicit-function-declaration",
                                              "-Wno-error=implicit-int",
                                              "-Wno-error=int-conversion",
                                              "-Wno-error=incompatible-function-pointer-types",
                                              "-Wno-error=return-type",
                                              "-Wno-strict-prototypes",
                                              "-Wno-deprecated-non-prototype"};

void append(std::vector<std::string>& flags, std::initializer_list<std::string_view> more) {
    flags.insert(flags.end(), more.begin(), more.end());
}

std::string define_name(const std::string& define) {
    return define.substr(0, define.find('='));
}

} // namespace

std::vector<std::string> common_flags(const BuildRequest& request, Instrumented instrumented) {
    std::vector<std::string> flags;
    // Windows types and calling convention in ELF objects; PIC has to be asked of the code generator itself.
    append(flags, {"--target=x86_64-pc-windows-msvc-elf", "-Xclang", "-mrelocation-model", "-Xclang", "pic", "-Xclang",
                   "-pic-level", "-Xclang", "2"});
    append(flags, {"-nostdinc", "-fms-extensions", "-fms-compatibility", "-fms-compatibility-version=19.29"});
    // Exceptions would need funclets, RTTI breaks this back end, thread-safe statics need a C++ runtime.
    append(flags, {"-fno-exceptions", "-fno-threadsafe-statics"});
    // What Microsoft's compiler does not assume, its users do not keep to.
    append(flags, {"-fno-strict-aliasing", "-fno-delete-null-pointer-checks", "-fno-stack-protector"});
    // Drivers' operator new returns null when the pool is empty; the constructor must not run then.
    flags.emplace_back("-fcheck-new");
    // Every processor that 64-bit Windows runs on has it (InterlockedCompareExchange128).
    flags.emplace_back("-mcx16");
    // Full linkage names would be the mangled ones that the modules no longer have.
    append(flags, {"-gdwarf-4", "-mllvm", "-dwarf-linkage-names=Abstract", "-fno-omit-frame-pointer"});
    flags.emplace_back(request.configuration == Configuration::debug ? "-O0" : "-O2");
    for (auto warning : dialect_warnings)
        flags.emplace_back(warning);
    bool undefined = instrumented == Instrumented::yes && request.sanitizers.undefined;
    if (!undefined)
        flags.emplace_back("-fwrapv"); // would hide overflows from the sanitizer
    if (instrumented == Instrumented::no)
        return flags;
    if (request.sanitizers.address)
        // The mapping of the host's runtime; fake stacks would hide the guest's stack from the fibers.
        append(flags, {"-fsanitize=address", "-mllvm", "-asan-mapping-offset=0x7fff8000",
                       "-fsanitize-address-use-after-return=never"});
    if (request.sanitizers.undefined)
        append(flags, {"-fsanitize=undefined", "-fno-sanitize=vptr,function", "-fsanitize-recover=undefined"});
    if (request.sanitizers.thread)
        append(flags, {"-Xclang", "-fsanitize=thread"});
    if (request.coverage)
        append(flags, {"-fprofile-instr-generate", "-fcoverage-mapping", "-mllvm", "-disable-vp=true"});
    if (request.fuzz)
        flags.emplace_back("-fsanitize-coverage=inline-8bit-counters,pc-table,trace-cmp,indirect-calls");
    return flags;
}

std::vector<std::string> unit_flags(const SourceUnit& unit, const BuildRequest& request,
                                    const std::filesystem::path& wdk_include_directory,
                                    const std::filesystem::path& trace_folder) {
    std::vector<std::string> flags;
    bool cpp = unit.language == Language::cpp;
    append(flags, {"-x", cpp ? "c++" : "c"});
    auto standard = unit.standard.empty() ? (cpp ? "c++14" : "c11") : unit.standard;
    flags.push_back("-std=" + standard);
    if (cpp) {
        append(flags, {"-fno-rtti", "-fsized-deallocation"});
        for (auto warning : accepted_in_cpp)
            flags.emplace_back(warning);
    } else {
        for (auto warning : accepted_in_c)
            flags.emplace_back(warning);
    }
    if (unit.most_alignment != 0)
        flags.push_back("-fpack-struct=" + std::to_string(unit.most_alignment));
    if (unit.unsigned_char)
        flags.emplace_back("-funsigned-char");
    if (unit.wide_character_is_short)
        append(flags, {"-Xclang", "-fno-wchar"});
    // The last definition of a name wins, without a warning.
    std::vector<std::string> defines = unit.defines;
    defines.insert(defines.end(), request.defines.begin(), request.defines.end());
    for (auto define = defines.begin(); define != defines.end(); ++define)
        if (std::none_of(std::next(define), defines.end(),
                         [&](const std::string& later) { return define_name(later) == define_name(*define); }))
            flags.push_back("-D" + *define);
    for (const auto* names : {&unit.undefines, &request.undefines})
        for (const auto& name : *names)
            flags.push_back("-U" + name);
    for (const auto& folder : request.include_directories)
        append(flags, {"-I", folder.string()});
    for (const auto& folder : unit.include_directories)
        append(flags, {"-I", folder.string()});
    if (!trace_folder.empty())
        append(flags, {"-I", trace_folder.string()});
    append(flags, {"-isystem", wdk_include_directory.string(), "-isystem", (wdk_include_directory / "crt").string()});
    for (const auto& file : unit.forced_includes)
        append(flags, {"-include", file.string()});
    return flags;
}

} // namespace openportcls::drivertools
