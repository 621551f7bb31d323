#include "endpoints/pending_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "endpoints/errors.h"

namespace openportcls::endpoints {

namespace {

constexpr int flags = O_RDWR | O_CREAT | O_CLOEXEC;
constexpr mode_t mode = 0666; // less what the umask takes

Error cannot_write(const std::filesystem::path& path, int problem) {
    return failure(problem == ENOSPC ? Failure::disk_full : Failure::access_denied,
                   fmt::format("{}: cannot be written: {}", path.string(), std::strerror(problem)));
}

// A name that nothing has, hidden, in the same folder: only there is a rename one step.
int open_beside(const std::filesystem::path& path, std::filesystem::path& temporary) {
    constexpr int most_attempts = 100;
    int descriptor = -1;
    for (int attempt = 0; attempt < most_attempts; ++attempt) {
        temporary = path.parent_path() / fmt::format(".{}.{}-{}", path.filename().string(), ::getpid(), attempt);
        descriptor = ::open(temporary.c_str(), flags | O_EXCL, mode);
        if (descriptor >= 0 || errno != EEXIST) {
            break;
        }
    }
    return descriptor;
}

} // namespace

Result<PendingFile> PendingFile::create(const std::filesystem::path& path) {
    struct stat status{};
    const bool exists = ::stat(path.c_str(), &status) == 0;
    // Devices and pipes, also by links such as /dev/stdout, which name a pipe that has no path.
    if (exists && !S_ISREG(status.st_mode)) {
        const int descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
        return descriptor < 0 ? Result<PendingFile>(cannot_write(path, errno)) : PendingFile(path, {}, descriptor);
    }
    std::error_code ignored;
    // A link stays; what it leads to is replaced.
    const std::filesystem::path target =
        std::filesystem::is_symlink(path, ignored) ? std::filesystem::weakly_canonical(path, ignored) : path;
    if (exists && ::access(target.c_str(), W_OK) != 0) {
        return cannot_write(path, errno);
    }
    std::filesystem::path temporary;
    int descriptor = open_beside(target, temporary);
    if (descriptor < 0 && exists && errno == EACCES) { // the folder takes no new file, but this one may be written
        temporary.clear();
        descriptor = ::open(target.c_str(), flags | O_TRUNC, mode);
    }
    if (descriptor < 0) {
        return cannot_write(path, errno);
    }
    if (exists && !temporary.empty()) {
        (void)::fchmod(descriptor, status.st_mode & 07777);
    }
    return PendingFile(target, std::move(temporary), descriptor);
}

PendingFile::PendingFile(std::filesystem::path path, std::filesystem::path temporary, int descriptor)
    : path_(std::move(path)), temporary_(std::move(temporary)), descriptor_(descriptor) {
    if (!temporary_.empty()) {
        when_killed_ = std::make_unique<RemovedWhenKilled>(temporary_.string());
    }
}

PendingFile::PendingFile(PendingFile&& other) noexcept
    : path_(std::move(other.path_)), temporary_(std::exchange(other.temporary_, {})),
      when_killed_(std::move(other.when_killed_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

PendingFile::~PendingFile() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
    if (!temporary_.empty()) {
        ::unlink(temporary_.c_str());
    }
}

Result<void> PendingFile::commit() {
    // Some file systems say only here that there was no room.
    if (descriptor_ >= 0 && ::close(std::exchange(descriptor_, -1)) != 0) {
        return cannot_write(path_, errno);
    }
    if (!temporary_.empty()) {
        if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
            return cannot_write(path_, errno);
        }
        temporary_.clear();
        when_killed_.reset();
    }
    return {};
}

void PendingFile::commit_if_new() {
    std::error_code ignored;
    if (!temporary_.empty() && !std::filesystem::exists(path_, ignored)) {
        (void)commit();
    }
}

Result<void> replace_file(const std::filesystem::path& path, std::string_view content) {
    auto file = PendingFile::create(path);
    if (!file) {
        return file.error();
    }
    while (!content.empty()) {
        const ssize_t written = ::write(file->descriptor(), content.data(), content.size());
        if (written < 0) {
            return cannot_write(path, errno);
        }
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    return file->commit();
}

} // namespace openportcls::endpoints
