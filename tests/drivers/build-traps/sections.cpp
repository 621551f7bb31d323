// Annotations that vanish, sections that stay.
#include "Inc/Traps.h"

#pragma warning(push)
#pragma warning(disable : 4100 4201)
#pragma prefast(disable : 28101, "why")

_IRQL_requires_(PASSIVE_LEVEL) _Must_inspect_result_
    static int annotated(_In_reads_bytes_(size) const void* data, _Inout_opt_ int* out, _In_ ULONG size) {
    if (out)
        *out = 1;
    return data != NULL && size != 0;
}

#pragma code_seg("PAGE")
__declspec(noinline) int paged_function(int value) {
    return value + 1;
}
#pragma code_seg()

#pragma code_seg(push, "INIT")
__declspec(noinline) int init_function(int value) {
    return value + 2;
}
#pragma code_seg(pop)

__declspec(code_seg("PAGE")) __declspec(noinline) int also_paged(int value) {
    return value + 3;
}

extern "C" int alloc_text_function(int value);
#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGE, alloc_text_function)
#endif
extern "C" __declspec(noinline) int alloc_text_function(int value) {
    return value + 4;
}
#pragma warning(pop)

extern "C" int check_sections() {
    int out = 0;
    EXPECT(annotated("x", &out, 1) == 1 && out == 1);
    EXPECT(paged_function(1) == 2 && init_function(1) == 3 && also_paged(1) == 4 && alloc_text_function(1) == 5);
    return 0;
}
