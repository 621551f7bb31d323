// Paths of keys, name by name.
#pragma once

#include <algorithm>
#include <string_view>

namespace openportcls::executive {

// The first name, which is taken off the path with the backslashes around it; empty for a path without one.
inline std::u16string_view take_key_name(std::u16string_view& path) {
    const auto skip_backslashes = [&path] { path.remove_prefix(std::min(path.find_first_not_of(u'\\'), path.size())); };
    skip_backslashes();
    const std::u16string_view name = path.substr(0, path.find(u'\\'));
    path.remove_prefix(name.size());
    skip_backslashes();
    return name;
}

} // namespace openportcls::executive
