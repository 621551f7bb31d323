#include "drivertools/windows_path.h"

#include "drivertools/text.h"

#include <algorithm>
#include <system_error>

namespace openportcls::drivertools {

namespace fs = std::filesystem;

namespace {

// One step down: the exact name if it exists, otherwise the first (sorted) entry that differs only in case.
std::optional<fs::path> step(const fs::path& folder, const std::string& name) {
    std::error_code ignored;
    if (name == "." || name == ".." || fs::exists(folder / name, ignored))
        return folder / name;
    std::optional<fs::path> found;
    for (const auto& entry : fs::directory_iterator(folder, ignored)) {
        auto entry_name = entry.path().filename().string();
        if (equals_ignoring_case(entry_name, name) && (!found || entry_name < found->filename().string()))
            found = entry.path();
    }
    return found;
}

struct Descent {
    fs::path reached;
    bool complete;
};

Descent descend(const fs::path& base, std::string_view windows_path) {
    auto text = with_forward_slashes(windows_path);
    fs::path position = text.starts_with('/') ? fs::path("/") : base;
    for (const auto& component : split(text, "/")) {
        auto next = step(position, component);
        if (!next)
            return {position.lexically_normal(), false};
        position = *next;
    }
    return {position.lexically_normal(), true};
}

} // namespace

std::string with_forward_slashes(std::string_view windows_path) {
    std::string result;
    for (char character : windows_path) {
        char slash = character == '\\' ? '/' : character;
        if (slash != '/' || !result.ends_with('/'))
            result += slash;
    }
    return result;
}

std::optional<fs::path> find_ignoring_case(const fs::path& base, std::string_view windows_path) {
    auto descent = descend(base, windows_path);
    if (!descent.complete)
        return std::nullopt;
    auto text = descent.reached.string();
    if (text.size() > 1 && text.ends_with('/'))
        text.pop_back();
    return fs::path(text);
}

fs::path deepest_existing(const fs::path& base, std::string_view windows_path) {
    return descend(base, windows_path).reached;
}

bool matches_wildcard(std::string_view name, std::string_view pattern) {
    if (pattern.empty())
        return name.empty();
    if (pattern.front() == '*')
        return matches_wildcard(name, pattern.substr(1)) ||
               (!name.empty() && matches_wildcard(name.substr(1), pattern));
    if (name.empty())
        return false;
    bool same = pattern.front() == '?' || equals_ignoring_case(name.substr(0, 1), pattern.substr(0, 1));
    return same && matches_wildcard(name.substr(1), pattern.substr(1));
}

std::vector<fs::path> files_matching(const fs::path& base, std::string_view windows_pattern) {
    auto pattern = with_forward_slashes(windows_pattern);
    auto slash = pattern.rfind('/');
    std::string folder_part = slash == std::string::npos ? "." : pattern.substr(0, slash);
    std::string name_part = slash == std::string::npos ? pattern : pattern.substr(slash + 1);
    bool any_depth = false;
    if (folder_part == "**" || folder_part.ends_with("/**")) {
        any_depth = true;
        folder_part = folder_part == "**" ? "." : folder_part.substr(0, folder_part.size() - 3);
    }
    std::vector<fs::path> found;
    auto folder = find_ignoring_case(base, folder_part);
    if (!folder)
        return found;
    std::error_code ignored;
    auto consider = [&](const fs::directory_entry& entry) {
        if (entry.is_regular_file(ignored) && matches_wildcard(entry.path().filename().string(), name_part))
            found.push_back(entry.path().lexically_normal());
    };
    if (any_depth) {
        for (const auto& entry : fs::recursive_directory_iterator(*folder, ignored))
            consider(entry);
    } else {
        for (const auto& entry : fs::directory_iterator(*folder, ignored))
            consider(entry);
    }
    std::sort(found.begin(), found.end());
    return found;
}

} // namespace openportcls::drivertools
