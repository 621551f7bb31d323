// GUIDs in every form, defined in this unit, another unit, or both.
#include "Inc/Traps.h"
#include <ksmedia.h>
#include <portcls.h>

DEFINE_GUID(TRAP_GUID, 0x01234567, 0x89AB, 0xCDEF, 0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF);

#define STATIC_TRAP_CATEGORY 0x11111111, 0x2222, 0x3333, 0x44, 0x44, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55
DEFINE_GUIDSTRUCT("11111111-2222-3333-4444-555555555555", TRAP_CATEGORY);
#define TRAP_CATEGORY DEFINE_GUIDNAMED(TRAP_CATEGORY)

struct __declspec(uuid("11111111-2222-3333-4444-555555555555")) NamedByUuid;

extern "C" int check_guids() {
    EXPECT(TRAP_GUID.Data1 == 0x01234567 && TRAP_GUID.Data4[7] == 0xEF);
    EXPECT(IsEqualGUID(TRAP_CATEGORY, __uuidof(NamedByUuid)));
    static const GUID* const table[] = {&TRAP_CATEGORY, &KSCATEGORY_AUDIO};
    EXPECT(table[0]->Data2 == 0x2222);
    EXPECT(table[1]->Data1 == 0x6994AD04);
    return 0;
}
