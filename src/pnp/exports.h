// The kernel functions that drivers can import.
#pragma once

#include <span>
#include <string_view>

#include "executive/rtl/system_version.h"

namespace openportcls::pnp {

// Since when Windows has a function, where that is known to be later than Windows 2000 (exports/releases.tsv).
struct ExportRelease {
    std::string_view windows; // "8.1"
    executive::SystemVersion version;
    std::string_view module; // "ntoskrnl.exe"
};

struct Export {
    std::string_view name;
    void* address;                // nullptr: declared by include/wdk but not implemented
    std::string_view header;      // of include/wdk that declares it: "wdm.h"
    const ExportRelease* release; // nullptr: every release has it
    bool is_implemented() const { return address != nullptr; }
    bool is_in(const executive::SystemVersion& windows) const;
};

// Sorted by name.
std::span<const Export> exports();
const Export* find_export(std::string_view name);

} // namespace openportcls::pnp
