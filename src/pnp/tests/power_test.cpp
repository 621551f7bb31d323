// System and device power states.
#include "executive/rtl/counted_text.h"
#include "pnp_fixture.h"

namespace openportcls::pnp::test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Power : public PnpTest {
protected:
    // Has what \Callback\PowerState tells written into the log.
    void follow_power_state() {
        machine.enter([&] {
            UNICODE_STRING name = executive::counted(u"\\Callback\\PowerState");
            OBJECT_ATTRIBUTES attributes;
            InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, nullptr, nullptr);
            PCALLBACK_OBJECT object = nullptr;
            ASSERT_EQ(ExCreateCallback(&object, &attributes, FALSE, TRUE), STATUS_SUCCESS);
            EXPECT_NE(ExRegisterCallback(object, &note_power_state, this), nullptr);
        });
    }

private:
    static VOID NTAPI note_power_state(PVOID self, PVOID what, PVOID how) {
        EXPECT_EQ(reinterpret_cast<ULONG_PTR>(what), ULONG_PTR{PO_CB_SYSTEM_STATE_LOCK});
        EXPECT_LE(KeGetCurrentIrql(), DISPATCH_LEVEL);
        static_cast<Power*>(self)->driver_log.log.emplace_back(how != nullptr ? "back in S0" : "about to leave S0");
    }
};

TEST_F(Power, SleepAsksThenTellsThenWakes) {
    add(load());
    driver_log.log.clear();
    EXPECT_OK(manager.sleep(PowerSystemSleeping3));
    EXPECT_EQ(manager.system_power_state(), PowerSystemSleeping3);
    EXPECT_OK(manager.wake());
    EXPECT_EQ(manager.system_power_state(), PowerSystemWorking);
    EXPECT_THAT(driver_log.log, ElementsAre("QUERY S3", "SET S3", "SET S0"));
}

TEST_F(Power, DeviceStateFollowsTheSystemThroughThePowerPolicyOwner) {
    driver_log.requests_device_power = true;
    DeviceNode& node = add(load());
    driver_log.log.clear();
    EXPECT_OK(manager.sleep(PowerSystemSleeping3));
    EXPECT_EQ(node.power_state(), PowerDeviceD3);
    EXPECT_OK(manager.wake());
    EXPECT_EQ(node.power_state(), PowerDeviceD0);
    EXPECT_THAT(driver_log.log, ElementsAre("QUERY S3", "SET S3", "SET D3", "requested D3 done", "SET S0", "SET D0",
                                            "requested D0 done"));
}

// Devices that fall asleep have power until all of them do, and have it back when they are told to wake.
TEST_F(Power, TheComputerIsToldLastAndFirst) {
    add(load());
    driver_log.log.clear();
    manager.on_system_power([&](SYSTEM_POWER_STATE state) {
        driver_log.log.emplace_back(state == PowerSystemWorking ? "power is back" : "power goes");
        EXPECT_EQ(manager.system_power_state(), state);
    });
    EXPECT_OK(manager.sleep(PowerSystemSleeping3));
    EXPECT_OK(manager.wake());
    EXPECT_OK(manager.wake());
    EXPECT_THAT(driver_log.log, ElementsAre("QUERY S3", "SET S3", "power goes", "power is back", "SET S0"));
    driver_log.log.clear();
    driver_log.refusals[{IRP_MJ_POWER, IRP_MN_QUERY_POWER}] = STATUS_DEVICE_BUSY;
    EXPECT_ERROR(manager.sleep(PowerSystemSleeping3), STATUS_DEVICE_BUSY, HasSubstr("refuses S3"));
    EXPECT_THAT(driver_log.log, ElementsAre("QUERY S3", "SET S0")) << "nothing has changed";
}

TEST_F(Power, RefusedSleepIsTakenBack) {
    LoadedDriver& driver = load();
    add(driver);
    driver_log.refusals[{IRP_MJ_POWER, IRP_MN_QUERY_POWER}] = STATUS_DEVICE_BUSY;
    driver_log.log.clear();
    EXPECT_ERROR(manager.sleep(PowerSystemSleeping3), STATUS_DEVICE_BUSY, HasSubstr("refuses S3"));
    EXPECT_THAT(driver_log.log, ElementsAre("QUERY S3", "SET S0"));
    EXPECT_EQ(manager.system_power_state(), PowerSystemWorking);
    EXPECT_OK(manager.sleep(PowerSystemSleeping3, true)); // forced: nobody is asked
}

TEST_F(Power, LastDeviceSleepsFirst) {
    LoadedDriver& driver = load();
    DeviceNode& first = add(driver);
    add(driver);
    driver_log.log.clear();
    EXPECT_OK(manager.stop(first)); // a stopped device takes no part
    driver_log.log.clear();
    EXPECT_OK(manager.sleep(PowerSystemSleeping1));
    EXPECT_THAT(driver_log.log, ElementsAre("QUERY S1", "SET S1"));
}

