/* The same checked integers as ntintsafe.h, returning HRESULT. */
#ifndef _INTSAFE_H_INCLUDED_
#define _INTSAFE_H_INCLUDED_

#include "opc/safe_integer_limits.h"
#include "winerror.h"

#define INTSAFE_E_ARITHMETIC_OVERFLOW ((HRESULT)0x80070216)
#define OPC_SAFE_NAME(name) name
#define OPC_SAFE_RESULT HRESULT
#define OPC_SAFE_OK S_OK
#define OPC_SAFE_OVERFLOW INTSAFE_E_ARITHMETIC_OVERFLOW
#include "opc/safe_integers.inc"

#endif
