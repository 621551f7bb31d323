/* Gives a unit of plain C its own copies of the KS GUIDs. They are weak definitions in every unit already. */
#ifndef _KSGUID_
#define _KSGUID_

#include "ks.h"

#endif
