#ifndef OPC_DRIVERSPECS_H
#define OPC_DRIVERSPECS_H
#include "sal.h"
#endif
