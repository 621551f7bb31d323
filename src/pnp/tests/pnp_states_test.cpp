// PnP states: the IRPs, their order, refusals and failures.
#include "executive/io/io_manager.h"
#include "executive/kernel.h"
#include "executive/objects/object_manager.h"
#include "pnp_fixture.h"

namespace openportcls::pnp::test {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class PnpStates : public PnpTest {
protected:
    FILE_OBJECT* open(DeviceNode& node) {
        FILE_OBJECT* file = nullptr;
        machine.enter([&] { EXPECT_EQ(executive::open_device(node.pdo(), u"", nullptr, &file), STATUS_SUCCESS); });
        return file;
    }
    void close(FILE_OBJECT* file) {
        machine.enter([&] { executive::close_file(file); });
    }
};

TEST_F(PnpStates, LoadingRunsDriverEntryWithTheServiceKey) {
    LoadedDriver& driver = load({.service_name = "Recorder"});
    EXPECT_THAT(driver_log.log, ElementsAre("DriverEntry"));
    EXPECT_EQ(driver_log.registry_path, u"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\Recorder");
    EXPECT_EQ(driver.service_name(), "Recorder");
    EXPECT_EQ(driver_log.driver_object, driver.object());
    EXPECT_TRUE(driver.is_static());
}

TEST_F(PnpStates, FailingDriverEntryIsReportedAndForgotten) {
    driver_log.driver_entry_status = STATUS_INSUFFICIENT_RESOURCES;
    EXPECT_ERROR(manager.load_static_driver(&recording_driver_entry), STATUS_INSUFFICIENT_RESOURCES,
                 HasSubstr("DriverEntry failed with STATUS_INSUFFICIENT_RESOURCES (0xC000009A)"));
    EXPECT_THAT(manager.drivers(), IsEmpty());
    driver_log.driver_entry_status = STATUS_SUCCESS;
    EXPECT_OK(manager.load_static_driver(&recording_driver_entry));
}

TEST_F(PnpStates, TwoDriversNeedTwoNames) {
    load({.service_name = "Recorder"});
    EXPECT_ERROR(manager.load_static_driver(&recording_driver_entry, {.service_name = "RECORDER"}),
                 STATUS_OBJECT_NAME_COLLISION, HasSubstr("loaded already"));
    EXPECT_ERROR(manager.load_static_driver(&recording_driver_entry, {.service_name = "a\\b"}),
                 STATUS_OBJECT_NAME_INVALID, HasSubstr("'a\\b'"));
    EXPECT_ERROR(manager.load_static_driver(nullptr), STATUS_INVALID_PARAMETER, HasSubstr("DriverEntry"));
}

TEST_F(PnpStates, StartFollowsTheDocumentedOrder) {
    LoadedDriver& driver = load();
    DeviceNode& node = add(driver);
    // R-PWR-01: capabilities are asked for before the start, and again after it.
    EXPECT_THAT(driver_log.log, ElementsAre("DriverEntry", "AddDevice", "QUERY_CAPABILITIES", "FILTER", "START",
                                            "QUERY_CAPABILITIES", "QUERY_STATE", "QUERY_RELATIONS"));
    EXPECT_EQ(node.state(), DeviceState::started);
    EXPECT_EQ(node.instance_path(), "ROOT\\DRIVER\\0000");
    EXPECT_EQ(node.power_state(), PowerDeviceD0);
    EXPECT_EQ(node.capabilities().DeviceState[PowerSystemSleeping3], PowerDeviceD3);
    EXPECT_EQ(node.top(), driver_log.device);
}

TEST_F(PnpStates, DeviceCanBeAddedWithoutStart) {
    DeviceNode& node = add(load(), {.start = false});
    EXPECT_EQ(node.state(), DeviceState::added);
    EXPECT_EQ(driver_log.count("START"), 0);
    EXPECT_OK(manager.start(node));
    EXPECT_EQ(node.state(), DeviceState::started);
    EXPECT_ERROR(manager.start(node), STATUS_INVALID_DEVICE_STATE, HasSubstr("cannot start a device that is started"));
}

TEST_F(PnpStates, PendingStartIsAwaited) {
    driver_log.pends_start = true;
    DeviceNode& node = add(load());
    EXPECT_EQ(node.state(), DeviceState::started);
    EXPECT_EQ(driver_log.count("start completed later"), 1);
}

TEST_F(PnpStates, FailingStartTakesTheDeviceDown) {
    driver_log.refusals[{IRP_MJ_PNP, IRP_MN_START_DEVICE}] = STATUS_DEVICE_CONFIGURATION_ERROR;
    LoadedDriver& driver = load({.service_name = "Recorder"});
    EXPECT_ERROR(manager.add_device(driver), STATUS_DEVICE_CONFIGURATION_ERROR,
                 AllOf(StartsWith("ROOT\\RECORDER\\0000 (Recorder): START_DEVICE failed"),
                       HasSubstr("STATUS_DEVICE_CONFIGURATION_ERROR")));
    EXPECT_THAT(driver_log.since("START"), ElementsAre("START", "REMOVE"));
    EXPECT_THAT(manager.devices(), IsEmpty());
    EXPECT_OK(manager.unload(driver));
}

TEST_F(PnpStates, FailingStartOfAnAddedDeviceLeavesItFailed) {
    DeviceNode& node = add(load(), {.start = false});
    driver_log.refusals[{IRP_MJ_PNP, IRP_MN_START_DEVICE}] = STATUS_UNSUCCESSFUL;
    EXPECT_ERROR(manager.start(node), STATUS_UNSUCCESSFUL, HasSubstr("START_DEVICE failed"));
    EXPECT_EQ(node.state(), DeviceState::failed);
    EXPECT_EQ(node.problem(), STATUS_UNSUCCESSFUL);
    EXPECT_OK(manager.remove(node));
    EXPECT_THAT(manager.devices(), IsEmpty());
}

TEST_F(PnpStates, DriverThatReportsFailureAfterStartIsTakenDown) {
    driver_log.device_state = PNP_DEVICE_FAILED;
    EXPECT_ERROR(manager.add_device(load()), STATUS_DEVICE_CONFIGURATION_ERROR, HasSubstr("PNP_DEVICE_FAILED"));
    EXPECT_THAT(driver_log.since("QUERY_STATE"), ElementsAre("QUERY_STATE", "SURPRISE_REMOVAL", "REMOVE"));
}

TEST_F(PnpStates, AddDeviceFailuresAreExplained) {
    LoadedDriver& driver = load();
    driver_log.add_device_status = STATUS_NO_SUCH_DEVICE;
    EXPECT_ERROR(manager.add_device(driver), STATUS_NO_SUCH_DEVICE,
                 HasSubstr("AddDevice failed with STATUS_NO_SUCH_DEVICE"));
    driver_log.add_device_status = STATUS_SUCCESS;
    driver_log.attaches = false;
    EXPECT_ERROR(manager.add_device(driver), STATUS_NO_SUCH_DEVICE, HasSubstr("without attaching"));
    driver_log.attaches = true;
    driver_log.clears_initializing = false;
    EXPECT_ERROR(manager.add_device(driver), STATUS_DEVICE_NOT_READY, HasSubstr("DO_DEVICE_INITIALIZING"));
    EXPECT_THAT(manager.devices(), IsEmpty());
}

TEST_F(PnpStates, DriverWithoutAddDeviceServesNoDevice) {
    driver_log.has_add_device = false;
    EXPECT_ERROR(manager.add_device(load()), STATUS_INVALID_DEVICE_REQUEST, HasSubstr("no AddDevice routine"));
}

TEST_F(PnpStates, StopAndRestart) {
    DeviceNode& node = add(load());
    EXPECT_OK(manager.stop(node));
    EXPECT_EQ(node.state(), DeviceState::stopped);
    EXPECT_OK(manager.start(node));
    EXPECT_THAT(driver_log.since("QUERY_STOP"), ElementsAre("QUERY_STOP", "STOP", "FILTER", "START",
                                                            "QUERY_CAPABILITIES", "QUERY_STATE", "QUERY_RELATIONS"));
    EXPECT_EQ(node.state(), DeviceState::started);
}

TEST_F(PnpStates, CancelStopMayComeWithoutQuery_R_PNP_04) {
    DeviceNode& node = add(load());
    EXPECT_OK(manager.cancel_stop(node));
    EXPECT_OK(manager.query_stop(node));
    EXPECT_EQ(node.state(), DeviceState::stop_pending);
    EXPECT_OK(manager.cancel_stop(node));
    EXPECT_THAT(driver_log.since("CANCEL_STOP"), ElementsAre("CANCEL_STOP", "QUERY_STOP", "CANCEL_STOP"));
    EXPECT_EQ(node.state(), DeviceState::started);
}

TEST_F(PnpStates, RefusedStopIsCancelled) {
    driver_log.refusals[{IRP_MJ_PNP, IRP_MN_QUERY_STOP_DEVICE}] = STATUS_DEVICE_BUSY;
    DeviceNode& node = add(load());
    EXPECT_ERROR(manager.stop(node), STATUS_DEVICE_BUSY, HasSubstr("refuses to stop"));
    EXPECT_THAT(driver_log.since("QUERY_STOP"), ElementsAre("QUERY_STOP", "CANCEL_STOP"));
    EXPECT_EQ(node.state(), DeviceState::started);
}

TEST_F(PnpStates, RemovalAsksThenTells) {
    LoadedDriver& driver = load();
    DeviceNode& node = add(driver);
    EXPECT_OK(manager.remove(node));
    EXPECT_THAT(driver_log.since("QUERY_REMOVE"), ElementsAre("QUERY_REMOVE", "REMOVE"));
    EXPECT_THAT(manager.devices(), IsEmpty());
    EXPECT_ERROR(manager.start(node), STATUS_NO_SUCH_DEVICE, HasSubstr("does not exist any more"));
}

TEST_F(PnpStates, RefusedRemovalIsCancelled) {
    driver_log.refusals[{IRP_MJ_PNP, IRP_MN_QUERY_REMOVE_DEVICE}] = STATUS_DEVICE_BUSY;
    DeviceNode& node = add(load());
    EXPECT_ERROR(manager.remove(node), STATUS_DEVICE_BUSY, HasSubstr("refuses its removal"));
    EXPECT_THAT(driver_log.since("QUERY_REMOVE"), ElementsAre("QUERY_REMOVE", "CANCEL_REMOVE"));
    EXPECT_EQ(node.state(), DeviceState::started);
}

TEST_F(PnpStates, CancelRemoveGoesBack) {
    DeviceNode& node = add(load());
    EXPECT_OK(manager.query_remove(node));
    EXPECT_EQ(node.state(), DeviceState::remove_pending);
    EXPECT_OK(manager.cancel_remove(node));
    EXPECT_EQ(node.state(), DeviceState::started);
    EXPECT_ERROR(manager.cancel_remove(node), STATUS_INVALID_DEVICE_STATE, HasSubstr("cancel the removal"));
}

TEST_F(PnpStates, OpenHandlesPreventRemoval) {
    DeviceNode& node = add(load());
    FILE_OBJECT* file = open(node);
    EXPECT_ERROR(manager.remove(node), STATUS_DEVICE_BUSY, HasSubstr("1 handle is open"));
    EXPECT_EQ(driver_log.count("QUERY_REMOVE"), 0);
    close(file);
    EXPECT_OK(manager.remove(node));
}

TEST_F(PnpStates, SurpriseRemovalWithoutHandlesRemovesAtOnce) {
    DeviceNode& node = add(load());
    EXPECT_OK(manager.surprise_remove(node));
    EXPECT_THAT(driver_log.since("SURPRISE_REMOVAL"), ElementsAre("SURPRISE_REMOVAL", "REMOVE"));
    EXPECT_THAT(manager.devices(), IsEmpty());
}

TEST_F(PnpStates, SurpriseRemovalWaitsForTheLastHandle) {
    DeviceNode& node = add(load());
    FILE_OBJECT* file = open(node);
    EXPECT_OK(manager.surprise_remove(node));
    EXPECT_EQ(node.state(), DeviceState::surprise_removed);
    manager.finish_pending_removals();
    EXPECT_EQ(driver_log.count("REMOVE"), 0);
    EXPECT_ERROR(manager.remove(node), STATUS_DEVICE_BUSY, HasSubstr("open"));
    close(file);
    manager.finish_pending_removals();
    EXPECT_THAT(driver_log.since("SURPRISE_REMOVAL"), ElementsAre("SURPRISE_REMOVAL", "CLEANUP", "CLOSE", "REMOVE"));
    EXPECT_THAT(manager.devices(), IsEmpty());
}

TEST_F(PnpStates, PulledOutDeviceGoesWithItsLastHandleByItself) {
    DeviceNode& node = add(load());
    FILE_OBJECT* file = open(node);
    EXPECT_OK(manager.surprise_remove(node));
    machine.enter([&] {
        executive::close_file(file);
        EXPECT_EQ(driver_log.count("REMOVE"), 0); // not in the middle of the close
        machine.settle();
    });
    EXPECT_EQ(driver_log.log.back(), "REMOVE");
    EXPECT_THAT(manager.devices(), IsEmpty());
}

TEST_F(PnpStates, FailedRestartGoesAsASurprise) {
    DeviceNode& node = add(load());
    EXPECT_OK(manager.stop(node));
    driver_log.refusals[{IRP_MJ_PNP, IRP_MN_START_DEVICE}] = STATUS_UNSUCCESSFUL;
    EXPECT_ERROR(manager.start(node), STATUS_UNSUCCESSFUL, HasSubstr("START_DEVICE failed"));
    EXPECT_THAT(driver_log.since("START").back(), "REMOVE");
    EXPECT_EQ(driver_log.count("SURPRISE_REMOVAL"), 1);
    EXPECT_EQ(node.state(), DeviceState::failed);
}

TEST_F(PnpStates, DeviceLeftAttachedIsReported) {
    driver_log.detaches = false;
    DeviceNode& node = add(load());
    EXPECT_ERROR(manager.remove(node), STATUS_UNSUCCESSFUL, HasSubstr("still attached"));
    EXPECT_THAT(manager.devices(), IsEmpty());
}

TEST_F(PnpStates, UnloadRemovesTheDevicesFirst) {
    LoadedDriver& driver = load();
    add(driver);
    add(driver);
    auto report = manager.unload(driver);
    ASSERT_TRUE(report);
    EXPECT_TRUE(report->empty()) << report->to_text();
    EXPECT_EQ(report->to_text(), "driver: nothing left behind");
    EXPECT_EQ(driver_log.count("REMOVE"), 2);
    EXPECT_EQ(driver_log.log.back(), "DriverUnload");
    EXPECT_THAT(manager.drivers(), IsEmpty());
}

TEST_F(PnpStates, DriverWithoutUnloadStays) {
    driver_log.has_unload = false;
    LoadedDriver& driver = load();
    EXPECT_ERROR(manager.unload(driver), STATUS_INVALID_DEVICE_REQUEST, HasSubstr("no DriverUnload"));
    EXPECT_EQ(manager.drivers().size(), 1U);
}

TEST_F(PnpStates, LeaksAreNamed) {
    driver_log.leaks_pool = true;
    driver_log.leaks_symbolic_link = true;
    driver_log.leaks_control_device = true;
    LoadedDriver& driver = load();
    auto report = manager.unload(driver);
    ASSERT_TRUE(report);
    const std::string text = report->to_text();
    EXPECT_THAT(text, HasSubstr("1 × pool: tag 'Leak', nonpaged, 100 bytes"));
    EXPECT_THAT(text, HasSubstr("1 × symbolic link: "));
    EXPECT_THAT(text, HasSubstr("1 × device object: \\Device\\LeakedControl"));
}

NTSTATUS NTAPI crashing_driver_entry(DRIVER_OBJECT*, UNICODE_STRING*) {
    KeBugCheckEx(0xE2, 1, 2, 3, 4);
}

TEST_F(PnpStates, CrashOfTheGuestIsAnErrorAndSoIsEverythingAfterIt) {
    EXPECT_ERROR(manager.load_static_driver(&crashing_driver_entry), STATUS_UNSUCCESSFUL,
                 HasSubstr("the machine has crashed: bugcheck 0xe2 (0x1, 0x2, 0x3, 0x4)"));
    EXPECT_ERROR(manager.load_static_driver(&recording_driver_entry), STATUS_UNSUCCESSFUL, HasSubstr("crashed"));
    EXPECT_THAT(driver_log.log, IsEmpty());
}

TEST_F(PnpStates, ManagerTakesEverythingDownAtItsEnd) {
    {
        machine::Machine other;
        auto& other_manager = other.add_subsystem<PnpManager>();
        auto driver = other_manager.load_static_driver(&recording_driver_entry);
        ASSERT_TRUE(driver);
        ASSERT_TRUE(other_manager.add_device(**driver));
    }
    EXPECT_THAT(driver_log.since("QUERY_REMOVE"), ElementsAre("QUERY_REMOVE", "REMOVE", "DriverUnload"));
}

TEST_F(PnpStates, InvalidatedStateIsAskedForAgain) {
    DeviceNode& node = add(load());
    driver_log.log.clear();
    machine.enter([&] {
        IoInvalidateDeviceState(node.pdo());
        machine.settle();
    });
    EXPECT_THAT(driver_log.log, ElementsAre("QUERY_STATE"));
    driver_log.device_state = PNP_DEVICE_FAILED;
    machine.enter([&] {
        IoInvalidateDeviceState(node.pdo());
        machine.settle();
    });
    EXPECT_THAT(manager.devices(), IsEmpty());
}

} // namespace openportcls::pnp::test
