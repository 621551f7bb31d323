/* Hardware access: DMA adapters, ports, registers, bus data. */
#ifndef OPC_HAL_H
#define OPC_HAL_H

#include "io_types.h"

typedef struct _SCATTER_GATHER_ELEMENT {
    PHYSICAL_ADDRESS Address;
    ULONG Length;
    ULONG_PTR Reserved;
} SCATTER_GATHER_ELEMENT, *PSCATTER_GATHER_ELEMENT;
typedef struct _SCATTER_GATHER_LIST {
    ULONG NumberOfElements;
    ULONG_PTR Reserved;
#if OPC_DRIVER || defined(__clang__)
    SCATTER_GATHER_ELEMENT Elements[];
#else
    SCATTER_GATHER_ELEMENT Elements[0];
#endif
} SCATTER_GATHER_LIST, *PSCATTER_GATHER_LIST;

typedef struct _DEVICE_DESCRIPTION {
    ULONG Version;
    BOOLEAN Master;
    BOOLEAN ScatterGather;
    BOOLEAN DemandMode;
    BOOLEAN AutoInitialize;
    BOOLEAN Dma32BitAddresses;
    BOOLEAN IgnoreCount;
    BOOLEAN Reserved1;
    BOOLEAN Dma64BitAddresses;
    ULONG BusNumber;
    ULONG DmaChannel;
    INTERFACE_TYPE InterfaceType;
    DMA_WIDTH DmaWidth;
    DMA_SPEED DmaSpeed;
    ULONG MaximumLength;
    ULONG DmaPort;
    ULONG DmaAddressWidth;
    ULONG DmaControllerInstance;
    ULONG DmaRequestLine;
    PHYSICAL_ADDRESS DeviceAddress;
} DEVICE_DESCRIPTION, *PDEVICE_DESCRIPTION;
#define DEVICE_DESCRIPTION_VERSION 0
#define DEVICE_DESCRIPTION_VERSION1 1
#define DEVICE_DESCRIPTION_VERSION2 2
#define DEVICE_DESCRIPTION_VERSION3 3

typedef struct _ADAPTER_OBJECT* PADAPTER_OBJECT;
typedef enum _DMA_COMPLETION_STATUS { DmaComplete, DmaAborted, DmaError, DmaCancelled } DMA_COMPLETION_STATUS;
typedef struct _DMA_ADAPTER_INFO_V1 {
    ULONG ReadDmaCounterAvailable;
    ULONG ScatterGatherLimit;
    ULONG DmaAddressWidth;
    ULONG Flags;
    ULONG MinimumTransferUnit;
} DMA_ADAPTER_INFO_V1, *PDMA_ADAPTER_INFO_V1;
typedef struct _DMA_ADAPTER_INFO {
    ULONG Version;
    union {
        DMA_ADAPTER_INFO_V1 V1;
    };
} DMA_ADAPTER_INFO, *PDMA_ADAPTER_INFO;
#define DMA_ADAPTER_INFO_VERSION1 1
typedef struct _DMA_TRANSFER_INFO_V1 {
    ULONG MapRegisterCount;
    ULONG ScatterGatherElementCount;
    ULONG ScatterGatherListSize;
} DMA_TRANSFER_INFO_V1, *PDMA_TRANSFER_INFO_V1;
typedef struct _DMA_TRANSFER_INFO_V2 {
    ULONG MapRegisterCount;
    ULONG ScatterGatherElementCount;
    ULONG ScatterGatherListSize;
    ULONG LogicalPageCount;
} DMA_TRANSFER_INFO_V2, *PDMA_TRANSFER_INFO_V2;
typedef struct _DMA_TRANSFER_INFO {
    ULONG Version;
    union {
        DMA_TRANSFER_INFO_V1 V1;
        DMA_TRANSFER_INFO_V2 V2;
    };
} DMA_TRANSFER_INFO, *PDMA_TRANSFER_INFO;
#define DMA_TRANSFER_INFO_VERSION1 1
#define DMA_TRANSFER_INFO_VERSION2 2
#define DMA_TRANSFER_CONTEXT_VERSION1 1
#define DMA_TRANSFER_CONTEXT_SIZE_V1 128
#define DMA_SYNCHRONOUS_CALLBACK 0x01

