// The tests of the driver beside it, as GoogleTest cases.
#include <cstdio>
#include <cstdlib>

#include <gtest/gtest.h>
#include <ntddk.h>

#include "driver_test_request.h"
#include "executive/etw/debug_log.h"
#include "executive/kernel.h"
#include "machine/machine.h"
#include "pnp/loader/driver_module.h"

namespace {

using Entry = PDRIVER_INITIALIZE;

// Its tests are static objects that enter themselves into a list, which needs no machine.
Entry driver_entry() {
    static const auto module = [] {
        auto loaded = openportcls::pnp::DriverModule::load(KERNEL_TEST_MODULE);
        if (!loaded) {
            std::fprintf(stderr, "%s\n", loaded.error().message.c_str());
            std::exit(1);
        }
        (*loaded)->make_static_objects();
        return std::move(*loaded);
    }();
    return module->driver_entry();
}

DriverTestRequest ask(unsigned index, bool run) {
    DriverTestRequest request{};
    request.index = index;
    request.run = run;
    driver_entry()(nullptr, reinterpret_cast<PUNICODE_STRING>(&request));
    return request;
}

class InsideTheDriver : public testing::Test {
public:
    explicit InsideTheDriver(unsigned index) : index_(index) {}

private:
    void TestBody() override {
        openportcls::machine::Machine machine;
        openportcls::executive::Kernel& kernel = openportcls::executive::install(machine);
        DriverTestRequest result{};
        const bool survived = machine.enter([&] { result = ask(index_, true); });
        ASSERT_TRUE(survived) << machine.bugcheck_report()->to_text();
        EXPECT_EQ(result.failures, 0U) << result.file << ':' << result.line << ": " << result.expression;
        EXPECT_EQ(kernel.pool.usage().blocks, 0U) << "pool is left";
    }

    unsigned index_;
};

// Runs one of the driver's tests on a machine whose log the caller looks at afterwards.
void run_on(openportcls::machine::Machine& machine, std::string_view suite, std::string_view name) {
    const unsigned tests = ask(0, false).count;
    for (unsigned index = 0; index < tests; ++index) {
        const DriverTestRequest test = ask(index, false);
        if (test.suite == suite && test.name == name) {
            DriverTestRequest result{};
            ASSERT_TRUE(machine.enter([&] { result = ask(index, true); }));
            ASSERT_EQ(result.failures, 0U) << result.file << ':' << result.line << ": " << result.expression;
            return;
        }
    }
    FAIL() << "no such test";
}

// WPP_INIT_TRACING, WPP_CLEANUP, a driver's own trace functions and DoTraceMessage: recorded while a session listens.
TEST(Tracing, MessagesOfTheDriverBecomeRecords) {
    openportcls::machine::Machine machine;
    openportcls::executive::install(machine);
    auto& log = openportcls::executive::Etw::of(machine);
    run_on(machine, "DriverTracing", "MessagesAreRecorded");
    EXPECT_TRUE(log.records().empty()) << "nobody listens";
    log.enable_trace_messages(true);
    run_on(machine, "DriverTracing", "MessagesAreRecorded");
    ASSERT_EQ(log.records().size(), 3U);
    EXPECT_EQ(log.records()[0].source, openportcls::executive::LogSource::wpp);
    EXPECT_EQ(log.records()[0].text, "TraceCheck(TRACE_LEVEL_ERROR, CHECK_FLAG) DriverTracing_MessagesAreRecorded: "
                                     "DriverTracing_MessagesAreRecorded failed with 0xc0000001 after 1 of two");
    EXPECT_EQ(log.records()[1].text, "TraceEntry DriverTracing_MessagesAreRecorded: ");
    EXPECT_EQ(log.records()[2].text,
              "DoTraceMessage(OTHER_FLAG) DriverTracing_MessagesAreRecorded: no arguments, 100%");
    EXPECT_EQ(log.trace_providers, 0U) << "registered and cleaned up";
    log.enable_trace_messages(false);
    run_on(machine, "DriverTracing", "MessagesAreRecorded");
    EXPECT_EQ(log.records().size(), 3U);
}

// The debug macros of a checked build print, those of a free build do not.
TEST(Tracing, DebugMacrosPrintInCheckedBuilds) {
    openportcls::machine::Machine machine;
    openportcls::executive::install(machine);
    auto& log = openportcls::executive::Etw::of(machine);
    run_on(machine, "DriverDebug", "FreeBuildsEvaluateNothing");
    EXPECT_TRUE(log.records().empty());
    run_on(machine, "DriverDebug", "CheckedBuildsEvaluateAndPrint");
    ASSERT_EQ(log.records().size(), 2U) << "KdPrint and KdPrintEx";
    EXPECT_EQ(log.records()[0].text, "value 1\n");
    EXPECT_EQ(log.records()[1].component, static_cast<std::uint32_t>(DPFLTR_IHVAUDIO_ID));
}

// In which order the processors come must not matter to who waits for another by YieldProcessor.
TEST(Yielding, WorksUnderEveryPolicy) {
    using openportcls::machine::PolicyKind;
    for (const PolicyKind policy : {PolicyKind::first_come, PolicyKind::random, PolicyKind::pct}) {
        for (std::uint64_t seed = 1; seed <= 5; ++seed) {
            openportcls::machine::Machine machine({.policy = policy, .seed = seed, .watchdog_seconds = 2});
            openportcls::executive::install(machine);
            run_on(machine, "DriverYield", "HandMadeSpinLockIsNoHang");
            run_on(machine, "DriverYield", "LetsTheOtherProcessorsRunAndTimePass");
        }
    }
}

} // namespace

int main(int count, char** arguments) {
    testing::InitGoogleTest(&count, arguments);
    const unsigned tests = ask(0, false).count;
    if (tests == 0) {
        std::fprintf(stderr, "the driver has no tests\n");
        return 1;
    }
    for (unsigned index = 0; index < tests; ++index) {
        const DriverTestRequest test = ask(index, false);
        testing::RegisterTest(test.suite, test.name, nullptr, nullptr, __FILE__, __LINE__,
                              [index]() -> testing::Test* { return new InsideTheDriver(index); });
    }
    return RUN_ALL_TESTS();
}
