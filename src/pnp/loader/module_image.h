// A driver module as a file: what can be known of it before it is loaded.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace openportcls::pnp {

// Which file it was, to notice that it has been built anew.
struct FileIdentity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t modified_nanoseconds = 0;
    std::uint64_t size = 0;

    bool operator==(const FileIdentity&) const = default;
    bool same_file(const FileIdentity& other) const { return device == other.device && inode == other.inode; }
};

struct ModuleImport {
    std::string name;
    bool weak = false;
};

// A part of the loaded image that is made fresh when the module is loaded again, relative to the load address.
struct ModuleRange {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
};

struct ModuleImage {
    FileIdentity identity;
    std::string note; // text of the OpenPortCls note
    std::vector<ModuleImport> imports;
    std::uint64_t image_size = 0;          // from the load address to the end of the last segment
    std::vector<ModuleRange> writable;     // sorted; without what stays read-only after relocation (RELRO)
    std::vector<ModuleRange> keep;         // sorted; counters of coverage and profiling tools inside `writable`
    ModuleRange fence;                     // behind everything else: no access once it is loaded
    std::vector<ModuleRange> constructors; // arrays of functions, in the order in which they are called
    ModuleRange destructors;               // a count and as many functions
    bool exports_driver_entry = false;

    // Refuses everything that is not a 64-bit x86-64 shared object with a note and a DriverEntry, and says what it is.
    static Result<ModuleImage> read(const std::filesystem::path& path);
};

Result<FileIdentity> identify_file(const std::filesystem::path& path);

} // namespace openportcls::pnp