#define DOMAIN_COMMON_BUFFER_LARGE_PAGE 0x1
typedef struct _DMA_COMMON_BUFFER_VECTOR* PDMA_COMMON_BUFFER_VECTOR;
typedef enum _DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION_TYPE {
    CommonBufferConfigTypeLogicalAddressLimits,
    CommonBufferConfigTypeSubSection,
    CommonBufferConfigTypeHardwareAccessPermissions,
    CommonBufferConfigTypeMax
} DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION_TYPE,
    *PDMA_COMMON_BUFFER_EXTENDED_CONFIGURATION_TYPE;
typedef enum _DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION_ACCESS_TYPE {
    CommonBufferHardwareAccessReadOnly,
    CommonBufferHardwareAccessWriteOnly,
    CommonBufferHardwareAccessReadWrite,
    CommonBufferHardwareAccessMax
} DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION_ACCESS_TYPE,
    *PDMA_COMMON_BUFFER_EXTENDED_CONFIGURATION_ACCESS_TYPE;
typedef struct _DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION {
    DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION_TYPE ConfigType;
    union {
        struct {
            PHYSICAL_ADDRESS MinimumAddress;
            PHYSICAL_ADDRESS MaximumAddress;
        } LogicalAddressLimits;
        struct {
            ULONGLONG Offset;
            ULONG Length;
        } SubSection;
        DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION_ACCESS_TYPE HardwareAccessType;
        ULONGLONG Reserved[4];
    };
} DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION, *PDMA_COMMON_BUFFER_EXTENDED_CONFIGURATION;

struct _DMA_ADAPTER;
typedef VOID(NTAPI DMA_COMPLETION_ROUTINE)(struct _DMA_ADAPTER* DmaAdapter, PDEVICE_OBJECT DeviceObject,
                                           PVOID CompletionContext, DMA_COMPLETION_STATUS Status);
typedef DMA_COMPLETION_ROUTINE* PDMA_COMPLETION_ROUTINE;

typedef VOID(NTAPI* PPUT_DMA_ADAPTER)(struct _DMA_ADAPTER* DmaAdapter);
typedef PVOID(NTAPI* PALLOCATE_COMMON_BUFFER)(struct _DMA_ADAPTER* DmaAdapter, ULONG Length,
                                              PPHYSICAL_ADDRESS LogicalAddress, BOOLEAN CacheEnabled);
typedef VOID(NTAPI* PFREE_COMMON_BUFFER)(struct _DMA_ADAPTER* DmaAdapter, ULONG Length, PHYSICAL_ADDRESS LogicalAddress,
                                         PVOID VirtualAddress, BOOLEAN CacheEnabled);
typedef NTSTATUS(NTAPI* PALLOCATE_ADAPTER_CHANNEL)(struct _DMA_ADAPTER* DmaAdapter, PDEVICE_OBJECT DeviceObject,
                                                   ULONG NumberOfMapRegisters, PDRIVER_CONTROL ExecutionRoutine,
                                                   PVOID Context);
typedef BOOLEAN(NTAPI* PFLUSH_ADAPTER_BUFFERS)(struct _DMA_ADAPTER* DmaAdapter, PMDL Mdl, PVOID MapRegisterBase,
                                               PVOID CurrentVa, ULONG Length, BOOLEAN WriteToDevice);
typedef VOID(NTAPI* PFREE_ADAPTER_CHANNEL)(struct _DMA_ADAPTER* DmaAdapter);
typedef VOID(NTAPI* PFREE_MAP_REGISTERS)(struct _DMA_ADAPTER* DmaAdapter, PVOID MapRegisterBase,
                                         ULONG NumberOfMapRegisters);
