// Headers in the wrong case, with backslashes, from a folder that is reached only so.
#include ".\SUB\..\sub\Deep.H"
#include "inc/TRAPS.h"

extern "C" int check_names() {
    EXPECT(DEEP_VALUE == 7);
    return 0;
}
