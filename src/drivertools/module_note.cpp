#include "drivertools/module_note.h"

#include "drivertools/elf_file.h"
#include "drivertools/text.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace openportcls::drivertools {

namespace {

constexpr std::string_view note_owner = "OpenPortCls";
constexpr std::uint32_t note_type = 1;

} // namespace

bool ModuleNote::has_sanitizer(std::string_view sanitizer) const {
    return std::find(sanitizers.begin(), sanitizers.end(), sanitizer) != sanitizers.end();
}

std::string note_text(const ModuleNote& note) {
    std::string text =
        fmt::format("abi={}\nname={}\nconfiguration={}\n", note.abi_version, note.name, note.configuration);
    for (const auto& sanitizer : note.sanitizers)
        text += fmt::format("sanitizer={}\n", sanitizer);
    if (note.coverage)
        text += "coverage=1\n";
    if (note.fuzz)
        text += "fuzz=1\n";
    text += fmt::format("source={}\n", note.source_folder.string());
    for (const auto& inf : note.inf_files)
        text += fmt::format("inf={}\n", inf.string());
    text += fmt::format("flags={}\n", note.flags);
    return text;
}

Result<ModuleNote> parse_note_text(std::string_view text) {
    ModuleNote note;
    note.abi_version = 0;
    for (auto line : lines_of(text)) {
        auto equals = line.find('=');
        if (equals == std::string_view::npos)
            continue;
        auto key = line.substr(0, equals);
        auto value = line.substr(equals + 1);
        if (key == "abi")
            std::from_chars(value.data(), value.data() + value.size(), note.abi_version);
        else if (key == "name")
            note.name = value;
        else if (key == "configuration")
            note.configuration = value;
        else if (key == "sanitizer")
            note.sanitizers.emplace_back(value);
        else if (key == "coverage")
            note.coverage = value == "1";
        else if (key == "fuzz")
            note.fuzz = value == "1";
        else if (key == "source")
            note.source_folder = value;
        else if (key == "inf")
            note.inf_files.emplace_back(value);
        else if (key == "flags")
            note.flags = value;
    }
    if (note.abi_version <= 0 || note.name.empty())
        return Error{status_invalid_image_format, "its OpenPortCls note is damaged"};
    return note;
}

std::string note_assembly(const ModuleNote& note) {
    auto text = note_text(note);
    std::string bytes;
    for (unsigned char character : text)
        bytes += fmt::format("{}{}", bytes.empty() ? "" : ",", static_cast<unsigned>(character));
    return fmt::format(".section .note.openportcls,\"a\",@note\n.balign 4\n.long {}\n.long {}\n.long {}\n"
                       ".asciz \"{}\"\n.balign 4\n.byte {}\n.balign 4\n",
                       note_owner.size() + 1, text.size(), note_type, note_owner, bytes);
}

Result<ModuleNote> read_module_note(const std::filesystem::path& module) {
    auto file = ElfFile::open(module);
    if (!file)
        return file.error();
    auto text = file->note(note_owner, note_type);
    if (text.empty())
        return Error{status_invalid_image_format,
                     module.string() +
                         ": not a driver module: it has no OpenPortCls note (was it made by `portcls build`?)"};
    auto note = parse_note_text(text);
    if (!note)
        return Error{note.status(), module.string() + ": " + note.error().message};
    return note;
}

} // namespace openportcls::drivertools
