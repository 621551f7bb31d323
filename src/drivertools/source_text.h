// Source files as Microsoft's compiler reads them: UTF-8, UTF-16 with a byte order mark, or the system's code page
// (1252).
#pragma once

#include <string>
#include <string_view>

namespace openportcls::drivertools {

// What Clang can read and understands in the same way. UTF-8 comes back as it is. In files of the code page only wide
// literals change, to universal character names: the bytes of narrow ones are what the driver gets on Windows, too.
std::string readable_source(std::string_view bytes);

} // namespace openportcls::drivertools
