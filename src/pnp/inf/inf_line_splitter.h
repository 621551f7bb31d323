// One logical line of an INF file: continuations joined, comment removed, split at its '=' and commas.
#pragma once

#include <cstddef>
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

// Takes the comment and the continuation backslash off a line of the file. A semicolon in quotes or within a %strkey%
// begins no comment ("General Syntax Rules for INF Files"), and in [Strings] none within the strkey that a line
// defines.
InfPhysicalLine strip_inf_line(std::string_view line, bool of_strings = false);

// Length of the %strkey% at the beginning of `text`, with both its percent signs and those that are doubled within; 0
// when there is none. A strkey consists of visible characters ("INF Strings Section").
std::size_t inf_token_length(std::string_view text);

struct InfSplitLine {
    std::optional<std::string> key;
    std::vector<std::string> fields;
};

// Quotes are removed and doubled quotes made single, tokens are left as they are.
InfSplitLine split_inf_line(std::string_view content);

std::string_view trim_inf_space(std::string_view text);

} // namespace openportcls::pnp
