// Runs rows in paired rounds and prints the table.
#pragma once

#include <string>

namespace openportcls::bench {

// Runs the rows that `filter` selects (a regular expression on their names; empty = all). Returns the number of rows
// that exceed what must hold, none_matches when there is none to run.
int run_rows(const std::string& filter, bool as_json);
inline constexpr int none_matches = -1;

} // namespace openportcls::bench
