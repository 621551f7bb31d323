#include "executive/files/sandbox.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "base/unicode.h"

namespace openportcls::executive {
namespace {

constexpr mode_t folder_mode = 0777;
constexpr mode_t file_mode = 0666;
constexpr std::size_t longest_component = 255;

// Folders that every Windows has: made when a driver first goes through them.
constexpr std::u16string_view standard_folders[] = {u"\\Windows",
                                                    u"\\Windows\\Temp",
                                                    u"\\Windows\\System32",
                                                    u"\\Windows\\System32\\drivers",
                                                    u"\\Windows\\System32\\drivers\\DriverData",
                                                    u"\\Windows\\System32\\LogFiles"};

bool is_standard_folder(std::u16string_view path) {
    return std::any_of(std::begin(standard_folders), std::end(standard_folders),
                       [&](std::u16string_view folder) { return equal_ignoring_case(folder, path); });
}

bool is_valid_component(std::u16string_view name) {
    if (name.empty() || name.size() > longest_component || name == u"." || name == u"..") {
        return false;
    }
    return std::all_of(name.begin(), name.end(), [](char16_t character) {
        return character >= 0x20 && std::u16string_view(u"\"*/:<>?|").find(character) == std::u16string_view::npos;
    });
}

std::uint64_t identity_of(const struct stat& information) {
    return static_cast<std::uint64_t>(information.st_dev) << 48 ^ information.st_ino;
}

struct DirectoryCloser {
    void operator()(DIR* directory) const { closedir(directory); }
};

} // namespace

HostFile& HostFile::operator=(HostFile&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

HostFile::~HostFile() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

NTSTATUS status_of_errno(int error) {
    switch (error) {
    case ENOENT:
        return STATUS_OBJECT_NAME_NOT_FOUND;
    case ENOTDIR:
        return STATUS_OBJECT_PATH_NOT_FOUND;
    case EEXIST:
        return STATUS_OBJECT_NAME_COLLISION;
    case ENAMETOOLONG:
        return STATUS_OBJECT_NAME_INVALID;
    case ENOSPC:
    case EDQUOT:
        return STATUS_DISK_FULL;
    case EROFS:
        return STATUS_MEDIA_WRITE_PROTECTED;
    case ENOTEMPTY:
        return STATUS_DIRECTORY_NOT_EMPTY;
    case EMFILE:
    case ENFILE:
        return STATUS_TOO_MANY_OPENED_FILES;
    case ENOMEM:
        return STATUS_INSUFFICIENT_RESOURCES;
    case EACCES:
    case EPERM:
    case ELOOP:
    case EISDIR:
        return STATUS_ACCESS_DENIED;
    default:
        return STATUS_UNSUCCESSFUL;
    }
}

std::string find_entry(const HostFile& folder, std::u16string_view name) {
    std::string exact = utf16_to_utf8(name);
    struct stat status;
    if (fstatat(folder.descriptor(), exact.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
        return exact;
    }
    // Names that differ in case only: the first in order of bytes, so that every run finds the same.
    const int copy = openat(folder.descriptor(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    std::unique_ptr<DIR, DirectoryCloser> directory(copy >= 0 ? fdopendir(copy) : nullptr);
    std::string best;
    while (directory != nullptr) {
        const dirent* entry = readdir(directory.get());
        if (entry == nullptr) {
            break;
        }
        const std::string candidate = entry->d_name;
        if (equal_ignoring_case(utf8_to_utf16(candidate), name) && (best.empty() || candidate < best)) {
            best = candidate;
        }
    }
    return best;
}

Result<void> Sandbox::set_root(const std::filesystem::path& root) {
    std::error_code problem;
    std::filesystem::create_directories(root, problem);
    HostFile file(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!file) {
        return Error{status_of_errno(errno), "cannot use " + root.string() + " as drive C: " + std::strerror(errno)};
    }
    root_ = std::move(file);
    return {};
}

bool Sandbox::has_root() {
    if (!root_ && make_root_) {
        const MakeRoot make = std::exchange(make_root_, nullptr); // a folder that cannot be made is not tried again
        if (const auto made = make()) {
            (void)set_root(*made);
        }
    }
    return static_cast<bool>(root_);
}

// Opens the folder that holds the path's last component, without ever following a link.
NTSTATUS Sandbox::walk(std::u16string_view path, HostFile& folder, std::string& last) const {
    folder = HostFile(openat(root_.descriptor(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    last.clear();
    for (std::size_t begin = 0; begin < path.size();) {
        const std::size_t end = std::min(path.find(u'\\', begin + 1), path.size());
        const std::u16string_view name = path.substr(begin + 1, end - begin - 1);
        if (name.empty() && end == path.size()) {
            break; // a trailing backslash
        }
        if (!is_valid_component(name)) {
            return STATUS_OBJECT_NAME_INVALID;
        }
        last = find_entry(folder, name);
        if (last.empty()) {
            last = utf16_to_utf8(name);
            if (is_standard_folder(path.substr(0, end))) {
                mkdirat(folder.descriptor(), last.c_str(), folder_mode);
            }
        }
        if (end >= path.size() || path.substr(end) == u"\\") {
            break;
        }
        HostFile next(openat(folder.descriptor(), last.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!next) {
            return STATUS_OBJECT_PATH_NOT_FOUND;
        }
        folder = std::move(next);
        begin = end;
    }
    return STATUS_SUCCESS;
}

NTSTATUS Sandbox::open(std::u16string_view path, FileDisposition disposition, Kind kind, SandboxOpen& result) {
    if (!has_root()) {
        return STATUS_OBJECT_PATH_NOT_FOUND;
    }
    if (!path.empty() && path.front() != u'\\') {
        return STATUS_OBJECT_NAME_INVALID;
    }
    const NTSTATUS status = walk(path, result.folder, result.host_name);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    const bool is_root = result.host_name.empty();
    const char* name = is_root ? "." : result.host_name.c_str();
    const int folder = result.folder.descriptor();
    struct stat information{};
    const bool exists = fstatat(folder, name, &information, AT_SYMLINK_NOFOLLOW) == 0;
    result.is_directory = exists ? S_ISDIR(information.st_mode) : kind == Kind::directory;
    if (exists && !S_ISDIR(information.st_mode) && !S_ISREG(information.st_mode)) {
        return STATUS_ACCESS_DENIED; // links, pipes and devices of the host
    }
    if (exists && disposition == FileDisposition::create) {
        result.outcome = FileOutcome::exists;
        return STATUS_OBJECT_NAME_COLLISION;
    }
    if (!exists && (disposition == FileDisposition::open || disposition == FileDisposition::overwrite)) {
        result.outcome = FileOutcome::does_not_exist;
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    if (exists && result.is_directory && kind == Kind::file) {
        return STATUS_FILE_IS_A_DIRECTORY;
    }
    if (exists && !result.is_directory && kind == Kind::directory) {
        return STATUS_NOT_A_DIRECTORY;
    }
    const bool truncates = exists && !result.is_directory && disposition != FileDisposition::open &&
                           disposition != FileDisposition::open_if;
    if (exists && result.is_directory && disposition != FileDisposition::open &&
        disposition != FileDisposition::open_if) {
        return disposition == FileDisposition::supersede ? STATUS_ACCESS_DENIED : STATUS_FILE_IS_A_DIRECTORY;
    }
    result.outcome = !exists                                     ? FileOutcome::created
                     : disposition == FileDisposition::supersede ? FileOutcome::superseded
                     : truncates                                 ? FileOutcome::overwritten
                                                                 : FileOutcome::opened;
    if (!exists && result.is_directory && mkdirat(folder, name, folder_mode) != 0) {
        return status_of_errno(errno);
    }
    int flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    flags |= result.is_directory ? O_RDONLY | O_DIRECTORY : O_RDWR;
    flags |= !exists && !result.is_directory ? O_CREAT | O_EXCL : 0;
    result.file = HostFile(openat(folder, name, flags, file_mode));
    if (!result.file && errno == EACCES && exists && !truncates) {
        // A read-only host file can still be read; writing to it fails then.
        result.file = HostFile(openat(folder, name, (flags & ~O_RDWR) | O_RDONLY));
    }
    if (!result.file) {
        return status_of_errno(errno);
    }
    if (fstat(result.file.descriptor(), &information) != 0) {
        return status_of_errno(errno);
    }
    result.identity = identity_of(information);
    return STATUS_SUCCESS;
}

NTSTATUS Sandbox::locate(std::u16string_view path, SandboxPlace& place) {
    if (!has_root()) {
        return STATUS_OBJECT_PATH_NOT_FOUND;
    }
    const NTSTATUS status = walk(path, place.folder, place.host_name);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (place.host_name.empty()) {
        return STATUS_OBJECT_NAME_INVALID; // the root
    }
    struct stat information{};
    place.exists = fstatat(place.folder.descriptor(), place.host_name.c_str(), &information, AT_SYMLINK_NOFOLLOW) == 0;
    place.is_file = place.exists && S_ISREG(information.st_mode);
    place.identity = place.exists ? identity_of(information) : 0;
    return STATUS_SUCCESS;
}

} // namespace openportcls::executive
