// R-PWR: power management.
#include "core_fixture.h"

namespace conformance {

class R_PWR : public CoreTest {
protected:
    void start_with_power(int version = 1) {
        script_.register_power = true;
        script_.power_version = version;
        start_and_open();
        script_.clear();
    }
    KSSTATE state_of(FILE_OBJECT* pin) {
        KSSTATE state = static_cast<KSSTATE>(-1);
        EXPECT_EQ(property(pin, request(KSPROPSETID_Connection, KSPROPERTY_CONNECTION_STATE), state), STATUS_SUCCESS);
        return state;
    }
    void registry(const char* name, ULONG value) {
        pnp::RegistryParameter parameter;
        parameter.name = name;
        parameter.type = REG_BINARY;
        parameter.data.resize(4);
        std::memcpy(parameter.data.data(), &value, 4);
        parameters_.push_back(parameter);
    }
};

TEST_F(R_PWR, R_PWR_02_the_newest_interface_is_used) {
    start_with_power(3);
    ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD2));
    ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD3));
    ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD0));
    EXPECT_EQ(script_.text(), "adapter3:D2:0 adapter3:D3:0 adapter3:D0:1");
}

TEST_F(R_PWR, R_PWR_02_older_releases_use_older_interfaces) {
    be(WindowsVersion::windows_7);
    start_with_power(3);
    ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD3));
    EXPECT_EQ(script_.text(), "adapter2:D3");
}

TEST_F(R_PWR, R_PWR_04_order_down_and_up) {
    script_.power_notify = true;
    script_.stream_power_notify = true;
    start_with_power();
    inside([&] {
        EXPECT_EQ(set_state(open_pin(), KSSTATE_RUN), STATUS_SUCCESS);
        script_.clear();
    });
    ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD3));
    EXPECT_EQ(script_.text(), "pause miniport:D3 miniport:D3 stream:D3 adapter1:D3");
    script_.clear();
    ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD0));
    EXPECT_EQ(script_.text(), "adapter1:D0 miniport:D0 miniport:D0 stream:D0 run");
}

TEST_F(R_PWR, R_PWR_05_the_adapter_may_refuse) {
    start_with_power();
    script_.query_power_status = STATUS_DEVICE_BUSY;
    EXPECT_FALSE(manager_->set_device_power(*node_, PowerDeviceD3, true));
    EXPECT_EQ(script_.count_of("query:D3"), 1u);
    EXPECT_EQ(script_.count_of("adapter1:D3"), 0u);
}

TEST_F(R_PWR, R_PWR_06_capabilities_get_deeper_only) {
    start_with_power();
    // Asked again, now that the adapter has registered (R-PWR-01).
    inside([&] {
        DEVICE_CAPABILITIES capabilities = {};
        capabilities.Size = sizeof capabilities;
        capabilities.Version = 1;
        IRP* const irp = executive::build_request(script_.functional_device, IRP_MJ_PNP, IRP_MN_QUERY_CAPABILITIES);
        irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
        IoGetNextIrpStackLocation(irp)->Parameters.DeviceCapabilities.Capabilities = &capabilities;
        EXPECT_EQ(executive::call_synchronously(script_.functional_device, irp), STATUS_SUCCESS);
        EXPECT_EQ(script_.count_of("capabilities"), 1u);
        EXPECT_EQ(capabilities.DeviceState[PowerSystemSleeping1], PowerDeviceD3);
        EXPECT_NE(capabilities.DeviceState[PowerSystemHibernate], PowerDeviceD0);
    });
}

TEST_F(R_PWR, R_PWR_09_states_are_cached_below_D0) {
    start_with_power();
    FILE_OBJECT* pin = nullptr;
    inside([&] { pin = open_pin(); });
    ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD3));
    inside([&] {
        script_.clear();
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
        EXPECT_EQ(script_.text(), "") << "the hardware is off";
    });
    ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD0));
    EXPECT_EQ(script_.text(), "adapter1:D0 acquire pause run");
}

// The power manager knows what the device is in: it answers with the state before.
TEST_F(R_PWR, the_power_manager_is_told_of_every_state) {
    start_with_power();
    for (const DEVICE_POWER_STATE state : {PowerDeviceD3, PowerDeviceD0, PowerDeviceD1}) {
        ASSERT_TRUE(manager_->set_device_power(*node_, state));
        inside([&] {
            POWER_STATE same;
            same.DeviceState = state;
            EXPECT_EQ(PoSetPowerState(script_.functional_device, DevicePowerState, same).DeviceState, state);
        });
    }
}

// R-STATE-01: what the miniport refuses is not reached, after a sleep as at any other time. The client learns where its
// stream is from its state, and may try again.
TEST_F(R_PWR, R_PWR_04_a_stream_that_does_not_resume_is_where_it_is) {
    start_with_power();
    FILE_OBJECT* pin = nullptr;
    inside([&] {
        pin = open_pin();
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
    });
    const auto wake_with_failure = [&] {
        script_.failing_state = KSSTATE_RUN;
        ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD0));
        script_.failing_state = -1;
    };
    ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD3));
    wake_with_failure();
    inside([&] {
        EXPECT_EQ(state_of(pin), KSSTATE_PAUSE);
        script_.clear();
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
        EXPECT_EQ(script_.text(), "run");
        EXPECT_EQ(set_state(pin, KSSTATE_STOP), STATUS_SUCCESS);
    });
    ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD3));
    inside([&] { EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS); });
    wake_with_failure();
    inside([&] {
        EXPECT_EQ(state_of(pin), KSSTATE_STOP);
        script_.clear();
    });
    ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD3));
    ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD0));
    EXPECT_EQ(script_.text(), "adapter1:D3 adapter1:D0") << "nor is it tried again unasked";
}

