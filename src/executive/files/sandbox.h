// A host folder that plays a Windows volume.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <wdm.h>

#include "base/result.h"

namespace openportcls::executive {

// Owns a host file descriptor.
class HostFile {
public:
    HostFile() = default;
    explicit HostFile(int descriptor) : descriptor_(descriptor) {}
    HostFile(HostFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    HostFile& operator=(HostFile&& other) noexcept;
    ~HostFile();

    explicit operator bool() const { return descriptor_ >= 0; }
    int descriptor() const { return descriptor_; }

private:
    int descriptor_ = -1;
};

enum class FileDisposition : std::uint8_t { supersede, open, create, open_if, overwrite, overwrite_if };
enum class FileOutcome : std::uint8_t { superseded, opened, created, overwritten, exists, does_not_exist };

struct SandboxOpen {
    HostFile file;
    FileOutcome outcome = FileOutcome::opened;
    bool is_directory = false;
    std::uint64_t identity = 0; // the same for the same file, whatever the name
    HostFile folder;            // where it lies
    std::string host_name;      // its name there
};

// Where a name leads, whether there is something or not.
struct SandboxPlace {
    HostFile folder;
    std::string host_name; // of what is there, which may differ in case from the name asked for
    bool exists = false;
    bool is_file = false;
    std::uint64_t identity = 0;
};

class Sandbox {
public:
    // Makes the folder when it does not exist.
    Result<void> set_root(const std::filesystem::path& root);
    // Asks for the folder when the first file is opened: most drivers never open one.
    using MakeRoot = std::function<Result<std::filesystem::path>()>;
    void set_root_later(MakeRoot make) { make_root_ = std::move(make); }

    enum class Kind : std::uint8_t { any, file, directory };
    // `path`: from the volume's root, with a leading backslash.
    NTSTATUS open(std::u16string_view path, FileDisposition disposition, Kind kind, SandboxOpen& result);
    NTSTATUS locate(std::u16string_view path, SandboxPlace& place);

private:
    bool has_root();
    NTSTATUS walk(std::u16string_view path, HostFile& folder, std::string& last) const;

    HostFile root_;
    MakeRoot make_root_;
};

// An existing entry's name in a folder, exact or else without regard to case; empty when there is none.
std::string find_entry(const HostFile& folder, std::u16string_view name);
// The status that stands for a host error.
NTSTATUS status_of_errno(int error);

} // namespace openportcls::executive
