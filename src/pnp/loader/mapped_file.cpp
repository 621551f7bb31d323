#include "pnp/loader/mapped_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>
#include <wdm.h>

namespace openportcls::pnp {

namespace {

Error file_error(const std::filesystem::path& path, int error_number) {
    const NTSTATUS status = error_number == ENOENT    ? STATUS_OBJECT_NAME_NOT_FOUND
                            : error_number == EACCES  ? STATUS_ACCESS_DENIED
                            : error_number == ENOTDIR ? STATUS_OBJECT_PATH_NOT_FOUND
                                                      : STATUS_UNSUCCESSFUL;
    return {status, fmt::format("{}: {}", path.string(), std::strerror(error_number))};
}

Result<FileIdentity> identity_from(const std::filesystem::path& path, const struct stat& information) {
    if (S_ISDIR(information.st_mode)) {
        return Error{
            STATUS_FILE_IS_A_DIRECTORY,
            fmt::format("{}: a folder, not a driver module; `portcls build` makes a module of a driver's source",
                        path.string())};
    }
    if (!S_ISREG(information.st_mode)) {
        return Error{STATUS_INVALID_IMAGE_FORMAT, fmt::format("{}: not a regular file", path.string())};
    }
    return FileIdentity{information.st_dev, information.st_ino,
                        information.st_mtim.tv_sec * 1'000'000'000LL + information.st_mtim.tv_nsec,
                        static_cast<std::uint64_t>(information.st_size)};
}

} // namespace

Result<FileIdentity> identify_file(const std::filesystem::path& path) {
    struct stat information{};
    if (::stat(path.c_str(), &information) != 0) {
        return file_error(path, errno);
    }
    return identity_from(path, information);
}

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) {
        return file_error(path, errno);
    }
    MappedFile file;
    struct stat information{};
    const int failed = ::fstat(descriptor, &information) != 0 ? errno : 0;
    auto identity = failed != 0 ? Result<FileIdentity>(file_error(path, failed)) : identity_from(path, information);
    if (identity && identity->size != 0) {
        void* mapping = ::mmap(nullptr, identity->size, PROT_READ, MAP_PRIVATE, descriptor, 0);
        if (mapping == MAP_FAILED) {
            identity = file_error(path, errno);
        } else {
            file.data_ = static_cast<const char*>(mapping);
            file.size_ = identity->size;
        }
    }
    ::close(descriptor);
    if (!identity) {
        return identity.error();
    }
    file.identity_ = *identity;
    return file;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)), identity_(other.identity_) {}

MappedFile::~MappedFile() {
    if (data_ != nullptr) {
        ::munmap(const_cast<char*>(data_), size_);
    }
}

std::string_view MappedFile::text_at(std::uint64_t offset, std::uint64_t end) const {
    end = std::min<std::uint64_t>(end, size_);
    if (offset >= end) {
        return {};
    }
    return {data_ + offset, ::strnlen(data_ + offset, end - offset)};
}

} // namespace openportcls::pnp
