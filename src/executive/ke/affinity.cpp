// Which processors a thread runs on. There is one group; a thread's user affinity is all of it.
#include <wdm.h>

#include "executive/callers.h"
#include "executive/ex/pool.h"
#include "executive/irql_check.h"
#include "executive/kernel.h"
#include "machine/machine.h"

using namespace openportcls;
using executive::Kernel;
using machine::Machine;
using machine::Thread;

// What PsSetSystemMultipleGroupAffinityThread remembers for the way back.
struct _AFFINITY_TOKEN {
    KAFFINITY previous; // 0: the user affinity
    bool is_set;
};

namespace {

constexpr ULONG token_tag = 0x6F547341; // 'AsTo'

std::uint32_t active_processors() {
    const auto count = Machine::current().processors().size();
    return count >= 32 ? Thread::every_processor : (1U << count) - 1;
}

// Only bits of processors there are, and at least one: anything else has no effect.
bool is_valid(KAFFINITY affinity) {
    return affinity != 0 && (affinity & ~KAFFINITY{active_processors()}) == 0;
}

KAFFINITY system_affinity() {
    return Machine::current().current_thread().system_affinity;
}

void set(KAFFINITY affinity) {
    Machine& machine = Machine::current();
    const auto processors = static_cast<std::uint32_t>(affinity);
    machine.current_thread().system_affinity = processors;
    machine.set_affinity(processors == active_processors() ? Thread::every_processor : processors);
}

void revert() {
    Machine& machine = Machine::current();
    machine.current_thread().system_affinity = 0;
    machine.set_affinity(Thread::every_processor);
}

} // namespace

OPC_BEGIN_REMEMBERING_CALLERS

extern "C" {

KAFFINITY NTAPI KeSetSystemAffinityThreadEx(KAFFINITY affinity) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    const KAFFINITY previous = system_affinity();
    if (is_valid(affinity)) {
        set(affinity);
    }
    return previous;
}

void NTAPI KeSetSystemAffinityThread(KAFFINITY affinity) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    (void)KeSetSystemAffinityThreadEx(affinity);
}

void NTAPI KeRevertToUserAffinityThread() {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    if (system_affinity() != 0) {
        revert();
    }
}

// "Has no effect" unless a system affinity was set before.
void NTAPI KeRevertToUserAffinityThreadEx(KAFFINITY affinity) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    if (system_affinity() == 0) {
        return;
    }
    if (affinity == 0) {
        revert();
    } else if (is_valid(affinity)) {
        set(affinity);
    }
}

void NTAPI KeSetSystemGroupAffinityThread(PGROUP_AFFINITY affinity, PGROUP_AFFINITY previous) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    const GROUP_AFFINITY wanted = *affinity; // the same memory may receive the previous one
    const bool valid = wanted.Group == 0 && is_valid(wanted.Mask);
    if (previous != nullptr) {
        *previous = {};
        previous->Mask = valid ? system_affinity() : 0;
    }
    if (valid) {
        set(wanted.Mask);
    }
}

void NTAPI KeRevertToUserGroupAffinityThread(PGROUP_AFFINITY previous) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    if (previous->Group == 0) {
        KeRevertToUserAffinityThreadEx(previous->Mask);
    }
}

NTSTATUS NTAPI PsAllocateAffinityToken(PAFFINITY_TOKEN* token) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    *token = static_cast<PAFFINITY_TOKEN>(Kernel::current().pool.allocate(
        sizeof(AFFINITY_TOKEN), token_tag, executive::PoolKind::non_paged, true, __builtin_return_address(0)));
    if (*token == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    **token = {};
    return STATUS_SUCCESS;
}

void NTAPI PsFreeAffinityToken(PAFFINITY_TOKEN token) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Kernel::current().pool.free(token, token_tag, __func__);
}

NTSTATUS NTAPI PsSetSystemMultipleGroupAffinityThread(PGROUP_AFFINITY affinities, USHORT count, PAFFINITY_TOKEN token) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    KAFFINITY wanted = 0;
    for (USHORT index = 0; index < count; ++index) {
        if (affinities[index].Group != 0) {
            return STATUS_INVALID_PARAMETER;
        }
        wanted |= affinities[index].Mask;
    }
    if (!is_valid(wanted)) {
        return STATUS_INVALID_PARAMETER;
    }
    token->previous = KeSetSystemAffinityThreadEx(wanted);
    token->is_set = true;
    return STATUS_SUCCESS;
}

void NTAPI PsRevertToUserMultipleGroupAffinityThread(PAFFINITY_TOKEN token) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    if (token->is_set) {
        token->is_set = false;
        KeRevertToUserAffinityThreadEx(token->previous);
    }
}

} // extern "C"

OPC_END_REMEMBERING_CALLERS
