/* The functions that portcls.sys exports. */
#ifndef OPC_PORTCLS_FUNCTIONS_H
#define OPC_PORTCLS_FUNCTIONS_H

#include "portcls_interfaces_adapter.h"
#include "portcls_interfaces_miniport.h"

PORTCLASSAPI NTSTATUS NTAPI PcInitializeAdapterDriver(_In_ PDRIVER_OBJECT DriverObject,
                                                      _In_ PUNICODE_STRING RegistryPathName,
                                                      _In_ PDRIVER_ADD_DEVICE AddDevice);
PORTCLASSAPI NTSTATUS NTAPI PcDispatchIrp(_In_ PDEVICE_OBJECT pDeviceObject, _In_ PIRP pIrp);
PORTCLASSAPI NTSTATUS NTAPI PcAddAdapterDevice(_In_ PDRIVER_OBJECT DriverObject,
                                               _In_ PDEVICE_OBJECT PhysicalDeviceObject,
                                               _In_ PCPFNSTARTDEVICE StartDevice, _In_ ULONG MaxObjects,
                                               _In_ ULONG DeviceExtensionSize);
PORTCLASSAPI NTSTATUS NTAPI PcCompleteIrp(_In_ PDEVICE_OBJECT pDeviceObject, _In_ PIRP pIrp, _In_ NTSTATUS ntStatus);
PORTCLASSAPI NTSTATUS NTAPI PcForwardIrpSynchronous(_In_ PDEVICE_OBJECT DeviceObject, _In_ PIRP Irp);
PORTCLASSAPI NTSTATUS NTAPI PcRegisterSubdevice(_In_ PDEVICE_OBJECT DeviceObject, _In_ PWSTR Name,
                                                _In_ PUNKNOWN Unknown);
PORTCLASSAPI NTSTATUS NTAPI PcRegisterPhysicalConnection(_In_ PDEVICE_OBJECT DeviceObject, _In_ PUNKNOWN FromUnknown,
                                                         _In_ ULONG FromPin, _In_ PUNKNOWN ToUnknown, _In_ ULONG ToPin);
PORTCLASSAPI NTSTATUS NTAPI PcRegisterPhysicalConnectionToExternal(_In_ PDEVICE_OBJECT DeviceObject,
                                                                   _In_ PUNKNOWN FromUnknown, _In_ ULONG FromPin,
                                                                   _In_ PUNICODE_STRING ToString, _In_ ULONG ToPin);
PORTCLASSAPI NTSTATUS NTAPI PcRegisterPhysicalConnectionFromExternal(_In_ PDEVICE_OBJECT DeviceObject,
                                                                     _In_ PUNICODE_STRING FromString,
                                                                     _In_ ULONG FromPin, _In_ PUNKNOWN ToUnknown,
                                                                     _In_ ULONG ToPin);
PORTCLASSAPI NTSTATUS NTAPI PcNewPort(_Out_ PPORT* OutPort, _In_ REFCLSID ClassID);
PORTCLASSAPI NTSTATUS NTAPI PcNewMiniport(_Out_ PMINIPORT* OutMiniPort, _In_ REFCLSID ClassID);
PORTCLASSAPI NTSTATUS NTAPI PcNewDmaChannel(_Out_ PDMACHANNEL* OutDmaChannel, _In_opt_ PUNKNOWN OuterUnknown,
                                            _In_ POOL_TYPE PoolType, _In_ PDEVICE_DESCRIPTION DeviceDescription,
                                            _In_ PDEVICE_OBJECT DeviceObject);
PORTCLASSAPI NTSTATUS NTAPI PcCompletePendingPropertyRequest(_In_ PPCPROPERTY_REQUEST PropertyRequest,
                                                             _In_ NTSTATUS NtStatus);
PORTCLASSAPI ULONGLONG NTAPI PcGetTimeInterval(_In_ ULONGLONG Since);
PORTCLASSAPI NTSTATUS NTAPI PcNewResourceList(_Out_ PRESOURCELIST* OutResourceList, _In_opt_ PUNKNOWN OuterUnknown,
                                              _In_ POOL_TYPE PoolType, _In_ PCM_RESOURCE_LIST TranslatedResources,
                                              _In_ PCM_RESOURCE_LIST UntranslatedResources);
PORTCLASSAPI NTSTATUS NTAPI PcNewResourceSublist(_Out_ PRESOURCELIST* OutResourceList, _In_opt_ PUNKNOWN OuterUnknown,
                                                 _In_ POOL_TYPE PoolType, _In_ PRESOURCELIST ParentList,
                                                 _In_ ULONG MaximumEntries);
PORTCLASSAPI NTSTATUS NTAPI PcNewInterruptSync(_Out_ PINTERRUPTSYNC* OutInterruptSync, _In_opt_ PUNKNOWN OuterUnknown,
                                               _In_ PRESOURCELIST ResourceList, _In_ ULONG ResourceIndex,
                                               _In_ INTERRUPTSYNCMODE Mode);
