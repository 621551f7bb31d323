/* Shorthands of the Windows 2000 DDK and before. PC_OLD_NAMES brings back names without the Pc prefix. */
#ifndef OPC_PORTCLS_NAMES_H
#define OPC_PORTCLS_NAMES_H

#define IID_IAdapterPowerManagment IID_IAdapterPowerManagement
#define IID_IAdapterPowerManagment2 IID_IAdapterPowerManagement2
#define IAdapterPowerManagment IAdapterPowerManagement
#define IAdapterPowerManagment2 IAdapterPowerManagement2
#define IMP_IAdapterPowerManagment IMP_IAdapterPowerManagement
#define IMP_IAdapterPowerManagment2 IMP_IAdapterPowerManagement2
#define PADAPTERPOWERMANAGMENT PADAPTERPOWERMANAGEMENT
#define PADAPTERPOWERMANAGMENT2 PADAPTERPOWERMANAGEMENT2

/* Time intervals for PcGetTimeInterval. */
#define GTI_SECONDS(t) ((ULONGLONG)(t) * 10000000)
#define GTI_MILLISECONDS(t) ((ULONGLONG)(t) * 10000)
#define GTI_MICROSECONDS(t) ((ULONGLONG)(t) * 10)

/* IResourceList by resource type. */
#define NumberOfPorts() NumberOfEntriesOfType(CmResourceTypePort)
#define FindTranslatedPort(n) FindTranslatedEntry(CmResourceTypePort, (n))
#define FindUntranslatedPort(n) FindUntranslatedEntry(CmResourceTypePort, (n))
#define AddPortFromParent(p, n) AddEntryFromParent((p), CmResourceTypePort, (n))
#define NumberOfInterrupts() NumberOfEntriesOfType(CmResourceTypeInterrupt)
#define FindTranslatedInterrupt(n) FindTranslatedEntry(CmResourceTypeInterrupt, (n))
#define FindUntranslatedInterrupt(n) FindUntranslatedEntry(CmResourceTypeInterrupt, (n))
#define AddInterruptFromParent(p, n) AddEntryFromParent((p), CmResourceTypeInterrupt, (n))
#define NumberOfMemories() NumberOfEntriesOfType(CmResourceTypeMemory)
#define FindTranslatedMemory(n) FindTranslatedEntry(CmResourceTypeMemory, (n))
#define FindUntranslatedMemory(n) FindUntranslatedEntry(CmResourceTypeMemory, (n))
#define AddMemoryFromParent(p, n) AddEntryFromParent((p), CmResourceTypeMemory, (n))
#define NumberOfDmas() NumberOfEntriesOfType(CmResourceTypeDma)
#define FindTranslatedDma(n) FindTranslatedEntry(CmResourceTypeDma, (n))
#define FindUntranslatedDma(n) FindUntranslatedEntry(CmResourceTypeDma, (n))
#define AddDmaFromParent(p, n) AddEntryFromParent((p), CmResourceTypeDma, (n))
#define NumberOfDeviceSpecifics() NumberOfEntriesOfType(CmResourceTypeDeviceSpecific)
#define FindTranslatedDeviceSpecific(n) FindTranslatedEntry(CmResourceTypeDeviceSpecific, (n))
#define FindUntranslatedDeviceSpecific(n) FindUntranslatedEntry(CmResourceTypeDeviceSpecific, (n))
#define AddDeviceSpecificFromParent(p, n) AddEntryFromParent((p), CmResourceTypeDeviceSpecific, (n))
#define NumberOfBusNumbers() NumberOfEntriesOfType(CmResourceTypeBusNumber)
#define FindTranslatedBusNumber(n) FindTranslatedEntry(CmResourceTypeBusNumber, (n))
#define FindUntranslatedBusNumber(n) FindUntranslatedEntry(CmResourceTypeBusNumber, (n))
#define AddBusNumberFromParent(p, n) AddEntryFromParent((p), CmResourceTypeBusNumber, (n))
#define NumberOfDevicePrivates() NumberOfEntriesOfType(CmResourceTypeDevicePrivate)
#define FindTranslatedDevicePrivate(n) FindTranslatedEntry(CmResourceTypeDevicePrivate, (n))
#define FindUntranslatedDevicePrivate(n) FindUntranslatedEntry(CmResourceTypeDevicePrivate, (n))
#define AddDevicePrivateFromParent(p, n) AddEntryFromParent((p), CmResourceTypeDevicePrivate, (n))
#define NumberOfAssignedResources() NumberOfEntriesOfType(CmResourceTypeAssignedResource)
#define FindTranslatedAssignedResource(n) FindTranslatedEntry(CmResourceTypeAssignedResource, (n))
#define FindUntranslatedAssignedResource(n) FindUntranslatedEntry(CmResourceTypeAssignedResource, (n))
#define AddAssignedResourceFromParent(p, n) AddEntryFromParent((p), CmResourceTypeAssignedResource, (n))
#define NumberOfSubAllocateFroms() NumberOfEntriesOfType(CmResourceTypeSubAllocateFrom)
#define FindTranslatedSubAllocateFrom(n) FindTranslatedEntry(CmResourceTypeSubAllocateFrom, (n))
#define FindUntranslatedSubAllocateFrom(n) FindUntranslatedEntry(CmResourceTypeSubAllocateFrom, (n))
#define AddSubAllocateFromFromParent(p, n) AddEntryFromParent((p), CmResourceTypeSubAllocateFrom, (n))

