#ifndef OPC_SPECSTRINGS_H
#define OPC_SPECSTRINGS_H
#include "sal.h"
#endif
