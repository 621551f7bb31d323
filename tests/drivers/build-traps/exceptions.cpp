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

static int finally_runs;

struct Result {
    int values[6];
};

static __declspec(noinline) Result returned(int way) {
    Result result = {{1}};
    __try {
        Result inner = {{way, 2, 3, 4, 5, way}};
        if (way > 1)
            return inner;
        if (way == 1)
            raise();
    } __finally {
        ++finally_runs;
    }
    return result;
}

static __declspec(noinline) int nested(int way) {
    int order = 1;
    __try {
        __try {
            if (way == 0)
                return 70;
            if (way == 1)
                goto out;
            order = order * 10 + 2;
        } __finally {
            order = order * 10 + 3;
            ++finally_runs;
        }
        if (way == 2)
            return order;
    } __finally {
        order = order * 10 + 4;
        ++finally_runs;
    }
    return order;
out:
    return -order;
}

static int jumped_out_of() {
    finally_runs = 0;
    EXPECT(returned(0).values[0] == 1 && finally_runs == 1);
    EXPECT(returned(4).values[5] == 4 && finally_runs == 2);
    EXPECT(nested(0) == 70 && finally_runs == 4);
    EXPECT(nested(1) == -134 && finally_runs == 6);
    EXPECT(nested(2) == 123 && finally_runs == 8);
    EXPECT(nested(3) == 1234 && finally_runs == 10);
    int sum = 0;
    finally_runs = 0;
    for (int index = 0; index < 10; ++index) {
        __try {
            if (index == 2)
                continue;
            if (index == 5)
                break;
            sum += index;
        } __finally {
            ++finally_runs;
        }
        sum += 100;
    }
    EXPECT(sum == 0 + 1 + 3 + 4 + 400 && finally_runs == 6);
    return 0;
}

static __declspec(noinline) int replaced_by_exception() {
    __try {
        return 1;
    } __finally {
        raise();
    }
    return 2;
}

static int left_to_an_exception() {
    int caught = 0;
    finally_runs = 0;
    __try {
        (void)replaced_by_exception();
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        caught += 1;
    }
    __try {
        (void)returned(1);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        caught += 10;
    }
    // Nothing of what was left is still in the chain.
    __try {
        EXPECT(nested(0) == 70);
        raise();
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        caught += 100;
    }
    EXPECT(caught == 111 && finally_runs == 3);
    return 0;
}

static int with_one_underscore() {
    volatile int reached = 0;
    _try {
        raise();
    }
    _except(GetExceptionCode() == STATUS_NO_MEMORY) {
        reached += 1;
    }
    for (int i = 0; i < 3; ++i) {
        _try {
            if (i == 1)
                _leave;
            if (i == 2)
                break;
            reached += 10;
        }
        _finally {
            reached += 100;
        }
    }
    EXPECT(reached == 311);
    return 0;
}

// CR8 is the IRQL, the flag of interrupts is not, and the counter is the machine's time.
static int privileged_instructions() {
    const ULONG64 before = __rdtsc();
    KeStallExecutionProcessor(3);
    const ULONG64 passed = __rdtsc() - before;
    EXPECT(passed >= 3000 && passed < 4000);
    __writecr8(DISPATCH_LEVEL);
    EXPECT(KeGetCurrentIrql() == DISPATCH_LEVEL && __readcr8() == DISPATCH_LEVEL);
    __writecr8(PASSIVE_LEVEL);
    _disable();
    EXPECT(!(__readeflags() & 0x200) && KeGetCurrentIrql() == PASSIVE_LEVEL);
    _enable();
    EXPECT(__readeflags() & 0x200);
    UCHAR bytes[3] = {0, 0, 0};
    __inbytestring(0x1234, bytes, 3); // nobody's port
    EXPECT(bytes[0] == 0xFF && bytes[2] == 0xFF && __inword(0x1234) == 0xFFFF);
    return 0;
}

extern "C" int check_exceptions() {
    int (*const checks[])() = {
        without_exception,   raised_and_finally,     faulted, left, jumped_out_of, left_to_an_exception,
        with_one_underscore, privileged_instructions};
    for (ULONG index = 0; index < sizeof(checks) / sizeof(checks[0]); ++index)
        if (int line = checks[index]())
            return line;
    return zero;
}
