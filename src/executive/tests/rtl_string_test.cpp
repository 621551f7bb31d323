#include "executive/rtl/system_version.h"
#include "executive/tests/kernel_fixture.h"

namespace openportcls::executive {
namespace {

class RtlString : public KernelTest {};

std::u16string text(const UNICODE_STRING& string) {
    return {string.Buffer, string.Length / sizeof(WCHAR)};
}

TEST_F(RtlString, InitCountsAndCapsTheLength) {
    run([&] {
        UNICODE_STRING string;
        RtlInitUnicodeString(&string, u"abc");
        EXPECT_EQ(string.Length, 6);
        EXPECT_EQ(string.MaximumLength, 8);
        RtlInitUnicodeString(&string, nullptr);
        EXPECT_EQ(string.MaximumLength, 0);
        const std::u16string longest(40000, u'x');
        RtlInitUnicodeString(&string, longest.c_str());
        EXPECT_EQ(string.Length, 0xFFFC);
        EXPECT_EQ(RtlInitUnicodeStringEx(&string, longest.c_str()), STATUS_NAME_TOO_LONG);
        ANSI_STRING ansi;
        RtlInitAnsiString(&ansi, "abc");
        EXPECT_EQ(ansi.Length, 3);
        EXPECT_EQ(ansi.MaximumLength, 4);
    });
}

TEST_F(RtlString, CopyTruncatesAndAppendRefuses) {
    run([&] {
        WCHAR buffer[6];
        UNICODE_STRING target;
        RtlInitEmptyUnicodeString(&target, buffer, sizeof buffer);
        RtlCopyUnicodeString(&target, Name(u"abcdefghi"));
        EXPECT_EQ(text(target), u"abcdef");
        RtlCopyUnicodeString(&target, nullptr);
        EXPECT_EQ(target.Length, 0);
        EXPECT_EQ(RtlAppendUnicodeToString(&target, u"ab"), STATUS_SUCCESS);
        EXPECT_EQ(buffer[2], 0) << "terminated while there is room";
        EXPECT_EQ(RtlAppendUnicodeStringToString(&target, Name(u"cdef")), STATUS_SUCCESS);
        EXPECT_EQ(RtlAppendUnicodeToString(&target, u"g"), STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(text(target), u"abcdef");
        EXPECT_EQ(RtlAppendUnicodeToString(&target, nullptr), STATUS_SUCCESS);
    });
}

TEST_F(RtlString, CompareHashAndCase) {
    run([&] {
        EXPECT_TRUE(RtlEqualUnicodeString(Name(u"Wave"), Name(u"wAVE"), TRUE));
        EXPECT_FALSE(RtlEqualUnicodeString(Name(u"Wave"), Name(u"wAVE"), FALSE));
        EXPECT_LT(RtlCompareUnicodeString(Name(u"a"), Name(u"b"), FALSE), 0);
        EXPECT_GT(RtlCompareUnicodeString(Name(u"ab"), Name(u"a"), FALSE), 0);
        EXPECT_TRUE(RtlPrefixUnicodeString(Name(u"\\dev"), Name(u"\\Device\\x"), TRUE));
        EXPECT_FALSE(RtlPrefixUnicodeString(Name(u"longer"), Name(u"lon"), TRUE));
        ULONG upper = 0;
        ULONG lower = 1;
        EXPECT_EQ(RtlHashUnicodeString(Name(u"ABC"), TRUE, HASH_STRING_ALGORITHM_DEFAULT, &upper), STATUS_SUCCESS);
        EXPECT_EQ(RtlHashUnicodeString(Name(u"abc"), TRUE, HASH_STRING_ALGORITHM_X65599, &lower), STATUS_SUCCESS);
        EXPECT_EQ(upper, lower);
        EXPECT_EQ(upper, (65u * 65599 + 66) * 65599 + 67);
        EXPECT_EQ(RtlHashUnicodeString(Name(u"a"), TRUE, 7, &upper), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(RtlHashUnicodeString(Name(u"a"), TRUE, 0, nullptr), STATUS_INVALID_PARAMETER);
        UNICODE_STRING upcased{};
        EXPECT_EQ(RtlUpcaseUnicodeString(&upcased, Name(u"stra\u00DFe \u00E9"), TRUE), STATUS_SUCCESS);
        EXPECT_EQ(text(upcased), u"STRA\u00DFE \u00C9");
        EXPECT_EQ(RtlDowncaseUnicodeString(&upcased, Name(u"much longer than the other"), FALSE),
                  STATUS_BUFFER_OVERFLOW);
        RtlFreeUnicodeString(&upcased);
        EXPECT_EQ(upcased.Buffer, nullptr);
    });
}

TEST_F(RtlString, AnsiConversionBothWays) {
    run([&] {
        ANSI_STRING ansi;
        RtlInitAnsiString(&ansi, "caf\xE9 \x80");
        EXPECT_EQ(RtlAnsiStringToUnicodeSize(&ansi), 14u);
        UNICODE_STRING wide{};
        ASSERT_EQ(RtlAnsiStringToUnicodeString(&wide, &ansi, TRUE), STATUS_SUCCESS);
        EXPECT_EQ(text(wide), u"caf\u00E9 \u20AC");
        ANSI_STRING back{};
        ASSERT_EQ(RtlUnicodeStringToAnsiString(&back, &wide, TRUE), STATUS_SUCCESS);
        EXPECT_EQ(std::string(back.Buffer), "caf\xE9 \x80");
        EXPECT_EQ(RtlUnicodeStringToAnsiSize(&wide), 7u);
        RtlFreeAnsiString(&back);
        WCHAR small_buffer[3];
        UNICODE_STRING small_string = {0, sizeof small_buffer, small_buffer};
        EXPECT_EQ(RtlAnsiStringToUnicodeString(&small_string, &ansi, FALSE), STATUS_BUFFER_OVERFLOW);
        char narrow[3];
        ANSI_STRING cut = {0, sizeof narrow, narrow};
        EXPECT_EQ(RtlUnicodeStringToAnsiString(&cut, &wide, FALSE), STATUS_BUFFER_OVERFLOW);
        EXPECT_STREQ(narrow, "ca") << "what fits is converted";
        RtlFreeUnicodeString(&wide);
    });
}

TEST_F(RtlString, NumbersAndText) {
    run([&] {
        WCHAR buffer[12];
        UNICODE_STRING string = {0, sizeof buffer, buffer};
        EXPECT_EQ(RtlIntegerToUnicodeString(4294967295u, 10, &string), STATUS_SUCCESS);
        EXPECT_EQ(text(string), u"4294967295");
        EXPECT_EQ(RtlIntegerToUnicodeString(0xBEEF, 16, &string), STATUS_SUCCESS);
        EXPECT_EQ(text(string), u"BEEF");
        EXPECT_EQ(RtlIntegerToUnicodeString(0, 0, &string), STATUS_SUCCESS);
        EXPECT_EQ(text(string), u"0");
        EXPECT_EQ(RtlIntegerToUnicodeString(1, 7, &string), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(RtlIntegerToUnicodeString(0xFFFFFFFF, 2, &string), STATUS_BUFFER_OVERFLOW);
        ULONG value = 0;
        EXPECT_EQ(RtlUnicodeStringToInteger(Name(u"  0x1Fz"), 0, &value), STATUS_SUCCESS);
        EXPECT_EQ(value, 0x1Fu);
        RtlUnicodeStringToInteger(Name(u"-12"), 10, &value);
        EXPECT_EQ(static_cast<LONG>(value), -12);
        RtlUnicodeStringToInteger(Name(u"0b101"), 0, &value);
        EXPECT_EQ(value, 5u);
        RtlUnicodeStringToInteger(Name(u"0o17"), 0, &value);
        EXPECT_EQ(value, 15u);
        EXPECT_EQ(RtlUnicodeStringToInteger(Name(u"1"), 3, &value), STATUS_INVALID_PARAMETER);
        RtlCharToInteger("ff", 16, &value);
        EXPECT_EQ(value, 255u);
    });
}

TEST_F(RtlString, Guids) {
    run([&] {
        GUID guid{};
        EXPECT_EQ(RtlGUIDFromString(Name(u"{6994AD04-93ef-11D0-A3CC-00A0C9223196}"), &guid), STATUS_SUCCESS);
        EXPECT_EQ(guid.Data1, 0x6994AD04u);
        EXPECT_EQ(guid.Data2, 0x93EF);
        EXPECT_EQ(guid.Data4[7], 0x96);
        UNICODE_STRING string{};
        EXPECT_EQ(RtlStringFromGUID(guid, &string), STATUS_SUCCESS);
        EXPECT_EQ(text(string), u"{6994AD04-93EF-11D0-A3CC-00A0C9223196}");
        RtlFreeUnicodeString(&string);
        for (const char16_t* wrong :
             {u"", u"{6994AD04-93EF-11D0-A3CC-00A0C922319}", u"{6994AD04-93EF-11D0-A3CC-00A0C92231GG}",
              u"6994AD04-93EF-11D0-A3CC-00A0C9223196"}) {
            EXPECT_EQ(RtlGUIDFromString(Name(wrong), &guid), STATUS_INVALID_PARAMETER);
        }
    });
}

TEST_F(RtlString, MemoryAndAddresses) {
    run([&] {
        EXPECT_EQ(RtlCompareMemory("abcd", "abXd", 4), 2u);
        EXPECT_EQ(RtlCompareMemory("abcd", "abcd", 4), 4u);
        const char* end = nullptr;
        UCHAR address[4];
        auto* target = reinterpret_cast<in_addr*>(address);
        const char* dotted = "192.168.1.2:80";
        EXPECT_EQ(RtlIpv4StringToAddressA(dotted, TRUE, &end, target), STATUS_SUCCESS);
        EXPECT_STREQ(end, ":80");
        EXPECT_EQ(address[3], 2);
        EXPECT_EQ(RtlIpv4StringToAddressA("0x7f.1", FALSE, &end, target), STATUS_SUCCESS);
        EXPECT_EQ(address[0], 127);
        EXPECT_EQ(address[3], 1);
        EXPECT_EQ(RtlIpv4StringToAddressA("1.2.3", TRUE, &end, target), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(RtlIpv4StringToAddressA("1.2.3.256", TRUE, &end, target), STATUS_INVALID_PARAMETER);
    });
}

TEST_F(RtlString, TimeFields) {
    run([&] {
        TIME_FIELDS fields = {2024, 2, 29, 23, 59, 58, 999, 0};
        LARGE_INTEGER time;
        ASSERT_TRUE(RtlTimeFieldsToTime(&fields, &time));
        TIME_FIELDS back{};
        RtlTimeToTimeFields(&time, &back);
        EXPECT_EQ(back.Year, 2024);
        EXPECT_EQ(back.Month, 2);
        EXPECT_EQ(back.Day, 29);
        EXPECT_EQ(back.Second, 58);
        EXPECT_EQ(back.Milliseconds, 999);
        EXPECT_EQ(back.Weekday, 4) << "a Thursday";
        fields.Day = 30;
        EXPECT_FALSE(RtlTimeFieldsToTime(&fields, &time));
        LARGE_INTEGER epoch;
        RtlSecondsSince1970ToTime(0, &epoch);
        RtlTimeToTimeFields(&epoch, &back);
        EXPECT_EQ(back.Year, 1970);
        EXPECT_EQ(back.Weekday, 4);
        ULONG seconds = 1;
        EXPECT_TRUE(RtlTimeToSecondsSince1970(&epoch, &seconds));
        EXPECT_EQ(seconds, 0u);
        epoch.QuadPart = 0;
        EXPECT_FALSE(RtlTimeToSecondsSince1970(&epoch, &seconds));
    });
}

TEST_F(RtlString, VersionsFollowTheRelease) {
    run([&] {
        set_system_version(machine_, *system_version_named("7"));
        EXPECT_TRUE(RtlIsNtDdiVersionAvailable(NTDDI_WIN7));
        EXPECT_FALSE(RtlIsNtDdiVersionAvailable(NTDDI_WIN8));
        RTL_OSVERSIONINFOEXW version{};
        version.dwOSVersionInfoSize = sizeof version;
        EXPECT_EQ(RtlGetVersion(reinterpret_cast<PRTL_OSVERSIONINFOW>(&version)), STATUS_SUCCESS);
        EXPECT_EQ(version.dwMajorVersion, 6u);
        EXPECT_EQ(version.dwMinorVersion, 1u);
        EXPECT_EQ(version.wServicePackMajor, 1);
        EXPECT_EQ(std::u16string(version.szCSDVersion), u"Service Pack 1");
        set_system_version(machine_, *system_version_named("11"));
        EXPECT_TRUE(RtlIsNtDdiVersionAvailable(NTDDI_WIN10_VB));
        RTL_OSVERSIONINFOEXW wanted{};
        wanted.dwMajorVersion = 10;
        const ULONGLONG mask = VerSetConditionMask(0, VER_MAJORVERSION, VER_GREATER_EQUAL);
        EXPECT_EQ(RtlVerifyVersionInfo(&wanted, VER_MAJORVERSION, mask), STATUS_SUCCESS);
        wanted.dwMajorVersion = 11;
        EXPECT_EQ(RtlVerifyVersionInfo(&wanted, VER_MAJORVERSION, mask), STATUS_REVISION_MISMATCH);
        EXPECT_FALSE(system_version_named("95"));
    });
}

TEST_F(RtlString, BitMaps) {
    run([&] {
        ULONG words[2] = {};
        RTL_BITMAP map;
        RtlInitializeBitMap(&map, words, 40);
        RtlSetBits(&map, 3, 5);
        EXPECT_EQ(words[0], 0xF8u);
        EXPECT_EQ(RtlNumberOfSetBits(&map), 5u);
        EXPECT_EQ(RtlFindClearBits(&map, 4, 0), 8u);
        EXPECT_EQ(RtlFindClearBits(&map, 3, 30), 30u);
        EXPECT_EQ(RtlFindClearBits(&map, 3, 38), 0u) << "two at the end are too few: the search goes on at the start";
        EXPECT_EQ(RtlFindClearBits(&map, 33, 0), 0xFFFFFFFFu);
        EXPECT_EQ(RtlFindClearBitsAndSet(&map, 32, 0), 8u);
        EXPECT_TRUE(RtlAreBitsSet(&map, 3, 37));
        EXPECT_FALSE(RtlAreBitsSet(&map, 38, 3)) << "behind the end";
        RtlClearAllBits(&map);
        EXPECT_TRUE(RtlAreBitsClear(&map, 0, 40));
    });
}

TEST_F(RtlString, ConversionNeedsPassiveLevel) {
    expect_bugcheck(0x0A, [&] {
        ANSI_STRING ansi;
        UNICODE_STRING wide{};
        RtlInitAnsiString(&ansi, "x");
        KIRQL old;
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        RtlAnsiStringToUnicodeString(&wide, &ansi, TRUE);
    });
}

} // namespace
} // namespace openportcls::executive
