// R-PWR: what the adapter's power interfaces hear, and when. IAdapterPowerManagement, IAdapterPowerManagement2 and
// IAdapterPowerManagement3; IPortClsPower, IPortClsRuntimePower and the power framework.
#include "core_fixture.h"
#include "portcls/device_context.h"

namespace conformance {

using portcls::DeviceContext;

class PowerCallbacks : public CoreTest {
protected:
    void start_with_power(int version = 1) {
        script_.register_power = true;
        script_.power_version = version;
        start_and_open();
        script_.clear();
    }
    void idle_after_seconds(ULONG seconds) {
        auto parameter = pnp::RegistryParameter::parse("PowerSettings\\PerformanceIdleTime:binary=0" +
                                                       std::to_string(seconds) + "000000");
        ASSERT_TRUE(parameter);
        parameters_.push_back(*parameter);
    }
    DeviceContext& context() { return *DeviceContext::from(script_.functional_device); }
};

// R-PWR-01: registered before the start, QueryDeviceCapabilities is called from the beginning.
TEST_F(PowerCallbacks, R_PWR_01_QueryDeviceCapabilities_comes_before_StartDevice) {
    script_.register_in_add_device = true;
    start();
    EXPECT_GE(script_.count_of("capabilities"), 1u);
    const auto first = std::find(script_.journal.begin(), script_.journal.end(), "capabilities");
    const auto started = std::find(script_.journal.begin(), script_.journal.end(), "start");
    EXPECT_LT(first, started);
}

// One method of one interface: PowerChangeState, PowerChangeState2 or PowerChangeState3, by release and by adapter.
TEST_F(PowerCallbacks, R_PWR_02_one_PowerChangeState_of_the_newest_interface) {
    struct {
        WindowsVersion version;
        int adapter;
        const char* expected;
    } const rows[] = {
        {WindowsVersion::windows_2000, 3, "adapter1:D3 adapter1:D0"},
        {WindowsVersion::vista, 3, "adapter1:D3 adapter1:D0"},
        {WindowsVersion::windows_7, 3, "adapter2:D3 adapter2:D0"},
        {WindowsVersion::windows_7, 1, "adapter1:D3 adapter1:D0"},
        {WindowsVersion::windows_8, 3, "adapter3:D3:0 adapter3:D0:1"},
        {WindowsVersion::windows_11, 2, "adapter2:D3 adapter2:D0"},
    };
    start_with_power();
    for (const auto& row : rows) {
        inside([&] {
            PortClsSystem::current().set_windows_version(row.version);
            script_.power_version = row.adapter;
            EXPECT_EQ(PcRegisterAdapterPowerManagement(script_.adapter, script_.functional_device), STATUS_SUCCESS);
        });
        script_.clear();
        ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD3));
        ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD0));
        EXPECT_EQ(script_.text(), row.expected) << portcls::windows_version_name(row.version);
    }
}

// It has no way to fail, and when it returns the change is done: only then the bus takes the power away, and on the
// way up the bus has given it before.
TEST_F(PowerCallbacks, R_PWR_03_PowerChangeState_is_done_when_it_returns) {
    start_with_power();
    std::vector<DEVICE_POWER_STATE> of_the_bus;
    script_.power_asked = [&](const std::string&) {
        LARGE_INTEGER wait;
        wait.QuadPart = -50'000; // 5 ms of work on the hardware
        KeDelayExecutionThread(KernelMode, FALSE, &wait);
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL) << "R-PWR-10";
        of_the_bus.push_back(node_->power_state());
    };
    const auto begin = machine_.now();
    ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD3));
    EXPECT_GE(machine_.now() - begin, 5'000'000);
    EXPECT_EQ(node_->power_state(), PowerDeviceD3);
    ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD0));
    EXPECT_EQ(of_the_bus, (std::vector<DEVICE_POWER_STATE>{PowerDeviceD0, PowerDeviceD0}));
    script_.power_asked = nullptr;
}

