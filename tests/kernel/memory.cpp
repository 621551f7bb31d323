// Memory macros and the small arithmetic of rtl.h.
#include "driver_test.h"

DRIVER_TEST(DriverMemory, CopyMoveFillZero) {
    UCHAR bytes[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    UCHAR copy[8] = {};
    RtlCopyMemory(copy, bytes, 4);
    CHECK(copy[3] == 4 && copy[4] == 0);
    // Unlike RtlCopyMemory, RtlMoveMemory is defined for blocks that overlap, in both directions.
    RtlMoveMemory(bytes + 2, bytes, 6);
    CHECK(bytes[0] == 1 && bytes[1] == 2 && bytes[2] == 1 && bytes[3] == 2 && bytes[7] == 6);
    RtlMoveMemory(bytes, bytes + 2, 6);
    CHECK(bytes[0] == 1 && bytes[5] == 6 && bytes[7] == 6);
    // The length comes before the value, other than memset has it.
    RtlFillMemory(copy, 3, 0xAB);
    CHECK(copy[0] == 0xAB && copy[2] == 0xAB && copy[3] == 4);
    RtlFillMemory(copy, 1, 0x1FF);
    CHECK(copy[0] == 0xFF);
    RtlZeroMemory(copy + 1, 2);
    CHECK(copy[0] == 0xFF && copy[1] == 0 && copy[2] == 0 && copy[3] == 4);
    RtlZeroMemory(copy, 0);
    CHECK(copy[0] == 0xFF);
    CHECK(RtlSecureZeroMemory(copy, sizeof(copy)) == copy && copy[0] == 0 && copy[3] == 0);
}

DRIVER_TEST(DriverMemory, CompareCountsWhatMatches) {
    const UCHAR left[4] = {1, 2, 3, 4};
    const UCHAR right[4] = {1, 2, 9, 4};
    CHECK(RtlCompareMemory(left, right, 4) == 2);
    CHECK(RtlCompareMemory(left, left, 4) == 4);
    CHECK(RtlCompareMemory(left, right, 0) == 0);
    CHECK(RtlEqualMemory(left, right, 2));
    CHECK(!RtlEqualMemory(left, right, 3));
}

DRIVER_TEST(DriverMemory, UnalignedStoresAndRetrieves) {
    UCHAR bytes[12] = {};
    ULONG value = 0;
    RtlStoreUlong(bytes + 1, 0x11223344);
    CHECK(bytes[1] == 0x44 && bytes[4] == 0x11 && bytes[0] == 0 && bytes[5] == 0);
    RtlRetrieveUlong(&value, bytes + 1);
    CHECK(value == 0x11223344);
    USHORT half = 0;
    RtlStoreUshort(bytes + 7, 0x5566);
    RtlRetrieveUshort(&half, bytes + 7);
    CHECK(half == 0x5566 && bytes[7] == 0x66 && bytes[9] == 0);
    RtlStoreUlonglong(bytes + 3, 0x0102030405060708ull);
    CHECK(bytes[3] == 8 && bytes[10] == 1 && bytes[11] == 0);
}

DRIVER_TEST(DriverMemory, ByteSwapsAndLargeIntegers) {
    CHECK(RtlUshortByteSwap(0x1234) == 0x3412);
    CHECK(RtlUlongByteSwap(0x12345678u) == 0x78563412u);
    CHECK(RtlUlonglongByteSwap(0x0102030405060708ull) == 0x0807060504030201ull);
    CHECK(RtlConvertLongToLargeInteger(-5).QuadPart == -5);
    CHECK(RtlConvertLongToLargeInteger(-5).HighPart == -1);
    CHECK(RtlConvertUlongToLargeInteger(0xFFFFFFFBu).QuadPart == 0xFFFFFFFBll);
    LARGE_INTEGER large;
    large.QuadPart = 0x123456789ll;
    CHECK(large.LowPart == 0x23456789u && large.HighPart == 1);
}

DRIVER_TEST(DriverMemory, BitsAreCountedAndFound) {
    CHECK(RtlNumberOfSetBitsUlongPtr(0xF0F0000000000001ull) == 9);
    CHECK(RtlFindMostSignificantBit(0x0000010000000000ull) == 40);
    CHECK(RtlFindLeastSignificantBit(0x0000010000000000ull) == 40);
    CHECK(RtlFindLeastSignificantBit(0x18) == 3 && RtlFindMostSignificantBit(0x18) == 4);
    CHECK(RtlFindMostSignificantBit(0) == -1 && RtlFindLeastSignificantBit(0) == -1);
}

DRIVER_TEST(DriverMemory, BarriersKeepTheOrder) {
    static volatile LONG data;
    static volatile LONG ready;
    data = 1;
    KeMemoryBarrier();
    ready = 1;
    KeMemoryBarrierWithoutFence();
    CHECK(data == 1 && ready == 1);
    CHECK(ReadULongAcquire((volatile ULONG*)&ready) == 1);
    WriteRelease(&data, 7);
    CHECK(ReadNoFence(&data) == 7 && ReadRaw(&data) == 7);
}
