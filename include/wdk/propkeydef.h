/* PROPERTYKEY and DEFINE_PROPERTYKEY: defined, like GUIDs, in every unit. */
#ifndef OPC_PROPKEYDEF_H
#define OPC_PROPKEYDEF_H

#include "guiddef.h"
#include "opc_abi.h"

#ifndef PROPERTYKEY_DEFINED
#define PROPERTYKEY_DEFINED
typedef struct _tagpropertykey {
    GUID fmtid;
    DWORD pid;
} PROPERTYKEY;
#ifdef __cplusplus
#define REFPROPERTYKEY const PROPERTYKEY&
#else
#define REFPROPERTYKEY const PROPERTYKEY* const
#endif
#endif

#undef DEFINE_PROPERTYKEY
#define DEFINE_PROPERTYKEY(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8, pid)                                       \
    OPC_GUID_DEFINITION PROPERTYKEY name = {{l, w1, w2, {b1, b2, b3, b4, b5, b6, b7, b8}}, pid}

#endif
