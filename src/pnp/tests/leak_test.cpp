// What a driver may forget, and how the report at its unload names it.
#include <gmock/gmock.h>

#include <ntddk.h>

#include "executive/kernel.h"
#include "executive/objects/object_manager.h"
#include "executive/rtl/counted_text.h"
#include "pnp_fixture.h"

namespace openportcls::pnp::test {

namespace {

using ::testing::HasSubstr;

// One kind of thing that a driver takes; static, because it outlives the driver that forgets it.
struct Possession {
    const char* name;
    void (*take)(DRIVER_OBJECT* driver);
    void (*give_back)();
    const char* reported;
};

const Possession* the_possession;
bool forgets;

void NTAPI unload_unless_forgetting(DRIVER_OBJECT*) {
    if (!forgets) {
        the_possession->give_back();
    }
}

NTSTATUS NTAPI driver_entry(DRIVER_OBJECT* driver, UNICODE_STRING*) {
    driver->DriverUnload = &unload_unless_forgetting;
    the_possession->take(driver);
    return STATUS_SUCCESS;
}

KTIMER timer;
KDPC dpc;
PEX_TIMER ex_timer;
HANDLE handle;
void* object;
MDL* mdl;
void* mapping;
KEVENT stop;
PIO_WORKITEM work_item;
WORK_QUEUE_ITEM plain_work_item;
DEVICE_OBJECT* device;
KINTERRUPT* interrupt;
DMA_ADAPTER* adapter;
REGHANDLE provider;
void* setting;
char page[64];

constexpr PHYSICAL_ADDRESS registers{.QuadPart = 0xFEB0'0000};
constexpr std::u16string_view possessed_key = u"\\Registry\\Machine\\Software";

void NTAPI wait_for_stop(PVOID) {
    KeWaitForSingleObject(&stop, Executive, KernelMode, FALSE, nullptr);
}
void NTAPI do_nothing(PKDPC, PVOID, PVOID, PVOID) {}
BOOLEAN NTAPI not_mine(PKINTERRUPT, PVOID) {
    return FALSE;
}
NTSTATUS NTAPI setting_changed(LPCGUID, PVOID, ULONG, PVOID) {
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI hear_nothing(PVOID, PVOID) {
    return STATUS_SUCCESS;
}

void open_key(ULONG attributes) {
    UNICODE_STRING name = executive::counted(possessed_key);
    OBJECT_ATTRIBUTES key;
    InitializeObjectAttributes(&key, &name, OBJ_CASE_INSENSITIVE | attributes, nullptr, nullptr);
    EXPECT_EQ(ZwOpenKey(&handle, KEY_READ, &key), STATUS_SUCCESS);
}

void start_thread() {
    KeInitializeEvent(&stop, NotificationEvent, FALSE);
    EXPECT_EQ(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr, &wait_for_stop, nullptr),
              STATUS_SUCCESS);
}

void get_adapter(DRIVER_OBJECT* driver) {
    IoCreateDevice(driver, 0, nullptr, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    DEVICE_DESCRIPTION description{};
    description.Version = DEVICE_DESCRIPTION_VERSION;
    description.Master = TRUE;
    description.ScatterGather = TRUE;
    description.Dma32BitAddresses = TRUE;
    description.InterfaceType = PCIBus;
    description.MaximumLength = 65536;
    ULONG count = 0;
    adapter = IoGetDmaAdapter(device, &description, &count);
    EXPECT_NE(adapter, nullptr);
}
void put_adapter() {
    adapter->DmaOperations->PutDmaAdapter(adapter);
    IoDeleteDevice(device);
}

void at_dispatch_level(void (*act)()) {
    const KIRQL old = KeRaiseIrqlToDpcLevel();
    act();
    KeLowerIrql(old);
}

void* map_register_base;
PSCATTER_GATHER_LIST list;
constexpr ULONG registers_kept = 3;

IO_ALLOCATION_ACTION NTAPI keep_registers(PDEVICE_OBJECT, PIRP, PVOID base, PVOID) {
    map_register_base = base;
    return DeallocateObjectKeepRegisters;
}
IO_ALLOCATION_ACTION NTAPI keep_channel(PDEVICE_OBJECT, PIRP, PVOID, PVOID) {
    return KeepObject;
}
void NTAPI keep_list(PDEVICE_OBJECT, PIRP, PSCATTER_GATHER_LIST made, PVOID) {
    list = made;
}
void allocate_registers(PDRIVER_CONTROL routine) {
    const KIRQL old = KeRaiseIrqlToDpcLevel();
    EXPECT_EQ(adapter->DmaOperations->AllocateAdapterChannel(adapter, device, registers_kept, routine, nullptr),
              STATUS_SUCCESS);
    KeLowerIrql(old);
}
void free_registers() {
    at_dispatch_level([] { adapter->DmaOperations->FreeMapRegisters(adapter, map_register_base, registers_kept); });
}

const Possession possessions[] = {
    {"TimerWithDpc",
     [](DRIVER_OBJECT*) {
         KeInitializeTimer(&timer);
         KeInitializeDpc(&dpc, &do_nothing, nullptr);
         KeSetTimerEx(&timer, {.QuadPart = -10'000'000}, 1000, &dpc);
     },
     [] { KeCancelTimer(&timer); }, "1 × timer: still set, KeCancelTimer not called"},
    {"TimerWithoutDpc",
     [](DRIVER_OBJECT*) {
         KeInitializeTimer(&timer);
         KeSetTimer(&timer, {.QuadPart = -10'000'000}, nullptr);
     },
     [] { KeCancelTimer(&timer); }, "1 × timer: still set"},
    {"ExTimer", [](DRIVER_OBJECT*) { ex_timer = ExAllocateTimer(nullptr, nullptr, 0); },
     [] { ExDeleteTimer(ex_timer, TRUE, FALSE, nullptr); }, "1 × timer: allocated, ExDeleteTimer not called"},
    {"ExTimerThatIsSet",
     [](DRIVER_OBJECT*) {
         ex_timer = ExAllocateTimer(nullptr, nullptr, EX_TIMER_HIGH_RESOLUTION);
         ExSetTimer(ex_timer, -10'000'000, 0, nullptr);
     },
     [] { ExDeleteTimer(ex_timer, TRUE, FALSE, nullptr); }, "1 × timer: allocated, ExDeleteTimer not called"},
    {"ThreadWhoseHandleWasClosed",
     [](DRIVER_OBJECT*) {
         start_thread();
         ZwClose(handle);
     },
     [] { KeSetEvent(&stop, 0, FALSE); }, "1 × thread: still running"},
    {"HandleOfThreadThatEnded",
     [](DRIVER_OBJECT*) {
         start_thread();
         KeSetEvent(&stop, 0, FALSE);
     },
     [] { ZwClose(handle); }, "1 × handle: Thread, ZwClose not called"},
    {"ReferenceToThread",
     [](DRIVER_OBJECT*) {
         start_thread();
         ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode, &object, nullptr);
         ZwClose(handle);
         KeSetEvent(&stop, 0, FALSE);
     },
     [] { ObDereferenceObject(object); }, "1 × object reference: Thread, ObDereferenceObject not called"},
    {"ReferenceThatGoesLater",
     [](DRIVER_OBJECT*) {
         start_thread();
         ObReferenceObjectByHandleWithTag(handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode, 'tseT', &object,
                                          nullptr);
         ZwClose(handle);
         KeSetEvent(&stop, 0, FALSE);
     },
     [] { ObDereferenceObjectDeferDeleteWithTag(object, 'tseT'); },
     "1 × object reference: Thread, ObDereferenceObject not called"},
    {"ReferenceOfAnAttachedDevice",
     [](DRIVER_OBJECT* driver) {
         IoCreateDevice(driver, 0, nullptr, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
         object = IoGetAttachedDeviceReference(device);
     },
     [] {
         ObDereferenceObject(object);
         IoDeleteDevice(device);
     },
     "1 × object reference: Device, ObDereferenceObject not called"},
    {"Event",
     [](DRIVER_OBJECT*) {
         ZwCreateEvent(&handle, EVENT_ALL_ACCESS, nullptr, NotificationEvent, FALSE);
         ObReferenceObjectByHandle(handle, EVENT_ALL_ACCESS, *ExEventObjectType, KernelMode, &object, nullptr);
         ZwClose(handle);
     },
     [] { ObDereferenceObject(object); }, "1 × object reference: Event"},
    {"KernelHandleOfKey", [](DRIVER_OBJECT*) { open_key(OBJ_KERNEL_HANDLE); }, [] { ZwClose(handle); },
     "1 × handle: Key, ZwClose not called"},
    {"HandleOfKey", [](DRIVER_OBJECT*) { open_key(0); }, [] { ZwClose(handle); },
     "1 × handle: Key, ZwClose not called"},
    {"Mdl", [](DRIVER_OBJECT*) { mdl = IoAllocateMdl(page, sizeof page, FALSE, FALSE, nullptr); },
     [] { IoFreeMdl(mdl); }, "1 × MDL: IoFreeMdl not called"},
    {"LockedPages",
     [](DRIVER_OBJECT*) {
         mdl = IoAllocateMdl(page, sizeof page, FALSE, FALSE, nullptr);
         MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
     },
     [] {
         MmUnlockPages(mdl);
         IoFreeMdl(mdl);
     },
     "1 × mapping or registration: MmProbeAndLockPages without MmUnlockPages"},
    {"DeviceRegisters", [](DRIVER_OBJECT*) { mapping = MmMapIoSpace(registers, 4096, MmNonCached); },
     [] { MmUnmapIoSpace(mapping, 4096); }, "1 × mapping: MmMapIoSpace without MmUnmapIoSpace, 4096 bytes"},
    {"WorkItemWithoutDeviceThatWaits",
     [](DRIVER_OBJECT*) {
         KeInitializeEvent(&stop, NotificationEvent, FALSE);
         ExInitializeWorkItem(&plain_work_item, &wait_for_stop, nullptr);
         ExQueueWorkItem(&plain_work_item, DelayedWorkQueue);
     },
     [] { KeSetEvent(&stop, 0, FALSE); }, "1 × work item: still running"},
    {"WorkItem",
     [](DRIVER_OBJECT* driver) {
         IoCreateDevice(driver, 0, nullptr, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
         work_item = IoAllocateWorkItem(device);
     },
     [] {
         IoFreeWorkItem(work_item);
         IoDeleteDevice(device);
     },
     "1 × work item: allocated, IoFreeWorkItem not called"},
    {"Interrupt",
     [](DRIVER_OBJECT*) {
         EXPECT_EQ(IoConnectInterrupt(&interrupt, &not_mine, nullptr, nullptr, 5, 5, 5, LevelSensitive, TRUE, 1, FALSE),
                   STATUS_SUCCESS);
     },
     [] { IoDisconnectInterrupt(interrupt); }, "1 × connected interrupt: IoDisconnectInterrupt not called"},
    {"DmaAdapter", &get_adapter, [] { put_adapter(); }, "1 × DMA adapter: PutDmaAdapter not called"},
    {"MapRegisters",
     [](DRIVER_OBJECT* driver) {
         get_adapter(driver);
         allocate_registers(&keep_registers);
     },
     [] {
         free_registers();
         put_adapter();
     },
     "1 × DMA map registers: 3 of a request, FreeMapRegisters not called"},
    {"DmaChannel",
     [](DRIVER_OBJECT* driver) {
         get_adapter(driver);
         allocate_registers(&keep_channel);
     },
     [] {
         at_dispatch_level([] { adapter->DmaOperations->FreeAdapterChannel(adapter); });
         put_adapter();
     },
     "1 × DMA map registers: 3 of a request, FreeAdapterChannel not called"},
    {"ScatterGatherList",
     [](DRIVER_OBJECT* driver) {
         get_adapter(driver);
         mdl = IoAllocateMdl(page, sizeof page, FALSE, FALSE, nullptr);
         MmBuildMdlForNonPagedPool(mdl);
         at_dispatch_level([] {
             EXPECT_EQ(adapter->DmaOperations->GetScatterGatherList(adapter, device, mdl, page, sizeof page, &keep_list,
                                                                    nullptr, TRUE),
                       STATUS_SUCCESS);
         });
     },
     [] {
         at_dispatch_level([] { adapter->DmaOperations->PutScatterGatherList(adapter, list, TRUE); });
         IoFreeMdl(mdl);
         put_adapter();
     },
     "1 × scatter/gather list: PutScatterGatherList not called"},
    {"MapRegistersOfAnAdapterThatIsGone",
     [](DRIVER_OBJECT* driver) {
         get_adapter(driver);
         allocate_registers(&keep_registers);
         if (!forgets) {
             free_registers();
         }
         put_adapter();
     },
     [] {}, "1 × DMA map registers: 3 of a request, FreeMapRegisters not called before PutDmaAdapter"},
    {"Irp", [](DRIVER_OBJECT*) { object = IoAllocateIrp(2, FALSE); }, [] { IoFreeIrp(static_cast<IRP*>(object)); },
     "1 × IRP: major function"},
    {"ContiguousMemory", [](DRIVER_OBJECT*) { object = MmAllocateContiguousMemory(4096, {.QuadPart = 0x7FFF'FFFF}); },
     [] { MmFreeContiguousMemory(object); }, "1 × contiguous memory: MmAllocateContiguousMemory, 4096 bytes"},
    {"TraceProvider",
     [](DRIVER_OBJECT*) {
         constexpr GUID id{0x12345678, 1, 2, {3}};
         EtwRegister(&id, nullptr, nullptr, &provider);
     },
     [] { EtwUnregister(provider); }, "1 × mapping or registration: EtwRegister without EtwUnregister"},
    {"PowerSetting",
     [](DRIVER_OBJECT*) {
         constexpr GUID id{0x12345678, 1, 2, {3}};
         PoRegisterPowerSettingCallback(nullptr, &id, &setting_changed, nullptr, &setting);
     },
     [] { PoUnregisterPowerSettingCallback(setting); }, "PoRegisterPowerSettingCallback not unregistered"},
    {"Notification",
     [](DRIVER_OBJECT* driver) {
         EXPECT_EQ(IoRegisterPlugPlayNotification(EventCategoryHardwareProfileChange, 0, nullptr, driver, &hear_nothing,
                                                  nullptr, &object),
                   STATUS_SUCCESS);
     },
     [] { IoUnregisterPlugPlayNotificationEx(object); },
     "1 × mapping or registration: IoRegisterPlugPlayNotification not unregistered"},
    {"TimerResolution", [](DRIVER_OBJECT*) { ExSetTimerResolution(10'000, TRUE); },
     [] { ExSetTimerResolution(0, FALSE); }, "ExSetTimerResolution not given back"},
};

class Leaks : public PnpTest, public testing::WithParamInterface<Possession> {
protected:
    LeakReport unload_after(bool forgetting) {
        the_possession = &GetParam();
        forgets = forgetting;
        auto driver = manager.load_static_driver(&driver_entry);
        EXPECT_TRUE(driver);
        auto report = manager.unload(**driver);
        EXPECT_TRUE(report) << report.error().message;
        return report ? std::move(*report) : LeakReport{};
    }
};

TEST_P(Leaks, WhatIsForgottenIsNamed) {
    EXPECT_THAT(unload_after(true).to_text(), HasSubstr(GetParam().reported));
}

TEST_P(Leaks, WhatIsGivenBackIsNot) {
    EXPECT_EQ(unload_after(false).to_text(), "driver: nothing left behind");
}

INSTANTIATE_TEST_SUITE_P(Everything, Leaks, testing::ValuesIn(possessions),
                         [](const auto& info) { return std::string(info.param.name); });

// A registration names its driver: the report does, too, and nobody calls what has gone.
TEST_F(PnpTest, NotificationsAreTheirDriversOnly) {
    static int heard;
    static PVOID registrations[2];
    heard = 0;
    constexpr static GUID interfaces{0x11223344, 5, 6, {7}};
    const auto listen = +[](DRIVER_OBJECT* driver, UNICODE_STRING*) NTAPI -> NTSTATUS {
        driver->DriverUnload = +[](DRIVER_OBJECT*) NTAPI {};
        const auto hear = +[](PVOID, PVOID) NTAPI -> NTSTATUS { return ++heard, STATUS_SUCCESS; };
        PVOID& registration = registrations[registrations[0] != nullptr ? 1 : 0];
        return IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange, 0, const_cast<GUID*>(&interfaces),
                                              driver, hear, nullptr, &registration);
    };
    registrations[0] = nullptr;
    DriverOptions first;
    first.service_name = "first";
    auto leaving = manager.load_static_driver(listen, first);
    ASSERT_TRUE(leaving);
    DriverOptions second;
    second.service_name = "second";
    auto staying = manager.load_static_driver(listen, second);
    ASSERT_TRUE(staying);
    auto report = manager.unload(**leaving);
    ASSERT_TRUE(report);
    EXPECT_THAT(report->to_text(),
                HasSubstr("1 × mapping or registration: IoRegisterPlugPlayNotification not unregistered"));
    machine.enter([&] {
        machine.subsystem<executive::Kernel>().notifications.interface_changed(interfaces, u"\\??\\x", true);
        EXPECT_EQ(heard, 1) << "the one that stays";
        EXPECT_EQ(IoUnregisterPlugPlayNotificationEx(registrations[0]), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(IoUnregisterPlugPlayNotificationEx(registrations[1]), STATUS_SUCCESS);
    });
    report = manager.unload(**staying);
    ASSERT_TRUE(report);
    EXPECT_TRUE(report->empty()) << report->to_text();
}

// An application's own handles are none of the driver's business.
TEST_F(PnpTest, HandlesOfTheApplicationAreNoLeaks) {
    the_possession = &possessions[0];
    forgets = false;
    auto driver = manager.load_static_driver(&driver_entry);
    ASSERT_TRUE(driver);
    machine.enter([&] {
        auto& objects = executive::ObjectManager::of(machine);
        KEVENT* event = objects.create_event(NotificationEvent, false);
        objects.open_client_handle(event, EVENT_ALL_ACCESS);
    });
    auto report = manager.unload(**driver);
    ASSERT_TRUE(report);
    EXPECT_TRUE(report->empty()) << report->to_text();
}

} // namespace

} // namespace openportcls::pnp::test
