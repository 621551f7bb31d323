#ifndef _STDALIGN
#define _STDALIGN
#ifndef __cplusplus
#define alignas _Alignas
#define alignof _Alignof
#endif
#endif
