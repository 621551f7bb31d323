#ifndef _INC_NEW_H
#define _INC_NEW_H
#include "new"
#endif
