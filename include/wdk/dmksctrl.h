/* IKsControl for DirectMusic synthesisers. */
#ifndef _DMKSCTRL_
#define _DMKSCTRL_

#include "ks.h"
#include "opc/ks_control.h"

#endif
