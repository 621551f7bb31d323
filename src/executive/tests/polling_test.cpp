// Loops that ask instead of waiting: time passes for them, and others get to run meanwhile.
#include <functional>

#include "executive/tests/fixture.h"

namespace openportcls::executive {
namespace {

using Poll = std::function<void()>;

// What a driver's loop may ask again and again; none of it waits.
struct Polls {
    KTIMER timer{};
    KEVENT event{};
    KSEMAPHORE semaphore{};
    KSPIN_LOCK held_lock = 1;
    KSPIN_LOCK list_lock = 0;
    FAST_MUTEX fast_mutex{};
    LIST_ENTRY empty_list{&empty_list, &empty_list};
    SINGLE_LIST_ENTRY empty_stack{};
    alignas(16) SLIST_HEADER empty_sequence{};
    LARGE_INTEGER now{};
    KSPIN_LOCK free_lock = 0;
    EX_SPIN_LOCK reader_writer = 0;
    FAST_MUTEX free_fast_mutex{};
    KMUTEX mutex{};
    ERESOURCE resource{};

    ~Polls() { ExDeleteResourceLite(&resource); }
    Polls(const Polls&) = delete;
    Polls& operator=(const Polls&) = delete;

    Polls() {
        ExInitializeFastMutex(&free_fast_mutex);
        KeInitializeMutex(&mutex, 0);
        ExInitializeResourceLite(&resource);
        KeInitializeTimer(&timer);
        KeInitializeEvent(&event, NotificationEvent, FALSE);
        KeInitializeSemaphore(&semaphore, 0, 1);
        ExInitializeFastMutex(&fast_mutex);
        fast_mutex.Count = 0; // somebody else's
    }

    std::vector<std::pair<std::string, Poll>> all() {
        return {
            {"KeQueryPerformanceCounter", [] { KeQueryPerformanceCounter(nullptr); }},
            {"KeQueryTickCount", [this] { KeQueryTickCount(&now); }},
            {"READ_PORT_UCHAR", [] { READ_PORT_UCHAR(reinterpret_cast<PUCHAR>(0x388)); }},
            {"KeReadStateTimer", [this] { KeReadStateTimer(&timer); }},
            {"KeReadStateEvent", [this] { KeReadStateEvent(&event); }},
            {"KeReadStateSemaphore", [this] { KeReadStateSemaphore(&semaphore); }},
            {"KeWaitForSingleObject",
             [this] {
                 LARGE_INTEGER at_once{};
                 KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &at_once);
             }},
            {"KeDelayExecutionThread",
             [] {
                 LARGE_INTEGER nothing{};
                 KeDelayExecutionThread(KernelMode, FALSE, &nothing);
             }},
            {"KeTestSpinLock", [this] { KeTestSpinLock(&held_lock); }},
            {"ExTryToAcquireFastMutex", [this] { ExTryToAcquireFastMutex(&fast_mutex); }},
            {"ExInterlockedRemoveHeadList", [this] { ExInterlockedRemoveHeadList(&empty_list, &list_lock); }},
            {"ExInterlockedPopEntryList", [this] { ExInterlockedPopEntryList(&empty_stack, &list_lock); }},
            {"ExpInterlockedPopEntrySList", [this] { ExpInterlockedPopEntrySList(&empty_sequence); }},
        };
    }

