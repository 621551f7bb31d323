/* Kernel interfaces available to WDM drivers. */
#ifndef _WDMDDK_
#define _WDMDDK_

#include "bugcodes.h"
#include "opc/debug.h"
#include "opc/etw.h"
#include "opc/ex.h"
#include "opc/hal.h"
#include "opc/io.h"
#include "opc/ke.h"
#include "opc/mm.h"
#include "opc/pnp.h"
#include "opc/po.h"
#include "opc/ps_ob.h"
#include "opc/rtl.h"
#include "opc/zw.h"

#endif
