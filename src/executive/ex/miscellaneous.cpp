// Processor features, previous mode, identifiers.
#include <wdm.h>

#include "executive/irql_check.h"
#include "executive/kernel.h"

using namespace openportcls;
using executive::Kernel;

extern "C" {

// Every x86-64 processor has what drivers ask about, up to SSE2; SSE3 is part of the baseline we simulate.
BOOLEAN NTAPI ExIsProcessorFeaturePresent(ULONG feature) {
    switch (feature) {
    case PF_XMMI_INSTRUCTIONS_AVAILABLE:
    case PF_RDTSC_INSTRUCTION_AVAILABLE:
    case PF_XMMI64_INSTRUCTIONS_AVAILABLE:
    case PF_SSE3_INSTRUCTIONS_AVAILABLE:
    case 2:  // PF_COMPARE_EXCHANGE_DOUBLE
    case 3:  // PF_MMX_INSTRUCTIONS_AVAILABLE
    case 9:  // PF_PAE_ENABLED
    case 12: // PF_NX_ENABLED
    case 14: // PF_COMPARE_EXCHANGE128
        return TRUE;
    default:
        return FALSE;
    }
}

BOOLEAN NTAPI ExVerifySuite(SUITE_TYPE suite) {
    return suite == SingleUserTS;
}

KPROCESSOR_MODE NTAPI ExGetPreviousMode() {
    return Kernel::current().previous_mode();
}

// Version 4 by shape; the same sequence in every run.
NTSTATUS NTAPI ExUuidCreate(GUID* uuid) {
    OPC_REQUIRE_APC_OR_BELOW();
    machine::Random& random = Kernel::current().identifiers;
    const std::uint64_t halves[2] = {random.next(), random.next()};
    memcpy(uuid, halves, sizeof *uuid);
    uuid->Data3 = static_cast<USHORT>((uuid->Data3 & 0x0FFF) | 0x4000);
    uuid->Data4[0] = static_cast<UCHAR>((uuid->Data4[0] & 0x3F) | 0x80);
    return STATUS_SUCCESS;
}

} // extern "C"
