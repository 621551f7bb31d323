// Touching memory that may not be there: what a kernel does with the pointers of an application. A fault on the way is
// no crash of the guest but the answer; without one it costs a load for each page.
#pragma once

#include <cstddef>

namespace openportcls::machine {

enum class Access : bool { read, write };
// Whether every page of the range can be read, or read and written. Inside a machine, whose fault handler it needs.
bool is_accessible(const void* begin, std::size_t bytes, Access access);

// For the fault handler: where to continue when `instruction` was such an access; null when it was not.
const void* guarded_access_failed(const void* instruction);

} // namespace openportcls::machine
