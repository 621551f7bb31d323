#include "checks.h"

// Each part has a thousand lines of its own.
NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
    static int (*const checks[])(void) = {check_memory,         check_strings,       check_numbers,
                                          check_format,         check_math,          check_large_frame,
                                          check_safe_strings,   check_safe_integers, check_exceptions_c,
                                          check_exceptions_cxx, check_array_forms};
    UNREFERENCED_PARAMETER(DriverObject);
    // The length chooses the part.
    int line = checks[RegistryPath->Length]();
    return line == 0 ? 0 : RegistryPath->Length * 1000 + line;
}
