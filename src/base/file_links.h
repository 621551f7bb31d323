// Symbolic links of the host's file system.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace openportcls {

// The path of what `path` leads to when its last part is a symbolic link, or several in a row; else `path`. There need
// not be anything there. STATUS_OBJECT_PATH_NOT_FOUND for links that lead to each other.
Result<std::filesystem::path> follow_links(const std::filesystem::path& path);

} // namespace openportcls
