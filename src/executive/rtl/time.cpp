// System time as calendar fields and as seconds.
#include <ntddk.h>

#include "executive/irql_check.h"

namespace {

constexpr LONGLONG ticks_per_millisecond = 10'000;
constexpr LONGLONG ticks_per_second = 10'000'000;
constexpr LONGLONG milliseconds_per_day = 86'400'000;
constexpr LONGLONG ticks_per_day = milliseconds_per_day * ticks_per_millisecond;
// From 1601-01-01 in seconds.
constexpr LONGLONG seconds_to_1970 = 11'644'473'600;
constexpr LONGLONG seconds_to_1980 = 11'960'006'400;

constexpr CSHORT days_before_month[2][13] = {{0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365},
                                             {0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366}};

bool is_leap(LONGLONG year) {
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

// Days from 1601-01-01, a Monday, to the first of January of a year.
LONGLONG days_before_year(LONGLONG year) {
    const LONGLONG past = year - 1601;
    return past * 365 + past / 4 - past / 100 + past / 400;
}

BOOLEAN to_seconds(const LARGE_INTEGER* time, LONGLONG epoch, PULONG seconds) {
    const LONGLONG value = time->QuadPart / ticks_per_second - epoch;
    if (value < 0 || value > 0xFFFFFFFF) {
        return FALSE;
    }
    *seconds = static_cast<ULONG>(value);
    return TRUE;
}

} // namespace

extern "C" {

VOID NTAPI RtlTimeToTimeFields(PLARGE_INTEGER Time, PTIME_FIELDS TimeFields) {
    const LONGLONG days = Time->QuadPart / ticks_per_day;
    const LONGLONG in_day = Time->QuadPart % ticks_per_day / ticks_per_millisecond;
    LONGLONG year = 1601 + days / 366;
    while (days_before_year(year + 1) <= days) {
        ++year;
    }
    const LONGLONG day_of_year = days - days_before_year(year);
    const auto& before = days_before_month[is_leap(year)];
    CSHORT month = 1;
    while (before[month] <= day_of_year) {
        ++month;
    }
    TimeFields->Year = static_cast<CSHORT>(year);
    TimeFields->Month = month;
    TimeFields->Day = static_cast<CSHORT>(day_of_year - before[month - 1] + 1);
    TimeFields->Hour = static_cast<CSHORT>(in_day / 3'600'000);
    TimeFields->Minute = static_cast<CSHORT>(in_day / 60'000 % 60);
    TimeFields->Second = static_cast<CSHORT>(in_day / 1000 % 60);
    TimeFields->Milliseconds = static_cast<CSHORT>(in_day % 1000);
    TimeFields->Weekday = static_cast<CSHORT>((days + 1) % 7); // Sunday is 0
}

BOOLEAN NTAPI RtlTimeFieldsToTime(PTIME_FIELDS TimeFields, PLARGE_INTEGER Time) {
    const TIME_FIELDS& fields = *TimeFields;
    const bool month_valid = fields.Month >= 1 && fields.Month <= 12;
    if (fields.Year < 1601 || !month_valid) {
        return FALSE;
    }
    const auto& before = days_before_month[is_leap(fields.Year)];
    const CSHORT days_in_month = static_cast<CSHORT>(before[fields.Month] - before[fields.Month - 1]);
    const bool valid = fields.Day >= 1 && fields.Day <= days_in_month && fields.Hour >= 0 && fields.Hour < 24 &&
                       fields.Minute >= 0 && fields.Minute < 60 && fields.Second >= 0 && fields.Second < 60 &&
                       fields.Milliseconds >= 0 && fields.Milliseconds < 1000;
    if (!valid) {
        return FALSE;
    }
    const LONGLONG days = days_before_year(fields.Year) + before[fields.Month - 1] + fields.Day - 1;
    const LONGLONG milliseconds =
        ((fields.Hour * 60LL + fields.Minute) * 60 + fields.Second) * 1000 + fields.Milliseconds;
    Time->QuadPart = (days * milliseconds_per_day + milliseconds) * ticks_per_millisecond;
    return TRUE;
}

BOOLEAN NTAPI RtlTimeToSecondsSince1970(PLARGE_INTEGER Time, PULONG ElapsedSeconds) {
    return to_seconds(Time, seconds_to_1970, ElapsedSeconds);
}

BOOLEAN NTAPI RtlTimeToSecondsSince1980(PLARGE_INTEGER Time, PULONG ElapsedSeconds) {
    return to_seconds(Time, seconds_to_1980, ElapsedSeconds);
}

VOID NTAPI RtlSecondsSince1970ToTime(ULONG ElapsedSeconds, PLARGE_INTEGER Time) {
    Time->QuadPart = (seconds_to_1970 + ElapsedSeconds) * ticks_per_second;
}

VOID NTAPI RtlSecondsSince1980ToTime(ULONG ElapsedSeconds, PLARGE_INTEGER Time) {
    Time->QuadPart = (seconds_to_1980 + ElapsedSeconds) * ticks_per_second;
}

} // extern "C"
