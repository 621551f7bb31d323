// One logical line of an INF file: continuations joined, comment removed, split at its '=' and commas.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace openportcls::pnp {

struct InfPhysicalLine {
    std::string_view content; // without comment and continuation mark
    bool continues = false;
    bool quote_left_open = false;
};

// Takes the comment and the continuation backslash off a line of the file.
InfPhysicalLine strip_inf_line(std::string_view line);

struct InfSplitLine {
    std::optional<std::string> key;
    std::vector<std::string> fields;
};

// Quotes are removed and doubled quotes made single, tokens are left as they are.
InfSplitLine split_inf_line(std::string_view content);

std::string_view trim_inf_space(std::string_view text);

} // namespace openportcls::pnp
