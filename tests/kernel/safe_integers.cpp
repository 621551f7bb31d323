// ntintsafe.h: every conversion against plain 128-bit arithmetic at the edges of both types, every operation likewise.
#include <ntintsafe.h>

#include "driver_test.h"

typedef __int128 Wide;

template<class T>
struct Limits {
    static const bool is_signed = (T)-1 < (T)0;
    static Wide lowest() { return is_signed ? -((Wide)1 << (sizeof(T) * 8 - 1)) : 0; }
    static Wide highest() { return ((Wide)1 << (sizeof(T) * 8 - is_signed)) - 1; }
    static bool holds(Wide value) { return value >= lowest() && value <= highest(); }
};

template<class From, class To>
static bool converts(NTSTATUS (*convert)(From, To*)) {
    const Wide edges[] = {0,
                          1,
                          -1,
                          Limits<From>::lowest(),
                          Limits<From>::highest(),
                          Limits<To>::lowest(),
                          Limits<To>::highest(),
                          Limits<To>::lowest() - 1,
                          Limits<To>::highest() + 1};
    for (Wide edge : edges) {
        if (!Limits<From>::holds(edge)) {
            continue;
        }
        To result = 0;
        const NTSTATUS status = convert((From)edge, &result);
        const bool right = Limits<To>::holds(edge) ? status == STATUS_SUCCESS && (Wide)result == edge
                                                   : status == STATUS_INTEGER_OVERFLOW && result == (To)-1;
        if (!right) {
            return false;
        }
    }
    return true;
}

template<class T>
static bool calculates(NTSTATUS (*add)(T, T, T*), NTSTATUS (*subtract)(T, T, T*), NTSTATUS (*multiply)(T, T, T*)) {
    const T edges[] = {(T)0, (T)1, (T)2, (T)-1, (T)Limits<T>::lowest(), (T)Limits<T>::highest(), (T)100};
    for (T left : edges) {
        for (T right : edges) {
            const Wide exact[3] = {(Wide)left + right, (Wide)left - right, (Wide)left * right};
            NTSTATUS (*const operations[3])(T, T, T*) = {add, subtract, multiply};
            for (int index = 0; index < 3; ++index) {
                // 64 by 64 bits without a sign do not fit 128 bits with one.
                const bool huge = index == 2 && !Limits<T>::is_signed && sizeof(T) == 8 && left > 2 && right > 2;
                if (huge && !(left == 100 && right == 100)) {
                    continue;
                }
                T result = 0;
                const NTSTATUS status = operations[index](left, right, &result);
                const bool right_answer = Limits<T>::holds(exact[index])
                                              ? status == STATUS_SUCCESS && (Wide)result == exact[index]
                                              : status == STATUS_INTEGER_OVERFLOW;
                if (!right_answer) {
                    return false;
                }
            }
        }
    }
    return true;
}

// The conversions that ntintsafe.h documents, by the type they start from. (One from a type to a wider one of the same
// kind needs no check and has no function.)
DRIVER_TEST(DriverSafeIntegers, ConversionsOfSmallTypes) {
    CHECK(converts(&RtlByteToChar) && converts(&RtlByteToInt8));
    CHECK(converts(&RtlInt8ToUChar) && converts(&RtlInt8ToUInt8) && converts(&RtlInt8ToUShort));
    CHECK(converts(&RtlInt8ToUInt) && converts(&RtlInt8ToUIntPtr) && converts(&RtlInt8ToULong));
    CHECK(converts(&RtlInt8ToULongPtr) && converts(&RtlInt8ToULongLong));
    CHECK(converts(&RtlUInt8ToChar) && converts(&RtlUInt8ToInt8));
    CHECK(converts(&RtlShortToChar) && converts(&RtlShortToInt8) && converts(&RtlShortToUChar));
    CHECK(converts(&RtlShortToUInt8) && converts(&RtlShortToUShort) && converts(&RtlShortToUInt));
    CHECK(converts(&RtlShortToUIntPtr) && converts(&RtlShortToULong) && converts(&RtlShortToULongPtr));
    CHECK(converts(&RtlShortToDWordPtr) && converts(&RtlShortToULongLong));
    CHECK(converts(&RtlUShortToChar) && converts(&RtlUShortToInt8) && converts(&RtlUShortToUChar));
    CHECK(converts(&RtlUShortToUInt8) && converts(&RtlUShortToShort));
}

