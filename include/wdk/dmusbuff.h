/* DirectMusic buffers: what a stream request of a DirectMusic pin holds. */
#ifndef _DMusBuff_
#define _DMusBuff_

#include "ks.h"

#ifndef REFERENCE_TIME_DEFINED
#define REFERENCE_TIME_DEFINED
typedef LONGLONG REFERENCE_TIME;
#endif

#pragma pack(push, 4)
typedef struct _DMUS_EVENTHEADER {
    DWORD cbEvent;
    DWORD dwChannelGroup;
    REFERENCE_TIME rtDelta; /* from the buffer's PresentationTime */
    DWORD dwFlags;
} DMUS_EVENTHEADER, *LPDMUS_EVENTHEADER;
#pragma pack(pop)

#define DMUS_EVENT_STRUCTURED 0x00000001 /* one complete message */

#define QWORD_ALIGN(x) (((x) + 7) & ~7)
#define DMUS_EVENT_SIZE(cb) QWORD_ALIGN(sizeof(DMUS_EVENTHEADER) + cb)

#endif