typedef PHYSICAL_ADDRESS(NTAPI* PMAP_TRANSFER)(struct _DMA_ADAPTER* DmaAdapter, PMDL Mdl, PVOID MapRegisterBase,
                                               PVOID CurrentVa, PULONG Length, BOOLEAN WriteToDevice);
typedef ULONG(NTAPI* PGET_DMA_ALIGNMENT)(struct _DMA_ADAPTER* DmaAdapter);
typedef ULONG(NTAPI* PREAD_DMA_COUNTER)(struct _DMA_ADAPTER* DmaAdapter);
typedef NTSTATUS(NTAPI* PGET_SCATTER_GATHER_LIST)(struct _DMA_ADAPTER* DmaAdapter, PDEVICE_OBJECT DeviceObject,
                                                  PMDL Mdl, PVOID CurrentVa, ULONG Length,
                                                  PDRIVER_LIST_CONTROL ExecutionRoutine, PVOID Context,
                                                  BOOLEAN WriteToDevice);
typedef VOID(NTAPI* PPUT_SCATTER_GATHER_LIST)(struct _DMA_ADAPTER* DmaAdapter, PSCATTER_GATHER_LIST ScatterGather,
                                              BOOLEAN WriteToDevice);
typedef NTSTATUS(NTAPI* PCALCULATE_SCATTER_GATHER_LIST_SIZE)(struct _DMA_ADAPTER* DmaAdapter, PMDL Mdl, PVOID CurrentVa,
                                                             ULONG Length, PULONG ScatterGatherListSize,
                                                             PULONG pNumberOfMapRegisters);
typedef NTSTATUS(NTAPI* PBUILD_SCATTER_GATHER_LIST)(struct _DMA_ADAPTER* DmaAdapter, PDEVICE_OBJECT DeviceObject,
                                                    PMDL Mdl, PVOID CurrentVa, ULONG Length,
                                                    PDRIVER_LIST_CONTROL ExecutionRoutine, PVOID Context,
                                                    BOOLEAN WriteToDevice, PVOID ScatterGatherBuffer,
                                                    ULONG ScatterGatherLength);
typedef NTSTATUS(NTAPI* PBUILD_MDL_FROM_SCATTER_GATHER_LIST)(struct _DMA_ADAPTER* DmaAdapter,
                                                             PSCATTER_GATHER_LIST ScatterGather, PMDL OriginalMdl,
                                                             PMDL* TargetMdl);
typedef NTSTATUS(NTAPI* PGET_DMA_ADAPTER_INFO)(struct _DMA_ADAPTER* DmaAdapter, PDMA_ADAPTER_INFO AdapterInfo);
typedef NTSTATUS(NTAPI* PGET_DMA_TRANSFER_INFO)(struct _DMA_ADAPTER* DmaAdapter, PMDL Mdl, ULONGLONG Offset,
                                                ULONG Length, BOOLEAN WriteOnly, PDMA_TRANSFER_INFO TransferInfo);
typedef NTSTATUS(NTAPI* PINITIALIZE_DMA_TRANSFER_CONTEXT)(struct _DMA_ADAPTER* DmaAdapter, PVOID DmaTransferContext);
typedef PVOID(NTAPI* PALLOCATE_COMMON_BUFFER_EX)(struct _DMA_ADAPTER* DmaAdapter, PPHYSICAL_ADDRESS MaximumAddress,
                                                 ULONG Length, PPHYSICAL_ADDRESS LogicalAddress, BOOLEAN CacheEnabled,
                                                 ULONG PreferredNode);
