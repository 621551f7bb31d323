#include "cli/distinct_files.h"

#include <system_error>

#include <fmt/format.h>

#include "base/file_links.h"
#include "cli/console.h"

namespace openportcls::cli {

namespace {

bool is_one_file(const std::filesystem::path& one, const std::filesystem::path& other) {
    if (one == standard_output_file || other == standard_output_file) {
        return one == other;
    }
    std::error_code ignored;
    if (std::filesystem::exists(one, ignored) && std::filesystem::exists(other, ignored)) {
        return std::filesystem::is_regular_file(one, ignored) && std::filesystem::equivalent(one, other, ignored);
    }
    const auto whole = [&](const std::filesystem::path& path) {
        const auto target = follow_links(path); // there may be nothing there yet
        return std::filesystem::weakly_canonical(std::filesystem::absolute(target ? *target : path, ignored), ignored);
    };
    return whole(one) == whole(other);
}

} // namespace

Result<void> check_distinct(const std::vector<NamedFile>& files) {
    for (std::size_t one = 0; one < files.size(); ++one) {
        for (std::size_t other = one + 1; other < files.size(); ++other) {
            const bool matters = files[one].is_written || files[other].is_written;
            if (matters && is_one_file(files[one].path, files[other].path)) {
                return Error{status_misused,
                             fmt::format("{} and {} are the same file", files[one].role, files[other].role)};
            }
        }
    }
    return {};
}

} // namespace openportcls::cli
