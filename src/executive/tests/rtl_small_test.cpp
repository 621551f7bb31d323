// Small functions of the run-time library that the larger tests do not come by.
#include "executive/tests/fixture.h"

#include <cstring>

#include <ntddk.h>

namespace openportcls::executive {
namespace {

class RtlSmall : public ExecutiveTest {};

STRING ansi(const char* text) {
    STRING result;
    RtlInitString(&result, text);
    return result;
}

TEST_F(RtlSmall, BitmapsSetTestClearAndSearch) {
    inside([&] {
        ULONG bits[2] = {};
        RTL_BITMAP map;
        RtlInitializeBitMap(&map, bits, 40);
        RtlSetBit(&map, 3);
        RtlSetBit(&map, 35);
        EXPECT_TRUE(RtlTestBit(&map, 3));
        EXPECT_FALSE(RtlTestBit(&map, 4));
        EXPECT_EQ(RtlNumberOfClearBits(&map), 38u);
        RtlClearBit(&map, 3);
        EXPECT_FALSE(RtlTestBit(&map, 3));
        RtlSetAllBits(&map);
        EXPECT_EQ(RtlNumberOfClearBits(&map), 0u);
        RtlClearBits(&map, 8, 4);
        EXPECT_EQ(RtlNumberOfClearBits(&map), 4u);
        EXPECT_EQ(RtlFindSetBits(&map, 10, 0), 12u) << "eight before the gap are too few";
        EXPECT_EQ(RtlFindSetBitsAndClear(&map, 8, 0), 0u);
        EXPECT_EQ(RtlNumberOfClearBits(&map), 12u);
        EXPECT_EQ(RtlFindSetBits(&map, 41, 0), 0xFFFFFFFFu);
    });
}

TEST_F(RtlSmall, MemoryIsComparedWithAPattern) {
    inside([&] {
        ULONG words[] = {7, 7, 7, 8};
        EXPECT_EQ(RtlCompareMemoryUlong(words, sizeof words, 7), 12u);
        EXPECT_EQ(RtlCompareMemoryUlong(words, sizeof words, 9), 0u);
    });
}

TEST_F(RtlSmall, CountedAnsiStrings) {
    inside([&] {
        const STRING lower = ansi("abcd");
        const STRING mixed = ansi("aBcD");
        EXPECT_EQ(lower.Length, 4);
        EXPECT_EQ(lower.MaximumLength, 5);
        EXPECT_TRUE(RtlEqualString(&lower, &mixed, TRUE));
        EXPECT_FALSE(RtlEqualString(&lower, &mixed, FALSE));
        EXPECT_GT(RtlCompareString(&lower, &mixed, FALSE), 0);
        EXPECT_EQ(RtlCompareString(&lower, &mixed, TRUE), 0);
        char room[3] = {};
        STRING copy = {0, sizeof room, room};
        RtlCopyString(&copy, &lower);
        EXPECT_EQ(copy.Length, 3) << "what there is room for";
        EXPECT_EQ(std::string(room, 3), "abc");
        RtlUpperString(&copy, &mixed);
        EXPECT_EQ(std::string(room, 3), "ABC");
        RtlCopyString(&copy, nullptr);
        EXPECT_EQ(copy.Length, 0);
        EXPECT_EQ(RtlUpperChar('z'), 'Z');
        EXPECT_EQ(RtlUpperChar('!'), '!');
    });
}

TEST_F(RtlSmall, WideCharactersChangeCase) {
    inside([&] {
        EXPECT_EQ(RtlUpcaseUnicodeChar(u'\u00e4'), u'\u00c4');
        EXPECT_EQ(RtlDowncaseUnicodeChar(u'\u00c4'), u'\u00e4');
        EXPECT_EQ(RtlUpcaseUnicodeChar(u'1'), u'1');
    });
}

TEST_F(RtlSmall, DuplicatesAreTerminatedWhenAsked) {
    inside([&] {
        const UNICODE_STRING source = unicode(u"copy me");
        UNICODE_STRING copy{};
        ASSERT_EQ(RtlDuplicateUnicodeString(1 /* null terminate */, &source, &copy), STATUS_SUCCESS);
        EXPECT_TRUE(RtlEqualUnicodeString(&source, &copy, FALSE));
        EXPECT_EQ(copy.MaximumLength, copy.Length + sizeof(WCHAR));
        EXPECT_EQ(copy.Buffer[copy.Length / sizeof(WCHAR)], u'\0');
        RtlFreeUnicodeString(&copy);
    });
}

TEST_F(RtlSmall, NumbersOf64Bits) {
    inside([&] {
        WCHAR room[32];
        UNICODE_STRING text = {0, sizeof room, room};
        ASSERT_EQ(RtlInt64ToUnicodeString(0xFFFFFFFFFFULL, 16, &text), STATUS_SUCCESS);
        EXPECT_EQ(std::u16string_view(text.Buffer, text.Length / sizeof(WCHAR)), u"FFFFFFFFFF");
        const UNICODE_STRING number = unicode(u"1099511627776!");
        LONG64 value = 0;
        PWSTR end = nullptr;
        ASSERT_EQ(RtlUnicodeStringToInt64(&number, 10, &value, &end), STATUS_SUCCESS);
        EXPECT_EQ(value, 1LL << 40);
        EXPECT_EQ(*end, u'!');
        UNICODE_STRING little = {0, 4, room};
        EXPECT_EQ(RtlInt64ToUnicodeString(12345, 10, &little), STATUS_BUFFER_OVERFLOW);
    });
}

TEST_F(RtlSmall, TextIsConvertedWithinItsRoom) {
    inside([&] {
        WCHAR wide[8] = {};
        ULONG bytes = 0;
        ASSERT_EQ(RtlMultiByteToUnicodeN(wide, sizeof wide, &bytes, "abc", 3), STATUS_SUCCESS);
        EXPECT_EQ(bytes, 6u);
        EXPECT_EQ(std::u16string_view(wide, 3), u"abc");
        char narrow[8] = {};
        ASSERT_EQ(RtlUnicodeToMultiByteN(narrow, 2, &bytes, wide, 6), STATUS_BUFFER_OVERFLOW);
        EXPECT_EQ(bytes, 2u);
        EXPECT_STREQ(narrow, "ab");
        ASSERT_EQ(RtlUTF8ToUnicodeN(wide, sizeof wide, &bytes, "\xc3\xa4", 2), STATUS_SUCCESS);
        EXPECT_EQ(bytes, 2u);
        EXPECT_EQ(wide[0], u'\u00e4');
        ASSERT_EQ(RtlUnicodeToUTF8N(narrow, sizeof narrow, &bytes, wide, 2), STATUS_SUCCESS);
        EXPECT_EQ(bytes, 2u);
        EXPECT_EQ(std::memcmp(narrow, "\xc3\xa4", 2), 0);
        EXPECT_EQ(RtlUnicodeToUTF8N(narrow, 1, &bytes, wide, 2), STATUS_BUFFER_TOO_SMALL);
    });
}

TEST_F(RtlSmall, SecondsSince1980) {
    inside([&] {
        LARGE_INTEGER time;
        RtlSecondsSince1980ToTime(60, &time);
        ULONG seconds = 0;
        EXPECT_TRUE(RtlTimeToSecondsSince1980(&time, &seconds));
        EXPECT_EQ(seconds, 60u);
        TIME_FIELDS fields;
        RtlTimeToTimeFields(&time, &fields);
        EXPECT_EQ(fields.Year, 1980);
        EXPECT_EQ(fields.Minute, 1);
        time.QuadPart = 0;
        EXPECT_FALSE(RtlTimeToSecondsSince1980(&time, &seconds)) << "before 1980";
    });
}

TEST_F(RtlSmall, StatusesHaveErrorNumbers) {
    inside([&] {
        EXPECT_EQ(RtlNtStatusToDosError(STATUS_SUCCESS), 0u);
        EXPECT_EQ(RtlNtStatusToDosError(STATUS_NOT_IMPLEMENTED), 1u) << "ERROR_INVALID_FUNCTION";
        EXPECT_EQ(RtlNtStatusToDosErrorNoTeb(STATUS_INVALID_PARAMETER), 87u) << "ERROR_INVALID_PARAMETER";
    });
}

// The same seed gives the same numbers, and the seed moves on.
TEST_F(RtlSmall, RandomNumbersRepeat) {
    inside([&] {
        for (auto* function : {&RtlRandom, &RtlRandomEx, &RtlUniform}) {
            ULONG seed = 5;
            ULONG again = 5;
            const ULONG first = function(&seed);
            EXPECT_EQ(function(&again), first);
            EXPECT_EQ(seed, again);
            EXPECT_NE(seed, 5u);
            EXPECT_LT(first, 0x80000000u);
        }
    });
}

TEST_F(RtlSmall, StringsAreValidated) {
    inside([&] {
        UNICODE_STRING text = unicode(u"ok");
        EXPECT_EQ(RtlValidateUnicodeString(0, &text), STATUS_SUCCESS);
        text.Length = 3;
        EXPECT_EQ(RtlValidateUnicodeString(0, &text), STATUS_INVALID_PARAMETER);
        text = unicode(u"ok");
        EXPECT_EQ(RtlValidateUnicodeString(1, &text), STATUS_INVALID_PARAMETER) << "flags are reserved";
    });
}

TEST_F(RtlSmall, SecurityDescriptors) {
    inside([&] {
        alignas(8) UCHAR descriptor[40]; // SECURITY_DESCRIPTOR is ntifs.h's
        constexpr ULONG revision = 1;
        EXPECT_EQ(RtlCreateSecurityDescriptor(descriptor, 7), STATUS_UNKNOWN_REVISION);
        ASSERT_EQ(RtlCreateSecurityDescriptor(descriptor, revision), STATUS_SUCCESS);
        EXPECT_TRUE(RtlValidSecurityDescriptor(descriptor));
        EXPECT_EQ(RtlLengthSecurityDescriptor(descriptor), sizeof descriptor);
    });
}

} // namespace
} // namespace openportcls::executive
