// `return` and `goto` out of a __try: the __finally behind it is not run in a module built from source (wdk/seh.h),
// which the person who builds the driver has to know.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace openportcls::drivertools {

// Numbers of the lines, in ascending order.
std::vector<std::size_t> lines_that_skip_finally(std::string_view text);

} // namespace openportcls::drivertools
