#include "pnp/loader/module_image.h"

#include <algorithm>
#include <charconv>
#include <climits>
#include <cstring>
#include <elf.h>
#include <map>
#include <string_view>

#include <fmt/format.h>
#include <wdm.h>

#include "drivertools/module_note.h"
#include "pnp/loader/mapped_file.h"

namespace openportcls::pnp {

namespace {

constexpr std::uint64_t page = 4096;
constexpr std::string_view note_owner = "OpenPortCls";
constexpr std::uint32_t note_type = 1;

Error refuse(const std::filesystem::path& path, std::string_view why) {
    return {STATUS_INVALID_IMAGE_FORMAT, fmt::format("{}: {}", path.string(), why)};
}

bool looks_like_text(std::string_view bytes) {
    const auto beginning = bytes.substr(0, 512);
    return std::ranges::none_of(beginning, [](char character) {
        const auto byte = static_cast<unsigned char>(character);
        return byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r' && byte != '\f';
    });
}

// What the file is when it is no ELF file.
std::string_view describe_other(std::string_view bytes) {
    if (bytes.empty()) {
        return "the file is empty";
    }
    if (bytes.starts_with("MZ")) {
        return "a Windows PE file: shipped .sys files are not supported yet; build the driver from its source with "
               "`portcls build`";
    }
    if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF") || looks_like_text(bytes)) {
        return "a text file, not a driver module; an INF goes to --inf, source code to `portcls build`";
    }
    if (bytes.starts_with("!<arch>")) {
        return "a static library, not a driver module; `portcls build` makes one";
    }
    return "not an ELF file, so no driver module";
}

class Reader {
public:
    Reader(const std::filesystem::path& path, const MappedFile& file) : path_(path), file_(file) {}

    Result<ModuleImage> read() {
        image_.identity = file_.identity();
        if (auto checked = check_header(); !checked) {
            return checked.error();
        }
        if (auto checked = read_segments(); !checked) {
            return checked.error();
        }
        if (is_program()) {
            return refuse(path_, "an executable program, not a driver module");
        }
        if (auto checked = read_sections(); !checked) {
            return checked.error();
        }
        if (image_.note.empty()) {
            return refuse(path_, "a shared library, but no driver module: it has no OpenPortCls note (`portcls build` "
                                 "makes modules)");
        }
        if (!image_.exports_driver_entry) {
            return refuse(path_, "does not export DriverEntry, so there is nothing to start; is the file that defines "
                                 "it part of the build, and is it declared extern \"C\"?");
        }
        return std::move(image_);
    }

private:
    Result<void> check_header() {
        const auto bytes = file_.bytes();
        if (bytes.size() < SELFMAG || std::memcmp(bytes.data(), ELFMAG, SELFMAG) != 0) {
            return refuse(path_, describe_other(bytes));
        }
        header_ = file_.at<Elf64_Ehdr>(0);
        if (header_ == nullptr) {
            return truncated();
        }
        if (header_->e_ident[EI_CLASS] != ELFCLASS64 || header_->e_machine != EM_X86_64) {
            return refuse(path_, "an ELF file for another processor; driver modules are 64-bit x86-64");
        }
        if (header_->e_type == ET_EXEC) {
            return refuse(path_, "an executable program, not a driver module");
        }
        if (header_->e_type == ET_REL) {
            return refuse(path_, "an object file that has not been linked; `portcls build` makes a module");
        }
        if (header_->e_type != ET_DYN) {
            return refuse(path_, "an ELF file, but no shared object");
        }
        return {};
    }

    Error truncated() const {
        return refuse(path_,
                      fmt::format("truncated: its {} bytes are less than its own headers say", file_.bytes().size()));
    }

