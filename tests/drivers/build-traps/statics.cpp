// Objects with constructors at file scope; Windows drivers avoid them, C++ does not forbid them.
#include "Inc/Traps.h"

static volatile int start = 6;

class CStatic {
public:
    CStatic() : m_Value(start) {}
    int m_Value;
};

static CStatic object;

static int local_static(int value) {
    static int first = value;
    return first;
}

extern "C" int check_statics() {
    EXPECT(object.m_Value == 6);
    EXPECT(local_static(start) == 6 && local_static(9) == 6);
    return 0;
}
