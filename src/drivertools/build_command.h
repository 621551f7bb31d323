// The command line of `portcls build`, which the in-tree tool shares.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace openportcls::drivertools {

// `arguments` without the program's or subcommand's name. Prints; returns the exit status: 0 done, 1 failed, 2 misused.
int run_build_command(std::span<const std::string> arguments, std::string_view program);

} // namespace openportcls::drivertools
