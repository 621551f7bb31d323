// Stacks that are left for good: by threads that end, by a guest that crashes, by a machine that is taken down. With
// AddressSanitizer (./dev test --sanitize) each has shadow memory and a fake stack that have to go, too.
#include "machine/machine.h"

#include <cstring>
#include <fstream>
#include <unistd.h>

#include <gtest/gtest.h>

namespace openportcls::machine {
namespace {

std::size_t mapped_bytes() {
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

// Frames with buffers, which a sanitizer surrounds with redzones, down to where `then` does not come back from.
void descend(int depth, void (*then)()) {
    volatile char buffer[100];
    buffer[0] = static_cast<char>(depth);
    if (depth == 0) {
        then();
    } else {
        descend(depth - 1, then);
    }
    buffer[1] = buffer[0];
}

// Not instrumented: it would not know of redzones that others left behind; memset looks at every byte.
__attribute__((no_sanitize("address"))) void use_the_same_stack(void*) {
    char buffer[16384];
    std::memset(buffer, 1, sizeof buffer);
    asm volatile("" : : "r"(buffer) : "memory");
}

void run(Machine& machine, Thread::Routine routine) {
    Thread* thread = machine.create_thread("guest", routine, nullptr);
    machine.wait_one(thread);
    machine.release_thread(*thread);
}

TEST(FiberStacks, AStackThatWasLeftInTheMiddleIsAsGoodAsNew) {
    Machine machine;
    ASSERT_TRUE(machine.enter([&] {
        for (int round = 0; round < 3; ++round) {
            run(machine, [](void*) { descend(30, [] { Machine::current().exit_thread(0); }); });
            run(machine, &use_the_same_stack);
        }
    }));
}

TEST(FiberStacks, EndedThreadsLeaveNothingMapped) {
    Machine machine;
    const auto cycle = [&] {
        for (int round = 0; round < 100; ++round) {
            run(machine, [](void*) { descend(3, [] { Machine::current().exit_thread(0); }); });
        }
    };
    ASSERT_TRUE(machine.enter(cycle)); // what is kept for the next thread
    const std::size_t before = mapped_bytes();
    ASSERT_TRUE(machine.enter(cycle));
    EXPECT_LT(mapped_bytes(), before + (64 << 20));
}

void crash_a_machine(int waiting_threads) {
    Machine machine;
    EXPECT_FALSE(machine.enter([&] {
        for (int number = 0; number < waiting_threads; ++number) {
            machine.create_thread(
                "waiting", [](void*) { descend(3, [] { Machine::current().run_for(nanoseconds_per_second); }); },
                nullptr);
        }
        run(machine, [](void*) {
            descend(3, [] {
                Machine::current().run_for(nanoseconds_per_millisecond);
                Machine::current().bugcheck(0xE2, 0, 0, 0, 0, "meant");
            });
        });
    }));
    EXPECT_EQ(machine.bugcheck_report()->code, 0xE2U);
}

TEST(FiberStacks, CrashedMachinesLeaveNothingMapped) {
    const auto cycle = [] {
        for (int round = 0; round < 20; ++round) {
            crash_a_machine(4);
        }
    };
    cycle();
    const std::size_t before = mapped_bytes();
    cycle();
    EXPECT_LT(mapped_bytes(), before + (64 << 20));
}

[[gnu::noinline]] int eat_stack(int depth) { // NOLINT(misc-no-recursion)
    volatile char buffer[1000];
    buffer[0] = static_cast<char>(depth);
    return depth < 0 ? 0 : eat_stack(depth + 1) + buffer[0];
}

// Reported on a stack of its own, from which nobody comes back either.
TEST(FiberStacks, OverflowsAreReportedAgainAndAgain) {
    for (int round = 0; round < 3; ++round) {
        Machine machine;
        EXPECT_FALSE(machine.enter([&] { run(machine, [](void*) { eat_stack(0); }); }));
        EXPECT_EQ(machine.bugcheck_report()->parameters[0], 8U);
        use_the_same_stack(nullptr);
    }
}

// A machine that runs inside of another one's thread: its client's stack is that thread's.
TEST(FiberStacks, MachinesNest) {
    Machine outer;
    ASSERT_TRUE(outer.enter([&] {
        run(outer, [](void*) {
            Machine inner;
            EXPECT_TRUE(inner.enter([&] {
                run(inner, [](void*) { descend(10, [] {}); });
                run(inner, &use_the_same_stack);
            }));
            descend(10, [] {});
            EXPECT_FALSE(inner.enter(
                [&] { run(inner, [](void*) { Machine::current().bugcheck(0xE2, 0, 0, 0, 0, "meant"); }); }));
            descend(10, [] {});
        });
    }));
}

} // namespace
} // namespace openportcls::machine
