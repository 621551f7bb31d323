// Processors and affinity. One group; every processor is active from the start.
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
void NTAPI KeInvalidateAllCaches() {}
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
NTSTATUS NTAPI KeSaveExtendedProcessorState(ULONG64, PXSTATE_SAVE) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return STATUS_SUCCESS;
}
void NTAPI KeRestoreExtendedProcessorState(PXSTATE_SAVE) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
}
// What every x64 processor has, and AVX: the same on every host.
ULONG64 NTAPI RtlGetEnabledExtendedFeatures(ULONG64 mask) {
    OPC_REQUIRE_PASSIVE();
    return mask & (XSTATE_MASK_LEGACY | XSTATE_MASK_AVX);
}

} // extern "C"
