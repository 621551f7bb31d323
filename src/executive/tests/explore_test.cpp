// The locks of the executive under schedules chosen at random: whoever holds one is alone, in every interleaving.
#include <memory>

#include "executive/tests/fixture.h"

namespace openportcls::executive {
namespace {

enum class LockKind { fast_mutex, guarded_mutex, resource, mutex, spin_lock, push_lock, reader_writer_spin_lock };

struct Shared {
    LockKind kind = LockKind::fast_mutex;
    FAST_MUTEX fast_mutex{};
    ERESOURCE resource{};
    KMUTEX mutex{};
    KSPIN_LOCK spin_lock = 0;
    EX_PUSH_LOCK push_lock = 0;
    EX_SPIN_LOCK reader_writer = 0;
    int inside = 0;
    int most_inside = 0;
    int total = 0;
};

KIRQL acquire(Shared& shared) {
    switch (shared.kind) {
    case LockKind::fast_mutex:
        ExAcquireFastMutex(&shared.fast_mutex);
        return 0;
    case LockKind::guarded_mutex:
        KeAcquireGuardedMutex(&shared.fast_mutex);
        return 0;
    case LockKind::resource:
        KeEnterCriticalRegion();
        ExAcquireResourceExclusiveLite(&shared.resource, TRUE);
        return 0;
    case LockKind::mutex:
        KeWaitForSingleObject(&shared.mutex, Executive, KernelMode, FALSE, nullptr);
        return 0;
    case LockKind::spin_lock:
        return KeAcquireSpinLockRaiseToDpc(&shared.spin_lock);
    case LockKind::push_lock:
        KeEnterCriticalRegion();
        ExAcquirePushLockExclusive(&shared.push_lock);
        return 0;
    case LockKind::reader_writer_spin_lock:
        return ExAcquireSpinLockExclusive(&shared.reader_writer);
    }
    return 0;
}

void release(Shared& shared, KIRQL old) {
    switch (shared.kind) {
    case LockKind::fast_mutex:
        ExReleaseFastMutex(&shared.fast_mutex);
        break;
    case LockKind::guarded_mutex:
        KeReleaseGuardedMutex(&shared.fast_mutex);
        break;
    case LockKind::resource:
        ExReleaseResourceLite(&shared.resource);
        KeLeaveCriticalRegion();
        break;
    case LockKind::mutex:
        KeReleaseMutex(&shared.mutex, FALSE);
        break;
    case LockKind::spin_lock:
        KeReleaseSpinLock(&shared.spin_lock, old);
        break;
    case LockKind::push_lock:
        ExReleasePushLockExclusive(&shared.push_lock);
        KeLeaveCriticalRegion();
        break;
    case LockKind::reader_writer_spin_lock:
        ExReleaseSpinLockExclusive(&shared.reader_writer, old);
        break;
    }
}

void NTAPI contend(PVOID context) {
    auto& shared = *static_cast<Shared*>(context);
    for (int i = 0; i < 20; ++i) {
        const KIRQL old = acquire(shared);
        shared.most_inside = std::max(shared.most_inside, ++shared.inside);
        const int before = shared.total;
        KeQueryPerformanceCounter(nullptr); // others may run here
        machine::Machine::current().preemption_point();
        shared.total = before + 1;
        --shared.inside;
        release(shared, old);
    }
}

struct Outcome {
    bool survived = false;
    std::string report;
    int most_inside = 0;
    int total = 0;
    std::uint64_t steps = 0;
};

Outcome run(LockKind kind, std::uint64_t seed) {
    machine::MachineConfig config;
    config.policy = machine::PolicyKind::random;
    config.seed = seed;
    machine::Machine machine(config);
    install(machine);
    Shared shared;
    shared.kind = kind;
    Outcome outcome;
    outcome.survived = machine.enter([&] {
        ExInitializeFastMutex(&shared.fast_mutex);
        ExInitializeResourceLite(&shared.resource);
        KeInitializeMutex(&shared.mutex, 0);
        PVOID threads[3];
        for (PVOID& thread : threads) {
            HANDLE handle;
            PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr, &contend, &shared);
            ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode, &thread, nullptr);
            ZwClose(handle);
        }
        KeWaitForMultipleObjects(3, threads, WaitAll, Executive, KernelMode, FALSE, nullptr, nullptr);
        for (PVOID thread : threads) {
            ObDereferenceObject(thread);
        }
        ExDeleteResourceLite(&shared.resource);
    });
    if (!outcome.survived) {
        outcome.report = machine.bugcheck_report()->to_text();
    }
    outcome.most_inside = shared.most_inside;
    outcome.total = shared.total;
    outcome.steps = machine.step();
    return outcome;
}

class ExploreLocks : public testing::TestWithParam<LockKind> {};

TEST_P(ExploreLocks, OneOwnerInEverySchedule) {
    for (std::uint64_t seed = 1; seed <= 25; ++seed) {
        const Outcome outcome = run(GetParam(), seed);
        ASSERT_TRUE(outcome.survived) << "seed " << seed << "\n" << outcome.report;
        ASSERT_EQ(outcome.most_inside, 1) << "seed " << seed;
        ASSERT_EQ(outcome.total, 60) << "seed " << seed;
    }
}

TEST_P(ExploreLocks, SameSeedSameSteps) {
    EXPECT_EQ(run(GetParam(), 7).steps, run(GetParam(), 7).steps);
}

INSTANTIATE_TEST_SUITE_P(AllKinds, ExploreLocks,
                         testing::Values(LockKind::fast_mutex, LockKind::guarded_mutex, LockKind::resource,
                                         LockKind::mutex, LockKind::spin_lock, LockKind::push_lock,
                                         LockKind::reader_writer_spin_lock));

} // namespace
} // namespace openportcls::executive
