/* KMDF in a driver whose dispatch routines belong to another framework, as those of PortCls do. */
#ifndef _WDFMINIPORT_H_
#define _WDFMINIPORT_H_
#include "wdf.h"
#endif
