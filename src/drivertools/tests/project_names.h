#pragma once

#include "drivertools/project.h"

#include <string>
#include <vector>

namespace openportcls::drivertools {

inline std::vector<std::string> names_of(const DriverProject& project) {
    std::vector<std::string> names;
    for (const auto& unit : project.units)
        names.push_back(unit.file.filename());
    return names;
}

} // namespace openportcls::drivertools