    // Calls that succeed at once and take no time of their own.
    std::vector<std::pair<std::string, Poll>> successes() {
        return {
            {"KeAcquireSpinLock",
             [this] {
                 KIRQL old;
                 KeAcquireSpinLock(&free_lock, &old);
                 KeReleaseSpinLock(&free_lock, old);
             }},
            {"ExAcquireFastMutex",
             [this] {
                 ExAcquireFastMutex(&free_fast_mutex);
                 ExReleaseFastMutex(&free_fast_mutex);
             }},
            {"KeWaitForSingleObject",
             [this] {
                 KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, nullptr);
                 KeReleaseMutex(&mutex, FALSE);
             }},
            {"ExAcquireResourceExclusiveLite",
             [this] {
                 KeEnterCriticalRegion();
                 ExAcquireResourceExclusiveLite(&resource, TRUE);
                 ExReleaseResourceLite(&resource);
                 KeLeaveCriticalRegion();
             }},
            {"ExAcquireSpinLockShared",
             [this] { ExReleaseSpinLockShared(&reader_writer, ExAcquireSpinLockShared(&reader_writer)); }},
            {"IoAcquireCancelSpinLock",
             [] {
                 KIRQL old;
                 IoAcquireCancelSpinLock(&old);
                 IoReleaseCancelSpinLock(old);
             }},
            {"KeLowerIrql", [] { KeLowerIrql(KeRaiseIrqlToDpcLevel()); }},
            {"KeSetEvent", [this] { KeSetEvent(&event, IO_NO_INCREMENT, FALSE); }},
            {"KeClearEvent", [this] { KeClearEvent(&event); }},
            {"ExAllocatePool2", [] { ExFreePool(ExAllocatePool2(POOL_FLAG_PAGED, 16, 'tseT')); }},
        };
    }
};

struct Flag {
    bool is_set = false;
    machine::Nanoseconds at = 0;
};
void set_flag(void* context) {
    auto& flag = *static_cast<Flag*>(context);
    flag = {true, machine::Machine::current().now()};
}

machine::MachineConfig config_of(unsigned processors) {
    machine::MachineConfig config;
    config.processors = processors;
    config.watchdog_seconds = 60; // calls are slow with sanitizers
    return config;
}

class Polling : public ExecutiveTest {
protected:
    explicit Polling(unsigned processors = 2) : ExecutiveTest(config_of(processors)) {}

    void start(Flag& flag, std::uint8_t priority) {
        machine::Thread* thread = machine.create_thread("other", &set_flag, &flag, priority);
        ASSERT_NE(thread, nullptr);
        machine.release_thread(*thread);
    }
    // How long the running thread has to ask until somebody else has set the flag.
    machine::Nanoseconds poll_until_set(const Poll& poll, const Flag& flag) {
        constexpr machine::Nanoseconds limit = 200 * machine::nanoseconds_per_millisecond;
        const machine::Nanoseconds begin = machine.now();
        while (!flag.is_set && machine.now() - begin < limit) {
            poll();
        }
        EXPECT_TRUE(flag.is_set);
        return flag.at - begin;
    }
};

class PollingAlone : public Polling {
protected:
    PollingAlone() : Polling(1) {}
};

TEST_F(Polling, TimersExpireMeanwhile) {
    inside([&] {
        Polls polls;
        for (const auto& [name, poll] : polls.all()) {
            SCOPED_TRACE(name);
            KTIMER timer;
            KeInitializeTimer(&timer);
            KeSetTimer(&timer, milliseconds(20), nullptr);
            const machine::Nanoseconds begin = machine.now();
            while (timer.Header.SignalState == 0) {
                poll();
            }
            EXPECT_GE(machine.now() - begin, 20 * machine::nanoseconds_per_millisecond);
            EXPECT_LE(machine.now() - begin, 36 * machine::nanoseconds_per_millisecond);
        }
    });
}

TEST_F(Polling, AnotherThreadRunsOnAProcessorThatIdles) {
    inside([&] {
        Polls polls;
        for (const auto& [name, poll] : polls.all()) {
            SCOPED_TRACE(name);
            Flag flag;
            start(flag, 1);
            EXPECT_LT(poll_until_set(poll, flag), machine::nanoseconds_per_millisecond);
        }
    });
}

// Even a loop of calls that succeed at once.
TEST_F(Polling, CallsThatSucceedKeepNobodyAway) {
    inside([&] {
        Polls polls;
        for (const auto& [name, call] : polls.successes()) {
            SCOPED_TRACE(name);
            Flag flag;
            start(flag, 8);
            EXPECT_LT(poll_until_set(call, flag), machine::nanoseconds_per_millisecond);
        }
    });
}

TEST_F(Polling, TimersExpireWhileCallsSucceed) {
    inside([&] {
        Polls polls;
        for (const auto& [name, call] : polls.successes()) {
            SCOPED_TRACE(name);
            KTIMER timer;
            KeInitializeTimer(&timer);
            KeSetTimer(&timer, milliseconds(20), nullptr);
            while (timer.Header.SignalState == 0) {
                call();
            }
        }
    });
}

