// DMA domains are the address spaces of an IOMMU. The machine has none: devices see physical memory, no adapter is in a
// domain, and none can be joined.
#include "executive/hal/dma_adapter.h"
#include "executive/irql_check.h"

namespace openportcls::executive {

NTSTATUS NTAPI dma_domain_buffer(DMA_ADAPTER*, HANDLE, PHYSICAL_ADDRESS*, ULONG, ULONG, MEMORY_CACHING_TYPE*, ULONG,
                                 PHYSICAL_ADDRESS*, void**) {
    OPC_REQUIRE_PASSIVE("AllocateDomainCommonBuffer");
    return STATUS_NOT_SUPPORTED;
}

NTSTATUS NTAPI dma_join_domain(DMA_ADAPTER*, HANDLE) {
    OPC_REQUIRE_PASSIVE("JoinDmaDomain");
    return STATUS_NOT_SUPPORTED;
}

NTSTATUS NTAPI dma_leave_domain(DMA_ADAPTER*) {
    OPC_REQUIRE_PASSIVE("LeaveDmaDomain");
    return STATUS_NOT_SUPPORTED;
}

HANDLE NTAPI dma_domain(DMA_ADAPTER*) {
    OPC_REQUIRE_PASSIVE("GetDmaDomain");
    return nullptr;
}

} // namespace openportcls::executive
