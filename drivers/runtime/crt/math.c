#include "runtime.h"

#include <math.h>
#include <opc_runtime.h>

WEAK double acos(double x)
{
    return opc_acos(x);
}

WEAK double asin(double x)
{
    return opc_asin(x);
}

WEAK double atan(double x)
{
    return opc_atan(x);
}

WEAK double cbrt(double x)
{
    return opc_cbrt(x);
}

WEAK double ceil(double x)
{
    return opc_ceil(x);
}

WEAK double cos(double x)
{
    return opc_cos(x);
}

WEAK double cosh(double x)
{
    return opc_cosh(x);
}

WEAK double exp(double x)
{
    return opc_exp(x);
}

WEAK double exp2(double x)
{
    return opc_exp2(x);
}

WEAK double floor(double x)
{
    return opc_floor(x);
}

WEAK double log(double x)
{
    return opc_log(x);
}

WEAK double log10(double x)
{
    return opc_log10(x);
}

WEAK double log2(double x)
{
    return opc_log2(x);
}

WEAK double rint(double x)
{
    return opc_rint(x);
}

WEAK double round(double x)
{
    return opc_round(x);
}

WEAK double sin(double x)
{
    return opc_sin(x);
}

WEAK double sinh(double x)
{
    return opc_sinh(x);
}

WEAK double tan(double x)
{
    return opc_tan(x);
}

WEAK double tanh(double x)
{
    return opc_tanh(x);
}

WEAK double trunc(double x)
{
    return opc_trunc(x);
}

WEAK double atan2(double x, double y)
{
    return opc_atan2(x, y);
}

WEAK double fmod(double x, double y)
{
    return opc_fmod(x, y);
}

WEAK double hypot(double x, double y)
{
    return opc_hypot(x, y);
}

WEAK double pow(double x, double y)
{
    return opc_pow(x, y);
}

WEAK double sqrt(double x)
{
    __asm__("sqrtsd %0, %0" : "+x"(x));
    return x;
}

WEAK double fabs(double x)
{
    return __builtin_fabs(x);
}

WEAK double copysign(double x, double y)
{
    return __builtin_copysign(x, y);
}

WEAK double fmax(double x, double y)
{
    return __builtin_isnan(x) || x < y ? y : x;
}

WEAK double fmin(double x, double y)
{
    return __builtin_isnan(x) || x > y ? y : x;
}

WEAK double frexp(double x, int* exponent)
{
    return opc_frexp(x, exponent);
}

WEAK double ldexp(double x, int exponent)
{
    return opc_ldexp(x, exponent);
}

WEAK double modf(double x, double* integer)
{
    return opc_modf(x, integer);
}

WEAK long lround(double x)
{
    return (long)opc_round(x);
}

WEAK long long llround(double x)
{
    return (long long)opc_round(x);
}

WEAK long lrint(double x)
{
    return (long)opc_rint(x);
}

WEAK float acosf(float x)
{
    return (float)acos(x);
}

WEAK float asinf(float x)
{
    return (float)asin(x);
}

WEAK float atanf(float x)
{
    return (float)atan(x);
}

WEAK float ceilf(float x)
{
    return (float)ceil(x);
}

WEAK float cosf(float x)
{
    return (float)cos(x);
}

WEAK float coshf(float x)
{
    return (float)cosh(x);
}

WEAK float expf(float x)
{
    return (float)exp(x);
}

WEAK float exp2f(float x)
{
    return (float)exp2(x);
}

WEAK float floorf(float x)
{
    return (float)floor(x);
}

WEAK float logf(float x)
{
    return (float)log(x);
}

WEAK float log10f(float x)
{
    return (float)log10(x);
}

WEAK float log2f(float x)
{
    return (float)log2(x);
}

WEAK float roundf(float x)
{
    return (float)round(x);
}

WEAK float sinf(float x)
{
    return (float)sin(x);
}

WEAK float sinhf(float x)
{
    return (float)sinh(x);
}

WEAK float sqrtf(float x)
{
    return (float)sqrt(x);
}

WEAK float tanf(float x)
{
    return (float)tan(x);
}

WEAK float tanhf(float x)
{
    return (float)tanh(x);
}

WEAK float truncf(float x)
{
    return (float)trunc(x);
}

WEAK float atan2f(float x, float y)
{
    return (float)atan2(x, y);
}

WEAK float fmodf(float x, float y)
{
    return (float)fmod(x, y);
}

WEAK float powf(float x, float y)
{
    return (float)pow(x, y);
}

WEAK float fmaxf(float x, float y)
{
    return (float)fmax(x, y);
}

WEAK float fminf(float x, float y)
{
    return (float)fmin(x, y);
}

WEAK float copysignf(float x, float y)
{
    return (float)copysign(x, y);
}

WEAK float fabsf(float x)
{
    return __builtin_fabsf(x);
}

WEAK float ldexpf(float x, int exponent)
{
    return (float)opc_ldexp(x, exponent);
}

WEAK float modff(float x, float* integer)
{
    double whole;
    double fraction = opc_modf(x, &whole);
    *integer = (float)whole;
    return (float)fraction;
}

WEAK long lroundf(float x)
{
    return (long)opc_round(x);
}
