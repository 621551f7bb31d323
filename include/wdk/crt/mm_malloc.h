/* A kernel has no heap of the C runtime: _mm_malloc() and _mm_free() are not declared. */
#ifndef __MM_MALLOC_H
#define __MM_MALLOC_H
#endif
