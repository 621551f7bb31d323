/* Kernel-Mode Driver Framework: what drivers in miniport mode use of it. */
#ifndef _WDF_H_
#define _WDF_H_
#include "opc/wdf_functions.h"
#include "opc/wdf_types.h"
#endif
