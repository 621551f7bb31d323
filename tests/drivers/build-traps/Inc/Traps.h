// Included everywhere under names in other cases, with backslashes.
#ifndef TRAPS_H
#define TRAPS_H

#include <NTDDK.H>

#ifdef __cplusplus
extern "C" {
#endif

// Each returns 0, or the line of what is wrong.
int check_names(void);
int check_friends(void);
int check_dialect(void);
int check_types(void);
int check_sections(void);
int check_guids(void);
int check_interfaces(void);
int check_operators(void);
int check_runtime(void);
int check_exceptions(void);
int check_exceptions_plain(void);
int check_traces(void);
int check_plain_c(void);
int check_statics(void);
int check_assembler(void);
int check_imports(void);
int check_addresses(void);

#ifdef __cplusplus
}
#endif

#define EXPECT(condition)                                                                                              \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            return __LINE__;                                                                                           \
    } while (0)

#endif
