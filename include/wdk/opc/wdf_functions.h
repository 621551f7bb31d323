/* The KMDF functions of drivers in miniport mode: plain exports instead of entries of the framework's table. */
#ifndef OPC_WDF_FUNCTIONS_H
#define OPC_WDF_FUNCTIONS_H

#include "wdf_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Objects. */
WDFAPI VOID NTAPI WdfObjectDelete(WDFOBJECT Object);
WDFAPI NTSTATUS NTAPI WdfObjectCreate(PWDF_OBJECT_ATTRIBUTES Attributes, WDFOBJECT* Object);
WDFAPI VOID NTAPI WdfObjectReferenceActual(WDFOBJECT Handle, PVOID Tag, LONG Line, PCHAR File);
WDFAPI VOID NTAPI WdfObjectDereferenceActual(WDFOBJECT Handle, PVOID Tag, LONG Line, PCHAR File);
#define WdfObjectReference(handle) WdfObjectReferenceActual(handle, NULL, __LINE__, (PCHAR)__FILE__)
#define WdfObjectDereference(handle) WdfObjectDereferenceActual(handle, NULL, __LINE__, (PCHAR)__FILE__)
WDFAPI PVOID NTAPI WdfObjectGetTypedContextWorker(WDFOBJECT Handle, PCWDF_OBJECT_CONTEXT_TYPE_INFO TypeInfo);
WDFAPI NTSTATUS NTAPI WdfObjectAllocateContext(WDFOBJECT Handle, PWDF_OBJECT_ATTRIBUTES ContextAttributes,
                                               PVOID* Context);
WDFAPI WDFOBJECT NTAPI WdfObjectContextGetObject(PVOID ContextPointer);
WDFAPI VOID NTAPI WdfObjectAcquireLock(WDFOBJECT Object);
WDFAPI VOID NTAPI WdfObjectReleaseLock(WDFOBJECT Object);

/* Driver and device. WdfGetDriver finds the driver whose module calls it. */
WDFAPI NTSTATUS NTAPI WdfDriverCreate(PDRIVER_OBJECT DriverObject, PCUNICODE_STRING RegistryPath,
                                      PWDF_OBJECT_ATTRIBUTES DriverAttributes, PWDF_DRIVER_CONFIG DriverConfig,
                                      WDFDRIVER* Driver);
WDFAPI WDFDRIVER NTAPI WdfGetDriver(VOID);
WDFAPI PDRIVER_OBJECT NTAPI WdfDriverWdmGetDriverObject(WDFDRIVER Driver);
WDFAPI PWSTR NTAPI WdfDriverGetRegistryPath(WDFDRIVER Driver);
WDFAPI VOID NTAPI WdfDriverMiniportUnload(WDFDRIVER Driver);
WDFAPI NTSTATUS NTAPI WdfDeviceMiniportCreate(WDFDRIVER Driver, PWDF_OBJECT_ATTRIBUTES Attributes,
                                              PDEVICE_OBJECT DeviceObject, PDEVICE_OBJECT AttachedDeviceObject,
                                              PDEVICE_OBJECT Pdo, WDFDEVICE* Device);
WDFAPI PDEVICE_OBJECT NTAPI WdfDeviceWdmGetDeviceObject(WDFDEVICE Device);
WDFAPI WDFDEVICE NTAPI WdfWdmDeviceGetWdfDeviceHandle(PDEVICE_OBJECT DeviceObject);
WDFAPI PDEVICE_OBJECT NTAPI WdfDeviceWdmGetAttachedDevice(WDFDEVICE Device);
WDFAPI PDEVICE_OBJECT NTAPI WdfDeviceWdmGetPhysicalDevice(WDFDEVICE Device);
WDFAPI WDFDRIVER NTAPI WdfDeviceGetDriver(WDFDEVICE Device);
WDFAPI WDFIOTARGET NTAPI WdfDeviceGetIoTarget(WDFDEVICE Device);

/* Collections. */
WDFAPI NTSTATUS NTAPI WdfCollectionCreate(PWDF_OBJECT_ATTRIBUTES CollectionAttributes, WDFCOLLECTION* Collection);
WDFAPI ULONG NTAPI WdfCollectionGetCount(WDFCOLLECTION Collection);
WDFAPI NTSTATUS NTAPI WdfCollectionAdd(WDFCOLLECTION Collection, WDFOBJECT Object);
WDFAPI VOID NTAPI WdfCollectionRemove(WDFCOLLECTION Collection, WDFOBJECT Item);
WDFAPI VOID NTAPI WdfCollectionRemoveItem(WDFCOLLECTION Collection, ULONG Index);
WDFAPI WDFOBJECT NTAPI WdfCollectionGetItem(WDFCOLLECTION Collection, ULONG Index);
WDFAPI WDFOBJECT NTAPI WdfCollectionGetFirstItem(WDFCOLLECTION Collection);
WDFAPI WDFOBJECT NTAPI WdfCollectionGetLastItem(WDFCOLLECTION Collection);

