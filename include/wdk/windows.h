/* What kernel-mode sources, and resource scripts, may take from the application header of this name. */
#ifndef _WINDOWS_
#define _WINDOWS_

#include "sdkddkver.h"
#ifndef RC_INVOKED
#include "ntstatus.h"
#include "windef.h"
#include "winerror.h"
#endif
#include "winver.h"

#endif
