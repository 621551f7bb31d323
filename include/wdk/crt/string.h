#ifndef _INC_STRING
#define _INC_STRING
#include "stddef.h"
#include "wchar.h"
#ifdef __cplusplus
extern "C" {
#endif
void* memcpy(void* destination, const void* source, size_t size);
void* memmove(void* destination, const void* source, size_t size);
void* memset(void* destination, int value, size_t size);
int memcmp(const void* left, const void* right, size_t size);
void* memchr(const void* memory, int value, size_t size);
int memcpy_s(void* destination, size_t capacity, const void* source, size_t size);
int memmove_s(void* destination, size_t capacity, const void* source, size_t size);

size_t strlen(const char* text);
size_t strnlen(const char* text, size_t maximum);
char* strcpy(char* destination, const char* source);
char* strncpy(char* destination, const char* source, size_t count);
char* strcat(char* destination, const char* source);
char* strncat(char* destination, const char* source, size_t count);
int strcmp(const char* left, const char* right);
int strncmp(const char* left, const char* right, size_t count);
int _stricmp(const char* left, const char* right);
int _strnicmp(const char* left, const char* right, size_t count);
int stricmp(const char* left, const char* right);
int strnicmp(const char* left, const char* right, size_t count);
char* strchr(const char* text, int character);
char* strrchr(const char* text, int character);
char* strstr(const char* text, const char* part);
char* strpbrk(const char* text, const char* set);
size_t strspn(const char* text, const char* set);
size_t strcspn(const char* text, const char* set);
char* strtok_s(char* text, const char* delimiters, char** context);
char* _strupr(char* text);
char* _strlwr(char* text);
char* _strrev(char* text);
char* _strset(char* text, int character);
int strcpy_s(char* destination, size_t capacity, const char* source);
int strncpy_s(char* destination, size_t capacity, const char* source, size_t count);
int strcat_s(char* destination, size_t capacity, const char* source);
int strncat_s(char* destination, size_t capacity, const char* source, size_t count);
#define _TRUNCATE ((size_t)-1)
#ifdef __cplusplus
}
#endif
#ifdef __cplusplus
extern "C++" {
// C++ takes the capacity of an array from its type.
template<size_t capacity>
int strcpy_s(char (&destination)[capacity], const char* source) {
    return strcpy_s(destination, capacity, source);
}
template<size_t capacity>
int strcat_s(char (&destination)[capacity], const char* source) {
    return strcat_s(destination, capacity, source);
}
template<size_t capacity>
int strncpy_s(char (&destination)[capacity], const char* source, size_t count) {
    return strncpy_s(destination, capacity, source, count);
}
template<size_t capacity>
int strncat_s(char (&destination)[capacity], const char* source, size_t count) {
    return strncat_s(destination, capacity, source, count);
}
}
#endif
#endif
