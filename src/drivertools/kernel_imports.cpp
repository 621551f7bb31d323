#include "drivertools/kernel_imports.h"

#include "drivertools/elf_file.h"
#include "drivertools/symbol_names.h"
#include "drivertools/text.h"

#include <cstring>
#include <elf.h>
#include <fmt/format.h>

namespace openportcls::drivertools {

namespace {

// `lea symbol(%rip), register`: REX.W, 8d, a ModRM byte that means "relative to rip", four bytes for the linker.
constexpr std::size_t bytes_before_displacement = 3;
constexpr unsigned char opcode_lea = 0x8d;
constexpr unsigned char opcode_mov = 0x8b;

bool is_plain_lea(std::string_view object, std::uint64_t place) {
    if (place < bytes_before_displacement || place > object.size())
        return false;
    auto byte = [&](std::size_t before) { return static_cast<unsigned char>(object[place - before]); };
    const bool wide = (byte(3) & ~0x4) == 0x48; // REX.W, with or without REX.R
    const bool relative_to_rip = (byte(1) & 0xc7) == 0x05;
    return wide && byte(2) == opcode_lea && relative_to_rip;
}

// The words between `before` and `after` in a line.
std::string_view between(std::string_view line, std::string_view before, std::string_view after) {
    auto start = line.find(before);
    if (start == std::string_view::npos)
        return {};
    start += before.size();
    auto end = line.find(after, start);
    return end == std::string_view::npos ? std::string_view() : line.substr(start, end - start);
}

} // namespace

Result<std::size_t> fetch_addresses_from_table(std::string& object, const std::string& name) {
    auto file = ElfFile::parse(object, name);
    if (!file)
        return file.error();
    constexpr std::int64_t plain_address = -4; // the displacement counts from the instruction's end
    std::size_t changed = 0;
    for (const auto& relocation : file->code_relocations()) {
        if (relocation.type != R_X86_64_PC32 || relocation.defined || relocation.addend != plain_address ||
            !is_plain_lea(object, relocation.place))
            continue;
        object[relocation.place - 2] = static_cast<char>(opcode_mov);
        constexpr std::uint32_t through_table = R_X86_64_REX_GOTPCRELX;
        std::memcpy(object.data() + relocation.type_offset, &through_table, sizeof through_table);
        ++changed;
    }
    return changed;
}

std::string copied_variables_assembly(const KernelVariables& variables) {
    if (variables.empty())
        return {};
    std::string text = ".text\nopc_copy_variables:\n";
    for (const auto& [name, size] : variables)
        text += fmt::format(" leaq __wrap_{0}(%rip),%rdi\n movq __real_{0}@GOTPCREL(%rip),%rsi\n movl ${1},%ecx\n"
                            " rep movsb\n",
                            name, size);
    // Before the driver's own constructors.
    text += " ret\n.section .init_array.0,\"aw\",@init_array\n.balign 8\n.quad opc_copy_variables\n.bss\n";
    for (const auto& [name, size] : variables)
        text += fmt::format(".balign 16\n.globl __wrap_{0}\n.hidden __wrap_{0}\n.type __wrap_{0},@object\n"
                            ".size __wrap_{0},{1}\n__wrap_{0}: .zero {1}\n",
                            name, size);
    return text + ".text\n";
}

std::vector<std::string> copied_variables_linker_options(const KernelVariables& variables) {
    std::vector<std::string> options;
    for (const auto& [name, size] : variables)
        options.push_back("--wrap=" + name);
    return options;
}

std::string explained_link_errors(std::string_view text) {
    std::string result;
    std::string symbol;
    for (auto line : lines_of(text)) {
        const bool unreachable = line.find("cannot be used against symbol") != std::string_view::npos &&
                                 line.find("recompile with -fPIC") != std::string_view::npos;
        if (unreachable)
            symbol = between(line, "symbol '", "'");
        // ">>> referenced by file.cpp:12 (/folder/file.cpp:12)", or without the brackets where both are the same
        constexpr std::string_view referenced = ">>> referenced by ";
        if (const auto at = line.find(referenced); !symbol.empty() && at != std::string_view::npos) {
            auto place = line.substr(at + referenced.size());
            place = place.substr(0, place.find(')'));
            auto bracket = place.find('(');
            result += fmt::format("{}: error: '{}' lies in another module: its address can be taken and it can be "
                                  "called, but neither read nor reckoned with in one instruction\n",
                                  bracket == std::string_view::npos ? place : place.substr(bracket + 1),
                                  readable_part(symbol));
        }
        if (line.empty())
            symbol.clear();
        if (symbol.empty())
            result += fmt::format("{}\n", line);
    }
    return result;
}

} // namespace openportcls::drivertools
