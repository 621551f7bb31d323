// The host's mathematics for drivers compiled from source: opc_runtime.h, called by drivers/runtime/crt/math.c.
#include <cmath>

#include <opc_runtime.h>

extern "C" {

double NTAPI opc_acos(double x) {
    return std::acos(x);
}
double NTAPI opc_asin(double x) {
    return std::asin(x);
}
double NTAPI opc_atan(double x) {
    return std::atan(x);
}
double NTAPI opc_cbrt(double x) {
    return std::cbrt(x);
}
double NTAPI opc_ceil(double x) {
    return std::ceil(x);
}
double NTAPI opc_cos(double x) {
    return std::cos(x);
}
double NTAPI opc_cosh(double x) {
    return std::cosh(x);
}
double NTAPI opc_exp(double x) {
    return std::exp(x);
}
double NTAPI opc_exp2(double x) {
    return std::exp2(x);
}
double NTAPI opc_floor(double x) {
    return std::floor(x);
}
double NTAPI opc_log(double x) {
    return std::log(x);
}
double NTAPI opc_log10(double x) {
    return std::log10(x);
}
double NTAPI opc_log2(double x) {
    return std::log2(x);
}
double NTAPI opc_rint(double x) {
    return std::rint(x);
}
double NTAPI opc_round(double x) {
    return std::round(x);
}
double NTAPI opc_sin(double x) {
    return std::sin(x);
}
double NTAPI opc_sinh(double x) {
    return std::sinh(x);
}
double NTAPI opc_tan(double x) {
    return std::tan(x);
}
double NTAPI opc_tanh(double x) {
    return std::tanh(x);
}
double NTAPI opc_trunc(double x) {
    return std::trunc(x);
}
double NTAPI opc_atan2(double x, double y) {
    return std::atan2(x, y);
}
double NTAPI opc_fmod(double x, double y) {
    return std::fmod(x, y);
}
double NTAPI opc_hypot(double x, double y) {
    return std::hypot(x, y);
}
double NTAPI opc_pow(double x, double y) {
    return std::pow(x, y);
}
double NTAPI opc_frexp(double x, int* exponent) {
    return std::frexp(x, exponent);
}
double NTAPI opc_ldexp(double x, int exponent) {
    return std::ldexp(x, exponent);
}
double NTAPI opc_modf(double x, double* integer) {
    return std::modf(x, integer);
}

} // extern "C"
