#define EXCEPTION_CHECKS check_exceptions_c
#include "exception_body.h"
