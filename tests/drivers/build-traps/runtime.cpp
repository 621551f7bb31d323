// The C library as the driver's ABI needs it, a stack frame above one page, floating point.
#include "Inc/Traps.h"
#include <math.h>
#include <string.h>

static volatile ULONG one = 1;

static int large_frame() {
    volatile char room[3 * 4096];
    room[one] = 5;
    room[sizeof(room) - one] = 6;
    return room[one] + room[sizeof(room) - one];
}

struct Abstract {
    virtual int call() = 0; // its slot refers to _purecall
    Abstract() {}
};
struct Concrete : Abstract {
    int call() { return 3; }
};

extern "C" int check_runtime() {
    char from[32] = "copied", to[32];
    memcpy(to, from, one * sizeof(from));
    EXPECT(strcmp(to, "copied") == 0);
    memset(to, 0, sizeof(to));
    RtlCopyMemory(to, from, one * 3);
    EXPECT(to[2] == 'p' && to[3] == 0);
    EXPECT(wcslen(L"four") == 4);
    EXPECT(large_frame() == 11);
    double half = 0.5 * one;
    EXPECT(sin(half) > 0.479 && sin(half) < 0.480);
    float single = (float)half * 3.0f;
    EXPECT((int)(single * 2) == 3);
    unsigned long long large = 10000000000ull * one;
    EXPECT(large / 3 == 3333333333ull);
    Concrete concrete;
    Abstract* abstract = &concrete;
    EXPECT(abstract->call() == 3);
    return 0;
}