/* Memory. */
WDFAPI NTSTATUS NTAPI WdfMemoryCreate(PWDF_OBJECT_ATTRIBUTES Attributes, POOL_TYPE PoolType, ULONG PoolTag,
                                      size_t BufferSize, WDFMEMORY* Memory, PVOID* Buffer);
WDFAPI NTSTATUS NTAPI WdfMemoryCreatePreallocated(PWDF_OBJECT_ATTRIBUTES Attributes, PVOID Buffer, size_t BufferSize,
                                                  WDFMEMORY* Memory);
WDFAPI PVOID NTAPI WdfMemoryGetBuffer(WDFMEMORY Memory, size_t* BufferSize);
WDFAPI NTSTATUS NTAPI WdfMemoryAssignBuffer(WDFMEMORY Memory, PVOID Buffer, size_t BufferSize);
WDFAPI NTSTATUS NTAPI WdfMemoryCopyFromBuffer(WDFMEMORY DestinationMemory, size_t DestinationOffset, PVOID Buffer,
                                              size_t NumBytesToCopyFrom);
WDFAPI NTSTATUS NTAPI WdfMemoryCopyToBuffer(WDFMEMORY SourceMemory, size_t SourceOffset, PVOID Buffer,
                                            size_t NumBytesToCopyTo);

/* Strings. */
WDFAPI NTSTATUS NTAPI WdfStringCreate(PCUNICODE_STRING UnicodeString, PWDF_OBJECT_ATTRIBUTES StringAttributes,
                                      WDFSTRING* String);
WDFAPI VOID NTAPI WdfStringGetUnicodeString(WDFSTRING String, PUNICODE_STRING UnicodeString);

/* Work items, timers, locks. */
WDFAPI NTSTATUS NTAPI WdfWorkItemCreate(PWDF_WORKITEM_CONFIG Config, PWDF_OBJECT_ATTRIBUTES Attributes,
                                        WDFWORKITEM* WorkItem);
WDFAPI VOID NTAPI WdfWorkItemEnqueue(WDFWORKITEM WorkItem);
WDFAPI VOID NTAPI WdfWorkItemFlush(WDFWORKITEM WorkItem);
WDFAPI WDFOBJECT NTAPI WdfWorkItemGetParentObject(WDFWORKITEM WorkItem);
WDFAPI NTSTATUS NTAPI WdfTimerCreate(PWDF_TIMER_CONFIG Config, PWDF_OBJECT_ATTRIBUTES Attributes, WDFTIMER* Timer);
WDFAPI BOOLEAN NTAPI WdfTimerStart(WDFTIMER Timer, LONGLONG DueTime);
WDFAPI BOOLEAN NTAPI WdfTimerStop(WDFTIMER Timer, BOOLEAN Wait);
WDFAPI WDFOBJECT NTAPI WdfTimerGetParentObject(WDFTIMER Timer);
WDFAPI NTSTATUS NTAPI WdfDpcCreate(PWDF_DPC_CONFIG Config, PWDF_OBJECT_ATTRIBUTES Attributes, WDFDPC* Dpc);
WDFAPI BOOLEAN NTAPI WdfDpcEnqueue(WDFDPC Dpc);
WDFAPI BOOLEAN NTAPI WdfDpcCancel(WDFDPC Dpc, BOOLEAN Wait);
WDFAPI WDFOBJECT NTAPI WdfDpcGetParentObject(WDFDPC Dpc);
WDFAPI PKDPC NTAPI WdfDpcWdmGetDpc(WDFDPC Dpc);
WDFAPI NTSTATUS NTAPI WdfSpinLockCreate(PWDF_OBJECT_ATTRIBUTES SpinLockAttributes, WDFSPINLOCK* SpinLock);
WDFAPI VOID NTAPI WdfSpinLockAcquire(WDFSPINLOCK SpinLock);
WDFAPI VOID NTAPI WdfSpinLockRelease(WDFSPINLOCK SpinLock);
WDFAPI NTSTATUS NTAPI WdfWaitLockCreate(PWDF_OBJECT_ATTRIBUTES LockAttributes, WDFWAITLOCK* Lock);
WDFAPI NTSTATUS NTAPI WdfWaitLockAcquire(WDFWAITLOCK Lock, PLONGLONG Timeout);
WDFAPI VOID NTAPI WdfWaitLockRelease(WDFWAITLOCK Lock);

