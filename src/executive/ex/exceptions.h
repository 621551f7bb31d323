// Structured exceptions raised by exports. A driver built from source may be inside a __try block; otherwise the
// exception ends the machine, as it does on Windows.
#pragma once

#include <string_view>

#include <wdm.h>

namespace openportcls::executive {

// `rule` is the sentence a bugcheck shows when nobody handles the exception.
[[noreturn, gnu::cold]] void raise_status(NTSTATUS status, std::string_view rule);

// The one that knows how to find a handler for the current thread: set by whoever implements __try (source modules
// and PE images). Returns when there is none.
using ExceptionDispatcher = void (*)(NTSTATUS status);
void set_exception_dispatcher(ExceptionDispatcher dispatcher);

} // namespace openportcls::executive
