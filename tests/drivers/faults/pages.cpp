// Physical pages: contiguous memory, common buffers, pages of an MDL.
#include "faults.h"

// What the optimiser cannot know.
static volatile ULONG Thousand = 1000;

static PHYSICAL_ADDRESS Address(LONGLONG Value) {
    PHYSICAL_ADDRESS Result;
    Result.QuadPart = Value;
    return Result;
}

void OverrunContiguousMemory() {
    PUCHAR Bytes = (PUCHAR)MmAllocateContiguousMemory(1000, Address(-1));
    Bytes[Thousand] = 1; // CONTIGUOUS_OVERFLOW
    MmFreeContiguousMemory(Bytes);
}

void UseContiguousMemoryAfterFree() {
    volatile UCHAR* Bytes = (volatile UCHAR*)MmAllocateContiguousMemory(4096, Address(-1));
    MmFreeContiguousMemory((PVOID)Bytes);
    Bytes[Thousand] = 1; // CONTIGUOUS_AFTER_FREE
}

void OverrunPagesOfMdl() {
    PMDL Mdl = MmAllocatePagesForMdl(Address(0), Address(-1), Address(0), 8 * Thousand);
    PUCHAR Bytes = (PUCHAR)MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);
    Bytes[8 * Thousand + 192] = 1; // MDL_OVERFLOW
    MmUnmapLockedPages(Bytes, Mdl);
    MmFreePagesFromMdl(Mdl);
    ExFreePool(Mdl);
}

void UsePagesOfMdlAfterFree() {
    PMDL Mdl = MmAllocatePagesForMdl(Address(0), Address(-1), Address(0), 8 * Thousand);
    volatile UCHAR* Bytes = (volatile UCHAR*)MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);
    MmUnmapLockedPages((PVOID)Bytes, Mdl);
    MmFreePagesFromMdl(Mdl);
    ExFreePool(Mdl);
    Bytes[5 * Thousand] = 1; // MDL_AFTER_FREE
}

void OverrunDmaBuffer(PDEVICE_OBJECT DeviceObject) {
    DEVICE_DESCRIPTION Description;
    RtlZeroMemory(&Description, sizeof(Description));
    Description.Version = DEVICE_DESCRIPTION_VERSION;
    Description.Master = TRUE;
    Description.ScatterGather = TRUE;
    Description.Dma32BitAddresses = TRUE;
    Description.InterfaceType = PCIBus;
    Description.MaximumLength = 65536;
    PDMACHANNEL Channel = NULL;
    if (!NT_SUCCESS(PcNewDmaChannel(&Channel, NULL, NonPagedPool, &Description, DeviceObject))) {
        DbgPrint("faults: no DMA channel\n");
        return;
    }
    if (NT_SUCCESS(Channel->AllocateBuffer(4096, NULL))) {
        PUCHAR Bytes = (PUCHAR)Channel->SystemAddress();
        Bytes[4 * Thousand + 96] = 1; // DMA_OVERFLOW
        Channel->FreeBuffer();
    }
    Channel->Release();
}
