/* The C forms of the interfaces: the same slots, as members of IXxxVtbl. Compiled only. */
#ifndef OPC_EVERY_TARGET
#define OPC_EVERY_TARGET
#endif
#include "all_headers.h"

#define SLOT_ROW(interface, method, slot)                                                                              \
    _Static_assert(offsetof(interface##Vtbl, method) == 8 * slot, #interface "." #method);
#include "slot_rows.inc"
#define COUNT_ROW(interface, slots) _Static_assert(sizeof(interface##Vtbl) == 8 * slots, #interface);
#include "count_rows.inc"

/* Plain C drivers put GUIDs into static tables. */
const GUID* const wdk_test_categories[] = {&KSCATEGORY_AUDIO, &KSCATEGORY_TOPOLOGY, &KSPROPSETID_Audio};
const KSPIN_MEDIUM wdk_test_medium = {{{STATICGUIDOF(KSMEDIUMSETID_Standard), 0, 0}}};

NTSTATUS wdk_test_call(PPORTWAVECYCLIC port, PSERVICEGROUP group)
{
    port->lpVtbl->Notify(port, group);
    return STATUS_SUCCESS;
}
