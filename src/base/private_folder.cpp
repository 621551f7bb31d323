#include "base/private_folder.h"

#include <cstdlib>
#include <system_error>

#include "base/status.h"

namespace openportcls {

PrivateFolder::~PrivateFolder() {
    if (!path_.empty()) {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
}

Result<std::filesystem::path> PrivateFolder::create() {
    std::error_code problem; // TMPDIR may name what is no folder
    std::string pattern = (std::filesystem::temp_directory_path(problem) / "openportcls-XXXXXX").string();
    if (problem) {
        return Error{status_object_path_not_found, "there is no folder for temporary files: " + problem.message()};
    }
    if (::mkdtemp(pattern.data()) == nullptr) {
        return Error{status_disk_full, "cannot make a private folder " + pattern};
    }
    path_ = pattern;
    return path_;
}

} // namespace openportcls
