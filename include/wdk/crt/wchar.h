#ifndef _INC_WCHAR
#define _INC_WCHAR
#include "stdarg.h"
#include "stddef.h"
#ifdef __cplusplus
extern "C" {
#endif
typedef unsigned short wint_t;
typedef unsigned short wctype_t;
#ifndef WEOF
#define WEOF ((wint_t)0xFFFF)
#endif
#define WCHAR_MIN 0
#define WCHAR_MAX 0xffff
size_t wcslen(const wchar_t* text);
size_t wcsnlen(const wchar_t* text, size_t maximum);
wchar_t* wcscpy(wchar_t* destination, const wchar_t* source);
wchar_t* wcsncpy(wchar_t* destination, const wchar_t* source, size_t count);
wchar_t* wcscat(wchar_t* destination, const wchar_t* source);
wchar_t* wcsncat(wchar_t* destination, const wchar_t* source, size_t count);
int wcscmp(const wchar_t* left, const wchar_t* right);
int wcsncmp(const wchar_t* left, const wchar_t* right, size_t count);
int _wcsicmp(const wchar_t* left, const wchar_t* right);
int _wcsnicmp(const wchar_t* left, const wchar_t* right, size_t count);
int wcsicmp(const wchar_t* left, const wchar_t* right);
int wcsnicmp(const wchar_t* left, const wchar_t* right, size_t count);
wchar_t* wcschr(const wchar_t* text, wchar_t character);
wchar_t* wcsrchr(const wchar_t* text, wchar_t character);
wchar_t* wcsstr(const wchar_t* text, const wchar_t* part);
wchar_t* wcspbrk(const wchar_t* text, const wchar_t* set);
size_t wcsspn(const wchar_t* text, const wchar_t* set);
size_t wcscspn(const wchar_t* text, const wchar_t* set);
wchar_t* _wcsupr(wchar_t* text);
wchar_t* _wcslwr(wchar_t* text);
wchar_t* _wcsrev(wchar_t* text);
int wcscpy_s(wchar_t* destination, size_t capacity, const wchar_t* source);
int wcsncpy_s(wchar_t* destination, size_t capacity, const wchar_t* source, size_t count);
int wcscat_s(wchar_t* destination, size_t capacity, const wchar_t* source);
int wcsncat_s(wchar_t* destination, size_t capacity, const wchar_t* source, size_t count);
long wcstol(const wchar_t* text, wchar_t** end, int base);
unsigned long wcstoul(const wchar_t* text, wchar_t** end, int base);
long long _wcstoi64(const wchar_t* text, wchar_t** end, int base);
unsigned long long _wcstoui64(const wchar_t* text, wchar_t** end, int base);
int _wtoi(const wchar_t* text);
long _wtol(const wchar_t* text);
int iswctype(wint_t character, wctype_t type);
int iswdigit(wint_t character);
int iswxdigit(wint_t character);
int iswalpha(wint_t character);
int iswalnum(wint_t character);
int iswspace(wint_t character);
int iswupper(wint_t character);
int iswlower(wint_t character);
wint_t towlower(wint_t character);
wint_t towupper(wint_t character);
int swprintf_s(wchar_t* buffer, size_t capacity, const wchar_t* format, ...);
int vswprintf_s(wchar_t* buffer, size_t capacity, const wchar_t* format, va_list arguments);
int _snwprintf(wchar_t* buffer, size_t count, const wchar_t* format, ...);
int _vsnwprintf(wchar_t* buffer, size_t count, const wchar_t* format, va_list arguments);
int _snwprintf_s(wchar_t* buffer, size_t capacity, size_t count, const wchar_t* format, ...);
int _vsnwprintf_s(wchar_t* buffer, size_t capacity, size_t count, const wchar_t* format, va_list arguments);
int _scwprintf(const wchar_t* format, ...);
int _vscwprintf(const wchar_t* format, va_list arguments);
int swprintf(wchar_t* buffer, const wchar_t* format, ...);
int vswprintf(wchar_t* buffer, const wchar_t* format, va_list arguments);
int _swprintf(wchar_t* buffer, const wchar_t* format, ...);
#ifdef __cplusplus
}
#endif
#ifdef __cplusplus
extern "C++" {
// C++ takes the capacity of an array from its type.
template<size_t capacity>
int wcscpy_s(wchar_t (&destination)[capacity], const wchar_t* source) {
    return wcscpy_s(destination, capacity, source);
}
template<size_t capacity>
int wcscat_s(wchar_t (&destination)[capacity], const wchar_t* source) {
    return wcscat_s(destination, capacity, source);
}
template<size_t capacity>
int wcsncpy_s(wchar_t (&destination)[capacity], const wchar_t* source, size_t count) {
    return wcsncpy_s(destination, capacity, source, count);
}
template<size_t capacity>
int wcsncat_s(wchar_t (&destination)[capacity], const wchar_t* source, size_t count) {
    return wcsncat_s(destination, capacity, source, count);
}
template<size_t capacity>
int vswprintf_s(wchar_t (&buffer)[capacity], const wchar_t* format, va_list arguments) {
    return vswprintf_s(buffer, capacity, format, arguments);
}
template<size_t capacity>
int swprintf_s(wchar_t (&buffer)[capacity], const wchar_t* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const int written = vswprintf_s(buffer, capacity, format, arguments);
    va_end(arguments);
    return written;
}
template<size_t capacity>
int _vsnwprintf_s(wchar_t (&buffer)[capacity], size_t count, const wchar_t* format, va_list arguments) {
    return _vsnwprintf_s(buffer, capacity, count, format, arguments);
}
template<size_t capacity>
int _snwprintf_s(wchar_t (&buffer)[capacity], size_t count, const wchar_t* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const int written = _vsnwprintf_s(buffer, capacity, count, format, arguments);
    va_end(arguments);
    return written;
}
}
#endif
#endif
