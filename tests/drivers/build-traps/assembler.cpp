// Inline assembler in Microsoft's syntax: drivers guard it by processor, and clang takes it for this one too.
#include "Inc/Traps.h"

#if defined(_M_IX86)
#error a driver for x64 sees itself compiled for x86
#endif

// clang-format off
static ULONG sum(ULONG first, ULONG second) {
    ULONG result;
    __asm {
        mov eax, first ; a comment for the assembler
        add eax, second
        mov result, eax
    }
    return result;
}

static ULONG next(ULONG value) {
    __asm mov eax, value __asm inc eax
    __asm mov value, eax
    return value;
}
// clang-format on

extern "C" int check_assembler() {
    EXPECT(sum(40, 2) == 42);
    EXPECT(next(7) == 8);
    return 0;
}