// QueryPowerChangeState: with the state that is meant, also when it is the system that wants to sleep.
TEST_F(PowerCallbacks, R_PWR_05_the_system_asks_too) {
    start_with_power();
    script_.query_power_status = STATUS_UNSUCCESSFUL;
    EXPECT_FALSE(manager_->sleep(PowerSystemSleeping3));
    EXPECT_EQ(script_.text(), "query:D3");
    script_.clear();
    ASSERT_TRUE(manager_->sleep(PowerSystemSleeping3, true));
    EXPECT_EQ(script_.text(), "adapter1:D3") << "not before every change";
    ASSERT_TRUE(manager_->wake());
}

// Shows R-PWR-07: a stream is made with the power on: an open of a powered-down device brings it up first.
TEST_F(PowerCallbacks, R_PWR_07_NewStream_in_D0_only) {
    start_with_power();
    ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD3));
    script_.clear();
    inside([&] {
        FILE_OBJECT* file = nullptr;
        EXPECT_EQ(open_pin(connection(render_pin), file), STATUS_SUCCESS);
        EXPECT_EQ(script_.text(), "adapter1:D0 new_stream:0");
        EXPECT_EQ(node_->power_state(), PowerDeviceD0);
    });
}

TEST_F(PowerCallbacks, R_PWR_07_no_stream_while_the_system_sleeps) {
    start_with_power();
    ASSERT_TRUE(manager_->sleep(PowerSystemSleeping3));
    script_.clear();
    inside([&] {
        FILE_OBJECT* file = nullptr;
        EXPECT_EQ(open_pin(connection(render_pin), file), STATUS_DEVICE_NOT_READY);
        EXPECT_EQ(script_.text(), "");
    });
    ASSERT_TRUE(manager_->wake());
    inside([&] { EXPECT_NE(open_pin(), nullptr); });
}

// Everybody begins with D0 as the cached state, so D0 is no change, at the first start and at every other.
TEST_F(PowerCallbacks, R_PWR_08_the_first_state_is_D0) {
    script_.power_notify = script_.stream_power_notify = true;
    script_.register_pnp = true;
    start_with_power();
    ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD0));
    EXPECT_EQ(script_.text(), "");
    ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD3));
    EXPECT_EQ(script_.count_of("adapter1:D3"), 1u);
    inside([&] {
        close_all();
        release_ports();
    });
    ASSERT_TRUE(manager_->stop(*node_));
    ASSERT_TRUE(manager_->start(*node_));
    script_.clear();
    inside([&] {
        ASSERT_EQ(open_filter(u"Wave", wave_), STATUS_SUCCESS);
        FILE_OBJECT* const pin = open_pin();
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
        EXPECT_EQ(script_.text(), "new_stream:0 acquire pause run") << "started anew, it has power";
    });
    script_.clear();
    ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD3));
    EXPECT_EQ(script_.count_of("adapter1:D3"), 1u);
}

// Instant but on the way out of D3, where it is the latency that the adapter was told of.
TEST_F(PowerCallbacks, R_PWR_11_exit_latency_of_PowerChangeState3) {
    start_with_power(3);
    for (const DEVICE_POWER_STATE state :
         {PowerDeviceD1, PowerDeviceD2, PowerDeviceD3, PowerDeviceD2, PowerDeviceD3, PowerDeviceD0}) {
        ASSERT_TRUE(manager_->set_device_power(*node_, state));
    }
    EXPECT_EQ(script_.text(), "adapter3:D1:0 adapter3:D2:0 adapter3:D3:0 adapter3:D2:1 adapter3:D3:0 adapter3:D0:1");
}

