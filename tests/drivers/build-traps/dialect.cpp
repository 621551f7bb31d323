// What Microsoft's compilers take and the standard does not.
#include "Inc/Traps.h"

template<class T>
struct Holder {
    typedef T Item;
};

template<class T>
struct Doubler {
    typedef Holder<T>::Item Item; // no typename
    static Item twice(Item value) { return value + value; }
};

class CExtra {
public:
    int CExtra::Qualified(int value) { return value; } // qualified by its own class
};

static int jumps(int value) {
    if (value)
        goto Done; // over an initialiser
    int later = 5;
    value = later;
Done:
    return value;
}

static int helper() {
    return 9;
}

extern "C" int check_dialect() {
    EXPECT(Doubler<int>::twice(4) == 8);
    CExtra extra;
    EXPECT(extra.Qualified(3) == 3);
    EXPECT(jumps(0) == 5 && jumps(2) == 2);
    void* erased = helper; // function pointer to void*
    EXPECT(((int (*)())erased)() == 9);
    for (int index = 0; index < 1; ++index)
        ;
    char* text = "literal"; // to a plain char*
    EXPECT(text[0] == 'l');
    unsigned char narrow[] = {-1}; // narrowing
    EXPECT(narrow[0] == 0xFF);
    return 0;
}
