/* The library that lent the functions of processor groups to systems before Windows 7: the kernel has them itself. */
#ifndef OPC_PROCGRP_H
#define OPC_PROCGRP_H
#include "wdm.h"

/* nf-procgrp-wdmlibprocgrpinitialize */
static __inline VOID WdmlibProcgrpInitialize(VOID) {}
#endif
