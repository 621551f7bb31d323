// Runs the tools of the compiler toolchain and collects what they say.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace openportcls::drivertools {

struct ProcessResult {
    int exit_status = 0; // 128 + signal number when a signal ended it
    std::string output;
    std::string diagnostics; // what it wrote to its error stream
};

Result<ProcessResult> run_process(std::span<const std::string> command, std::string_view input = {});

// Calls `work(index)` for every index below `count`, on up to `jobs` threads (0: one for each processor).
void for_each_in_parallel(std::size_t count, unsigned jobs, const std::function<void(std::size_t)>& work);

} // namespace openportcls::drivertools
