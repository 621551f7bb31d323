// __try, __except and __finally in C. (The build engine looks for these words in the file itself.)
#define EXCEPTION_CHECKS check_exceptions_c
#include "exception_body.h"
