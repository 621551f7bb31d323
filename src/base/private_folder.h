// A folder for temporary files that goes with its owner.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace openportcls {

class PrivateFolder {
public:
    PrivateFolder() = default;
    ~PrivateFolder();
    PrivateFolder(const PrivateFolder&) = delete;
    PrivateFolder& operator=(const PrivateFolder&) = delete;

    // Once. STATUS_OBJECT_PATH_NOT_FOUND when TMPDIR names no folder, STATUS_DISK_FULL when nothing can be made there.
    Result<std::filesystem::path> create();

private:
    std::filesystem::path path_;
};

} // namespace openportcls
