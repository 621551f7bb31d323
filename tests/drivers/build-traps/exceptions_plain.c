/* In C: `break` and `continue` directly in an exception block leave the loop or switch around it. */
#include "Inc/Traps.h"

static int finally_runs;

static __declspec(noinline) void raise_when(int condition) {
    if (condition)
        ExRaiseStatus(STATUS_NO_MEMORY);
}

static int left_try(void) {
    int sum = 0;
    int index;
    finally_runs = 0;
    for (index = 0; index < 10; ++index) {
        __try {
            if (index == 2)
                continue;
            if (index == 5)
                break;
            sum += index;
        } __finally {
            ++finally_runs;
            if (AbnormalTermination())
                sum += 1000;
        }
        sum += 100;
    }
    EXPECT(index == 5 && sum == 0 + 1 + 3 + 4 + 400 + 2000 && finally_runs == 6);
    return 0;
}

static int left_handler(void) {
    int rounds = 0;
    int after = 0;
    while (rounds < 10) {
        ++rounds;
        __try {
            raise_when(rounds != 2);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            if (rounds == 4)
                break;
            continue;
        }
        ++after;
    }
    EXPECT(rounds == 4 && after == 1);
    return 0;
}

static int left_switch(int way) {
    int steps = 0;
    do {
        switch (way) {
        case 1:
            __try {
                steps = 1;
                break;
            } __finally {
                steps += 10;
            }
            steps += 100;
        case 2:
            __try {
                __try {
                    steps += 2;
                    if (way == 2)
                        continue;
                } __finally {
                    steps += 20;
                }
            } __except (EXCEPTION_EXECUTE_HANDLER) {
                steps += 200;
            }
            break;
        default:
            __try {
                raise_when(1);
            } __finally {
                steps += 30;
                break; /* the exception ends here */
            }
        }
        steps += 1000;
    } while (steps == 0);
    return steps;
}

static int left_to_an_exception(void) {
    int caught = 0;
    int index;
    for (index = 0; index < 3; ++index) {
        __try {
            __try {
                if (index == 1)
                    break;
            } __finally {
                raise_when(index == 1);
            }
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            caught += 1;
        }
    }
    EXPECT(index == 3 && caught == 1);
    return 0;
}

static int with_one_underscore(void) {
    volatile int reached = 0;
    int i;
    _try {
        raise_when(1);
    }
    _except(EXCEPTION_EXECUTE_HANDLER) {
        reached += 1;
    }
    for (i = 0; i < 3; ++i) {
        _try {
            if (i == 1)
                break; /* leaves the loop */
            _leave;
        }
        _finally {
            reached += 10;
        }
    }
    EXPECT(reached == 21 && i == 1);
    return 0;
}

int check_exceptions_plain(void) {
    int line = left_try();
    if (line == 0)
        line = left_handler();
    if (line == 0)
        line = left_to_an_exception();
    if (line == 0)
        line = with_one_underscore();
    if (line != 0)
        return line;
    EXPECT(left_switch(1) == 1011);
    EXPECT(left_switch(2) == 22);
    EXPECT(left_switch(3) == 1030);
    return left_try(); /* nothing is left in the chain */
}
