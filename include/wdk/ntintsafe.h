/* Checked integer arithmetic and conversions of the kernel: RtlULongAdd, RtlLongLongToULong ... */
#ifndef _NTINTSAFE_H_INCLUDED_
#define _NTINTSAFE_H_INCLUDED_

#include "ntdef.h"
#include "ntstatus.h"
#include "opc/safe_integer_limits.h"

#define OPC_SAFE_NAME(name) Rtl##name
#define OPC_SAFE_RESULT NTSTATUS
#define OPC_SAFE_OK STATUS_SUCCESS
#define OPC_SAFE_OVERFLOW STATUS_INTEGER_OVERFLOW
#include "opc/safe_integers.inc"

#endif
