// The printf family, each with its own rule for a buffer that is too small.
#include "runtime.h"

#include <opc_runtime.h>

#define FORWARD(result, call)                                                                                          \
    va_list arguments;                                                                                                 \
    va_start(arguments, format);                                                                                       \
    int result = call;                                                                                                 \
    va_end(arguments);                                                                                                 \
    return result

// No limit is known: the largest that keeps the length an int.
static const size_t unbounded = INT_MAX;

WEAK int _vsnprintf(char* buffer, size_t count, const char* format, va_list arguments)
{
    return opc_vsnprintf(buffer, count, format, arguments);
}

WEAK int _snprintf(char* buffer, size_t count, const char* format, ...)
{
    FORWARD(length, opc_vsnprintf(buffer, count, format, arguments));
}

WEAK int _vscprintf(const char* format, va_list arguments)
{
    return opc_vsnprintf(NULL, 0, format, arguments);
}

WEAK int _scprintf(const char* format, ...)
{
    FORWARD(length, opc_vsnprintf(NULL, 0, format, arguments));
}

// C99: terminated always, the length the text would have.
WEAK int vsnprintf(char* buffer, size_t count, const char* format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = opc_vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (count != 0) {
        int written = opc_vsnprintf(buffer, count - 1, format, arguments);
        buffer[written < 0 ? (int)(count - 1) : written] = 0;
    }
    return length;
}

WEAK int snprintf(char* buffer, size_t count, const char* format, ...)
{
    FORWARD(length, vsnprintf(buffer, count, format, arguments));
}

WEAK int vsprintf(char* buffer, const char* format, va_list arguments)
{
    return opc_vsnprintf(buffer, unbounded, format, arguments);
}

WEAK int sprintf(char* buffer, const char* format, ...)
{
    FORWARD(length, opc_vsnprintf(buffer, unbounded, format, arguments));
}

// The secure forms leave an empty string when the text does not fit, unless _TRUNCATE asks for what fits.
WEAK int _vsnprintf_s(char* buffer, size_t capacity, size_t count, const char* format, va_list arguments)
{
    if (buffer == NULL || capacity == 0 || format == NULL)
        return -1;
    size_t room = count < capacity - 1 ? count : capacity - 1;
    int length = opc_vsnprintf(buffer, room, format, arguments);
    if (length >= 0) {
        buffer[length] = 0;
        return length;
    }
    buffer[count == _TRUNCATE || count < capacity ? room : 0] = 0;
    return -1;
}

WEAK int _snprintf_s(char* buffer, size_t capacity, size_t count, const char* format, ...)
{
    FORWARD(length, _vsnprintf_s(buffer, capacity, count, format, arguments));
}

WEAK int vsprintf_s(char* buffer, size_t capacity, const char* format, va_list arguments)
{
    return _vsnprintf_s(buffer, capacity, capacity, format, arguments);
}

WEAK int sprintf_s(char* buffer, size_t capacity, const char* format, ...)
{
    FORWARD(length, vsprintf_s(buffer, capacity, format, arguments));
}

WEAK int _vsnwprintf(wchar_t* buffer, size_t count, const wchar_t* format, va_list arguments)
{
    return opc_vsnwprintf(buffer, count, format, arguments);
}

WEAK int _snwprintf(wchar_t* buffer, size_t count, const wchar_t* format, ...)
{
    FORWARD(length, opc_vsnwprintf(buffer, count, format, arguments));
}

WEAK int _vscwprintf(const wchar_t* format, va_list arguments)
{
    return opc_vsnwprintf(NULL, 0, format, arguments);
}

WEAK int _scwprintf(const wchar_t* format, ...)
{
    FORWARD(length, opc_vsnwprintf(NULL, 0, format, arguments));
}

WEAK int vswprintf(wchar_t* buffer, const wchar_t* format, va_list arguments)
{
    return opc_vsnwprintf(buffer, unbounded, format, arguments);
}

WEAK int swprintf(wchar_t* buffer, const wchar_t* format, ...)
{
    FORWARD(length, opc_vsnwprintf(buffer, unbounded, format, arguments));
}

WEAK int _swprintf(wchar_t* buffer, const wchar_t* format, ...)
{
    FORWARD(length, opc_vsnwprintf(buffer, unbounded, format, arguments));
}

WEAK int _vsnwprintf_s(wchar_t* buffer, size_t capacity, size_t count, const wchar_t* format, va_list arguments)
{
    if (buffer == NULL || capacity == 0 || format == NULL)
        return -1;
    size_t room = count < capacity - 1 ? count : capacity - 1;
    int length = opc_vsnwprintf(buffer, room, format, arguments);
    if (length >= 0) {
        buffer[length] = 0;
        return length;
    }
    buffer[count == _TRUNCATE || count < capacity ? room : 0] = 0;
    return -1;
}

WEAK int _snwprintf_s(wchar_t* buffer, size_t capacity, size_t count, const wchar_t* format, ...)
{
    FORWARD(length, _vsnwprintf_s(buffer, capacity, count, format, arguments));
}

WEAK int vswprintf_s(wchar_t* buffer, size_t capacity, const wchar_t* format, va_list arguments)
{
    return _vsnwprintf_s(buffer, capacity, capacity, format, arguments);
}

WEAK int swprintf_s(wchar_t* buffer, size_t capacity, const wchar_t* format, ...)
{
    FORWARD(length, vswprintf_s(buffer, capacity, format, arguments));
}
