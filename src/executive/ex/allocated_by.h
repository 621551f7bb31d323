// Where memory that was misused came from, in a report.
#pragma once

#include "machine/bugcheck.h"

namespace openportcls::executive {

// `caller`: the code that allocated it; null: nobody to be named.
inline void name_allocator(const void* caller, machine::BugcheckReport& report) {
    if (caller != nullptr) {
        report.origin_title = "allocated by";
        report.origin = {machine::frame_at(reinterpret_cast<std::uint64_t>(caller))};
    }
}

} // namespace openportcls::executive
