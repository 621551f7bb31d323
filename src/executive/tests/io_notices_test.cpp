// What devices are told and tell: shutdown, eject, changes, packets, secure names, access, interrupts at rest.
#include <cstring>

#include <ntddk.h>
#include <wdmsec.h>

#include "executive/tests/hardware_fixture.h"

namespace openportcls::executive {
namespace {

std::vector<std::pair<DEVICE_OBJECT*, int>> requests;

NTSTATUS NTAPI note_request(PDEVICE_OBJECT device, PIRP irp) {
    requests.emplace_back(device, IoGetCurrentIrpStackLocation(irp)->MajorFunction);
    return complete(irp, STATUS_SUCCESS);
}

class IoNotices : public ExecutiveTest {
protected:
    IoNotices() {
        requests.clear();
        machine.enter([&] { ObjectManager::current().add(&driver_.object, object_types::driver, {}); });
    }

    DEVICE_OBJECT* make(const char16_t* path) {
        UNICODE_STRING name = unicode(path);
        DEVICE_OBJECT* device = nullptr;
        EXPECT_EQ(IoCreateDevice(&driver_.object, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device), STATUS_SUCCESS);
        device->Flags &= ~static_cast<ULONG>(DO_DEVICE_INITIALIZING);
        return device;
    }