typedef NTSTATUS(NTAPI* PALLOCATE_ADAPTER_CHANNEL_EX)(struct _DMA_ADAPTER* DmaAdapter, PDEVICE_OBJECT DeviceObject,
                                                      PVOID DmaTransferContext, ULONG NumberOfMapRegisters, ULONG Flags,
                                                      PDRIVER_CONTROL ExecutionRoutine, PVOID ExecutionContext,
                                                      PVOID* MapRegisterBase);
typedef NTSTATUS(NTAPI* PCONFIGURE_ADAPTER_CHANNEL)(struct _DMA_ADAPTER* DmaAdapter, ULONG FunctionNumber,
                                                    PVOID Context);
typedef BOOLEAN(NTAPI* PCANCEL_ADAPTER_CHANNEL)(struct _DMA_ADAPTER* DmaAdapter, PDEVICE_OBJECT DeviceObject,
                                                PVOID DmaTransferContext);
typedef NTSTATUS(NTAPI* PMAP_TRANSFER_EX)(struct _DMA_ADAPTER* DmaAdapter, PMDL Mdl, PVOID MapRegisterBase,
                                          ULONGLONG Offset, ULONG DeviceOffset, PULONG Length, BOOLEAN WriteToDevice,
                                          PSCATTER_GATHER_LIST ScatterGatherBuffer, ULONG ScatterGatherBufferLength,
                                          PDMA_COMPLETION_ROUTINE DmaCompletionRoutine, PVOID CompletionContext);
typedef NTSTATUS(NTAPI* PGET_SCATTER_GATHER_LIST_EX)(struct _DMA_ADAPTER* DmaAdapter, PDEVICE_OBJECT DeviceObject,
                                                     PVOID DmaTransferContext, PMDL Mdl, ULONGLONG Offset, ULONG Length,
                                                     ULONG Flags, PDRIVER_LIST_CONTROL ExecutionRoutine, PVOID Context,
                                                     BOOLEAN WriteToDevice,
                                                     PDMA_COMPLETION_ROUTINE DmaCompletionRoutine,
                                                     PVOID CompletionContext, PSCATTER_GATHER_LIST* ScatterGatherList);
typedef NTSTATUS(NTAPI* PBUILD_SCATTER_GATHER_LIST_EX)(struct _DMA_ADAPTER* DmaAdapter, PDEVICE_OBJECT DeviceObject,
                                                       PVOID DmaTransferContext, PMDL Mdl, ULONGLONG Offset,
                                                       ULONG Length, ULONG Flags, PDRIVER_LIST_CONTROL ExecutionRoutine,
                                                       PVOID Context, BOOLEAN WriteToDevice, PVOID ScatterGatherBuffer,
                                                       ULONG ScatterGatherLength,
                                                       PDMA_COMPLETION_ROUTINE DmaCompletionRoutine,
                                                       PVOID CompletionContext, PVOID ScatterGatherList);
typedef NTSTATUS(NTAPI* PFLUSH_ADAPTER_BUFFERS_EX)(struct _DMA_ADAPTER* DmaAdapter, PMDL Mdl, PVOID MapRegisterBase,
                                                   ULONGLONG Offset, ULONG Length, BOOLEAN WriteToDevice);
typedef VOID(NTAPI* PFREE_ADAPTER_OBJECT)(struct _DMA_ADAPTER* DmaAdapter, IO_ALLOCATION_ACTION AllocationAction);
typedef NTSTATUS(NTAPI* PCANCEL_MAPPED_TRANSFER)(struct _DMA_ADAPTER* DmaAdapter, PVOID DmaTransferContext);
typedef NTSTATUS(NTAPI* PALLOCATE_DOMAIN_COMMON_BUFFER)(struct _DMA_ADAPTER* DmaAdapter, HANDLE DomainHandle,
                                                        PPHYSICAL_ADDRESS MaximumAddress, ULONG Length, ULONG Flags,
                                                        MEMORY_CACHING_TYPE* CacheType, ULONG PreferredNode,
                                                        PPHYSICAL_ADDRESS LogicalAddress, PVOID* VirtualAddress);
