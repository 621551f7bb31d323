#ifndef _INC_STDDEF
#define _INC_STDDEF
#undef NULL
#ifdef __cplusplus
#define NULL 0
#else
#define NULL ((void*)0)
#endif
typedef __SIZE_TYPE__ size_t;
typedef __PTRDIFF_TYPE__ ptrdiff_t;
typedef long long intptr_t;
typedef unsigned long long uintptr_t;
typedef size_t rsize_t;
#ifndef __cplusplus
typedef unsigned short wchar_t;
typedef double max_align_t;
#else
namespace std {
using ::ptrdiff_t;
using ::size_t;
typedef decltype(nullptr) nullptr_t;
} // namespace std
#endif
#define offsetof(type, member) __builtin_offsetof(type, member)
#endif
