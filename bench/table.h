// Runs rows in paired rounds and prints the table.
#pragma once

#include <string>

namespace openportcls::bench {

// Runs the rows that `filter` selects (a regular expression on their names; empty = all). Returns the number of rows
// that exceed what must hold.
int run_rows(const std::string& filter, bool as_json);

} // namespace openportcls::bench
