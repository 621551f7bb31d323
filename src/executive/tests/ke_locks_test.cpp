// Spin locks of all kinds: levels, ownership, what goes wrong.
#include "executive/tests/fixture.h"

namespace openportcls::executive {
namespace {

using KeLocks = ExecutiveTest;

TEST_F(KeLocks, AtDpcLevelFormsLeaveTheIrqlAlone) {
    inside([&] {
        KSPIN_LOCK lock;
        KeInitializeSpinLock(&lock);
        KIRQL old;
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        KeAcquireSpinLockAtDpcLevel(&lock);
        EXPECT_FALSE(KeTestSpinLock(&lock));
        EXPECT_FALSE(KeTryToAcquireSpinLockAtDpcLevel(&lock));
        EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
        KeReleaseSpinLockFromDpcLevel(&lock);
        EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
        EXPECT_TRUE(KeTryToAcquireSpinLockAtDpcLevel(&lock));
        KeReleaseSpinLockFromDpcLevel(&lock);
        KeLowerIrql(old);
        EXPECT_TRUE(KeTestSpinLock(&lock));
    });
}

TEST_F(KeLocks, AtDpcLevelFormsBelowItAreReported) {
    expect_bugcheck(0x0A, "KeAcquireSpinLockAtDpcLevel may be called at DISPATCH_LEVEL or above", [&] {
        KSPIN_LOCK lock = 0;
        KeAcquireSpinLockAtDpcLevel(&lock);
    });
}

TEST_F(KeLocks, ReleaseFromDpcLevelBelowItIsReported) {
    expect_bugcheck(0x0A, "KeReleaseSpinLockFromDpcLevel may be called at DISPATCH_LEVEL or above", [&] {
        KSPIN_LOCK lock = 0;
        KeReleaseSpinLockFromDpcLevel(&lock);
    });
}

TEST_F(KeLocks, AcquiringAboveDispatchLevelIsReported) {
    expect_bugcheck(0x0A, "KeAcquireSpinLock may be called at DISPATCH_LEVEL or below", [&] {
        KSPIN_LOCK lock = 0;
        KIRQL old;
        KeRaiseIrql(DISPATCH_LEVEL + 3, &old);
        KeAcquireSpinLock(&lock, &old);
    });
}

TEST_F(KeLocks, ReleasingAFreeLockIsReported) {
    expect_bugcheck(0x10, "", [&] {
        KSPIN_LOCK lock = 0;
        KeRaiseIrqlToDpcLevel();
        KeReleaseSpinLockFromDpcLevel(&lock);
    });
}

TEST_F(KeLocks, QueuedLocksRememberTheIrqlInTheirHandle) {
    inside([&] {
        KSPIN_LOCK lock;
        KeInitializeSpinLock(&lock);
        KLOCK_QUEUE_HANDLE handle;
        KIRQL old;
        KeRaiseIrql(APC_LEVEL, &old);
        KeAcquireInStackQueuedSpinLock(&lock, &handle);
        EXPECT_EQ(handle.OldIrql, APC_LEVEL);
        EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
        EXPECT_FALSE(KeTestSpinLock(&lock));
        KeReleaseInStackQueuedSpinLock(&handle);
        EXPECT_EQ(KeGetCurrentIrql(), APC_LEVEL);
        KeAcquireInStackQueuedSpinLockForDpc(&lock, &handle);
        EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
        KLOCK_QUEUE_HANDLE other;
        KSPIN_LOCK second = 0;
        KeAcquireInStackQueuedSpinLockAtDpcLevel(&second, &other);
        KeReleaseInStackQueuedSpinLockFromDpcLevel(&other);
        KeReleaseInStackQueuedSpinLockForDpc(&handle);
        EXPECT_EQ(KeGetCurrentIrql(), APC_LEVEL);
        KeLowerIrql(old);
    });
}

TEST_F(KeLocks, ReaderWriterLocksShareAndConvert) {
    inside([&] {
        EX_SPIN_LOCK lock = 0;
        const KIRQL first = ExAcquireSpinLockShared(&lock);
        EXPECT_EQ(first, PASSIVE_LEVEL);
        EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
        ExAcquireSpinLockSharedAtDpcLevel(&lock);
        EXPECT_FALSE(ExTryConvertSharedSpinLockExclusive(&lock)) << "another reader is there";
        ExReleaseSpinLockSharedFromDpcLevel(&lock);
        EXPECT_TRUE(ExTryConvertSharedSpinLockExclusive(&lock));
        EXPECT_FALSE(ExTryConvertSharedSpinLockExclusive(&lock)) << "not held shared any more";
        ExReleaseSpinLockExclusive(&lock, first);
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
        EXPECT_EQ(lock, 0);
        const KIRQL second = ExAcquireSpinLockExclusive(&lock);
        ExReleaseSpinLockExclusiveFromDpcLevel(&lock);
        ExAcquireSpinLockExclusiveAtDpcLevel(&lock);
        ExReleaseSpinLockExclusive(&lock, second);
        EXPECT_EQ(lock, 0);
    });
    expect_bugcheck(0x133, "reader-writer spin lock", [&] {
        EX_SPIN_LOCK lock = 0;
        ExAcquireSpinLockShared(&lock);
        ExAcquireSpinLockExclusiveAtDpcLevel(&lock);
    });
}

TEST_F(KeLocks, RaisingToDpcLevelReturnsTheOldLevel) {
    inside([&] {
        KSPIN_LOCK lock = 0;
        const KIRQL old = KeAcquireSpinLockRaiseToDpc(&lock);
        EXPECT_EQ(old, PASSIVE_LEVEL);
        EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
        EXPECT_NE(lock, 0U);
        KeReleaseSpinLock(&lock, old);
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
        EXPECT_EQ(lock, 0U);
    });
}

TEST_F(KeLocks, ASharedLockIsReleasedAsSuch) {
    expect_bugcheck(0x10, "nobody holds exclusively", [&] {
        EX_SPIN_LOCK lock = 0;
        const KIRQL old = ExAcquireSpinLockShared(&lock);
        ExReleaseSpinLockExclusive(&lock, old);
    });
}

TEST_F(KeLocks, AnExclusiveLockIsReleasedAsSuch) {
    expect_bugcheck(0x10, "nobody shares", [&] {
        EX_SPIN_LOCK lock = 0;
        const KIRQL old = ExAcquireSpinLockExclusive(&lock);
        ExReleaseSpinLockShared(&lock, old);
    });
}

TEST_F(KeLocks, AFreeReaderWriterLockIsNotReleased) {
    expect_bugcheck(0x10, "nobody shares", [&] {
        EX_SPIN_LOCK lock = 0;
        KIRQL old;
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        ExReleaseSpinLockShared(&lock, old);
    });
}

struct Guarded {
    KSPIN_LOCK lock = 0;
    int inside = 0;
    int most = 0;
    int turns = 0;
};

void NTAPI take_turns(PVOID context) {
    auto* guarded = static_cast<Guarded*>(context);
    for (int i = 0; i < 20; ++i) {
        KIRQL old;
        KeAcquireSpinLock(&guarded->lock, &old);
        guarded->most = std::max(guarded->most, ++guarded->inside);
        KeStallExecutionProcessor(1); // another processor may try meanwhile
        ++guarded->turns;
        --guarded->inside;
        KeReleaseSpinLock(&guarded->lock, old);
    }
}

class KeLocksAnyOrder : public ExecutiveTest, public testing::WithParamInterface<int> {
protected:
    KeLocksAnyOrder() : ExecutiveTest(config()) {}
    static machine::MachineConfig config() {
        machine::MachineConfig config;
        config.policy = machine::PolicyKind::random;
        config.seed = static_cast<std::uint64_t>(GetParam());
        return config;
    }
};

TEST_P(KeLocksAnyOrder, ExcludeEachOtherOnTwoProcessors) {
    Guarded guarded;
    inside([&] {
        HANDLE handles[3];
        for (HANDLE& handle : handles) {
            PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr, &take_turns, &guarded);
        }
        for (HANDLE handle : handles) {
            EXPECT_EQ(ZwWaitForSingleObject(handle, FALSE, nullptr), STATUS_SUCCESS);
            ZwClose(handle);
        }
    });
    EXPECT_EQ(guarded.turns, 60);
    EXPECT_EQ(guarded.most, 1);
}

INSTANTIATE_TEST_SUITE_P(Seeds, KeLocksAnyOrder, testing::Range(1, 6));

} // namespace
} // namespace openportcls::executive
