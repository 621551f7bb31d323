/* From here on DEFINE_GUID emits the definitions even when this unit does not use them. */
#ifndef INITGUID
#define INITGUID
#endif
#include "guiddef.h"
#ifdef DEFINE_DEVPROPKEY
#include "devpropdef.h"
#endif
