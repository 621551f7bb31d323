// Compiled for Windows to LLVM IR by microsoft_vtables.sh: the name of each thunk tells the offset of the method's
// slot.
#ifndef OPC_EVERY_TARGET
#define OPC_EVERY_TARGET
#endif
#include "all_headers.h"

#define SLOT_ROW(interface, method, slot)                                                                              \
    extern "C" {                                                                                                       \
    auto expect_##slot##_##interface##_##method = &interface::method;                                                  \
    }
#include "slot_rows.inc"
