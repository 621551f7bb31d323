// Interlocked operations: which value comes back, at every width.
#include "driver_test.h"

DRIVER_TEST(DriverInterlocked, IncrementAndDecrementReturnTheNewValue) {
    LONG value = 0x7FFFFFFF;
    CHECK(InterlockedIncrement(&value) == (LONG)0x80000000 && value == (LONG)0x80000000);
    CHECK(InterlockedDecrement(&value) == 0x7FFFFFFF);
    value = 1;
    CHECK(InterlockedDecrement(&value) == 0);
    CHECK(InterlockedDecrement(&value) == -1);
    LONG64 wide = 0xFFFFFFFFll;
    CHECK(InterlockedIncrement64(&wide) == 0x100000000ll && wide == 0x100000000ll);
    CHECK(InterlockedDecrement64(&wide) == 0xFFFFFFFFll);
    SHORT narrow[2] = {0x7FFF, 5};
    CHECK(InterlockedIncrement16(&narrow[0]) == (SHORT)0x8000);
    CHECK(InterlockedDecrement16(&narrow[0]) == 0x7FFF);
    narrow[0] = -1;
    CHECK(InterlockedIncrement16(&narrow[0]) == 0 && narrow[1] == 5);
}

DRIVER_TEST(DriverInterlocked, ExchangeReturnsTheOldValue) {
    LONG value = 3;
    CHECK(InterlockedExchange(&value, -9) == 3 && value == -9);
    CHECK(_InterlockedExchange(&value, 4) == -9 && value == 4);
    CHECK(InterlockedExchangeAdd(&value, 6) == 4 && value == 10);
    LONG64 wide = 1ll << 40;
    CHECK(InterlockedExchange64(&wide, -1) == 1ll << 40 && wide == -1);
    CHECK(InterlockedExchangeAdd64(&wide, 3) == -1 && wide == 2);
    SHORT narrow[2] = {7, 5};
    CHECK(InterlockedExchange16(&narrow[0], -2) == 7 && narrow[0] == -2 && narrow[1] == 5);
    PVOID pointer = &value;
    CHECK(InterlockedExchangePointer(&pointer, &wide) == &value && pointer == &wide);
}

DRIVER_TEST(DriverInterlocked, CompareExchangeStoresOnlyWhenEqual) {
    LONG value = 10;
    CHECK(InterlockedCompareExchange(&value, 20, 11) == 10 && value == 10);
    CHECK(InterlockedCompareExchange(&value, 20, 10) == 10 && value == 20);
    SHORT narrow[2] = {10, 5};
    CHECK(InterlockedCompareExchange16(&narrow[0], 20, 11) == 10 && narrow[0] == 10);
    CHECK(InterlockedCompareExchange16(&narrow[0], -20, 10) == 10 && narrow[0] == -20 && narrow[1] == 5);
    LONG64 wide = 10;
    CHECK(InterlockedCompareExchange64(&wide, 20, 11) == 10 && wide == 10);
    CHECK(InterlockedCompareExchange64(&wide, 1ll << 50, 10) == 10 && wide == 1ll << 50);
    PVOID pointer = &value;
    CHECK(InterlockedCompareExchangePointer(&pointer, NULL, &wide) == &value && pointer == &value);
    CHECK(InterlockedCompareExchangePointer(&pointer, NULL, &value) == &value && pointer == NULL);
    __attribute__((aligned(16))) LONG64 pair[2] = {1, 2};
    LONG64 expected[2] = {1, 3};
    CHECK(!InterlockedCompareExchange128(pair, 8, 9, expected) && expected[1] == 2 && pair[0] == 1);
    CHECK(InterlockedCompareExchange128(pair, 8, 9, expected) && pair[0] == 9 && pair[1] == 8);
}

DRIVER_TEST(DriverInterlocked, BitwiseFormsReturnTheOriginal) {
    LONG value = 0x0F0;
    CHECK(InterlockedOr(&value, 0xF00) == 0x0F0 && value == 0xFF0);
    CHECK(InterlockedAnd(&value, 0x0FF) == 0xFF0 && value == 0x0F0);
    CHECK(InterlockedXor(&value, 0x0FF) == 0x0F0 && value == 0x00F);
    CHECK(InterlockedBitTestAndSet(&value, 4) == 0 && value == 0x1F);
    CHECK(InterlockedBitTestAndReset(&value, 0) == 1 && value == 0x1E);
    LONG64 wide = 1;
    CHECK(InterlockedOr64(&wide, 1ll << 63) == 1 && wide < 0);
    CHECK(InterlockedAnd64(&wide, ~1ll) == (LONG64)0x8000000000000001ull);
    ULONG bits = 0x80000001;
    ULONG index = 0;
    CHECK(_BitScanForward(&index, bits) && index == 0);
    CHECK(_BitScanReverse(&index, bits) && index == 31);
    CHECK(!_BitScanForward(&index, 0));
}
