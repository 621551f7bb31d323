#include "runtime.h"

// A string instruction takes longer to begin than these take altogether. What overlaps is stored twice.
#define SMALL_MOST 32
typedef unsigned long long __attribute__((aligned(1), may_alias)) word_8;
typedef unsigned int __attribute__((aligned(1), may_alias)) word_4;

static void copy_small(unsigned char* to, const unsigned char* from, size_t size)
{
    if (size >= 8) {
        const size_t last = size - 8;
        const size_t middle = size > 16 ? 8 : 0;
        const word_8 a = *(const word_8*)from;
        const word_8 b = *(const word_8*)(from + middle);
        const word_8 c = *(const word_8*)(from + last - middle);
        const word_8 d = *(const word_8*)(from + last);
        *(word_8*)to = a;
        *(word_8*)(to + middle) = b;
        *(word_8*)(to + last - middle) = c;
        *(word_8*)(to + last) = d;
    } else if (size >= 4) {
        const word_4 a = *(const word_4*)from;
        const word_4 b = *(const word_4*)(from + size - 4);
        *(word_4*)to = a;
        *(word_4*)(to + size - 4) = b;
    } else if (size != 0) {
        const unsigned char a = from[0];
        const unsigned char b = from[size / 2];
        const unsigned char c = from[size - 1];
        to[0] = a;
        to[size / 2] = b;
        to[size - 1] = c;
    }
}

WEAK void* memcpy(void* destination, const void* source, size_t size)
{
    void* to = destination;
    if (size <= SMALL_MOST)
        copy_small(destination, source, size);
    else
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
