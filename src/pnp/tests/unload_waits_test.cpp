// A work item of IoQueueWorkItem refers to its device object until its routine has returned: the driver stays as long.
#include <gmock/gmock.h>

#include <ntddk.h>

#include "pnp_fixture.h"

namespace openportcls::pnp::test {

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr LONGLONG ten_milliseconds = 100'000;

std::vector<std::string> events;
PIO_WORKITEM queued_item;
DEVICE_OBJECT* owning_device;
KEVENT stop_working;
bool device_goes_first;
bool uses_driver_object;

void take_time() {
    LARGE_INTEGER time{.QuadPart = -ten_milliseconds};
    KeDelayExecutionThread(KernelMode, FALSE, &time);
}

void NTAPI work_for_a_while(PDEVICE_OBJECT, PVOID) {
    take_time();
    IoFreeWorkItem(queued_item);
    events.emplace_back("work done");
}
void NTAPI work_for_a_while_ex(PVOID object, PVOID context, PIO_WORKITEM) {
    work_for_a_while(static_cast<DEVICE_OBJECT*>(object), context);
}
void NTAPI work_until_stopped(PDEVICE_OBJECT, PVOID) {
    KeWaitForSingleObject(&stop_working, Executive, KernelMode, FALSE, nullptr);
    take_time();
    events.emplace_back("work done");
}

void NTAPI unload_with_device(DRIVER_OBJECT*) {
    events.emplace_back("DriverUnload");
    if (!device_goes_first) {
        IoDeleteDevice(owning_device);
    }
}
void NTAPI unload_stopping(DRIVER_OBJECT*) {
    events.emplace_back("DriverUnload");
    KeSetEvent(&stop_working, 0, FALSE);
}

NTSTATUS NTAPI entry_with_work(DRIVER_OBJECT* driver, UNICODE_STRING*) {
    driver->DriverUnload = &unload_with_device;
    IoCreateDevice(driver, 0, nullptr, FILE_DEVICE_UNKNOWN, 0, FALSE, &owning_device);
    if (uses_driver_object) {
        queued_item = IoAllocateWorkItem(reinterpret_cast<DEVICE_OBJECT*>(driver));
        IoQueueWorkItemEx(queued_item, &work_for_a_while_ex, DelayedWorkQueue, nullptr);
    } else {
        queued_item = IoAllocateWorkItem(owning_device);
        IoQueueWorkItem(queued_item, &work_for_a_while, DelayedWorkQueue, nullptr);
    }
    if (device_goes_first) {
        IoDeleteDevice(owning_device);
    }
    return STATUS_SUCCESS;
}
NTSTATUS NTAPI entry_with_work_that_fails(DRIVER_OBJECT* driver, UNICODE_STRING* path) {
    entry_with_work(driver, path);
    return STATUS_DEVICE_CONFIGURATION_ERROR;
}
NTSTATUS NTAPI entry_with_work_that_is_stopped(DRIVER_OBJECT* driver, UNICODE_STRING*) {
    driver->DriverUnload = &unload_stopping;
    KeInitializeEvent(&stop_working, NotificationEvent, FALSE);
    IoCreateDevice(driver, 0, nullptr, FILE_DEVICE_UNKNOWN, 0, FALSE, &owning_device);
    queued_item = IoAllocateWorkItem(owning_device);
    IoQueueWorkItem(queued_item, &work_until_stopped, DelayedWorkQueue, nullptr);
    return STATUS_SUCCESS;
}
NTSTATUS NTAPI entry_with_endless_work(DRIVER_OBJECT* driver, UNICODE_STRING* path) {
    const NTSTATUS status = entry_with_work_that_is_stopped(driver, path);
    driver->DriverUnload = &unload_with_device;
    return status;
}

class UnloadWaits : public PnpTest {
protected:
    UnloadWaits() {
        events.clear();
        device_goes_first = uses_driver_object = false;
    }
    std::string report_of_unloading(PDRIVER_INITIALIZE entry) {
        auto driver = manager.load_static_driver(entry);
        EXPECT_TRUE(driver);
        auto report = manager.unload(**driver);
        EXPECT_TRUE(report) << report.error().message;
        return report ? report->to_text() : "";
    }
};

TEST_F(UnloadWaits, UntilAWorkItemIsDone) {
    EXPECT_EQ(report_of_unloading(&entry_with_work), "driver: nothing left behind");
    EXPECT_THAT(events, ElementsAre("DriverUnload", "work done"));
}

// "Unload Routine Environment": it is called when no references remain to any of the device objects.
TEST_F(UnloadWaits, BeforeDriverUnloadWhereTheDeviceIsDeletedAlready) {
    device_goes_first = true;
    EXPECT_EQ(report_of_unloading(&entry_with_work), "driver: nothing left behind");
    EXPECT_THAT(events, ElementsAre("work done", "DriverUnload"));
}

TEST_F(UnloadWaits, WhereDriverEntryFails) {
    device_goes_first = true;
    EXPECT_FALSE(manager.load_static_driver(&entry_with_work_that_fails));
    EXPECT_THAT(events, ElementsAre("work done"));
}

TEST_F(UnloadWaits, ForAWorkItemOfTheDriverObject) {
    uses_driver_object = true;
    EXPECT_EQ(report_of_unloading(&entry_with_work), "driver: nothing left behind");
    EXPECT_THAT(events, ElementsAre("DriverUnload", "work done"));
}

// Nobody freed the item, nor deleted the device. That is all there is to say: it neither runs nor is queued.
TEST_F(UnloadWaits, AndThenReportsWhatIsLeftOfTheWorkItem) {
    const std::string report = report_of_unloading(&entry_with_work_that_is_stopped);
    EXPECT_THAT(events, ElementsAre("DriverUnload", "work done"));
    EXPECT_THAT(report, HasSubstr("1 × work item: allocated, IoFreeWorkItem not called"));
    EXPECT_THAT(report, ::testing::Not(HasSubstr("still")));
}

// "Bug Check 0x1D5: DRIVER_PNP_WATCHDOG"
TEST_F(UnloadWaits, AndAWorkItemThatNeverReturnsIsReported) {
    auto driver = manager.load_static_driver(&entry_with_endless_work);
    ASSERT_TRUE(driver);
    EXPECT_FALSE(manager.unload(**driver));
    const machine::BugcheckReport* report = machine.bugcheck_report();
    ASSERT_NE(report, nullptr);
    EXPECT_EQ(report->code, 0x1D5U);
    EXPECT_EQ(report->thread, "worker") << "who does not come back, not who waits for it";
    EXPECT_THAT(report->rule, HasSubstr("IoQueueWorkItem"));
    EXPECT_THAT(report->to_text(), HasSubstr("work_until_stopped"));
}

} // namespace

} // namespace openportcls::pnp::test
