#ifndef _INC_STDLIB
#define _INC_STDLIB
#include "limits.h"
#include "stddef.h"
#include "wchar.h"
#ifdef __cplusplus
extern "C" {
#endif
#define RAND_MAX 0x7fff
#ifndef __max
#define __max(a, b) (((a) > (b)) ? (a) : (b))
#define __min(a, b) (((a) < (b)) ? (a) : (b))
#endif
#if !defined(__cplusplus)
#ifndef max
#define max(a, b) (((a) > (b)) ? (a) : (b))
#define min(a, b) (((a) < (b)) ? (a) : (b))
#endif
#endif
#define _countof(array) (sizeof(array) / sizeof((array)[0]))
#define _MAX_PATH 260
typedef int errno_t;
typedef struct _div_t {
    int quot;
    int rem;
} div_t;
int abs(int value);
long labs(long value);
long long llabs(long long value);
long long _abs64(long long value);
div_t div(int numerator, int denominator);
int rand(void);
void srand(unsigned int seed);
int atoi(const char* text);
long atol(const char* text);
long long _atoi64(const char* text);
long strtol(const char* text, char** end, int base);
unsigned long strtoul(const char* text, char** end, int base);
long long strtoll(const char* text, char** end, int base);
unsigned long long strtoull(const char* text, char** end, int base);
long long _strtoi64(const char* text, char** end, int base);
unsigned long long _strtoui64(const char* text, char** end, int base);
char* _itoa(int value, char* text, int radix);
char* _ltoa(long value, char* text, int radix);
char* _ultoa(unsigned long value, char* text, int radix);
wchar_t* _itow(int value, wchar_t* text, int radix);
wchar_t* _ultow(unsigned long value, wchar_t* text, int radix);
void qsort(void* base, size_t count, size_t size, int (*compare)(const void*, const void*));
void* bsearch(const void* key, const void* base, size_t count, size_t size, int (*compare)(const void*, const void*));
unsigned short _byteswap_ushort(unsigned short value);
unsigned long _byteswap_ulong(unsigned long value);
unsigned long long _byteswap_uint64(unsigned long long value);
unsigned int _rotl(unsigned int value, int shift);
unsigned int _rotr(unsigned int value, int shift);
int atexit(void (*function)(void));
#define _alloca(size) __builtin_alloca(size)
#define alloca(size) __builtin_alloca(size)
#ifdef __cplusplus
}
#endif
#endif
