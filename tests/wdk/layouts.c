#include "all_headers.h"
#include "kernel_headers.h"
#include "layouts.h"
#include "layouts_kernel.h"
