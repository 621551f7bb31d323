// The column min_os of the tables: since when something exists.
#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include "portcls/personality.h"

namespace conformance {

// Nothing: since the beginning, or nobody says.
inline std::optional<openportcls::portcls::WindowsVersion> first_release(std::string_view min_os) {
    using enum openportcls::portcls::WindowsVersion;
    constexpr std::pair<std::string_view, openportcls::portcls::WindowsVersion> names[] = {
        {"Windows XP SP2", xp_sp2},
        {"Windows XP", xp},
        {"Windows Me, XP", xp},
        {"Windows Vista", vista},
        {"Windows 7", windows_7},
        {"Windows 8.1", windows_8_1},
        {"Windows 8", windows_8},
        {"Windows 10 1511", windows_10_1511},
        {"Windows 10 1607", windows_10_1703}, // which has it first of those that can be chosen
        {"Windows 10 1703", windows_10_1703},
        {"Windows 10 ", windows_11}, // later ones
        {"Windows 10", windows_10},
        {"Windows 11", windows_11},
    };
    for (const auto& [name, version] : names) {
        if (min_os.starts_with(name)) {
            return version;
        }
    }
    return std::nullopt;
}

} // namespace conformance
