// Touching memory that may not be there: what a kernel does with the pointers of an application. A fault on the way is
// no crash of the guest but the answer. Costs a copy and nothing else.
#pragma once

#include <cstddef>

namespace openportcls::machine {

// False when some of it could not be read or written; then part of `to` may have been written. Inside a machine.
bool copy_guarded(void* to, const void* from, std::size_t bytes);

enum class Access : bool { read, write };
// Whether every page of the range can be read, or read and written.
bool is_accessible(const void* begin, std::size_t bytes, Access access);

// For the fault handler: was `instruction` such an access? Then where to continue.
const void* guarded_access_failed(const void* instruction);

} // namespace openportcls::machine