DRIVER_TEST(DriverSafeIntegers, ConversionsOfIntAndLong) {
    CHECK(converts(&RtlIntToChar) && converts(&RtlIntToInt8) && converts(&RtlIntToUChar));
    CHECK(converts(&RtlIntToUInt8) && converts(&RtlIntToShort) && converts(&RtlIntToUShort));
    CHECK(converts(&RtlIntToUInt) && converts(&RtlIntToULong) && converts(&RtlIntToULongLong));
    CHECK(converts(&RtlUIntToChar) && converts(&RtlUIntToInt8) && converts(&RtlUIntToUChar));
    CHECK(converts(&RtlUIntToShort) && converts(&RtlUIntToUShort) && converts(&RtlUIntToInt));
    CHECK(converts(&RtlUIntToIntPtr) && converts(&RtlUIntToLong) && converts(&RtlUIntToLongPtr));
    CHECK(converts(&RtlLongToChar) && converts(&RtlLongToUChar) && converts(&RtlLongToShort));
    CHECK(converts(&RtlLongToUShort) && converts(&RtlLongToInt) && converts(&RtlLongToUInt));
    CHECK(converts(&RtlLongToULong) && converts(&RtlLongToUIntPtr) && converts(&RtlLongToIntPtr));
    CHECK(converts(&RtlLongToULongPtr) && converts(&RtlLongToULongLong));
    CHECK(converts(&RtlULongToChar) && converts(&RtlULongToUChar) && converts(&RtlULongToShort));
    CHECK(converts(&RtlULongToUShort) && converts(&RtlULongToInt) && converts(&RtlULongToUInt));
    CHECK(converts(&RtlULongToIntPtr) && converts(&RtlULongToUIntPtr) && converts(&RtlULongToLong));
    CHECK(converts(&RtlULongToLongPtr));
}

DRIVER_TEST(DriverSafeIntegers, ConversionsOfPointerSizedTypes) {
    CHECK(converts(&RtlIntPtrToChar) && converts(&RtlIntPtrToUChar) && converts(&RtlIntPtrToShort));
    CHECK(converts(&RtlIntPtrToUShort) && converts(&RtlIntPtrToInt) && converts(&RtlIntPtrToUInt));
    CHECK(converts(&RtlIntPtrToUIntPtr) && converts(&RtlIntPtrToLong) && converts(&RtlIntPtrToULong));
    CHECK(converts(&RtlIntPtrToULongPtr) && converts(&RtlIntPtrToULongLong) && converts(&RtlIntPtrToLongPtr));
    CHECK(converts(&RtlUIntPtrToInt) && converts(&RtlUIntPtrToUInt) && converts(&RtlUIntPtrToIntPtr));
    CHECK(converts(&RtlUIntPtrToLong) && converts(&RtlUIntPtrToULong) && converts(&RtlUIntPtrToLongLong));
    CHECK(converts(&RtlUIntPtrToInt16) && converts(&RtlUIntPtrToUInt16) && converts(&RtlUIntPtrToLongPtr));
    CHECK(converts(&RtlLongPtrToLong) && converts(&RtlLongPtrToULong) && converts(&RtlLongPtrToULongPtr));
    CHECK(converts(&RtlLongPtrToULongLong) && converts(&RtlLongPtrToUIntPtr) && converts(&RtlLongPtrToIntPtr));
    CHECK(converts(&RtlULongPtrToLong) && converts(&RtlULongPtrToULong) && converts(&RtlULongPtrToLongPtr));
    CHECK(converts(&RtlULongPtrToLongLong) && converts(&RtlULongPtrToIntPtr) && converts(&RtlULongPtrToUIntPtr));
}