// D3ExitLatencyChanged: in D3 only, when the tolerance of the platform has changed (R-PWR-20).
TEST_F(PowerCallbacks, R_PWR_12_D3ExitLatencyChanged_in_D3_only_R_PWR_20) {
    idle_after_seconds(1);
    start_with_power(3);
    script_.power_asked = [&](const std::string& what) {
        if (what.starts_with("latency")) {
            EXPECT_EQ(context().power().device_state(), PowerDeviceD3);
            EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
        }
    };
    ASSERT_TRUE(manager_->sleep(PowerSystemSleeping3));
    EXPECT_EQ(script_.text(), "query:D3 adapter3:D3:0 latency:2");
    script_.clear();
    ASSERT_TRUE(manager_->wake());
    EXPECT_EQ(script_.text(), "adapter3:D0:2") << "within the latency that was told last";
    script_.clear();
    inside([&] { machine_.run_for(2'000'000'000); });
    EXPECT_EQ(script_.text(), "adapter3:D3:0 latency:1") << "idle while the system works: the short one";
    script_.clear();
    // An idle device stays down through sleep and wake, and hears of both.
    ASSERT_TRUE(manager_->sleep(PowerSystemSleeping3));
    EXPECT_EQ(script_.text(), "latency:2");
    script_.clear();
    ASSERT_TRUE(manager_->wake());
    EXPECT_EQ(script_.text(), "latency:1");
    script_.power_asked = nullptr;
}

// The older interfaces have no such method.
TEST_F(PowerCallbacks, R_PWR_12_older_adapters_hear_nothing) {
    start_with_power(2);
    ASSERT_TRUE(manager_->sleep(PowerSystemSleeping3));
    ASSERT_TRUE(manager_->wake());
    EXPECT_EQ(script_.text(), "query:D3 adapter2:D3 adapter2:D0");
}

// R-PWR-17. IPortClsRuntimePower: RegisterPowerControlCallback at the start, UnregisterPowerControlCallback at stop or
// removal; between them the platform's power engine can reach the adapter.
TEST_F(PowerCallbacks, R_PWR_17_the_power_control_callback) {
    script_.register_pnp = true;
    start();
    struct Control {
        GUID code;
        void* context;
        static NTSTATUS NTAPI answer(LPCGUID code, void* in, SIZE_T in_bytes, void* out, SIZE_T out_bytes,
                                     SIZE_T* returned, void* context) {
            auto& self = *static_cast<Control*>(context);
            self.code = *code;
            EXPECT_EQ(in_bytes, 4u);
            EXPECT_EQ(out_bytes, 4u);
            std::memcpy(out, in, 4);
            *returned = 4;
            return STATUS_SUCCESS;
        }
    } control = {};
    ULONG in = 0x1234;
    ULONG out = 0;
    SIZE_T returned = 0;
    const auto deliver = [&] {
        return context().power().deliver_control(custom_set, &in, sizeof in, &out, sizeof out, &returned);
    };
    inside([&] {
        DEVICE_OBJECT* const device = script_.functional_device;
        auto runtime = portcls::ComPointer<IPortClsRuntimePower>::query(script_.wave_port, IID_IPortClsRuntimePower);
        ASSERT_TRUE(runtime);
        EXPECT_EQ(deliver(), STATUS_NOT_SUPPORTED);
        EXPECT_EQ(runtime->UnregisterPowerControlCallback(device), STATUS_INVALID_DEVICE_REQUEST);
        EXPECT_EQ(runtime->RegisterPowerControlCallback(device, nullptr, &control), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(runtime->RegisterPowerControlCallback(node_->pdo(), Control::answer, &control),
                  STATUS_INVALID_PARAMETER);
        EXPECT_EQ(runtime->RegisterPowerControlCallback(device, Control::answer, &control), STATUS_SUCCESS);
        EXPECT_EQ(runtime->RegisterPowerControlCallback(device, Control::answer, &control),
                  STATUS_INVALID_DEVICE_REQUEST)
            << "there is one";
        EXPECT_EQ(deliver(), STATUS_SUCCESS);
        EXPECT_EQ(out, 0x1234u);
        EXPECT_EQ(returned, 4u);
        EXPECT_TRUE(IsEqualGUID(control.code, custom_set));
        // No power engine plug-in takes a driver's own requests here, as on a platform without one.
        EXPECT_EQ(runtime->SendPowerControl(device, &custom_set, &in, sizeof in, &out, sizeof out, &returned),
                  STATUS_NOT_SUPPORTED);
        EXPECT_EQ(returned, 0u);
        EXPECT_EQ(runtime->SendPowerControl(device, nullptr, nullptr, 0, nullptr, 0, nullptr),
                  STATUS_INVALID_PARAMETER);
        EXPECT_EQ(runtime->UnregisterPowerControlCallback(device), STATUS_SUCCESS);
        EXPECT_EQ(deliver(), STATUS_NOT_SUPPORTED);
        // What an adapter forgets is over with the stop.
        EXPECT_EQ(runtime->RegisterPowerControlCallback(device, Control::answer, &control), STATUS_SUCCESS);
    });
    ASSERT_TRUE(manager_->stop(*node_));
    inside([&] {
        EXPECT_EQ(deliver(), STATUS_NOT_SUPPORTED);
        release_ports();
    });
    ASSERT_TRUE(manager_->start(*node_));
    inside([&] {
        auto runtime = portcls::ComPointer<IPortClsRuntimePower>::query(script_.wave_port, IID_IPortClsRuntimePower);
        EXPECT_EQ(runtime->RegisterPowerControlCallback(script_.functional_device, Control::answer, &control),
                  STATUS_SUCCESS)
            << "nothing of the last start is left";
        PortClsSystem::current().set_windows_version(WindowsVersion::windows_7);
        EXPECT_FALSE(portcls::ComPointer<IPortClsRuntimePower>::query(script_.wave_port, IID_IPortClsRuntimePower))
            << "new in Windows 8";
        PortClsSystem::current().set_windows_version(WindowsVersion::windows_11);
    });
}

// IPortClsPower: RegisterAdapterPowerManagement and UnregisterAdapterPowerManagement are the Pc functions of the same
// name; new in Windows 7, like PcUnregisterAdapterPowerManagement.
TEST_F(PowerCallbacks, IPortClsPower_registers_like_the_functions) {
    start();
    inside([&] {
        DEVICE_OBJECT* const device = script_.functional_device;
        auto power = portcls::ComPointer<IPortClsPower>::query(script_.topology_port, IID_IPortClsPower);
        ASSERT_TRUE(power);
        EXPECT_EQ(power->UnregisterAdapterPowerManagement(device), STATUS_INVALID_DEVICE_REQUEST) << "R-PWR-18";
        EXPECT_EQ(power->RegisterAdapterPowerManagement(nullptr, device), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(power->RegisterAdapterPowerManagement(script_.adapter, nullptr), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(power->RegisterAdapterPowerManagement(script_.adapter, device), STATUS_SUCCESS);
        EXPECT_EQ(PcRequestNewPowerState(device, PowerDeviceD3), STATUS_SUCCESS);
        EXPECT_EQ(PcRequestNewPowerState(device, PowerDeviceD0), STATUS_SUCCESS);
        EXPECT_EQ(script_.count_of("adapter1:D3"), 1u);
        EXPECT_EQ(power->UnregisterAdapterPowerManagement(device), STATUS_SUCCESS);
        EXPECT_EQ(PcRequestNewPowerState(device, PowerDeviceD3), STATUS_SUCCESS);
        EXPECT_EQ(script_.count_of("adapter1:D3"), 1u) << "no longer told";
        EXPECT_EQ(PcRequestNewPowerState(device, PowerDeviceD0), STATUS_SUCCESS);
        EXPECT_EQ(power->SetIdlePowerManagement(nullptr, TRUE), STATUS_INVALID_PARAMETER);
        PortClsSystem::current().set_windows_version(WindowsVersion::vista);
        EXPECT_EQ(PcRegisterAdapterPowerManagement(script_.adapter, device), STATUS_SUCCESS);
        EXPECT_EQ(PcUnregisterAdapterPowerManagement(device), STATUS_NOT_IMPLEMENTED);
        EXPECT_FALSE(portcls::ComPointer<IPortClsPower>::query(script_.topology_port, IID_IPortClsPower));
        PortClsSystem::current().set_windows_version(WindowsVersion::windows_11);
    });
}

// ---- the power framework --------------------------------------------------------------------------------------------

namespace {

PO_FX_COMPONENT_IDLE_STATE idle_states[] = {{0, 0, PO_FX_UNKNOWN_POWER}, {10'000, 100'000, PO_FX_UNKNOWN_POWER}};
PO_FX_COMPONENT component = {};
POHANDLE framework_handle = nullptr;
NTSTATUS registered_status = STATUS_SUCCESS;

NTSTATUS NTAPI registered(PVOID context, POHANDLE handle) {
    EXPECT_EQ(context, &component);
    framework_handle = handle;
    script()->note("fx:registered");
    return registered_status;
}
VOID NTAPI unregistering(PVOID, POHANDLE handle) {
    EXPECT_EQ(handle, framework_handle);
    framework_handle = nullptr;
    script()->note("fx:unregistering");
}
VOID NTAPI nothing_of_component(PVOID, ULONG) {}
VOID NTAPI nothing_of_state(PVOID, ULONG component_index, ULONG) {
    PoFxCompleteIdleState(framework_handle, component_index);
}
VOID NTAPI idle_condition(PVOID, ULONG component_index) {
    PoFxCompleteIdleCondition(framework_handle, component_index);
}

PC_POWER_FRAMEWORK_SETTINGS settings() {
    component = {};
    component.IdleStateCount = 2;
    component.IdleStates = idle_states;
    PC_POWER_FRAMEWORK_SETTINGS result;
    PC_POWER_FRAMEWORK_SETTINGS_INIT(&result);
    result.EvtPcPostPoFxRegisterDevice = registered;
    result.EvtPcPrePoFxUnregisterDevice = unregistering;
    result.Component = &component;
    result.ComponentActiveConditionCallback = nothing_of_component;
    result.ComponentIdleConditionCallback = idle_condition;
    result.ComponentIdleStateCallback = nothing_of_state;
    result.PoFxDeviceContext = &component;
    return result;
}

} // namespace

// PcAssignPowerFrameworkSettings in StartDevice, with what PC_POWER_FRAMEWORK_SETTINGS_INIT began: registered when the
// start is through, unregistered with the stop.
TEST_F(PowerCallbacks, R_PWR_17_PcAssignPowerFrameworkSettings) {
    script_.register_pnp = true;
    script_.in_start = [&](DEVICE_OBJECT* device) {
        PC_POWER_FRAMEWORK_SETTINGS given = settings();
        EXPECT_EQ(PcAssignPowerFrameworkSettings(nullptr, &given), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(PcAssignPowerFrameworkSettings(device, nullptr), STATUS_INVALID_PARAMETER);
        given.Size--;
        EXPECT_EQ(PcAssignPowerFrameworkSettings(device, &given), STATUS_INVALID_PARAMETER);
        given.Size++;
        const ULONG before = script_.count_of("fx:registered");
        EXPECT_EQ(PcAssignPowerFrameworkSettings(device, &given), STATUS_SUCCESS);
        EXPECT_EQ(script_.count_of("fx:registered"), before) << "the start is not through";
    };
    start();
    EXPECT_EQ(script_.count_of("fx:registered"), 1u);
    inside([&] {
        EXPECT_NE(framework_handle, nullptr);
        PC_POWER_FRAMEWORK_SETTINGS late = settings();
        EXPECT_EQ(PcAssignPowerFrameworkSettings(script_.functional_device, &late), STATUS_INVALID_DEVICE_STATE);
        release_ports();
    });
    ASSERT_TRUE(manager_->stop(*node_));
    EXPECT_EQ(script_.count_of("fx:unregistering"), 1u);
    ASSERT_TRUE(manager_->start(*node_));
    EXPECT_EQ(script_.count_of("fx:registered"), 2u);
    inside([&] { release_ports(); });
    ASSERT_TRUE(manager_->remove(*node_));
    EXPECT_EQ(script_.count_of("fx:unregistering"), 2u);
}

TEST_F(PowerCallbacks, PcAssignPowerFrameworkSettings_refused_by_driver_or_release) {
    registered_status = STATUS_INSUFFICIENT_RESOURCES;
    script_.in_start = [&](DEVICE_OBJECT* device) {
        PC_POWER_FRAMEWORK_SETTINGS given = settings();
        PortClsSystem::current().set_windows_version(WindowsVersion::windows_8_1);
        EXPECT_EQ(PcAssignPowerFrameworkSettings(device, &given), STATUS_NOT_IMPLEMENTED) << "Windows 10";
        PortClsSystem::current().set_windows_version(WindowsVersion::windows_11);
        EXPECT_EQ(PcAssignPowerFrameworkSettings(device, &given), STATUS_SUCCESS);
    };
    start();
    EXPECT_EQ(script_.count_of("fx:registered"), 1u);
    registered_status = STATUS_SUCCESS;
    inside([&] { release_ports(); });
    ASSERT_TRUE(manager_->remove(*node_));
    EXPECT_EQ(script_.count_of("fx:unregistering"), 0u) << "what failed is unregistered at once";
}

} // namespace conformance
