#ifndef _NTOSP_
#define _NTOSP_
#include "ntifs.h"
#endif