    Result<void> read_segments() {
        const auto* segments = file_.at<Elf64_Phdr>(header_->e_phoff, header_->e_phnum);
        if (segments == nullptr) {
            return truncated();
        }
        ModuleRange relocated_only{};
        for (unsigned index = 0; index < header_->e_phnum; ++index) {
            const Elf64_Phdr& segment = segments[index];
            has_interpreter_ = has_interpreter_ || segment.p_type == PT_INTERP;
            const std::uint64_t size = file_.bytes().size();
            if (segment.p_type == PT_LOAD && (segment.p_offset > size || segment.p_filesz > size - segment.p_offset)) {
                return truncated();
            }
            if (segment.p_type == PT_LOAD) {
                image_.image_size = std::max<std::uint64_t>(image_.image_size, segment.p_vaddr + segment.p_memsz);
                if ((segment.p_flags & PF_W) != 0) {
                    image_.writable.push_back({segment.p_vaddr, segment.p_vaddr + segment.p_memsz});
                }
            } else if (segment.p_type == PT_GNU_RELRO) {
                relocated_only = {segment.p_vaddr & ~(page - 1),
                                  (segment.p_vaddr + segment.p_memsz + page - 1) & ~(page - 1)};
            } else if (segment.p_type == PT_DYNAMIC) {
                read_dynamic(segment);
            } else if (segment.p_type == PT_NOTE) {
                read_notes(segment.p_offset, segment.p_filesz);
            }
        }
        subtract(image_.writable, relocated_only);
        return {};
    }

    void read_dynamic(const Elf64_Phdr& segment) {
        const std::uint64_t count = segment.p_filesz / sizeof(Elf64_Dyn);
        const auto* entries = file_.at<Elf64_Dyn>(segment.p_offset, count);
        for (std::uint64_t index = 0; entries != nullptr && index < count; ++index) {
            has_library_name_ = has_library_name_ || entries[index].d_tag == DT_SONAME;
        }
    }

    // Programs name the interpreter that starts them. So do libraries that can be started as well (libc.so.6), but
    // these have the name that others are linked with.
    bool is_program() const { return has_interpreter_ && !has_library_name_; }

    static void subtract(std::vector<ModuleRange>& ranges, ModuleRange hole) {
        std::vector<ModuleRange> rest;
        for (const ModuleRange& range : ranges) {
            const ModuleRange before{range.begin, std::min(range.end, hole.begin)};
            const ModuleRange after{std::max(range.begin, hole.end), range.end};
            if (hole.end <= hole.begin) {
                rest.push_back(range);
                continue;
            }
            for (const ModuleRange& part : {before, after}) {
                if (part.begin < part.end) {
                    rest.push_back(part);
                }
            }
        }
        ranges = std::move(rest);
    }

    void read_notes(std::uint64_t offset, std::uint64_t size) {
        const auto padded = [](std::uint64_t length) { return (length + 3) & ~std::uint64_t{3}; };
        const std::uint64_t end = std::min<std::uint64_t>(offset + size, file_.bytes().size());
        while (const auto* note = file_.at<Elf64_Nhdr>(offset)) {
            const std::uint64_t name_at = offset + sizeof *note;
            const std::uint64_t text_at = name_at + padded(note->n_namesz);
            if (text_at > end || note->n_descsz > end - text_at) {
                return;
            }
            if (note->n_type == note_type && file_.text_at(name_at, name_at + note->n_namesz) == note_owner) {
                image_.note = file_.bytes().substr(text_at, note->n_descsz);
            }
            offset = text_at + padded(note->n_descsz);
        }
    }

