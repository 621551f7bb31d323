// A registry value that the user gives to a driver: `--parameter NAME=VALUE`.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace openportcls::pnp {

// Where a value goes: a driver's parameters (PnpManager::load_driver) into Services\<name>\Parameters, a device's
// parameters (PnpManager::add_device) into its driver (software) key, Control\Class\{guid}\nnnn. A name with
// backslashes names a value in a subkey: `PowerSettings\ConservationIdleTime`.
struct RegistryParameter {
    std::string name;
    std::uint32_t type = 4; // REG_DWORD
    std::vector<std::uint8_t> data;

    // "NAME=VALUE": a decimal, 0x or negative number is a REG_DWORD (REG_QWORD when it does not fit), anything else a
    // REG_SZ. "NAME:TYPE=VALUE" says which: sz, expand_sz, multi_sz (parts separated by ';'), dword, qword, binary
    // (hexadecimal bytes). "NAME:sz=" is an empty string.
    static Result<RegistryParameter> parse(std::string_view text);
    // Whether both go to one place, where only the later one would stay: names are the same in letters of any case.
    bool is_same_value(const RegistryParameter& other) const;
};

} // namespace openportcls::pnp