DRIVER_TEST(DriverSafeIntegers, ConversionsOfLongLong) {
    CHECK(converts(&RtlLongLongToChar) && converts(&RtlLongLongToInt8) && converts(&RtlLongLongToUChar));
    CHECK(converts(&RtlLongLongToShort) && converts(&RtlLongLongToUShort) && converts(&RtlLongLongToInt));
    CHECK(converts(&RtlLongLongToUInt) && converts(&RtlLongLongToLong) && converts(&RtlLongLongToULong));
    CHECK(converts(&RtlLongLongToULongLong) && converts(&RtlLongLongToIntPtr) && converts(&RtlLongLongToLongPtr));
    CHECK(converts(&RtlULongLongToChar) && converts(&RtlULongLongToUChar) && converts(&RtlULongLongToShort));
    CHECK(converts(&RtlULongLongToUShort) && converts(&RtlULongLongToInt) && converts(&RtlULongLongToUInt));
    CHECK(converts(&RtlULongLongToLong) && converts(&RtlULongLongToULong) && converts(&RtlULongLongToLongLong));
    CHECK(converts(&RtlULongLongToLongPtr) && converts(&RtlULongLongToUIntPtr) && converts(&RtlULongLongToULongPtr));
    ULONG result = 0;
    CHECK(RtlLongLongToULong(0x100000000ll, &result) == STATUS_INTEGER_OVERFLOW && result == ULONG_ERROR);
}

DRIVER_TEST(DriverSafeIntegers, Arithmetic) {
    CHECK(calculates(&RtlInt8Add, &RtlInt8Sub, &RtlInt8Mult) && calculates(&RtlUInt8Add, &RtlUInt8Sub, &RtlUInt8Mult));
    CHECK(calculates(&RtlShortAdd, &RtlShortSub, &RtlShortMult));
    CHECK(calculates(&RtlUShortAdd, &RtlUShortSub, &RtlUShortMult));
    CHECK(calculates(&RtlIntAdd, &RtlIntSub, &RtlIntMult) && calculates(&RtlUIntAdd, &RtlUIntSub, &RtlUIntMult));
    CHECK(calculates(&RtlLongAdd, &RtlLongSub, &RtlLongMult) && calculates(&RtlULongAdd, &RtlULongSub, &RtlULongMult));
    CHECK(calculates(&RtlIntPtrAdd, &RtlIntPtrSub, &RtlIntPtrMult));
    CHECK(calculates(&RtlUIntPtrAdd, &RtlUIntPtrSub, &RtlUIntPtrMult));
    CHECK(calculates(&RtlLongPtrAdd, &RtlLongPtrSub, &RtlLongPtrMult));
    CHECK(calculates(&RtlULongPtrAdd, &RtlULongPtrSub, &RtlULongPtrMult));
    CHECK(calculates(&RtlDWordPtrAdd, &RtlDWordPtrSub, &RtlDWordPtrMult));
    CHECK(calculates(&RtlSizeTAdd, &RtlSizeTSub, &RtlSizeTMult));
    CHECK(calculates(&RtlSSIZETAdd, &RtlSSIZETSub, &RtlSSIZETMult));
    CHECK(calculates(&RtlPtrdiffTAdd, &RtlPtrdiffTSub, &RtlPtrdiffTMult));
    CHECK(calculates(&RtlLongLongAdd, &RtlLongLongSub, &RtlLongLongMult));
    CHECK(calculates(&RtlULongLongAdd, &RtlULongLongSub, &RtlULongLongMult));
    SIZE_T size = 0;
    CHECK(RtlSizeTMult(1ull << 63, 2, &size) == STATUS_INTEGER_OVERFLOW && size == SIZET_ERROR);
    CHECK(RtlULongLongMult(1ull << 32, 1ull << 32, &size) == STATUS_INTEGER_OVERFLOW);
}
