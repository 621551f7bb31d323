#ifndef _INC_MALLOC
#define _INC_MALLOC
#include "stdlib.h"
#endif
