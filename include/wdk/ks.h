/* Kernel streaming. Parts by dependence: GUIDs, structures, identifiers, kernel tables, functions, AVStream. */
#ifndef _KS_
#define _KS_

#include "basetyps.h"
#include "ntddk.h"
#include "opc/ks_avstream.h"
#include "opc/ks_functions.h"
#include "opc/ks_guids.h"
#include "opc/ks_kernel.h"
#include "opc/ks_properties.h"
#include "opc/ks_types.h"

#ifndef SIZEOF_ARRAY
#define SIZEOF_ARRAY(array) (sizeof(array) / sizeof((array)[0]))
#endif

#define NANOSECONDS 10000000
/* A performance counter value in 100 ns units, without overflow of the product. */
#define KSCONVERT_PERFORMANCE_TIME(Frequency, PerformanceTime)                                                         \
    ((ULONGLONG)(PerformanceTime).QuadPart / (ULONGLONG)(Frequency) * NANOSECONDS +                                    \
     (ULONGLONG)(PerformanceTime).QuadPart % (ULONGLONG)(Frequency) * NANOSECONDS / (ULONGLONG)(Frequency))

#endif
