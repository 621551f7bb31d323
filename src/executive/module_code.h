// What lies in a loaded module: a driver, this library, the program.
#pragma once

namespace openportcls::executive {

// Whether `address` lies in a loaded module's segment of code: what a pointer to a function has to do.
bool is_code_of_a_module(const void* address);

} // namespace openportcls::executive
