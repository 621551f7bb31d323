// Spin locks of drivers that are held where none may be: the reports.
#pragma once

#include <cstdint>
#include <string_view>

#include "machine/machine.h"

namespace openportcls::machine {

// Bug check 0xC4 with these first parameters, as Driver Verifier has them ("Bug Check 0xC4").
inline constexpr std::uint32_t driver_verifier_detected_violation = 0xC4;
inline constexpr std::uint32_t bad_irql_for_lower_irql = 0x31;
inline constexpr std::uint32_t spin_lock_rule = 0x00040009;

// The lock that this processor took last of those it still holds; its word is null when that is no longer known.
HeldLock latest_held_lock(Machine& machine);

// `what`, a routine of a driver's, has returned with a spin lock that it took ("SpinLock rule (wdm)").
[[noreturn, gnu::cold, gnu::noinline]] void NTAPI spin_lock_kept(Machine& machine, std::string_view what,
                                                                 const void* routine);

// KeLowerIrql was asked to go to an IRQL at which no spin lock is held.
[[noreturn, gnu::cold, gnu::noinline]] void NTAPI lowered_with_spin_lock(Machine& machine, KIRQL wanted);
// A release was, of one lock while another is held: with the old IRQL of that one.
[[noreturn, gnu::cold, gnu::noinline]] void NTAPI released_with_spin_lock(Machine& machine, const void* released,
                                                                          HeldLock::Kind kind, KIRQL wanted);

} // namespace openportcls::machine
