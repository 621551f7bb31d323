// What dates and versions in an INF file have to look like.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pnp/inf/inf_file.h"

namespace openportcls::pnp {

// "mm/dd/yyyy" of a day that the calendar has; hyphens separate as well, and shorter numbers are forgiven ("INF
// DriverVer Directive", as the next).
bool is_driver_date(std::string_view text);
// "w.x.y.z": four numbers below 65535, not all of them 0.
bool is_driver_version(std::string_view text);

// What is wrong with the values of a DriverVer directive. What is left empty is stamped when a driver is built, and no
// mistake of who wrote the file.
std::vector<std::string> driver_version_faults(const InfLine& line);

} // namespace openportcls::pnp
