// Structured exception handling: made in a thread of the simulated machine, which exceptions belong to.
#include "Inc/Traps.h"

static volatile int zero;
static int* volatile nowhere = (int*)0x10;

static __declspec(noinline) void raise() {
    ExRaiseStatus(STATUS_NO_MEMORY);
}

static int without_exception() {
    int reached = 0;
    __try {
        reached = 1;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        reached = 2;
    }
    int finished = 0;
    __try {
        reached += 2;
    } __finally {
        finished = 1;
    }
    EXPECT(reached == 3 && finished == 1);
    return 0;
}

static int raised_and_finally() {
    NTSTATUS code = STATUS_SUCCESS;
    volatile int order = 0;
    __try {
        __try {
            raise();
            order = 100;
        } __finally {
            order = order * 10 + (AbnormalTermination() ? 1 : 7);
        }
    } __except (code = GetExceptionCode(), EXCEPTION_EXECUTE_HANDLER) {
        order = order * 10 + 2;
    }
    EXPECT(order == 12 && code == STATUS_NO_MEMORY);
    return 0;
}

static int faulted() {
    NTSTATUS code = STATUS_SUCCESS;
    __try {
        *nowhere = 1;
    } __except (GetExceptionCode() == STATUS_ACCESS_VIOLATION ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH) {
        code = GetExceptionCode();
    }
    EXPECT(code == STATUS_ACCESS_VIOLATION);
    return 0;
}

static int left() {
    volatile int steps = 0;
    __try {
        steps = 1;
        if (!zero)
            __leave;
        steps = 2;
    } __finally {
        steps = steps + 10;
    }
    EXPECT(steps == 11);
    return 0;
}

extern "C" int check_exceptions() {
    int (*const checks[])() = {without_exception, raised_and_finally, faulted, left};
    for (ULONG index = 0; index < sizeof(checks) / sizeof(checks[0]); ++index)
        if (int line = checks[index]())
            return line;
    return zero;
}
