/*
 * What the host exports for the drivers' C runtime (drivers/runtime/crt), besides the Windows kernel's own names.
 * opc_vsnprintf and opc_vsnwprintf: the length written, or -1 when `count` characters do not hold the text, which is
 * then cut off without a terminating zero; with no buffer and a count of 0, the length the text would have.
 */
#ifndef OPC_RUNTIME_H
#define OPC_RUNTIME_H

#include "ntdef.h"

#ifdef __cplusplus
extern "C" {
#endif

NTSYSAPI int NTAPI opc_vsnprintf(char* buffer, SIZE_T count, const char* format, OPC_VA_LIST arguments);
NTSYSAPI int NTAPI opc_vsnwprintf(WCHAR* buffer, SIZE_T count, const WCHAR* format, OPC_VA_LIST arguments);

NTSYSAPI double NTAPI opc_acos(double x);
NTSYSAPI double NTAPI opc_asin(double x);
NTSYSAPI double NTAPI opc_atan(double x);
NTSYSAPI double NTAPI opc_atan2(double y, double x);
NTSYSAPI double NTAPI opc_cbrt(double x);
NTSYSAPI double NTAPI opc_ceil(double x);
NTSYSAPI double NTAPI opc_cos(double x);
NTSYSAPI double NTAPI opc_cosh(double x);
NTSYSAPI double NTAPI opc_exp(double x);
NTSYSAPI double NTAPI opc_exp2(double x);
NTSYSAPI double NTAPI opc_floor(double x);
NTSYSAPI double NTAPI opc_fmod(double x, double y);
NTSYSAPI double NTAPI opc_frexp(double x, int* exponent);
NTSYSAPI double NTAPI opc_hypot(double x, double y);
NTSYSAPI double NTAPI opc_ldexp(double x, int exponent);
NTSYSAPI double NTAPI opc_log(double x);
NTSYSAPI double NTAPI opc_log10(double x);
NTSYSAPI double NTAPI opc_log2(double x);
NTSYSAPI double NTAPI opc_modf(double x, double* integer);
NTSYSAPI double NTAPI opc_pow(double x, double y);
NTSYSAPI double NTAPI opc_rint(double x);
NTSYSAPI double NTAPI opc_round(double x);
NTSYSAPI double NTAPI opc_sin(double x);
NTSYSAPI double NTAPI opc_sinh(double x);
NTSYSAPI double NTAPI opc_tan(double x);
NTSYSAPI double NTAPI opc_tanh(double x);
NTSYSAPI double NTAPI opc_trunc(double x);

#ifdef __cplusplus
}
#endif

#endif
