// Interrupts: connecting every way, service levels, messages.
#include "executive/tests/hardware_fixture.h"

namespace openportcls::executive {
namespace {

using Hal = ExecutiveTest;

struct Interrupting {
    machine::InterruptLine* line = nullptr;
    int services = 0;
    KIRQL irql = 0;
    bool mine = true;
    ULONG message = 99;
};

BOOLEAN NTAPI service(PKINTERRUPT, PVOID context) {
    auto* device = static_cast<Interrupting*>(context);
    ++device->services;
    device->irql = KeGetCurrentIrql();
    if (device->mine) {
        device->line->lower();
    }
    return device->mine;
}

BOOLEAN NTAPI message_service(PKINTERRUPT, PVOID context, ULONG message) {
    auto* device = static_cast<Interrupting*>(context);
    ++device->services;
    device->message = message;
    return TRUE;
}

BOOLEAN NTAPI synchronized(PVOID context) {
    *static_cast<KIRQL*>(context) = KeGetCurrentIrql();
    return TRUE;
}

BOOLEAN NTAPI not_mine(PKINTERRUPT, PVOID) {
    return FALSE;
}
BOOLEAN NTAPI always_mine(PKINTERRUPT, PVOID) {
    return TRUE;
}

// "Bug Check 0xF2": the first routine of the line, its context, its interrupt object, whether there are others.
struct Storm {
    std::vector<PKSERVICE_ROUTINE> routines;
    std::uint64_t chained;
    const char* rule;
};

TEST(InterruptStorm, NamesTheServiceRoutines) {
    const Storm storms[] = {
        {{&always_mine}, 1, "Frame #0 below is the routine; it claims the interrupt"},
        {{&not_mine}, 1, "Frame #0 below is the routine; it does not claim the interrupt"},
        {{&not_mine, &always_mine}, 2, "Frames #0 to #1 below are the routines that share it"},
        {{&not_mine, &always_mine}, 2, "that of #1 claims the interrupt"},
        {{&always_mine, &not_mine}, 2, "that of #0 claims the interrupt"},
        {{&not_mine, &not_mine}, 2, "none claims the interrupt"},
    };
    for (const Storm& storm : storms) {
        constexpr ULONG vector = 0x51;
        machine::Machine machine;
        install(machine);
        PKINTERRUPT first = nullptr;
        int context = 0;
        EXPECT_FALSE(machine.enter([&] {
            for (const PKSERVICE_ROUTINE routine : storm.routines) {
                PKINTERRUPT interrupt = nullptr;
                IoConnectInterrupt(&interrupt, routine, &context, nullptr, vector, 5, 5, LevelSensitive, TRUE, 1,
                                   FALSE);
                first = first == nullptr ? interrupt : first;
            }
            machine.interrupt_line(vector).raise();
            machine.settle();
        }));
        ASSERT_TRUE(machine.is_halted());
        const machine::BugcheckReport& report = *machine.bugcheck_report();
        EXPECT_EQ(report.code, 0xF2U);
        EXPECT_EQ(report.parameters[0], reinterpret_cast<std::uint64_t>(storm.routines.front()));
        EXPECT_EQ(report.parameters[1], reinterpret_cast<std::uint64_t>(&context));
        EXPECT_EQ(report.parameters[2], reinterpret_cast<std::uint64_t>(first));
        EXPECT_EQ(report.parameters[3], storm.chained);
        EXPECT_NE(report.rule.find(storm.rule), std::string::npos) << report.rule;
        ASSERT_GT(report.stack.size(), storm.routines.size());
        for (std::size_t number = 0; number < storm.routines.size(); ++number) {
            EXPECT_EQ(report.stack[number].address, reinterpret_cast<std::uint64_t>(storm.routines[number]) + 1);
        }
    }
}

TEST_F(Hal, InterruptsAreServedAtTheirLevel) {
    Interrupting device;
    inside([&] {
        PKINTERRUPT interrupt = nullptr;
        EXPECT_EQ(
            IoConnectInterrupt(&interrupt, &service, &device, nullptr, 0x51, 7, 5, LevelSensitive, TRUE, 1, FALSE),
            STATUS_INVALID_PARAMETER)
            << "the synchronisation level may not be below the interrupt's";
        ASSERT_EQ(
            IoConnectInterrupt(&interrupt, &service, &device, nullptr, 0x51, 7, 8, LevelSensitive, TRUE, 1, FALSE),
            STATUS_SUCCESS);
        device.line = &machine.interrupt_line(0x51);
        device.line->raise();
        machine.settle();
        EXPECT_EQ(device.services, 1);
        EXPECT_EQ(device.irql, 8);
        const KIRQL old = KeAcquireInterruptSpinLock(interrupt);
        device.line->raise();
        machine.preemption_point();
        EXPECT_EQ(device.services, 1) << "masked";
        KeReleaseInterruptSpinLock(interrupt, old);
        EXPECT_EQ(device.services, 2);
        KIRQL seen = 0;
        EXPECT_TRUE(KeSynchronizeExecution(interrupt, &synchronized, &seen));
        EXPECT_EQ(seen, 8);
        IoDisconnectInterrupt(interrupt);
        device.line->raise();
        machine.settle();
        EXPECT_EQ(device.services, 2);
        EXPECT_EQ(kernel().pool.usage().blocks, 0U);
    });
}

TEST_F(Hal, LineAndMessageInterruptsComeFromTheResources) {
    TestDriver driver(&refuse);
    Interrupting device;
    inside([&] {
        DEVICE_OBJECT* physical = make_device(driver);
        alignas(8) UCHAR buffer[sizeof(CM_RESOURCE_LIST) + sizeof(CM_PARTIAL_RESOURCE_DESCRIPTOR)] = {};
        auto* list = reinterpret_cast<CM_RESOURCE_LIST*>(buffer);
        list->Count = 1;
        list->List[0].PartialResourceList.Count = 2;
        auto* entries = list->List[0].PartialResourceList.PartialDescriptors;
        for (ULONG i = 0; i < 2; ++i) {
            entries[i].Type = CmResourceTypeInterrupt;
            entries[i].Flags = CM_RESOURCE_INTERRUPT_MESSAGE | CM_RESOURCE_INTERRUPT_LATCHED;
            entries[i].u.Interrupt.Level = 6;
            entries[i].u.Interrupt.Vector = 0x60 + i;
        }
        device_record(physical).translated_resources.assign(buffer, buffer + sizeof buffer);
        IO_CONNECT_INTERRUPT_PARAMETERS parameters{};
        PIO_INTERRUPT_MESSAGE_INFO table = nullptr;
        parameters.Version = CONNECT_MESSAGE_BASED;
        parameters.MessageBased.PhysicalDeviceObject = physical;
        parameters.MessageBased.ConnectionContext.InterruptMessageTable = &table;
        parameters.MessageBased.MessageServiceRoutine = &message_service;
        parameters.MessageBased.ServiceContext = &device;
        ASSERT_EQ(IoConnectInterruptEx(&parameters), STATUS_SUCCESS);
        EXPECT_EQ(table->MessageCount, 2U);
        machine.interrupt_line(0x61).pulse();
        machine.settle();
        EXPECT_EQ(device.message, 1U);
        IO_DISCONNECT_INTERRUPT_PARAMETERS disconnect{};
        disconnect.Version = CONNECT_MESSAGE_BASED;
        disconnect.ConnectionContext.InterruptMessageTable = table;
        IoDisconnectInterruptEx(&disconnect);

        parameters.Version = CONNECT_LINE_BASED;
        PKINTERRUPT interrupt = nullptr;
        parameters.LineBased = {};
        parameters.LineBased.PhysicalDeviceObject = physical;
        parameters.LineBased.InterruptObject = &interrupt;
        parameters.LineBased.ServiceRoutine = &service;
        EXPECT_EQ(IoConnectInterruptEx(&parameters), STATUS_NOT_FOUND) << "the device has messages only";
        parameters.Version = 99;
        EXPECT_EQ(IoConnectInterruptEx(&parameters), STATUS_NOT_SUPPORTED);
        EXPECT_EQ(parameters.Version, static_cast<ULONG>(CONNECT_CURRENT_VERSION));
        IoDeleteDevice(physical);
        EXPECT_EQ(kernel().pool.usage().blocks, 0U);
    });
}

// IoConnectInterruptEx, all versions that name the interrupt themselves.
TEST_F(Hal, FullySpecifiedInterruptsWithTheirOwnLock) {
    TestDriver driver(&refuse);
    Interrupting device;
    inside([&] {
        DEVICE_OBJECT* physical = make_device(driver);
        KSPIN_LOCK lock = 0;
        PKINTERRUPT interrupt = nullptr;
        for (const ULONG version : {CONNECT_FULLY_SPECIFIED, CONNECT_FULLY_SPECIFIED_GROUP}) {
            IO_CONNECT_INTERRUPT_PARAMETERS parameters{};
            parameters.Version = version;
            parameters.FullySpecified.PhysicalDeviceObject = physical;
            parameters.FullySpecified.InterruptObject = &interrupt;
            parameters.FullySpecified.ServiceRoutine = &service;
            parameters.FullySpecified.ServiceContext = &device;
            parameters.FullySpecified.SpinLock = &lock;
            parameters.FullySpecified.Vector = 0x52;
            parameters.FullySpecified.Irql = 7;
            parameters.FullySpecified.SynchronizeIrql = 6;
            parameters.FullySpecified.InterruptMode = LevelSensitive;
            parameters.FullySpecified.ProcessorEnableMask = 1;
            EXPECT_EQ(IoConnectInterruptEx(&parameters), STATUS_INVALID_PARAMETER) << "synchronised below its level";
            parameters.FullySpecified.SynchronizeIrql = 9;
            ASSERT_EQ(IoConnectInterruptEx(&parameters), STATUS_SUCCESS);
            device.line = &machine.interrupt_line(0x52);
            device.services = 0;
            const KIRQL old = KeAcquireInterruptSpinLock(interrupt);
            EXPECT_EQ(KeGetCurrentIrql(), 9);
            EXPECT_NE(lock, 0U) << "the caller's lock";
            device.line->raise();
            EXPECT_EQ(device.services, 0) << "kept out";
            KeReleaseInterruptSpinLock(interrupt, old);
            machine.settle();
            EXPECT_EQ(device.services, 1);
            EXPECT_EQ(device.irql, 9);
            IO_DISCONNECT_INTERRUPT_PARAMETERS disconnect{};
            disconnect.Version = version;
            disconnect.ConnectionContext.InterruptObject = interrupt;
            IoDisconnectInterruptEx(&disconnect);
        }
        IoDeleteDevice(physical);
        EXPECT_EQ(kernel().pool.usage().blocks, 0U);
    });
}

IO_CONNECT_INTERRUPT_PARAMETERS fully_specified(PKINTERRUPT* interrupt, Interrupting* device) {
    IO_CONNECT_INTERRUPT_PARAMETERS parameters{};
    parameters.Version = CONNECT_FULLY_SPECIFIED;
    parameters.FullySpecified.InterruptObject = interrupt;
    parameters.FullySpecified.ServiceRoutine = &service;
    parameters.FullySpecified.ServiceContext = device;
    parameters.FullySpecified.Vector = 0x53;
    parameters.FullySpecified.Irql = 7;
    parameters.FullySpecified.SynchronizeIrql = 7;
    parameters.FullySpecified.InterruptMode = LevelSensitive;
    parameters.FullySpecified.ProcessorEnableMask = 1;
    parameters.FullySpecified.ShareVector = TRUE;
    return parameters;
}

// ns-wdm-_io_connect_interrupt_parameters: Irql and SynchronizeIrql are DIRQLs, the mask names processors.
// nf-wdm-ioconnectinterrupt: STATUS_INVALID_PARAMETER, "No processors were specified."
TEST_F(Hal, FullySpecifiedInterruptsNeedALevelAndAProcessor) {
    Interrupting device;
    inside([&] {
        PKINTERRUPT interrupt = nullptr;
        for (const int irql : {1, 2, 16, 200}) {
            auto parameters = fully_specified(&interrupt, &device);
            parameters.FullySpecified.Irql = static_cast<KIRQL>(irql);
            parameters.FullySpecified.SynchronizeIrql = static_cast<KIRQL>(irql);
            EXPECT_EQ(IoConnectInterruptEx(&parameters), STATUS_INVALID_PARAMETER) << irql;
        }
        auto parameters = fully_specified(&interrupt, &device);
        parameters.FullySpecified.SynchronizeIrql = 16;
        EXPECT_EQ(IoConnectInterruptEx(&parameters), STATUS_INVALID_PARAMETER);
        parameters = fully_specified(&interrupt, &device);
        parameters.FullySpecified.ProcessorEnableMask = 0;
        EXPECT_EQ(IoConnectInterruptEx(&parameters), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(interrupt, nullptr);
        EXPECT_EQ(kernel().pool.usage().blocks, 0U);
    });
}

// ---- routines at PASSIVE_LEVEL [using-passive-level-interrupt-service-routines]
// --------------------------------------

struct PassiveDevice {
    machine::InterruptLine* line = nullptr;
    KEVENT answered{}; // the routine waits for its device, as over a slow bus
    int services = 0;
    KIRQL irql = 99;
    bool busy = false;
};

BOOLEAN NTAPI passive_service(PKINTERRUPT, PVOID context) {
    auto* device = static_cast<PassiveDevice*>(context);
    device->irql = KeGetCurrentIrql();
    device->busy = true;
    LARGE_INTEGER delay = milliseconds(2);
    KeDelayExecutionThread(KernelMode, FALSE, &delay);
    device->busy = false;
    device->line->lower();
    ++device->services;
    KeSetEvent(&device->answered, 0, FALSE);
    return TRUE;
}

BOOLEAN NTAPI not_while_busy(PVOID context) {
    EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    EXPECT_FALSE(static_cast<PassiveDevice*>(context)->busy);
    return TRUE;
}

IO_CONNECT_INTERRUPT_PARAMETERS passive_parameters(PKINTERRUPT* interrupt, PassiveDevice* device) {
    auto parameters = fully_specified(interrupt, nullptr);
    parameters.FullySpecified.ServiceRoutine = &passive_service;
    parameters.FullySpecified.ServiceContext = device;
    parameters.FullySpecified.Vector = 0x57;
    parameters.FullySpecified.Irql = PASSIVE_LEVEL;
    parameters.FullySpecified.SynchronizeIrql = PASSIVE_LEVEL;
    return parameters;
}

TEST_F(Hal, PassiveRoutinesMayWaitWhileTheirLineIsMasked) {
    PassiveDevice device;
    inside([&] {
        KeInitializeEvent(&device.answered, SynchronizationEvent, FALSE);
        PKINTERRUPT interrupt = nullptr;
        auto wanted = passive_parameters(&interrupt, &device);
        ASSERT_EQ(IoConnectInterruptEx(&wanted), STATUS_SUCCESS);
        device.line = &machine.interrupt_line(0x57);
        for (int round = 1; round <= 3; ++round) {
            device.line->raise(); // stays until the routine has told the device
            EXPECT_EQ(machine.wait_one(&device.answered), STATUS_SUCCESS);
            EXPECT_EQ(device.services, round);
            EXPECT_EQ(device.irql, PASSIVE_LEVEL);
        }
        // An event keeps the routine and the critical section apart.
        device.line->raise();
        while (!device.busy) {
            machine.run_for(machine::nanoseconds_per_millisecond);
        }
        EXPECT_TRUE(KeSynchronizeExecution(interrupt, &not_while_busy, &device));
        EXPECT_EQ(device.services, 4);
        IO_DISCONNECT_INTERRUPT_PARAMETERS end{};
        end.Version = CONNECT_FULLY_SPECIFIED;
        end.ConnectionContext.InterruptObject = interrupt;
        IoDisconnectInterruptEx(&end);
        EXPECT_EQ(kernel().pool.usage().blocks, 0U);
    });
}

// "The caller must not supply a spin lock in this call."
TEST_F(Hal, PassiveRoutinesHaveNoSpinLock) {
    PassiveDevice device;
    PKINTERRUPT interrupt = nullptr;
    inside([&] {
        KSPIN_LOCK lock = 0;
        auto wanted = passive_parameters(&interrupt, &device);
        wanted.FullySpecified.SpinLock = &lock;
        EXPECT_EQ(IoConnectInterruptEx(&wanted), STATUS_INVALID_PARAMETER);
        wanted = passive_parameters(&interrupt, &device);
        wanted.FullySpecified.SynchronizeIrql = 5;
        EXPECT_EQ(IoConnectInterruptEx(&wanted), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(IoConnectInterrupt(&interrupt, &passive_service, &device, nullptr, 0x57, 0, 0, LevelSensitive, TRUE,
                                     1, FALSE),
                  STATUS_INVALID_PARAMETER)
            << "the older function has none";
        wanted = passive_parameters(&interrupt, &device);
        EXPECT_EQ(IoConnectInterruptEx(&wanted), STATUS_SUCCESS);
    });
    expect_bugcheck(0x13B, "KeAcquireInterruptSpinLock", [&] { (void)KeAcquireInterruptSpinLock(interrupt); });
}

// ShareVector "specifies whether the interrupt vector is sharable": both sides have to say so, and to mean the same
// line.
TEST_F(Hal, ConnectedVectorsAreSharedByThoseWhoAgree) {
    Interrupting device;
    inside([&] {
        PKINTERRUPT first = nullptr;
        PKINTERRUPT second = nullptr;
        auto wanted = fully_specified(&first, &device);
        ASSERT_EQ(IoConnectInterruptEx(&wanted), STATUS_SUCCESS);
        const auto refused = [&](auto change) {
            auto other = fully_specified(&second, &device);
            change(other.FullySpecified);
            EXPECT_EQ(IoConnectInterruptEx(&other), STATUS_INVALID_PARAMETER);
        };
        refused([](auto& other) { other.ShareVector = FALSE; });
        refused([](auto& other) { other.InterruptMode = Latched; });
        refused([](auto& other) { other.Irql = 6; });
        EXPECT_EQ(IoConnectInterrupt(&second, &service, &device, nullptr, 0x53, 7, 7, LevelSensitive, FALSE, 1, FALSE),
                  STATUS_INVALID_PARAMETER);
        auto sharing = fully_specified(&second, &device);
        ASSERT_EQ(IoConnectInterruptEx(&sharing), STATUS_SUCCESS);
        IoDisconnectInterrupt(second);
        IoDisconnectInterrupt(first);

        wanted.FullySpecified.ShareVector = FALSE;
        ASSERT_EQ(IoConnectInterruptEx(&wanted), STATUS_SUCCESS);
        refused([](auto&) {});
        IoDisconnectInterrupt(first);
        EXPECT_EQ(kernel().pool.usage().blocks, 0U);
    });
}

// What a device's resources say is held to the same: a second device cannot have the messages of the first.
TEST_F(Hal, MessagesThatBelongToAnotherAreGivenBack) {
    TestDriver driver(&refuse);
    Interrupting device;
    inside([&] {
        DEVICE_OBJECT* physical = make_device(driver);
        alignas(8) UCHAR buffer[sizeof(CM_RESOURCE_LIST) + sizeof(CM_PARTIAL_RESOURCE_DESCRIPTOR)] = {};
        auto* list = reinterpret_cast<CM_RESOURCE_LIST*>(buffer);
        list->Count = 1;
        list->List[0].PartialResourceList.Count = 2;
        auto* entries = list->List[0].PartialResourceList.PartialDescriptors;
        for (ULONG i = 0; i < 2; ++i) {
            entries[i].Type = CmResourceTypeInterrupt;
            entries[i].Flags = CM_RESOURCE_INTERRUPT_MESSAGE | CM_RESOURCE_INTERRUPT_LATCHED;
            entries[i].u.Interrupt.Level = 7;
            entries[i].u.Interrupt.Vector = 0x52 + i;
        }
        device_record(physical).translated_resources.assign(buffer, buffer + sizeof buffer);
        PKINTERRUPT first = nullptr;
        auto wanted = fully_specified(&first, &device); // the vector of the second message
        ASSERT_EQ(IoConnectInterruptEx(&wanted), STATUS_SUCCESS);
        IO_CONNECT_INTERRUPT_PARAMETERS parameters{};
        PIO_INTERRUPT_MESSAGE_INFO table = nullptr;
        parameters.Version = CONNECT_MESSAGE_BASED;
        parameters.MessageBased.PhysicalDeviceObject = physical;
        parameters.MessageBased.ConnectionContext.InterruptMessageTable = &table;
        parameters.MessageBased.MessageServiceRoutine = &message_service;
        parameters.MessageBased.ServiceContext = &device;
        EXPECT_EQ(IoConnectInterruptEx(&parameters), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(table, nullptr);
        EXPECT_TRUE(machine.interrupt_line(0x52).handlers().empty());
        IoDisconnectInterrupt(first);
        IoDeleteDevice(physical);
        EXPECT_EQ(kernel().pool.usage().blocks, 0U);
    });
}

} // namespace
} // namespace openportcls::executive
