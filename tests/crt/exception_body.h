/* The same checks of structured exceptions for C and C++; EXCEPTION_CHECKS names the function. */
#include "checks.h"

static __attribute__((noinline)) void raise_when(int condition) {
    if (condition)
        ExRaiseStatus(STATUS_NO_MEMORY);
}

static __attribute__((noinline)) int returns_from_inside(void) {
    __try {
        return 5;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return 6;
    }
    return 7;
}

static __attribute__((noinline)) int filtered(NTSTATUS wanted) {
    int steps = 0;
    __try {
        __try {
            steps += 1;
            raise_when(1);
            steps += 100;
        } __except (GetExceptionCode() == wanted ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH) {
            steps += 10;
        }
        steps += 1000;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        steps += 2;
    }
    return steps;
}

static int ran;

static __attribute__((noinline)) int leaves(int way) {
    __try {
        __try {
            if (way == 0)
                return 10;
            if (way == 1)
                goto out;
            raise_when(way == 2);
            ran += 1;
        } __finally {
            ran += 10;
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return 30;
    }
    return 40;
out:
    return 20;
}

int EXCEPTION_CHECKS(void) {
    int steps = 0;
    CHECK(leaves(0) == 10 && ran == 10);
    CHECK(leaves(1) == 20 && ran == 20);
    CHECK(leaves(2) == 30 && ran == 30);
    CHECK(leaves(3) == 40 && ran == 41);
    CHECK(returns_from_inside() == 5);
    __try {
        raise_when(0);
        steps = 1;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        steps = 2;
    }
    CHECK(steps == 1);

    NTSTATUS code = 0;
    __try {
        raise_when(1);
        steps = 3;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        code = GetExceptionCode();
        CHECK(GetExceptionInformation()->ExceptionRecord->ExceptionCode == STATUS_NO_MEMORY);
    }
    CHECK(steps == 1 && code == STATUS_NO_MEMORY);

    CHECK(filtered(STATUS_NO_MEMORY) == 1 + 10 + 1000);
    CHECK(filtered(STATUS_ACCESS_DENIED) == 1 + 2);

    // __finally runs on both ways out, and the exception goes on after it.
    steps = 0;
    for (volatile int raise = 0; raise < 2; ++raise) {
        __try {
            __try {
                raise_when(raise);
                steps += 1;
            } __finally {
                steps += AbnormalTermination() ? 100 : 10;
            }
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            steps += 1000;
        }
    }
    CHECK(steps == 1 + 10 + 100 + 1000);

    steps = 0;
    __try {
        steps = 1;
        if (steps)
            __leave;
        steps = 2;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        steps = 3;
    }
    CHECK(steps == 1);

    // A fault of the processor at low IRQL, and a probe of a user address out of range.
    code = 0;
    __try {
        *(volatile int*)8 = 1;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        code = GetExceptionCode();
    }
    CHECK(code == STATUS_ACCESS_VIOLATION);
    return 0;
}
