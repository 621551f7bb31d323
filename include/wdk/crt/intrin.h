#ifndef __INTRIN_H_
#define __INTRIN_H_
#include "../opc/interlocked.h"
#include "immintrin.h"
#endif
