// Basic quantities of the machine: time and interrupt request levels.
#pragma once

#include <cstdint>

#include <wdm.h>

// For what hot code calls seldom: it saves and restores all the registers that it uses, so that the caller, whatever
// its own convention is, need keep none for its sake.
#define OPC_KEEPS_REGISTERS __attribute__((preserve_all))

namespace openportcls::machine {

// Nanoseconds since the machine was switched on. Windows sees the same time in 100 ns units.
using Nanoseconds = std::int64_t;

inline constexpr Nanoseconds nanoseconds_per_tick = 100; // Windows' time unit
inline constexpr Nanoseconds nanoseconds_per_millisecond = 1'000'000;
inline constexpr Nanoseconds nanoseconds_per_second = 1'000'000'000;
inline constexpr Nanoseconds never = INT64_MAX;

// The default period of the clock interrupt, 1/64 s (KeQueryTimeIncrement).
inline constexpr Nanoseconds default_clock_interval = 15'625'000;

// Interrupt request levels of x64 Windows ("Managing Hardware Priorities").
namespace irql {
inline constexpr KIRQL passive = 0;
inline constexpr KIRQL apc = 1;
inline constexpr KIRQL dispatch = 2;
inline constexpr KIRQL device_lowest = 3;
inline constexpr KIRQL device_highest = 12;
inline constexpr KIRQL clock = 13;
inline constexpr KIRQL high = 15;
} // namespace irql

// DISPATCHER_HEADER.Type of the objects a thread can wait for. The first two equal EVENT_TYPE.
enum DispatcherObjectType : UCHAR {
    EventNotificationObject = 0,
    EventSynchronizationObject = 1,
    MutantObject = 2,
    SemaphoreObject = 5,
    ThreadObject = 6,
    TimerNotificationObject = 8,
    TimerSynchronizationObject = 9,
};

} // namespace openportcls::machine
