#ifndef OPC_KERNELSPECS_H
#define OPC_KERNELSPECS_H
#include "sal.h"
#endif
