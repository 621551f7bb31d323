// The command line of `portcls build`, which the in-tree tool shares.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace openportcls::drivertools {

// `arguments` without the program's or subcommand's name. Prints; returns the exit status: 0 done, 1 failed, 2 misused.
// `on_failure` hears of what has been complained of on the error stream, and with which exit status.
int run_build_command(std::span<const std::string> arguments, std::string_view program,
                      const std::function<void(const Error&, int)>& on_failure = {});

} // namespace openportcls::drivertools
