#include "base/file_links.h"

#include <fmt/format.h>

#include "base/status.h"

namespace openportcls {

Result<std::filesystem::path> follow_links(const std::filesystem::path& path) {
    constexpr int most_links = 40; // as Linux follows, path_resolution(7)
    std::error_code problem;
    std::filesystem::path target = path;
    for (int links = 0; std::filesystem::is_symlink(std::filesystem::symlink_status(target, problem)); ++links) {
        const std::filesystem::path next = std::filesystem::read_symlink(target, problem);
        if (problem || links == most_links) {
            return Error{status_object_path_not_found,
                         fmt::format("{}: the symbolic link leads nowhere: {}", path.string(),
                                     problem ? problem.message() : "there are too many in a row")};
        }
        target = target.parent_path() / next; // which is `next` where that begins at the root
    }
    return target;
}

} // namespace openportcls
