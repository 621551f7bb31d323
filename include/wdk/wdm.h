/* Kernel interfaces available to WDM drivers. */
#ifndef _WDMDDK_
#define _WDMDDK_

#include "opc/ke.h"
#include "opc/mm.h"
#include "opc/ex_types.h"
#include "opc/io_types.h"

#endif
