#include "runtime.h"

WEAK void* memcpy(void* destination, const void* source, size_t size)
{
    void* to = destination;
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(source), "+c"(size) : : "memory");
    return destination;
}

WEAK void* memmove(void* destination, const void* source, size_t size)
{
    unsigned char* to = destination;
    const unsigned char* from = source;
    if (to <= from || to >= from + size)
        return memcpy(destination, source, size);
    while (size-- != 0)
        to[size] = from[size];
    return destination;
}

WEAK void* memset(void* destination, int value, size_t size)
{
    void* to = destination;
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(value) : "memory");
    return destination;
}

WEAK int memcmp(const void* left, const void* right, size_t size)
{
    const unsigned char* a = left;
    const unsigned char* b = right;
    for (size_t index = 0; index < size; ++index)
        if (a[index] != b[index])
            return a[index] < b[index] ? -1 : 1;
    return 0;
}

WEAK void* memchr(const void* memory, int value, size_t size)
{
    const unsigned char* byte = memory;
    for (; size-- != 0; ++byte)
        if (*byte == (unsigned char)value)
            return (void*)byte;
    return NULL;
}

WEAK int memcpy_s(void* destination, size_t capacity, const void* source, size_t size)
{
    if (size == 0)
        return 0;
    if (destination == NULL)
        return EINVAL;
    if (source == NULL || capacity < size) {
        memset(destination, 0, capacity);
        return source == NULL ? EINVAL : ERANGE;
    }
    memcpy(destination, source, size);
    return 0;
}

WEAK int memmove_s(void* destination, size_t capacity, const void* source, size_t size)
{
    if (size == 0)
        return 0;
    if (destination == NULL || source == NULL)
        return EINVAL;
    if (capacity < size)
        return ERANGE;
    memmove(destination, source, size);
    return 0;
}
