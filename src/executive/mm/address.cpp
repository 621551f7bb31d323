// Questions about addresses: physical, valid, user's.
#include <sys/uio.h>
#include <unistd.h>

#include <string>

#include <wdm.h>

#include "executive/callers.h"
#include "executive/ex/exceptions.h"
#include "executive/irql_check.h"
#include "executive/kernel.h"
#include "executive/mm/user_memory.h"
#include "executive/not_done.h"

using namespace openportcls;
using executive::Kernel;

namespace {

// Windows never maps the first 64 KiB.
constexpr std::uintptr_t lowest_valid_address = 0x10000;

void probe(const volatile void* address, SIZE_T bytes, ULONG alignment, machine::Access access) {
    if (bytes == 0) {
        return;
    }
    const auto begin = reinterpret_cast<std::uintptr_t>(address);
    if (alignment != 0 && begin % alignment != 0) {
        executive::raise_status(STATUS_DATATYPE_MISALIGNMENT, "A probed buffer is not aligned as it has to be.");
    }
    if (!executive::is_user_accessible(const_cast<const void*>(address), bytes, access)) {
        executive::raise_status(STATUS_ACCESS_VIOLATION,
                                access == machine::Access::read
                                    ? "ProbeForRead: the buffer is not readable memory of the application."
                                    : "ProbeForWrite: the buffer is not writable memory of the application.");
    }
}

// Reading our own memory through the host's kernel cannot fault.
bool is_readable(const void* address) {
    char byte;
    iovec local{&byte, 1};
    iovec remote{const_cast<void*>(address), 1};
    return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == 1;
}

} // namespace

OPC_BEGIN_REMEMBERING_CALLERS

extern "C" {

PHYSICAL_ADDRESS NTAPI MmGetPhysicalAddress(PVOID address) {
    Kernel& kernel = Kernel::current();
    PHYSICAL_ADDRESS physical;
    const machine::PhysicalAddress mapped = kernel.io_space.physical_of(address);
    physical.QuadPart =
        static_cast<LONGLONG>(mapped != machine::no_address ? mapped : kernel.machine.memory().to_physical(address));
    return physical;
}

PVOID NTAPI MmGetVirtualForPhysical(PHYSICAL_ADDRESS physical) {
    return Kernel::current().machine.memory().to_virtual(static_cast<std::uint64_t>(physical.QuadPart), 1);
}

BOOLEAN NTAPI MmIsAddressValid(PVOID address) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return reinterpret_cast<std::uintptr_t>(address) >= lowest_valid_address && is_readable(address);
}

BOOLEAN NTAPI MmIsNonPagedSystemAddressValid(PVOID address) {
    return MmIsAddressValid(address);
}
BOOLEAN NTAPI MmIsThisAnNtAsSystem() {
    return FALSE;
}
MM_SYSTEMSIZE NTAPI MmQuerySystemSize() {
    return MmLargeSystem;
}

// A list that ends with a zero entry, for the caller to free.
PPHYSICAL_MEMORY_RANGE NTAPI MmGetPhysicalMemoryRanges() {
    OPC_REQUIRE_PASSIVE();
    Kernel& kernel = Kernel::current();
    constexpr ULONG tag = 0x68506D4D; // 'MmPh'
    constexpr LONGLONG ram_begin = 1 << 20;
    auto* ranges = static_cast<PHYSICAL_MEMORY_RANGE*>(kernel.pool.allocate(
        2 * sizeof(PHYSICAL_MEMORY_RANGE), tag, executive::PoolKind::non_paged, true, __builtin_return_address(0)));
    ranges[0].BaseAddress.QuadPart = ram_begin;
    ranges[0].NumberOfBytes.QuadPart = static_cast<LONGLONG>(kernel.machine.memory().size()) - ram_begin;
    return ranges;
}

void NTAPI ProbeForRead(const volatile VOID* address, SIZE_T bytes, ULONG alignment) {
    OPC_REQUIRE_APC_OR_BELOW();
    probe(address, bytes, alignment, machine::Access::read);
}

void NTAPI ProbeForWrite(volatile VOID* address, SIZE_T bytes, ULONG alignment) {
    OPC_REQUIRE_APC_OR_BELOW();
    probe(address, bytes, alignment, machine::Access::write);
}

// Nothing is ever paged out; a section's handle is any address in it.
PVOID NTAPI MmLockPagableDataSection(PVOID address) {
    OPC_REQUIRE_APC_OR_BELOW();
    return address;
}
void NTAPI MmLockPagableSectionByHandle(PVOID) {
    OPC_REQUIRE_APC_OR_BELOW();
}
void NTAPI MmUnlockPagableImageSection(PVOID) {
    OPC_REQUIRE_APC_OR_BELOW();
}
PVOID NTAPI MmPageEntireDriver(PVOID address) {
    OPC_REQUIRE_APC_OR_BELOW();
    return address;
}
void NTAPI MmResetDriverPaging(PVOID) {
    OPC_REQUIRE_APC_OR_BELOW();
}

PVOID NTAPI MmGetSystemRoutineAddress(PUNICODE_STRING name) {
    OPC_REQUIRE_PASSIVE();
    const auto lookup = Kernel::current().export_lookup;
    return lookup != nullptr ? lookup({name->Buffer, name->Length / sizeof(WCHAR)}) : nullptr;
}

HANDLE NTAPI MmSecureVirtualMemory(PVOID address, SIZE_T, ULONG) {
    OPC_REQUIRE_APC_OR_BELOW();
    return address;
}
void NTAPI MmUnsecureVirtualMemory(HANDLE) {
    OPC_REQUIRE_APC_OR_BELOW();
}

// Reserved address ranges would need pages mapped at a place of the driver's choice.
PVOID NTAPI MmAllocateMappingAddress(SIZE_T, ULONG) {
    OPC_REQUIRE_APC_OR_BELOW();
    OPC_NOT_DONE();
    return nullptr;
}
void NTAPI MmFreeMappingAddress(PVOID, ULONG) {
    OPC_REQUIRE_APC_OR_BELOW();
    OPC_NOT_DONE();
}
PVOID NTAPI MmMapLockedPagesWithReservedMapping(PVOID, ULONG, PMDL, MEMORY_CACHING_TYPE) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    OPC_NOT_DONE();
    return nullptr;
}
void NTAPI MmUnmapReservedMapping(PVOID, ULONG, PMDL) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    OPC_NOT_DONE();
}

} // extern "C"

OPC_END_REMEMBERING_CALLERS
