/* The functions of double precision are forwarded to the host (opc_runtime.h); those of float go through double. */
#ifndef _INC_MATH
#define _INC_MATH
#include "stddef.h"
#ifdef __cplusplus
extern "C" {
#endif
typedef float float_t;
typedef double double_t;
#define HUGE_VAL __builtin_huge_val()
#define HUGE_VALF __builtin_huge_valf()
#define INFINITY __builtin_inff()
#define NAN __builtin_nanf("")
#define isnan(x) __builtin_isnan(x)
#define isinf(x) __builtin_isinf(x)
#define isfinite(x) __builtin_isfinite(x)
#define signbit(x) __builtin_signbit(x)
#define _isnan(x) __builtin_isnan(x)
#define _finite(x) __builtin_isfinite(x)
#if defined(_USE_MATH_DEFINES)
#define M_E 2.71828182845904523536
#define M_LOG2E 1.44269504088896340736
#define M_LOG10E 0.434294481903251827651
#define M_LN2 0.693147180559945309417
#define M_LN10 2.30258509299404568402
#define M_PI 3.14159265358979323846
#define M_PI_2 1.57079632679489661923
#define M_PI_4 0.785398163397448309616
#define M_1_PI 0.318309886183790671538
#define M_2_PI 0.636619772367581343076
#define M_2_SQRTPI 1.12837916709551257390
#define M_SQRT2 1.41421356237309504880
#define M_SQRT1_2 0.707106781186547524401
#endif
double acos(double x);
double asin(double x);
double atan(double x);
double atan2(double y, double x);
double ceil(double x);
double cos(double x);
double cosh(double x);
double exp(double x);
double exp2(double x);
double fabs(double x);
double floor(double x);
double fmax(double x, double y);
double fmin(double x, double y);
double fmod(double x, double y);
double frexp(double x, int* exponent);
double hypot(double x, double y);
double ldexp(double x, int exponent);
double log(double x);
double log10(double x);
double log2(double x);
double modf(double x, double* integer);
double pow(double x, double y);
double round(double x);
double sin(double x);
double sinh(double x);
double sqrt(double x);
double tan(double x);
double tanh(double x);
double trunc(double x);
double cbrt(double x);
double copysign(double x, double y);
long lround(double x);
long long llround(double x);
long lrint(double x);
double rint(double x);
float acosf(float x);
float asinf(float x);
float atanf(float x);
float atan2f(float y, float x);
float ceilf(float x);
float cosf(float x);
float coshf(float x);
float expf(float x);
float exp2f(float x);
float fabsf(float x);
float floorf(float x);
float fmaxf(float x, float y);
float fminf(float x, float y);
float fmodf(float x, float y);
float ldexpf(float x, int exponent);
float logf(float x);
float log10f(float x);
float log2f(float x);
float modff(float x, float* integer);
float powf(float x, float y);
float roundf(float x);
float sinf(float x);
float sinhf(float x);
float sqrtf(float x);
float tanf(float x);
float tanhf(float x);
float truncf(float x);
long lroundf(float x);
float copysignf(float x, float y);
int abs(int x);
long labs(long x);
#ifdef __cplusplus
}
/* C++ has the float forms as overloads. */
#define OPC_OVERLOAD(name)                                                                                             \
    inline float name(float x) {                                                                                       \
        return name##f(x);                                                                                             \
    }
OPC_OVERLOAD(acos)
OPC_OVERLOAD(asin)
OPC_OVERLOAD(atan)
OPC_OVERLOAD(ceil)
OPC_OVERLOAD(cos)
OPC_OVERLOAD(cosh)
OPC_OVERLOAD(exp)
OPC_OVERLOAD(fabs)
OPC_OVERLOAD(floor)
OPC_OVERLOAD(log)
OPC_OVERLOAD(log10)
OPC_OVERLOAD(round)
OPC_OVERLOAD(sin)
OPC_OVERLOAD(sinh)
OPC_OVERLOAD(sqrt)
OPC_OVERLOAD(tan)
OPC_OVERLOAD(tanh)
#undef OPC_OVERLOAD
inline float pow(float x, float y) {
    return powf(x, y);
}
inline double pow(double x, int y) {
    return pow(x, (double)y);
}
inline float fmod(float x, float y) {
    return fmodf(x, y);
}
inline float atan2(float y, float x) {
    return atan2f(y, x);
}
/* Integer arguments would be ambiguous between the two. */
#define OPC_INTEGRAL(name)                                                                                             \
    inline double name(int x) {                                                                                        \
        return name((double)x);                                                                                        \
    }                                                                                                                  \
    inline double name(unsigned x) {                                                                                   \
        return name((double)x);                                                                                        \
    }                                                                                                                  \
    inline double name(long x) {                                                                                       \
        return name((double)x);                                                                                        \
    }                                                                                                                  \
    inline double name(unsigned long x) {                                                                              \
        return name((double)x);                                                                                        \
    }                                                                                                                  \
    inline double name(long long x) {                                                                                  \
        return name((double)x);                                                                                        \
    }                                                                                                                  \
    inline double name(unsigned long long x) {                                                                         \
        return name((double)x);                                                                                        \
    }
OPC_INTEGRAL(sin)
OPC_INTEGRAL(cos)
OPC_INTEGRAL(tan)
OPC_INTEGRAL(sqrt)
OPC_INTEGRAL(exp)
OPC_INTEGRAL(log)
OPC_INTEGRAL(log10)
OPC_INTEGRAL(fabs)
OPC_INTEGRAL(floor)
OPC_INTEGRAL(ceil)
#undef OPC_INTEGRAL
inline double pow(int x, int y) {
    return pow((double)x, (double)y);
}
inline double pow(int x, double y) {
    return pow((double)x, y);
}
inline float abs(float x) {
    return fabsf(x);
}
inline double abs(double x) {
    return fabs(x);
}
inline long abs(long x) {
    return x < 0 ? -x : x;
}
inline long long abs(long long x) {
    return x < 0 ? -x : x;
}
#endif
#endif
