// KeWaitForSingleObject and its family.
#include <array>

#include <wdm.h>

#include "executive/ex/asan.h"
#include "executive/irql_check.h"
#include "executive/ke/apcs.h"
#include "executive/ke/time_units.h"
#include "executive/ke/waits.h"

using namespace openportcls;
using machine::Machine;

namespace {

// KTHREAD has this many wait blocks built in; more objects need an array from the caller.
constexpr ULONG thread_wait_objects = 3;

// A wait ends with the clock interrupt at or after its due time.
machine::Nanoseconds due_with_clock(const Machine& machine, LONGLONG due) {
    const machine::Nanoseconds exact = executive::due_to_machine_time(machine, due);
    return exact <= machine.now() ? exact : machine.round_to_clock(exact);
}

machine::Nanoseconds deadline_of(const Machine& machine, const LARGE_INTEGER* timeout) {
    if (timeout == nullptr) {
        return machine::never;
    }
    return timeout->QuadPart == 0 ? machine.now() : due_with_clock(machine, timeout->QuadPart);
}

// Waiting is for threads below DISPATCH_LEVEL; only a look (timeout 0) is allowed there.
bool must_be_below_dispatch(const LARGE_INTEGER* timeout) {
    return timeout == nullptr || timeout->QuadPart != 0;
}

NTSTATUS wait(Machine& machine, std::span<DISPATCHER_HEADER* const> objects, bool all, const LARGE_INTEGER* timeout) {
    for (const DISPATCHER_HEADER* object : objects) {
        executive::require_own_memory(object, sizeof *object, "A wait");
    }
    const machine::Nanoseconds deadline = deadline_of(machine, timeout);
    const NTSTATUS status = executive::awaits_apcs(machine)
                                ? executive::wait_running_apcs(machine, objects, all, deadline)
                                : machine.wait(objects, all, deadline);
    if (status == STATUS_POSSIBLE_DEADLOCK) [[unlikely]] {
        machine.bugcheck(0xEA /* THREAD_STUCK_IN_DEVICE_DRIVER */,
                         reinterpret_cast<std::uint64_t>(&machine.current_thread()),
                         objects.empty() ? 0 : reinterpret_cast<std::uint64_t>(objects[0]), 0, 0,
                         "A thread waits without a timeout and nothing is left that could ever end the wait.");
    }
    return status;
}

[[noreturn]] void too_many_objects(Machine& machine, ULONG count) {
    machine.bugcheck(0x0C /* MAXIMUM_WAIT_OBJECTS_EXCEEDED */, count, 0, 0, 0,
                     "KeWaitForMultipleObjects takes at most 3 objects without a wait block array and 64 with one.");
}

} // namespace

void openportcls::executive::wait_for_ever(Machine& machine, void* object) {
    auto* header = static_cast<DISPATCHER_HEADER*>(object);
    wait(machine, {&header, 1}, false, nullptr);
}

extern "C" {

NTSTATUS NTAPI KeWaitForSingleObject(PVOID object, KWAIT_REASON, KPROCESSOR_MODE, BOOLEAN, PLARGE_INTEGER timeout) {
    auto* header = static_cast<DISPATCHER_HEADER*>(object);
    if (must_be_below_dispatch(timeout) || header->Type == machine::MutantObject) {
        OPC_REQUIRE_APC_OR_BELOW();
    }
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return wait(Machine::current(), {&header, 1}, false, timeout);
}

NTSTATUS NTAPI KeWaitForMultipleObjects(ULONG count, PVOID objects[], WAIT_TYPE type, KWAIT_REASON, KPROCESSOR_MODE,
                                        BOOLEAN, PLARGE_INTEGER timeout, PKWAIT_BLOCK blocks) {
    if (must_be_below_dispatch(timeout)) {
        OPC_REQUIRE_APC_OR_BELOW();
    }
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Machine& machine = Machine::current();
    if (count > MAXIMUM_WAIT_OBJECTS || (blocks == nullptr && count > thread_wait_objects)) [[unlikely]] {
        too_many_objects(machine, count);
    }
    return wait(machine, {reinterpret_cast<DISPATCHER_HEADER**>(objects), count}, type == WaitAll, timeout);
}

NTSTATUS NTAPI KeDelayExecutionThread(KPROCESSOR_MODE, BOOLEAN, PLARGE_INTEGER interval) {
    OPC_REQUIRE_APC_OR_BELOW();
    Machine& machine = Machine::current();
    if (interval->QuadPart == 0) {
        machine.poll();
        machine.yield_thread();
        return STATUS_SUCCESS;
    }
    const machine::Nanoseconds deadline = due_with_clock(machine, interval->QuadPart);
    if (executive::awaits_apcs(machine)) [[unlikely]] {
        executive::wait_running_apcs(machine, {}, false, deadline);
    } else {
        machine.wait({}, false, deadline);
    }
    return STATUS_SUCCESS;
}

void NTAPI OpcYieldProcessor() {
    Machine::current().stall(Machine::poll_cost);
}

void NTAPI KeStallExecutionProcessor(ULONG microseconds) {
    Machine::current().stall(static_cast<machine::Nanoseconds>(microseconds) * 1000);
}

} // extern "C"
