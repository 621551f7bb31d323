#include "base/host_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

#include "base/status.h"

namespace openportcls {

Result<std::string> read_host_file(const std::filesystem::path& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return Error{status_object_name_not_found, path.string() + ": " + std::strerror(errno)};
    }
    std::string content;
    char block[64 * 1024];
    ssize_t count = 0;
    do {
        count = ::read(descriptor, block, sizeof block);
        if (count > 0) {
            content.append(block, static_cast<std::size_t>(count));
        }
    } while (count > 0 || (count < 0 && errno == EINTR));
    const int problem = errno;
    ::close(descriptor);
    if (count < 0) {
        return Error{problem == EISDIR ? status_file_is_a_directory : status_unexpected_io_error,
                     path.string() + ": " + std::strerror(problem)};
    }
    return content;
}

} // namespace openportcls
