// A driver that does wrong in the routines that the PnP manager calls ends its machine with a report.
#include <cstring>

#include "executive/ex/asan.h"
#include "pnp_fixture.h"

namespace openportcls::pnp::test {

namespace {

using ::testing::HasSubstr;

// ---- IRQL: "Bug Check 0xC8: IRQL_UNEXPECTED_VALUE" ----------------------------------------------------------------

struct RaisedIn {
    const char* entry;
    const char* reported;
    NTSTATUS add_device_status = STATUS_SUCCESS;
};

void PrintTo(const RaisedIn& raised, std::ostream* out) {
    *out << raised.entry;
}

class RaisedIrql : public PnpTest, public ::testing::WithParamInterface<RaisedIn> {};

TEST_P(RaisedIrql, IsNoticedWhenTheRoutineReturns) {
    driver_log.raises_irql_in = GetParam().entry;
    driver_log.add_device_status = GetParam().add_device_status;
    if (auto driver = manager.load_static_driver(&recording_driver_entry, {})) {
        if (auto device = manager.add_device(**driver, {})) {
            (void)manager.start(**device);
        }
        (void)manager.unload(**driver);
    }
    const machine::BugcheckReport* report = machine.bugcheck_report();
    ASSERT_NE(report, nullptr);
    EXPECT_EQ(report->code, 0xC8U);
    EXPECT_EQ(report->parameters[0], 0x20002U) << "current << 16 | expected << 8 | 2, a callout";
    EXPECT_THAT(report->rule, HasSubstr(GetParam().reported));
    EXPECT_EQ(driver_log.log.back(), GetParam().entry);
}

INSTANTIATE_TEST_SUITE_P(Table, RaisedIrql,
                         ::testing::Values(RaisedIn{"DriverEntry", "DriverEntry returns at"},
                                           RaisedIn{"AddDevice", "AddDevice returns at", STATUS_NO_MEMORY},
                                           RaisedIn{"QUERY_CAPABILITIES",
                                                    "A dispatch routine (of major function 0x1b)"},
                                           RaisedIn{"DriverUnload", "DriverUnload returns at"}));

// ---- pool ---------------------------------------------------------------------------------------------------------

constexpr ULONG tag = 0x74736554; // 'Test'

void NTAPI unload(DRIVER_OBJECT*) {}

NTSTATUS NTAPI entry_that_overruns(DRIVER_OBJECT* driver, UNICODE_STRING*) {
    driver->DriverUnload = &unload;
    auto* block = static_cast<char*>(ExAllocatePoolWithTag(NonPagedPool, 24, tag));
    block[24] = 1;
    return STATUS_SUCCESS;
}

// Bug check 0x19, parameter 1 = 0x21, of a block that the driver never frees.
TEST_F(PnpTest, PoolThatWasWrittenPastIsNoticedAtTheLatestWhenTheDriverIsUnloaded) {
    if (executive::asan_present()) {
        GTEST_SKIP() << "AddressSanitizer reports it itself";
    }
    auto driver = manager.load_static_driver(&entry_that_overruns, {});
    ASSERT_TRUE(driver);
    EXPECT_FALSE(manager.unload(**driver));
    ASSERT_NE(machine.bugcheck_report(), nullptr);
    EXPECT_EQ(machine.bugcheck_report()->code, 0x19U);
    EXPECT_EQ(machine.bugcheck_report()->parameters[0], 0x21U);
    EXPECT_THAT(machine.bugcheck_report()->to_text(), HasSubstr("entry_that_overruns"));
}

// What a driver is given at its beginning lies apart from the host's memory, too.
struct Given {
    const char* what;
    char* (*end)(DRIVER_OBJECT* driver, UNICODE_STRING* registry_path);
};

char* end_of(const UNICODE_STRING& text) {
    return reinterpret_cast<char*>(text.Buffer) + text.MaximumLength;
}

constexpr Given given_to_drivers[] = {
    {"driver object", [](DRIVER_OBJECT* driver, UNICODE_STRING*) { return reinterpret_cast<char*>(driver + 1); }},
    {"driver extension",
     [](DRIVER_OBJECT* driver, UNICODE_STRING*) { return reinterpret_cast<char*>(driver->DriverExtension + 1); }},
    {"driver's name", [](DRIVER_OBJECT* driver, UNICODE_STRING*) { return end_of(driver->DriverName); }},
    {"driver's service key name",
     [](DRIVER_OBJECT* driver, UNICODE_STRING*) { return end_of(driver->DriverExtension->ServiceKeyName); }},
    {"registry path", [](DRIVER_OBJECT*, UNICODE_STRING* registry_path) { return end_of(*registry_path); }},
};

void PrintTo(const Given& given, std::ostream* out) {
    *out << given.what;
}

struct WritingDriver {
    const Given* given;
    std::size_t bytes;
    NTSTATUS result;
};
WritingDriver writing_driver;

NTSTATUS NTAPI entry_that_writes_past(DRIVER_OBJECT* driver, UNICODE_STRING* registry_path) {
    driver->DriverUnload = &unload;
    auto* end = static_cast<volatile char*>(writing_driver.given->end(driver, registry_path));
    for (std::size_t offset = 0; offset < writing_driver.bytes; ++offset) {
        end[offset] = 0x41;
    }
    return writing_driver.result;
}

class GivenToDrivers : public PnpTest, public ::testing::WithParamInterface<Given> {
protected:
    void SetUp() override {
        if (machine::GuestHeap::belongs_to_sanitizer()) {
            GTEST_SKIP() << "the sanitizer keeps the blocks";
        }
    }
    void expect_report(std::uint32_t code) {
        ASSERT_NE(machine.bugcheck_report(), nullptr);
        EXPECT_EQ(machine.bugcheck_report()->code, code);
        EXPECT_THAT(machine.bugcheck_report()->rule, HasSubstr(std::string("the ") + GetParam().what + " of "));
    }
};

TEST_P(GivenToDrivers, WrittenPastIsNoticedWhenDriverEntryFails) {
    writing_driver = {&GetParam(), 16, STATUS_UNSUCCESSFUL};
    EXPECT_FALSE(manager.load_static_driver(&entry_that_writes_past, {}));
    expect_report(0x19);
}

// The registry path is freed before, when DriverEntry has returned.
TEST_P(GivenToDrivers, WrittenPastIsNoticedWhenTheDriverIsUnloaded) {
    writing_driver = {&GetParam(), 64, STATUS_SUCCESS};
    auto driver = manager.load_static_driver(&entry_that_writes_past, {});
    if (driver) {
        EXPECT_FALSE(manager.unload(**driver));
    }
    EXPECT_EQ(!driver, std::string_view(GetParam().what) == "registry path");
    expect_report(0x19);
}

TEST_P(GivenToDrivers, WrittenFarPastEndsTheGuestOnly) {
    writing_driver = {&GetParam(), 1 << 20, STATUS_SUCCESS};
    EXPECT_FALSE(manager.load_static_driver(&entry_that_writes_past, {}));
    expect_report(0xCD);
}

INSTANTIATE_TEST_SUITE_P(Table, GivenToDrivers, ::testing::ValuesIn(given_to_drivers));

const WCHAR* kept_path;

NTSTATUS NTAPI entry_that_keeps_the_path(DRIVER_OBJECT* driver, UNICODE_STRING* registry_path) {
    driver->DriverUnload = &unload;
    kept_path = registry_path->Buffer;
    return *kept_path == u'\\' ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}

// DRIVER_INITIALIZE: the buffer is freed once DriverEntry has returned.
TEST_F(PnpTest, TheRegistryPathIsGoneAfterDriverEntry) {
    if (machine::GuestHeap::belongs_to_sanitizer()) {
        GTEST_SKIP() << "to be read only by who wants a report";
    }
    ASSERT_TRUE(manager.load_static_driver(&entry_that_keeps_the_path, {}));
    EXPECT_NE(*kept_path, u'\\');
}

struct Victim {
    virtual ULONG release() = 0;
};

NTSTATUS NTAPI entry_that_uses_a_released_object(DRIVER_OBJECT*, UNICODE_STRING*) {
    auto* victim = static_cast<Victim*>(ExAllocatePoolWithTag(NonPagedPoolNx, 48, 'mtcV'));
    ExFreePoolWithTag(victim, 'mtcV');
    return static_cast<NTSTATUS>(victim->release());
}

// A call through what was once a table of functions.
TEST_F(PnpTest, AnObjectThatIsUsedAfterItsReleaseIsNamed) {
    if (machine::GuestHeap::belongs_to_sanitizer()) {
        GTEST_SKIP() << "the sanitizer reports it itself";
    }
    EXPECT_FALSE(manager.load_static_driver(&entry_that_uses_a_released_object, {}));
    ASSERT_NE(machine.bugcheck_report(), nullptr);
    EXPECT_THAT(machine.bugcheck_report()->rule, HasSubstr("in the pool block 'Vctm' of 48 bytes that has been freed"));
    EXPECT_THAT(machine.bugcheck_report()->to_text(), HasSubstr("freed by"));
}

TEST(PnpTeardown, SaysWhatItFindsWhenNobodyIsLeftToTell) {
    if (executive::asan_present()) {
        GTEST_SKIP() << "AddressSanitizer reports it itself";
    }
    ::testing::internal::CaptureStderr();
    {
        machine::Machine machine;
        ASSERT_TRUE(machine.add_subsystem<PnpManager>().load_static_driver(&entry_that_overruns, {}));
    }
    const std::string said = ::testing::internal::GetCapturedStderr();
    EXPECT_THAT(said, HasSubstr("BAD_POOL_HEADER"));
    EXPECT_THAT(said, HasSubstr("switched off"));
}

// ---- stack --------------------------------------------------------------------------------------------------------

[[gnu::noinline]] int descend(int depth) { // NOLINT(misc-no-recursion)
    volatile char frame[2000];
    frame[0] = static_cast<char>(depth);
    return depth < 0 ? 0 : descend(depth + 1) + frame[0];
}

NTSTATUS NTAPI entry_that_recurses(DRIVER_OBJECT*, UNICODE_STRING*) {
    return descend(0);
}

TEST_F(PnpTest, ADriverEntryThatOverflowsItsStackIsReported) {
    EXPECT_FALSE(manager.load_static_driver(&entry_that_recurses, {}));
    ASSERT_NE(machine.bugcheck_report(), nullptr);
    EXPECT_EQ(machine.bugcheck_report()->code, 0x7FU);
    EXPECT_THAT(machine.bugcheck_report()->to_text(), HasSubstr("descend"));
}

// ---- time: "Bug Check 0x1D5: DRIVER_PNP_WATCHDOG" -----------------------------------------------------------------

NTSTATUS NTAPI entry_that_polls_for_ever(DRIVER_OBJECT*, UNICODE_STRING*) {
    LARGE_INTEGER ten_milliseconds;
    ten_milliseconds.QuadPart = -100'000;
    for (;;) {
        KeDelayExecutionThread(KernelMode, FALSE, &ten_milliseconds);
    }
}

NTSTATUS NTAPI entry_that_waits_for_nobody(DRIVER_OBJECT*, UNICODE_STRING*) {
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    return KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, nullptr);
}

class PnpWatchdog : public PnpTest, public ::testing::WithParamInterface<std::pair<PDRIVER_INITIALIZE, const char*>> {};

TEST_P(PnpWatchdog, EndsAnOperationThatNeverEnds) {
    DriverOptions options;
    options.service_name = "sleepyhead";
    const auto [entry, called] = GetParam();
    EXPECT_FALSE(manager.load_static_driver(entry, options));
    const machine::BugcheckReport* report = machine.bugcheck_report();
    ASSERT_NE(report, nullptr);
    EXPECT_EQ(report->code, 0x1D5U);
    EXPECT_EQ(std::memcmp(&report->parameters[0], "sleepyhe", 8), 0) << "the first characters of the service";
    EXPECT_EQ(report->parameters[3], 300'000U);
    EXPECT_EQ(report->time, 300 * machine::nanoseconds_per_second);
    EXPECT_EQ(report->thread, "client");
    EXPECT_THAT(report->to_text(), HasSubstr(called));
    EXPECT_THAT(report->to_text(), HasSubstr("entry_that_"));
}

INSTANTIATE_TEST_SUITE_P(Table, PnpWatchdog,
                         ::testing::Values(std::pair{&entry_that_polls_for_ever, "KeDelayExecutionThread"},
                                           std::pair{&entry_that_waits_for_nobody, "KeWaitForSingleObject"}));

NTSTATUS NTAPI entry_that_takes_four_minutes(DRIVER_OBJECT* driver, UNICODE_STRING*) {
    driver->DriverUnload = &unload;
    LARGE_INTEGER four_minutes;
    four_minutes.QuadPart = -4 * 60 * 10'000'000LL;
    return KeDelayExecutionThread(KernelMode, FALSE, &four_minutes);
}

// Each operation has five minutes of its own.
TEST_F(PnpTest, WhatTakesLongIsNoFault) {
    for (const char* name : {"first", "second"}) {
        DriverOptions options;
        options.service_name = name;
        EXPECT_OK(manager.load_static_driver(&entry_that_takes_four_minutes, options));
    }
    EXPECT_TRUE(machine.enter([&] { machine.run_for(600 * machine::nanoseconds_per_second); }));
    EXPECT_GE(machine.now(), 1080 * machine::nanoseconds_per_second);
}

} // namespace

} // namespace openportcls::pnp::test
