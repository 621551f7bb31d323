#ifndef OPC_SPECSTRINGS_UNDEF_H
#define OPC_SPECSTRINGS_UNDEF_H
#include "sal.h"
#endif
