// What a guest does wrong ends the guest, with a report, and not the host.
#include "machine/machine.h"

#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <sys/resource.h>

#include <gtest/gtest.h>

namespace openportcls::machine {
namespace {

TEST(Bugcheck, a_bad_pointer_ends_the_guest_and_not_the_host) {
    Machine machine;
    EXPECT_FALSE(machine.enter([&] {
        volatile int* nowhere = reinterpret_cast<volatile int*>(0x1230);
        *nowhere = 1;
    }));
    ASSERT_NE(machine.bugcheck_report(), nullptr);
    EXPECT_EQ(machine.bugcheck_report()->code, 0x50U);
    EXPECT_EQ(machine.bugcheck_report()->parameters[0], 0x1230U);
    EXPECT_NE(machine.bugcheck_report()->to_text().find("PAGE_FAULT"), std::string::npos);
    EXPECT_FALSE(machine.enter([] { FAIL(); }));
}

TEST(Bugcheck, from_a_thread_other_than_the_clients) {
    Machine machine;
    EXPECT_FALSE(machine.enter([&] {
        Thread* thread = machine.create_thread(
            "faulty", [](void*) { Machine::current().bugcheck(0xDEAD, 1, 2, 3, 4, "because the test says so"); },
            nullptr);
        machine.wait_one(thread);
        FAIL();
    }));
    ASSERT_NE(machine.bugcheck_report(), nullptr);
    EXPECT_EQ(machine.bugcheck_report()->code, 0xDEADU);
    EXPECT_EQ(machine.bugcheck_report()->thread, "faulty");
    EXPECT_EQ(machine.bugcheck_report()->rule, "because the test says so");
}

int overflow(int depth) { // NOLINT(misc-no-recursion)
    volatile char frame[4096];
    frame[0] = static_cast<char>(depth);
    return depth < 0 ? 0 : overflow(depth + 1) + frame[0];
}

TEST(Bugcheck, stack_overflow_of_a_kernel_thread) {
    Machine machine;
    EXPECT_FALSE(machine.enter([&] {
        Thread* thread = machine.create_thread("deep", [](void*) { overflow(0); }, nullptr);
        machine.wait_one(thread);
    }));
    ASSERT_NE(machine.bugcheck_report(), nullptr);
    EXPECT_EQ(machine.bugcheck_report()->code, 0x7FU);
}

// DriverEntry, AddDevice and whatever else an application's call leads to.
TEST(Bugcheck, stack_overflow_of_the_client) {
    Machine machine;
    const auto before = std::chrono::steady_clock::now();
    EXPECT_FALSE(machine.enter([&] { overflow(0); }));
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(2));
    ASSERT_NE(machine.bugcheck_report(), nullptr);
    EXPECT_EQ(machine.bugcheck_report()->code, 0x7FU);
    EXPECT_EQ(machine.bugcheck_report()->parameters[0], 8U);
    const std::string text = machine.bugcheck_report()->to_text();
    EXPECT_NE(text.find("overflow"), std::string::npos) << text;
    EXPECT_NE(text.find(" times"), std::string::npos) << text;
    EXPECT_NE(text.find("stack_overflow_of_the_client"), std::string::npos)
        << "what the recursion began with: " << text;
}

// Never inlined, so that it has a frame to smash; without the sanitizers' and the compiler's own checks of that.
#define OPC_UNCHECKED __attribute__((noinline, no_sanitize("address", "undefined"), no_stack_protector))

OPC_UNCHECKED void fill(volatile std::uint64_t* place, std::size_t bytes, std::uint64_t value) {
    for (std::size_t i = 0; i < bytes / sizeof *place; ++i) {
        place[i] = value;
    }
}

OPC_UNCHECKED void overrun_local(std::size_t bytes, std::uint64_t value) {
    volatile std::uint64_t local[4] = {};
    fill(local, bytes, value);
}

struct Overrun {
    std::size_t bytes;
    std::uint64_t value;
    std::uint32_t code;
    const char* rule;
};

class StackOverruns : public testing::TestWithParam<Overrun> {};

TEST_P(StackOverruns, OfTheClientEndTheGuest) {
    const Overrun& overrun = GetParam();
    Machine machine;
    EXPECT_FALSE(machine.enter([&] { overrun_local(overrun.bytes, overrun.value); }));
    ASSERT_NE(machine.bugcheck_report(), nullptr);
    EXPECT_EQ(machine.bugcheck_report()->code, overrun.code);
    const std::string text = machine.bugcheck_report()->to_text();
    EXPECT_NE(text.find(overrun.rule), std::string::npos) << text;
    EXPECT_NE(text.find("overrun_local"), std::string::npos) << text;
}

TEST_P(StackOverruns, OfAThreadEndTheGuest) {
    static const Overrun* overrun;
    overrun = &GetParam();
    Machine machine;
    EXPECT_FALSE(machine.enter([&] {
        machine.wait_one(
            machine.create_thread("t", [](void*) { overrun_local(overrun->bytes, overrun->value); }, nullptr));
    }));
    EXPECT_EQ(machine.bugcheck_report()->code, overrun->code);
}

INSTANTIATE_TEST_SUITE_P(Table, StackOverruns,
                         testing::Values(Overrun{20 * 1024, 0, 0xF7, "past the end of a local variable"},
                                         Overrun{80 * 1024, 0x41, 0xF7, "past the end of a local variable"},
                                         Overrun{128, 0x4141414141414141, 0x50, "that cannot be one"},
                                         Overrun{128, 0x41414141, 0x50, "jumped to 0x41414141"}));

// A request that is made on the way of another one (IRPs that are sent down, a callback of an application).
TEST(Bugcheck, a_nested_entry_returns_to_its_caller) {
    if (__sanitizer_start_switch_fiber != nullptr) {
        GTEST_SKIP() << "the report leaves the stack for good: AddressSanitizer gives up the frames it keeps elsewhere";
    }
    Machine machine;
    bool came_back = false;
    EXPECT_FALSE(machine.enter([&] {
        EXPECT_FALSE(machine.enter([&] { overflow(0); }));
        came_back = true;
    }));
    EXPECT_TRUE(came_back);
}

TEST(Machine, what_a_call_throws_reaches_its_caller) {
    Machine machine;
    EXPECT_THROW(machine.enter([] { throw std::runtime_error("meant"); }), std::runtime_error);
    EXPECT_TRUE(machine.enter([] {}));
}

// ---- where the host has no room for stacks, nothing ends in an abort ---------------------------------------------

class NoRoomForStacks : public testing::Test {
protected:
    void SetUp() override {
        if (__sanitizer_start_switch_fiber != nullptr || __tsan_acquire != nullptr) {
            GTEST_SKIP() << "the sanitizers' run-times need room themselves";
        }
    }
};

void limit_address_space() {
    const rlimit limit{1 << 20, 1 << 20}; // less than there is already
    setrlimit(RLIMIT_AS, &limit);
}

bool threads_are_refused() {
    Machine machine;
    bool is_refused = false;
    machine.enter([&] {
        limit_address_space();
        is_refused = machine.create_thread("refused", [](void*) {}, nullptr) == nullptr;
    });
    return is_refused;
}

TEST_F(NoRoomForStacks, NoThreadIsMade) {
    EXPECT_EXIT(std::exit(threads_are_refused() ? 0 : 1), testing::ExitedWithCode(0), "");
}

bool client_is_refused() {
    Machine machine;
    limit_address_space();
    const bool entered = machine.enter([] {});
    const BugcheckReport* report = machine.bugcheck_report();
    return !entered && report != nullptr && report->rule.find("no room") != std::string::npos;
}

TEST_F(NoRoomForStacks, TheReportOfAClientWithoutOneSaysSo) {
    EXPECT_EXIT(std::exit(client_is_refused() ? 0 : 1), testing::ExitedWithCode(0), "");
}

bool idling_is_refused() {
    Machine machine;
    const bool survived = machine.enter([&] {
        limit_address_space();
        machine.run_for(1);
    });
    return !survived && machine.bugcheck_report()->rule.find("no room") != std::string::npos;
}

TEST_F(NoRoomForStacks, TheReportOfAnIdleProcessorWithoutOneSaysSo) {
    EXPECT_EXIT(std::exit(idling_is_refused() ? 0 : 1), testing::ExitedWithCode(0), "");
}

TEST(Bugcheck, acquiring_an_own_spin_lock_again) {
    Machine machine;
    KSPIN_LOCK lock = 0;
    EXPECT_FALSE(machine.enter([&] {
        machine.acquire_lock(lock);
        machine.acquire_lock(lock);
    }));
    EXPECT_EQ(machine.bugcheck_report()->code, 0x0FU);
}

} // namespace
} // namespace openportcls::machine