// A burst of calls takes no time: only what seems to have no end does.
TEST_F(Polling, ABurstOfCallsTakesNoTime) {
    inside([&] {
        Polls polls;
        const machine::Nanoseconds begin = machine.now();
        for (int i = 0; i < 1000; ++i) {
            polls.successes().front().second();
        }
        EXPECT_EQ(machine.now(), begin);
    });
}

TEST_F(Polling, AtDispatchLevelAsWell) {
    inside([&] {
        Flag flag;
        start(flag, 8);
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        EXPECT_LT(poll_until_set([] { KeQueryPerformanceCounter(nullptr); }, flag),
                  machine::nanoseconds_per_millisecond);
        KeLowerIrql(old);
    });
}

TEST_F(Polling, TwoWhoPollEachOtherBothComeToTheirEnd) {
    inside([&] {
        struct Pair {
            bool first = false;
            bool second = false;
        } pair;
        machine::Thread* thread = machine.create_thread(
            "second",
            [](void* context) {
                auto& both = *static_cast<Pair*>(context);
                while (!both.first) {
                    KeQueryPerformanceCounter(nullptr);
                }
                both.second = true;
            },
            &pair);
        for (int i = 0; i < 1000; ++i) {
            KeQueryPerformanceCounter(nullptr); // the other one polls already
        }
        pair.first = true;
        while (!pair.second) {
            KeQueryPerformanceCounter(nullptr);
        }
        machine.release_thread(*thread);
    });
}

TEST_F(PollingAlone, AHigherPriorityRunsAtOnceTheSameAfterAQuantumALowerNever) {
    inside([&] {
        const Poll poll = [] { KeQueryPerformanceCounter(nullptr); };
        Flag higher;
        Flag same;
        Flag lower;
        start(lower, 7);
        start(same, 8);
        start(higher, 9);
        EXPECT_LT(poll_until_set(poll, higher), machine::nanoseconds_per_millisecond);
        EXPECT_FALSE(same.is_set);
        poll_until_set(poll, same);
        EXPECT_GE(same.at - higher.at, 31 * machine::nanoseconds_per_millisecond);
        EXPECT_LE(same.at - higher.at, 32 * machine::nanoseconds_per_millisecond);
        const machine::Nanoseconds begin = machine.now();
        while (machine.now() - begin < 100 * machine::nanoseconds_per_millisecond) {
            poll();
        }
        EXPECT_FALSE(lower.is_set);
    });
}

TEST_F(PollingAlone, NobodyTakesTheProcessorAtDispatchLevel) {
    inside([&] {
        Flag flag;
        start(flag, 31);
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        for (int i = 0; i < 100'000; ++i) {
            KeQueryPerformanceCounter(nullptr);
        }
        EXPECT_FALSE(flag.is_set);
        KeLowerIrql(old);
        KeStallExecutionProcessor(50);
        poll_until_set([] { KeQueryPerformanceCounter(nullptr); }, flag);
    });
}

// Waits of a driver end with the clock interrupt, whichever thread they are made on.
TEST_F(Polling, WaitsOfTheClientsThreadEndWithTheClock) {
    inside([&] {
        machine.run_for(1'000'000);
        const machine::Nanoseconds tick = machine.clock_interval();
        KEVENT event;
        KeInitializeEvent(&event, NotificationEvent, FALSE);
        LARGE_INTEGER timeout = milliseconds(1);
        EXPECT_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &timeout), STATUS_TIMEOUT);
        EXPECT_EQ(machine.now(), tick);
        KeDelayExecutionThread(KernelMode, FALSE, &timeout);
        EXPECT_EQ(machine.now(), 2 * tick);
        ExSetTimerResolution(10'000, TRUE);
        KeDelayExecutionThread(KernelMode, FALSE, &timeout);
        EXPECT_LE(machine.now(), 2 * tick + 2'000'000);
        ExSetTimerResolution(0, FALSE);
    });
}

} // namespace
} // namespace openportcls::executive
