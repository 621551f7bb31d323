// LLP64, 16-bit wide characters, multi-character tags, MSVC structure layout.
#include "Inc/Traps.h"

C_ASSERT(sizeof(long) == 4);
C_ASSERT(sizeof(LONG) == 4);
C_ASSERT(sizeof(void*) == 8);
C_ASSERT(sizeof(wchar_t) == 2);
C_ASSERT(sizeof(L"ab") == 6);
C_ASSERT(sizeof(ULONG_PTR) == 8);

struct Bits {
    unsigned char low : 4;
    unsigned long high : 4; // another type: another unit
};
C_ASSERT(sizeof(Bits) == 8);

#pragma pack(push, 1)
struct Packed {
    char first;
    long second;
};
#pragma pack(pop)
C_ASSERT(sizeof(Packed) == 5);

extern "C" int check_types() {
    long samples[4] = {1, 2, 3, 4};
    unsigned char* bytes = (unsigned char*)samples;
    EXPECT(bytes[4] == 2); // 32-bit samples written through long*
    ULONG tag = 'gaTX';
    EXPECT(tag == 0x67615458);
    const WCHAR* wide = L"\x263A";
    EXPECT(wide[0] == 0x263A && wide[1] == 0);
    unsigned long wraps = 0xFFFFFFFFul;
    EXPECT(++wraps == 0);
    return 0;
}