typedef NTSTATUS(NTAPI* PFLUSH_DMA_BUFFER)(struct _DMA_ADAPTER* DmaAdapter, PMDL Mdl, BOOLEAN ReadOperation);
typedef NTSTATUS(NTAPI* PJOIN_DMA_DOMAIN)(struct _DMA_ADAPTER* DmaAdapter, HANDLE DomainHandle);
typedef NTSTATUS(NTAPI* PLEAVE_DMA_DOMAIN)(struct _DMA_ADAPTER* DmaAdapter);
typedef HANDLE(NTAPI* PGET_DMA_DOMAIN)(struct _DMA_ADAPTER* DmaAdapter);
typedef PVOID(NTAPI* PALLOCATE_COMMON_BUFFER_WITH_BOUNDS)(struct _DMA_ADAPTER* DmaAdapter,
                                                          PPHYSICAL_ADDRESS MinimumAddress,
                                                          PPHYSICAL_ADDRESS MaximumAddress, ULONG Length, ULONG Flags,
                                                          MEMORY_CACHING_TYPE* CacheType, ULONG PreferredNode,
                                                          PPHYSICAL_ADDRESS LogicalAddress);
typedef NTSTATUS(NTAPI* PALLOCATE_COMMON_BUFFER_VECTOR)(struct _DMA_ADAPTER* DmaAdapter, PHYSICAL_ADDRESS LowAddress,
                                                        PHYSICAL_ADDRESS HighAddress, MEMORY_CACHING_TYPE CacheType,
                                                        ULONG IdealNode, ULONG Flags, ULONG NumberOfElements,
                                                        ULONGLONG SizeOfElements, PDMA_COMMON_BUFFER_VECTOR* VectorOut);
typedef VOID(NTAPI* PGET_COMMON_BUFFER_FROM_VECTOR_BY_INDEX)(struct _DMA_ADAPTER* DmaAdapter,
                                                             PDMA_COMMON_BUFFER_VECTOR Vector, ULONG Index,
                                                             PVOID* VirtualAddressOut,
                                                             PPHYSICAL_ADDRESS LogicalAddressOut);
typedef VOID(NTAPI* PFREE_COMMON_BUFFER_FROM_VECTOR)(struct _DMA_ADAPTER* DmaAdapter, PDMA_COMMON_BUFFER_VECTOR Vector,
                                                     ULONG Index);
typedef VOID(NTAPI* PFREE_COMMON_BUFFER_VECTOR)(struct _DMA_ADAPTER* DmaAdapter, PDMA_COMMON_BUFFER_VECTOR Vector);
typedef NTSTATUS(NTAPI* PCREATE_COMMON_BUFFER_FROM_MDL)(struct _DMA_ADAPTER* DmaAdapter, PMDL Mdl,
                                                        PDMA_COMMON_BUFFER_EXTENDED_CONFIGURATION ExtendedConfigs,
                                                        ULONG ExtendedConfigsCount, PPHYSICAL_ADDRESS LogicalAddress);

