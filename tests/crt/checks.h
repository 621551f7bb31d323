/* Checks inside a driver module: the line of the first one that fails is what DriverEntry returns. */
#ifndef CRT_CHECKS_H
#define CRT_CHECKS_H

#include <ntddk.h>
#include <ntstrsafe.h>

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            return __LINE__;                                                                                           \
    } while (0)

#ifdef __cplusplus
extern "C" {
#endif
int check_memory(void);
int check_strings(void);
int check_numbers(void);
int check_format(void);
int check_math(void);
int check_safe_strings(void);
int check_safe_integers(void);
int check_exceptions_c(void);
int check_exceptions_cxx(void);
int check_large_frame(void);
int check_array_forms(void);
#ifdef __cplusplus
}
#endif

#endif
