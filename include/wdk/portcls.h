/*
 * The Port Class driver interface: what an audio adapter driver includes.
 * PC_IMPLEMENTATION before this header makes the IMP_IXxx macros of the interfaces that PortCls itself implements
 * expand to declarations; without it they are empty.
 */
#ifndef _PORTCLS_H_
#define _PORTCLS_H_

#include "drmk.h"
#include "ks.h"
#include "ksmedia.h"
#include "ntddk.h"
#include "opc/portcls_functions.h"
#include "opc/portcls_interfaces_adapter.h"
#include "opc/portcls_interfaces_miniport.h"
#include "opc/portcls_interfaces_optional.h"
#include "opc/portcls_names.h"
#include "opc/portcls_types.h"
#include "punknown.h"
#include "windef.h"

#endif
