// The printf of the Windows kernel: one engine for DbgPrint, the safe-string functions and _vsnprintf.
#pragma once

#include <ntdef.h>

#include <string>

namespace openportcls::executive {

// Narrow output of any length; wide pieces become UTF-8.
std::string format_message(const char* format, OPC_VA_LIST arguments);

} // namespace openportcls::executive

extern "C" {

// _vsnprintf and _vsnwprintf as the C runtime documents them: the length written, or -1 when `count` characters do
// not hold the text, which is then cut off without a terminating zero. Nothing written needs no buffer: the length.
NTSYSAPI int NTAPI opc_vsnprintf(char* buffer, SIZE_T count, const char* format, OPC_VA_LIST arguments);
NTSYSAPI int NTAPI opc_vsnwprintf(WCHAR* buffer, SIZE_T count, const WCHAR* format, OPC_VA_LIST arguments);
}
