#include "executive/ex/exceptions.h"

#include <atomic>
#include <string>

#include <fmt/format.h>

#include "executive/irql_check.h"
#include "executive/kernel.h"
#include "executive/sentence.h"

namespace openportcls::executive {

[[gnu::noinline]] void raise_status(NTSTATUS status, std::string_view rule) {
    auto& machine = machine::Machine::current();
    if (const auto dispatcher = machine.subsystem<Kernel>().exception_dispatcher) {
        dispatcher(status);
    }
    const auto caller = reinterpret_cast<std::uint64_t>(__builtin_return_address(0));
    machine.bugcheck(0x1E /* KMODE_EXCEPTION_NOT_HANDLED */, static_cast<std::uint32_t>(status), caller, 0, 0, rule);
}

void set_exception_dispatcher(ExceptionDispatcher dispatcher) {
    machine::Machine::current().subsystem<Kernel>().exception_dispatcher = dispatcher;
}

} // namespace openportcls::executive

using openportcls::executive::raise_status;

extern "C" {

void NTAPI ExRaiseStatus(NTSTATUS status) {
    raise_status(status,
                 openportcls::executive::Sentence("Nobody handles the exception {:#x} that ExRaiseStatus raised.",
                                                  static_cast<std::uint32_t>(status)));
}

void NTAPI ExRaiseAccessViolation() {
    raise_status(STATUS_ACCESS_VIOLATION, "Nobody handles the access violation that ExRaiseAccessViolation raised.");
}

void NTAPI ExRaiseDatatypeMisalignment() {
    raise_status(STATUS_DATATYPE_MISALIGNMENT, "Nobody handles the exception that ExRaiseDatatypeMisalignment raised.");
}

} // extern "C"
