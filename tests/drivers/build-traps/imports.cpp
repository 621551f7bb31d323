// Addresses of the kernel's functions, and the kernel's variables: both lie in another module.
#include "Inc/Traps.h"
#include <wdmsec.h>

typedef SIZE_T(NTAPI* Compare)(const VOID*, const VOID*, SIZE_T);

typedef struct Dispatch {
    Compare Major[4];
    PVOID Other;
} Dispatch;

static volatile int one = 1;
static Compare const in_a_table = RtlCompareMemory; // filled in by the loader: the kernel's own address

static __declspec(noinline) SIZE_T call(Compare function, const void* left, const void* right) {
    return function(left, right, 4);
}

static __declspec(noinline) Compare chosen(int which) {
    switch (which) {
    case 0:
        return RtlCompareMemory;
    case 1:
        return (Compare)RtlEqualUnicodeString;
    case 2:
        return (Compare)KeInitializeEvent;
    case 3:
        return (Compare)KeSetEvent;
    default:
        return NULL;
    }
}

static __declspec(noinline) SIZE_T tail(const VOID* left, const VOID* right, SIZE_T length) {
    return RtlCompareMemory(left, right, length);
}

static __declspec(noinline) int count_of(const Dispatch* dispatch, Compare function) {
    int count = 0;
    for (int index = 0; index < 4; ++index)
        count += dispatch->Major[index] == function;
    return count;
}

static int functions() {
    Dispatch dispatch = {};
    dispatch.Major[one] = RtlCompareMemory;
    dispatch.Major[3] = RtlCompareMemory;
    dispatch.Other = (PVOID)KeSetEvent;
    EXPECT(dispatch.Major[1] == RtlCompareMemory && dispatch.Major[1] == in_a_table);
    EXPECT(dispatch.Major[0] != RtlCompareMemory);
    EXPECT(count_of(&dispatch, RtlCompareMemory) == 2);
    EXPECT(dispatch.Other == (PVOID)chosen(3) && chosen(one - 1) == in_a_table && chosen(2) != chosen(3));
    EXPECT(dispatch.Major[3]("abcd", "abxy", 4) == 2);
    EXPECT(call(RtlCompareMemory, "abcd", "abcx") == 3);
    EXPECT(call(one ? RtlCompareMemory : tail, "abcd", "xbcx") == 0);
    EXPECT(tail("abcd", "abcd", 4) == 4);
    return 0;
}

static int variables() {
    POBJECT_TYPE* const types[] = {ExEventObjectType, IoFileObjectType};
    EXPECT(types[0] != NULL && *types[0] != NULL && *types[0] != *IoFileObjectType);
    EXPECT(*PsThreadType != *types[one]);
    POBJECT_TYPE** address = &ExEventObjectType;
    EXPECT(**address == *types[0]);
    EXPECT(KdDebuggerEnabled != NULL && *KdDebuggerEnabled == (BOOLEAN) !*KdDebuggerNotPresent);
    const WCHAR* text = SDDL_DEVOBJ_KERNEL_ONLY.Buffer;
    EXPECT(SDDL_DEVOBJ_KERNEL_ONLY.Length == 3 * sizeof(WCHAR) && text[0] == 'D' && text[2] == 'P');
    const UNICODE_STRING* all = &SDDL_DEVOBJ_SYS_ALL;
    EXPECT(all->Length > 0 && all->Buffer[0] == 'D');
    return 0;
}

// In a machine: the kernel itself names the same address.
extern "C" int check_addresses() {
    UNICODE_STRING name;
    RtlInitUnicodeString(&name, L"RtlCompareMemory");
    EXPECT(MmGetSystemRoutineAddress(&name) == (PVOID)RtlCompareMemory);
    RtlInitUnicodeString(&name, L"KeSetEvent");
    EXPECT(MmGetSystemRoutineAddress(&name) == (PVOID)chosen(3));
    return 0;
}

extern "C" int check_imports() {
    if (int line = functions())
        return line;
    return variables();
}
