#ifndef _INC_CTYPE
#define _INC_CTYPE
#include "wchar.h"
#ifdef __cplusplus
extern "C" {
#endif
int isalpha(int character);
int isupper(int character);
int islower(int character);
int isdigit(int character);
int isxdigit(int character);
int isspace(int character);
int ispunct(int character);
int isalnum(int character);
int isprint(int character);
int isgraph(int character);
int iscntrl(int character);
int toupper(int character);
int tolower(int character);
int __isascii(int character);
#ifdef __cplusplus
}
#endif
#endif
