#include "executive/etw/debug_log.h"
#include "executive/tests/kernel_fixture.h"

#include <wmilib.h>

namespace openportcls::executive {
namespace {

class EtwTest : public KernelTest {};

TEST_F(EtwTest, DebugPrintReachesRecordsAndObservers) {
    struct Watcher : machine::Observer {
        std::string last;
        void on_event(const machine::TraceEvent& event) override {
            if (event.kind == machine::EventKind::log) {
                last = event.detail;
            }
        }
    } watcher;
    machine_.add_observer(watcher);
    run([&] {
        UNICODE_STRING name;
        RtlInitUnicodeString(&name, u"Wave");
        KIRQL old;
        KeRaiseIrql(HIGH_LEVEL, &old);
        DbgPrint("pin %d of %wZ\n", 3, &name);
        KeLowerIrql(old);
        EXPECT_EQ(Etw::current().records().back().text, "pin 3 of Wave\n");
        EXPECT_EQ(watcher.last, "pin 3 of Wave\n");
        DbgPrintEx(77, 0, "%s", std::string(600, 'x').c_str());
        EXPECT_EQ(Etw::current().records().back().text.size(), 512u) << "one message is 512 bytes at most";
        EXPECT_EQ(Etw::current().records().back().component, 77u);
    });
    machine_.remove_observer(watcher);
}

TEST_F(EtwTest, LinesPrintedInPiecesAreOneRecord) {
    run([&] {
        Etw& log = Etw::current();
        DbgPrint("one ");
        DbgPrint("and %d\nthree", 2);
        ASSERT_EQ(log.records().size(), 2U) << "who looks sees what there is so far, too";
        EXPECT_EQ(log.records()[0].text, "one and 2\n");
        EXPECT_EQ(log.records()[1].text, "three");
        DbgPrint("four");
        DbgPrintEx(77, 0, "other");
        DbgPrint("\n");
        ASSERT_EQ(log.records().size(), 5U) << "components do not finish each other's lines";
        EXPECT_EQ(log.records()[3].text, "other");
        EXPECT_EQ(log.records()[3].component, 77U);
        log.log(LogSource::error_log, 0, 0, "a line of its own");
        EXPECT_EQ(log.records().back().text, "a line of its own");
    });
}

TEST_F(EtwTest, CountedStringsWithNullsInsideDoNotEndTheMessage) {
    run([&] {
        UNICODE_STRING wide = {8, 8, const_cast<WCHAR*>(u"a\0b\0")};
        ANSI_STRING narrow = {2, 2, const_cast<char*>("c\0")};
        DbgPrint("<%wZ> <%Z> end\n", &wide, &narrow);
        EXPECT_EQ(Etw::current().records().back().text, "<ab> <c> end\n");
    });
}

TEST_F(EtwTest, FiltersHoldMessagesBack) {
    run([&] {
        DbgSetDebugFilterState(77, 3, FALSE);
        DbgPrintEx(77, 3, "hidden");
        EXPECT_TRUE(Etw::current().records().empty());
        DbgPrintEx(77, 0, "shown");
        EXPECT_EQ(Etw::current().records().size(), 1u);
        EXPECT_EQ(DbgQueryDebugFilterState(77, 3), FALSE);
        EXPECT_EQ(DbgQueryDebugFilterState(77, 0), TRUE);
    });
}

TEST_F(EtwTest, BreakpointsAndAssertionsEndTheGuest) {
    expect_bugcheck(0x1E, [] { RtlAssert(const_cast<char*>("x == 1"), const_cast<char*>("a.cpp"), 7, nullptr); });
    EXPECT_NE(machine_.bugcheck_report()->rule.find("x == 1, a.cpp:7"), std::string::npos);
}

// A breakpoint is an exception (STATUS_BREAKPOINT); without a debugger nobody handles it.
TEST_F(EtwTest, BreakpointsAreUnhandledExceptions) {
    expect_bugcheck(0x1E, [] { DbgBreakPoint(); });
    EXPECT_EQ(machine_.bugcheck_report()->parameters[0], 0x80000003U);
    EXPECT_NE(machine_.bugcheck_report()->rule.find("DbgBreakPoint"), std::string::npos);
}

TEST_F(EtwTest, PagedCodeAtDispatchLevelEndsTheGuest) {
    expect_bugcheck(0xD1, [] {
        PAGED_CODE();
        KIRQL old;
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        PAGED_CODE();
    });
}

struct Enabled {
    int calls = 0;
    ULONG control = 99;
    UCHAR level = 0;
};
VOID NTAPI enable_callback(LPCGUID, ULONG control, UCHAR level, ULONGLONG, ULONGLONG, PEVENT_FILTER_DESCRIPTOR,
                           PVOID context) {
    auto& enabled = *static_cast<Enabled*>(context);
    ++enabled.calls;
    enabled.control = control;
    enabled.level = level;
}

TEST_F(EtwTest, ProvidersWriteWhenEnabled) {
    run([&] {
        const GUID id = {1, 2, 3, {}};
        Enabled enabled;
        REGHANDLE handle = 0;
        ASSERT_EQ(EtwRegister(&id, enable_callback, &enabled, &handle), STATUS_SUCCESS);
        EXPECT_EQ(enabled.calls, 0);
        EVENT_DESCRIPTOR event{};
        event.Id = 5;
        event.Level = 4;
        event.Keyword = 2;
        EXPECT_FALSE(EtwEventEnabled(handle, &event));
        EXPECT_EQ(EtwWrite(handle, &event, nullptr, 0, nullptr), STATUS_SUCCESS);
        EXPECT_TRUE(Etw::current().records().empty());
        Etw::current().enable_provider(id, true, 4, 0x3);
        EXPECT_EQ(enabled.calls, 1);
        EXPECT_EQ(enabled.control, 1u);
        EXPECT_TRUE(EtwEventEnabled(handle, &event));
        EXPECT_TRUE(EtwProviderEnabled(handle, 4, 1));
        EXPECT_FALSE(EtwProviderEnabled(handle, 5, 1));
        EXPECT_FALSE(EtwProviderEnabled(handle, 4, 8));
        EVENT_DATA_DESCRIPTOR data;
        EventDataDescCreate(&data, &event, sizeof event);
        EXPECT_EQ(EtwWriteTransfer(handle, &event, nullptr, nullptr, 1, &data), STATUS_SUCCESS);
        EXPECT_EQ(EtwWriteString(handle, 2, 0, nullptr, u"text"), STATUS_SUCCESS);
        ASSERT_EQ(Etw::current().records().size(), 2u);
        EXPECT_EQ(Etw::current().records()[1].text, "text");
        EXPECT_EQ(EtwWrite(handle, nullptr, nullptr, 0, nullptr), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(EtwUnregister(handle), STATUS_SUCCESS);
        EXPECT_EQ(EtwUnregister(handle), STATUS_INVALID_HANDLE);
        EXPECT_EQ(EtwWrite(handle, &event, nullptr, 0, nullptr), STATUS_INVALID_HANDLE);
        // Enabled before it registers: told at once.
        ASSERT_EQ(EtwRegister(&id, enable_callback, &enabled, &handle), STATUS_SUCCESS);
        EXPECT_EQ(enabled.calls, 2);
        EtwUnregister(handle);
    });
}

// As trace messages are: what observes the machine sees events, whatever their level.
TEST_F(EtwTest, ProvidersAreEnabledWhileTheMachineIsObserved) {
    struct Silent : machine::Observer {
        void on_event(const machine::TraceEvent&) override {}
    } observer;
    run([&] {
        const GUID id = {1, 2, 3, {}};
        Enabled early;
        Enabled late;
        REGHANDLE first = 0;
        REGHANDLE second = 0;
        ASSERT_EQ(EtwRegister(&id, enable_callback, &early, &first), STATUS_SUCCESS);
        EXPECT_FALSE(EtwProviderEnabled(first, 1, 0));
        machine_.add_observer(observer);
        Etw::current().follow_observers();
        ASSERT_EQ(EtwRegister(&id, enable_callback, &late, &second), STATUS_SUCCESS);
        for (const Enabled* each : {&early, &late}) {
            EXPECT_EQ(each->calls, 1);
            EXPECT_EQ(each->control, 1u);
            EXPECT_EQ(each->level, 0xFF);
        }
        for (const REGHANDLE handle : {first, second}) {
            EXPECT_TRUE(EtwProviderEnabled(handle, 5, 0x80));
            EXPECT_EQ(EtwWriteString(handle, 5, 0, nullptr, u"seen"), STATUS_SUCCESS);
        }
        EXPECT_EQ(Etw::current().records().size(), 2u);
        // A session's choice outranks the observer's.
        Etw::current().enable_provider(id, true, 2, 0);
        EXPECT_FALSE(EtwProviderEnabled(first, 5, 0));
        Etw::current().enable_provider(id, false, 0, 0);
        EXPECT_TRUE(EtwProviderEnabled(first, 5, 0));
        machine_.remove_observer(observer);
        EXPECT_FALSE(EtwProviderEnabled(first, 5, 0));
        // The driver is told, once, that nobody listens any more.
        const int calls = early.calls;
        EXPECT_EQ(early.control, 1u);
        Etw::current().follow_observers();
        Etw::current().follow_observers();
        for (const Enabled* each : {&early, &late}) {
            EXPECT_EQ(each->control, 0u);
            EXPECT_EQ(each->level, 0);
        }
        EXPECT_EQ(early.calls, calls + 1);
        EtwUnregister(first);
        EtwUnregister(second);
    });
}

TEST_F(EtwTest, ActivityIdsRepeat) {
    run([&] {
        GUID first{};
        GUID second{};
        EXPECT_EQ(EtwActivityIdControl(3, &first), STATUS_SUCCESS);
        EXPECT_EQ(EtwActivityIdControl(3, &second), STATUS_SUCCESS);
        EXPECT_NE(first.Data1, second.Data1);
        EXPECT_EQ(EtwActivityIdControl(2, &first), STATUS_SUCCESS);
        GUID current{};
        EXPECT_EQ(EtwActivityIdControl(1, &current), STATUS_SUCCESS);
        EXPECT_EQ(current.Data1, first.Data1);
        EXPECT_EQ(EtwActivityIdControl(9, &current), STATUS_INVALID_PARAMETER);
    });
}

TEST_F(EtwTest, WmiRegistrationsAreRecorded) {
    run([&] {
        DEVICE_OBJECT device{};
        EXPECT_EQ(IoWMIRegistrationControl(&device, WMIREG_ACTION_DEREGISTER), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(IoWMIRegistrationControl(&device, WMIREG_ACTION_REGISTER), STATUS_SUCCESS);
        EXPECT_NE(Etw::current().wmi.find(&device), nullptr);
        EXPECT_EQ(IoWMIRegistrationControl(&device, WMIREG_ACTION_REREGISTER), STATUS_SUCCESS);
        EXPECT_EQ(IoWMIRegistrationControl(&device, WMIREG_ACTION_DEREGISTER), STATUS_SUCCESS);
        EXPECT_EQ(IoWMIRegistrationControl(&device, 42), STATUS_INVALID_PARAMETER);
        GUID id{};
        ULONG first = 9;
        EXPECT_EQ(IoWMIAllocateInstanceIds(&id, 3, &first), STATUS_SUCCESS);
        EXPECT_EQ(first, 0u);
        IoWMIAllocateInstanceIds(&id, 1, &first);
        EXPECT_EQ(first, 3u);
    });
}

} // namespace
} // namespace openportcls::executive
