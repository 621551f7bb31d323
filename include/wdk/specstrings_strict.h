#ifndef OPC_SPECSTRINGS_STRICT_H
#define OPC_SPECSTRINGS_STRICT_H
#include "sal.h"
#endif