/* I/O targets and requests. */
WDFAPI NTSTATUS NTAPI WdfIoTargetCreate(WDFDEVICE Device, PWDF_OBJECT_ATTRIBUTES IoTargetAttributes,
                                        WDFIOTARGET* IoTarget);
WDFAPI NTSTATUS NTAPI WdfIoTargetOpen(WDFIOTARGET IoTarget, PWDF_IO_TARGET_OPEN_PARAMS OpenParams);
WDFAPI VOID NTAPI WdfIoTargetClose(WDFIOTARGET IoTarget);
WDFAPI VOID NTAPI WdfIoTargetCloseForQueryRemove(WDFIOTARGET IoTarget);
WDFAPI NTSTATUS NTAPI WdfIoTargetStart(WDFIOTARGET IoTarget);
WDFAPI VOID NTAPI WdfIoTargetStop(WDFIOTARGET IoTarget, WDF_IO_TARGET_SENT_IO_ACTION Action);
WDFAPI VOID NTAPI WdfIoTargetPurge(WDFIOTARGET IoTarget, WDF_IO_TARGET_PURGE_IO_ACTION Action);
WDFAPI WDF_IO_TARGET_STATE NTAPI WdfIoTargetGetState(WDFIOTARGET IoTarget);
WDFAPI WDFDEVICE NTAPI WdfIoTargetGetDevice(WDFIOTARGET IoTarget);
WDFAPI NTSTATUS NTAPI WdfIoTargetQueryForInterface(WDFIOTARGET IoTarget, LPCGUID InterfaceType, PINTERFACE Interface,
                                                   USHORT Size, USHORT Version, PVOID InterfaceSpecificData);
WDFAPI PDEVICE_OBJECT NTAPI WdfIoTargetWdmGetTargetDeviceObject(WDFIOTARGET IoTarget);
WDFAPI PDEVICE_OBJECT NTAPI WdfIoTargetWdmGetTargetPhysicalDevice(WDFIOTARGET IoTarget);
WDFAPI PFILE_OBJECT NTAPI WdfIoTargetWdmGetTargetFileObject(WDFIOTARGET IoTarget);
WDFAPI NTSTATUS NTAPI WdfIoTargetSendIoctlSynchronously(WDFIOTARGET IoTarget, WDFREQUEST Request, ULONG IoctlCode,
                                                        PWDF_MEMORY_DESCRIPTOR InputBuffer,
                                                        PWDF_MEMORY_DESCRIPTOR OutputBuffer,
                                                        PWDF_REQUEST_SEND_OPTIONS RequestOptions,
                                                        PULONG_PTR BytesReturned);
WDFAPI NTSTATUS NTAPI WdfIoTargetFormatRequestForIoctl(WDFIOTARGET IoTarget, WDFREQUEST Request, ULONG IoctlCode,
                                                       WDFMEMORY InputBuffer, PWDFMEMORY_OFFSET InputBufferOffset,
                                                       WDFMEMORY OutputBuffer, PWDFMEMORY_OFFSET OutputBufferOffset);
WDFAPI NTSTATUS NTAPI WdfRequestCreate(PWDF_OBJECT_ATTRIBUTES RequestAttributes, WDFIOTARGET IoTarget,
                                       WDFREQUEST* Request);
WDFAPI NTSTATUS NTAPI WdfRequestReuse(WDFREQUEST Request, PWDF_REQUEST_REUSE_PARAMS ReuseParams);
WDFAPI VOID NTAPI WdfRequestSetCompletionRoutine(WDFREQUEST Request,
                                                 PFN_WDF_REQUEST_COMPLETION_ROUTINE CompletionRoutine,
                                                 WDFCONTEXT CompletionContext);
WDFAPI BOOLEAN NTAPI WdfRequestSend(WDFREQUEST Request, WDFIOTARGET Target, PWDF_REQUEST_SEND_OPTIONS Options);
WDFAPI BOOLEAN NTAPI WdfRequestCancelSentRequest(WDFREQUEST Request);
WDFAPI NTSTATUS NTAPI WdfRequestAllocateTimer(WDFREQUEST Request);
WDFAPI NTSTATUS NTAPI WdfRequestGetStatus(WDFREQUEST Request);
WDFAPI VOID NTAPI WdfRequestGetCompletionParams(WDFREQUEST Request, PWDF_REQUEST_COMPLETION_PARAMS Params);
WDFAPI ULONG_PTR NTAPI WdfRequestGetInformation(WDFREQUEST Request);
WDFAPI VOID NTAPI WdfRequestComplete(WDFREQUEST Request, NTSTATUS Status);

#ifdef __cplusplus
}
#endif

#endif
