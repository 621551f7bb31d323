// Clocks as a driver reads them. All show the machine's time; reading costs a little of it.
#include <wdm.h>

#include "executive/irql_check.h"
#include "executive/ke/time_units.h"
#include "executive/kernel.h"

using namespace openportcls;
using machine::Machine;

namespace {

// The performance counter runs at 10 MHz, as it does on Windows 10 and later.
constexpr LONGLONG performance_frequency = 10'000'000;

LONGLONG read_clock() {
    Machine& machine = Machine::current();
    machine.spend(executive::clock_read_cost);
    return executive::ticks_since_boot(machine);
}

// Without "Precise" in its name a function tells the time of the last clock interrupt.
LONGLONG read_coarse_clock() {
    const LONGLONG exact = read_clock();
    const LONGLONG interval = Machine::current().clock_interval() / machine::nanoseconds_per_tick;
    return exact - exact % interval;
}

} // namespace

extern "C" {

[[gnu::hot]] LARGE_INTEGER NTAPI KeQueryPerformanceCounter(PLARGE_INTEGER frequency) {
    if (frequency != nullptr) {
        frequency->QuadPart = performance_frequency;
    }
    LARGE_INTEGER counter;
    counter.QuadPart = read_clock();
    return counter;
}

void NTAPI KeQuerySystemTime(PLARGE_INTEGER time) {
    time->QuadPart = executive::boot_system_time + read_coarse_clock();
}

void NTAPI KeQuerySystemTimePrecise(PLARGE_INTEGER time) {
    time->QuadPart = executive::boot_system_time + read_clock();
}

ULONGLONG NTAPI KeQueryInterruptTime() {
    return static_cast<ULONGLONG>(read_coarse_clock());
}

ULONGLONG NTAPI KeQueryInterruptTimePrecise(PULONG64 counter) {
    const auto now = static_cast<ULONGLONG>(read_clock());
    if (counter != nullptr) {
        *counter = now;
    }
    return now;
}

// Biased time includes sleep; a machine here never loses time while it sleeps.
ULONGLONG NTAPI KeQueryUnbiasedInterruptTime() {
    return static_cast<ULONGLONG>(read_coarse_clock());
}
ULONGLONG NTAPI KeQueryUnbiasedInterruptTimePrecise(PULONG64 counter) {
    return KeQueryInterruptTimePrecise(counter);
}

// A tick is the default clock interval, whatever resolution is in force (KeQueryTimeIncrement).
void NTAPI KeQueryTickCount(PLARGE_INTEGER count) {
    count->QuadPart = read_clock() / (machine::default_clock_interval / machine::nanoseconds_per_tick);
}

ULONG NTAPI KeQueryTimeIncrement() {
    return static_cast<ULONG>(machine::default_clock_interval / machine::nanoseconds_per_tick);
}

void NTAPI ExSystemTimeToLocalTime(PLARGE_INTEGER system, PLARGE_INTEGER local) {
    *local = *system;
}
void NTAPI ExLocalTimeToSystemTime(PLARGE_INTEGER local, PLARGE_INTEGER system) {
    *system = *local;
}

// Units of 100 ns. The clock can be set to 0.5 ms and to its default, as common hardware can. A request never makes it
// coarser; only when everybody who asked has taken it back does the clock return to its default.
ULONG NTAPI ExSetTimerResolution(ULONG desired, BOOLEAN set) {
    OPC_REQUIRE_APC_OR_BELOW();
    Machine& machine = Machine::current();
    std::uint32_t& requests = executive::Kernel::current().timer_resolution_requests;
    constexpr machine::Nanoseconds finest = 500'000;
    const auto wanted = std::max(static_cast<machine::Nanoseconds>(desired) * machine::nanoseconds_per_tick, finest);
    if (set) {
        ++requests;
        if (wanted < machine.clock_interval()) {
            machine.set_clock_interval(wanted);
        }
    } else if (requests != 0 && --requests == 0) {
        machine.set_clock_interval(machine::default_clock_interval);
    }
    return static_cast<ULONG>(machine.clock_interval() / machine::nanoseconds_per_tick);
}

void NTAPI ExQueryTimerResolution(PULONG coarsest, PULONG finest, PULONG current) {
    *coarsest = static_cast<ULONG>(machine::default_clock_interval / machine::nanoseconds_per_tick);
    *finest = 5'000;
    *current = static_cast<ULONG>(Machine::current().clock_interval() / machine::nanoseconds_per_tick);
}

} // extern "C"
