#include "runtime.h"

static void exchange(unsigned char* left, unsigned char* right, size_t size)
{
    while (size-- != 0) {
        unsigned char byte = *left;
        *left++ = *right;
        *right++ = byte;
    }
}

// Heap sort: no recursion and no bad case, on a kernel's stack.
WEAK void qsort(void* base, size_t count, size_t size, int (*compare)(const void*, const void*))
{
    unsigned char* items = base;
    for (size_t build = count / 2, end = count; end > 1;) {
        if (build > 0) {
            --build;
        } else {
            --end;
            exchange(items, items + end * size, size);
        }
        for (size_t parent = build, child; (child = 2 * parent + 1) < end; parent = child) {
            if (child + 1 < end && compare(items + child * size, items + (child + 1) * size) < 0)
                ++child;
            if (compare(items + parent * size, items + child * size) >= 0)
                break;
            exchange(items + parent * size, items + child * size, size);
        }
    }
}

WEAK void* bsearch(const void* key, const void* base, size_t count, size_t size,
                   int (*compare)(const void*, const void*))
{
    const unsigned char* low = base;
    while (count != 0) {
        const unsigned char* middle = low + count / 2 * size;
        int order = compare(key, middle);
        if (order == 0)
            return (void*)middle;
        if (order > 0) {
            low = middle + size;
            --count;
        }
        count /= 2;
    }
    return NULL;
}