typedef struct _DMA_OPERATIONS {
    ULONG Size;
    PPUT_DMA_ADAPTER PutDmaAdapter;
    PALLOCATE_COMMON_BUFFER AllocateCommonBuffer;
    PFREE_COMMON_BUFFER FreeCommonBuffer;
    PALLOCATE_ADAPTER_CHANNEL AllocateAdapterChannel;
    PFLUSH_ADAPTER_BUFFERS FlushAdapterBuffers;
    PFREE_ADAPTER_CHANNEL FreeAdapterChannel;
    PFREE_MAP_REGISTERS FreeMapRegisters;
    PMAP_TRANSFER MapTransfer;
    PGET_DMA_ALIGNMENT GetDmaAlignment;
    PREAD_DMA_COUNTER ReadDmaCounter;
    PGET_SCATTER_GATHER_LIST GetScatterGatherList;
    PPUT_SCATTER_GATHER_LIST PutScatterGatherList;
    PCALCULATE_SCATTER_GATHER_LIST_SIZE CalculateScatterGatherList;
    PBUILD_SCATTER_GATHER_LIST BuildScatterGatherList;
    PBUILD_MDL_FROM_SCATTER_GATHER_LIST BuildMdlFromScatterGatherList;
    PGET_DMA_ADAPTER_INFO GetDmaAdapterInfo;
    PGET_DMA_TRANSFER_INFO GetDmaTransferInfo;
    PINITIALIZE_DMA_TRANSFER_CONTEXT InitializeDmaTransferContext;
    PALLOCATE_COMMON_BUFFER_EX AllocateCommonBufferEx;
    PALLOCATE_ADAPTER_CHANNEL_EX AllocateAdapterChannelEx;
    PCONFIGURE_ADAPTER_CHANNEL ConfigureAdapterChannel;
    PCANCEL_ADAPTER_CHANNEL CancelAdapterChannel;
    PMAP_TRANSFER_EX MapTransferEx;
    PGET_SCATTER_GATHER_LIST_EX GetScatterGatherListEx;
    PBUILD_SCATTER_GATHER_LIST_EX BuildScatterGatherListEx;
    PFLUSH_ADAPTER_BUFFERS_EX FlushAdapterBuffersEx;
    PFREE_ADAPTER_OBJECT FreeAdapterObject;
    PCANCEL_MAPPED_TRANSFER CancelMappedTransfer;
    PALLOCATE_DOMAIN_COMMON_BUFFER AllocateDomainCommonBuffer;
    PFLUSH_DMA_BUFFER FlushDmaBuffer;
    PJOIN_DMA_DOMAIN JoinDmaDomain;
    PLEAVE_DMA_DOMAIN LeaveDmaDomain;
    PGET_DMA_DOMAIN GetDmaDomain;
    PALLOCATE_COMMON_BUFFER_WITH_BOUNDS AllocateCommonBufferWithBounds;
    PALLOCATE_COMMON_BUFFER_VECTOR AllocateCommonBufferVector;
    PGET_COMMON_BUFFER_FROM_VECTOR_BY_INDEX GetCommonBufferFromVectorByIndex;
    PFREE_COMMON_BUFFER_FROM_VECTOR FreeCommonBufferFromVector;
    PFREE_COMMON_BUFFER_VECTOR FreeCommonBufferVector;
    PCREATE_COMMON_BUFFER_FROM_MDL CreateCommonBufferFromMdl;
} DMA_OPERATIONS, *PDMA_OPERATIONS;

typedef struct _DMA_ADAPTER {
    USHORT Version;
    USHORT Size;
    PDMA_OPERATIONS DmaOperations;
} DMA_ADAPTER, *PDMA_ADAPTER;

