#include "all_headers.h"
#include "layouts.h"
