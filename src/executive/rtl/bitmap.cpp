// RTL_BITMAP.
#include <bit>
#include <utility>

#include <ntddk.h>

namespace {

constexpr ULONG bits_per_word = 32;
constexpr ULONG not_found = 0xFFFFFFFF;

bool test(const RTL_BITMAP* map, ULONG bit) {
    return (map->Buffer[bit / bits_per_word] >> (bit % bits_per_word) & 1) != 0;
}

void assign(const RTL_BITMAP* map, ULONG bit, bool value) {
    const ULONG mask = 1u << (bit % bits_per_word);
    ULONG& word = map->Buffer[bit / bits_per_word];
    word = value ? word | mask : word & ~mask;
}

void assign_range(const RTL_BITMAP* map, ULONG start, ULONG count, bool value) {
    for (ULONG bit = start; bit < map->SizeOfBitMap && bit - start < count; ++bit) {
        assign(map, bit, value);
    }
}

bool all_are(const RTL_BITMAP* map, ULONG start, ULONG count, bool value) {
    if (count == 0 || start >= map->SizeOfBitMap || count > map->SizeOfBitMap - start) {
        return false;
    }
    for (ULONG bit = start; bit < start + count; ++bit) {
        if (test(map, bit) != value) {
            return false;
        }
    }
    return true;
}

// From the hint to the end, then from the start.
ULONG find(const RTL_BITMAP* map, ULONG count, ULONG hint, bool value) {
    const ULONG size = map->SizeOfBitMap;
    if (hint >= size) {
        hint = 0;
    }
    if (count == 0) {
        return hint & ~7u; // as documented: the hint, rounded down to a byte
    }
    for (const auto& [begin, end] : {std::pair{hint, size}, std::pair{0u, size}}) {
        ULONG run = 0;
        for (ULONG bit = begin; bit < end; ++bit) {
            run = test(map, bit) == value ? run + 1 : 0;
            if (run == count) {
                return bit + 1 - count;
            }
        }
    }
    return not_found;
}

ULONG count_set(const RTL_BITMAP* map) {
    ULONG count = 0;
    for (ULONG bit = 0; bit < map->SizeOfBitMap; ++bit) {
        count += test(map, bit) ? 1 : 0;
    }
    return count;
}

} // namespace

extern "C" {

VOID NTAPI RtlInitializeBitMap(PRTL_BITMAP BitMapHeader, PULONG BitMapBuffer, ULONG SizeOfBitMap) {
    BitMapHeader->SizeOfBitMap = SizeOfBitMap;
    BitMapHeader->Buffer = BitMapBuffer;
}

VOID NTAPI RtlClearAllBits(PRTL_BITMAP BitMapHeader) {
    const ULONG words = (BitMapHeader->SizeOfBitMap + bits_per_word - 1) / bits_per_word;
    RtlZeroMemory(BitMapHeader->Buffer, words * sizeof(ULONG));
}

VOID NTAPI RtlSetAllBits(PRTL_BITMAP BitMapHeader) {
    const ULONG words = (BitMapHeader->SizeOfBitMap + bits_per_word - 1) / bits_per_word;
    RtlFillMemory(BitMapHeader->Buffer, words * sizeof(ULONG), 0xFF);
}

VOID NTAPI RtlSetBits(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG NumberToSet) {
    assign_range(BitMapHeader, StartingIndex, NumberToSet, true);
}

VOID NTAPI RtlClearBits(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG NumberToClear) {
    assign_range(BitMapHeader, StartingIndex, NumberToClear, false);
}

VOID NTAPI RtlSetBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber) {
    assign(BitMapHeader, BitNumber, true);
}

VOID NTAPI RtlClearBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber) {
    assign(BitMapHeader, BitNumber, false);
}

BOOLEAN NTAPI RtlTestBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber) {
    return test(BitMapHeader, BitNumber);
}

ULONG NTAPI RtlFindClearBits(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex) {
    return find(BitMapHeader, NumberToFind, HintIndex, false);
}

ULONG NTAPI RtlFindSetBits(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex) {
    return find(BitMapHeader, NumberToFind, HintIndex, true);
}

ULONG NTAPI RtlFindClearBitsAndSet(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex) {
    const ULONG start = find(BitMapHeader, NumberToFind, HintIndex, false);
    if (start != not_found) {
        assign_range(BitMapHeader, start, NumberToFind, true);
    }
    return start;
}

ULONG NTAPI RtlFindSetBitsAndClear(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex) {
    const ULONG start = find(BitMapHeader, NumberToFind, HintIndex, true);
    if (start != not_found) {
        assign_range(BitMapHeader, start, NumberToFind, false);
    }
    return start;
}

ULONG NTAPI RtlNumberOfSetBits(PRTL_BITMAP BitMapHeader) {
    return count_set(BitMapHeader);
}

ULONG NTAPI RtlNumberOfClearBits(PRTL_BITMAP BitMapHeader) {
    return BitMapHeader->SizeOfBitMap - count_set(BitMapHeader);
}

CCHAR NTAPI RtlFindLeastSignificantBit(ULONGLONG Set) {
    return Set == 0 ? CCHAR{-1} : static_cast<CCHAR>(std::countr_zero(Set));
}

CCHAR NTAPI RtlFindMostSignificantBit(ULONGLONG Set) {
    return Set == 0 ? CCHAR{-1} : static_cast<CCHAR>(63 - std::countl_zero(Set));
}

ULONG NTAPI RtlNumberOfSetBitsUlongPtr(ULONG_PTR Target) {
    return static_cast<ULONG>(std::popcount(Target));
}

BOOLEAN NTAPI RtlAreBitsClear(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG Length) {
    return all_are(BitMapHeader, StartingIndex, Length, false);
}

BOOLEAN NTAPI RtlAreBitsSet(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG Length) {
    return all_are(BitMapHeader, StartingIndex, Length, true);
}

} // extern "C"
