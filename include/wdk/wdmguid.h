/* GUIDs of bus interfaces and notifications; opc/pnp.h holds them. */
#ifndef OPC_WDMGUID_H
#define OPC_WDMGUID_H
#include "wdm.h"
#endif
