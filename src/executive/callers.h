// Exports that remember who called them (__builtin_return_address) stay out of line: as link-time optimisation would
// have it, the library's own calls of them would remember the library's caller. tests/lint/check_callers.sh holds it.
#pragma once

#define OPC_BEGIN_REMEMBERING_CALLERS _Pragma("clang attribute push(__attribute__((noinline)), apply_to = function)")
#define OPC_END_REMEMBERING_CALLERS _Pragma("clang attribute pop")
