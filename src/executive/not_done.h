// Exports that are there to be linked against and not done. Each says so itself: `portcls coverage` lists it, and the
// first call by each driver is reported on the error stream and in the trace.
#pragma once

#include <span>

#include <wdm.h>

namespace openportcls::executive {

struct NotDone {
    const char* function;
    bool answers_status; // with STATUS_NOT_IMPLEMENTED; others have no way to, or a documented failure of their own
};

// In the order of the link.
std::span<const NotDone> exports_not_done();

[[gnu::cold, gnu::noinline]] void report_not_done(const char* function, const void* caller);

} // namespace openportcls::executive

// Sanitizers would put space between the entries of the section.
#define OPC_LIST_NOT_DONE(answers_status)                                                                              \
    [[gnu::section("opc_not_done"), gnu::used, gnu::retain,                                                            \
      clang::no_sanitize("address")]] static const ::openportcls::executive::NotDone opc_not_done = {__func__,         \
                                                                                                     answers_status};  \
    ::openportcls::executive::report_not_done(__func__, __builtin_return_address(0))

// The first statement of a function whose result cannot say it.
#define OPC_NOT_DONE() OPC_LIST_NOT_DONE(false)

#define OPC_RETURN_NOT_IMPLEMENTED()                                                                                   \
    OPC_LIST_NOT_DONE(true);                                                                                           \
    return STATUS_NOT_IMPLEMENTED
