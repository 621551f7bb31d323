#ifndef OPC_NO_SAL2_H
#define OPC_NO_SAL2_H
#include "sal.h"
#endif
