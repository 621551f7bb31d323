// R-PWR-13 to R-PWR-16: idle times and states of the registry, and who overrides them.
#include "core_fixture.h"

namespace conformance {

class Idle : public CoreTest {
protected:
    void setting(const std::string& name, ULONG value) {
        auto parameter =
            pnp::RegistryParameter::parse("PowerSettings\\" + name + ":binary=0" + std::to_string(value) + "000000");
        ASSERT_TRUE(parameter);
        parameters_.push_back(*parameter);
    }
    void start_with_power() {
        script_.register_power = true;
        start_and_open();
        script_.clear();
    }
    // Runs for a while and says what the adapter heard.
    std::string heard_in_seconds(LONGLONG seconds) {
        script_.clear();
        machine_.run_for(seconds * 1'000'000'000);
        return script_.text();
    }
    void touch() {
        ULONG pins = 0;
        EXPECT_EQ(property(wave_, request(KSPROPSETID_Pin, KSPROPERTY_PIN_CTYPES), pins), STATUS_SUCCESS);
    }
};

// IdlePowerState names the state, D3 without it.
TEST_F(Idle, R_PWR_13_IdlePowerState_names_the_state) {
    setting("PerformanceIdleTime", 2);
    setting("IdlePowerState", 2);
    start_with_power();
    inside([&] {
        EXPECT_EQ(heard_in_seconds(1), "");
        EXPECT_EQ(heard_in_seconds(2), "adapter1:D2");
        touch();
        EXPECT_EQ(script_.text(), "adapter1:D2 adapter1:D0");
    });
}

// Shows R-PWR-13: without IdlePowerState it is D3, after the seconds of PerformanceIdleTime and no sooner.
TEST_F(Idle, R_PWR_13_the_idle_state_is_D3_unless_another_is_named) {
    setting("PerformanceIdleTime", 4);
    start_with_power();
    inside([&] {
        touch();
        EXPECT_EQ(heard_in_seconds(3), "");
        EXPECT_EQ(heard_in_seconds(2), "adapter1:D3");
    });
}

// A codec that takes its time to go down: who comes meanwhile finds it up again, like everybody after them.
class IdleTransition : public Idle {
protected:
    template<class Access>
    void access_on_the_way_down(Access&& access, const std::string& heard) {
        setting("PerformanceIdleTime", 1);
        script_.power_asked = [&](const std::string& what) {
            if (what == "adapter1:D3") {
                is_under_way_ = true;
                LARGE_INTEGER delay;
                delay.QuadPart = -400'000;
                KeDelayExecutionThread(KernelMode, FALSE, &delay);
                is_under_way_ = false;
            }
        };
        start_with_power();
        inside([&] {
            for (int milliseconds = 0; milliseconds < 3'000 && !is_under_way_; ++milliseconds) {
                machine_.run_for(1'000'000);
            }
            ASSERT_TRUE(is_under_way_);
            access();
            EXPECT_EQ(script_.text(), heard);
        });
    }
    bool is_under_way_ = false;
};

TEST_F(IdleTransition, R_PWR_14_an_access_brings_the_device_up_again) {
    access_on_the_way_down([&] { touch(); }, "adapter1:D3 adapter1:D0");
}
TEST_F(IdleTransition, R_PWR_07_a_stream_comes_after_the_device_is_up_again) {
    access_on_the_way_down([&] { open_pin(); }, "adapter1:D3 adapter1:D0 new_stream:0");
}

TEST_F(Idle, R_PWR_13_D0_is_no_idle_state) {
    setting("PerformanceIdleTime", 1);
    setting("IdlePowerState", 0);
    start_with_power();
    inside([&] { EXPECT_EQ(heard_in_seconds(30), ""); });
}

TEST_F(Idle, R_PWR_13_conservation_time_counts_on_battery_only) {
    setting("ConservationIdleTime", 2);
    setting("PerformanceIdleTime", 9);
    start_with_power();
    inside([&] {
        auto& power = executive::Kernel::current().power;
        EXPECT_EQ(heard_in_seconds(5), "");
        power.set_on_battery(true);
        EXPECT_EQ(heard_in_seconds(1), "");
        EXPECT_EQ(heard_in_seconds(2), "adapter1:D3");
        touch();
        power.set_on_battery(false);
        EXPECT_EQ(heard_in_seconds(8), "") << "since the access";
        EXPECT_EQ(heard_in_seconds(3), "adapter1:D3");
    });
}

// immediate-idle-timeout-opt-in: since Windows 8.
TEST_F(Idle, R_PWR_15_ImmediateIdle_is_nothing_to_Windows_7) {
    be(WindowsVersion::windows_7);
    setting("ImmediateIdle", 1);
    start_with_power();
    inside([&] { EXPECT_EQ(heard_in_seconds(30), ""); });
}

// Shows R-PWR-14: requests of streams count like properties: an event, an open, a state.
TEST_F(Idle, R_PWR_14_every_kind_of_access_wakes) {
    setting("PerformanceIdleTime", 1);
    start_with_power();
    inside([&] {
        const HANDLE handle = create_event();
        KSEVENTDATA data = event_data(handle);
        FILE_OBJECT* pin = nullptr;
        FILE_OBJECT* filter = nullptr;
        const std::function<void()> accesses[] = {
            [&] { touch(); },
            [&] { EXPECT_EQ(enable(topology_, event(custom_event_set, 0), data), STATUS_SUCCESS); },
            [&] { EXPECT_EQ(open_filter(u"Topology", filter), STATUS_SUCCESS); },
            [&] { pin = open_pin(); },
            [&] { EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS); },
        };
        for (const auto& access : accesses) {
            ASSERT_EQ(heard_in_seconds(3), "adapter1:D3");
            script_.clear();
            access();
            EXPECT_EQ(script_.count_of("adapter1:D0"), 1u);
        }
        EXPECT_EQ(heard_in_seconds(5), "") << "a running stream is an access that lasts";
        EXPECT_EQ(set_state(pin, KSSTATE_PAUSE), STATUS_SUCCESS);
        EXPECT_EQ(heard_in_seconds(5), "") << "so is one that may run again at once";
        EXPECT_EQ(set_state(pin, KSSTATE_STOP), STATUS_SUCCESS);
        EXPECT_EQ(heard_in_seconds(5), "adapter1:D3");
        EXPECT_EQ(disable(topology_, &data), STATUS_SUCCESS);
        ZwClose(handle);
    });
}

// ImmediateIdle: down at once when nobody needs the power, whatever the times and SetIdlePowerManagement say.
TEST_F(Idle, R_PWR_15_ImmediateIdle_beats_SetIdlePowerManagement) {
    setting("ImmediateIdle", 1);
    setting("PerformanceIdleTime", 9);
    setting("IdlePowerState", 1);
    start_with_power();
    inside([&] {
        auto power = portcls::ComPointer<IPortClsPower>::query(script_.wave_port, IID_IPortClsPower);
        EXPECT_EQ(power->SetIdlePowerManagement(script_.functional_device, FALSE), STATUS_SUCCESS);
        machine_.run_for(50'000'000); // timers move with the clock interrupt
        EXPECT_EQ(script_.text(), "adapter1:D1") << "IdlePowerState";
        script_.clear();
        FILE_OBJECT* const pin = open_pin();
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
        EXPECT_EQ(script_.count_of("adapter1:D0"), 1u);
        EXPECT_EQ(heard_in_seconds(5), "") << "needed by a stream";
        close(pin);
        EXPECT_EQ(heard_in_seconds(2), "adapter1:D1");
    });
}

// Without ImmediateIdle the interface decides whether the times of the registry count.
TEST_F(Idle, R_PWR_16_without_ImmediateIdle_SetIdlePowerManagement_decides) {
    setting("ImmediateIdle", 0);
    setting("PerformanceIdleTime", 1);
    start_with_power();
    inside([&] {
        auto power = portcls::ComPointer<IPortClsPower>::query(script_.topology_port, IID_IPortClsPower);
        EXPECT_EQ(power->SetIdlePowerManagement(script_.functional_device, FALSE), STATUS_SUCCESS);
        EXPECT_EQ(heard_in_seconds(30), "");
        EXPECT_EQ(power->SetIdlePowerManagement(script_.functional_device, TRUE), STATUS_SUCCESS);
        EXPECT_EQ(heard_in_seconds(3), "adapter1:D3");
    });
}

} // namespace conformance