TEST_F(R_PWR, R_PWR_13_idle_device_goes_to_D3_and_R_PWR_14_wakes_on_access) {
    registry("PowerSettings\\PerformanceIdleTime", 5);
    start_with_power();
    inside([&] {
        machine_.run_for(4'000'000'000);
        EXPECT_EQ(script_.text(), "");
        ULONG pins = 0;
        EXPECT_EQ(property(wave_, request(KSPROPSETID_Pin, KSPROPERTY_PIN_CTYPES), pins), STATUS_SUCCESS);
        machine_.run_for(4'000'000'000);
        EXPECT_EQ(script_.text(), "") << "the access started the timer anew";
        machine_.run_for(2'000'000'000);
        EXPECT_EQ(script_.text(), "adapter1:D3");
        EXPECT_EQ(property(wave_, request(KSPROPSETID_Pin, KSPROPERTY_PIN_CTYPES), pins), STATUS_SUCCESS);
        EXPECT_EQ(script_.text(), "adapter1:D3 adapter1:D0");
        machine_.run_for(6'000'000'000);
        EXPECT_EQ(script_.text(), "adapter1:D3 adapter1:D0 adapter1:D3") << "and idles again";
    });
}

TEST_F(R_PWR, R_PWR_13_default_is_never_and_a_running_stream_is_no_idleness) {
    start_with_power();
    inside([&] {
        machine_.run_for(1000'000'000'000);
        EXPECT_EQ(script_.text(), "");
    });
}

TEST_F(R_PWR, R_PWR_15_running_stream_keeps_the_device_up) {
    registry("PowerSettings\\PerformanceIdleTime", 2);
    start_with_power();
    inside([&] {
        EXPECT_EQ(set_state(open_pin(), KSSTATE_RUN), STATUS_SUCCESS);
        script_.clear();
        machine_.run_for(20'000'000'000);
        EXPECT_EQ(script_.count_of("adapter1:D3"), 0u);
    });
}

TEST_F(R_PWR, R_PWR_16_SetIdlePowerManagement_overrides_the_registry) {
    registry("PowerSettings\\PerformanceIdleTime", 2);
    start_with_power();
    inside([&] {
        auto power = portcls::ComPointer<IPortClsPower>::query(script_.wave_port, IID_IPortClsPower);
        EXPECT_EQ(power->SetIdlePowerManagement(script_.functional_device, FALSE), STATUS_SUCCESS);
        machine_.run_for(20'000'000'000);
        EXPECT_EQ(script_.text(), "");
        EXPECT_EQ(power->SetIdlePowerManagement(script_.functional_device, TRUE), STATUS_SUCCESS);
        machine_.run_for(4'000'000'000);
        EXPECT_EQ(script_.text(), "adapter1:D3");
    });
}

TEST_F(R_PWR, R_PWR_18_unregistering_only_what_is_registered) {
    start_with_power();
    inside([&] {
        EXPECT_EQ(PcUnregisterAdapterPowerManagement(script_.functional_device), STATUS_SUCCESS);
        EXPECT_EQ(PcUnregisterAdapterPowerManagement(script_.functional_device), STATUS_INVALID_DEVICE_REQUEST);
        EXPECT_EQ(PcRegisterAdapterPowerManagement(script_.wave_port, script_.functional_device),
                  STATUS_INVALID_PARAMETER)
            << "no power interface";
    });
}

TEST_F(R_PWR, R_PWR_19_PcRequestNewPowerState) {
    start_with_power();
    inside([&] {
        EXPECT_EQ(PcRequestNewPowerState(script_.functional_device, PowerDeviceD3), STATUS_SUCCESS);
        EXPECT_EQ(PcRequestNewPowerState(script_.functional_device, PowerDeviceD0), STATUS_SUCCESS);
        EXPECT_EQ(script_.text(), "adapter1:D3 adapter1:D0");
        EXPECT_EQ(PcRequestNewPowerState(script_.functional_device, PowerDeviceUnspecified), STATUS_INVALID_PARAMETER);
    });
}

// What it is told may make a driver take its subdevice away, with pins open on it.
TEST_F(R_PWR, a_subdevice_may_be_unregistered_while_power_changes) {
    script_.power_notify = true;
    start_with_power();
    inside([&] { EXPECT_EQ(set_state(open_pin(), KSSTATE_RUN), STATUS_SUCCESS); });
    script_.power_notified = [this] {
        auto subdevices = portcls::ComPointer<IUnregisterSubdevice>::query(script_.wave_port, IID_IUnregisterSubdevice);
        subdevices->UnregisterSubdevice(script_.functional_device, script_.wave_port);
        subdevices->UnregisterSubdevice(script_.functional_device, script_.topology_port);
    };
    EXPECT_TRUE(manager_->set_device_power(*node_, PowerDeviceD3));
    EXPECT_TRUE(manager_->set_device_power(*node_, PowerDeviceD0));
    EXPECT_EQ(machine_.bugcheck_report(), nullptr);
    script_.power_notified = nullptr;
}

} // namespace conformance
