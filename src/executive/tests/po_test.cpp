// Power: requested IRPs, idle detection, the power framework, settings.
#include "executive/tests/hardware_fixture.h"

namespace openportcls::executive {
namespace {

using Po = ExecutiveTest;

struct PowerLog {
    std::vector<std::string> events;
    POHANDLE handle = nullptr;
    bool complete_power_irps_later = false;
};
PowerLog* power_log = nullptr;

NTSTATUS NTAPI power_dispatch(PDEVICE_OBJECT, PIRP irp) {
    IO_STACK_LOCATION* stack = IoGetCurrentIrpStackLocation(irp);
    power_log->events.push_back("irp " + std::to_string(stack->MinorFunction) + " D" +
                                std::to_string(stack->Parameters.Power.State.DeviceState - PowerDeviceD0));
    return complete(irp, STATUS_SUCCESS);
}

void NTAPI power_requested(PDEVICE_OBJECT, UCHAR minor, POWER_STATE state, PVOID context, PIO_STATUS_BLOCK result) {
    auto* log = static_cast<PowerLog*>(context);
    log->events.push_back("done " + std::to_string(minor) + " D" + std::to_string(state.DeviceState - PowerDeviceD0) +
                          (result->Status == STATUS_SUCCESS ? " ok" : " failed"));
}

TEST_F(Po, RequestedPowerIrpReachesTheStackAndReportsBack) {
    PowerLog log;
    power_log = &log;
    TestDriver driver(&power_dispatch);
    inside([&] {
        DEVICE_OBJECT* device = make_device(driver);
        POWER_STATE state;
        state.DeviceState = PowerDeviceD3;
        EXPECT_EQ(PoRequestPowerIrp(device, IRP_MN_SET_POWER, state, &power_requested, &log, nullptr), STATUS_PENDING);
        EXPECT_EQ(log.events, (std::vector<std::string>{"irp 2 D3", "done 2 D3 ok"}));
        EXPECT_EQ(PoRequestPowerIrp(device, IRP_MN_POWER_SEQUENCE, state, nullptr, nullptr, nullptr),
                  STATUS_INVALID_PARAMETER_2);
        log.events.clear();
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        PoRequestPowerIrp(device, IRP_MN_SET_POWER, state, &power_requested, &log, nullptr);
        KeLowerIrql(old);
        machine.settle();
        EXPECT_EQ(log.events.size(), 2U) << "sent from a worker at PASSIVE_LEVEL";
        EXPECT_EQ(PoSetPowerState(device, DevicePowerState, state).DeviceState, PowerDeviceD0);
        EXPECT_EQ(PoSetPowerState(device, DevicePowerState, state).DeviceState, PowerDeviceD3);
        IoDeleteDevice(device);
        EXPECT_EQ(kernel().irps.living(), 0U);
        EXPECT_EQ(kernel().pool.usage().blocks, 0U);
    });
}

NTSTATUS NTAPI keep(PDEVICE_OBJECT, PIRP, PVOID) {
    return STATUS_MORE_PROCESSING_REQUIRED;
}

// How drivers written before Windows Vista hand power IRPs down.
TEST_F(Po, PoCallDriverSendsAPowerIrpDownTheStack) {
    PowerLog log;
    power_log = &log;
    TestDriver driver(&power_dispatch);
    inside([&] {
        DEVICE_OBJECT* device = make_device(driver);
        IRP* irp = IoAllocateIrp(device->StackSize, FALSE);
        IO_STACK_LOCATION* stack = IoGetNextIrpStackLocation(irp);
        stack->MajorFunction = IRP_MJ_POWER;
        stack->MinorFunction = IRP_MN_SET_POWER;
        stack->Parameters.Power.Type = DevicePowerState;
        stack->Parameters.Power.State.DeviceState = PowerDeviceD2;
        irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
        IoSetCompletionRoutine(irp, &keep, nullptr, TRUE, TRUE, TRUE);
        PoStartNextPowerIrp(irp);
        EXPECT_EQ(PoCallDriver(device, irp), STATUS_SUCCESS);
        EXPECT_EQ(log.events, (std::vector<std::string>{"irp 2 D2"}));
        EXPECT_EQ(irp->IoStatus.Status, STATUS_SUCCESS);
        IoFreeIrp(irp);
        IoDeleteDevice(device);
    });
}

TEST_F(Po, IdleDetectionRequestsTheStateAfterItsTime) {
    PowerLog log;
    power_log = &log;
    TestDriver driver(&power_dispatch);
    inside([&] {
        DEVICE_OBJECT* device = make_device(driver);
        ULONG* counter = PoRegisterDeviceForIdleDetection(device, 3, 3, PowerDeviceD3);
        ASSERT_NE(counter, nullptr);
        machine.run_for(2'500'000'000);
        PoSetDeviceBusyEx(counter);
        machine.run_for(2'400'000'000);
        EXPECT_TRUE(log.events.empty());
        machine.run_for(1'000'000'000);
        EXPECT_EQ(log.events, (std::vector<std::string>{"irp 2 D3"}));
        EXPECT_EQ(PoRegisterDeviceForIdleDetection(device, 0, 0, PowerDeviceD3), nullptr);
    });
}

// nf-ntifs-poregisterdeviceforidledetection: one time for conservation, another one for performance; 0 is never.
TEST_F(Po, IdleDetectionGoesByThePowerSource) {
    PowerLog log;
    power_log = &log;
    TestDriver driver(&power_dispatch);
    inside([&] {
        DEVICE_OBJECT* device = make_device(driver);
        ASSERT_NE(PoRegisterDeviceForIdleDetection(device, 2, 0, PowerDeviceD3), nullptr);
        machine.run_for(30'000'000'000);
        EXPECT_TRUE(log.events.empty()) << "on AC power";
        ULONG* const counter = PoRegisterDeviceForIdleDetection(device, 2, 0, PowerDeviceD3);
        ASSERT_NE(counter, nullptr);
        kernel().power.set_on_battery(true);
        machine.run_for(2'500'000'000);
        EXPECT_EQ(log.events, (std::vector<std::string>{"irp 2 D3"}));
        PoRegisterDeviceForIdleDetection(device, 0, 0, PowerDeviceD3);
    });
}

// \\Callback\\PowerState, PO_CB_AC_STATUS: whether the machine is on AC power; each change once.
TEST_F(Po, ThePowerSourceIsToldToTheCallback) {
    inside([&] {
        UNICODE_STRING name = unicode(u"\\Callback\\PowerState");
        OBJECT_ATTRIBUTES attributes;
        InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, nullptr, nullptr);
        PCALLBACK_OBJECT object = nullptr;
        ASSERT_EQ(ExCreateCallback(&object, &attributes, FALSE, TRUE), STATUS_SUCCESS);
        std::vector<std::pair<ULONG_PTR, ULONG_PTR>> heard;
        const auto hear = +[](PVOID context, PVOID what, PVOID how) NTAPI {
            static_cast<std::vector<std::pair<ULONG_PTR, ULONG_PTR>>*>(context)->emplace_back(
                reinterpret_cast<ULONG_PTR>(what), reinterpret_cast<ULONG_PTR>(how));
        };
        PVOID const registration = ExRegisterCallback(object, hear, &heard);
        for (const bool is_on_battery : {true, true, false}) {
            kernel().power.set_on_battery(is_on_battery);
        }
        EXPECT_EQ(heard, (std::vector<std::pair<ULONG_PTR, ULONG_PTR>>{{PO_CB_AC_STATUS, 0}, {PO_CB_AC_STATUS, 1}}));
        ExUnregisterCallback(registration);
        ObDereferenceObject(object);
    });
}

void NTAPI component_active(PVOID context, ULONG component) {
    static_cast<PowerLog*>(context)->events.push_back("active " + std::to_string(component));
}
void NTAPI component_idle(PVOID context, ULONG component) {
    auto* log = static_cast<PowerLog*>(context);
    log->events.push_back("idle " + std::to_string(component));
    PoFxCompleteIdleCondition(log->handle, component);
}
void NTAPI component_state(PVOID context, ULONG component, ULONG state) {
    auto* log = static_cast<PowerLog*>(context);
    log->events.push_back("F" + std::to_string(state));
    PoFxCompleteIdleState(log->handle, component);
}
void NTAPI power_required(PVOID context) {
    auto* log = static_cast<PowerLog*>(context);
    log->events.push_back("required");
    PoFxReportDevicePoweredOn(log->handle);
}
void NTAPI power_not_required(PVOID context) {
    auto* log = static_cast<PowerLog*>(context);
    log->events.push_back("not required");
    PoFxCompleteDevicePowerNotRequired(log->handle);
}

// PoFxCompleteDevicePowerNotRequired, PoFxReportDevicePoweredOn: without power once the driver has said that it is
// ready for that; its components work again only after it has said that the device is on.
TEST_F(Po, PowerFrameworkTakesAnIdleDeviceDownAndBringsItBack) {
    PowerLog log;
    TestDriver driver(&refuse);
    inside([&] {
        DEVICE_OBJECT* device = make_device(driver);
        PO_FX_COMPONENT_IDLE_STATE states[2] = {{0, 0, 0}, {10'000, 20'000, 0}};
        PO_FX_DEVICE description{};
        description.Version = PO_FX_VERSION_V1;
        description.ComponentCount = 1;
        description.ComponentActiveConditionCallback = &component_active;
        description.ComponentIdleConditionCallback = &component_idle;
        description.ComponentIdleStateCallback = &component_state;
        description.DevicePowerRequiredCallback = &power_required;
        description.DevicePowerNotRequiredCallback = &power_not_required;
        description.DeviceContext = &log;
        description.Components[0].IdleStateCount = 2;
        description.Components[0].IdleStates = states;
        ASSERT_EQ(PoFxRegisterDevice(device, &description, &log.handle), STATUS_SUCCESS);
        PoFxSetDeviceIdleTimeout(log.handle, 1'000'000);
        PoFxActivateComponent(log.handle, 0, PO_FX_FLAG_BLOCKING);
        PoFxStartDevicePowerManagement(log.handle);
        machine.run_for(1'000'000'000);
        EXPECT_TRUE(log.events.empty()) << "held active";
        PoFxIdleComponent(log.handle, 0, PO_FX_FLAG_BLOCKING);
        EXPECT_EQ(log.events, (std::vector<std::string>{"idle 0", "F1"}));
        machine.run_for(50'000'000);
        EXPECT_EQ(log.events.size(), 2U) << "within the idle timeout";
        machine.run_for(100'000'000);
        EXPECT_EQ(log.events.back(), "not required");
        log.events.clear();
        PoFxActivateComponent(log.handle, 0, PO_FX_FLAG_BLOCKING);
        EXPECT_EQ(log.events, (std::vector<std::string>{"required", "F0", "active 0"}));
        log.events.clear();
        PoFxSetComponentLatency(log.handle, 0, 5'000);
        PoFxIdleComponent(log.handle, 0, 0);
        EXPECT_EQ(log.events, (std::vector<std::string>{"idle 0"})) << "F1 comes back too slowly";
        PoFxUnregisterDevice(log.handle);
        EXPECT_EQ(kernel().power.count(), 0U);
        machine.run_for(1'000'000'000);
        description.ComponentCount = 0;
        EXPECT_EQ(PoFxRegisterDevice(device, &description, &log.handle), STATUS_INVALID_PARAMETER);
    });
}

TEST_F(Po, PowerSettingsComeWithRegistrationAndOnChange) {
    static std::vector<ULONG> values;
    values.clear();
    inside([&] {
        const GUID display{0x6FE69556, 0x704A, 0x47A0, {0x8F, 0x24, 0xC2, 0x8D, 0x93, 0x6F, 0xDA, 0x47}};
        PVOID handle;
        ASSERT_EQ(PoRegisterPowerSettingCallback(
                      nullptr, &display,
                      [](LPCGUID, PVOID value, ULONG, PVOID) NTAPI -> NTSTATUS {
                          values.push_back(*static_cast<ULONG*>(value));
                          return STATUS_SUCCESS;
                      },
                      nullptr, &handle),
                  STATUS_SUCCESS);
        kernel().power.set_setting(display, {0, 0, 0, 0});
        EXPECT_EQ(PoUnregisterPowerSettingCallback(handle), STATUS_SUCCESS);
        kernel().power.set_setting(display, {1, 0, 0, 0});
        EXPECT_EQ(PoUnregisterPowerSettingCallback(handle), STATUS_INVALID_PARAMETER);
    });
    EXPECT_EQ(values, (std::vector<ULONG>{1, 0}));
}

// PoFxSetComponentResidency: a state that pays off only later than the component stays idle is not entered.
TEST_F(Po, ResidencyChoosesTheIdleState) {
    PowerLog log;
    TestDriver driver(&refuse);
    inside([&] {
        DEVICE_OBJECT* device = make_device(driver);
        PO_FX_COMPONENT_IDLE_STATE states[3] = {{0, 0, 0}, {100, 20'000, 0}, {200, 500'000, 0}};
        PO_FX_DEVICE description{};
        description.Version = PO_FX_VERSION_V1;
        description.ComponentCount = 1;
        description.ComponentActiveConditionCallback = &component_active;
        description.ComponentIdleConditionCallback = &component_idle;
        description.ComponentIdleStateCallback = &component_state;
        description.DeviceContext = &log;
        description.Components[0].IdleStateCount = 3;
        description.Components[0].IdleStates = states;
        ASSERT_EQ(PoFxRegisterDevice(device, &description, &log.handle), STATUS_SUCCESS);
        const auto events_with_residency = [&](ULONGLONG residency) {
            PoFxActivateComponent(log.handle, 0, PO_FX_FLAG_BLOCKING);
            PoFxSetComponentResidency(log.handle, 0, residency);
            log.events.clear();
            PoFxIdleComponent(log.handle, 0, PO_FX_FLAG_BLOCKING);
            return log.events;
        };
        PoFxActivateComponent(log.handle, 0, PO_FX_FLAG_BLOCKING);
        PoFxStartDevicePowerManagement(log.handle);
        PoFxIdleComponent(log.handle, 0, PO_FX_FLAG_BLOCKING);
        EXPECT_EQ(log.events.back(), "F2") << "nothing is known: the deepest";
        EXPECT_EQ(events_with_residency(30'000), (std::vector<std::string>{"idle 0", "F1"}));
        EXPECT_EQ(events_with_residency(10'000), (std::vector<std::string>{"idle 0"})) << "stays in F0";
        EXPECT_EQ(events_with_residency(500'000), (std::vector<std::string>{"idle 0", "F2"}));
        PoFxUnregisterDevice(log.handle);
        IoDeleteDevice(device);
    });
}

bool answer_at_once = false;
void NTAPI component_idle_later(PVOID context, ULONG component) {
    auto* log = static_cast<PowerLog*>(context);
    log->events.push_back("idle " + std::to_string(component));
    if (answer_at_once) {
        PoFxCompleteIdleCondition(log->handle, component);
    }
}
void NTAPI component_state_later(PVOID context, ULONG component, ULONG state) {
    auto* log = static_cast<PowerLog*>(context);
    log->events.push_back("F" + std::to_string(state));
    if (answer_at_once) {
        PoFxCompleteIdleState(log->handle, component);
    }
}

// PoFxCompleteIdleCondition and PoFxCompleteIdleState may come during or after the callback they answer.
TEST_F(Po, IdleAnswersMayComeLater) {
    PowerLog log;
    TestDriver driver(&refuse);
    answer_at_once = false;
    inside([&] {
        DEVICE_OBJECT* device = make_device(driver);
        PO_FX_COMPONENT_IDLE_STATE states[2] = {{0, 0, 0}, {100, 100, 0}};
        PO_FX_DEVICE description{};
        description.Version = PO_FX_VERSION_V1;
        description.ComponentCount = 1;
        description.ComponentActiveConditionCallback = &component_active;
        description.ComponentIdleConditionCallback = &component_idle_later;
        description.ComponentIdleStateCallback = &component_state_later;
        description.DeviceContext = &log;
        description.Components[0].IdleStateCount = 2;
        description.Components[0].IdleStates = states;
        ASSERT_EQ(PoFxRegisterDevice(device, &description, &log.handle), STATUS_SUCCESS);
        PoFxActivateComponent(log.handle, 0, PO_FX_FLAG_BLOCKING);
        PoFxStartDevicePowerManagement(log.handle);
        PoFxIdleComponent(log.handle, 0, 0);
        EXPECT_EQ(log.events, (std::vector<std::string>{"idle 0"})) << "no Fx state before the answer";
        PoFxCompleteIdleCondition(log.handle, 0);
        EXPECT_EQ(log.events, (std::vector<std::string>{"idle 0", "F1"}));
        // Wanted again while the change is under way: the component comes back when the driver has answered.
        PoFxActivateComponent(log.handle, 0, 0);
        EXPECT_EQ(log.events.size(), 2U);
        answer_at_once = true;
        PoFxCompleteIdleState(log.handle, 0);
        EXPECT_EQ(log.events, (std::vector<std::string>{"idle 0", "F1", "F0", "active 0"}));
        PoFxUnregisterDevice(log.handle);
        IoDeleteDevice(device);
    });
}

// PoStartNextPowerIrp: needed by drivers for Windows XP; since Vista it may be called or left out.
TEST_F(Po, StartNextPowerIrpIsAcceptedWhereItsPageAllowsIt) {
    PowerLog log;
    power_log = &log;
    TestDriver driver(&power_dispatch);
    inside([&] {
        IRP* irp = IoAllocateIrp(1, FALSE);
        PoStartNextPowerIrp(irp);
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        PoStartNextPowerIrp(irp);
        KeLowerIrql(old);
        IoFreeIrp(irp);
        // Two power IRPs in a row, none of them started by hand.
        DEVICE_OBJECT* device = make_device(driver);
        POWER_STATE state;
        state.DeviceState = PowerDeviceD3;
        PoRequestPowerIrp(device, IRP_MN_SET_POWER, state, &power_requested, &log, nullptr);
        state.DeviceState = PowerDeviceD0;
        PoRequestPowerIrp(device, IRP_MN_SET_POWER, state, &power_requested, &log, nullptr);
        EXPECT_EQ(log.events.size(), 4U);
        IoDeleteDevice(device);
    });
    expect_bugcheck(0x0A, "PoStartNextPowerIrp may be called at DISPATCH_LEVEL or below", [&] {
        KIRQL old;
        KeRaiseIrql(DISPATCH_LEVEL + 1, &old);
        PoStartNextPowerIrp(nullptr);
    });
}

} // namespace
} // namespace openportcls::executive
