// What a driver module says about itself, in its section .note.openportcls.
#pragma once

#include "base/result.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace openportcls::drivertools {

// Raised when a module built before can no longer be loaded by the library of now.
inline constexpr int module_abi_version = 1;

// Driver code that has to wait for a machine: arrays of functions that make the module's static objects, by priority
// behind a dot and last those without one; and the destructors of these objects, a count and then the functions.
inline constexpr std::string_view constructors_section = "opc_constructors";
inline constexpr std::string_view destructors_section = "opc_destructors";

struct ModuleNote {
    std::string name;
    int abi_version = module_abi_version;
    std::string configuration;           // release or debug
    std::vector<std::string> sanitizers; // address, undefined, thread
    bool coverage = false;
    bool fuzz = false;
    std::filesystem::path source_folder;
    std::vector<std::filesystem::path> inf_files; // .inf and .inx of the project
    std::string flags;                            // of the compiler

    bool has_sanitizer(std::string_view sanitizer) const;
    bool operator==(const ModuleNote&) const = default;
};

std::string note_text(const ModuleNote& note);
Result<ModuleNote> parse_note_text(std::string_view text);

// The note as assembler source.
std::string note_assembly(const ModuleNote& note);

Result<ModuleNote> read_module_note(const std::filesystem::path& module);

} // namespace openportcls::drivertools
