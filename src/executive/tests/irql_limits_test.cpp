// Every function is called one level above the highest that its page allows ("IRQL" in its table of requirements); the
// guest ends with a bugcheck that names the function and its limit. What the function is given does not matter: the
// check comes first.
#include "executive/tests/fixture.h"

#include <wsk.h>

#include "executive/irql_check.h"

namespace openportcls::executive {
namespace {

struct Limit {
    const char* function;
    KIRQL highest;
    void (*call)();
};

#define OPC_LIMIT(highest, function, ...)                                                                              \
    Limit {                                                                                                            \
        #function, highest, [] { (void)function(__VA_ARGS__); }                                                        \
    }

const Limit passive_functions[] = {
    OPC_LIMIT(PASSIVE_LEVEL, EtwRegister, nullptr, nullptr, nullptr, nullptr),
    OPC_LIMIT(PASSIVE_LEVEL, EtwUnregister, 0),
    OPC_LIMIT(PASSIVE_LEVEL, IoConnectInterruptEx, nullptr),
    OPC_LIMIT(PASSIVE_LEVEL, IoCreateSymbolicLink, nullptr, nullptr),
    OPC_LIMIT(PASSIVE_LEVEL, IoDeleteSymbolicLink, nullptr),
    OPC_LIMIT(PASSIVE_LEVEL, IoDisconnectInterrupt, nullptr),
    OPC_LIMIT(PASSIVE_LEVEL, IoDisconnectInterruptEx, nullptr),
    OPC_LIMIT(PASSIVE_LEVEL, IoGetDeviceInterfaces, nullptr, nullptr, 0, nullptr),
    OPC_LIMIT(PASSIVE_LEVEL, IoGetDeviceObjectPointer, nullptr, 0, nullptr, nullptr),
    OPC_LIMIT(PASSIVE_LEVEL, IoGetDeviceProperty, nullptr, DevicePropertyHardwareID, 0, nullptr, nullptr),
    OPC_LIMIT(PASSIVE_LEVEL, IoGetDmaAdapter, nullptr, nullptr, nullptr),
    OPC_LIMIT(PASSIVE_LEVEL, IoOpenDeviceInterfaceRegistryKey, nullptr, 0, nullptr),
    OPC_LIMIT(PASSIVE_LEVEL, IoOpenDeviceRegistryKey, nullptr, 0, 0, nullptr),
    OPC_LIMIT(PASSIVE_LEVEL, IoOpenDriverRegistryKey, nullptr, DriverRegKeyParameters, 0, 0, nullptr),
    OPC_LIMIT(PASSIVE_LEVEL, IoRegisterDeviceInterface, nullptr, nullptr, nullptr, nullptr),
    OPC_LIMIT(PASSIVE_LEVEL, IoRegisterPlugPlayNotification, EventCategoryReserved, 0, nullptr, nullptr, nullptr,
              nullptr, nullptr),
    OPC_LIMIT(PASSIVE_LEVEL, IoSetDeviceInterfaceState, nullptr, TRUE),
    OPC_LIMIT(PASSIVE_LEVEL, IoUnregisterPlugPlayNotification, nullptr),
    OPC_LIMIT(PASSIVE_LEVEL, IoUnregisterPlugPlayNotificationEx, nullptr),
    OPC_LIMIT(PASSIVE_LEVEL, IoIsWdmVersionAvailable, 1, 0),
    OPC_LIMIT(PASSIVE_LEVEL, KeFlushQueuedDpcs),
    OPC_LIMIT(PASSIVE_LEVEL, ObReferenceObjectByHandle, nullptr, 0, nullptr, KernelMode, nullptr, nullptr),
    OPC_LIMIT(PASSIVE_LEVEL, PsCreateSystemThread, nullptr, 0, nullptr, nullptr, nullptr, nullptr, nullptr),
    OPC_LIMIT(PASSIVE_LEVEL, PsTerminateSystemThread, 0),
    OPC_LIMIT(PASSIVE_LEVEL, RtlAnsiStringToUnicodeString, nullptr, nullptr, FALSE),
    OPC_LIMIT(PASSIVE_LEVEL, RtlUnicodeStringToAnsiString, nullptr, nullptr, FALSE),
    OPC_LIMIT(PASSIVE_LEVEL, RtlQueryRegistryValues, 0, nullptr, nullptr, nullptr, nullptr),
    OPC_LIMIT(PASSIVE_LEVEL, WskRegister, nullptr, nullptr),
    OPC_LIMIT(PASSIVE_LEVEL, WskDeregister, nullptr),
    OPC_LIMIT(PASSIVE_LEVEL, WskCaptureProviderNPI, nullptr, 0, nullptr),
    OPC_LIMIT(PASSIVE_LEVEL, ZwClose, nullptr),
    OPC_LIMIT(PASSIVE_LEVEL, ZwCreateFile, nullptr, 0, nullptr, nullptr, nullptr, 0, 0, 0, 0, nullptr, 0),
    OPC_LIMIT(PASSIVE_LEVEL, ZwCreateKey, nullptr, 0, nullptr, 0, nullptr, 0, nullptr),
    OPC_LIMIT(PASSIVE_LEVEL, ZwEnumerateKey, nullptr, 0, KeyBasicInformation, nullptr, 0, nullptr),
    OPC_LIMIT(PASSIVE_LEVEL, ZwEnumerateValueKey, nullptr, 0, KeyValueBasicInformation, nullptr, 0, nullptr),
    OPC_LIMIT(PASSIVE_LEVEL, ZwMakeTemporaryObject, nullptr),
    OPC_LIMIT(PASSIVE_LEVEL, ZwOpenFile, nullptr, 0, nullptr, nullptr, 0, 0),
    OPC_LIMIT(PASSIVE_LEVEL, ZwOpenKey, nullptr, 0, nullptr),
    OPC_LIMIT(PASSIVE_LEVEL, ZwOpenSection, nullptr, 0, nullptr),
    OPC_LIMIT(PASSIVE_LEVEL, ZwQueryInformationFile, nullptr, nullptr, nullptr, 0, FileBasicInformation),
    OPC_LIMIT(PASSIVE_LEVEL, ZwQueryValueKey, nullptr, nullptr, KeyValueBasicInformation, nullptr, 0, nullptr),
    OPC_LIMIT(PASSIVE_LEVEL, ZwReadFile, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, 0, nullptr, nullptr),
    OPC_LIMIT(PASSIVE_LEVEL, ZwSetValueKey, nullptr, nullptr, 0, 0, nullptr, 0),
    OPC_LIMIT(PASSIVE_LEVEL, ZwUnmapViewOfSection, nullptr, nullptr),
    OPC_LIMIT(PASSIVE_LEVEL, ZwWriteFile, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, 0, nullptr, nullptr),
};

const Limit apc_functions[] = {
    OPC_LIMIT(APC_LEVEL, ExAcquireFastMutex, nullptr),
    OPC_LIMIT(APC_LEVEL, ExCreateCallback, nullptr, nullptr, FALSE, FALSE),
    OPC_LIMIT(APC_LEVEL, ExRegisterCallback, nullptr, nullptr, nullptr),
    OPC_LIMIT(APC_LEVEL, ExReleaseFastMutex, nullptr),
    OPC_LIMIT(APC_LEVEL, ExSetTimerResolution, 0, FALSE),
    OPC_LIMIT(APC_LEVEL, ExUnregisterCallback, nullptr),
    OPC_LIMIT(APC_LEVEL, IoBuildAsynchronousFsdRequest, 0, nullptr, nullptr, 0, nullptr, nullptr),
    OPC_LIMIT(APC_LEVEL, IoBuildDeviceIoControlRequest, 0, nullptr, nullptr, 0, nullptr, 0, FALSE, nullptr, nullptr),
    OPC_LIMIT(APC_LEVEL, IoBuildSynchronousFsdRequest, 0, nullptr, nullptr, 0, nullptr, nullptr, nullptr),
    OPC_LIMIT(APC_LEVEL, IoCreateDevice, nullptr, 0, nullptr, 0, 0, FALSE, nullptr),
    OPC_LIMIT(APC_LEVEL, IoDeleteDevice, nullptr),
    OPC_LIMIT(APC_LEVEL, IoSetDeviceInterfacePropertyData, nullptr, nullptr, 0, 0, 0, 0, nullptr),
    OPC_LIMIT(APC_LEVEL, KeDelayExecutionThread, KernelMode, FALSE, nullptr),
    OPC_LIMIT(APC_LEVEL, RtlFreeUnicodeString, nullptr),
};

const Limit dispatch_functions[] = {
    OPC_LIMIT(DISPATCH_LEVEL, ExAllocatePool2, POOL_FLAG_NON_PAGED, 16, 1),
    OPC_LIMIT(DISPATCH_LEVEL, ExAllocatePoolWithTag, NonPagedPoolNx, 16, 1),
    OPC_LIMIT(DISPATCH_LEVEL, ExAllocateTimer, nullptr, nullptr, 0),
    OPC_LIMIT(DISPATCH_LEVEL, ExCancelTimer, nullptr, nullptr),
    OPC_LIMIT(DISPATCH_LEVEL, ExDeleteTimer, nullptr, FALSE, FALSE, nullptr),
    OPC_LIMIT(DISPATCH_LEVEL, ExFreePool, nullptr),
    OPC_LIMIT(DISPATCH_LEVEL, ExFreePoolWithTag, nullptr, 1),
    OPC_LIMIT(DISPATCH_LEVEL, ExNotifyCallback, nullptr, nullptr, nullptr),
    OPC_LIMIT(DISPATCH_LEVEL, KeInitializeTimer, nullptr),
    OPC_LIMIT(DISPATCH_LEVEL, KeInitializeTimerEx, nullptr, NotificationTimer),
    OPC_LIMIT(DISPATCH_LEVEL, ExQueueWorkItem, nullptr, DelayedWorkQueue),
    OPC_LIMIT(DISPATCH_LEVEL, ExSetTimer, nullptr, 0, 0, nullptr),
    OPC_LIMIT(DISPATCH_LEVEL, IoAllocateIrp, 1, FALSE),
    OPC_LIMIT(DISPATCH_LEVEL, IoAllocateMdl, nullptr, 1, FALSE, FALSE, nullptr),
    OPC_LIMIT(DISPATCH_LEVEL, IoAllocateWorkItem, nullptr),
    OPC_LIMIT(DISPATCH_LEVEL, IofCallDriver, nullptr, nullptr),
    OPC_LIMIT(DISPATCH_LEVEL, IofCompleteRequest, nullptr, 0),
    OPC_LIMIT(DISPATCH_LEVEL, IoFreeIrp, nullptr),
    OPC_LIMIT(DISPATCH_LEVEL, IoFreeMdl, nullptr),
    OPC_LIMIT(DISPATCH_LEVEL, IoFreeWorkItem, nullptr),
    OPC_LIMIT(DISPATCH_LEVEL, IoGetAttachedDeviceReference, nullptr),
    OPC_LIMIT(DISPATCH_LEVEL, IoGetDeviceAttachmentBaseRef, nullptr),
    OPC_LIMIT(DISPATCH_LEVEL, IoGetLowerDeviceObject, nullptr),
    OPC_LIMIT(DISPATCH_LEVEL, IoGetRelatedDeviceObject, nullptr),
    OPC_LIMIT(DISPATCH_LEVEL, IoInvalidateDeviceRelations, nullptr, BusRelations),
    OPC_LIMIT(DISPATCH_LEVEL, IoQueueWorkItem, nullptr, nullptr, DelayedWorkQueue, nullptr),
    OPC_LIMIT(DISPATCH_LEVEL, IoReuseIrp, nullptr, 0),
    OPC_LIMIT(DISPATCH_LEVEL, KeAcquireSpinLock, nullptr, nullptr),
    OPC_LIMIT(DISPATCH_LEVEL, KeCancelTimer, nullptr),
    OPC_LIMIT(DISPATCH_LEVEL, KeClearEvent, nullptr),
    OPC_LIMIT(DISPATCH_LEVEL, KeReadStateEvent, nullptr),
    OPC_LIMIT(DISPATCH_LEVEL, KeReleaseMutex, nullptr, FALSE),
    OPC_LIMIT(DISPATCH_LEVEL, KeReleaseSpinLock, nullptr, 0),
    OPC_LIMIT(DISPATCH_LEVEL, KeResetEvent, nullptr),
    OPC_LIMIT(DISPATCH_LEVEL, KeRestoreFloatingPointState, nullptr),
    OPC_LIMIT(DISPATCH_LEVEL, KeSaveFloatingPointState, nullptr),
    OPC_LIMIT(DISPATCH_LEVEL, KeSetEvent, nullptr, 0, FALSE),
    OPC_LIMIT(DISPATCH_LEVEL, KeSetTimer, nullptr, LARGE_INTEGER{}, nullptr),
    OPC_LIMIT(DISPATCH_LEVEL, KeSetTimerEx, nullptr, LARGE_INTEGER{}, 0, nullptr),
    OPC_LIMIT(DISPATCH_LEVEL, MmAllocateContiguousMemorySpecifyCache, 1, LARGE_INTEGER{}, LARGE_INTEGER{},
              LARGE_INTEGER{}, MmCached),
    OPC_LIMIT(DISPATCH_LEVEL, MmBuildMdlForNonPagedPool, nullptr),
    OPC_LIMIT(DISPATCH_LEVEL, MmFreeContiguousMemory, nullptr),
    OPC_LIMIT(DISPATCH_LEVEL, MmMapIoSpace, LARGE_INTEGER{}, 1, MmNonCached),
    OPC_LIMIT(DISPATCH_LEVEL, MmMapIoSpaceEx, LARGE_INTEGER{}, 1, PAGE_READWRITE),
    OPC_LIMIT(DISPATCH_LEVEL, MmUnlockPages, nullptr),
    OPC_LIMIT(DISPATCH_LEVEL, MmUnmapIoSpace, nullptr, 1),
    OPC_LIMIT(DISPATCH_LEVEL, ObfDereferenceObject, nullptr),
    OPC_LIMIT(DISPATCH_LEVEL, ObfReferenceObject, nullptr),
    OPC_LIMIT(DISPATCH_LEVEL, ObReferenceObjectByPointer, nullptr, 0, nullptr, KernelMode),
    OPC_LIMIT(DISPATCH_LEVEL, PoFxCompleteIdleCondition, nullptr, 0),
    OPC_LIMIT(DISPATCH_LEVEL, PoFxCompleteIdleState, nullptr, 0),
    OPC_LIMIT(DISPATCH_LEVEL, PoFxSetComponentLatency, nullptr, 0, 0),
    OPC_LIMIT(DISPATCH_LEVEL, PoFxSetComponentResidency, nullptr, 0, 0),
    OPC_LIMIT(DISPATCH_LEVEL, PoRequestPowerIrp, nullptr, 0, POWER_STATE{}, nullptr, nullptr, nullptr),
    OPC_LIMIT(DISPATCH_LEVEL, WskReleaseProviderNPI, nullptr),
};

#undef OPC_LIMIT

void expect_report(const Limit& limit) {
    machine::Machine machine;
    install(machine);
    ASSERT_FALSE(machine.enter([&] {
        KIRQL old;
        KeRaiseIrql(static_cast<KIRQL>(limit.highest + 1), &old);
        limit.call();
    })) << limit.function
        << " can be called above its limit";
    const machine::BugcheckReport& report = *machine.bugcheck_report();
    EXPECT_EQ(report.code, 0x0AU) << limit.function;
    const std::string expected = std::string(limit.function) + " may be called at " + irql_name(limit.highest);
    EXPECT_EQ(report.rule.substr(0, expected.size()), expected);
    EXPECT_EQ(report.parameters[1], limit.highest + 1U);
}

TEST(IrqlLimits, PassiveLevelOnly) {
    for (const Limit& limit : passive_functions) {
        expect_report(limit);
    }
}

TEST(IrqlLimits, ApcLevelAtMost) {
    for (const Limit& limit : apc_functions) {
        expect_report(limit);
    }
}

TEST(IrqlLimits, DispatchLevelAtMost) {
    for (const Limit& limit : dispatch_functions) {
        expect_report(limit);
    }
}

} // namespace
} // namespace openportcls::executive
