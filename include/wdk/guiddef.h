/*
 * GUID and its helpers.
 * A real driver gets its GUIDs from DEFINE_GUID under INITGUID or from ksguid.lib; here DEFINE_GUID defines in every
 * unit, with weak linkage, so that neither is needed: discardable without INITGUID, kept with it.
 */
#ifndef GUID_DEFINED
#define GUID_DEFINED
#include "opc_abi.h"
typedef struct _GUID {
    ULONG Data1;
    USHORT Data2;
    USHORT Data3;
    UCHAR Data4[8];
} GUID;
OPC_STATIC_ASSERT(sizeof(GUID) == 16, "GUID");
#endif

#ifndef FAR
#define FAR
#endif

#undef DEFINE_GUID
#undef OPC_GUID_DEFINITION
#if defined(__cplusplus) && !defined(INITGUID)
#define OPC_GUID_DEFINITION EXTERN_C inline const
#elif defined(__cplusplus)
#define OPC_GUID_DEFINITION EXTERN_C __attribute__((weak)) const
#else
#define OPC_GUID_DEFINITION __attribute__((weak)) const
#endif
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8)                                                   \
    OPC_GUID_DEFINITION GUID name = {l, w1, w2, {b1, b2, b3, b4, b5, b6, b7, b8}}
#define DEFINE_OLEGUID(name, l, w1, w2) DEFINE_GUID(name, l, w1, w2, 0xC0, 0, 0, 0, 0, 0, 0, 0x46)

#ifndef _GUIDDEF_H_
#define _GUIDDEF_H_

typedef GUID* LPGUID;
typedef const GUID* LPCGUID;
typedef GUID* PGUID;
typedef const GUID* PCGUID;
typedef GUID IID;
typedef IID* LPIID;
typedef GUID CLSID;
typedef CLSID* LPCLSID;
typedef GUID FMTID;
typedef FMTID* LPFMTID;
typedef GUID UUID;

#ifdef __cplusplus
#ifndef _REFGUID_DEFINED
#define _REFGUID_DEFINED
#define REFGUID const GUID&
#endif
#ifndef _REFIID_DEFINED
#define _REFIID_DEFINED
#define REFIID const IID&
#endif
#ifndef _REFCLSID_DEFINED
#define _REFCLSID_DEFINED
#define REFCLSID const IID&
#endif
#ifndef _REFFMTID_DEFINED
#define _REFFMTID_DEFINED
#define REFFMTID const IID&
#endif

inline int InlineIsEqualGUID(REFGUID left, REFGUID right) {
    return __builtin_memcmp(&left, &right, sizeof(GUID)) == 0;
}
inline int IsEqualGUID(REFGUID left, REFGUID right) {
    return __builtin_memcmp(&left, &right, sizeof(GUID)) == 0;
}
/* Drivers include headers inside extern "C" { }. */
extern "C++" {
inline bool operator==(REFGUID left, REFGUID right) {
    return __builtin_memcmp(&left, &right, sizeof(GUID)) == 0;
}
inline bool operator!=(REFGUID left, REFGUID right) {
    return !(left == right);
}
}
#else
#define REFGUID const GUID* const
#define REFIID const IID* const
#define REFCLSID const IID* const
#define REFFMTID const IID* const
#define InlineIsEqualGUID(left, right) (!memcmp(left, right, sizeof(GUID)))
#define IsEqualGUID(left, right) (!memcmp(left, right, sizeof(GUID)))
#endif

#define IsEqualIID(left, right) IsEqualGUID(left, right)
#define IsEqualCLSID(left, right) IsEqualGUID(left, right)
#define IsEqualFMTID(left, right) IsEqualGUID(left, right)
/* Aligned GUIDs may be compared faster there; here every comparison is. */
#define IsEqualGUIDAligned(left, right) IsEqualGUID(left, right)
#define IID_NULL GUID_NULL
#define CLSID_NULL GUID_NULL
#define FMTID_NULL GUID_NULL

#endif