#ifdef PC_OLD_NAMES

#define InitializeAdapterDriver(c1, c2, a)                                                                             \
    PcInitializeAdapterDriver((PDRIVER_OBJECT)(c1), (PUNICODE_STRING)(c2), (PDRIVER_ADD_DEVICE)(a))
#define AddAdapterDevice(c1, c2, s, m) PcAddAdapterDevice((PDRIVER_OBJECT)(c1), (PDEVICE_OBJECT)(c2), s, m, 0)
#define RegisterSubdevice(c1, c2, n, u) PcRegisterSubdevice((PDEVICE_OBJECT)(c1), n, u)
#define RegisterPhysicalConnection(c1, c2, fs, fp, ts, tp)                                                             \
    PcRegisterPhysicalConnection((PDEVICE_OBJECT)(c1), fs, fp, ts, tp)
#define RegisterPhysicalConnectionToExternal(c1, c2, fs, fp, ts, tp)                                                   \
    PcRegisterPhysicalConnectionToExternal((PDEVICE_OBJECT)(c1), fs, fp, ts, tp)
#define RegisterPhysicalConnectionFromExternal(c1, c2, fs, fp, ts, tp)                                                 \
    PcRegisterPhysicalConnectionFromExternal((PDEVICE_OBJECT)(c1), fs, fp, ts, tp)
#define NewPort PcNewPort
#define NewMiniport PcNewMiniport
#define CompletePendingPropertyRequest PcCompletePendingPropertyRequest
#define NewIrpStreamVirtual PcNewIrpStreamVirtual
#define NewIrpStreamPhysical PcNewIrpStreamPhysical
#define NewResourceList PcNewResourceList
#define NewResourceSublist PcNewResourceSublist
#define NewDmaChannel PcNewDmaChannel
#define NewServiceGroup PcNewServiceGroup
#define GetTimeInterval PcGetTimeInterval
#define WIN95COMPAT_ReadPortUChar(Port) READ_PORT_UCHAR(Port)
#define WIN95COMPAT_WritePortUChar(Port, Value) WRITE_PORT_UCHAR(Port, Value)
#define WIN95COMPAT_ReadPortUShort(Port) READ_PORT_USHORT(Port)
#define WIN95COMPAT_WritePortUShort(Port, Value) WRITE_PORT_USHORT(Port, Value)

#endif

#endif
