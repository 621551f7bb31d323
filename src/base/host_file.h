// A file of the host's, read at once.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace openportcls {

// Every byte of it. STATUS_OBJECT_NAME_NOT_FOUND when it cannot be opened, STATUS_FILE_IS_A_DIRECTORY,
// STATUS_UNEXPECTED_IO_ERROR when reading fails; the message begins with the path.
Result<std::string> read_host_file(const std::filesystem::path& path);

} // namespace openportcls
