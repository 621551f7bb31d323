// What a driver's privileged instructions do (opc/intrinsics.h). The intrinsics themselves are compiled in
// src/drivertools/tests/dialect_build_test.cpp.
#include "executive/tests/hardware_fixture.h"

#include <cstring>

namespace openportcls::executive {
namespace {

// One processor: `cli` says nothing of the others, which would take the interrupt.
struct ProcessorInstructions : ExecutiveTest {
    static machine::MachineConfig config() {
        machine::MachineConfig config;
        config.processors = 1;
        return config;
    }
    ProcessorInstructions() : ExecutiveTest(config()) {}
};

constexpr ULONG64 flag_interrupts = 0x200;

struct CountingHandler : machine::InterruptHandler {
    machine::InterruptLine* line = nullptr;
    unsigned calls = 0;
};

bool NTAPI count_interrupt(machine::InterruptHandler& handler) {
    auto& own = static_cast<CountingHandler&>(handler);
    ++own.calls;
    own.line->lower();
    return true;
}

void NTAPI count_dpc(PKDPC, PVOID context, PVOID, PVOID) {
    ++*static_cast<unsigned*>(context);
}

TEST_F(ProcessorInstructions, DisablingKeepsInterruptsAndDpcsAwayAtAnyIrql) {
    CountingHandler handler;
    inside([&] {
        auto& line = machine.interrupt_line(17, machine::irql::device_lowest);
        handler.line = &line;
        handler.service = count_interrupt;
        line.connect(handler);
        unsigned dpcs = 0;
        KDPC dpc;
        KeInitializeDpc(&dpc, count_dpc, &dpcs);
        EXPECT_NE(OpcReadFlags() & flag_interrupts, 0U);
        OpcDisableInterrupts();
        EXPECT_EQ(OpcReadFlags() & flag_interrupts, 0U);
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL) << "the flag is not the IRQL";
        line.raise();
        KeInsertQueueDpc(&dpc, nullptr, nullptr);
        KeStallExecutionProcessor(100);
        KIRQL old = 0;
        KeRaiseIrql(HIGH_LEVEL, &old);
        KeLowerIrql(old);
        EXPECT_EQ(handler.calls, 0U);
        EXPECT_EQ(dpcs, 0U);
        OpcEnableInterrupts();
        EXPECT_EQ(handler.calls, 1U);
        EXPECT_EQ(dpcs, 1U);
        OpcWriteFlags(OpcReadFlags() & ~flag_interrupts);
        line.raise();
        EXPECT_EQ(handler.calls, 1U);
        OpcWriteFlags(OpcReadFlags() | flag_interrupts);
        EXPECT_EQ(handler.calls, 2U);
        line.disconnect(handler);
    });
}

// The flags are the thread's: who waits gives the processor away with interrupts on.
TEST_F(ProcessorInstructions, WaitingWithInterruptsDisabledEnds) {
    inside([&] {
        KTIMER timer;
        KeInitializeTimer(&timer);
        OpcDisableInterrupts();
        KeSetTimer(&timer, milliseconds(3), nullptr);
        EXPECT_EQ(KeWaitForSingleObject(&timer, Executive, KernelMode, FALSE, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(OpcReadFlags() & flag_interrupts, 0U);
        OpcEnableInterrupts();
    });
}

TEST_F(ProcessorInstructions, Cr8IsTheIrql) {
    inside([&] {
        unsigned dpcs = 0;
        KDPC dpc;
        KeInitializeDpc(&dpc, count_dpc, &dpcs);
        EXPECT_EQ(OpcReadIrql(), PASSIVE_LEVEL);
        OpcWriteIrql(DISPATCH_LEVEL);
        EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
        KeInsertQueueDpc(&dpc, nullptr, nullptr);
        EXPECT_EQ(dpcs, 0U);
        OpcWriteIrql(PASSIVE_LEVEL);
        EXPECT_EQ(dpcs, 1U);
    });
    expect_bugcheck(0x7E, "__writecr8 was called with 0x10", [] { OpcWriteIrql(0x10); });
    EXPECT_NE(machine.bugcheck_report()->parameters[1], 0U) << "where the exception occurred";
    EXPECT_NE(machine.bugcheck_report()->parameters[1], 0x10U);
}

// Bug check 0x7E: "The address where the exception occurred."
TEST_F(ProcessorInstructions, ABreakpointSaysWhereItIs) {
    expect_bugcheck(0x7E, "breakpoint", [] { asm volatile("int3"); });
    EXPECT_EQ(machine.bugcheck_report()->parameters[0], 0x80000003U);
    const std::uint64_t address = machine.bugcheck_report()->parameters[1];
    EXPECT_EQ(*reinterpret_cast<const unsigned char*>(address), 0xCC);
}

TEST_F(ProcessorInstructions, TheCounterIsTheMachinesTime) {
    inside([&] {
        const auto before = OpcReadTimeStampCounter();
        EXPECT_EQ(before, static_cast<ULONG64>(machine.now()));
        KeStallExecutionProcessor(5);
        EXPECT_EQ(OpcReadTimeStampCounter() - before, 5'010U);
        while (OpcReadTimeStampCounter() - before < 100'000) { // time passes for who only looks at it
        }
    });
}

TEST_F(ProcessorInstructions, CpuidTellsOfTheSameProcessorEverywhere) {
    INT registers[4];
    OpcCpuid(registers, 0, 0);
    EXPECT_EQ(registers[0], 7);
    char vendor[13] = {};
    std::memcpy(vendor, &registers[1], 4);
    std::memcpy(vendor + 4, &registers[3], 4);
    std::memcpy(vendor + 8, &registers[2], 4);
    EXPECT_STREQ(vendor, "OpenPortCls ");
    OpcCpuid(registers, 1, 0);
    EXPECT_NE(registers[3] & 1 << 26, 0) << "SSE2";
    EXPECT_EQ(registers[2] & 1 << 28, 0) << "AVX is not on every x64";
    char name[49] = {};
    for (int part = 0; part < 3; ++part) {
        OpcCpuid(registers, static_cast<INT>(0x80000002U) + part, 0);
        std::memcpy(name + 16 * part, registers, 16);
    }
    EXPECT_STREQ(name, "OpenPortCls simulated x64 processor");
    OpcCpuid(registers, 0x40000000, 0);
    EXPECT_EQ(registers[0] | registers[1] | registers[2] | registers[3], 0);
}

TEST_F(ProcessorInstructions, WhatTheMachineHasNothingForStopsItAndIsNamed) {
    inside([&] {
        const auto before = machine.now();
        OpcFlushCaches();
        EXPECT_GT(machine.now(), before);
    });
    expect_bugcheck(0x7E, "__readmsr(0x1b)", [] { OpcNoSuchInstruction("__readmsr", 0x1B); });
    EXPECT_EQ(machine.bugcheck_report()->parameters[0], 0xC0000096U);
}

} // namespace
} // namespace openportcls::executive
