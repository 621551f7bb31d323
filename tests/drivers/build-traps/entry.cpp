#include "INC\traps.h"

// An odd but common signature: the headers must not declare DriverEntry beforehand, and C++ linkage is accepted.
NTSTATUS DriverEntry(PVOID first, PVOID second) {
    UNREFERENCED_PARAMETER(second);
    static int (*const checks[])(void) = {
        check_names,     check_friends, check_dialect, check_types,   check_sections,  check_guids,  check_interfaces,
        check_operators, check_runtime, check_plain_c, check_statics, check_assembler, check_imports};
    for (ULONG index = 0; index < sizeof(checks) / sizeof(checks[0]); ++index)
        if (int line = checks[index]())
            return (LONG)((index + 1) * 10000 + line);
    // Exceptions belong to a thread of the simulated machine, trace messages to its log.
    if (first) {
        if (int line = check_exceptions())
            return (LONG)line;
        if (int line = check_exceptions_plain())
            return (LONG)line;
        if (int line = check_addresses())
            return (LONG)line;
        if (int line = check_traces())
            return (LONG)line;
        DbgPrint("every trap holds\n");
    }
    return STATUS_SUCCESS;
}
