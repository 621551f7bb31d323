// Which processors threads run on.
#include "executive/tests/fixture.h"

#include <vector>

#include <ntddk.h>

namespace openportcls::executive {
namespace {

class Affinity : public ExecutiveTest {
protected:
    Affinity() : ExecutiveTest({.processors = 4}) {}

    static KAFFINITY here() { return KAFFINITY{1} << KeGetCurrentProcessorNumberEx(nullptr); }
};

TEST_F(Affinity, TheThreadIsOnOneOfItsProcessorsWhenTheCallReturns) {
    inside([&] {
        EXPECT_EQ(KeSetSystemAffinityThreadEx(0x4), 0u) << "it had its user affinity";
        EXPECT_EQ(here(), 0x4u);
        EXPECT_EQ(KeSetSystemAffinityThreadEx(0x9), 0x4u);
        EXPECT_NE(here() & 0x9, 0u);
        KeRevertToUserAffinityThreadEx(0x4);
        EXPECT_EQ(here(), 0x4u);
        LARGE_INTEGER delay = milliseconds(1);
        for (int round = 0; round < 5; ++round) {
            KeDelayExecutionThread(KernelMode, FALSE, &delay);
            EXPECT_EQ(here(), 0x4u);
        }
        KeRevertToUserAffinityThreadEx(0);
        EXPECT_EQ(KeSetSystemAffinityThreadEx(0xF), 0u);
        EXPECT_EQ(KeSetSystemAffinityThreadEx(0x10), 0xFu) << "no such processor: no effect";
        EXPECT_EQ(KeSetSystemAffinityThreadEx(0), 0xFu);
        KeRevertToUserAffinityThread();
        KeRevertToUserAffinityThreadEx(0x2);
        EXPECT_EQ(KeSetSystemAffinityThreadEx(0x1), 0u) << "reverting without a system affinity has no effect";
        KeRevertToUserAffinityThreadEx(0);
    });
}

TEST_F(Affinity, GroupsAndTokens) {
    inside([&] {
        GROUP_AFFINITY wanted{};
        GROUP_AFFINITY previous{};
        wanted.Mask = 0x8;
        previous.Mask = 77;
        KeSetSystemGroupAffinityThread(&wanted, &previous);
        EXPECT_EQ(previous.Mask, 0u);
        EXPECT_EQ(here(), 0x8u);
        wanted.Mask = 0x2;
        GROUP_AFFINITY second{};
        KeSetSystemGroupAffinityThread(&wanted, &second);
        EXPECT_EQ(second.Mask, 0x8u);
        EXPECT_EQ(here(), 0x2u);
        wanted.Group = 1;
        KeSetSystemGroupAffinityThread(&wanted, nullptr);
        EXPECT_EQ(here(), 0x2u) << "there is one group";
        PAFFINITY_TOKEN token = nullptr;
        ASSERT_EQ(PsAllocateAffinityToken(&token), STATUS_SUCCESS);
        GROUP_AFFINITY pieces[2] = {};
        pieces[0].Mask = 0x1;
        pieces[1].Mask = 0x8;
        EXPECT_EQ(PsSetSystemMultipleGroupAffinityThread(pieces, 2, token), STATUS_SUCCESS);
        EXPECT_NE(here() & 0x9, 0u);
        PsRevertToUserMultipleGroupAffinityThread(token);
        EXPECT_EQ(here(), 0x2u);
        pieces[1].Group = 4;
        EXPECT_EQ(PsSetSystemMultipleGroupAffinityThread(pieces, 2, token), STATUS_INVALID_PARAMETER);
        PsFreeAffinityToken(token);
        KeRevertToUserGroupAffinityThread(&second);
        EXPECT_EQ(here(), 0x8u);
        KeRevertToUserGroupAffinityThread(&previous);
        EXPECT_EQ(KeSetSystemAffinityThreadEx(0xF), 0u);
        KeRevertToUserAffinityThreadEx(0);
        EXPECT_EQ(kernel().pool.usage().blocks, 0U);
    });
}

// "The pending processor change is deferred until the caller lowers the IRQL below DISPATCH_LEVEL."
TEST_F(Affinity, AtDispatchLevelTheMoveWaits) {
    inside([&] {
        const KAFFINITY start = here();
        const KAFFINITY other = start == 0x2 ? 0x4 : 0x2;
        KSPIN_LOCK lock = 0;
        KIRQL old;
        KeAcquireSpinLock(&lock, &old);
        KeSetSystemAffinityThreadEx(other);
        EXPECT_EQ(here(), start);
        KeReleaseSpinLock(&lock, old);
        EXPECT_EQ(here(), other);
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        KeSetSystemAffinityThreadEx(0x1);
        EXPECT_EQ(here(), other);
        KeLowerIrql(old);
        EXPECT_EQ(here(), 0x1u);
        KeRevertToUserAffinityThreadEx(0);
    });
}

// A driver that visits every processor, as those do that count something for each.
TEST_F(Affinity, ManyThreadsKeepToTheirProcessors) {
    struct Visitor {
        KAFFINITY own = 0;
        int wrong = 0;
        int rounds = 0;
        static VOID NTAPI run(PVOID context) {
            auto& self = *static_cast<Visitor*>(context);
            KeSetSystemAffinityThread(self.own);
            for (; self.rounds < 20; ++self.rounds) {
                self.wrong += here() != self.own ? 1 : 0;
                LARGE_INTEGER delay = milliseconds(self.rounds % 3);
                KeDelayExecutionThread(KernelMode, FALSE, &delay);
            }
            KeRevertToUserAffinityThread();
        }
    };
    inside([&] {
        std::vector<Visitor> visitors(8);
        std::vector<PVOID> threads;
        for (std::size_t index = 0; index < visitors.size(); ++index) {
            visitors[index].own = KAFFINITY{1} << (index % 4);
            HANDLE handle = nullptr;
            ASSERT_EQ(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr, &Visitor::run,
                                           &visitors[index]),
                      STATUS_SUCCESS);
            PVOID thread = nullptr;
            ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, nullptr, KernelMode, &thread, nullptr);
            ZwClose(handle);
            threads.push_back(thread);
        }
        for (PVOID thread : threads) {
            KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, nullptr);
            ObDereferenceObject(thread);
        }
        for (const Visitor& visitor : visitors) {
            EXPECT_EQ(visitor.rounds, 20);
            EXPECT_EQ(visitor.wrong, 0);
        }
    });
}

TEST_F(Affinity, ExtendedFeatures) {
    inside([] {
        EXPECT_EQ(RtlGetEnabledExtendedFeatures(XSTATE_MASK_LEGACY), XSTATE_MASK_LEGACY);
        EXPECT_EQ(RtlGetEnabledExtendedFeatures(XSTATE_MASK_AMX_TILE_DATA | XSTATE_MASK_AVX512), 0u);
    });
}

} // namespace
} // namespace openportcls::executive
