// What instructions that only a kernel may use mean on the machine's processor (opc/intrinsics.h).
#include <wdm.h>

#include "executive/callers.h"
#include "executive/irql_check.h"
#include "executive/kernel.h"
#include "executive/sentence.h"

#include <cstring>

using namespace openportcls;
using executive::Sentence;
using machine::Machine;
namespace irql = machine::irql;

namespace {

constexpr std::uint32_t system_thread_exception_not_handled = 0x7E;
constexpr std::uint64_t status_privileged_instruction = 0xC0000096;

constexpr std::uint64_t flag_always_set = 1U << 1;
constexpr std::uint64_t flag_interrupts = 1U << 9;

// Intel SDM volume 3, 18.17 "Time-stamp counter": this one is invariant, at a tick for each nanosecond.
constexpr machine::Nanoseconds counter_read_cost = 10;
constexpr machine::Nanoseconds cache_flush_cost = 1'000'000; // of a few megabytes

struct Registers {
    std::uint32_t eax, ebx, ecx, edx;
};

constexpr std::uint32_t highest_leaf = 7;
constexpr std::uint32_t first_extended_leaf = 0x80000000;
constexpr std::uint32_t first_name_leaf = 0x80000002;
constexpr std::uint32_t highest_extended_leaf = 0x80000008;

std::uint32_t letters(const char* text) {
    std::uint32_t value = 0;
    std::memcpy(&value, text, sizeof value);
    return value;
}

// A processor with what every x64 that Windows runs on has, and nothing that this host need not have.
// Intel SDM volume 2, "CPUID".
Registers identify(std::uint32_t leaf) {
    constexpr char name[] = "OpenPortCls simulated x64 processor\0\0\0\0\0\0\0\0\0\0\0\0";
    static_assert(sizeof name >= 48);
    switch (leaf) {
    case 0:
        return {highest_leaf, letters("Open"), letters("Cls "), letters("Port")}; // read as ebx, edx, ecx
    case 1:
        // Family 6. cx16, sse3; fpu, tsc, msr, pae, cx8, apic, pge, cmov, pat, clflush, mmx, fxsr, sse, sse2.
        return {0x600, 0x00000800, 1U << 13 | 1U << 0,
                1U << 0 | 1U << 4 | 1U << 5 | 1U << 6 | 1U << 8 | 1U << 9 | 1U << 13 | 1U << 15 | 1U << 16 | 1U << 19 |
                    1U << 23 | 1U << 24 | 1U << 25 | 1U << 26};
    case first_extended_leaf:
        return {highest_extended_leaf, 0, 0, 0};
    case first_extended_leaf + 1:
        return {0, 0, 1U << 0, 1U << 11 | 1U << 20 | 1U << 29}; // lahf; syscall, nx, long mode
    case first_extended_leaf + 7:
        return {0, 0, 0, 1U << 8}; // invariant time stamp counter
    case highest_extended_leaf:
        return {0x3028, 0, 0, 0}; // 48 bits of linear, 40 of physical addresses
    default:
        break;
    }
    if (leaf >= first_name_leaf && leaf < first_name_leaf + 3) {
        const char* const part = name + static_cast<std::size_t>(leaf - first_name_leaf) * sizeof(Registers);
        return {letters(part), letters(part + 4), letters(part + 8), letters(part + 12)};
    }
    return {0, 0, 0, 0};
}

} // namespace

OPC_BEGIN_REMEMBERING_CALLERS

extern "C" {

void NTAPI OpcDisableInterrupts() {
    Machine::current().disable_interrupts();
}

void NTAPI OpcEnableInterrupts() {
    Machine::current().enable_interrupts();
}

ULONG64 NTAPI OpcReadFlags() {
    return flag_always_set | (Machine::current().are_interrupts_enabled() ? flag_interrupts : 0);
}

void NTAPI OpcWriteFlags(ULONG64 flags) {
    if ((flags & flag_interrupts) != 0) {
        OpcEnableInterrupts();
    } else {
        OpcDisableInterrupts();
    }
}

// On x64 the IRQL is the task priority register.
ULONG64 NTAPI OpcReadIrql() {
    return Machine::current().irql();
}

void NTAPI OpcWriteIrql(ULONG64 level) {
    Machine& machine = Machine::current();
    if (level > irql::high) {
        machine.bugcheck(system_thread_exception_not_handled, status_privileged_instruction,
                         reinterpret_cast<std::uint64_t>(__builtin_return_address(0)), level, 0,
                         Sentence("CR8 holds an IRQL, 0 to {}; __writecr8 was called with {:#x}.", irql::high, level));
    }
    const auto wanted = static_cast<KIRQL>(level);
    if (wanted >= machine.irql()) {
        machine.raise_irql(wanted);
    } else {
        machine.lower_irql(wanted);
        machine.follow_affinity();
    }
}

ULONG64 NTAPI OpcReadTimeStampCounter() {
    Machine& machine = Machine::current();
    machine.spend(counter_read_cost);
    return static_cast<ULONG64>(machine.now());
}

void NTAPI OpcCpuid(INT* registers, INT leaf, INT) {
    const Registers result = identify(static_cast<std::uint32_t>(leaf));
    std::memcpy(registers, &result, sizeof result);
}

// The machine's memory is coherent: it takes its time, and orders what was written.
void NTAPI OpcFlushCaches() {
    Machine& machine = Machine::current();
    machine.ordered_before_interrupts();
    machine.spend(cache_flush_cost);
}

void NTAPI OpcNoSuchInstruction(const char* intrinsic, ULONG64 operand) {
    Machine::current().bugcheck(
        system_thread_exception_not_handled, status_privileged_instruction,
        reinterpret_cast<std::uint64_t>(__builtin_return_address(0)), operand, 0,
        Sentence("A driver used {}({:#x}): the simulated processor has nothing that this instruction could reach.",
                 intrinsic, operand));
}

} // extern "C"

OPC_END_REMEMBERING_CALLERS
