// MDL macros.
#include "driver_test.h"

DRIVER_TEST(DriverMdl, MacrosDescribeTheBuffer) {
    auto* buffer = static_cast<UCHAR*>(ExAllocatePoolZero(NonPagedPoolNx, 2 * PAGE_SIZE, 'tseT'));
    MDL* mdl = IoAllocateMdl(buffer + 16, PAGE_SIZE, FALSE, FALSE, NULL);
    MmBuildMdlForNonPagedPool(mdl);
    CHECK(MmGetMdlVirtualAddress(mdl) == buffer + 16);
    CHECK(MmGetMdlByteOffset(mdl) == 16 && MmGetMdlByteCount(mdl) == PAGE_SIZE);
    CHECK(MmGetSystemAddressForMdl(mdl) == buffer + 16);
    CHECK(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) == buffer + 16);
    CHECK(ADDRESS_AND_SIZE_TO_SPAN_PAGES(buffer + 16, PAGE_SIZE) == 2);
    CHECK(MmGetMdlPfnArray(mdl)[1] == (PFN_NUMBER)(MmGetPhysicalAddress(buffer + PAGE_SIZE).QuadPart >> PAGE_SHIFT));
    IoFreeMdl(mdl);
    ExFreePoolWithTag(buffer, 'tseT');
}

// Without a mapping the obsolete macro makes one and the newer call finds it.
DRIVER_TEST(DriverMdl, SystemAddressIsMadeOnce) {
    auto* buffer = static_cast<UCHAR*>(ExAllocatePoolZero(PagedPool, 100, 'tseT'));
    MDL* mdl = IoAllocateMdl(buffer, 100, FALSE, FALSE, NULL);
    MmProbeAndLockPages(mdl, KernelMode, IoModifyAccess);
    CHECK((mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) == 0);
    auto* system = static_cast<UCHAR*>(MmGetSystemAddressForMdl(mdl));
    CHECK(system != NULL && (mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) != 0);
    CHECK(MmGetSystemAddressForMdlSafe(mdl, HighPagePriority) == system);
    system[99] = 7;
    CHECK(buffer[99] == 7);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    ExFreePoolWithTag(buffer, 'tseT');
}
