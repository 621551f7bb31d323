// Accesses to ports as READ_PORT_UCHAR and its relatives make them, inline: for the exports, and for kernel components
// that would call them.
#pragma once

#include <cstdint>

#include "executive/hal/access_cost.h"
#include "machine/machine.h"

namespace openportcls::executive {

template<class T>
constexpr machine::AccessWidth width_of = static_cast<machine::AccessWidth>(sizeof(T));

// A "port pointer" is the port's number.
inline std::uint64_t port_number(const volatile void* port) {
    return reinterpret_cast<std::uintptr_t>(port) & 0xFFFF;
}

template<class T>
[[gnu::always_inline]] inline T read_claimed(const machine::AddressSpace::Claim& claim, std::uint64_t number) {
    return static_cast<T>(
        claim.device->read_port(claim.range, static_cast<std::uint32_t>(number - claim.begin), width_of<T>));
}
template<class T>
[[gnu::always_inline]] inline void write_claimed(const machine::AddressSpace::Claim& claim, std::uint64_t number,
                                                 T value) {
    machine::Machine::current().ordered_before_interrupts();
    claim.device->write_port(claim.range, static_cast<std::uint32_t>(number - claim.begin), width_of<T>, value);
}

// Whose port is not the one of the last access: last calls, for which the functions below keep no registers.
template<class T>
[[gnu::cold, gnu::noinline]] T NTAPI read_any(std::uint64_t number) {
    const auto* claim = machine::Machine::current().ports().find(number);
    return claim != nullptr ? read_claimed<T>(*claim, number) : static_cast<T>(~T{0}); // the bus floats
}
template<class T>
[[gnu::cold, gnu::noinline]] void NTAPI write_any(std::uint64_t number, T value) {
    if (const auto* claim = machine::Machine::current().ports().find(number)) {
        write_claimed(*claim, number, value);
    }
}

template<class T>
[[gnu::always_inline]] inline T read_port(const volatile T* port) {
    machine::Machine& machine = machine::Machine::current();
    machine.spend(access_cost::port);
    const std::uint64_t number = port_number(port);
    const auto* claim = machine.ports().find_again(number);
    return claim != nullptr ? read_claimed<T>(*claim, number) : read_any<T>(number);
}

template<class T>
[[gnu::always_inline]] inline void write_port(volatile T* port, T value) {
    machine::Machine& machine = machine::Machine::current();
    machine.spend(access_cost::port);
    const std::uint64_t number = port_number(port);
    if (const auto* claim = machine.ports().find_again(number)) {
        write_claimed(*claim, number, value);
    } else {
        write_any(number, value);
    }
}

} // namespace openportcls::executive