TEST_F(Power, DevicePowerAlone) {
    DeviceNode& node = add(load());
    driver_log.log.clear();
    EXPECT_OK(manager.set_device_power(node, PowerDeviceD2, true));
    EXPECT_EQ(node.power_state(), PowerDeviceD2);
    EXPECT_OK(manager.set_device_power(node, PowerDeviceD0));
    EXPECT_THAT(driver_log.log, ElementsAre("QUERY D2", "SET D2", "SET D0"));
    EXPECT_ERROR(manager.set_device_power(node, PowerDeviceMaximum), STATUS_INVALID_PARAMETER,
                 HasSubstr("no device power"));
}

TEST_F(Power, SwallowedDevicePowerIsReported) {
    driver_log.swallows_device_power = true;
    DeviceNode& node = add(load());
    EXPECT_ERROR(manager.set_device_power(node, PowerDeviceD3), STATUS_POWER_STATE_INVALID,
                 HasSubstr("without passing it down"));
}

// S5: asked as for sleep; then those that have registered for it hear of the shutdown while all devices still work;
// then the system goes, and each device's power policy owner takes its device along.
TEST_F(Power, ShutdownAsksThenNotifiesThenTells) {
    driver_log.requests_device_power = true;
    DeviceNode& node = add(load());
    machine.enter([&] { EXPECT_EQ(IoRegisterShutdownNotification(driver_log.device), STATUS_SUCCESS); });
    driver_log.log.clear();
    EXPECT_OK(manager.sleep(PowerSystemShutdown));
    EXPECT_EQ(manager.system_power_state(), PowerSystemShutdown);
    EXPECT_EQ(node.power_state(), PowerDeviceD3);
    EXPECT_THAT(driver_log.log, ElementsAre("QUERY S5", "SHUTDOWN", "SET S5", "SET D3", "requested D3 done"));
}

// Nobody has heard of a shutdown that does not take place.
TEST_F(Power, RefusedShutdownIsTakenBack) {
    add(load());
    machine.enter([&] { EXPECT_EQ(IoRegisterShutdownNotification(driver_log.device), STATUS_SUCCESS); });
    driver_log.refusals[{IRP_MJ_POWER, IRP_MN_QUERY_POWER}] = STATUS_DEVICE_BUSY;
    driver_log.log.clear();
    EXPECT_ERROR(manager.sleep(PowerSystemShutdown), STATUS_DEVICE_BUSY, HasSubstr("refuses S5"));
    EXPECT_THAT(driver_log.log, ElementsAre("QUERY S5", "SET S0"));
    EXPECT_EQ(manager.system_power_state(), PowerSystemWorking);
}

TEST_F(Power, ShutdownIsFinal) {
    add(load());
    EXPECT_ERROR(manager.sleep(PowerSystemWorking), STATUS_INVALID_PARAMETER, HasSubstr("S1, S2, S3"));
    EXPECT_OK(manager.wake()); // awake already
    EXPECT_OK(manager.sleep(PowerSystemShutdown));
    EXPECT_ERROR(manager.sleep(PowerSystemSleeping3), STATUS_INVALID_DEVICE_STATE, HasSubstr("S5 already"));
    EXPECT_ERROR(manager.wake(), STATUS_INVALID_DEVICE_STATE, HasSubstr("is off"));
}

// \Callback\PowerState ("nf-wdm-exregistercallback", "using-a-system-defined-callback-object"): before the set-power
// request, and when the system is back.
TEST_F(Power, PowerStateCallbacksHearOfTheSystemsState) {
    add(load());
    follow_power_state();
    driver_log.log.clear();
    EXPECT_OK(manager.sleep(PowerSystemSleeping3));
    EXPECT_THAT(driver_log.log, ElementsAre("QUERY S3", "about to leave S0", "SET S3"));
    driver_log.log.clear();
    EXPECT_OK(manager.wake());
    EXPECT_OK(manager.wake()); // awake already: nothing to tell
    EXPECT_THAT(driver_log.log, ElementsAre("SET S0", "back in S0"));
    driver_log.log.clear();
    EXPECT_OK(manager.sleep(PowerSystemHibernate, true));
    EXPECT_THAT(driver_log.log, ElementsAre("about to leave S0", "SET S4"));
}

TEST_F(Power, PowerStateCallbacksHearNothingOfARefusedSleep) {
    add(load());
    follow_power_state();
    driver_log.refusals[{IRP_MJ_POWER, IRP_MN_QUERY_POWER}] = STATUS_DEVICE_BUSY;
    driver_log.log.clear();
    EXPECT_ERROR(manager.sleep(PowerSystemSleeping3), STATUS_DEVICE_BUSY, HasSubstr("refuses S3"));
    EXPECT_THAT(driver_log.log, ElementsAre("QUERY S3", "SET S0"));
}

TEST_F(Power, PowerStateCallbacksHearOfAShutdownFirst) {
    add(load());
    machine.enter([&] { EXPECT_EQ(IoRegisterShutdownNotification(driver_log.device), STATUS_SUCCESS); });
    follow_power_state();
    driver_log.log.clear();
    EXPECT_OK(manager.sleep(PowerSystemShutdown));
    EXPECT_THAT(driver_log.log, ElementsAre("QUERY S5", "about to leave S0", "SHUTDOWN", "SET S5"));
}

} // namespace openportcls::pnp::test
