// Security: everything in the machine belongs to the system. The descriptors of wdmsec.h, privileges.
#include <ntddk.h>
#include <wdmsec.h>

#include "executive/irql_check.h"
#include "executive/not_done.h"
#include "executive/objects/object_types.h"

namespace {

template<std::size_t size>
constexpr UNICODE_STRING counted_literal(const char16_t (&text)[size]) {
    return {static_cast<USHORT>((size - 1) * sizeof(char16_t)), static_cast<USHORT>(size * sizeof(char16_t)),
            const_cast<PWCH>(text)};
}

_OBJECT_TYPE token_type = {"Token", "token object", 0x20008, 0x200E0, 0x20000, 0xF01FF};
POBJECT_TYPE token_type_pointer = &token_type;

} // namespace

extern "C" {

// In the security descriptor definition language: D is the access list, P protects it, and each entry allows (A) rights
// (GA all, GR GW GX read write execute) to system (SY), administrators (BA), everyone (WD) or restricted code (RC).
OPC_EXPORT const UNICODE_STRING SDDL_DEVOBJ_KERNEL_ONLY = counted_literal(u"D:P");
OPC_EXPORT const UNICODE_STRING SDDL_DEVOBJ_SYS_ALL = counted_literal(u"D:P(A;;GA;;;SY)");
OPC_EXPORT const UNICODE_STRING SDDL_DEVOBJ_SYS_ALL_ADM_ALL = counted_literal(u"D:P(A;;GA;;;SY)(A;;GA;;;BA)");
OPC_EXPORT const UNICODE_STRING SDDL_DEVOBJ_SYS_ALL_ADM_RX = counted_literal(u"D:P(A;;GA;;;SY)(A;;GRGX;;;BA)");
OPC_EXPORT const UNICODE_STRING SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_R =
    counted_literal(u"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GR;;;WD)");
OPC_EXPORT const UNICODE_STRING SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_RW_RES_R =
    counted_literal(u"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GRGW;;;WD)(A;;GR;;;RC)");
OPC_EXPORT const UNICODE_STRING SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_RWX_RES_RWX =
    counted_literal(u"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GRGWGX;;;WD)(A;;GRGWGX;;;RC)");

OPC_EXPORT POBJECT_TYPE* SeTokenObjectType = &token_type_pointer;

// Kernel mode has every privilege; an application here runs as an ordinary user.
BOOLEAN NTAPI SeSinglePrivilegeCheck(LUID, KPROCESSOR_MODE PreviousMode) {
    OPC_REQUIRE_PASSIVE();
    return PreviousMode == KernelMode;
}

// Loading is the PnP manager's business here; no audio driver loads another.
NTSTATUS NTAPI ZwLoadDriver(PUNICODE_STRING) {
    OPC_REQUIRE_PASSIVE();
    OPC_RETURN_NOT_IMPLEMENTED();
}

NTSTATUS NTAPI ZwUnloadDriver(PUNICODE_STRING) {
    OPC_REQUIRE_PASSIVE();
    OPC_RETURN_NOT_IMPLEMENTED();
}

} // extern "C"
