/* The compiler's own, whose folder stands behind this one. */
#include "../opc_abi.h"
#include_next <pmmintrin.h>
