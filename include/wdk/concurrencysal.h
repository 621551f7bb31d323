#ifndef OPC_CONCURRENCYSAL_H
#define OPC_CONCURRENCYSAL_H
#include "sal.h"
#endif
