// What the compiler says, in the words of who wrote the driver.
#pragma once

#include <string>
#include <string_view>

namespace openportcls::drivertools {

std::string without_colors(std::string_view text);

// Exception blocks are macros (wdk/seh.h): their insides mean nothing to the driver's author.
std::string in_words_of_drivers(std::string_view diagnostics);

} // namespace openportcls::drivertools
