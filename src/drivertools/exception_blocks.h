// __try, __except and __finally in a driver's source, as far as wdk/seh.h cannot give them their whole meaning: the
// person who builds the driver has to know.
#pragma once

#include "drivertools/project.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace openportcls::drivertools {

struct ExceptionBlockProblem {
    std::size_t line = 0;
    bool refused = false; // it would run wrongly; otherwise it runs, but not quite as on Windows
    std::string text;
};

// `__try` or `_try` stands in it, as a word of its own.
bool names_exception_blocks(std::string_view source);

// In the order of the lines.
std::vector<ExceptionBlockProblem> exception_block_problems(std::string_view source, Language language);

// In C, wdk/seh.h can only make __try from a loop, to which a `break` or `continue` directly inside it would belong. In
// a text with such a jump, each __try gets braces of its own instead, to which none belongs. What is a __try in C++
// stays one. Line numbers stay as they were, and a text without such jumps does.
std::string with_braced_exception_blocks(std::string_view source);

} // namespace openportcls::drivertools
