#ifndef OPC_CRT_RUNTIME_H
#define OPC_CRT_RUNTIME_H

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

// A driver's own definition of the same name wins.
#define WEAK __attribute__((weak))

#endif