    Result<void> read_sections() {
        const auto* sections = file_.at<Elf64_Shdr>(header_->e_shoff, header_->e_shnum);
        if (header_->e_shnum == 0) {
            return refuse(path_, "its section table has been stripped; `strip --strip-debug` leaves what is needed");
        }
        if (sections == nullptr || header_->e_shstrndx >= header_->e_shnum) {
            return truncated();
        }
        const Elf64_Shdr& names = sections[header_->e_shstrndx];
        for (unsigned index = 0; index < header_->e_shnum; ++index) {
            const Elf64_Shdr& section = sections[index];
            const auto name = file_.text_at(names.sh_offset + section.sh_name, names.sh_offset + names.sh_size);
            if (section.sh_type == SHT_DYNSYM) {
                if (section.sh_link >= header_->e_shnum || !read_symbols(section, sections[section.sh_link])) {
                    return truncated();
                }
            } else if ((section.sh_flags & SHF_WRITE) != 0 &&
                       (name.starts_with("__sancov") || name.starts_with("__llvm_prf") ||
                        name.starts_with("__llvm_cov"))) {
                image_.keep.push_back({section.sh_addr, section.sh_addr + section.sh_size});
            } else if (name == "opc_fence") {
                fence_off({section.sh_addr, section.sh_addr + section.sh_size});
            } else if (!keep_functions(name, {section.sh_addr, section.sh_addr + section.sh_size})) {
                return refuse(path_, fmt::format("section {} lies outside of the image", name));
            }
        }
        std::ranges::sort(image_.keep, {}, &ModuleRange::begin);
        for (const auto& [priority, range] : constructors_) {
            image_.constructors.push_back(range);
        }
        return {};
    }

    // Of static objects. False: the section would be theirs, but cannot be.
    bool keep_functions(std::string_view name, const ModuleRange& range) {
        const bool destroys = name == drivertools::destructors_section;
        if (!destroys && !name.starts_with(drivertools::constructors_section)) {
            return true;
        }
        if (range.begin > range.end || range.end > image_.image_size || range.begin % sizeof(void*) != 0) {
            return false;
        }
        if (destroys) {
            image_.destructors = range;
        } else {
            constructors_.emplace(priority_of(name.substr(drivertools::constructors_section.size())), range);
        }
        return true;
    }

    // What has none comes last.
    static unsigned priority_of(std::string_view suffix) {
        unsigned number = UINT_MAX;
        if (suffix.starts_with('.')) {
            std::from_chars(suffix.data() + 1, suffix.data() + suffix.size(), number);
        }
        return number;
    }

    void fence_off(const ModuleRange& fence) {
        const bool is_writable = std::ranges::any_of(image_.writable, [&](const ModuleRange& range) {
            return range.begin <= fence.begin && fence.end <= range.end;
        });
        if (is_writable && fence.begin % page == 0 && fence.end % page == 0) {
            subtract(image_.writable, fence);
            image_.fence = fence;
        }
    }

    bool read_symbols(const Elf64_Shdr& section, const Elf64_Shdr& names) {
        const std::uint64_t count = section.sh_size / sizeof(Elf64_Sym);
        const auto* symbols = file_.at<Elf64_Sym>(section.sh_offset, count);
        if (symbols == nullptr || file_.at<char>(names.sh_offset, names.sh_size) == nullptr) {
            return false;
        }
        for (std::uint64_t index = 0; index < count; ++index) {
            const Elf64_Sym& symbol = symbols[index];
            const auto name = file_.text_at(names.sh_offset + symbol.st_name, names.sh_offset + names.sh_size);
            if (name.empty() || ELF64_ST_BIND(symbol.st_info) == STB_LOCAL) {
                continue;
            }
            if (symbol.st_shndx == SHN_UNDEF) {
                image_.imports.push_back({std::string(name), ELF64_ST_BIND(symbol.st_info) == STB_WEAK});
            } else if (name == "DriverEntry") {
                image_.exports_driver_entry = true;
            }
        }
        return true;
    }

    const std::filesystem::path& path_;
    const MappedFile& file_;
    const Elf64_Ehdr* header_ = nullptr;
    bool has_interpreter_ = false;
    bool has_library_name_ = false;
    std::multimap<unsigned, ModuleRange> constructors_; // by priority
    ModuleImage image_;
};

} // namespace

Result<ModuleImage> ModuleImage::read(const std::filesystem::path& path) {
    auto file = MappedFile::open(path);
    if (!file) {
        return file.error();
    }
    return Reader(path, *file).read();
}

} // namespace openportcls::pnp