#ifdef __cplusplus
extern "C" {
#endif

NTKERNELAPI PDMA_ADAPTER NTAPI IoGetDmaAdapter(PDEVICE_OBJECT PhysicalDeviceObject,
                                               PDEVICE_DESCRIPTION DeviceDescription, PULONG NumberOfMapRegisters);
NTHALAPI PDMA_ADAPTER NTAPI HalGetAdapter(PDEVICE_DESCRIPTION DeviceDescription, PULONG NumberOfMapRegisters);
NTHALAPI VOID NTAPI HalPutDmaAdapter(PDMA_ADAPTER DmaAdapter);
NTHALAPI PVOID NTAPI HalAllocateCommonBuffer(PDMA_ADAPTER DmaAdapter, ULONG Length, PPHYSICAL_ADDRESS LogicalAddress,
                                             BOOLEAN CacheEnabled);
NTHALAPI VOID NTAPI HalFreeCommonBuffer(PDMA_ADAPTER DmaAdapter, ULONG Length, PHYSICAL_ADDRESS LogicalAddress,
                                        PVOID VirtualAddress, BOOLEAN CacheEnabled);
NTHALAPI ULONG NTAPI HalReadDmaCounter(PDMA_ADAPTER DmaAdapter);
NTHALAPI ULONG NTAPI HalGetBusData(BUS_DATA_TYPE BusDataType, ULONG BusNumber, ULONG SlotNumber, PVOID Buffer,
                                   ULONG Length);
NTHALAPI ULONG NTAPI HalGetBusDataByOffset(BUS_DATA_TYPE BusDataType, ULONG BusNumber, ULONG SlotNumber, PVOID Buffer,
                                           ULONG Offset, ULONG Length);
NTHALAPI ULONG NTAPI HalSetBusData(BUS_DATA_TYPE BusDataType, ULONG BusNumber, ULONG SlotNumber, PVOID Buffer,
                                   ULONG Length);
NTHALAPI ULONG NTAPI HalSetBusDataByOffset(BUS_DATA_TYPE BusDataType, ULONG BusNumber, ULONG SlotNumber, PVOID Buffer,
                                           ULONG Offset, ULONG Length);
NTHALAPI ULONG NTAPI HalGetInterruptVector(INTERFACE_TYPE InterfaceType, ULONG BusNumber, ULONG BusInterruptLevel,
                                           ULONG BusInterruptVector, PKIRQL Irql, PKAFFINITY Affinity);
NTHALAPI BOOLEAN NTAPI HalTranslateBusAddress(INTERFACE_TYPE InterfaceType, ULONG BusNumber,
                                              PHYSICAL_ADDRESS BusAddress, PULONG AddressSpace,
                                              PPHYSICAL_ADDRESS TranslatedAddress);

NTHALAPI UCHAR NTAPI READ_PORT_UCHAR(PUCHAR Port);
NTHALAPI USHORT NTAPI READ_PORT_USHORT(PUSHORT Port);
NTHALAPI ULONG NTAPI READ_PORT_ULONG(PULONG Port);
NTHALAPI VOID NTAPI READ_PORT_BUFFER_UCHAR(PUCHAR Port, PUCHAR Buffer, ULONG Count);
NTHALAPI VOID NTAPI READ_PORT_BUFFER_USHORT(PUSHORT Port, PUSHORT Buffer, ULONG Count);
NTHALAPI VOID NTAPI READ_PORT_BUFFER_ULONG(PULONG Port, PULONG Buffer, ULONG Count);
NTHALAPI VOID NTAPI WRITE_PORT_UCHAR(PUCHAR Port, UCHAR Value);
NTHALAPI VOID NTAPI WRITE_PORT_USHORT(PUSHORT Port, USHORT Value);
NTHALAPI VOID NTAPI WRITE_PORT_ULONG(PULONG Port, ULONG Value);
NTHALAPI VOID NTAPI WRITE_PORT_BUFFER_UCHAR(PUCHAR Port, PUCHAR Buffer, ULONG Count);
NTHALAPI VOID NTAPI WRITE_PORT_BUFFER_USHORT(PUSHORT Port, PUSHORT Buffer, ULONG Count);
NTHALAPI VOID NTAPI WRITE_PORT_BUFFER_ULONG(PULONG Port, PULONG Buffer, ULONG Count);

NTHALAPI UCHAR NTAPI READ_REGISTER_UCHAR(volatile UCHAR* Register);
NTHALAPI USHORT NTAPI READ_REGISTER_USHORT(volatile USHORT* Register);
NTHALAPI ULONG NTAPI READ_REGISTER_ULONG(volatile ULONG* Register);
NTHALAPI ULONG64 NTAPI READ_REGISTER_ULONG64(volatile ULONG64* Register);
NTHALAPI VOID NTAPI READ_REGISTER_BUFFER_UCHAR(volatile UCHAR* Register, PUCHAR Buffer, ULONG Count);
NTHALAPI VOID NTAPI READ_REGISTER_BUFFER_USHORT(volatile USHORT* Register, PUSHORT Buffer, ULONG Count);
NTHALAPI VOID NTAPI READ_REGISTER_BUFFER_ULONG(volatile ULONG* Register, PULONG Buffer, ULONG Count);
NTHALAPI VOID NTAPI READ_REGISTER_BUFFER_ULONG64(volatile ULONG64* Register, PULONG64 Buffer, ULONG Count);
NTHALAPI VOID NTAPI WRITE_REGISTER_UCHAR(volatile UCHAR* Register, UCHAR Value);
NTHALAPI VOID NTAPI WRITE_REGISTER_USHORT(volatile USHORT* Register, USHORT Value);
NTHALAPI VOID NTAPI WRITE_REGISTER_ULONG(volatile ULONG* Register, ULONG Value);
NTHALAPI VOID NTAPI WRITE_REGISTER_ULONG64(volatile ULONG64* Register, ULONG64 Value);
NTHALAPI VOID NTAPI WRITE_REGISTER_BUFFER_UCHAR(volatile UCHAR* Register, PUCHAR Buffer, ULONG Count);
NTHALAPI VOID NTAPI WRITE_REGISTER_BUFFER_USHORT(volatile USHORT* Register, PUSHORT Buffer, ULONG Count);
NTHALAPI VOID NTAPI WRITE_REGISTER_BUFFER_ULONG(volatile ULONG* Register, PULONG Buffer, ULONG Count);
NTHALAPI VOID NTAPI WRITE_REGISTER_BUFFER_ULONG64(volatile ULONG64* Register, PULONG64 Buffer, ULONG Count);

#ifdef __cplusplus
}
#endif