PORTCLASSAPI NTSTATUS NTAPI PcNewServiceGroup(_Out_ PSERVICEGROUP* OutServiceGroup, _In_opt_ PUNKNOWN OuterUnknown);
PORTCLASSAPI NTSTATUS NTAPI PcNewRegistryKey(_Out_ PREGISTRYKEY* OutRegistryKey, _In_opt_ PUNKNOWN OuterUnknown,
                                             _In_ ULONG RegistryKeyType, _In_ ACCESS_MASK DesiredAccess,
                                             _In_opt_ PVOID DeviceObject, _In_opt_ PVOID SubDevice,
                                             _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes, _In_opt_ ULONG CreateOptions,
                                             _Out_opt_ PULONG Disposition);
PORTCLASSAPI NTSTATUS NTAPI PcGetDeviceProperty(_In_ PVOID DeviceObject, _In_ DEVICE_REGISTRY_PROPERTY DeviceProperty,
                                                _In_ ULONG BufferLength, _Out_ PVOID PropertyBuffer,
                                                _Out_ PULONG ResultLength);
PORTCLASSAPI NTSTATUS NTAPI PcRegisterAdapterPowerManagement(_In_ PUNKNOWN Unknown, _In_ PVOID pvContext1);
PORTCLASSAPI NTSTATUS NTAPI PcUnregisterAdapterPowerManagement(_In_ PDEVICE_OBJECT pDeviceObject);
PORTCLASSAPI NTSTATUS NTAPI PcRequestNewPowerState(_In_ PDEVICE_OBJECT pDeviceObject,
                                                   _In_ DEVICE_POWER_STATE RequestedNewState);
PORTCLASSAPI NTSTATUS NTAPI PcGetPhysicalDeviceObject(_In_ PDEVICE_OBJECT pDeviceObject,
                                                      _Out_ PDEVICE_OBJECT* ppPhysicalObject);
PORTCLASSAPI NTSTATUS NTAPI PcAddContentHandlers(_In_ ULONG ContentId, _In_ PVOID* paHandlers, _In_ ULONG NumHandlers);
PORTCLASSAPI NTSTATUS NTAPI PcCreateContentMixed(_In_ PULONG paContentId, _In_ ULONG cContentId,
                                                 _Out_ PULONG pMixedContentId);
PORTCLASSAPI NTSTATUS NTAPI PcDestroyContent(_In_ ULONG ContentId);
PORTCLASSAPI NTSTATUS NTAPI PcForwardContentToDeviceObject(_In_ ULONG ContentId, _In_ PVOID Reserved,
                                                           _In_ PCDRMFORWARD DrmForward);
PORTCLASSAPI NTSTATUS NTAPI PcForwardContentToFileObject(_In_ ULONG ContentId, _In_ PFILE_OBJECT FileObject);
PORTCLASSAPI NTSTATUS NTAPI PcForwardContentToInterface(_In_ ULONG ContentId, _In_ PUNKNOWN pUnknown,
                                                        _In_ ULONG NumMethods);
PORTCLASSAPI NTSTATUS NTAPI PcGetContentRights(_In_ ULONG ContentId, _Out_ PDRMRIGHTS DrmRights);
PORTCLASSAPI NTSTATUS NTAPI PcAssignPowerFrameworkSettings(_In_ PDEVICE_OBJECT DeviceObject,
                                                           _In_ PPC_POWER_FRAMEWORK_SETTINGS PowerFrameworkSettings);
PORTCLASSAPI NTSTATUS NTAPI PcAddStreamResource(_In_ PDEVICE_OBJECT PhysicalDeviceObject, _In_ PVOID ResourceSet,
                                                _In_ PPCSTREAMRESOURCE_DESCRIPTOR ResourceDescriptor,
                                                _Out_ PCSTREAMRESOURCE* ResourceHandle);
PORTCLASSAPI NTSTATUS NTAPI PcRemoveStreamResource(_In_ PCSTREAMRESOURCE ResourceHandle);
PORTCLASSAPI NTSTATUS NTAPI PcRegisterAdapterPnpManagement(_In_ PUNKNOWN Unknown, _In_ PDEVICE_OBJECT DeviceObject);
PORTCLASSAPI NTSTATUS NTAPI PcUnregisterAdapterPnpManagement(_In_ PDEVICE_OBJECT DeviceObject);
PORTCLASSAPI NTSTATUS NTAPI PcRegisterIoTimeout(_In_ PDEVICE_OBJECT pDeviceObject, _In_ PIO_TIMER_ROUTINE pTimerRoutine,
                                                _In_ PVOID pContext);
PORTCLASSAPI NTSTATUS NTAPI PcUnregisterIoTimeout(_In_ PDEVICE_OBJECT pDeviceObject,
                                                  _In_ PIO_TIMER_ROUTINE pTimerRoutine, _In_ PVOID pContext);

#endif
