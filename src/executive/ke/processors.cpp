// Processors and affinity. One group; every processor is active from the start.
#include <cstdint>
#include <cstring>

#include <wdm.h>

#include "executive/irql_check.h"

using namespace openportcls;
using machine::Machine;

namespace {

ULONG processor_count() {
    return static_cast<ULONG>(Machine::current().processors().size());
}
KAFFINITY all_processors() {
    return (1ULL << processor_count()) - 1;
}
ULONG count_of_group(USHORT group) {
    return group == 0 || group == ALL_PROCESSOR_GROUPS ? processor_count() : 0;
}

// Bits of an XSAVE mask.
constexpr ULONG64 legacy_floating_point = 1;
constexpr ULONG64 legacy_sse = 2;

// What XSTATE_SAVE, which drivers do not look into, holds.
struct SavedControlWords {
    ULONG64 mask;
    std::uint32_t mxcsr;
    std::uint16_t x87;
};
static_assert(sizeof(SavedControlWords) <= sizeof(XSTATE_SAVE));

#if defined(__x86_64__)
std::uint32_t read_mxcsr() {
    std::uint32_t value = 0;
    __asm__ volatile("stmxcsr %0" : "=m"(value));
    return value;
}
void write_mxcsr(std::uint32_t value) {
    __asm__ volatile("ldmxcsr %0" : : "m"(value));
}
std::uint16_t read_x87_control_word() {
    std::uint16_t value = 0;
    __asm__ volatile("fnstcw %0" : "=m"(value));
    return value;
}
void write_x87_control_word(std::uint16_t value) {
    __asm__ volatile("fldcw %0" : : "m"(value));
}
#else
std::uint32_t read_mxcsr() {
    return 0;
}
void write_mxcsr(std::uint32_t) {}
std::uint16_t read_x87_control_word() {
    return 0;
}
void write_x87_control_word(std::uint16_t) {}
#endif

} // namespace

extern "C" {

ULONG NTAPI KeGetCurrentProcessorNumber() {
    return Machine::current().processor().number;
}
ULONG NTAPI KeGetCurrentProcessorIndex() {
    return Machine::current().processor().number;
}

ULONG NTAPI KeGetCurrentProcessorNumberEx(PPROCESSOR_NUMBER number) {
    const unsigned index = Machine::current().processor().number;
    if (number != nullptr) {
        *number = {0, static_cast<UCHAR>(index), 0};
    }
    return index;
}

KAFFINITY NTAPI KeQueryActiveProcessors() {
    return all_processors();
}
USHORT NTAPI KeQueryActiveGroupCount() {
    return 1;
}

USHORT NTAPI KeQueryMaximumGroupCount() {
    return 1;
}
KAFFINITY NTAPI KeQueryGroupAffinity(USHORT group) {
    return group == 0 ? all_processors() : 0;
}
// One node: all memory is equally far.
USHORT NTAPI KeGetCurrentNodeNumber() {
    return 0;
}
USHORT NTAPI KeQueryHighestNodeNumber() {
    return 0;
}

ULONG NTAPI KeQueryActiveProcessorCount(PKAFFINITY active) {
    if (active != nullptr) {
        *active = all_processors();
    }
    return processor_count();
}

ULONG NTAPI KeQueryActiveProcessorCountEx(USHORT group) {
    return count_of_group(group);
}
ULONG NTAPI KeQueryMaximumProcessorCount() {
    return processor_count();
}
ULONG NTAPI KeQueryMaximumProcessorCountEx(USHORT group) {
    return count_of_group(group);
}

NTSTATUS NTAPI KeGetProcessorNumberFromIndex(ULONG index, PPROCESSOR_NUMBER number) {
    if (index >= processor_count()) {
        return STATUS_INVALID_PARAMETER;
    }
    *number = {0, static_cast<UCHAR>(index), 0};
    return STATUS_SUCCESS;
}

ULONG NTAPI KeGetProcessorIndexFromNumber(PPROCESSOR_NUMBER number) {
    constexpr ULONG invalid_processor_index = 0xFFFFFFFF;
    return number->Group == 0 && number->Number < processor_count() ? number->Number : invalid_processor_index;
}

ULONG NTAPI KeGetRecommendedSharedDataAlignment() {
    return SYSTEM_CACHE_ALIGNMENT_SIZE;
}
// One host processor runs all of the machine's: nothing is stale anywhere.
void NTAPI KeInvalidateAllCaches() {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
}
void NTAPI KeFlushIoBuffers(struct _MDL*, BOOLEAN, BOOLEAN) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
}

// x64 kernels save the SSE state of a thread with the thread: nothing to do, as on Windows x64.
NTSTATUS NTAPI KeSaveFloatingPointState(PKFLOATING_SAVE save) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    save->Dummy = 0;
    return STATUS_SUCCESS;
}
NTSTATUS NTAPI KeRestoreFloatingPointState(PKFLOATING_SAVE) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return STATUS_SUCCESS;
}
// Of what XSAVE keeps, the contents of registers are the caller's to lose at any call; what stays between calls are the
// control words: rounding, exception masks, flushing of denormals.
NTSTATUS NTAPI KeSaveExtendedProcessorState(ULONG64 mask, PXSTATE_SAVE save) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    SavedControlWords words{mask, read_mxcsr(), read_x87_control_word()};
    std::memcpy(save, &words, sizeof words);
    return STATUS_SUCCESS;
}
void NTAPI KeRestoreExtendedProcessorState(PXSTATE_SAVE save) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    SavedControlWords words;
    std::memcpy(&words, save, sizeof words);
    if ((words.mask & legacy_sse) != 0) {
        write_mxcsr(words.mxcsr);
    }
    if ((words.mask & legacy_floating_point) != 0) {
        write_x87_control_word(words.x87);
    }
}
// What every x64 processor has, and AVX: the same on every host.
ULONG64 NTAPI RtlGetEnabledExtendedFeatures(ULONG64 mask) {
    OPC_REQUIRE_PASSIVE();
    return mask & (XSTATE_MASK_LEGACY | XSTATE_MASK_AVX);
}

} // extern "C"
