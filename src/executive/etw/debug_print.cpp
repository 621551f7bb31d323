// DbgPrint and its family. Callable at any IRQL, as the documentation says (wide text only at PASSIVE_LEVEL).
#include <algorithm>
#include <cstring>
#include <string>

#include <fmt/format.h>

#include <ntddk.h>

#include "executive/callers.h"
#include "executive/etw/debug_log.h"
#include "executive/irql_check.h"
#include "executive/rtl/format.h"

using namespace openportcls;
using namespace openportcls::executive;

namespace {

constexpr ULONG default_component = 101;     // DPFLTR_DEFAULT_ID
constexpr ULONG info_level = 3;              // DPFLTR_INFO_LEVEL
constexpr std::size_t longest_message = 512; // bytes that one call sends to a debugger

constexpr std::uint32_t kmode_exception_not_handled = 0x1E;
constexpr std::uint64_t status_breakpoint = 0x80000003;
constexpr std::uint64_t status_assertion_failure = 0xC0000420;

ULONG print(ULONG component, ULONG level, const char* format, OPC_VA_LIST arguments, std::string_view prefix = {}) {
    Etw& log = Etw::current();
    if (!log.passes_filter(component, level)) {
        return STATUS_SUCCESS;
    }
    std::string text = std::string(prefix) + format_message(format, arguments);
    std::erase(text, '\0'); // counted strings often end with one; whoever reads the log would miss what follows
    text.resize(std::min(text.size(), longest_message));
    log.log(LogSource::debug_print, component, level, text);
    return STATUS_SUCCESS;
}

BOOLEAN debugger_enabled = FALSE;
BOOLEAN debugger_not_present = TRUE;

} // namespace

OPC_BEGIN_REMEMBERING_CALLERS

extern "C" {

OPC_EXPORT PBOOLEAN KdDebuggerEnabled = &debugger_enabled;
OPC_EXPORT PBOOLEAN KdDebuggerNotPresent = &debugger_not_present;

ULONG WINAPIV DbgPrint(PCSTR Format, ...) {
    OPC_VA_LIST arguments;
    OPC_VA_START(arguments, Format);
    const ULONG status = print(default_component, info_level, Format, arguments);
    OPC_VA_END(arguments);
    return status;
}

ULONG WINAPIV DbgPrintEx(ULONG ComponentId, ULONG Level, PCSTR Format, ...) {
    OPC_VA_LIST arguments;
    OPC_VA_START(arguments, Format);
    const ULONG status = print(ComponentId, Level, Format, arguments);
    OPC_VA_END(arguments);
    return status;
}

ULONG WINAPIV DbgPrintReturnControlC(PCCH Format, ...) {
    OPC_VA_LIST arguments;
    OPC_VA_START(arguments, Format);
    const ULONG status = print(default_component, info_level, Format, arguments);
    OPC_VA_END(arguments);
    return status;
}

ULONG NTAPI vDbgPrintEx(ULONG ComponentId, ULONG Level, PCCH Format, OPC_VA_LIST arglist) {
    return print(ComponentId, Level, Format, arglist);
}

ULONG NTAPI vDbgPrintExWithPrefix(PCCH Prefix, ULONG ComponentId, ULONG Level, PCCH Format, OPC_VA_LIST arglist) {
    return print(ComponentId, Level, Format, arglist, Prefix == nullptr ? "" : Prefix);
}

ULONG NTAPI DbgPrompt(PCCH Prompt, PCH Response, ULONG Length) {
    // Nobody answers; the line ends all the same.
    Etw::current().log(LogSource::debug_print, default_component, info_level, Prompt);
    Etw::current().flush();
    if (Length != 0) {
        Response[0] = 0;
    }
    return 0;
}

NTSTATUS NTAPI DbgSetDebugFilterState(ULONG ComponentId, ULONG Level, BOOLEAN State) {
    Etw::current().set_filter(ComponentId, Level, State != FALSE);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI DbgQueryDebugFilterState(ULONG ComponentId, ULONG Level) {
    return Etw::current().passes_filter(ComponentId, Level) ? TRUE : FALSE;
}

// Without a debugger a breakpoint is an exception that nobody handles.
VOID NTAPI DbgBreakPoint(VOID) {
    machine::Machine::current().bugcheck(kmode_exception_not_handled, status_breakpoint,
                                         reinterpret_cast<std::uint64_t>(__builtin_return_address(0)), 0, 0,
                                         "The driver stopped at a breakpoint (DbgBreakPoint).");
}

VOID NTAPI DbgBreakPointWithStatus(ULONG Status) {
    machine::Machine::current().bugcheck(kmode_exception_not_handled, status_breakpoint,
                                         reinterpret_cast<std::uint64_t>(__builtin_return_address(0)), 0, Status,
                                         "The driver stopped at a breakpoint (DbgBreakPointWithStatus).");
}

VOID NTAPI RtlAssert(PVOID VoidFailedAssertion, PVOID VoidFileName, ULONG LineNumber, PSTR MutableMessage) {
    // No heap memory: a bugcheck does not come back to free it.
    char buffer[longest_message];
    const auto written = fmt::format_to_n(
        buffer, sizeof buffer, "Assertion failed: {}{}{}{}, {}:{}", static_cast<const char*>(VoidFailedAssertion),
        MutableMessage != nullptr ? " (" : "", MutableMessage != nullptr ? MutableMessage : "",
        MutableMessage != nullptr ? ")" : "", static_cast<const char*>(VoidFileName), LineNumber);
    const std::string_view text(buffer, std::min(written.size, sizeof buffer));
    Etw::current().log(LogSource::debug_print, default_component, 0, text);
    machine::Machine::current().bugcheck(kmode_exception_not_handled, status_assertion_failure,
                                         reinterpret_cast<std::uint64_t>(__builtin_return_address(0)), 0, 0, text);
}

// PAGED_CODE(): a pageable function was entered where a page fault could not be served.
VOID NTAPI OpcPagedCode(PCSTR Function, PCSTR File, ULONG Line) {
    machine::Machine& machine = machine::Machine::current();
    if (machine.irql() <= machine::irql::apc) [[likely]] {
        return;
    }
    constexpr std::uint32_t driver_irql_not_less_or_equal = 0xD1;
    char buffer[longest_message]; // no heap memory: a bugcheck does not come back to free it
    const auto written =
        fmt::format_to_n(buffer, sizeof buffer, "{} is pageable code (PAGED_CODE at {}:{}) and was called at {}.",
                         Function, File, Line, irql_name(machine.irql()));
    const auto caller = reinterpret_cast<std::uint64_t>(__builtin_return_address(0));
    machine.bugcheck(driver_irql_not_less_or_equal, caller, machine.irql(), 8, caller,
                     std::string_view(buffer, std::min(written.size, sizeof buffer)));
}

} // extern "C"

OPC_END_REMEMBERING_CALLERS
