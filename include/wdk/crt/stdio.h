#ifndef _INC_STDIO
#define _INC_STDIO
#include "stdarg.h"
#include "stddef.h"
#include "wchar.h"
#ifdef __cplusplus
extern "C" {
#endif
int sprintf(char* buffer, const char* format, ...);
int vsprintf(char* buffer, const char* format, va_list arguments);
int snprintf(char* buffer, size_t count, const char* format, ...);
int vsnprintf(char* buffer, size_t count, const char* format, va_list arguments);
int _snprintf(char* buffer, size_t count, const char* format, ...);
int _vsnprintf(char* buffer, size_t count, const char* format, va_list arguments);
int _scprintf(const char* format, ...);
int _vscprintf(const char* format, va_list arguments);
int sprintf_s(char* buffer, size_t capacity, const char* format, ...);
int vsprintf_s(char* buffer, size_t capacity, const char* format, va_list arguments);
int _snprintf_s(char* buffer, size_t capacity, size_t count, const char* format, ...);
int _vsnprintf_s(char* buffer, size_t capacity, size_t count, const char* format, va_list arguments);
#ifdef __cplusplus
}
#endif
#ifdef __cplusplus
extern "C++" {
// C++ takes the capacity of an array from its type.
template<size_t capacity>
int vsprintf_s(char (&buffer)[capacity], const char* format, va_list arguments) {
    return vsprintf_s(buffer, capacity, format, arguments);
}
template<size_t capacity>
int sprintf_s(char (&buffer)[capacity], const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const int written = vsprintf_s(buffer, capacity, format, arguments);
    va_end(arguments);
    return written;
}
template<size_t capacity>
int _vsnprintf_s(char (&buffer)[capacity], size_t count, const char* format, va_list arguments) {
    return _vsnprintf_s(buffer, capacity, count, format, arguments);
}
template<size_t capacity>
int _snprintf_s(char (&buffer)[capacity], size_t count, const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const int written = _vsnprintf_s(buffer, capacity, count, format, arguments);
    va_end(arguments);
    return written;
}
}
#endif
#endif
