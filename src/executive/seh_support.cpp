// __try, __except and __finally of drivers compiled from source: the chain behind include/wdk/seh.h.
#include <csignal>
#include <ucontext.h>

#include <ntddk.h>
#include <seh.h>

#include "executive/ex/exceptions.h"
#include "machine/machine.h"

namespace {

using openportcls::machine::Machine;

enum FrameState : LONG { in_chain = 1, ended = 2, left_by_exception = 3, left_by_leave = 4, left_by_jump = 5 };

void*& chain() {
    return Machine::current().current_thread().seh_chain;
}

// __builtin_longjmp restores frame and stack pointer; the function at the other end reloads everything else, so the
// Win64 registers that System V would not keep are safe.
[[noreturn, gnu::noinline]] void jump_to(void** place) {
    __builtin_longjmp(place, 1);
}

// To the newest __except or __finally of the thread; returns when there is none.
void dispatch(NTSTATUS status) {
    auto* frame = static_cast<opc_seh_frame*>(chain());
    if (frame == nullptr) {
        return;
    }
    chain() = frame->previous;
    frame->state = left_by_exception;
    frame->record.ExceptionCode = status;
    jump_to(frame->jump);
}

thread_local NTSTATUS fault_status;

[[noreturn]] void raise_fault() {
    openportcls::executive::raise_status(fault_status, "Nobody handles a fault of the processor.");
}

// A fault under a __try at low IRQL is an exception, as a bad user-mode address is on Windows. The interrupted code
// goes on in raise_fault on its own stack.
bool on_fault(Machine& machine, int signal_number, void*, void* raw_context) {
    if (machine.current_thread().seh_chain == nullptr || machine.irql() > openportcls::machine::irql::apc) {
        return false;
    }
    switch (signal_number) {
    case SIGSEGV:
    case SIGBUS:
        fault_status = STATUS_ACCESS_VIOLATION;
        break;
    case SIGFPE:
        fault_status = STATUS_INTEGER_DIVIDE_BY_ZERO;
        break;
    case SIGILL:
        fault_status = STATUS_ILLEGAL_INSTRUCTION;
        break;
    default:
        return false;
    }
    auto& registers = static_cast<ucontext_t*>(raw_context)->uc_mcontext.gregs;
    constexpr greg_t red_zone = 256;
    registers[REG_RSP] = ((registers[REG_RSP] - red_zone) & ~greg_t{15}) - 8; // as if called
    registers[REG_RIP] = reinterpret_cast<greg_t>(&raise_fault);
    return true;
}

} // namespace

extern "C" {

void OPC_MSABI opc_seh_push(opc_seh_frame* frame) {
    auto& machine = Machine::current();
    frame->previous = static_cast<opc_seh_frame*>(chain());
    frame->state = in_chain;
    frame->record = {};
    frame->pointers = {&frame->record, nullptr};
    chain() = frame;
    openportcls::executive::set_exception_dispatcher(dispatch);
    if (machine.fault_hook() == nullptr) {
        machine.set_fault_hook(on_fault);
    }
}

LONG OPC_MSABI opc_seh_leaving(opc_seh_frame* frame) {
    if (frame->state != in_chain) {
        return 0;
    }
    // A jump past inner blocks leaves their frames above this one: they go with it.
    chain() = frame->previous;
    frame->state = left_by_jump;
    return 1;
}

void OPC_MSABI opc_seh_detour(opc_seh_frame* frame) {
    jump_to(frame->jump);
}

void OPC_MSABI opc_seh_finish(opc_seh_frame* frame) {
    switch (frame->state) {
    case in_chain:
        chain() = frame->previous;
        frame->state = ended;
        jump_to(frame->jump);
    case left_by_jump:
        jump_to(frame->back);
    case left_by_exception:
        openportcls::executive::raise_status(frame->record.ExceptionCode,
                                             "Nobody handles the exception that passed a __finally.");
    default:
        return;
    }
}

LONG OPC_MSABI opc_seh_caught(opc_seh_frame* frame) {
    if (frame->state == left_by_jump) {
        jump_to(frame->back);
    }
    return frame->state == left_by_exception;
}

LONG OPC_MSABI opc_seh_accept(opc_seh_frame* frame, LONG filter) {
    if (filter == EXCEPTION_EXECUTE_HANDLER) {
        frame->state = ended;
        return 1;
    }
    openportcls::executive::raise_status(frame->record.ExceptionCode,
                                         filter == EXCEPTION_CONTINUE_EXECUTION
                                             ? "A __except filter asked to continue the execution."
                                             : "No __except filter accepted the exception.");
}

void OPC_MSABI opc_seh_leave(opc_seh_frame* frame) {
    chain() = frame->previous;
    frame->state = left_by_leave;
    jump_to(frame->jump);
}

} // extern "C"
