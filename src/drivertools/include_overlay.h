// Clang's virtual file overlay (-ivfsoverlay) that makes folders case-insensitive, as Windows has them.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>

namespace openportcls::drivertools {

struct OverlayRequest {
    std::set<std::filesystem::path> folders; // the headers and sources directly in them become case-insensitive
    std::set<std::string> included_names;    // lower case: files with unusual endings that are included all the same
    std::set<std::filesystem::path> whole_folders; // likewise, with every file in them
    // Files that have other contents than on disk, but keep their name in messages and debug information.
    std::map<std::filesystem::path, std::filesystem::path> replacements;
    // A folder that exists only in the overlay, where each of these names is `trace_header`.
    std::filesystem::path trace_folder;
    std::set<std::string> trace_names;
    std::filesystem::path trace_header;
};

std::string overlay_text(const OverlayRequest& request);

} // namespace openportcls::drivertools
