#include "drivertools/elf_file.h"

#include "drivertools/text.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <elf.h>

namespace openportcls::drivertools {

template<class T>
const T* ElfFile::at(std::uint64_t offset, std::uint64_t count) const {
    std::uint64_t size = content_.size();
    bool inside = offset <= size && count <= (size - offset) / sizeof(T);
    bool aligned = offset % alignof(T) == 0;
    return inside && aligned ? reinterpret_cast<const T*>(content_.data() + offset) : nullptr;
}

std::string_view ElfFile::text_at(std::uint64_t offset, std::uint64_t end) const {
    end = std::min<std::uint64_t>(end, content_.size());
    if (offset >= end)
        return {};
    const char* start = content_.data() + offset;
    return {start, ::strnlen(start, end - offset)};
}

Result<ElfFile> ElfFile::open(const std::filesystem::path& file) {
    auto content = read_file(file);
    if (!content)
        return content.error();
    return parse(std::move(*content), file.string());
}

Result<ElfFile> ElfFile::parse(std::string content, const std::string& name) {
    ElfFile file;
    file.content_.assign(content.begin(), content.end());
    auto* header = file.at<Elf64_Ehdr>(0);
    bool is_elf64 = header && std::memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 &&
                    header->e_ident[EI_CLASS] == ELFCLASS64 && header->e_ident[EI_DATA] == ELFDATA2LSB;
    if (!is_elf64)
        return Error{status_invalid_image_format, name + ": not a 64-bit ELF file"};
    if (auto read = file.read_sections(name); !read)
        return read.error();
    return file;
}

Result<void> ElfFile::read_sections(const std::string& name) {
    auto* header = at<Elf64_Ehdr>(0);
    if (header->e_shnum == 0)
        return {};
    auto* table = at<Elf64_Shdr>(header->e_shoff, header->e_shnum);
    if (!table || header->e_shstrndx >= header->e_shnum)
        return Error{status_invalid_image_format, name + ": damaged: its section table lies outside the file"};
    const auto& names = table[header->e_shstrndx];
    for (std::size_t index = 0; index < header->e_shnum; ++index) {
        const auto& section = table[index];
        auto end_of_names = names.sh_offset + names.sh_size;
        sections_.push_back({text_at(names.sh_offset + section.sh_name, end_of_names), section.sh_type,
                             section.sh_flags, section.sh_offset, section.sh_size, section.sh_addralign,
                             section.sh_addr});
        if (section.sh_type == SHT_SYMTAB)
            read_symbols(index, symbols_, &symbol_name_offsets_);
        if (section.sh_type == SHT_DYNSYM)
            read_symbols(index, dynamic_symbols_, nullptr);
    }
    return {};
}

void ElfFile::read_symbols(std::size_t section_index, std::vector<ElfSymbol>& into,
                           std::vector<std::uint64_t>* offsets) {
    auto* header = at<Elf64_Ehdr>(0);
    auto* table = at<Elf64_Shdr>(header->e_shoff, header->e_shnum);
    const auto& section = table[section_index];
    auto count = section.sh_size / sizeof(Elf64_Sym);
    auto* symbols = at<Elf64_Sym>(section.sh_offset, count);
    if (!symbols || section.sh_link >= header->e_shnum)
        return;
    const auto& names = table[section.sh_link];
    for (std::uint64_t index = 0; index < count; ++index) {
        const auto& symbol = symbols[index];
        auto name_offset = names.sh_offset + symbol.st_name;
        auto text = text_at(name_offset, names.sh_offset + names.sh_size);
        if (text.empty())
            continue;
        auto binding = ELF64_ST_BIND(symbol.st_info);
        into.push_back({text, symbol.st_shndx != SHN_UNDEF, binding == STB_WEAK, binding != STB_LOCAL,
                        ELF64_ST_TYPE(symbol.st_info) == STT_OBJECT, symbol.st_size});
        if (offsets)
            offsets->push_back(name_offset);
    }
}

const ElfSection* ElfFile::section(std::string_view name) const {
    auto found = std::find_if(sections_.begin(), sections_.end(),
                              [&](const ElfSection& section) { return section.name == name; });
    return found == sections_.end() ? nullptr : &*found;
}

std::vector<ElfCodeRelocation> ElfFile::code_relocations() const {
    std::vector<ElfCodeRelocation> found;
    auto* header = at<Elf64_Ehdr>(0);
    auto* table = at<Elf64_Shdr>(header->e_shoff, header->e_shnum);
    auto section_at = [&](std::uint64_t index) { return table && index < header->e_shnum ? table + index : nullptr; };
    for (std::uint64_t index = 0; table && index < header->e_shnum; ++index) {
        const auto& section = table[index];
        const auto* code = section_at(section.sh_info);
        const auto* symbol_table = section_at(section.sh_link);
        if (section.sh_type != SHT_RELA || !code || !symbol_table || (code->sh_flags & SHF_EXECINSTR) == 0)
            continue;
        auto count = section.sh_size / sizeof(Elf64_Rela);
        auto symbol_count = symbol_table->sh_size / sizeof(Elf64_Sym);
        auto* relocations = at<Elf64_Rela>(section.sh_offset, count);
        auto* symbols = at<Elf64_Sym>(symbol_table->sh_offset, symbol_count);
        for (std::uint64_t entry = 0; relocations && symbols && entry < count; ++entry) {
            const auto& relocation = relocations[entry];
            auto symbol = ELF64_R_SYM(relocation.r_info);
            if (symbol >= symbol_count || relocation.r_offset >= code->sh_size)
                continue;
            found.push_back({code->sh_offset + relocation.r_offset,
                             section.sh_offset + entry * sizeof(Elf64_Rela) + offsetof(Elf64_Rela, r_info),
                             static_cast<std::uint32_t>(ELF64_R_TYPE(relocation.r_info)), relocation.r_addend,
                             symbols[symbol].st_shndx != SHN_UNDEF});
        }
    }
    return found;
}

std::string_view ElfFile::find_note(std::uint64_t offset, std::uint64_t size, std::string_view owner,
                                    std::uint32_t type) const {
    auto end = std::min<std::uint64_t>(offset + size, content_.size());
    auto padded = [](std::uint64_t length) { return (length + 3) & ~std::uint64_t{3}; };
    while (auto* note = at<Elf64_Nhdr>(offset)) {
        auto name_at = offset + sizeof *note;
        auto description_at = name_at + padded(note->n_namesz);
        if (name_at > end || description_at > end || note->n_descsz > end - description_at)
            break;
        if (text_at(name_at, name_at + note->n_namesz) == owner && note->n_type == type)
            return {content_.data() + description_at, note->n_descsz};
        offset = description_at + padded(note->n_descsz);
    }
    return {};
}

std::string_view ElfFile::note(std::string_view owner, std::uint32_t type) const {
    auto* header = at<Elf64_Ehdr>(0);
    // Segments first: they survive `strip`.
    if (auto* segments = at<Elf64_Phdr>(header->e_phoff, header->e_phnum))
        for (std::size_t index = 0; index < header->e_phnum; ++index)
            if (segments[index].p_type == PT_NOTE)
                if (auto found = find_note(segments[index].p_offset, segments[index].p_filesz, owner, type);
                    !found.empty())
                    return found;
    for (const auto& section : sections_)
        if (section.type == SHT_NOTE)
            if (auto found = find_note(section.offset, section.size, owner, type); !found.empty())
                return found;
    return {};
}

} // namespace openportcls::drivertools
