// Reads what the build needs of 64-bit ELF objects and modules: sections, symbols, notes.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace openportcls::drivertools {

struct ElfSymbol {
    std::string_view name;
    bool defined = false;
    bool weak = false;
    bool global = false; // visible to other objects
    bool variable = false;
    std::uint64_t size = 0;
};

// A place in the code of an object that the linker fills in.
struct ElfCodeRelocation {
    std::uint64_t place = 0;       // of the bytes to be filled in, in the file
    std::uint64_t type_offset = 0; // of the 32 bits that hold `type`, in the file
    std::uint32_t type = 0;
    std::int64_t addend = 0;
    bool defined = false; // what it refers to lies in this object
};

struct ElfSection {
    std::string_view name;
    std::uint32_t type = 0;
    std::uint64_t flags = 0;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::uint64_t alignment = 0;
    std::uint64_t address = 0; // in the image
};

class ElfFile {
public:
    static Result<ElfFile> open(const std::filesystem::path& file);
    // `content` is checked as far as it is used: every offset lies inside it.
    static Result<ElfFile> parse(std::string content, const std::string& name);

    const std::vector<ElfSection>& sections() const { return sections_; }
    const std::vector<ElfSymbol>& symbols() const { return symbols_; }
    const std::vector<ElfSymbol>& dynamic_symbols() const { return dynamic_symbols_; }
    const ElfSection* section(std::string_view name) const;

    // Of all executable sections, in the order of the file; what lies outside the file is left out.
    std::vector<ElfCodeRelocation> code_relocations() const;

    // The description of the first note of this owner and type in any note segment or section; empty if absent.
    std::string_view note(std::string_view owner, std::uint32_t type) const;

    // Where the names of the full symbol table are, inside the file.
    std::span<const std::uint64_t> symbol_name_offsets() const { return symbol_name_offsets_; }

    ElfFile(ElfFile&&) = default;
    ElfFile& operator=(ElfFile&&) = default;

private:
    ElfFile() = default;
    Result<void> read_sections(const std::string& name);
    void read_symbols(std::size_t section_index, std::vector<ElfSymbol>& into, std::vector<std::uint64_t>* offsets);
    std::string_view find_note(std::uint64_t offset, std::uint64_t size, std::string_view owner,
                               std::uint32_t type) const;
    template<class T>
    const T* at(std::uint64_t offset, std::uint64_t count = 1) const;
    std::string_view text_at(std::uint64_t offset, std::uint64_t end) const;

    // A vector: moving the object must not move the bytes the views point to.
    std::vector<char> content_;
    std::vector<ElfSection> sections_;
    std::vector<ElfSymbol> symbols_;
    std::vector<ElfSymbol> dynamic_symbols_;
    std::vector<std::uint64_t> symbol_name_offsets_;
};

} // namespace openportcls::drivertools
