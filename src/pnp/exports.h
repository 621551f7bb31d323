// The kernel functions that drivers can import.
#pragma once

#include <span>
#include <string_view>

namespace openportcls::pnp {

struct Export {
    std::string_view name;
    void* address;           // nullptr: declared by include/wdk but not implemented
    std::string_view header; // of include/wdk that declares it: "wdm.h"
    bool is_implemented() const { return address != nullptr; }
};

// Sorted by name.
std::span<const Export> exports();
const Export* find_export(std::string_view name);

} // namespace openportcls::pnp
