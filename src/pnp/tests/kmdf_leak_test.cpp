// What a driver in miniport mode has to take down itself ("Creating KMDF Miniport Drivers"), and how the report at its
// unload names what it forgot.
#include <algorithm>

#include <ntddk.h>
#include <wdf.h>
#include <wdfminiport.h>

#include "pnp_fixture.h"

namespace openportcls::pnp::test {

namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Ending {
    bool deletes_device = false;
    bool unloads = false;
};
Ending ending;

WDFDRIVER framework_driver;
WDFDEVICE framework_device;
DEVICE_OBJECT* functional;
int ticks;

void NTAPI count_tick(WDFTIMER) {
    ++ticks;
}
void NTAPI do_no_work(WDFWORKITEM) {}

void NTAPI take_down(DRIVER_OBJECT*) {
    if (ending.deletes_device) {
        WdfObjectDelete(framework_device);
    }
    if (ending.unloads) {
        WdfDriverMiniportUnload(framework_driver);
    }
    IoDeleteDevice(functional);
}

void start_timer(WDF_OBJECT_ATTRIBUTES* below_device, WDF_TRI_STATE high_resolution) {
    WDF_TIMER_CONFIG config;
    WDF_TIMER_CONFIG_INIT_PERIODIC(&config, &count_tick, 20);
    config.UseHighResolutionTimer = high_resolution;
    WDFTIMER timer = nullptr;
    EXPECT_EQ(WdfTimerCreate(&config, below_device, &timer), STATUS_SUCCESS);
    WdfTimerStart(timer, WDF_REL_TIMEOUT_IN_MS(20));
}

NTSTATUS NTAPI miniport_entry(DRIVER_OBJECT* driver, UNICODE_STRING* path) {
    driver->DriverUnload = &take_down;
    WDF_DRIVER_CONFIG config;
    WDF_DRIVER_CONFIG_INIT(&config, WDF_NO_EVENT_CALLBACK);
    config.DriverInitFlags = WdfDriverInitNoDispatchOverride;
    EXPECT_EQ(WdfDriverCreate(driver, path, nullptr, &config, &framework_driver), STATUS_SUCCESS);
    EXPECT_EQ(WdfGetDriver(), framework_driver);
    EXPECT_EQ(IoCreateDevice(driver, 0, nullptr, FILE_DEVICE_SOUND, 0, FALSE, &functional), STATUS_SUCCESS);
    EXPECT_EQ(WdfDeviceMiniportCreate(framework_driver, nullptr, functional, functional, nullptr, &framework_device),
              STATUS_SUCCESS);
    WDF_OBJECT_ATTRIBUTES below_device;
    WDF_OBJECT_ATTRIBUTES_INIT(&below_device);
    below_device.ParentObject = framework_device;
    start_timer(&below_device, WdfFalse);
    start_timer(&below_device, WdfTrue);
    WDF_WORKITEM_CONFIG work;
    WDF_WORKITEM_CONFIG_INIT(&work, &do_no_work);
    WDFWORKITEM item = nullptr;
    EXPECT_EQ(WdfWorkItemCreate(&work, &below_device, &item), STATUS_SUCCESS);
    WDFSPINLOCK lock = nullptr;
    EXPECT_EQ(WdfSpinLockCreate(nullptr, &lock), STATUS_SUCCESS);
    return STATUS_SUCCESS;
}

class KmdfLeaks : public PnpTest {
protected:
    std::string report_after(const Ending& done) {
        ending = done;
        auto driver = manager.load_static_driver(&miniport_entry);
        EXPECT_TRUE(driver);
        auto report = manager.unload(**driver);
        EXPECT_TRUE(report) << report.error().message;
        return report ? report->to_text() : "";
    }
};

TEST_F(KmdfLeaks, NothingIsLeftByTheDocumentedTearDown) {
    EXPECT_EQ(report_after({.deletes_device = true, .unloads = true}), "driver: nothing left behind");
}

TEST_F(KmdfLeaks, EverythingIsNamedWithoutOne) {
    const std::string text = report_after({});
    EXPECT_THAT(text, HasSubstr("1 × framework object: WDFDRIVER, WdfDriverMiniportUnload not called (created at "));
    EXPECT_THAT(text, HasSubstr("1 × framework object: WDFDEVICE, WdfObjectDelete not called (created at "));
    EXPECT_THAT(text, HasSubstr("2 × timer: WDFTIMER, still set, WdfTimerStop not called (created at "));
    EXPECT_THAT(text, HasSubstr("1 × work item: WDFWORKITEM, not deleted (created at "));
    EXPECT_THAT(text, HasSubstr("1 × framework object: WDFSPINLOCK, not deleted (created at "));
    EXPECT_THAT(text, Not(HasSubstr("WDFIOTARGET"))) << "the device's own one is the framework's";
}

// The framework takes the device with the driver; the documentation still has the driver delete it.
TEST_F(KmdfLeaks, ADeviceThatGoesWithItsDriverWasForgotten) {
    const std::string text = report_after({.unloads = true});
    EXPECT_THAT(text, HasSubstr("1 × framework object: WDFDEVICE, WdfObjectDelete not called"));
    EXPECT_EQ(std::ranges::count(text, '\n'), 1) << "and nothing else: " << text;
}

TEST_F(KmdfLeaks, ADriverWithoutItsDeviceIsNamedWithItsOwnObjects) {
    const std::string text = report_after({.deletes_device = true});
    EXPECT_THAT(text, HasSubstr("WDFDRIVER, WdfDriverMiniportUnload not called"));
    EXPECT_THAT(text, HasSubstr("WDFSPINLOCK"));
    EXPECT_THAT(text, Not(HasSubstr("WDFDEVICE")));
    EXPECT_THAT(text, Not(HasSubstr("timer")));
}

// A driver that is gone is called no more, and another finds a framework without its leftovers.
TEST_F(KmdfLeaks, TheNextDriverFindsNoneOfThem) {
    report_after({});
    ticks = 0;
    machine.enter([&] {
        LARGE_INTEGER interval{.QuadPart = -2'000'000};
        KeDelayExecutionThread(KernelMode, FALSE, &interval);
        EXPECT_EQ(WdfGetDriver(), nullptr);
    });
    EXPECT_EQ(ticks, 0);
    EXPECT_EQ(report_after({.deletes_device = true, .unloads = true}), "driver: nothing left behind");
    report_after({.unloads = true});
    EXPECT_EQ(report_after({.deletes_device = true, .unloads = true}), "driver: nothing left behind");
}

} // namespace

} // namespace openportcls::pnp::test