    TestDriver driver_{&note_request};
};

// IoRegisterShutdownNotification, IoRegisterLastChanceShutdownNotification, IoUnregisterShutdownNotification: the last
// one registered is told first, those with the last chance after all others, and nobody twice.
TEST_F(IoNotices, ShutdownIsToldInTwoRounds) {
    inside([&] {
        DEVICE_OBJECT* const last = make(u"\\Device\\Last");
        DEVICE_OBJECT* const first = make(u"\\Device\\First");
        DEVICE_OBJECT* const second = make(u"\\Device\\Second");
        DEVICE_OBJECT* const gone = make(u"\\Device\\Gone");
        ASSERT_EQ(IoRegisterLastChanceShutdownNotification(last), STATUS_SUCCESS);
        ASSERT_EQ(IoRegisterShutdownNotification(first), STATUS_SUCCESS);
        ASSERT_EQ(IoRegisterShutdownNotification(second), STATUS_SUCCESS);
        ASSERT_EQ(IoRegisterShutdownNotification(gone), STATUS_SUCCESS);
        EXPECT_NE(gone->Flags & DO_SHUTDOWN_REGISTERED, 0u);
        IoUnregisterShutdownNotification(gone);
        EXPECT_EQ(gone->Flags & DO_SHUTDOWN_REGISTERED, 0u);
        kernel().shutdown.notify();
        EXPECT_EQ(requests, (std::vector<std::pair<DEVICE_OBJECT*, int>>{
                                {second, IRP_MJ_SHUTDOWN}, {first, IRP_MJ_SHUTDOWN}, {last, IRP_MJ_SHUTDOWN}}));
        kernel().shutdown.notify();
        EXPECT_EQ(requests.size(), 3u);
        for (DEVICE_OBJECT* device : {last, first, second, gone}) {
            IoDeleteDevice(device);
        }
    });
}

// IoRequestDeviceEject: the PnP manager is asked, from up to DISPATCH_LEVEL.
TEST_F(IoNotices, AnEjectIsAskedOfThePnpManager) {
    static DEVICE_OBJECT* asked;
    asked = nullptr;
    kernel().device_request_hook = [](machine::Machine&, DEVICE_OBJECT* device, Kernel::DeviceRequest kind, ULONG) {
        asked = kind == Kernel::DeviceRequest::eject ? device : nullptr;
    };
    inside([&] {
        DEVICE_OBJECT* const device = make(u"\\Device\\Ejected");
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        IoRequestDeviceEject(device);
        KeLowerIrql(old);
        EXPECT_EQ(asked, device);
        IoDeleteDevice(device);
    });
    kernel().device_request_hook = nullptr;
}

constexpr GUID custom_event{0x5A5A0001, 2, 3, {4}};

struct Report {
    TARGET_DEVICE_CUSTOM_NOTIFICATION header;
    char more[16];
};

struct Heard {
    int count = 0;
    PFILE_OBJECT file = nullptr;
    GUID event{};
    char data = 0;
    int completed = 0;
    int heard_before_completion = 0;
    KIRQL completed_at = 99;
};

NTSTATUS NTAPI hear(PVOID structure, PVOID context) {
    auto& heard = *static_cast<Heard*>(context);
    const auto& report = *static_cast<const Report*>(structure);
    ++heard.count;
    heard.file = report.header.FileObject;
    heard.event = report.header.Event;
    heard.data = report.more[15];
    return STATUS_SUCCESS;
}

void NTAPI report_completed(PVOID context) {
    auto& heard = *static_cast<Heard*>(context);
    ++heard.completed;
    heard.heard_before_completion = heard.count;
    heard.completed_at = KeGetCurrentIrql();
}

Report make_report(const GUID& event) {
    Report report{};
    report.header.Version = 1;
    report.header.Size = sizeof report;
    report.header.Event = event;
    report.header.NameBufferOffset = -1;
    report.more[15] = 'd';
    return report;
}

// "nf-wdm-ioregisterplugplaynotification": the driver object is the caller's, and is referenced.
TEST_F(IoNotices, WhoListensIsADriver) {
    expect_bugcheck(0x18, "no living object", [&] {
        DRIVER_OBJECT nobody{};
        PVOID handle = nullptr;
        IoRegisterPlugPlayNotification(EventCategoryHardwareProfileChange, 0, nullptr, &nobody, &hear, nullptr,
                                       &handle);
    });
}

// IoReportTargetDeviceChange, IoReportTargetDeviceChangeAsynchronous: custom events reach those who registered for the
// device, with the file each of them named; the system's own events are not for drivers to send.
TEST_F(IoNotices, CustomEventsReachThoseWhoWatchTheDevice) {
    inside([&] {
        DEVICE_OBJECT* const device = make(u"\\Device\\Watched");
        DEVICE_OBJECT* const other = make(u"\\Device\\Other");
        FILE_OBJECT* file = nullptr;
        ASSERT_EQ(open_file(u"\\Device\\Watched", nullptr, &file), STATUS_SUCCESS);
        Heard heard;
        PVOID handle = nullptr;
        ASSERT_EQ(IoRegisterPlugPlayNotification(EventCategoryTargetDeviceChange, 0, file, &driver_.object, &hear,
                                                 &heard, &handle),
                  STATUS_SUCCESS);
        Report report = make_report(custom_event);
        EXPECT_EQ(IoReportTargetDeviceChange(other, &report), STATUS_SUCCESS);
        EXPECT_EQ(heard.count, 0) << "another device's";
        EXPECT_EQ(IoReportTargetDeviceChange(device, &report), STATUS_SUCCESS);
        EXPECT_EQ(heard.count, 1);
        EXPECT_EQ(heard.file, file);
        EXPECT_TRUE(IsEqualGUID(heard.event, custom_event));
        EXPECT_EQ(heard.data, 'd');

        Report later = make_report(custom_event);
        later.more[15] = 'l';
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        EXPECT_EQ(IoReportTargetDeviceChangeAsynchronous(device, &later, &report_completed, &heard), STATUS_PENDING);
        later.more[15] = 'x'; // the PnP manager has its copy
        EXPECT_EQ(heard.count, 1) << "the routine does not wait";
        KeLowerIrql(old);
        machine.settle();
        EXPECT_EQ(heard.count, 2);
        EXPECT_EQ(heard.data, 'l');
        EXPECT_EQ(heard.completed, 1);
        EXPECT_EQ(heard.heard_before_completion, 2);
        EXPECT_EQ(heard.completed_at, PASSIVE_LEVEL);
        EXPECT_EQ(IoReportTargetDeviceChangeAsynchronous(device, &later, nullptr, nullptr), STATUS_PENDING);
        machine.settle();
        EXPECT_EQ(heard.count, 3) << "nobody asked to be called afterwards";

        for (const GUID& system : {GUID_TARGET_DEVICE_QUERY_REMOVE, GUID_TARGET_DEVICE_REMOVE_CANCELLED,
                                   GUID_TARGET_DEVICE_REMOVE_COMPLETE}) {
            Report wrong = make_report(system);
            EXPECT_EQ(IoReportTargetDeviceChange(device, &wrong), STATUS_INVALID_DEVICE_REQUEST);
            EXPECT_EQ(IoReportTargetDeviceChangeAsynchronous(device, &wrong, &report_completed, &heard),
                      STATUS_INVALID_DEVICE_REQUEST);
        }
        machine.settle();
        EXPECT_EQ(heard.count, 3);
        EXPECT_EQ(heard.completed, 1);
        EXPECT_EQ(IoUnregisterPlugPlayNotification(handle), STATUS_SUCCESS);
        close_file(file);
        IoDeleteDevice(other);
        IoDeleteDevice(device);
    });
}

// "nf-wdm-ioregisterplugplaynotification": the registration holds no reference on the file. Drivers close it when they
// are asked whether the device may go, and hear what became of that.
TEST_F(IoNotices, ATargetIsWatchedWithoutAReferenceOnTheFile) {
    inside([&] {
        DEVICE_OBJECT* const device = make(u"\\Device\\Watched");
        ObjectManager& objects = ObjectManager::current();
        FILE_OBJECT* file = nullptr;
        ASSERT_EQ(open_file(u"\\Device\\Watched", nullptr, &file), STATUS_SUCCESS);
        const auto references = objects.find(file)->references;
        const auto of_driver = objects.find(&driver_.object)->references;
        Heard heard;
        PVOID handle = nullptr;
        ASSERT_EQ(IoRegisterPlugPlayNotification(EventCategoryTargetDeviceChange, 0, file, &driver_.object, &hear,
                                                 &heard, &handle),
                  STATUS_SUCCESS);
        EXPECT_EQ(objects.find(file)->references, references);
        EXPECT_EQ(objects.find(&driver_.object)->references, of_driver + 1) << "the driver stays while it listens";
        close_file(file);
        Report report = make_report(custom_event);
        EXPECT_EQ(IoReportTargetDeviceChange(device, &report), STATUS_SUCCESS);
        EXPECT_EQ(heard.count, 1);
        EXPECT_EQ(IoUnregisterPlugPlayNotificationEx(handle), STATUS_SUCCESS);
        EXPECT_EQ(IoUnregisterPlugPlayNotificationEx(handle), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(objects.find(&driver_.object)->references, of_driver);
        EXPECT_EQ(IoReportTargetDeviceChange(device, &report), STATUS_SUCCESS);
        EXPECT_EQ(heard.count, 1);
        IoDeleteDevice(device);
    });
}

// IoCreateUnprotectedSymbolicLink: a link like any other, that everybody may change.
TEST_F(IoNotices, UnprotectedLinksLeadToTheDevice) {
    inside([&] {
        DEVICE_OBJECT* const device = make(u"\\Device\\Linked");
        UNICODE_STRING link = unicode(u"\\DosDevices\\LinkedOne");
        UNICODE_STRING target = unicode(u"\\Device\\Linked");
        ASSERT_EQ(IoCreateUnprotectedSymbolicLink(&link, &target), STATUS_SUCCESS);
        EXPECT_EQ(IoCreateUnprotectedSymbolicLink(&link, &target), STATUS_OBJECT_NAME_COLLISION);
        FILE_OBJECT* file = nullptr;
        ASSERT_EQ(open_file(u"\\??\\LinkedOne", nullptr, &file), STATUS_SUCCESS);
        EXPECT_EQ(file->DeviceObject, device);
        close_file(file);
        EXPECT_EQ(IoDeleteSymbolicLink(&link), STATUS_SUCCESS);
        EXPECT_NE(open_file(u"\\??\\LinkedOne", nullptr, &file), STATUS_SUCCESS);
        IoDeleteDevice(device);
    });
}

std::vector<ULONG_PTR> started;

// IoStartNextPacketByKey: of the packets waiting, the first whose key is not below the given one; the first of all when
// there is none.
TEST_F(IoNotices, IoStartNextPacketByKeyGoesOnFromTheKey) {
    started.clear();
    driver_.object.DriverStartIo =
        +[](PDEVICE_OBJECT, PIRP irp) NTAPI { started.push_back(irp->IoStatus.Information); };
    inside([&] {
        DEVICE_OBJECT* const device = make(u"\\Device\\Sweep");
        std::vector<IRP*> irps;
        for (ULONG key : {50u, 10u, 30u, 70u}) {
            IRP* irp = IoAllocateIrp(1, FALSE);
            irp->IoStatus.Information = key;
            IoStartPacket(device, irp, &key, nullptr);
            irps.push_back(irp);
        }
        EXPECT_EQ(started, (std::vector<ULONG_PTR>{50})) << "the device was idle";
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        IoStartNextPacketByKey(device, FALSE, 20);
        EXPECT_EQ(started.back(), 30u);
        EXPECT_EQ(device->CurrentIrp, irps[2]);
        IoStartNextPacketByKey(device, TRUE, 80);
        EXPECT_EQ(started.back(), 10u) << "over the end: from the start";
        IoStartNextPacketByKey(device, FALSE, 0);
        EXPECT_EQ(started.back(), 70u);
        IoStartNextPacketByKey(device, FALSE, 0);
        EXPECT_EQ(started.size(), 4u);
        EXPECT_EQ(device->CurrentIrp, nullptr);
        KeLowerIrql(old);
        for (IRP* irp : irps) {
            IoFreeIrp(irp);
        }
        IoDeleteDevice(device);
    });
}

// IoValidateDeviceIoControlAccess: what the sender opened the file for counts, and only for an application.
TEST_F(IoNotices, AccessIsCheckedAgainAtRunTime) {
    inside([&] {
        IRP* irp = IoAllocateIrp(1, FALSE);
        IoSetNextIrpStackLocation(irp);
        IO_STACK_LOCATION& location = *IoGetCurrentIrpStackLocation(irp);
        FILE_OBJECT file{};
        file.ReadAccess = TRUE;
        location.FileObject = &file;
        location.MajorFunction = IRP_MJ_DEVICE_CONTROL;
        irp->RequestorMode = UserMode;
        EXPECT_EQ(IoValidateDeviceIoControlAccess(irp, FILE_READ_ACCESS), STATUS_SUCCESS);
        EXPECT_EQ(IoValidateDeviceIoControlAccess(irp, FILE_WRITE_ACCESS), STATUS_ACCESS_DENIED);
        EXPECT_EQ(IoValidateDeviceIoControlAccess(irp, FILE_READ_ACCESS | FILE_WRITE_ACCESS), STATUS_ACCESS_DENIED);
        EXPECT_EQ(IoValidateDeviceIoControlAccess(irp, 8), STATUS_INVALID_PARAMETER);
        location.MajorFunction = IRP_MJ_FILE_SYSTEM_CONTROL;
        EXPECT_EQ(IoValidateDeviceIoControlAccess(irp, FILE_WRITE_ACCESS), STATUS_ACCESS_DENIED);
        irp->RequestorMode = KernelMode;
        EXPECT_EQ(IoValidateDeviceIoControlAccess(irp, FILE_WRITE_ACCESS), STATUS_SUCCESS);
        location.MajorFunction = IRP_MJ_READ;
        EXPECT_EQ(IoValidateDeviceIoControlAccess(irp, FILE_READ_ACCESS), STATUS_INVALID_PARAMETER);
        location.MajorFunction = IRP_MJ_DEVICE_CONTROL;
        KIRQL old;
        KeRaiseIrql(HIGH_LEVEL, &old); // at any IRQL
        EXPECT_EQ(IoValidateDeviceIoControlAccess(irp, FILE_READ_ACCESS), STATUS_SUCCESS);
        KeLowerIrql(old);
        IoFreeIrp(irp);
    });
}

struct Reinitialized {
    std::vector<ULONG> counts;
    DRIVER_OBJECT* driver = nullptr;
    KIRQL irql = 99;
};

void NTAPI reinitialize(DRIVER_OBJECT* driver, PVOID context, ULONG count) {
    auto& run = *static_cast<Reinitialized*>(context);
    run.counts.push_back(count);
    run.driver = driver;
    run.irql = KeGetCurrentIrql();
    if (count < 3) {
        IoRegisterDriverReinitialization(driver, &reinitialize, context);
    }
}

// IoRegisterDriverReinitialization: called after DriverEntry has returned, as often as it asks, with the count of
// calls.
TEST_F(IoNotices, ReinitializeRoutinesMayAskAgain) {
    Reinitialized run;
    inside([&] {
        IoRegisterDriverReinitialization(&driver_.object, &reinitialize, &run);
        EXPECT_TRUE(run.counts.empty()) << "not before the driver has returned";
    });
    inside([&] { machine.settle(); });
    EXPECT_EQ(run.counts, (std::vector<ULONG>{1, 2, 3}));
    EXPECT_EQ(run.driver, &driver_.object);
    EXPECT_EQ(run.irql, PASSIVE_LEVEL);
}

// SDDL_DEVOBJ_…: what wdmsec.h names is what IoCreateDeviceSecure and WdmlibIoCreateDeviceSecure take.
TEST_F(IoNotices, NamedSecurityDescriptorsMakeDevices) {
    const std::pair<const UNICODE_STRING*, const char16_t*> descriptors[] = {
        {&SDDL_DEVOBJ_KERNEL_ONLY, u"D:P"},
        {&SDDL_DEVOBJ_SYS_ALL, u"D:P(A;;GA;;;SY)"},
        {&SDDL_DEVOBJ_SYS_ALL_ADM_ALL, u"D:P(A;;GA;;;SY)(A;;GA;;;BA)"},
        {&SDDL_DEVOBJ_SYS_ALL_ADM_RX, u"D:P(A;;GA;;;SY)(A;;GRGX;;;BA)"},
        {&SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_R, u"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GR;;;WD)"},
        {&SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_RW_RES_R, u"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GRGW;;;WD)(A;;GR;;;RC)"},
        {&SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_RWX_RES_RWX,
         u"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GRGWGX;;;WD)(A;;GRGWGX;;;RC)"}};
    constexpr GUID id{1, 2, 3, {4}};
    inside([&] {
        for (const auto& [descriptor, text] : descriptors) {
            EXPECT_EQ(std::u16string_view(descriptor->Buffer, descriptor->Length / 2), text);
            DEVICE_OBJECT* device = nullptr;
            UNICODE_STRING name = unicode(u"\\Device\\OpcSecured");
            ASSERT_EQ(WdmlibIoCreateDeviceSecure(&driver_.object, 0, &name, FILE_DEVICE_UNKNOWN,
                                                 FILE_DEVICE_SECURE_OPEN, FALSE, descriptor, &id, &device),
                      STATUS_SUCCESS);
            EXPECT_NE(device->Characteristics & FILE_DEVICE_SECURE_OPEN, 0u);
            DEVICE_OBJECT* second = nullptr;
            EXPECT_EQ(WdmlibIoCreateDeviceSecure(&driver_.object, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, descriptor,
                                                 &id, &second),
                      STATUS_OBJECT_NAME_COLLISION);
            EXPECT_EQ(WdmlibIoCreateDeviceSecure(&driver_.object, 0, nullptr, FILE_DEVICE_UNKNOWN, 0, FALSE, descriptor,
                                                 &id, &second),
                      STATUS_INVALID_PARAMETER)
                << "neither a name nor FILE_AUTOGENERATED_DEVICE_NAME";
            IoDeleteDevice(device);
        }
    });
}

struct Line {
    machine::InterruptLine* line = nullptr;
    int services = 0;
};

BOOLEAN NTAPI serve(PKINTERRUPT, PVOID context) {
    auto& device = *static_cast<Line*>(context);
    ++device.services;
    device.line->lower();
    return TRUE;
}

// IoReportInterruptInactive, IoReportInterruptActive: the registered routine rests and is called again.
TEST_F(IoNotices, InactiveInterruptRoutinesRest) {
    Line device;
    inside([&] {
        DEVICE_OBJECT* const physical = make(u"\\Device\\Interrupting");
        PKINTERRUPT interrupt = nullptr;
        KSPIN_LOCK lock = 0;
        IO_CONNECT_INTERRUPT_PARAMETERS parameters{};
        parameters.Version = CONNECT_FULLY_SPECIFIED;
        parameters.FullySpecified.PhysicalDeviceObject = physical;
        parameters.FullySpecified.InterruptObject = &interrupt;
        parameters.FullySpecified.ServiceRoutine = &serve;
        parameters.FullySpecified.ServiceContext = &device;
        parameters.FullySpecified.SpinLock = &lock;
        parameters.FullySpecified.Vector = 0x53;
        parameters.FullySpecified.Irql = 7;
        parameters.FullySpecified.SynchronizeIrql = 7;
        parameters.FullySpecified.InterruptMode = LevelSensitive;
        parameters.FullySpecified.ProcessorEnableMask = 1;
        ASSERT_EQ(IoConnectInterruptEx(&parameters), STATUS_SUCCESS);
        device.line = &machine.interrupt_line(0x53);
        const auto interrupts = [&] {
            const int before = device.services;
            device.line->raise();
            machine.settle();
            device.line->lower();
            return device.services - before;
        };
        EXPECT_EQ(interrupts(), 1) << "active from the start";
        IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS state{};
        state.Version = CONNECT_FULLY_SPECIFIED;
        state.ConnectionContext.InterruptObject = interrupt;
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        IoReportInterruptInactive(&state);
        KeLowerIrql(old);
        EXPECT_EQ(interrupts(), 0);
        IoReportInterruptInactive(&state); // once more changes nothing
        IoReportInterruptActive(&state);
        IoReportInterruptActive(&state);
        EXPECT_EQ(interrupts(), 1);
        IoReportInterruptInactive(&state);
        IO_DISCONNECT_INTERRUPT_PARAMETERS disconnect{}; // also while it rests
        disconnect.Version = CONNECT_FULLY_SPECIFIED;
        disconnect.ConnectionContext.InterruptObject = interrupt;
        IoDisconnectInterruptEx(&disconnect);
        EXPECT_EQ(interrupts(), 0);
        IoDeleteDevice(physical);
        EXPECT_EQ(kernel().pool.usage().blocks, 0u);
    });
}

} // namespace
} // namespace openportcls::executive