/* The inline forms of the WDK go through the adapter's table. */
FORCEINLINE NTSTATUS IoAllocateAdapterChannel(PDMA_ADAPTER Adapter, PDEVICE_OBJECT DeviceObject,
                                              ULONG NumberOfMapRegisters, PDRIVER_CONTROL ExecutionRoutine,
                                              PVOID Context) {
    return Adapter->DmaOperations->AllocateAdapterChannel(Adapter, DeviceObject, NumberOfMapRegisters, ExecutionRoutine,
                                                          Context);
}
FORCEINLINE BOOLEAN IoFlushAdapterBuffers(PDMA_ADAPTER Adapter, PMDL Mdl, PVOID MapRegisterBase, PVOID CurrentVa,
                                          ULONG Length, BOOLEAN WriteToDevice) {
    return Adapter->DmaOperations->FlushAdapterBuffers(Adapter, Mdl, MapRegisterBase, CurrentVa, Length, WriteToDevice);
}
FORCEINLINE VOID IoFreeAdapterChannel(PDMA_ADAPTER Adapter) {
    Adapter->DmaOperations->FreeAdapterChannel(Adapter);
}
FORCEINLINE VOID IoFreeMapRegisters(PDMA_ADAPTER Adapter, PVOID MapRegisterBase, ULONG NumberOfMapRegisters) {
    Adapter->DmaOperations->FreeMapRegisters(Adapter, MapRegisterBase, NumberOfMapRegisters);
}
FORCEINLINE PHYSICAL_ADDRESS IoMapTransfer(PDMA_ADAPTER Adapter, PMDL Mdl, PVOID MapRegisterBase, PVOID CurrentVa,
                                           PULONG Length, BOOLEAN WriteToDevice) {
    return Adapter->DmaOperations->MapTransfer(Adapter, Mdl, MapRegisterBase, CurrentVa, Length, WriteToDevice);
}
FORCEINLINE ULONG HalGetDmaAlignment(PDMA_ADAPTER DmaAdapter) {
    return DmaAdapter->DmaOperations->GetDmaAlignment(DmaAdapter);
}

#endif
