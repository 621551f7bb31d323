#define EXCEPTION_CHECKS check_exceptions_cxx
#include "exception_body.h"
